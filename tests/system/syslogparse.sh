#!/bin/sh
# SPDX-License-Identifier: MIT
#
# SyslogParse as it is used: two processes, and what comes of them. The worker is looked at from
# outside while it waits for its log; how it may deceive its broker is in
# tests/syslogparse/broker_test.c.

. "$(dirname "$0")/common.sh"

parser=${SYSLOGPARSE:-$(dirname "$0")/../../syslogparse/syslogparse}
[ -x "$parser" ] || tap_bail "no program at $parser"
cp "$parser" "$T/bin/syslogparse" || tap_bail "cannot copy $parser"
chmod 755 "$T/bin/syslogparse"
parser=$T/bin/syslogparse
data=$(dirname "$0")/../data
cp "$data/ufw.log" "$data/apparmor.log" "$T/" || tap_bail 'no logs'
chmod 644 "$T/ufw.log" "$T/apparmor.log"
umask 022

parse() {
	as_caller "$parser" "$@"
}

sandboxed() {
	as_caller "$SBRUN" --policy syslogparse --ro-bind "$parser" /syslogparse -- /syslogparse "$@"
}

from() {
	log=$1
	shift
	"$@" <"$log"
}

# Wait for a condition, 20 seconds at most, on a machine where others work as well.
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 2000 ] || return 1
		sleep 0.01
	done
}

# ---- one worker, two ways to confine it; all formats ----

same() {
	from "$1" parse "$2" --format "$3" >"$T/one" || return 1
	from "$1" sandboxed --worker "$2" --format "$3" >"$T/other" || return 1
	grep -q '[^# ]' "$T/one" && cmp "$T/one" "$T/other"
}

# Text that came by a pipe; a file's name stands in comments.
piped() {
	from "$1" parse "$2" >"$T/one" && tail -n +1 "$1" | parse "$2" - >"$T/other" &&
		cmp "$T/one" "$T/other"
}

packed() {
	gzip -c "$1" | parse "$2" >"$T/other" && from "$1" parse "$2" >"$T/one" &&
		cmp "$T/one" "$T/other"
}

for caller in $CALLERS; do
	become "$caller"
	for format in iptables nft ufw json; do
		check "$who: firewall, $format: the broker's worker and sbrun's say the same" \
			same "$T/ufw.log" firewall "$format"
	done
	for format in profile json; do
		check "$who: apparmor, $format: the broker's worker and sbrun's say the same" \
			same "$T/apparmor.log" apparmor "$format"
	done
	check "$who: a pipe is as good as a file" piped "$T/ufw.log" firewall
	check "$who: so is what gzip made of it" packed "$T/ufw.log" firewall
	check "$who: a file by name" parse firewall "$T/ufw.log"
	expect_stdout '^-A INPUT .* --dport 123 ' "$who: and there are rules"
	check "$who: threads do not show" sh -c '"$1" firewall --threads 1 "$2" >"$3.1" &&
		"$1" firewall --threads 7 "$2" >"$3.7" && cmp "$3.1" "$3.7"' sh "$parser" \
		"$T/ufw.log" "$T/threads"

	expect_status 125 "$who: --worker, confined by nobody, refuses" \
		from "$T/ufw.log" parse --worker firewall
	expect_stderr 'not confined' "$who: and says why"
	expect_status 125 "$who: --worker opens nothing" parse --worker firewall "$T/ufw.log"
done
become root

# ---- who wrote a line ----

check 'a line that any process can have written makes no rule' \
	sh -c '! "$1" apparmor "$2" | grep -v "#" | grep shadow' sh "$parser" "$T/apparmor.log"
check 'but it does if that is asked for' \
	sh -c '"$1" apparmor --trust process "$2" | grep -v "#" | grep shadow' sh "$parser" \
	"$T/apparmor.log"

check 'few descriptors are enough' sh -c 'ulimit -n 32; "$1" firewall "$2" "$2" "$2" "$2" "$2" "$2"' \
	sh "$parser" "$T/ufw.log"

# ---- exit statuses, and inputs that are none ----

expect_status 1 'nothing of that kind: status 1' from "$T/ufw.log" parse apparmor
expect_status 125 'no such file' parse firewall "$T/nothing"
expect_stderr "^syslogparse: open: $T/nothing: No such file" 'and it says which'
expect_status 125 'a directory' parse firewall "$T"
expect_status 125 'a device' parse firewall /dev/zero
expect_status 125 'a device as standard input' from /dev/null parse firewall
expect_status 125 'an unknown option' parse firewall --formt nft
expect_status 125 'nothing to look for' parse
expect_status 125 'a format of the other kind' parse apparmor --format nft
expect_status 125 'a bad number' parse firewall --max-danger 11
expect_status 125 'the filter cannot be done without' parse firewall --allow-degraded syscalls
expect_status 125 'a log that is not what it begins as' \
	sh -c '{ gzip -c "$2" | head -c 700; echo; } | "$1" firewall' sh "$parser" "$T/ufw.log"
