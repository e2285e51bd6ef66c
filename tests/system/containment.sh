#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# Hostile acts, and how each is stopped. An act is first committed outside, where it has
# to work, or the case is skipped: nothing is shown by failing at what cannot be done anyway.

. "$(dirname "$0")/common.sh"

# ---- outside and inside ----

# What CMD said: the number of the signal that killed it, or its last line.
answer() {
	tap_run "$@"
	if [ "$status" -gt 128 ]; then
		said=$status
	else
		said=$(tail -n 1 "$T/out")
	fi
}

# outside WORD...: the act WORD without a sandbox, behind the words of $PREFIX. Files that it
# makes are gone afterwards.
outside() {
	answer as_caller $PREFIX "$ACT" "$@"
	rm -f "$T/shared/made"
}

# inside WANT NAME OPTION... -- WORD...: the act WORD in a sandbox answers WANT.
inside() {
	want=$1 name=$2
	shift 2
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	answer as_caller $AROUND_SBRUN "$SBRUN" $options $VISIBLE -- "$ACT" "$@"
	if [ "$said" = "$want" ]; then
		ok "$who: $name"
	else
		not_ok "$who: $name" "expected: $want" "got: $said (exit status $status)"
		tap_explain "$options: $*"
	fi
	AROUND_SBRUN=
}

# works WANT NAME WORD...: the outside twin; false, and a skip, if it does not answer like WANT.
works() {
	want=$1 name=$2
	shift 2
	outside "$@"
	PREFIX=
	printf '%s\n' "$said" | grep -Eqx -e "$want" && return 0
	skip "$who: $name" "outside it is $said, too"
	return 1
}

PREFIX=
AROUND_SBRUN=

# The output of a CMD that may fail.
said_by() {
	"$@" || :
}

# ---- system calls ----

# The act and its operand; what it answers outside (an ERE), behind which words; then under
# "strict", under "standard". A number is the exit status: 159 is death by SIGSYS.
# x32 is off in many kernels: ENOSYS outside still says that the number went all the way. Only on
# x86-64 has a number a bit that says x32; elsewhere these are numbers that nobody knows.
system_calls() {
	x32=159
	[ "$(uname -m)" = x86_64 ] || x32=ENOSYS
	cat <<-EOT
		int80              | ok        |              | 159    | 159
		x32                | ok|ENOSYS |              | $x32    | $x32
		high-number        | ENOSYS    |              | $x32    | $x32
		new-number         | ENOSYS    |              | ENOSYS | ENOSYS
		ptrace             | ok        |              | 159    | EPERM
		read-process       | ok        |              | 159    | EPERM
		mount /proc        | ok        | unshare -rm  | 159    | EPERM
		fsopen             | ok        | unshare -rm  | 159    | EPERM
		open-tree          | ok        |              | 159    | EPERM
		chroot             | ok        | unshare -r   | 159    | EPERM
		setns              | ok        | unshare -ru  | 159    | 159
		unshare            | ok        |              | 159    | 159
		clone-user         | ok        |              | 159    | 159
		clone3             | ok        |              | ENOSYS | ENOSYS
		bpf                | ok        |              | 159    | EPERM
		keyctl             | ok        |              | 159    | EPERM
		io-uring           | ok        |              | EPERM  | EPERM
		memfd              | ok        |              | EPERM  | ok
		personality        | ok        |              | EPERM  | EPERM
		mknod $T/shared/made| ok        |              | EPERM  | EPERM
		set-limit          | ok        |              | EPERM  | ok
		socket             | ok        |              | EPERM  | ok
		socket-high        | ok        |              | EPERM  | ok
		netlink-high       | ok        |              | EPERM  | EPERM
		getpid             | ok        |              | ok     | ok
		fork               | ok        |              | ok     | ok
		isatty             | ENOTTY    |              | ENOTTY | ENOTTY
	EOT
}

# "a|b" in the second column would end it.
call_table() {
	system_calls | sed 's/ok|ENOSYS/ok!ENOSYS/; s/ *| */|/g'
}

test_system_calls() {
	call_table >"$T/table"
	while IFS='|' read -r act free prefix strict standard <&8; do
		PREFIX=$prefix
		free=$(printf '%s' "$free" | tr '!' '|')
		works "$free" "$act" $act || continue
		inside "$strict" "strict: $act: $strict" --policy strict -- $act
		inside "$standard" "standard: $act: $standard" --policy standard -- $act
	done 8<"$T/table"
}

