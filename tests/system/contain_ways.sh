#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2086,SC2154
#
# Ways out by way of somebody else: other processes, descriptors, sockets, the terminal. Each
# is gone outside first, then inside, then inside with the wall off; and whom it would have
# hurt is looked at from outside.

. "$(dirname "$0")/common.sh"

# The output of a CMD that may fail.
said_by() {
	"$@" || :
}

# ---- processes ----

# hurts FATE NAME STATUS CMD...: the act ends so, and the process beside it is FATE.
hurts() {
	hurts_fate=$1
	hurts_name=$2
	hurts_want=$3
	shift 3
	tap_run as_caller "$AROUND" outsider "$@"
	hurts_said=$(grep -vx 'alive\|killed' "$T/out")
	[ "$status" -le 128 ] || hurts_said=$status
	if [ "$(tail -n 1 "$T/out")" = "$hurts_fate" ] && [ "$hurts_said" = "$hurts_want" ]; then
		ok "$who: $hurts_name"
	else
		not_ok "$who: $hurts_name" "expected: $hurts_want, and the other is $hurts_fate" \
			"got: $hurts_said"
		tap_explain "$*"
	fi
}

test_kill() {
	hurts killed 'outside, kill(PID) kills another process' ok "$INTRUDE" kill PID
	hurts killed 'outside, a descriptor of a process kills it' ok \
		"$INTRUDE" kill-by-descriptor 9
	for policy in strict standard; do
		hurts alive "$policy: kill(PID) of a process outside: ESRCH" ESRCH \
			"$SBRUN" --policy $policy $VISIBLE -- "$INTRUDE" kill PID
	done
	hurts alive 'standard: a descriptor of a process outside is closed: EBADF' EBADF \
		"$SBRUN" --policy standard $VISIBLE -- "$INTRUDE" kill-by-descriptor 9
	# Kept, it is still one of another PID namespace.
	hurts alive 'keep-fd: a descriptor of a process outside does not kill it: EINVAL' EINVAL \
		"$SBRUN" --policy standard --keep-fd 9 $VISIBLE -- "$INTRUDE" kill-by-descriptor 9
	hurts alive 'standard: kill(-1, SIGKILL) takes the rest of the sandbox, nobody outside' 137 \
		"$SBRUN" --policy standard $VISIBLE -- sh -c '"$1" kill-all; echo left' sh "$INTRUDE"
	hurts alive 'standard: inside, kill(PID) kills a process' ok \
		"$SBRUN" --policy standard $VISIBLE -- \
		sh -c 'sleep 600 & "$1" kill $!' sh "$INTRUDE"
	# Landlock says no already, where it covers signals; without it they are sent to nobody.
	sandboxed '(ok|EPERM) left' 'standard: PID 1 outlives SIGSTOP and SIGKILL' --policy standard \
		-- sh -c 'echo $("$1" kill-init) left' sh "$INTRUDE"
	sandboxed 'ok left' 'landlock off: PID 1 outlives SIGSTOP and SIGKILL' \
		--policy standard --landlock off -- sh -c 'echo $("$1" kill-init) left' sh "$INTRUDE"
}

test_trace() {
	trace='sleep 600 & "$1" trace ${2:-$!}; kill -9 $!'
	tap_run as_caller sh -c "$trace" sh "$INTRUDE"
	if [ "$(cat "$T/out")" != ok ]; then
		skip "$who: tracing PID 1" "outside nobody can be traced: $(cat "$T/out")"
		return
	fi
	sandboxed EPERM 'filter off: tracing PID 1: EPERM' --policy standard --allow ptrace \
		-- sh -c "$trace" sh "$INTRUDE" 1
	sandboxed ok 'filter off: tracing a neighbour' --policy standard --allow ptrace \
		-- sh -c "$trace" sh "$INTRUDE"
}

test_priority() {
	way ok EPERM 'strict: a real-time priority' -- "$INTRUDE" real-time
	way ok EPERM 'standard: a real-time priority' --policy standard -- "$INTRUDE" real-time
	way ok EPERM 'filter off: a real-time priority' \
		--allow sched_setscheduler -- "$INTRUDE" real-time
}

# What becomes of a child of the payload's parent: PID 1's, which reaps it.
test_orphans() {
	way ok ok 'standard: a child for our parent' --policy standard -- "$INTRUDE" clone-parent
	expect_output 7 "$who: 300 orphans are reaped and do not change the status" said_by \
		as_caller sh -c '"$@"; echo $?' sh "$SBRUN" --policy standard --time-limit 60 -- sh -c '
		i=0; while [ $i -lt 300 ]; do (true &); i=$((i + 1)); done
		while grep -qs "^State:.Z" /proc/[0-9]*/status; do :; done; exit 7'
}

