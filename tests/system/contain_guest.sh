#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2046,SC2086,SC2154
#
# Acts that would change the machine, or end it: handlers of core files, sysctl, sysrq, bombs, a
# machine without user namespaces, and one whose root is an initramfs. In a virtual machine only.

. "$(dirname "$0")/common.sh"

[ "${SBRUN_GUEST-}" = 1 ] || skip_all 'it changes the machine: for virtual ones only (make vmtest)'
need_root

helper hog
HOG=$T/bin/hog

sbrun() {
	as_caller "$SBRUN" "$@"
}

# ---- handlers of core files ----

# A handler is root's program outside of all namespaces. The kernel waits for it before the one
# that crashed is gone.
cat >"$T/handler" <<END
#!/bin/sh
echo handled >>$T/handled
cat >/dev/null
END
chmod 755 "$T/handler"

# dumped WANT NAME CMD...: CMD aborts, and then the handler has said WANT.
dumped() {
	dumped_want=$1
	dumped_name=$2
	shift 2
	rm -f "$T/handled"
	tap_run as_caller sh -c 'ulimit -c unlimited; exec "$@"' sh "$@"
	dumped_said=$(cat "$T/handled" 2>/dev/null)
	if [ "$status" -eq 134 ] && [ "$dumped_said" = "$dumped_want" ]; then
		ok "$who: $dumped_name"
	else
		not_ok "$who: $dumped_name" "the handler: $dumped_said"
		tap_explain "$*"
	fi
}

test_core() {
	pattern=$(cat /proc/sys/kernel/core_pattern)
	echo "|$T/handler" >/proc/sys/kernel/core_pattern
	dumped handled 'outside, a handler of core files is started' "$ACT" abort
	for policy in strict standard; do
		dumped '' "$policy: no handler of core files is started" \
			"$SBRUN" --policy $policy $VISIBLE -- "$ACT" abort
	done
	# Who asks for core files would have that program started: refused.
	expect_status 125 "$who: rlimit core 1M, and a handler: refused" sbrun --rlimit core 1M -- true
	expect_stderr 'limits: core: the handler' "$who: ... it says why"
	printf '%s\n' "$pattern" >/proc/sys/kernel/core_pattern
}

# ---- what root could set ----

# All that there are; and one is really written to.
test_sysctl() {
	find /proc/sys -type f -perm -200 2>/dev/null | sort >"$T/sysctls"
	as_caller "$INTRUDE" opened w $(cat "$T/sysctls") >"$T/free"
	printf '# %s: outside, %s can be written to\n' "$who" "$(wc -l <"$T/free")"
	for policy in strict standard; do
		for uid in 1000 0; do
			expect_output '' "$who: $policy, uid $uid: no sysctl is written to" sbrun \
				--policy $policy --uid $uid $VISIBLE -- "$INTRUDE" opened w $(cat "$T/sysctls")
		done
	done
	[ "$who" = root ] || return 0
	check 'root: outside, most of them can' test "$(wc -l <"$T/free")" -gt 300
	before=$(cat /proc/sys/kernel/core_pattern)
	check 'root: outside, core_pattern is set' sh -c 'echo outside >/proc/sys/kernel/core_pattern'
	expect_output outside 'root: ... and is that' cat /proc/sys/kernel/core_pattern
	sbrun --policy standard --uid 0 -- sh -c 'echo inside >/proc/sys/kernel/core_pattern' 2>/dev/null
	expect_output outside 'root: standard: inside, core_pattern is not set' \
		cat /proc/sys/kernel/core_pattern
	printf '%s\n' "$before" >/proc/sys/kernel/core_pattern
}

# "h" has the kernel print a help text.
sysrq_said() {
	dmesg --clear
	"$@" 2>/dev/null || :
	dmesg | grep -c 'sysrq: HELP' || :
}

test_sysrq() {
	said=$(sysrq_said as_caller sh -c 'echo h >/proc/sysrq-trigger')
	if [ "$said" -gt 0 ]; then
		for policy in strict standard; do
			expect_output 0 "$who: $policy: sysrq-trigger does nothing" sysrq_said sbrun \
				--policy $policy --uid 0 -- sh -c 'echo h >/proc/sysrq-trigger'
		done
	else
		skip "$who: sysrq-trigger does nothing" 'nor does it outside'
	fi
}

test_reboot() {
	# PID 1 of the sandbox gets a signal from the kernel, and nobody can know from where.
	expect_status 125 "$who: filter off, caps sys_boot: who reboots ends the sandbox" sbrun \
		--allow reboot --caps sys_boot $VISIBLE -- "$INTRUDE" reboot
	sandboxed EPERM 'filter off: who reboots may not' --allow reboot -- "$INTRUDE" reboot
	sandboxed 159 'strict: who reboots is killed' -- "$INTRUDE" reboot
}

# ---- bombs ----

