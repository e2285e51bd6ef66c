#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2154
#
# Death and failure at every system call of the set-up (see sweep.c): nothing is left behind,
# nothing hangs, and the command runs behind all of its walls or not at all.
#
#	SWEEP_TURNS=6		every error at every call; otherwise one of them at each
#	SWEEP_STRIDE=1		only every so many calls
#	SWEEP_LIMIT_MS=5000	how long a run may take on a slow machine

. "$(dirname "$0")/lib.sh"

[ -x "${TESTBIN:=.}/system/sweep" ] || tap_bail "no program at $TESTBIN/system/sweep"
cp "$TESTBIN/system/sweep" "$T/bin/sweep"
sweep=$T/bin/sweep

# What a command can see of its walls; sweep.c knows the lines.
look='cat /proc/self/status /proc/self/limits /proc/self/mountinfo
ls -l /proc/self/ns | sed "s/.*-> //"'

# swept MODE NAME COMMAND...: the lines that tell of bad places are shown, if there are any.
swept() {
	mode=$1
	name=$2
	shift 2
	# shellcheck disable=SC2086 # words
	tap_run ${AS:+"$AS"} "$sweep" "$mode" "$SBRUN" --policy strict $options --status-fd 3 -- "$@"
	if [ "$status" -eq 4 ]; then
		skip "$name" "$(head -n 1 "$T/err")"
	elif [ "$status" -eq 0 ] && [ -s "$T/out" ]; then
		ok "$name: $(tail -n 1 "$T/out")"
	else
		not_ok "$name"
		tap_explain "sweep $mode"
	fi
}

"$sweep" probe || skip_all 'ptrace(2) is not allowed here'

options= # more of them
# A sweep that could not find anything would show nothing.
limit=${SWEEP_LIMIT_MS:-5000}
stride=${SWEEP_STRIDE:-1}
export SWEEP_LIMIT_MS=$((limit / 25)) SWEEP_STRIDE=1 SWEEP_ANY_WALLS=1
expect_status 1 'a child without a parent-death signal' "$sweep" kill-supervisor "$sweep" toy
expect_stdout ' survivors' 'is found as a survivor'
expect_status 1 'a runner that does not look at errors' "$sweep" fault-init "$sweep" careless
expect_stdout '^NoNewPrivs:.0' 'is found by a wall that is not there'
unset SWEEP_ANY_WALLS
export SWEEP_LIMIT_MS="$limit" SWEEP_STRIDE="$stride"

swept kill-supervisor 'the supervisor is killed' sleep 1000
options='--memory 64M --pids 16 --cpu-limit 100'
# shellcheck disable=SC2086 # words
if "$SBRUN" $options -- true 2>"$T/err"; then
	swept kill-supervisor 'the supervisor of cgroups is killed' sleep 1000
	# The first child is who removes them.
	export SWEEP_PASS=1 SWEEP_STRIDE=3
	swept kill-init 'with cgroups, init is killed' sleep 1000
	swept fault-init 'with cgroups, a call of init fails' sh -c "$look"
	unset SWEEP_PASS SWEEP_STRIDE
else
	skip 'cgroups' "$(head -n 1 "$T/err")"
fi
options=
swept kill-init 'init is killed' sleep 1000
turn=0
while [ $turn -lt "${SWEEP_TURNS:-1}" ]; do
	export SWEEP_TURN=$turn
	swept fault-supervisor "a call of the supervisor fails, turn $turn" sh -c "$look"
	swept fault-init "a call of init fails, turn $turn" sh -c "$look"
	swept fault-payload "a call of the payload fails, turn $turn" sh -c "$look"
	turn=$((turn + 1))
done
swept lie-payload 'a call of the payload is not made' sh -c "$look"
swept lie-detach 'the old root is not detached' sh -c "$look"

# The same as another user, whose way is a little different: fewer places will do.
if [ "$(id -u)" -eq 0 ]; then
	AS=as_user
	export SWEEP_STRIDE=$((stride * 5))
	swept kill-supervisor 'of a user, the supervisor is killed' sleep 1000
	swept kill-init 'of a user, init is killed' sleep 1000
	swept fault-supervisor 'of a user, a call of the supervisor fails' sh -c "$look"
	swept fault-init 'of a user, a call of init fails' sh -c "$look"
	unset SWEEP_STRIDE
	swept lie-detach 'of a user, the old root is not detached' sh -c "$look"
fi

# On a host whose mounts are as closed as those of a sandbox, these do not give the old root away.
closed() {
	# shellcheck disable=SC2016,SC2086 # of the inner shell; words
	unshare -m sh -c 'while read -r _ at _; do
			case $at in /dev*) how=nosuid ;; *) how=nosuid,nodev ;; esac
			mount -o "remount,bind,$how" "$at" || exit 4
		done </proc/self/mounts 2>/dev/null
		exec "$@"' sh $become "$@"
}

if [ "$(id -u)" -eq 0 ]; then
	AS=closed become=
	swept lie-detach 'the old root is not detached, and closed' sh -c "$look"
	become="setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups"
	swept lie-detach 'of a user, the old root is not detached, and closed' sh -c "$look"
	AS=as_user
fi
export SWEEP_STRIDE=$((stride * 3))
swept lie-init 'a call of init is not made' sh -c "$look"
finish
