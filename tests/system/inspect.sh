#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# --status: what is said of a sandbox that runs, beside what /proc says of it, and of processes that
# are in none, or in one that is not ours.

. "$(dirname "$0")/common.sh"

# start OPTION...: a sandbox that sleeps; $pid is its supervisor. end: it ends.
# It is told of a little before the command is executed.
start() {
	as_caller "$SBRUN" --background "$@" -- sleep 600 >"$T/pid" 2>"$T/err" </dev/null
	pid=$(cat "$T/pid")
	[ -n "$pid" ] || tap_bail "no sandbox: $(cat "$T/err")"
	for _ in $(seq 1000); do
		case $(as_caller "$SBRUN" --status "$pid") in
		*", sleep;"*) return ;;
		esac
	done
	tap_bail 'the command of a sandbox is not executed'
}

end() {
	kill -9 "$pid"
}

status_of() {
	tap_run as_caller "$SBRUN" --status "$@"
}

# says WALL STATE NAME: what the last status_of said of WALL.
says() {
	expect_stdout "^  $1 +$2( |\$)" "$who: $3: $1: $2"
}

said_status() {
	if [ "$status" -eq "$1" ]; then
		ok "$who: $2"
	else
		not_ok "$who: $2" "exit status $status, not $1"
		tap_explain "$2"
	fi
}

ALWAYS='pid.namespace mnt.namespace id.maps capabilities no_new_privs seccomp init session mounts
	core.dumps'

test_sandbox() {
	for policy in strict standard; do
		start --policy $policy
		status_of "$pid"
		said_status 0 "$policy: all is there"
		for wall in $ALWAYS user.namespace net.namespace network descriptors; do
			says "$wall" yes "$policy"
		done
		says landlock unknown "$policy"
		cp "$T/out" "$T/page"
		expect_status 1 "$who: $policy: no line is longer than 80" grep -E '.{81}' "$T/page"
		payload=$(sed -n 's/^Process \([0-9]*\), sleep;.*/\1/p' "$T/page")
		init=$(sed -n 's/.* its sandbox is \([0-9]*\), sbrun '"$pid"'$/\1/p' "$T/page")
		expect_output sleep "$who: $policy: the payload is found" cat "/proc/$payload/comm"
		for other in "$init" "$payload"; do
			expect_output "$(cat "$T/page")" "$who: $policy: by another pid the same" \
				as_caller "$SBRUN" --status "$other"
		done
		seen=$(as_caller readlink "/proc/$payload/ns/net" | tr -dc 0-9)
		cp "$T/page" "$T/out"
		expect_stdout "^  net namespace +yes +$seen;" "$who: $policy: the inode is that of /proc"
		expect_output "$(wc -l <"/proc/$payload/mountinfo")" \
			"$who: $policy: mounts are as many as in /proc" \
			grep -cE '^    (ro|WRITABLE)' "$T/page"
		end
	done
}

# What a policy asks away is not there, and not missing either.
test_asked_away() {
	start --share net ipc --policy standard --caps net_raw
	status_of "$pid"
	said_status 0 'asked away is not missing'
	for wall in net.namespace ipc.namespace capabilities; do
		says "$wall" no 'asked away'
	done
	says user.namespace yes 'the neighbour'
	end

	as_caller "$SBRUN" --background --keep-fd 9 -- sleep 600 >"$T/pid" </dev/null 9</
	pid=$(cat "$T/pid")
	status_of "$pid"
	says descriptors no 'a kept directory of the host'
	expect_stdout '9 \(/\)' "$who: ... is named"
	end

	start --rlimit nofile 33 33
	status_of "$pid"
	expect_stdout '^  limits +yes .*nofile 33(,|$)' "$who: a limit that is lower is named"
	end
}

# A container that others made: it has namespaces, and hardly more.
test_others() {
	: >"$T/started"
	as_caller unshare -Upf --map-root-user --mount-proc sh -c 'echo && exec sleep 600' \
		>"$T/started" 2>"$T/err" &
	made=$!
	# It is written when all is made; a pid of a child is then there.
	while [ ! -s "$T/started" ] && kill -0 $made 2>/dev/null; do :; done
	if ! kill -0 $made 2>/dev/null; then
		skip "$who: a container of unshare(1)" 'it cannot make one'
		return
	fi
	# Down to the one that has a second pid.
	child=$made
	while [ -n "$child" ] && ! grep -q '^NSpid:.*[0-9][[:space:]][0-9]' "/proc/$child/status"; do
		child=$(cat "/proc/$child/task/$child/children")
		child=${child%% *}
	done
	status_of "$child"
	said_status 1 'a container of unshare(1): status 1'
	for wall in id.maps no_new_privs seccomp init session mounts; do
		[ "$who" = root ] || [ "$wall" != id.maps ] || continue
		says "$wall" MISSING 'a container of unshare(1)'
	done
	says user.namespace yes 'a container of unshare(1)'
	expect_stdout ' MISSING\.$' "$who: ... the end says so"
	kill -9 "$child"
	wait $made 2>/dev/null
}

test_json() {
	start
	status_of "$pid" --json
	cp "$T/out" "$T/json"
	said_status 0 'JSON: status 0'
	expect_stdout '"supervisor": '"$pid" "$who: JSON: who it is"
	expect_stdout '"missing": 0' "$who: JSON: nothing is missing"
	if command -v python3 >/dev/null 2>&1; then
		expect_output 'yes yes' "$who: JSON: it can be read" python3 -c '
import json, sys
all = json.load(open(sys.argv[1]))
print(*(w["state"] for w in all["walls"] if w["wall"] in ("seccomp", "mounts")))' "$T/json"
	fi
	end
}

test_misuse() {
	expect_status 125 "$who: --status of ourselves: 125" as_caller "$SBRUN" --status $$
	expect_stderr "^sbrun: status: $$: is in no sandbox" "$who: ... says so"
	expect_status 125 "$who: --status of nobody: 125" as_caller "$SBRUN" --status 2147483647
	expect_stderr 'no such process' "$who: ... says so"
	expect_status 125 "$who: --status of no pid: 125" as_caller "$SBRUN" --status 0
	expect_status 125 "$who: --status of a word: 125" as_caller "$SBRUN" --status sleep
	expect_status 125 "$who: --json alone: 125" as_caller "$SBRUN" --json -- true
	[ "$who" = user ] && [ "$(id -u)" -eq 0 ] || return 0
	start
	expect_status 125 "$who: --status of another's: 125" \
		setpriv --reuid=64998 --regid=64998 --clear-groups "$SBRUN" --status "$pid"
	expect_stderr '^cause: only root, and the user' "$who: ... says why"
	end
}

for caller in $CALLERS; do
	become "$caller"
	test_sandbox
	test_asked_away
	test_others
	test_json
	test_misuse
done

finish
