#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run test programs and scripts, add up what they say, and end with the line
#
#	N passed, N failed, N skipped
#
# usage: run.sh [PROGRAM...]	(default: those that the file "list" beside it names)
#
# Each prints TAP: a plan "1..N", then "ok N name", "not ok N name" or "ok N name # SKIP
# reason". One that crashes, is late, prints no plan, or fewer or more results than its plan
# counts as a failure of its own. The output is shown of those that failed. Unit
# tests run side by side; system tests look at the whole machine, so they run alone.
#
#	JOBS=2			how many run at a time
#	TEST_TIMEOUT=300	seconds for each
#	SBRUN=, SBPF=, SYSLOGPARSE=, TESTBIN=	the programs to test; where the test programs are
#	TOTALS=file		append "passed failed skipped" to it; the last line is in brackets

set -u

here=$(cd "$(dirname "$0")" && pwd)

# Run one program and print its block of the report at once.
run_one() {
	work=$1 prog=$2
	case $prog in
	/*) path=$prog ;;
	*) path=./$prog ;;
	esac
	name=$(printf '%s' "$prog" | sed 's,^\(\./\)*,,; s,.*/\(tests/\),\1,')
	out=$work/$(printf '%s' "$name" | tr / _)

	timeout -k 5 "$TEST_TIMEOUT" "$path" </dev/null >"$out.tap" 2>&1
	awk -v status=$? -v limit="$TEST_TIMEOUT" -f "$here/judge.awk" "$out.tap" >"$out.res"

	{
		sed -n 's/^result \([0-9]*\) \([0-9]*\) \([0-9]*\)$/\1 \2 \3/p' "$out.res" |
		while read -r passed failed skipped; do
			verdict=ok
			[ "$failed" -eq 0 ] || verdict=FAIL
			printf '  %-7s %s: %s passed' "$verdict" "$name" "$passed"
			[ "$failed" -eq 0 ] || printf ', %s failed' "$failed"
			[ "$skipped" -eq 0 ] || printf ', %s skipped' "$skipped"
			echo
			[ "$failed" -eq 0 ] || sed 's/^/	/' "$out.tap"
		done
		sed -n 's/^problem /	# /p' "$out.res"
	} >"$out.txt"
	# Those that run beside us wait until all of it is out.
	flock "$work" cat "$out.txt"
}

if [ "${1-}" = --one ]; then
	run_one "$2" "$3"
	exit 0
fi

export TEST_TIMEOUT="${TEST_TIMEOUT:-300}"
export SBRUN="${SBRUN:-$here/sbrun}"
export SBPF="${SBPF:-$here/sbpf}"
export SYSLOGPARSE="${SYSLOGPARSE:-$here/syslogparse.program}"
export TESTBIN="${TESTBIN:-$here}"
unset MAKEFLAGS MAKELEVEL MFLAGS

if [ $# -eq 0 ] && [ -r "$here/list" ]; then
	cd "$here" || exit 1
	# shellcheck disable=SC2046 # names of tests have no spaces
	set -- $(cat list)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# $1: how many at a time; the names come on standard input.
run_all() {
	xargs -r -n 1 -P "$1" "$here/run.sh" --one "$work"
}
printf '%s\n' "$@" | grep -v '/system/' | run_all "${JOBS:-2}"
printf '%s\n' "$@" | grep '/system/' | run_all 1

# xargs gives no status that tells; a program without a result has not run.
results=$(find "$work" -name '*.res' | wc -l)
cat "$work"/*.res 2>/dev/null | awk -v wanted=$# -v results="$results" -v file="${TOTALS-}" '
/^result / { pass += $2; fail += $3; skip += $4 }
/^skip / {
	sub(/^skip /, "")
	reasons[$0]++
}
END {
	for (reason in reasons)
		printf "  skipped %d: %s\n", reasons[reason], reason | "sort"
	close("sort")
	if (results != wanted) {
		fail += wanted - results
		print "  " wanted - results " programs did not run"
	}
	if (wanted == 0) {
		fail++
		print "  there is nothing to run"
	}
	totals = sprintf("%d passed, %d failed, %d skipped", pass, fail, skip)
	if (file != "") {
		print pass + 0, fail + 0, skip + 0 >>file
		totals = "(" totals ")"
	}
	print totals
	exit fail > 0
}'