# With the rule for it taken out of the filter, the same act succeeds: the rule was the wall.
test_filter_off() {
	for act in unshare clone-user ptrace:ptrace personality io-uring:io_uring_setup socket; do
		call=${act#*:}
		act=${act%:*}
		[ "$act" != clone-user ] || call=clone
		works ok "$act, filter off" "$act" || continue
		inside ok "strict, but --allow $call: $act: ok" --allow "$call" -- "$act"
	done
	inside ENOTTY 'strict, but --allow ioctl: tiocsti: no terminal' --allow ioctl -- tiocsti
}

# A key of the caller's session. The filter comes first, and behind it is a keyring of our own.
test_keys() {
	expect_output ok "$who: outside, a key of the session is found" as_caller \
		"$AROUND" key secret "$ACT" find-key secret
	expect_status 159 "$who: strict: find-key: 159" as_caller \
		"$AROUND" key secret "$SBRUN" $VISIBLE -- "$ACT" find-key secret
	expect_output ENOKEY "$who: filter off: find-key: not in our session" said_by as_caller \
		"$AROUND" key secret "$SBRUN" --allow keyctl $VISIBLE -- "$ACT" find-key secret
	expect_output ok "$who: filter off: find-key: one of our own" as_caller \
		"$SBRUN" --allow keyctl add_key $VISIBLE -- \
		"$AROUND" key secret "$ACT" find-key secret
}

# ---- the terminal, and process groups ----

# A controlling terminal is needed: the sandbox is not told of the caller's.
test_terminal() {
	for act in tiocsti tiocsti-high; do
		PREFIX="$AROUND terminal"
		works ok "$act" "$act" || continue
		AROUND_SBRUN="$AROUND terminal"
		inside 159 "strict: $act: 159" --policy strict -- "$act"
		AROUND_SBRUN="$AROUND terminal"
		inside 159 "standard: $act: 159" --policy standard -- "$act"
		AROUND_SBRUN="$AROUND terminal"
		inside EPERM "filter off: $act: not our terminal" --allow ioctl -- "$act"
	done
	AROUND_SBRUN="$AROUND terminal"
	inside ok 'strict: isatty on a terminal' --policy strict -- isatty
}

test_kill_group() {
	name='kill(0, SIGKILL) does not reach the group of sbrun'
	tap_run as_caller "$AROUND" sibling "$ACT" kill-group
	if [ "$status" -ne 137 ] || [ "$(cat "$T/out")" != killed ]; then
		skip "$who: $name" "outside the sibling is $(cat "$T/out"), status $status"
		return
	fi
	for policy in strict standard; do
		expect_status 137 "$who: $policy: a payload that kills its group dies" as_caller \
			"$AROUND" sibling "$SBRUN" --policy $policy $VISIBLE -- "$ACT" kill-group
		expect_stdout '^alive$' "$who: $policy: $name"
	done
}

# ---- descriptors ----

with_fd_9() {
	fd_9_path=$1
	shift
	as_caller "$@" 9<"$fd_9_path"
}

test_descriptors() {
	name='descriptor 9'
	if [ "$(with_fd_9 /etc/passwd "$ACT" read-fd 9)" != ok ]; then
		not_ok "$who: $name can be read outside"
		return
	fi
	expect_output EBADF "$who: a leaked file is closed" said_by \
		with_fd_9 /etc/passwd "$SBRUN" $VISIBLE -- "$ACT" read-fd 9
	expect_output ok "$who: --keep-fd keeps it" \
		with_fd_9 /etc/passwd "$SBRUN" --keep-fd 9 $VISIBLE -- "$ACT" read-fd 9
	expect_output EEXIST "$who: outside, 9 is seen to be open" said_by \
		with_fd_9 /etc/passwd "$ACT" only-stdio
	expect_output ok "$who: inside, only 0, 1 and 2 are open" \
		with_fd_9 /etc/passwd "$SBRUN" $VISIBLE -- "$ACT" only-stdio

	expect_output ok "$who: outside, a directory's descriptor leads to files" \
		with_fd_9 / "$ACT" read-below 9 etc/passwd
	expect_output EBADF "$who: a leaked directory is closed" said_by \
		with_fd_9 / "$SBRUN" $VISIBLE -- "$ACT" read-below 9 etc/passwd
}

# ---- files ----

test_files() {
	if works ok 'read /etc/shadow' read /etc/shadow; then
		inside ENOENT '/etc/shadow is not there' -- read /etc/shadow
		inside EACCES '/etc/shadow, bound, belongs to nobody inside' \
			--ro-bind /etc/shadow -- read /etc/shadow
	fi
	inside ok '/etc/passwd is there' -- read /etc/passwd

	if works ok 'read a private file' read "$T/home/private"; then
		inside ENOENT 'a private file is not there' -- read "$T/home/private"
		# What only its owner may read is so for the user, whose id is mapped, not for root.
		mapped=ok
		[ "$who" != root ] || mapped=EACCES
		inside $mapped "a private file, bound: $mapped" \
			--ro-bind "$T/home" -- read "$T/home/private"
	fi

	# Everybody may write there, so that it is the mount that says no.
	works ok 'create a file' create "$T/shared/made" || return
	inside EROFS 'create: EROFS where it is bound read-only' \
		--ro-bind "$T/shared" -- create "$T/shared/made"
	inside ok 'create: ok where it is bound writable' \
		--bind "$T/shared" -- create "$T/shared/made"
	check "$who: ... and the host has the file" rm "$T/shared/made"
	inside ok 'create: ok in /tmp of the sandbox' -- create /tmp/made
	inside EROFS 'create: EROFS in /, which is read-only, for uid 0' --uid 0 -- create /made
	# Root of the host is nobody inside, so not even the mount is asked.
	works ok 'write to /usr' may-write /usr &&
		inside EACCES 'write to /usr: EACCES' -- may-write /usr

	PREFIX="env -C $T/shared/deep/er"
	works ok 'climb up to a file of the host' climb marker || return
	inside ENOENT 'climbing up ends at the root of the sandbox' \
		--ro-bind "$T/shared" --chdir "$T/shared/deep/er" -- climb marker
	inside ok 'climbing up finds what is bound' \
		--ro-bind "$T" --chdir "$T/shared/deep/er" -- climb marker
}

# A device and a pipe: what may be made is decided by type.
test_nodes() {
	inside ok 'standard: mkfifo in /tmp' --policy standard -- mkfifo /tmp/made
	inside EPERM 'standard: mknod of a device in /tmp' --policy standard -- mknod /tmp/made
	inside ok 'standard: read /dev/zero' --policy standard -- read /dev/zero
	# With the filter out of the way it is the kernel who knows that we are not root.
	inside EPERM 'filter off: mknod of a device' --allow mknod -- mknod /tmp/made
}

# ---- /proc ----

test_proc() {
	# Opened only, never written to. Root of the host is nobody inside.
	if works ok 'write core_pattern' write /proc/sys/kernel/core_pattern; then
		inside ENOENT 'strict: write core_pattern: not there' \
			-- write /proc/sys/kernel/core_pattern
		inside EACCES 'standard: write core_pattern: EACCES' --policy standard \
			-- write /proc/sys/kernel/core_pattern
	fi
	PREFIX='unshare -rn'
	works ok 'write ip_forward' write /proc/sys/net/ipv4/ip_forward &&
		inside EACCES 'standard: write ip_forward as uid 0: EACCES' --policy standard --uid 0 \
			-- write /proc/sys/net/ipv4/ip_forward
	inside ok 'standard: read /proc/sys/kernel/core_pattern' \
		--policy standard -- read /proc/sys/kernel/core_pattern
	tap_run as_caller "$SBRUN" --policy standard -- cat /proc/self/mountinfo
	expect_stdout ' /proc/sys ro[ ,]' "$who: standard: /proc/sys is mounted read-only"
	for file in environ mem exe maps; do
		works 'ok|EIO' "read /proc/self/$file" read /proc/self/$file || continue
		inside EACCES "read /proc/1/$file: EACCES" -- read /proc/1/$file
	done
	inside ok 'read /proc/self/environ' -- read /proc/self/environ
	inside ok 'read /proc/self/maps' -- read /proc/self/maps
	inside ok 'read /proc/1/stat' -- read /proc/1/stat
}

# Each line of /proc/self/status as it must be; outside it is another.
status_lines() {
	cat <<-'EOT'
		CapInh:	0000000000000000
		CapPrm:	0000000000000000
		CapEff:	0000000000000000
		CapBnd:	0000000000000000
		CapAmb:	0000000000000000
		NoNewPrivs:	1
		Seccomp:	2
	EOT
}

test_status() {
	tap_run as_caller cat /proc/self/status
	cp "$T/out" "$T/status"
	if grep -q '^CapBnd:.*[1-9a-f]' "$T/status"; then
		ok "$who: outside there are capabilities to bound"
	else
		skip "$who: outside there are capabilities to bound" 'nobody here has any'
	fi
	for policy in strict standard; do
		for uid in 1000 0; do
			tap_run as_caller "$SBRUN" --policy $policy --uid $uid -- cat /proc/self/status
			status_lines >"$T/table"
			while read -r line; do
				expect_stdout "^$line\$" "$who: $policy, uid $uid: $line"
			done <"$T/table"
		done
	done
}

test_identity() {
	tap_run as_caller "$SBRUN" -- cat /proc/self/uid_map
	if awk '{ bad += NF != 3 || $2 == 0 || $3 != 1 } END { exit NR != 1 || bad }' "$T/out"; then
		ok "$who: one id is mapped, and not to root of the host"
	else
		not_ok "$who: one id is mapped, and not to root of the host"
		tap_explain uid_map
	fi
	inside EPERM 'setuid(0)' -- setuid-root
	# The map has no 0: the kernel says no also without the filter.
	inside EINVAL 'filter off: setuid(0)' --allow setuid -- setuid-root
}

test_setuid_program() {
	name='a setuid-root program does not make root'
	if [ "$(id -u)" -ne 0 ] || [ "$who" = root ]; then
		return
	fi
	cp "$ACT" "$T/bin/setuid-act"
	chown 0:0 "$T/bin/setuid-act"
	chmod 4755 "$T/bin/setuid-act"
	if [ "$(as_user "$T/bin/setuid-act" is-root)" = ok ]; then
		expect_output EPERM "$who: $name" said_by \
			as_user "$SBRUN" $VISIBLE -- "$T/bin/setuid-act" is-root
	else
		skip "$who: $name" 'outside it does not, either (nosuid?)'
	fi
	rm "$T/bin/setuid-act"
}

# ---- mounts, names, environment ----

# All that is mounted stands where the policy says so, and nothing of the host's else.
test_mounts() {
	for policy in strict standard; do
		tap_run as_caller "$SBRUN" --policy $policy -- cat /proc/self/mountinfo
		extra=$(awk '{ print $5 }' "$T/out" | grep -Evx \
			'/|/(usr|bin|sbin|lib|lib32|lib64|libx32|opt|etc|proc|dev|tmp|run|var)(/.*)?')
		if [ "$status" -eq 0 ] && [ -z "$extra" ] && grep -q ' / / ' "$T/out"; then
			ok "$who: $policy: no mounts of the host"
		else
			not_ok "$who: $policy: no mounts of the host" "$extra"
		fi
		writable=$(awk '$6 !~ /(^|,)ro(,|$)/ { print $5 }' "$T/out" |
			grep -Evx '/(tmp|run|var|proc|dev|dev/.*)' || :)
		if [ "$status" -eq 0 ] && [ -z "$writable" ]; then
			ok "$who: $policy: all else is read-only"
		else
			not_ok "$who: $policy: all else is read-only" "$writable"
		fi
	done
}

with_secret() {
	SECRET=hunter2 as_caller "$@"
}

test_environment() {
	expect_output ok "$who: outside the variable is seen" with_secret "$ACT" variable SECRET
	expect_output ENOENT "$who: inside it is not" said_by \
		with_secret "$SBRUN" $VISIBLE -- "$ACT" variable SECRET
	expect_output ok "$who: --keep-env keeps it" \
		with_secret "$SBRUN" --keep-env SECRET $VISIBLE -- "$ACT" variable SECRET
	expect_output ok "$who: outside it is in /proc/self/environ" \
		with_secret "$ACT" find-in /proc/self/environ SECRET=hunter2
	expect_output ENOENT "$who: inside it is not" said_by \
		with_secret "$SBRUN" $VISIBLE -- "$ACT" find-in /proc/self/environ SECRET=hunter2
	expect_output EACCES "$who: nor can it be had from PID 1" said_by \
		with_secret "$SBRUN" $VISIBLE -- "$ACT" find-in /proc/1/environ SECRET=hunter2
}

test_hostname() {
	before=$(uname -n)
	expect_output sandbox "$who: the host name is another" as_caller "$SBRUN" -- uname -n
	expect_output name.of-ours "$who: --hostname names it" as_caller \
		"$SBRUN" --hostname name.of-ours -- uname -n
	expect_output "$before" "$who: --share uts leaves the host's" as_caller \
		"$SBRUN" --share uts -- uname -n
	expect_output "$before" "$who: ... which has not changed" uname -n
}

# ---- core dumps ----

test_core() {
	core_pattern=$(cat /proc/sys/kernel/core_pattern)
	tap_run as_caller "$SBRUN" -- cat /proc/self/limits
	expect_stdout '^Max core file size  *1  *1  *bytes' "$who: core files have a limit of 1 byte"
	name='a payload that aborts leaves no core file'
	case $core_pattern in
	core | core.%p) ;;
	*)
		skip "$who: $name" "core_pattern is $core_pattern"
		return
		;;
	esac
	tap_run as_caller sh -c 'ulimit -c unlimited && cd "$1" && exec "$2" abort' sh \
		"$T/core" "$ACT"
	if ! rm "$T/core/"core* 2>"$T/err"; then
		skip "$who: $name" "there is none outside, with status $status"
		return
	fi
	expect_status 134 "$who: abort() is seen as such" as_caller sh -c 'ulimit -c unlimited &&
		exec "$1" --bind "$2" --chdir "$2" --ro-bind "$3" -- "$4" abort' sh \
		"$SBRUN" "$T/core" "$T/bin" "$ACT"
	expect_output '' "$who: $name" ls "$T/core"
}