# Somebody outside, with the id of the caller, who must live through it, and can still do what
# the bomb used up.
test_fork_bomb() {
	if ! sbrun --pids 32 -- true 2>"$T/err"; then
		skip "$who: a fork bomb" "$(head -n 1 "$T/err")"
		return
	fi
	expect_status 124 "$who: a fork bomb ends in time" sbrun --policy standard --pids 32 \
		--time-limit 5 --quiet -- sh -c 'bomb() { bomb | bomb & }; bomb; while :; do :; done'
	check "$who: ... and outside processes are made" sbrun -- true
	expect_output 0 "$who: ... and none of it is left" sh -c 'pgrep -c -f "b[o]mb [|] bomb" || :'
	expect_output 100 "$who: without --pids there are as many as wanted" \
		sbrun --policy standard $VISIBLE -- "$HOG" processes 100
}

test_memory_bomb() {
	if ! sbrun --memory 64M -- true 2>"$T/err"; then
		skip "$who: a memory bomb" "$(head -n 1 "$T/err")"
		return
	fi
	dmesg --clear
	as_caller sleep 1000 &
	bystander=$!
	for bomb in 'tail /dev/zero' 'cat /dev/zero >/dev/shm/x; tail /dev/zero' \
		'tail /dev/zero & tail /dev/zero & tail /dev/zero & wait; exit 137'; do
		expect_status 137 "$who: a memory bomb is killed: $bomb" sbrun --policy standard \
			--memory 64M --time-limit 120 --quiet -- sh -c "$bomb"
	done
	check "$who: ... and nobody outside" kill -0 $bystander
	kill $bystander
	expect_output 0 "$who: ... and the machine was not out of memory" sh -c '
		dmesg | grep -v "Memory cgroup" | grep -c "Out of memory" || :'
}

shared_memory() {
	sed -n 's/^Shmem: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# What was written to memory inside is free again afterwards.
test_memory_back() {
	before=$(shared_memory)
	check "$who: outside, a file in memory takes memory" sh -c '
		head -c 50000000 /dev/zero >"$1"' sh "$T/shared/made"
	during=$(shared_memory)
	rm "$T/shared/made"
	check "$who: ... of the machine's" test "$during" -gt $((before + 40000))
	expect_output 50000000 "$who: inside, too" sbrun -- sh -c '
		head -c 50000000 /dev/zero >/tmp/x && wc -c </tmp/x'
	expect_status 137 "$who: and in a sandbox that is killed" sbrun -- sh -c '
		head -c 50000000 /dev/zero >/tmp/x && kill -9 $$'
	after=$(shared_memory)
	check "$who: ... and is given back ($before, $during, $after)" \
		test "$after" -lt $((before + 10000))
}

# ---- a machine that lacks something ----

# lacking FILE VALUE NAME: with that sysctl nothing is run by the caller.
lacking() {
	if [ ! -e "$1" ]; then
		skip "$who: $3" "there is no $1"
		return
	fi
	lacking_before=$(cat "$1")
	expect_output ran "$who: before: it runs" sbrun -- echo ran
	echo "$2" >"$1"
	expect_status 125 "$who: $3: 125" sbrun -- echo ran
	expect_stderr '^(cause|fix): ' "$who: $3: it says why"
	check "$who: $3: nothing was run" test ! -s "$T/out"
	echo "$lacking_before" >"$1"
}

test_lacking() {
	lacking /proc/sys/user/max_user_namespaces 0 'a machine without user namespaces'
	lacking /proc/sys/user/max_net_namespaces 0 'a machine without network namespaces'
	lacking /proc/sys/user/max_pid_namespaces 0 'a machine without PID namespaces'
	[ "$who" = root ] || lacking /proc/sys/kernel/unprivileged_userns_clone 0 \
		'a machine where users have no user namespaces'
}

# Before Linux 7.0 an initramfs cannot be left by pivot_root(2). tests/vm/init.sh tried.
test_initramfs() {
	if [ ! -e /initramfs.out ]; then
		skip 'in an initramfs: contained, or nothing is run' 'nobody has tried'
		return
	fi
	cp /initramfs.out "$T/out"
	sed 's/^/# /' "$T/out"
	if grep -qx 'status 0' "$T/out"; then
		expect_output ran 'in an initramfs: contained, or nothing is run' sed '$d' /initramfs.out
	else
		expect_stdout '^status 125$' 'in an initramfs: contained, or nothing is run'
		expect_stdout '^cause: the root is the initramfs' 'in an initramfs: it says why'
		expect_stdout '^fix: switch_root' 'in an initramfs: ... and what helps'
		expect_output 0 'in an initramfs: nothing was run' sh -c 'grep -cx ran "$1" || :' sh \
			/initramfs.out
	fi
}

mkdir -m 1777 "$T/shared"
for caller in $CALLERS; do
	become "$caller"
	test_core
	test_sysctl
	test_sysrq
	test_reboot
	test_fork_bomb
	test_memory_bomb
	test_memory_back
	test_lacking
done
test_initramfs
finish
