#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# --selftest: every policy that is built in holds; what a policy asks away is not applicable;
# and walls that silently do not stand are found out (pretend.c).

. "$(dirname "$0")/common.sh"

helper pretend

selftest() {
	tap_run as_caller "$SBRUN" --selftest "$@"
}

# ended STATUS NAME: that of the last one.
ended() {
	if [ "$status" -eq "$1" ]; then
		ok "$who: $2: status $1"
	else
		not_ok "$who: $2" "exit status $status, not $1"
		grep -v '^  pass' "$T/out" | tap_note
		tap_explain "$2"
	fi
}

# says pass|FAIL|n/a ROW NAME: what the last one said of ROW.
says() {
	expect_stdout "^  $1 +$2 " "$who: $3: $2: $1"
}

rows() {
	grep -cE "^  $1 " "$T/out"
}

# What a kernel cannot do without, so that it must pass as whoever runs it.
ALWAYS='pid.namespace mnt.namespace capabilities no_new_privs seccomp init session mounts
	see.files.of.the.host climb.out.of.the.root see.processes.of.the.host
	signal.a.process.of.the.host read.the.memory.of.PID.1 find.a.descriptor.of.the.host'

test_policies() {
	for policy in $policies; do
		selftest --policy $policy
		ended 0 "$policy"
		for row in $ALWAYS; do
			says pass "$row" "$policy"
		done
		if [ "$(rows FAIL)" -eq 0 ] && [ "$(rows pass)" -ge 30 ]; then
			ok "$who: $policy: 30 rows and more pass, none fails"
		else
			not_ok "$who: $policy: 30 rows and more pass, none fails"
			tap_note <"$T/out"
		fi
		expect_stdout "^$(rows pass) passed, 0 failed, $(rows n/a) not applicable\$" \
			"$who: $policy: the last line counts them"
		cp "$T/out" "$T/page"
		expect_status 1 "$who: $policy: no line is longer than 80" grep -E '.{81}' "$T/page"
	done
	[ "$policies" != strict ] || return 0
	if command -v pasta >/dev/null 2>&1; then
		selftest --policy network
		ended 0 network
		says pass "connect to the host's loopback" network
		says n/a 'a socket to the kernel: netlink' network
	else
		skip "$who: network" 'needs pasta'
	fi
}

# The neighbours of what is asked away still pass.
test_asked_away() {
	cat >"$T/open" <<-END
		ro-bind /
		default allow
		caps net_raw sys_admin sys_chroot
		allow-degraded landlock time
	END
	selftest --policy "$T/open"
	ended 0 'all is open'
	for row in 'see files of the host' 'a user namespace: unshare' 'a raw socket' mount \
		personality 'change the root: chroot'; do
		says n/a "$row" 'all is open'
	done
	expect_stdout '  the policy: caps cap_net_raw, allow |net_raw' "$who: all is open: says by what"
	for row in 'pid namespace' 'signal all processes' 'read the memory of PID 1' \
		'find a descriptor of the host' 'dump core'; do
		says pass "$row" 'all is open'
	done

	selftest --policy standard --share net ipc --landlock off
	ended 0 'the network is shared'
	for row in 'net namespace' 'ipc namespace' "connect to the host's loopback" \
		'... to its abstract sockets' "attach the host's shared memory"; do
		says n/a "$row" 'the network is shared'
	done
	expect_stdout '^  n/a +net namespace +the policy: net host$' "$who: ... says by what"
	says pass 'uts namespace' 'the network is shared'

	if as_caller "$SBRUN" --rlimit core unlimited -- true 2>/dev/null; then
		selftest --policy standard --rlimit core unlimited
		ended 0 'core dumps are asked for'
		says n/a 'dump core' 'core dumps are asked for'
		says n/a 'core dumps' 'core dumps are asked for'
		pretend --policy standard --rlimit core unlimited -- --selftest --policy standard
		ended 1 'core dumps'
		says FAIL 'dump core' 'core dumps'
	else
		skip "$who: core dumps" 'sbrun does not make any here'
	fi

	selftest --keep-fd 9 --uid 0 --tty own --rlimit nofile 16 --memory 64M \
		--allow-degraded memory swap 9</
	ended 0 'a descriptor, uid 0, a terminal'
	says n/a descriptors 'a descriptor is kept'
	says pass 'push input: TIOCSTI' 'a terminal of its own'
}

# What is made of the first options is judged by the second: not one of FAIL may be missed.
pretend() {
	tap_run as_caller "$T/bin/pretend" --selftest "$@"
}

