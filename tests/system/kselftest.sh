#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2086,SC2154
#
# The kernel's own test of system-call filters, seccomp_bpf, outside and in a sandbox whose policy
# allows all: the results are the same. So a sandbox changes nothing but what its policy says, for
# who makes filters, traces or is notified inside; the exceptions are in a table, with reasons.

. "$(dirname "$0")/common.sh"

[ "$(uname -m)" = x86_64 ] || skip_all 'the table below is of x86_64'
helper=${TESTBIN:-$(dirname "$0")/..}/system/seccomp_bpf
[ -x "$helper" ] || skip_all 'the sources of the kernel had no seccomp_bpf.c (scripts/get-kselftest)'
cp "$helper" "$T/bin/seccomp_bpf"
chmod 755 "$T/bin/seccomp_bpf"

# Names of its tests, and why they fail inside.
cat >"$T/exceptions" <<'END'
global.mode_strict_support	a filter is in force, and strict mode cannot follow it
global.mode_strict_cannot_call_prctl	a filter is in force, and strict mode cannot follow it
global.mode_filter_get_seccomp	a filter is in force before its own
global.negative_ENOSYS	a negative number is of no ABI, which kills
TRACE_syscall.ptrace.negative_ENOSYS	a negative number is of no ABI, which kills
TRACE_syscall.ptrace.syscall_errno	a tracer makes the number negative
TRACE_syscall.ptrace.syscall_faked	a tracer makes the number negative
TRACE_syscall.seccomp.negative_ENOSYS	a negative number is of no ABI, which kills
END

outside() {
	as_user setpriv --no-new-privs "$T/bin/seccomp_bpf"
}

inside() {
	printf '%s\n' 'default allow' 'proc /proc' 'dev /dev' 'tmpfs /tmp' "ro-bind $T/bin" >"$T/all"
	as_user "$SBRUN" --policy "$T/all" -- "$T/bin/seccomp_bpf"
}

# results WHERE: its lines "ok NAME" and "not ok NAME", sorted; skipped ones are "ok # SKIP".
results() {
	"$1" >"$T/$1.tap" 2>&1 </dev/null
	sed -n 's/^\(ok\|not ok\) [0-9]* *-* */\1 /p' "$T/$1.tap" | sort >"$T/$1"
}

# Some of it is about time, and fails now and then on a slow machine: what differs once more.
differing() {
	for _ in 1 2 3; do
		results outside
		results inside
		diff "$T/outside" "$T/inside" | sed -n 's/^[<>] \(not \)\{0,1\}ok //p' | sort -u >"$T/once"
		[ ! -e "$T/differs" ] || comm -12 "$T/once" "$T/differs" >"$T/both"
		[ -e "$T/both" ] || cp "$T/once" "$T/both"
		mv "$T/both" "$T/differs"
		cut -f 1 "$T/exceptions" | sort | comm -23 "$T/differs" - >"$T/unexpected"
		[ -s "$T/unexpected" ] || break
	done
}

differing
check "outside: $(grep -c '^ok' "$T/outside") tests of it pass" grep -q '^ok global.KILL_process$' "$T/outside"
check 'inside: as many ran' test "$(wc -l <"$T/outside")" -eq "$(wc -l <"$T/inside")"
expect_output '' 'inside: the same results, but for those of the table' cat "$T/unexpected"
while IFS='	' read -r name reason; do
	check "$name fails inside: $reason" grep -qxF "not ok $name" "$T/inside"
done <"$T/exceptions"
finish
