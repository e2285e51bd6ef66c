#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2016,SC2154
#
# exec-label: a profile of AppArmor's round the command, each denial with its twin without it. Where
# no module gives labels it is refused. The profiles need root to be loaded, and are removed.

. "$(dirname "$0")/lib.sh"

enabled() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]
}

if ! enabled; then
	if [ -n "$(cat /proc/self/attr/current 2>/dev/null)" ]; then
		skip_all 'a module other than AppArmor gives labels here'
	fi
	for who in '' as_user; do
		expect_status 125 "${who:-root}: no module" ${who:+"$who"} "$SBRUN" \
			--exec-label sbrun-test -- true
		expect_stderr 'exec-label: sbrun-test: neither AppArmor nor SELinux' "${who:-root}: it says so"
		allowed "${who:-root}: without the label" -- true
	done
	skip 'profiles' 'AppArmor is not in force here'
	finish
fi

need_root
need apparmor_parser
[ -w /sys/kernel/security/apparmor/.replace ] || skip_all 'profiles cannot be loaded: no securityfs'

cat >"$T/profiles" <<'EOF'
profile sbrun-test flags=(attach_disconnected) {
	file,
	signal,
	unix,
	deny /tmp/denied rw,
}
profile sbrun-outer flags=(attach_disconnected) {
	file,
	capability,
	mount,
	umount,
	pivot_root,
	network,
	signal,
	ptrace,
	unix,
	change_profile -> sbrun-test,
	change_profile -> sbrun-outer//&sbrun-test,
}
profile sbrun-inner flags=(attach_disconnected) {
	file,
}
EOF

unload() {
	apparmor_parser -R "$T/profiles" >/dev/null 2>&1
}

check 'the profiles can be loaded' apparmor_parser -r -K "$T/profiles"
if [ "$status" -ne 0 ]; then
	finish
fi
trap 'unload; tap_end' EXIT

# Runs CMD under the profile sbrun-outer.
cat >"$T/confined" <<'EOF'
#!/bin/sh
printf 'exec sbrun-outer' >/proc/self/attr/apparmor/exec && exec "$@"
EOF
chmod 755 "$T/confined"

try() {
	AS=$1
	who=${1:-root}

	expect_output unconfined "$who: no label" ${AS:+"$AS"} "$SBRUN" --policy standard -- \
		cat /proc/self/attr/apparmor/current
	expect_output 'sbrun-test (enforce)' "$who: the label is read from inside" ${AS:+"$AS"} \
		"$SBRUN" --policy standard --exec-label sbrun-test -- \
		cat /proc/self/attr/apparmor/current
	allowed "$who: under strict" --exec-label sbrun-test -- true
	allowed "$who: what it denies goes without" --policy standard -- \
		sh -c ': >/tmp/denied'
	allowed "$who: what it allows" --policy standard --exec-label sbrun-test -- \
		sh -c ': >/tmp/other'
	expect_status 2 "$who: what it denies" ${AS:+"$AS"} "$SBRUN" --policy standard \
		--exec-label sbrun-test -- sh -c ': >/tmp/denied'
	expect_stderr 'Permission denied' "$who: for that reason"

	expect_status 125 "$who: no such profile" ${AS:+"$AS"} "$SBRUN" \
		--exec-label sbrun-nonesuch -- true
	expect_stderr 'AppArmor: sbrun-nonesuch: No such file' "$who: it says which"
	expect_stderr '^cause: AppArmor has no profile of this name' "$who: and why"
	expect_status 125 "$who: found by a dry run, too" ${AS:+"$AS"} "$SBRUN" \
		--exec-label sbrun-nonesuch --dry-run

	# From a profile, it must confine further.
	expect_status 0 "$who: confined, without a label" ${AS:+"$AS"} "$T/confined" "$SBRUN" -- true
	expect_status 125 "$who: confined, another profile" ${AS:+"$AS"} "$T/confined" "$SBRUN" \
		--exec-label sbrun-test -- true
	expect_stderr '^cause: with no_new_privs, ' \
		"$who: and why"
	expect_output 'sbrun-outer//&sbrun-test (enforce)' "$who: confined, both" \
		${AS:+"$AS"} "$T/confined" "$SBRUN" --policy standard \
		--exec-label 'sbrun-outer//&sbrun-test' -- cat /proc/self/attr/apparmor/current
	expect_status 125 "$who: confined, one that it may not choose" ${AS:+"$AS"} "$T/confined" \
		"$SBRUN" --exec-label sbrun-inner -- true
	expect_stderr '^cause: the label that sbrun runs under' "$who: and why"
}

try ''
try as_user
AS=
check 'explained' "$SBRUN" --exec-label sbrun-test --explain plan -- true
expect_stdout '^  label +sbrun-test \(AppArmor\)$' 'which it is'
check 'told to --status-fd' "$SBRUN" --status-fd 1 --exec-label sbrun-test -- true
expect_stdout '"walls":.*"label"' 'as a wall'

trap tap_end EXIT
check 'the profiles can be removed' unload

finish