test_broken() {
	pretend --policy strict -- --selftest --policy strict
	ended 0 'nothing is broken'

	{
		"$SBRUN" --print-policy --policy strict |
			grep -vE '^(abi|allow|default|deny|errno.*|kill|set|unknown) '
		echo 'default allow'
		[ "$(uname -m)" != x86_64 ] || echo 'abi x86_64 i386 x32'
	} >"$T/unfiltered"
	pretend --policy "$T/unfiltered" -- --selftest --policy strict
	ended 1 'no filter'
	for row in 'a user namespace: unshare' 'change the root: chroot' 'mount: fsopen' bpf umount \
		'trace PID 1' 'set the clock' 'push input: TIOCSTI' \
		'... with bits above the 32' 'find a key of the caller'; do
		says FAIL "$row" 'no filter'
	done
	expect_stdout '^  FAIL +personality +it works$' "$who: no filter: says that it works"
	expect_stdout '^  FAIL +umount +EPERM, not by the filter: kill$' \
		"$who: no filter: ... or what else was in the way"
	says pass 'see files of the host' 'no filter'

	pretend --policy standard --share net ipc uts --landlock off -- --selftest --policy standard
	ended 1 "the host's network"
	for row in 'net namespace' 'ipc namespace' 'uts namespace' "connect to the host's loopback" \
		'... to its abstract sockets' "attach the host's shared memory"; do
		says FAIL "$row" "the host's network"
	done
	says pass 'pid namespace' "the host's network"

	pretend --policy standard --bind / / --landlock off -- --selftest --policy standard
	ended 1 "the host's files"
	for row in 'see files of the host' 'climb out of the root' 'see processes of the host'; do
		says FAIL "$row" "the host's files"
	done
	if [ "$who" = root ]; then
		pretend --policy standard --bind /usr --landlock off --share user -- \
			--selftest --policy standard
		says FAIL 'user namespace' 'no user namespace'
	fi

	tap_run as_caller sh -c '"$@" 9</' - "$T/bin/pretend" --selftest --keep-fd 9 -- --selftest
	ended 1 'a descriptor leaks'
	expect_stdout '^  FAIL +find a descriptor of the host +it works: 9$' "$who: ... which is named"

	pretend --policy standard --caps net_raw --allow 'socket' -- --selftest --policy standard
	ended 1 'a capability is left'
	says FAIL 'a raw socket' 'a capability is left'
}

test_tap() {
	selftest --tap
	cp "$T/out" "$T/tap"
	ended 0 TAP
	expect_stdout '^1\.\.[0-9]+$' "$who: TAP: the plan"
	expect_output "$(sed -n 's/^1\.\.//p' "$T/tap")" "$who: TAP: as many results" \
		grep -cE '^(not )?ok [0-9]+ - ' "$T/tap"
	expect_status 1 "$who: TAP: none of them failed" grep '^not ok' "$T/tap"
	pretend --policy standard --share net --landlock off -- --selftest --tap --policy standard
	ended 1 'TAP, and a wall is missing'
	expect_stdout "^not ok [0-9]+ - connect to the host's loopback\$" "$who: TAP: not ok"
}

test_misuse() {
	expect_status 125 "$who: --tap alone: 125" as_caller "$SBRUN" --tap -- true
	expect_status 125 "$who: no sandbox: 125" as_caller "$SBRUN" --selftest --chdir /nonexistent
	expect_stderr '^sbrun: directory: /nonexistent' "$who: ... says why"
	expect_output '' "$who: ... and no row is printed" cat "$T/out"
	expect_status 125 "$who: nothing can be executed: 125" as_caller "$SBRUN" --selftest \
		--kill brk
	expect_stderr 'nothing can be tried' "$who: ... says so"
}

# What it made to reach for goes with it.
test_litter() {
	if ! unshare -ipf --mount-proc true 2>/dev/null; then
		skip "$who: nothing is left" 'needs namespaces to look in'
		return
	fi
	for options in '' '--kill brk'; do
		expect_output '/proc/1
1' "$who: ${options:-whole}: no process and no shared memory is left" \
			unshare -ipf --mount-proc sh -c '"$@" --selftest >/dev/null 2>&1
			echo /proc/[0-9]*; exec wc -l </proc/sysvipc/shm' - "$SBRUN" $options
	done
}

# On another kernel it is the kernel that is asked, and in a guest one takes half a minute.
policies='strict standard nested syslogparse'
[ -z "${SBRUN_GUEST-}" ] || policies=strict

for caller in $CALLERS; do
	become "$caller"
	test_policies
	[ -z "${SBRUN_GUEST-}" ] || continue
	test_asked_away
	test_broken
	test_tap
	test_misuse
	test_litter
done

finish
