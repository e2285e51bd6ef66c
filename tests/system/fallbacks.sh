#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# As on an older kernel, or in a container: calls that sbrun uses are not there (without.c). What
# has a fallback is as closed as with the call; what has none is a refusal that says what failed.

. "$(dirname "$0")/common.sh"

cp "${TESTBIN:-$(dirname "$0")/..}/system/without" "$T/bin/" || tap_bail 'no without'
chmod 755 "$T/bin/without"
WITHOUT=$T/bin/without

[ "$(uname -m)" = x86_64 ] || skip_all 'the numbers are those of x86_64'
KILL=424 MOUNT_SETATTR=442 CLONE3=435 CLOSE_RANGE=436 LANDLOCK=444
OPEN_TREE=428 MOVE_MOUNT=429 FSOPEN=430 FSMOUNT=432

# without CALL...: the words that take these calls away from the command that follows.
without() {
	words=
	for nr; do
		words="$words $WITHOUT $nr"
	done
}

# walls NAME CALL...: all that a sandbox is to be, is so without these calls.
walls() {
	name=$1
	shift
	without "$@"
	expect_output 'denied denied denied denied' "$who: without $name: nothing is written outside" \
		as_caller $words "$SBRUN" --policy standard $VISIBLE --ro-bind "$T/share" /r \
		--bind "$T/share" /w --remount-ro /w --mask /r/secret -- sh -c '
			try() { if "$@" 2>/dev/null; then echo done; else echo denied; fi; }
			echo $(try touch /r/x; try touch /r/below/x; try touch /w/x; try grep -q . /r/secret)'
	expect_output 'done' "$who: without $name: what may be written is" \
		as_caller $words "$SBRUN" --policy standard --bind "$T/share" /w -- \
		sh -c 'touch /w/made && rm /w/made && echo done'
	expect_output 5 "$who: without $name: no descriptor is left open but one to be kept" \
		as_caller $words "$SBRUN" --policy standard --keep-fd 5 -- \
		sh -c 'for fd in 4 5 6; do if (: <&$fd) 2>/dev/null; then echo $fd; fi; done' 4</ 5</ 6</
	expect_output '0000000000000000 1 2' "$who: without $name: no capability, and a filter" \
		as_caller $words "$SBRUN" -- sh -c '
			echo $(sed -n "s/^CapEff:.//p; s/^NoNewPrivs:.//p; s/^Seccomp:.//p" /proc/self/status)'
	expect_status 124 "$who: without $name: a time limit" \
		as_caller timeout 60 $words "$SBRUN" --time-limit 0.2 -- sleep 50
	expect_status 143 "$who: without $name: signals are forwarded" \
		as_caller $words sh -c '
			mkfifo "$1"
			"$2" --policy standard -- sh -c "echo up; exec sleep 50" >"$1" &
			read -r _ <"$1"
			kill -TERM $!
			wait $!' sh "$T/home/up.$who.$#" "$SBRUN"
	rm -f "$T/home/up.$who.$#"
}

# refused NAME CALL: there is no sandbox without it, and no command is run.
refused() {
	without "$2"
	expect_status 125 "$who: without $1: a refusal" as_caller $words "$SBRUN" -- echo ran
	expect_stderr 'Function not implemented|[Oo]peration not permitted' "$who: ... says why"
	check "$who: ... and nothing ran" test ! -s "$T/out"
}

mkdir -p "$T/share/below"
echo secret >"$T/share/secret"
chmod -R a+rwX "$T/share"

# The helper itself: a call that is taken away is not there.
expect_output 'gone' 'without: the call is gone' "$WITHOUT" 39 "$WITHOUT" 83 \
	sh -c 'mkdir "$1" 2>/dev/null || echo gone' sh "$T/home/directory"
check 'without: its neighbour is' "$WITHOUT" 39 sh -c 'mkdir "$1" && rmdir "$1"' sh "$T/home/directory"

for caller in $CALLERS; do
	become "$caller"
	walls 'any'
	walls 'mount_setattr(2)' $MOUNT_SETATTR
	walls 'close_range(2)' $CLOSE_RANGE
	walls 'clone3(2)' $CLONE3
	walls 'clone3(2), which is forbidden' $CLONE3=1
	walls 'Landlock' $LANDLOCK
	walls 'pidfd_send_signal(2)' $KILL
	walls 'all of these' $MOUNT_SETATTR $CLOSE_RANGE $CLONE3 $LANDLOCK $KILL
	refused 'open_tree(2)' $OPEN_TREE
	refused 'move_mount(2)' $MOVE_MOUNT
	refused 'fsopen(2)' $FSOPEN
	refused 'fsmount(2), which is forbidden' $FSMOUNT=1
done
finish