# clinging SECONDS CMD...: CMD, whose descendant does all it can to stay, is killed when that says
# so. Whoever has the pipe open SECONDS later is left over.
clinging() {
	patience=$1
	shift
	as_caller sh -c 'echo $$; exec "$@"' sh "$@" >"$T/fifo" 2>"$T/err" </dev/null &
	job=$!
	{
		read -r pid
		read -r clinging
		[ "$clinging" = clinging ] && kill -KILL "$pid"
		if timeout "$patience" cat; then
			echo gone
		else
			echo left
		fi
	} <"$T/fifo"
	wait $job 2>/dev/null
	return 0
}

test_cling() {
	expect_output gone "$who: strict: sbrun is killed, and with it who will not go" \
		clinging 20 "$SBRUN" $VISIBLE -- "$INTRUDE" cling
	expect_output gone "$who: standard: sbrun is killed, and with it who will not go" \
		clinging 20 "$SBRUN" --policy standard $VISIBLE -- "$INTRUDE" cling
	# Where only the one that was killed goes, the other is found: and is then ended by us.
	expect_output left "$who: outside, who will not go stays" clinging 0.2 "$INTRUDE" cling
	expect_status 0 "$who: ... and is ended by us" end_clinging
}

# By name, but only of the copy that this run made.
end_clinging() {
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/exe")" != "$INTRUDE" ] || kill -KILL "${process#/proc/}"
	done 2>/dev/null
	return 0
}

# ---- descriptors ----

with_directories() {
	as_caller "$@" 3</ 9</
}

test_descriptors() {
	expect_output ok "$who: outside, a directory that is open leads to a file" \
		with_directories "$INTRUDE" by-descriptor "${T#/}/marker"
	for policy in strict standard; do
		expect_output EBADF "$who: $policy: of all descriptors none leads out" said_by \
			with_directories "$SBRUN" --policy $policy $VISIBLE -- \
			"$INTRUDE" by-descriptor "${T#/}/marker"
	done
	expect_output ok "$who: keep-fd: the directory that is kept leads out" \
		with_directories "$SBRUN" --keep-fd 9 $VISIBLE \
		-- "$INTRUDE" by-descriptor "${T#/}/marker"
	expect_output EBADF "$who: a working directory that is gone leads nowhere" said_by \
		as_caller sh -c 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"' sh \
		"$T/shared/gone" "$SBRUN" $VISIBLE -- "$INTRUDE" by-descriptor etc/passwd
	expect_output / "$who: the working directory is of the sandbox" as_caller "$SBRUN" -- pwd

	# Standard input for reading is a file of the caller's, which he might write.
	expect_output ok "$who: outside, standard input is opened again for writing" \
		reopened "$INTRUDE" reopen 0
	if [ -n "$has_landlock" ]; then
		expect_output EACCES "$who: Landlock: standard input is not opened again for writing" \
			said_by reopened "$SBRUN" --policy "$T/landlock" $VISIBLE \
			-- "$INTRUDE" reopen 0
	else
		skip "$who: Landlock: standard input is not opened again for writing" \
			'it wants Landlock, which this kernel has not'
	fi
	if [ "$who" = user ]; then
		expect_output ok "$who: landlock off: it is, by its owner" reopened \
			"$SBRUN" --landlock off $VISIBLE -- "$INTRUDE" reopen 0
	else
		expect_output EACCES "$who: landlock off: it is not, by somebody else" said_by reopened \
			"$SBRUN" --landlock off $VISIBLE -- "$INTRUDE" reopen 0
	fi
}

reopened() {
	as_caller "$@" <"$T/home/input"
}

# Kept are the descriptors that were asked for; what else is open in the caller is closed. A socket
# keeps the network that it was made in.
test_leaks() {
	expect_output EEXIST "$who: outside, sockets, directories, namespaces are left open" said_by \
		as_caller "$AROUND" leaks "$ACT" only-stdio
	for policy in strict standard; do
		expect_output ok "$who: $policy: sockets, directories, namespaces are closed" \
			as_caller "$AROUND" leaks "$SBRUN" --policy $policy $VISIBLE -- "$ACT" only-stdio
	done
}

# ---- sockets ----