# ---- network and IPC ----

test_network() {
	expect_output lo "$who: there is one interface, lo" as_caller "$SBRUN" --policy standard -- \
		sh -c 'tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d " "'
	expect_output ok "$who: a listener inside is reached on 127.0.0.1" as_caller \
		"$SBRUN" --policy standard $VISIBLE -- \
		"$AROUND" listener 127.0.0.1:0 "$ACT" connect ADDRESS
	expect_output ok "$who: outside, a listener of the host is reached" as_caller \
		"$AROUND" listener 127.0.0.1:0 "$ACT" connect ADDRESS
	expect_output ECONNREFUSED "$who: inside it is not" said_by as_caller \
		"$AROUND" listener 127.0.0.1:0 \
		"$SBRUN" --policy standard $VISIBLE -- "$ACT" connect ADDRESS
	expect_output ok "$who: --share-net: it is" as_caller \
		"$AROUND" listener 127.0.0.1:0 \
		"$SBRUN" --policy standard --share-net $VISIBLE -- "$ACT" connect ADDRESS
	expect_output EPERM "$who: strict has no sockets, --share-net or not" said_by as_caller \
		"$AROUND" listener 127.0.0.1:0 "$SBRUN" --share-net $VISIBLE -- "$ACT" connect ADDRESS

	name=@sbrun-test-$$
	expect_output ok "$who: outside, an abstract socket is reached" as_caller \
		"$AROUND" listener $name "$ACT" connect ADDRESS
	expect_output ECONNREFUSED "$who: inside it is not" said_by as_caller \
		"$AROUND" listener $name \
		"$SBRUN" --policy standard $VISIBLE -- "$ACT" connect ADDRESS
	# Two walls: the network namespace, and Landlock where the kernel has version 6 of it.
	expect_output ok "$who: --share-net, no Landlock: it is" as_caller \
		"$AROUND" listener $name "$SBRUN" --policy standard --share-net --landlock off \
		$VISIBLE -- "$ACT" connect ADDRESS
	if ! "$SBRUN" --landlock scope --explain plan | grep -q 'NOT HERE'; then
		expect_output EPERM "$who: --share-net alone: it is not" said_by as_caller \
			"$AROUND" listener $name \
			"$SBRUN" --policy standard --share-net $VISIBLE -- "$ACT" connect ADDRESS
	else
		skip "$who: --share-net alone: it is not" 'Landlock scopes no sockets here'
	fi
}

