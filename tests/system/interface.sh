#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# How programs talk with sbrun: options from a descriptor, standard descriptors, descriptors
# that tell and wait, the background.

. "$(dirname "$0")/common.sh"

sbrun() {
	as_caller "$SBRUN" "$@"
}

# args TEXT WORD...: with --args 0, where the words of TEXT, one a line, are read.
args() {
	printf '%s' "${1:+"$1
"}" | tr '\n' '\0' >"$T/words"
	shift
	as_caller "$SBRUN" --args 0 "$@" <"$T/words"
}

test_args() {
	expect_output 'from-args
two words' "$who: --args: words that are options" args '--hostname
from-args
--setenv
X
two words' -- sh -c 'uname -n; echo "$X"'
	expect_output two "$who: --args: beside others, in any form" \
		args '--setenv=--one
two' --hostname h -- printenv -- --one
	expect_output both "$who: --args: nothing there" args '' --policy strict -- echo both
	expect_status 125 "$who: --args: no command from there" args '--
true' -- true
	expect_status 125 "$who: --args: not again from there" args '--args
0' -- true
	expect_status 125 "$who: --args: a mistake there" args '--no-such-option' -- true
	expect_stderr '^sbrun: unknown option' "$who: ... says so"
	expect_output '--args 0' "$who: --args: of the command, it is the command's" \
		sbrun -- echo --args 0
	expect_status 125 "$who: --args: a descriptor that is not open" sbrun --args 77 -- true
}

test_argv0() {
	expect_output 'other' "$who: --argv0" sbrun --argv0 other -- sh -c 'echo $0'
	expect_output 'sh' "$who: ... or its own name" sbrun -- sh -c 'echo $0'
}

test_standard() {
	files=$T/home
	echo input >"$files/in"
	[ "$who" = user ] || chmod 644 "$files/in"
	[ "$(id -u)" -ne 0 ] || chown "$USER_ID" "$files/in"
	expect_output input "$who: --stdin" sbrun --stdin "$files/in" -- cat
	echo old >"$T/shared/out"
	chmod 666 "$T/shared/out"
	check "$who: --stdout, --stderr" sbrun --stdout "$T/shared/out" --stderr "$T/shared/err" -- \
		sh -c 'echo out; echo err >&2'
	expect_output 'out
err' "$who: ... are two files, emptied before" cat "$T/shared/out" "$T/shared/err"
	check "$who: --stderr stdout" sbrun --stdout "$T/shared/out" --stderr stdout -- \
		sh -c 'echo out; echo err >&2'
	expect_output 'out
err' "$who: ... is one file" cat "$T/shared/out"
	expect_output 'err' "$who: --stderr stdout, without --stdout" \
		sbrun --stderr stdout -- sh -c 'echo err >&2'
	expect_status 125 "$who: a file that is not there" sbrun --stdin "$T/none" -- true
	expect_stderr "^sbrun: stdin $T/none: No such file" "$who: ... says so"
	expect_status 127 "$who: sbrun's own messages stay where they were" \
		sbrun --stderr "$T/shared/err" -- no-such-program
	expect_stderr 'no-such-program: No such file' "$who: ... on its standard error"
	for mode in --dry-run --explain; do
		echo kept >"$T/shared/out"
		tap_run sbrun $mode --stdout "$T/shared/out" -- true
		expect_output kept "$who: $mode touches no file" cat "$T/shared/out"
	done
	rm -f "$T/shared/out" "$T/shared/err"
	if [ "$who" = user ] && [ "$(id -u)" -eq 0 ]; then
		printf secret >"$T/secret"
		chmod 600 "$T/secret"
		expect_output secret "root: a file that only root reads" "$SBRUN" --stdin "$T/secret" -- cat
		expect_status 125 "user: ... a user does not read" sbrun --stdin "$T/secret" -- cat
	fi
}

# The namespaces are those that the payload sees itself in.
test_info_fd() {
	if ! command -v jq >/dev/null 2>&1; then
		skip "$who: --info-fd" 'needs jq'
		return
	fi
	as_caller "$SBRUN" --policy standard --info-fd 3 -- \
		sh -c 'cd /proc/self/ns; readlink pid mnt net time' 3>"$T/info" >"$T/links"
	expect_output "$(tr -dc '0-9\n' <"$T/links")" "$who: --info-fd: its namespaces" \
		jq -r '.["pid-namespace", "mnt-namespace", "net-namespace", "time-namespace"]' "$T/info"
	expect_output 'true' "$who: --info-fd: its pid" jq '."child-pid" > 1' "$T/info"
	as_caller "$SBRUN" --json-status-fd 3 -- sh -c 'exit 5' 3>"$T/info"
	expect_output '5' "$who: --json-status-fd: exit-code" jq '."exit-code" // empty' "$T/info"
}