# A directory that comes over a socket which the caller has given.
test_passing() {
	UNDER="$AROUND passing $T"
	way ok 159 'strict: a directory that is passed (SCM_RIGHTS): no message is received' \
		-- "$INTRUDE" by-message marker
	if [ -n "$has_landlock" ]; then
		way ok EACCES 'standard: a directory that is passed: Landlock' \
			--policy "$T/landlock" -- "$INTRUDE" by-message marker
	else
		skip "$who: standard: a directory that is passed: Landlock" 'this kernel has none'
	fi
	sandboxed ok 'landlock off: a directory that is passed leads out' \
		--policy standard --landlock off -- "$INTRUDE" by-message marker
	UNDER=
}

# A file that is a socket is reached if it is bound: no network namespace covers it. Not if it is not.
test_socket_file() {
	UNDER="$AROUND listener $T/shared/socket"
	way ok ENOENT 'standard: a socket with a name: ENOENT' \
		--policy standard -- "$ACT" connect ADDRESS
	way ok EPERM 'strict: a socket with a name, bound: EPERM' \
		--ro-bind "$T/shared" -- "$ACT" connect ADDRESS
	way ok ok 'standard: a socket with a name, bound: is reached' \
		--policy standard --landlock off --ro-bind "$T/shared" -- "$ACT" connect ADDRESS
	way ok 'EACCES|ECONNREFUSED' 'standard: a socket with a name, masked' --policy standard \
		--ro-bind "$T/shared" --mask "$T/shared/socket" -- "$ACT" connect ADDRESS
	UNDER=
}

test_fast_open() {
	UNDER="$AROUND listener 127.0.0.1:0"
	way ok 'ECONNREFUSED|EINPROGRESS|ENETUNREACH' 'standard: a listener outside, by MSG_FASTOPEN' \
		--policy standard -- "$INTRUDE" fast-open ADDRESS
	sandboxed ok 'share-net: a listener outside, by MSG_FASTOPEN' \
		--policy standard --share-net -- "$INTRUDE" fast-open ADDRESS
	UNDER=
}

# Landlock knows no queue that is not mounted: it is off here, so that the namespace is what is tested.
test_queues() {
	queue=/sbrun-test-$$
	set -- --policy standard --landlock off
	expect_output ok "$who: outside, a message queue is made" as_caller "$INTRUDE" make-queue $queue
	way ok ENOENT 'standard: a message queue of the host' "$@" -- "$INTRUDE" find-queue $queue
	sandboxed ok 'share ipc: a message queue of the host' \
		"$@" --share ipc -- "$INTRUDE" find-queue $queue
	sandboxed ok 'standard: a message queue of its own' "$@" -- "$INTRUDE" make-queue $queue
	expect_output ok "$who: the message queue is removed" as_caller "$INTRUDE" remove-queue $queue
}

# ---- the terminal ----

test_terminal() {
	UNDER="$AROUND terminal"
	way ok ENXIO 'strict: /dev/tty' -- "$ACT" write /dev/tty
	way ok ENXIO 'standard: /dev/tty' --policy standard -- "$ACT" write /dev/tty
	# A pseudo-terminal has no clipboard: what says so is the kernel.
	way ENOTTY 159 'strict: TIOCLINUX' -- "$INTRUDE" tioclinux
	way ENOTTY 159 'standard: TIOCLINUX' --policy standard -- "$INTRUDE" tioclinux
	sandboxed ENOTTY 'filter off: TIOCLINUX' --allow ioctl -- "$INTRUDE" tioclinux
	sandboxed EPERM 'standard: the terminal of another session is not taken' \
		--policy standard -- setsid -w "$INTRUDE" take-terminal
	UNDER=
}

mkdir -m 1777 "$T/shared"
mkfifo -m 666 "$T/fifo"
echo marker >"$T/marker"
echo input >"$T/home/input"
chmod 600 "$T/home/input"
[ "$(id -u)" -ne 0 ] || chown "$USER_ID:$USER_ID" "$T/home/input"
printf 'include standard\nlandlock files\n' >"$T/landlock"
has_landlock=y
"$SBRUN" --landlock files --explain plan | grep -q 'NOT HERE' && has_landlock=

for caller in $CALLERS; do
	become "$caller"
	test_kill
	test_trace
	test_priority
	test_orphans
	test_cling
	test_descriptors
	test_leaks
	test_passing
	test_socket_file
	test_fast_open
	test_queues
	test_terminal
done
finish
