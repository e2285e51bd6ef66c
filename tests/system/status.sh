#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# What sbrun says at the end, to whom, and that it leaves nothing behind.

. "$(dirname "$0")/common.sh"

# sbrun WORD...: as the caller that we are.
sbrun() {
	as_caller "$SBRUN" "$@"
}

# refused ERE NAME WORD...: exit status 125, a message like ERE, nothing run.
refused() {
	pattern=$1 name=$2
	shift 2
	expect_status 125 "$who: $name: 125" sbrun "$@"
	if [ -s "$T/out" ]; then
		not_ok "$who: $name: nothing is run" "it printed $(head -n 1 "$T/out")"
	fi
	expect_stderr "^sbrun: $pattern" "$who: $name: says so"
}

# ---- the payload's status ----

test_payload_status() {
	for n in 0 1 42 124 125 126 255; do
		expect_status $n "$who: the payload's own status $n" sbrun -- sh -c "exit $n"
	done
	for signal in KILL:137 TERM:143 ABRT:134 HUP:129; do
		expect_status ${signal#*:} "$who: SIG${signal%:*} is ${signal#*:}" \
			sbrun -- sh -c "kill -${signal%:*} \$\$"
	done
	for policy in strict standard; do
		expect_status 159 "$who: $policy: killed by the policy" \
			sbrun --policy $policy $VISIBLE -- "$ACT" unshare
		expect_stderr '^sbrun: .*/act: killed by the policy' "$who: $policy: ... says so"
	done
	expect_status 0 "$who: the neighbour is not killed" sbrun $VISIBLE -- "$ACT" fork

	expect_status 127 "$who: a path that is not there" sbrun -- /nonexistent
	expect_stderr '^sbrun: exec: /nonexistent: No such file' "$who: ... says so"
	expect_status 127 "$who: a name that is not in PATH" sbrun -- no-such-program
	expect_status 127 "$who: the empty name" sbrun -- ''
	expect_status 127 "$who: a name that looks like an option" sbrun -- --policy standard
	expect_status 126 "$who: a directory" sbrun -- /usr
	expect_status 126 "$who: a file that is not executable" sbrun -- /etc/passwd
	expect_status 127 "$who: a script without its interpreter" \
		sbrun $VISIBLE -- "$T/bin/no-interpreter"
	expect_status 0 "$who: found by the sandbox's PATH" sbrun -- true
	expect_output 'a b
c' "$who: words are passed as they are" sbrun -- printf '%s\n' 'a b' c
}

# The last directory is one of the sandbox's own PATH, not of the caller's.
test_path() {
	expect_status 127 "$who: the caller's PATH does not count" as_caller \
		env PATH="$T/bin:$PATH" "$SBRUN" $VISIBLE -- act getpid
	expect_output ok "$who: the sandbox's does" \
		sbrun --setenv PATH "$T/bin" $VISIBLE -- act getpid
}

# ---- misuse ----

# FILE with the lines that are the other words.
policy_file() {
	file=$1
	shift
	printf '%s\n' "$@" >"$T/policies/$file"
}

test_bad_policy() {
	p=$T/policies
	refused "$p/typo:3:1: .*'tmpsf'.*'tmpfs'" 'a misspelt directive' --policy "$p/typo" -- true
	refused "$p/call:2:[0-9]+: .*'opne'.*open" 'a misspelt system call' --policy "$p/call" -- true
	refused "$p/words:1:[0-9]+: .*too many" 'a word too many' --policy "$p/words" -- true
	refused "$p/twice:2:[0-9]+: .*hostname.*twice" 'a contradiction' --policy "$p/twice" -- true
	refused "$p/only:1:[0-9]+: .*command line" 'an option in a policy' --policy "$p/only" -- true
	refused "$p/cycle-b:1:[0-9]+: .*included while" 'an include cycle' --policy "$p/cycle-a" -- true
	refused "$p/lost:1:[0-9]+: .*no policy" 'an include of nothing' --policy "$p/lost" -- true
	refused "$p/nul:1:8: .*U[+]0000" 'a NUL byte' --policy "$p/nul" -- true
	refused "$p/empty.*nothing in this policy" 'an empty policy' --policy "$p/empty" -- true
	refused "$p/comment.*nothing in this policy" 'only comments' --policy "$p/comment" -- true
	refused '/dev/null.*not a regular file' 'a policy that is a device' --policy /dev/null -- true
	refused "$p.*not a regular file" 'a policy that is a directory' --policy "$p" -- true
	refused "$p/fifo.*not a regular file" 'a policy that is a FIFO' --policy "$p/fifo" -- true
	refused "/nonexistent/p.*no policy" 'a policy file that is not there' \
		--policy /nonexistent/p -- true
	refused ".*no policy 'no-such-policy'" 'a policy name that is not there' \
		--policy no-such-policy -- true
	refused ".*a policy's name" 'an empty policy name' --policy '' -- true
	expect_status 0 "$who: a good policy file" sbrun --policy "$p/good" -- true
}

# A policy that strangers can write is none of root's.
test_policy_owner() {
	[ "$who" = root ] || return 0
	cp "$T/policies/good" "$T/policies/writable"
	chmod 666 "$T/policies/writable"
	refused "$T/policies/writable.*written by others" 'a policy that all can write' \
		--policy "$T/policies/writable" -- true
	rm "$T/policies/writable"
}

test_misuse() {
	refused "unknown option '--polcy'.*'--policy'" 'an unknown option' --polcy strict -- true
	refused "unknown option '--zzzzzzzzzz'" 'an option that is like none' --zzzzzzzzzz -- true
	refused "'true' is no option" 'no -- before the command' true
	refused '--hostname: a word too many' 'a word too many' --hostname a true -- true
	refused '--hostname: too few words' 'a word too few' --hostname -- true
	refused 'no command' 'nothing behind --' --policy strict --
	refused 'no command' 'nothing at all'
	refused 'standard:.* is looser than what is in force' 'a stacked policy that opens more' \
		--policy strict --policy standard -- true
	refused 'bind /nonexistent: No such file' 'a source that is not there' \
		--ro-bind /nonexistent -- true
	expect_status 0 "$who: ... is fine with -try" sbrun --ro-bind-try /nonexistent -- true
	refused 'directory: /nonexistent: No such file' 'a directory that is not there' \
		--chdir /nonexistent -- true
	refused 'keep-fd: descriptor 77' 'a descriptor that is not open' --keep-fd 77 -- true
	refused 'status-fd: descriptor 77' 'the same for --status-fd' --status-fd 77 -- true
	refused '.*rlimit.*nofile|.*nofile|.*not a number' 'a limit that is no number' \
		--rlimit nofile many -- true
	refused '.*no such limit' 'a limit that is none' --rlimit no-such 1 -- true
	refused '.*not a number of seconds' 'no time' --time-limit 0 -- true
	refused '.*no such namespace' 'a namespace that is none' --share nets -- true
	refused '.*without a namespace' 'a namespace that must be' --share pid -- true
	refused '.*not an absolute path' 'a relative path' --chdir tmp -- true
	refused '.*not an id' 'an id that means none' --uid 4294967295 -- true
	expect_status 125 "$who: no words at all, argv[0] neither" as_caller "$AROUND" nothing "$SBRUN"
	refused ".*\\\\x1b" 'an escape sequence is not printed' "--$(printf '\033')[2J" -- true
}

# ---- signals, time, descriptors ----

test_time_limit() {
	expect_status 124 "$who: the time limit" sbrun --time-limit 0.1 -- sleep 1000
	expect_stderr '^sbrun: limit: time-limit: ' "$who: ... says so"
	expect_status 3 "$who: in time" sbrun --time-limit 1000 -- sh -c 'exit 3'
}

# A missing one is as good as /dev/null, and nothing else gets its number.
test_closed_descriptors() {
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		expect_status 0 "$who: with $closed" as_caller sh -c \
			'exec "$1" --ro-bind "$2" -- "$2/act" only-stdio '"$closed" sh "$SBRUN" "$T/bin"
	done
	expect_status 5 "$who: SIGCHLD ignored by the caller" as_caller \
		"$AROUND" sigchld-ignored "$SBRUN" --time-limit 9 -- sh -c '(exit 4); exit $(($? + 1))'
}

# signalled SIGNAL: the payload is sent SIGNAL by way of sbrun when it stands ready. (SIGINT and
# SIGQUIT are ignored by what a shell runs behind "&", so they are not for this test.)
signalled() {
	as_caller sh -c 'echo $$; exec "$@"' sh "$SBRUN" --time-limit 20 -- sh -c "trap 'exit 9' $1
		sleep 1000 & echo ready; wait" >"$T/fifo" 2>"$T/err" </dev/null &
	job=$!
	{
		read -r pid
		read -r ready
		[ "$ready" = ready ] && kill -"$1" "$pid"
		cat
	} <"$T/fifo"
	wait $job
}

test_signals() {
	for signal in TERM HUP USR1 USR2; do
		expect_status 9 "$who: SIG$signal reaches the payload" signalled $signal
	done
}

# An end of file on the pipe comes when the last process of the sandbox is gone.
killed_outright() {
	as_caller sh -c 'echo $$; exec "$@"' sh "$SBRUN" --time-limit 20 -- \
		sh -c 'sleep 1000 & echo ready; wait' \
		>"$T/fifo" 2>"$T/err" </dev/null &
	job=$!
	{
		read -r pid
		read -r ready
		[ "$ready" = ready ] && kill -KILL "$pid"
		timeout 20 cat || return 1
	} <"$T/fifo"
	wait $job
	[ $? -eq 137 ]
}

background_child() {
	as_caller timeout 20 sh -c '"$1" -- sh -c "setsid sleep 1000 & echo over" | cat' sh "$SBRUN"
}

test_survivors() {
	check "$who: kill -9 of sbrun ends all of the sandbox" killed_outright
	expect_output over "$who: a background child does not hold the runner" background_child
}

# ---- what it tells ----

with_status() {
	as_caller "$@" 3>"$T/status"
}

# events TEXT NAME FILTER WORD...: jq's FILTER of the events of a run prints TEXT.
events() {
	text=$1 name=$2 filter=$3
	shift 3
	tap_run with_status "$SBRUN" --status-fd 3 "$@"
	expect_output "$text" "$who: --status-fd: $name" jq -r "$filter" "$T/status"
}

# The first event, with a payload that is there until it was read.
with_event() {
	exec 4<>"$T/fifo"
	as_caller "$SBRUN" --status-fd 3 -- head -n 1 3>&1 >"$T/waited" <&4 4<&- | {
		read -r line
		printf '%s\n' "$line"
		echo go >&4
		cat >/dev/null
	}
	exec 4<&-
}

test_status_fd() {
	if ! command -v jq >/dev/null 2>&1; then
		skip "$who: --status-fd" 'needs jq'
		return
	fi
	both='.event, .status // empty'
	events 'started
exited
5' 'exited' "$both" -- sh -c 'exit 5'
	events 'started
signaled
137' 'signaled' "$both" -- sh -c 'kill -KILL $$'
	events 31 'the signal is SIGSYS' '.signal // empty' $VISIBLE -- "$ACT" unshare
	events 'started
limit
time-limit
124' 'time limit' "$both" --time-limit 0.1 -- sleep 1000
	events 'failed directory 2' 'what failed' '[.event, .step, .errno] | join(" ")' \
		--chdir /nonexistent -- true
	tap_run with_event
	cp "$T/out" "$T/status"
	expect_output 'true true strict true' "$who: --status-fd: pids, policy, walls" jq -r '
		[.init > 1, .payload > 1, .policy, (.walls | contains(["seccomp"]))] | join(" ")' \
		"$T/status"
}

test_forgery() {
	command -v jq >/dev/null 2>&1 || return 0
	tap_run with_status "$SBRUN" --status-fd 3 -- sh -c 'echo forged >&3'
	expect_stderr 'Bad file descriptor|3: ' "$who: --status-fd is not the payload's"
	expect_output '2' "$who: ... which adds nothing" sh -c 'wc -l <"$1"' sh "$T/status"
}

test_print_policy() {
	for policy in strict standard; do
		tap_run sbrun --policy $policy --tmpfs '/tmp/a b' size=1M --setenv X 'y"\ #z' \
			--setenv Y "$(printf '\001\377')" --hostname h --rlimit as 1G \
			--allow socket if domain == AF_UNIX --ro-bind-try /nonexistent --print-policy
		cp "$T/out" "$T/policies/printed"
		expect_status 0 "$who: $policy: a printed policy is one" \
			sbrun --policy "$T/policies/printed" --print-policy
		cp "$T/out" "$T/policies/again"
		expect_output '' "$who: $policy: ... and is printed the same" \
			diff "$T/policies/printed" "$T/policies/again"
		expect_output 'y"\ #z' "$who: $policy: ... and runs" \
			sbrun --policy "$T/policies/printed" -- printenv X
	done
}

# The order in which it matters.
steps_in_order() {
	sed 's/^ *[a-z]* *//' "$T/out" | awk '
	BEGIN {
		n = split("lifeline private sources root pivot fork descriptors bounding capabilities " \
			"no_new_privs limits seccomp exec audit gate", want)
	}
	$1 == want[i + 1] { i++ }
	END { exit i != n }'
}

test_explain() {
	check "$who: --explain needs no command" sbrun --explain
	for part in plan steps program; do
		check "$who: --explain $part" sbrun --explain $part -- cat
	done
	tap_run sbrun --explain steps -- cat
	if steps_in_order; then
		ok "$who: --explain steps names them in order"
	else
		not_ok "$who: --explain steps names them in order" "$(cat "$T/out")"
	fi
	expect_output 'sbrun' "$who: --version" sh -c '"$1" --version | cut -d " " -f 1' sh "$SBRUN"
	tap_run sbrun --help
	expect_stdout '^Usage: sbrun ' "$who: --help"
	cp "$T/out" "$T/help"
	expect_output '' "$who: --help fits into 80 columns" awk 'length($0) > 80' "$T/help"
	rm "$T/help"
}

# ---- litter ----

# What is on the host and could be left by us.
snapshot() {
	cat /proc/self/mountinfo
	# Of this key alone: others on this machine have theirs.
	awk '$1 == 7 { print FILENAME, $2 }' /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg
	ls /sys/fs/cgroup 2>/dev/null
	ls "$T"
	for process in /proc/[0-9]*; do
		{ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -F "$marker" || :
	done
}

# Runs that end in all ways, with /tmp of the standard policy in use.
run_all_ways() {
	sbrun --policy standard $VISIBLE -- sh -c "
		'$ACT' make-shm 7; >/tmp/x; setsid sleep $marker &" >/dev/null 2>&1
	sbrun $VISIBLE -- "$ACT" unshare >/dev/null 2>&1
	sbrun --time-limit 0.1 -- sleep $marker >/dev/null 2>&1
	sbrun -- /nonexistent >/dev/null 2>&1
	sbrun --tmpfs /usr/x -- true >/dev/null 2>&1
	sbrun --chdir /nonexistent -- true >/dev/null 2>&1
	killed_outright >/dev/null 2>&1
}

test_litter() {
	marker=777$$
	snapshot >"$T/home/before"
	run_all_ways
	snapshot >"$T/home/after"
	expect_output '' "$who: no mounts, IPC objects, cgroups, files or processes are left" \
		diff "$T/home/before" "$T/home/after"
	rm "$T/home/before" "$T/home/after"
}

# With directories of its own for temporary files: nothing is ever put there.
test_temporary_files() {
	if [ "$who" != root ] || ! unshare -m true 2>/dev/null; then
		return
	fi
	expect_output '' 'root: no temporary files' unshare -m sh -c '
		mount -t tmpfs none /mnt && cp "$1" /mnt/sbrun || exit
		for dir in /tmp /var/tmp /dev/shm /run; do mount -t tmpfs none $dir || exit; done
		/mnt/sbrun --policy standard -- sh -c ">/tmp/x; >/run/x; >/dev/shm/x" 2>&1
		ls -A /tmp /var/tmp /dev/shm /run | grep -v :$ | grep .
		exit 0' sh "$SBRUN"
}

# ---- all of it ----

mkfifo "$T/fifo"
chmod 666 "$T/fifo"
printf '#!/nonexistent/interpreter\n' >"$T/bin/no-interpreter"
chmod 755 "$T/bin/no-interpreter"
mkdir -m 755 "$T/policies"
policy_file good 'include standard' 'hostname good'
policy_file typo '# a comment' 'ro-bind /usr' 'tmpsf /tmp'
policy_file call 'include strict' 'allow opne'
policy_file words 'ro-bind /usr /usr /usr'
policy_file twice 'hostname a' 'hostname b'
policy_file only 'policy strict'
policy_file cycle-a 'include ./cycle-b'
policy_file cycle-b 'include ./cycle-a'
policy_file lost 'include ./no-such-file'
policy_file comment '# nothing' '' '   # at all'
printf 'ro-bind\0 /usr\n' >"$T/policies/nul"
: >"$T/policies/empty"
mkfifo -m 666 "$T/policies/fifo"
chmod -R go-w,a+rX "$T/policies"

for caller in $CALLERS; do
	become "$caller"
	test_payload_status
	test_path
	test_bad_policy
	test_policy_owner
	test_misuse
	test_time_limit
	test_closed_descriptors
	test_signals
	test_survivors
	test_status_fd
	test_forgery
	test_print_policy
	test_explain
	test_litter
	test_temporary_files
done

finish