# The command is not run before somebody says so, and what is told comes before that.
blocked() {
	as_caller "$SBRUN" --info-fd 3 --block-fd 4 -- echo run 3>"$T/fifo" 4<"$T/fifo2" \
		>"$T/ran" 2>"$T/err" </dev/null &
	job=$!
	exec 5<"$T/fifo" 6>"$T/fifo2"
	sed "/^}/q" <&5 >/dev/null # all is ready
	[ ! -s "$T/ran" ] || return 1
	[ "$1" = end ] || echo >&6
	exec 6>&- 5<&-
	wait $job && [ "$(cat "$T/ran")" = run ]
}

test_block_fd() {
	check "$who: --block-fd: a byte" blocked byte
	check "$who: --block-fd: the end of file" blocked end
	exec 6<>"$T/fifo2"
	expect_status 124 "$who: --block-fd: the time limit runs" \
		sbrun --time-limit 0.2 --block-fd 6 -- true
	exec 6>&-
}

# Our end of the pipe sees the end when the sandbox has.
test_sync_fd() {
	expect_output 'not open
end' "$who: --sync-fd: is open as long as the sandbox, and not in it" as_caller sh -c '
		{ "$1" --sync-fd 9 -- sh -c "(: >&9) 2>/dev/null || echo not open >&2" 9>&1 |
			cat; } 2>&1
		echo end' sh "$SBRUN"
	expect_status 125 "$who: --sync-fd: that is not open" sbrun --sync-fd 77 -- true
}

# The pid is that of the one who stays; its end is seen by the end of a pipe that it holds.
in_background() {
	as_caller "$SBRUN" --background --policy standard --sync-fd 3 --stdout "$T/shared/out" -- \
		sh -c 'trap "echo told; exit" TERM; echo ready; sleep 1000 & wait' \
		3>"$T/fifo" >"$T/pid" </dev/null &
	job=$!
	exec 5<"$T/fifo"
	wait $job || return 1
	until grep -q ready "$T/shared/out"; do :; done
	kill -TERM "$(cat "$T/pid")" && cat <&5
	exec 5<&-
	grep told "$T/shared/out"
}

test_background() {
	: >"$T/shared/out"
	chmod 666 "$T/shared/out"
	expect_output told "$who: --background: it runs, and a signal to its pid is for it" in_background
	expect_status 125 "$who: --background: a failure is the caller's" \
		sbrun --background --chdir /nonexistent -- true
	expect_stderr 'directory: /nonexistent' "$who: ... who is told why"
	expect_output '' "$who: --background --quiet: nothing is printed" \
		sbrun --background --quiet -- true
	rm "$T/shared/out"
}

test_quiet() {
	expect_status 159 "$who: --quiet: killed by the policy" \
		sbrun --quiet $VISIBLE -- "$ACT" unshare
	expect_output '' "$who: ... and nothing is said" cat "$T/err"
	expect_status 124 "$who: --quiet: the time limit" sbrun --quiet --time-limit 0.1 -- sleep 1000
	expect_output '' "$who: ... and nothing is said" cat "$T/err"
	expect_status 127 "$who: --quiet: a failure" sbrun --quiet -- no-such-program
	expect_stderr 'no-such-program' "$who: ... is told"
}

test_dry_run() {
	expect_output '' "$who: --dry-run" sbrun --dry-run -- touch "$T/shared/made"
	expect_status 0 "$who: --dry-run needs no command" sbrun --dry-run
	expect_status 125 "$who: --dry-run finds what is missing" \
		sbrun --dry-run --ro-bind /nonexistent -- true
}

test_completion() {
	if ! command -v bash >/dev/null 2>&1; then
		skip "$who: --completion" 'needs bash'
		return
	fi
	expect_output '--ro-bind-try
strict
strict-calls' "$who: --completion bash" as_caller bash -c 'eval "$("$1" --completion bash)"
		cd /
		COMP_WORDS=(sbrun --ro-bind-t) COMP_CWORD=1
		_sbrun && printf "%s\n" "${COMPREPLY[@]}"
		COMP_WORDS=(sbrun --policy stric) COMP_CWORD=2
		_sbrun && printf "%s\n" "${COMPREPLY[@]}"' bash "$SBRUN"
}

mkfifo -m 666 "$T/fifo" "$T/fifo2"
mkdir -m 777 "$T/shared"
for caller in $CALLERS; do
	become "$caller"
	test_args
	test_argv0
	test_standard
	test_info_fd
	test_block_fd
	test_sync_fd
	test_background
	test_quiet
	test_dry_run
	test_completion
done
finish