# A segment of shared memory outside, made for this and removed.
test_ipc() {
	key=$((0x5b000000 + $$))
	if ! command -v ipcrm >/dev/null 2>&1; then
		skip "$who: shared memory of the host" 'needs ipcrm'
		return
	fi
	expect_output ok "$who: outside, a segment is made" as_caller "$ACT" make-shm $key
	expect_output ok "$who: outside, it is found" as_caller "$ACT" find-shm $key
	inside ENOENT 'standard: it is not' --policy standard -- find-shm $key
	inside ok 'standard, --share ipc: it is' --policy standard --share ipc -- find-shm $key
	inside ok 'standard: one of its own can be made' --policy standard -- make-shm $key
	check "$who: the segment is removed" as_caller ipcrm -M $key
}

# ---- all of it ----

mkdir -p "$T/shared/deep/er"
mkdir "$T/core"
chmod 1777 "$T/shared" "$T/core"
echo marker >"$T/marker"
echo private >"$T/home/private"
chmod 600 "$T/home/private"
[ "$(id -u)" -ne 0 ] || chown "$USER_ID:$USER_ID" "$T/home/private"
pattern_before=$(cat /proc/sys/kernel/core_pattern)

for caller in $CALLERS; do
	become "$caller"
	test_system_calls
	test_filter_off
	test_keys
	test_terminal
	test_kill_group
	test_descriptors
	test_files
	test_nodes
	test_proc
	test_status
	test_identity
	test_setuid_program
	test_mounts
	test_environment
	test_hostname
	test_core
	test_network
	test_ipc
done
expect_output "$pattern_before" 'core_pattern is what it was' cat /proc/sys/kernel/core_pattern

finish
