#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2154
#
# The terminal: job control inside, and the caller's as it was afterwards. The cases are
# played by terminal.py, which has a terminal to play them on.

. "$(dirname "$0")/common.sh"
need python3 stty

python=$(python3 -c 'import sys; print(sys.executable)')
cp "$(dirname "$0")/terminal.py" "$T/terminal.py"

# case CASE NAME
play() {
	tap_run as_caller "$python" -B "$T/terminal.py" "$1" "$SBRUN" "$ACT"
	case $status in
	0) ok "$who: $1: $2" ;;
	77) skip "$who: $1: $2" "$(head -n 1 "$T/out")" ;;
	*)
		not_ok "$who: $1: $2"
		tap_explain "terminal.py $1"
		;;
	esac
}

for caller in $CALLERS; do
	become "$caller"
	if ! as_caller "$python" -c 'import pty' 2>/dev/null; then
		skip "$who: the terminal" 'cannot run Python'
		continue
	fi
	play own-terminal 'it has one of its own, with a name'
	play job-control 'an interactive shell works in it'
	play keys 'Ctrl-C, Ctrl-Z, Ctrl-D'
	play editor 'an editor works in it'
	play size 'its size is the size of the real one'
	play all-output 'no output is lost at the end'
	play raw-and-killed 'the real one is as it was'
	play background 'in the background, and back'
	play hang-up 'when the real one goes, all end'
	play inject 'no key can be pushed into the real one'
	play without-one 'also for a caller who has none'
	play stop-and-continue 'SIGTSTP and SIGCONT'
	play ignored-stop 'a SIGTSTP that is ignored'
	play stopped-by-itself 'SIGSTOP from inside'
	play stopped-for-too-long 'the time limit of what is stopped'
done
finish
