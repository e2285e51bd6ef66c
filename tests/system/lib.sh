# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What the system tests share: a test is a POSIX shell script that begins with
#
#	. "$(dirname "$0")/lib.sh"
#
# and ends with "finish". It prints TAP 13 with the plan at the end; a script that ends in
# any other way has bailed out, and fails.
#
#   ok NAME, not_ok NAME [WHY], skip NAME REASON, skip_all REASON
#   check NAME CMD...             CMD succeeds
#   expect_status N NAME CMD...   CMD exits with N
#   expect_output TEXT NAME CMD.. CMD succeeds and prints just TEXT
#   expect_stdout ERE NAME        what the last CMD printed has a line like ERE
#   expect_stderr ERE NAME        the same of its errors
#   input TEXT                    the standard input of the next CMD (else it is empty)
#   allowed NAME [OPTION]... -- ACT...    sbrun lets ACT happen: it exits 0
#   denied N NAME [OPTION]... -- ACT...   sbrun does not: exit status N, while ACT succeeds
#                                         outside, or else the test is skipped
#   as_user CMD...                as an ordinary user, with a home of its own (only root can
#                                 become one; others are one)
#   need_root, need CMD...        or else skip the whole script
#   go_with_sbpf                  to $T; $SBPF is the whole path of the program
#   stale_cgroups                 the cgroups of runs whose supervisor is no more
#
# AT_END is a command that takes back what a script changed outside of $T, should it end early.
# A mount that is left below $T, or a cgroup of a run, makes the script fail in the end.
#
# Only CMDs may be written after "as_user", and "as_user" may stand before any CMD:
# "expect_status 0 name as_user "$SBRUN" -- true"; AS=as_user does so for allowed and denied.
#
# SBRUN is the program under test; it becomes the path of a copy that every user can read.
# $T is a private directory, removed at the end; $T/home belongs to the ordinary user, whose
# id is $USER_ID. After a CMD, $status is its exit status, and $T/out and $T/err hold what
# it printed.

SBRUN=${SBRUN:-./runner/sbrun}
AS=
AT_END=
USER_ID=64999

tap_uid=$(id -u)
tap_newline='
'
tap_count=0
tap_failed=0
tap_finished=
status=0

# Diagnostics: every line of standard input behind a "#".
tap_note() {
	sed 's/^/#   /'
}

tap_bail() {
	printf 'Bail out! %s\n' "$*"
	tap_finished=1
	exit 1
}

go_with_sbpf() {
	SBPF=${SBPF:-./bpf/sbpf/sbpf}
	[ -x "$SBPF" ] || tap_bail "no program at $SBPF"
	SBPF=$(cd "$(dirname "$SBPF")" && pwd)/$(basename "$SBPF")
	cd "$T" || tap_bail "cannot go to $T"
	unset XDG_CONFIG_HOME
}