expect_output "syslogparse $("$SBRUN" --version | sed 's/^sbrun //')" 'the version' parse --version
check 'help' parse --help
printf '%s\n' 'Jan  1 00:00:00 h kernel: IN=eth0 OUT= SRC=192.0.2.1' >"$T/bad
[31mname"
expect_status 1 'a name that is not printable' parse firewall "$T/bad
[31mname"
check 'is escaped' sh -c '! grep -q "$(printf "\033")" "$1/out"' sh "$T"

# ---- --output ----

for caller in $CALLERS; do
	become "$caller"
	dir=$T/$caller
	mkdir "$dir"
	[ "$caller" = root ] || [ "$(id -u)" -ne 0 ] || chown "$USER_ID:$USER_ID" "$dir"
	cd "$dir" || exit 1

	check "$who: a new file" parse firewall -o rules "$T/ufw.log"
	parse firewall "$T/ufw.log" >"$T/wanted"
	check "$who: has what would have been printed" cmp rules "$T/wanted"
	expect_output 644 "$who: with the mode of any new file" stat -c %a rules
	as_caller sh -c 'echo old >rules && chmod 640 rules'
	check "$who: an old file" parse firewall --output=rules "$T/ufw.log"
	check "$who: is replaced" cmp rules "$T/wanted"
	expect_output 640 "$who: and keeps its mode" stat -c %a rules

	as_caller sh -c 'echo old >rules'
	expect_status 1 "$who: no events" parse apparmor -o rules "$T/ufw.log"
	expect_output old "$who: the file is as it was" cat rules
	expect_status 125 "$who: an input that is not there" parse firewall -o rules "$T/nothing"
	expect_output old "$who: the file is as it was" cat rules

	as_caller sh -c 'ln -s rules link; mkdir real; ln -s real way; echo old >real/rules; mkfifo fifo'
	expect_status 125 "$who: a symbolic link" parse firewall -o link "$T/ufw.log"
	expect_output old "$who: where it leads to, nothing changed" cat rules
	check "$who: and it is a link still" test -L link
	expect_status 125 "$who: a symbolic link on the way" parse firewall -o way/rules "$T/ufw.log"
	expect_output old "$who: nothing changed there" cat real/rules
	check "$who: the allowed neighbour, without the link" parse firewall -o real/rules "$T/ufw.log"
	expect_status 125 "$who: a pipe" parse firewall -o fifo "$T/ufw.log"
	expect_status 125 "$who: a directory" parse firewall -o real "$T/ufw.log"
	expect_status 125 "$who: no directory" parse firewall -o nowhere/rules "$T/ufw.log"
	expect_output 'fifo link real rules way' "$who: nothing else is left there" \
		sh -c 'echo $(ls -A)'
	cd "$T" || exit 1
done
become user
mkdir -m 555 "$T/closed"
expect_status 125 'a directory that may not be written to' parse firewall -o "$T/closed/rules" "$T/ufw.log"
become root

# ---- the worker, seen from outside ----

# Processes below $1 that hold the name of a worker; the innermost is the last.
workers() {
	tr ' ' '\n' 2>/dev/null <"/proc/$1/task/$1/children" | while read -r pid; do
		echo "$pid"
		workers "$pid"
	done
}

confined() {
	worker=$(workers "$1" | tail -n 1)
	[ -n "$worker" ] && grep -q '^Seccomp:.*2$' "/proc/$worker/status" 2>/dev/null
}

field() {
	sed -n "s/^$2:[ 	]*//p" "/proc/$1/status"
}

# A parser that waits for its log: its input is a pipe of which we hold the other end.
start() {
	rm -f "$T/pipe"
	mkfifo -m 666 "$T/pipe"
	exec 8<>"$T/pipe"
	(
		exec 8>&- # also in the shell that waits
		SECRET=of-the-caller
		export SECRET
		as_caller "$parser" firewall
	) <"$T/pipe" >"$T/out" 2>"$T/err" &
	starter=$!
	exec 9>"$T/pipe" 8>&-
	until_true find_broker "$starter" && until_true confined "$broker"
}

# as_user stands between us and it.
find_broker() {
	broker=
	for pid in $1 $(workers "$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = syslogparse ] && broker=$pid && return 0
	done
	return 1
}

finish_start() {
	exec 9>&-
	status=0
	wait "$starter" || status=$?
}

for caller in $CALLERS; do
	become "$caller"
	if ! start; then
		not_ok "$who: a worker comes up"
		finish_start
		continue
	fi
	ok "$who: a worker comes up"
	expect_output '0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000' \
		"$who: it has no capability" sh -c 'for set in Inh Prm Eff Bnd Amb; do
			sed -n "s/^Cap$set:[ 	]*//p" "/proc/$1/status"; done | paste -sd " " -' \
		sh "$worker"
	expect_output 1 "$who: no new privileges" field "$worker" NoNewPrivs
	expect_output 2 "$who: a filter" field "$worker" Seccomp
	uid=$(field "$worker" Uid | cut -f 1)
	owner=$(field "$broker" Uid | cut -f 1)
	if [ "$owner" -eq 0 ]; then
		check "$who: it is somebody else ($uid)" test "$uid" -ge 65000
	else
		check "$who: it is the caller, who cannot become another" test "$uid" -eq "$owner"
	fi
	if [ "$(id -u)" -eq 0 ]; then
		for ns in user mnt pid net ipc uts cgroup; do
			check "$who: its own $ns namespace" sh -c '[ "$(readlink "/proc/$1/ns/$3")" != \
				"$(readlink "/proc/$2/ns/$3")" ]' sh "$worker" "$broker" $ns
		done
		expect_output '' "$who: an empty root" ls -A "/proc/$worker/root/"
		expect_output '' "$who: no environment" cat "/proc/$worker/environ"
		check "$who: while the broker has one" grep -q SECRET "/proc/$broker/environ"
		expect_output '0 1 2 3' "$who: it has its log, its pipe, and two that lead nowhere" \
			sh -c 'echo $(ls "/proc/$1/fd" | sort -n)' sh "$worker"
		check "$who: the broker is not to be looked into by its own user" \
			sh -c '[ "$(stat -c %u "/proc/$1/mem")" -eq 0 ]' sh "$broker"
	else
		skip "$who: its namespaces, root, environment and descriptors" 'only root may look'
	fi
	cat "$T/ufw.log" >&9
	finish_start
	check "$who: it then does its work" sh -c 'exit "$1"' sh "$status"

	start
	kill -KILL "$worker" 2>/dev/null || as_caller kill -KILL "$worker"
	finish_start
	expect_output 121 "$who: the worker is killed: status 121" echo "$status"
	start
	kill -KILL "$broker" 2>/dev/null || as_caller kill -KILL "$broker"
	check "$who: the broker is killed: the worker goes with it" \
		until_true sh -c '! [ -d "/proc/$1" ]' sh "$worker"
	finish_start
done
become root

# ---- layers ----

for caller in $CALLERS; do
	become "$caller"
	check "$who: --layers" parse --layers
	parse --layers >"$T/layers"
	expect_output 18 "$who: a head, and all of them" grep -c '^[a-z]*  *[a-z]' "$T/layers"
	expect_output 0 "$who: none is missing" sh -c 'grep -c MISSING "$1" || :' sh "$T/layers"
done
become root

# A namespace in which there may be no network namespaces: the limit is the namespace's own.
limited() {
	kind=$1
	shift
	as_caller unshare --user --map-current-user --keep-caps sh -c '
		echo 0 >"/proc/sys/user/max_$0_namespaces" || exit 99
		exec "$@"' "$kind" "$parser" "$@"
}

become user
if as_caller unshare --user --map-current-user --keep-caps true 2>/dev/null; then
	for kind in net ipc uts cgroup; do
		expect_status 125 "no $kind namespaces: refused" limited $kind firewall "$T/ufw.log"
		expect_stderr "^syslogparse: confine: $kind: " 'and it says which layer'
		expect_stderr "^fix: .*--allow-degraded $kind" 'and how to do without'
		check "$kind can be done without" limited $kind firewall --allow-degraded $kind \
			"$T/ufw.log"
		check "which --layers shows" limited $kind --layers --allow-degraded $kind
		expect_stdout "^$kind .*MISSING" 'for what it is'
		expect_status 125 "allowing another one does not help" \
			limited $kind firewall --allow-degraded pid "$T/ufw.log"
	done
	expect_status 125 'root of a namespace that has no other id: refused' \
		as_caller unshare --user --map-root-user "$parser" firewall "$T/ufw.log"
	expect_stderr '^syslogparse: confine: ids: ' 'and it says which layer'
	check 'ids can be done without' as_caller unshare --user --map-root-user \
		"$parser" firewall --allow-degraded ids "$T/ufw.log"
else
	skip 'layers that are missing' 'no user namespaces'
fi
become root

# ---- rights that a caller should not have ----

if [ "$(id -u)" -eq 0 ]; then
	cp "$parser" "$T/setuid"
	chown 12345 "$T/setuid"
	chmod 4755 "$T/setuid"
	become user
	expect_status 125 'set-user-ID: refused' as_caller "$T/setuid" --version
	expect_stderr 'set-user-ID' 'and it says so'
	rm "$T/setuid"
	become root
else
	skip 'set-user-ID: refused' 'only root can make such a file'
fi

# ---- confined before the first byte is read ----

if [ "$(id -u)" -ne 0 ]; then
	skip 'the filter is installed before the log is read' 'only root may look'
elif command -v strace >/dev/null; then
	start=$(head -c 8 "$T/ufw.log")
	check 'strace does not disturb' \
		strace -f -o "$T/trace" "$parser" firewall "$T/ufw.log"
	check 'the filter is installed before the log is read' awk -v start="$start" '
		/prctl\(PR_SET_SECCOMP/ && !filter { filter = NR }
		/read/ && index($0, "\"" start) && !reading { reading = NR } # or "read resumed"
		END { exit !(filter && reading && filter < reading) }' "$T/trace"
else
	skip 'the filter is installed before the log is read' 'no strace'
fi

finish
