#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2013,SC2016,SC2086,SC2094,SC2154
#
# Hostile descriptors, parents and payloads: numbers that nobody opened, pipes that nobody reads,
# signals before the command is there, callers that end, commands that flood, fill or end oddly. No
# number of the caller's becomes something of sbrun's, limits and signals hold whatever others do,
# and nothing outlives what it is to die with. What is tested, and where:
#
#   numbers that are not open              test_not_open; files.sh, interface.sh (high ones)
#   status-fd, info-fd: a full pipe        test_full
#   ... a reader that has gone             test_readers
#   ... a directory, opened for reading    test_readers
#   a signal while the command waits       test_waiting
#   the thread that started sbrun ends     test_parent
#   core dumps                             test_core; contain_guest.sh (a handler)
#   few descriptors for the command        test_few
#   output floods, a full /tmp, odd ends   test_payload; status.sh, limits.sh

. "$(dirname "$0")/common.sh"

sbrun() {
	as_caller timeout 60 "$SBRUN" "$@"
}

# ---- numbers ----

# What sbrun opens for itself has the lowest numbers: they are asked for when they are not open.
test_not_open() {
	for fd in 3 4 5 6 7; do
		for words in "--keep-fd $fd" "--status-fd $fd" "--info-fd $fd" "--block-fd $fd" \
			"--sync-fd $fd" "--bind-fd $fd /x" "--ro-bind-fd $fd /x" "--file $fd /x" \
			"--ro-bind-data $fd /x" "--net /proc/self/ns/net --ro-bind-fd $fd /x" \
			"--background --keep-fd $fd" "--background --status-fd $fd" \
			"--stdin /dev/null --keep-fd $fd" "--args $fd"; do
			tap_run sbrun --policy standard $words -- ls /x /proc/self/fd
			[ "$status" -eq 125 ] && [ ! -s "$T/out" ] &&
				grep -q "descriptor $fd" "$T/err" && continue
			not_ok "$who: $words: it is not open"
			tap_explain "$words"
		done
	done
	ok "$who: no number that is not open becomes something of sbrun's"
	expect_output data "$who: ... and one that is, is what it is" sbrun --policy standard \
		--ro-bind-fd 3 /x -- cat /x/file 3<"$T/shared"
}

# ---- who reads ----

test_readers() {
	for option in --status-fd --info-fd; do
		expect_status 125 "$who: $option: a directory" sbrun $option 3 -- true 3<"$T"
		expect_stderr "^sbrun: ${option#--}: descriptor 3 is not open for writing" "$who: ... says so"
		expect_status 125 "$who: $option: open for reading" sbrun $option 3 -- true 3</dev/null
		expect_output ran "$who: $option: a full disk" sbrun $option 3 -- echo ran 3>/dev/full
		expect_output 'ran 0' "$who: $option: a reader that has gone" as_caller sh -c '
			{ sleep 0; "$1" $2 3 -- echo ran 3>&1 >"$3"; echo "$(cat "$3") $?" >"$4"; } | :
			cat "$4"' sh "$SBRUN" $option "$T/shared/ran" "$T/shared/status"
	done
	expect_status 125 "$who: --block-fd: open for writing" sbrun --block-fd 3 -- true 3>/dev/null
	expect_status 125 "$who: --block-fd: a directory" sbrun --block-fd 3 -- true 3<"$T"
}

# fill: descriptor 3 is a pipe without room, which 4 reads.
fill() {
	exec 3<>"$T/fifo" 4<"$T/fifo"
	dd if=/dev/zero of="$T/fifo" oflag=nonblock bs=4096 count=1000 2>/dev/null || :
}

# Does the payload of sbrun PID stand ready behind its filter?
ready() {
	for init in $(cat "/proc/$1/task/$1/children"); do
		for payload in $(cat "/proc/$init/task/$init/children"); do
			grep -q '^Seccomp:.2' "/proc/$payload/status" && return 0
		done
	done 2>/dev/null
	return 1
}

# begin WORD...: sbrun in the background, until its payload is ready; its pid is $pid.
begin() {
	rm -f "$T/shared/pid"
	as_caller sh -c 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"' "$T/shared/pid" \
		"$SBRUN" "$@" >"$T/shared/ran" 2>"$T/shared/err" </dev/null &
	job=$!
	await_ready
}