# They are named after the supervisor, and its reaper has them for some moments yet.
stale_cgroups() {
	find /sys/fs/cgroup -type d -name 'sbrun-*' 2>/dev/null | while read -r tap_group; do
		tap_pid=${tap_group##*/sbrun-}
		[ -d "/proc/${tap_pid%%-*}" ] || printf '%s\n' "$tap_group"
	done
}

# Those that were not there in the beginning, after ten seconds.
tap_cgroups() {
	tap_wait=$(($(date +%s) + 10))
	while stale_cgroups | grep -Fvx -f "$T/cgroups" >"$T/left"; do
		[ "$(date +%s)" -lt $tap_wait ] || return 0
	done
	return 1
}

tap_end() {
	tap_code=$?
	trap - EXIT
	if [ -n "${T:-}" ]; then
		if tap_cgroups; then
			printf 'Bail out! a cgroup is left: %s\n' "$(head -n 1 "$T/left")"
			exit 1
		fi
		$AT_END
		if grep -Fq " $T" /proc/self/mounts; then
			printf 'Bail out! a mount is left below %s\n' "$T"
			exit 1
		fi
		rm -rf -- "$T"
	fi
	if [ -z "$tap_finished" ]; then
		printf 'Bail out! the script ended early, with status %d\n' "$tap_code"
		exit 1
	fi
	exit "$tap_code"
}

# "ok" or "not ok", the next number, the name; a "#" in the name would begin a directive.
tap_result() {
	tap_count=$((tap_count + 1))
	tap_text=$2
	case $tap_text in
	*[#$tap_newline]*) tap_text=$(printf '%s' "$tap_text" | tr '#\n' '= ') ;;
	esac
	printf '%s %d - %s%s\n' "$1" "$tap_count" "$tap_text" "${3:-}"
}

ok() {
	tap_result ok "$1"
}

not_ok() {
	tap_failed=$((tap_failed + 1))
	tap_result 'not ok' "$1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$*" | tap_note
}

skip() {
	tap_result ok "$1" " # SKIP $2"
}

skip_all() {
	[ "$tap_count" -eq 0 ] || tap_bail 'skip_all after a result'
	printf '1..0 # SKIP %s\n' "$*"
	tap_finished=1
	exit 0
}

finish() {
	printf '1..%d\n' "$tap_count"
	tap_finished=1
	[ "$tap_count" -gt 0 ] && [ "$tap_failed" -eq 0 ]
	exit $?
}

need_root() {
	[ "$tap_uid" -eq 0 ] || skip_all 'needs to start as root'
}

need() {
	for tap_tool; do
		command -v "$tap_tool" >/dev/null 2>&1 || skip_all "needs $tap_tool"
	done
}

input() {
	printf '%s' "$1" >"$T/in"
}

# Run CMD with nothing of ours but its output files; never stops the script.
tap_run() {
	status=0
	"$@" <"$T/in" >"$T/out" 2>"$T/err" || status=$?
	: >"$T/in"
}

tap_explain() {
	printf 'command: %s\nexit status: %d\n' "$1" "$status" | tap_note
	for tap_stream in out err; do
		[ ! -s "$T/$tap_stream" ] || printf '%s:\n' "$tap_stream" | tap_note
		head -n 20 "$T/$tap_stream" | tap_note
	done
}

check() {
	tap_name=$1
	shift
	expect_status 0 "$tap_name" "$@"
}

expect_status() {
	tap_want=$1
	tap_name=$2
	shift 2
	tap_run "$@"
	if [ "$status" -eq "$tap_want" ]; then
		ok "$tap_name"
	else
		not_ok "$tap_name" "expected exit status $tap_want"
		tap_explain "$*"
	fi
}

# A newline at the end of TEXT is understood, and need not be written.
expect_output() {
	tap_want=$1
	tap_name=$2
	shift 2
	tap_run "$@"
	if [ "$status" -eq 0 ] && [ "$(cat "$T/out")" = "$tap_want" ]; then
		ok "$tap_name"
	else
		not_ok "$tap_name" 'expected exit status 0 and this output:' "$tap_want"
		tap_explain "$*"
	fi
}

tap_match() {
	if grep -Eq -e "$2" "$T/$1"; then
		ok "$3"
	else
		not_ok "$3" "expected in $1: $2"
		tap_explain '(the last one)'
	fi
}

expect_stdout() {
	tap_match out "$1" "$2"
}

expect_stderr() {
	tap_match err "$1" "$2"
}

# The act alone: what stands after the first "--".
tap_outside() {
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		shift
	done
	[ $# -gt 1 ] || return 125
	shift
	${AS:+"$AS"} "$@"
}

allowed() {
	tap_name=$1
	shift
	expect_status 0 "$tap_name" ${AS:+"$AS"} "$SBRUN" "$@"
}

# "Denied" says nothing about an act that cannot be done anyway.
denied() {
	tap_want=$1
	tap_name=$2
	shift 2
	cp "$T/in" "$T/in.again"
	tap_run tap_outside "$@"
	if [ "$status" -ne 0 ]; then
		skip "$tap_name" "the act fails outside too, with $status"
		return
	fi
	cp "$T/in.again" "$T/in"
	expect_status "$tap_want" "$tap_name" ${AS:+"$AS"} "$SBRUN" "$@"
}

as_user() {
	if [ "$tap_uid" -eq 0 ]; then
		set -- setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups "$@"
	fi
	(
		unset XDG_CONFIG_HOME XDG_RUNTIME_DIR
		export HOME="$T/home"
		exec "$@"
	)
}

tap_setup() {
	printf 'TAP version 13\n'
	trap tap_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	T=$(mktemp -d "${TMPDIR:-/tmp}/sbrun-test.XXXXXX") || tap_bail 'no temporary directory'
	chmod 755 "$T"
	mkdir -m 700 "$T/home"
	: >"$T/in"
	stale_cgroups >"$T/cgroups"
	if [ "$tap_uid" -eq 0 ]; then
		chown "$USER_ID:$USER_ID" "$T/home"
		as_user true || tap_bail 'setpriv cannot become an ordinary user'
	else
		USER_ID=$tap_uid
	fi
	# Missing is a failure, not a skip: nothing would be tested, and nobody would see.
	[ -x "$SBRUN" ] || tap_bail "no program at $SBRUN"
	mkdir -m 755 "$T/bin"
	cp "$SBRUN" "$T/bin/sbrun" || tap_bail "cannot copy $SBRUN"
	chmod 755 "$T/bin/sbrun"
	SBRUN=$T/bin/sbrun
}

tap_setup
