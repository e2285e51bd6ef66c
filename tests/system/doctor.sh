#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# --doctor: true of this host, and of hosts where something is missing or forbids it: calls that
# are taken away, limits, a masked /proc, a chroot. None of that is the host's own state.

. "$(dirname "$0")/common.sh"

cp "${TESTBIN:-$(dirname "$0")/..}/system/without" "$T/bin/" || tap_bail 'no without'
chmod 755 "$T/bin/without"
WITHOUT=$T/bin/without

[ "$(uname -m)" = x86_64 ] || skip_all 'the numbers are those of x86_64'

# Inside another sandbox's namespaces, made by unshare(1), the caller's own are not touched.
outer() {
	as_caller unshare --user --map-current-user --mount "$@"
}

test_here() {
	expect_status 0 "$who: strict runs here" as_caller "$SBRUN" --doctor
	expect_stdout '^  here +user namespaces' "$who: user namespaces are here"
	expect_stdout '^  strict +runs, with all walls' "$who: it says so of strict"
	check "$who: it names no cause" sh -c '! grep -q "^cause:" "$1"' sh "$T/out"
	if command -v jq >/dev/null; then
		as_caller "$SBRUN" --doctor --json >"$T/json"
		expect_output 'true here' "$who: --json" jq -r \
			'"\(.policies.strict.runs) \(.features[0].state)"' "$T/json"
	else
		skip "$who: --json" 'needs jq'
	fi
}

# taken NAME CALL STATE STATUS: what it says when CALL is taken away.
taken() {
	expect_status "$4" "$who: $1 is $3: status" as_caller "$WITHOUT" "$2" "$SBRUN" --doctor
	expect_stdout "^  $3 +$1" "$who: it says so"
}

test_taken() {
	taken 'mount_setattr\(2\)' 442 missing 0
	taken 'mount_setattr\(2\)' 442=1 blocked 0
	taken 'close_range\(2\)' 436 missing 0
	taken 'clone3\(2\)' 435=1 blocked 0
	taken 'Landlock: files' 444 missing 0
	taken 'pidfd_send_signal\(2\)' 424 missing 0
	taken 'fsopen\(2\)' 430 missing 1
	expect_stdout '^  strict +sbrun: ' "$who: strict does not run, and says why"
	expect_stdout '^cause: a seccomp filter' "$who: the filter is the cause"
	expect_stdout '^fix: docker run --security-opt seccomp' "$who: and the fix"
}

test_forbidden() {
	if ! outer true 2>/dev/null; then
		skip "$who: inside of namespaces" 'unshare(1) cannot make them'
		return
	fi
	expect_status 1 "$who: no user namespaces allowed: status" as_caller \
		unshare --user --map-root-user sh -c '
			echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" --doctor' "$SBRUN"
	expect_stdout '^  blocked +user namespaces' "$who: they are blocked"
	expect_stdout '^cause: /proc/sys/user/max_user_namespaces is 0' "$who: the cause"
	expect_stdout '^fix: sysctl -w user.max_user_namespaces=' "$who: the fix"
	expect_status 1 "$who: a masked /proc: status" as_caller unshare --user --map-root-user \
		--mount sh -c 'mount --bind /dev/null /proc/version && exec "$0" --doctor' "$SBRUN"
	expect_stdout '^  blocked +a new /proc' "$who: no new one can be had"
	expect_stdout '^cause: parts of /proc are masked' "$who: the cause"
	mkdir -p "$T/root/proc" "$T/root/dev"
	cp "$SBRUN" "$T/root/sbrun"
	expect_status 1 "$who: in a chroot: status" as_caller unshare --user --map-root-user \
		--mount sh -c '
			mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" &&
			exec chroot "$0" /sbrun --doctor' "$T/root"
	expect_stdout '^  blocked +user namespaces' "$who: no user namespace can be had"
	expect_stdout '^cause: this is a chroot' "$who: the cause"
}

expect_status 125 '--json, and nothing to be told' "$SBRUN" --json -- true
for caller in $CALLERS; do
	become "$caller"
	test_here
	test_taken
	test_forbidden
done
finish