# Until sbrun, whose pid comes in a file, has a payload that is.
await_ready() {
	until [ -s "$T/shared/pid" ]; do sleep 0.01; done
	read -r pid <"$T/shared/pid"
	until ready "$pid"; do
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.01
	done
}

# interrupted SIGNAL WORD...: sbrun, which waits, is sent SIGNAL, and its status is that of it.
interrupted() {
	signal=$1
	shift
	begin "$@" -- echo ran || return 1
	kill -"$signal" "$pid"
	wait $job
}

released() {
	begin "$@" -- echo ran || return 1
	[ ! -s "$T/shared/ran" ] || return 1
	head -c 65536 <&4 >/dev/null
	wait $job && cat "$T/shared/ran"
}

test_full() {
	for option in --status-fd --info-fd; do
		fill
		expect_status 124 "$who: $option: nobody reads: a time limit holds" \
			sbrun $option 3 --time-limit 0.3 -- echo ran
		expect_status 143 "$who: $option: nobody reads: a signal ends it" interrupted TERM $option 3
		expect_output 'sbrun: interrupted before the command was run: Terminated' \
			"$who: ... nothing was run, and it says so" cat "$T/shared/ran" "$T/shared/err"
		expect_output ran "$who: $option: it is read at last" released $option 3
		exec 3>&- 4<&-
	done
}

# The command waits for a byte that does not come.
test_waiting() {
	exec 3<>"$T/fifo"
	for case in TERM:143 HUP:129; do
		expect_status ${case#*:} "$who: --block-fd: SIG${case%:*} ends it" \
			interrupted ${case%:*} --block-fd 3
		check "$who: ... and nothing was run" test ! -s "$T/shared/ran"
	done
	exec 3>&-
}

# ---- who started it ----

# parent WORD...: whoever started sbrun has ended; descriptor 5 ends with the sandbox.
parent() {
	exec 4<>"$T/fifo"
	rm -f "$T/shared/pid"
	as_caller sh -c 'pid=$1 && shift && { "$@" 4<&- & } && echo $! >"$pid.new" &&
		mv "$pid.new" "$pid" && exec 6>&- && read -r _ <&4' sh "$T/shared/pid" \
		"$SBRUN" "$@" --sync-fd 6 -- sleep 1000 6>"$T/fifo2" </dev/null &
	job=$!
	exec 5<"$T/fifo2"
	await_ready
	echo >&4
	wait $job
	exec 4>&-
}

test_parent() {
	parent --die-with-parent
	expect_output '' "$who: --die-with-parent: all ends with the parent" timeout 20 cat <&5
	exec 5<&-
	parent
	check "$who: ... and without it lives on" ready "$pid"
	kill -KILL "$pid"
	expect_output '' "$who: ... until sbrun ends" timeout 20 cat <&5
	exec 5<&-
	expect_output ran "$who: --die-with-parent: it runs" sbrun --die-with-parent -- echo ran
	expect_status 125 "$who: ... not in the background" sbrun --die-with-parent --background -- true
	expect_stderr 'contradict' "$who: ... it says so"
}

# ---- limits ----

# 0 is 1, which stops a handler behind a pipe, too; no more than the caller has; else as asked.
test_core() {
	for case in ':1 1' '0:1 1' '1:1 1' '0 1:1 1' '4096:4096 4096' '0 4096:0 4096' \
		'unlimited:unlimited unlimited'; do
		words=${case%:*}
		expect_output "${case#*:}" "$who: rlimit core $words" as_caller sh -c 'ulimit -c unlimited
			"$@" | sed -n "s/^Max core file size *\([^ ]*\) *\([^ ]*\).*/\1 \2/p"' sh \
			"$SBRUN" ${words:+--rlimit core $words} -- cat /proc/self/limits
	done
	expect_output '0 0' "$who: rlimit core 4096, where the caller may have none" as_caller sh -c '
		ulimit -c 0; "$@" | sed -n "s/^Max core file size *\([^ ]*\) *\([^ ]*\).*/\1 \2/p"' sh \
		"$SBRUN" --rlimit core 4096 -- cat /proc/self/limits
	echo '|/bin/true' >"$T/shared/pattern"
	for case in 'unlimited:0:' 'unlimited:0:--rlimit core 0' 'unlimited:125:--rlimit core 4096' \
		'0:125:' 'unlimited:125:--rlimit core 0 4096'; do
		name="with a handler, hard limit ${case%%:*}, ${case##*:}"
		if [ "$who" != root ] || ! unshare -m true 2>/dev/null; then
			skip "$who: $name" 'needs root'
			continue
		fi
		status_of=${case#*:}
		expect_status ${status_of%%:*} "$who: $name" unshare -m sh -c '
			mount --bind "$1" /proc/sys/kernel/core_pattern && ulimit -c "$2" && shift 2 &&
			exec "$@"' sh "$T/shared/pattern" ${case%%:*} "$SBRUN" --dry-run ${case##*:} -- true
		[ "${status_of%%:*}" -eq 0 ] ||
			expect_stderr '^sbrun: limits: core: .*handler|handler in' "$who: ... it says why"
	done
}

test_few() {
	expect_output ran "$who: rlimit nofile 4: the linker's one descriptor" \
		sbrun --rlimit nofile 4 -- echo ran
	expect_status 127 "$who: rlimit nofile 3: it has none, and that is the linker's word" \
		sbrun --rlimit nofile 3 -- echo ran
	expect_stderr '^echo: error while loading' "$who: ... and not sbrun's"
	for words in 'nofile 0' 'as 1' 'as 1M' 'stack 0' 'data 0' 'nproc 0' 'cpu 0' 'fsize 0' 'memlock 0' \
		'sigpending 0' 'rttime 0' 'nice 0' 'msgqueue 0' 'locks 0' 'rss 0' 'rtprio 0'; do
		tap_run sbrun --rlimit $words -- sh -c 'echo ran && exit 3'
		case $status in
		3 | 125 | 126 | 127 | 13[0-9] | 15[0-9]) continue ;;
		esac
		not_ok "$who: rlimit $words: an end that is none" "status $status"
		tap_explain "$words"
	done
	ok "$who: no rlimit of nothing makes sbrun hang, or succeed"
}

# ---- the payload ----

test_payload() {
	expect_output 50000000 "$who: a flood of output goes through" as_caller sh -c '
		"$@" | wc -c' sh "$SBRUN" -- sh -c 'yes | head -c 50000000'
	expect_status 141 "$who: a flood that nobody takes ends" as_caller sh -c '
		{ "$@"; echo $? >&3; } 3>"$0" | head -c 1 >/dev/null; exit "$(cat "$0")"' \
		"$T/shared/flood.$who" "$SBRUN" -- yes
	expect_output full "$who: a full /tmp is the payload's affair" sbrun --policy standard \
		--tmpfs /tmp size=1M -- sh -c 'head -c 2000000 /dev/zero 2>/dev/null >/tmp/x || echo full'
	expect_status 3 "$who: it closes all that it has" sbrun -- sh -c 'exec <&- >&- 2>&-; exit 3'
	expect_status 124 "$who: it stops itself, and the time limit holds" \
		sbrun --time-limit 0.3 -- sh -c 'kill -STOP $$'
	expect_status 124 "$who: it ignores all signals, and the time limit holds" \
		sbrun --time-limit 0.3 grace=0.1 -- sh -c 'trap "" TERM HUP INT QUIT; while :; do sleep 1; done'
	expect_output alive "$who: it kills and stops its PID 1" sbrun --policy standard -- sh -c '
		kill -KILL 1; kill -STOP 1; kill -TERM 1; echo alive' 2>/dev/null
	for signal in SEGV:139 BUS:135 SYS:159 TRAP:133 XCPU:152 ALRM:142; do
		expect_status ${signal#*:} "$who: it ends by SIG${signal%:*}" \
			sbrun -- sh -c "kill -${signal%:*} \$\$"
	done
	expect_output 5 "$who: orphans are reaped, and its status is its own" as_caller sh -c '
		"$1" --policy standard -- sh -c "
			for i in \$(seq 200); do (setsid true &); done
			exit 5"; echo $?' sh "$SBRUN"
}

mkfifo -m 666 "$T/fifo" "$T/fifo2"
mkdir -m 777 "$T/shared"
echo data >"$T/shared/file"
for caller in $CALLERS; do
	become "$caller"
	test_not_open
	test_readers
	test_full
	test_waiting
	test_parent
	test_core
	test_few
	test_payload
done
finish
