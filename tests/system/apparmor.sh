#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2086,SC2154
#
# SyslogParse under the profile that is shipped with it: it does its work, what the profile does
# not allow is denied and logged by the kernel, and syslogparse makes the rule of that log which
# was missing. Profiles are the whole machine's, so this runs in a guest alone (SBRUN_GUEST=1).

. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")/.." && pwd)
parser=${SYSLOGPARSE:-$here/../syslogparse/syslogparse}
for profile in "$here/../syslogparse/syslogparse.apparmor" "$here/data/syslogparse.apparmor"; do
	[ ! -r "$profile" ] || break
done

[ -n "${SBRUN_GUEST-}" ] || skip_all 'profiles are the whole machine'\''s'
need_root
need apparmor_parser dmesg
[ -w /sys/kernel/security/apparmor/.load ] || skip_all 'AppArmor is not in force here'
[ -r "$profile" ] || tap_bail 'no profile'

program=$T/bin/syslogparse
cp "$parser" "$program" || tap_bail "no program at $parser"
chmod 755 "$program"
allowed=/var/log/sbrun-test.log
elsewhere=$T/elsewhere.log
store=/var/lib/syslogparse
cp "$here/data/ufw.log" "$allowed" || tap_bail 'no log'
cp "$allowed" "$elsewhere"
chmod 644 "$allowed" "$elsewhere"
sed "s,@bindir@,$T/bin," "$profile" >"$T/profile"

# load: apparmor_parser --replace; without the features that it has in its cache.
load() {
	apparmor_parser --skip-cache --replace "$T/profile"
}

# denials: the kernel's lines about it; the ring holds those since "dmesg --clear".
denials() {
	dmesg | grep 'apparmor="DENIED".*profile="syslogparse"'
}

# A kernel may have AppArmor and not Landlock.
missing=
"$program" --layers >"$T/out" 2>&1 || missing='--allow-degraded landlock'

parse() {
	"$program" "$@" $missing
}

parse_as_user() {
	as_user "$program" "$@" $missing
}

check 'unconfined: rules' parse firewall "$allowed"
cp "$T/out" "$T/rules"
check 'unconfined: a log that is elsewhere can be read' parse firewall "$elsewhere"

if ! load 2>"$T/err"; then
	skip 'the profile' "$(head -n 1 "$T/err")"
	rm "$allowed"
	finish
fi
expect_output "$(printf 'syslogparse (enforce)')" 'the profile is in force' sh -c '
	sed -n "/^syslogparse /p" /sys/kernel/security/apparmor/profiles'

dmesg --clear
expect_output "$(cat "$T/rules")" 'confined: the same rules' parse firewall "$allowed"
expect_output "$(cat "$T/rules")" 'confined, as a user: the same rules' \
	parse_as_user firewall "$allowed"
mkdir -p "$store"
check 'confined: rules are written to a file' parse firewall --output "$store/rules" "$allowed"
expect_output "$(cat "$T/rules")" 'which are the same' cat "$store/rules"
check 'and replaced there' parse firewall --output "$store/rules" "$allowed"
rm -r "$store"
expect_status 1 'confined: nothing was denied' denials
tap_run parse firewall "$elsewhere"
if [ "$status" -ne 0 ] && [ ! -s "$T/out" ]; then
	ok 'confined: a log that is elsewhere cannot be read'
else
	not_ok 'confined: a log that is elsewhere cannot be read'
	tap_explain "syslogparse firewall $elsewhere"
fi
check 'the kernel has logged it' denials
expect_stdout "name=\"$elsewhere\".*denied_mask=\"r\"" 'with the name, and what was wanted'

# Its own log, by a pipe, is a log like others.
denials >"$T/denials"
cp "$T/denials" "$T/in"
tap_run parse apparmor
expect_stdout "$elsewhere r," 'it makes the rule that was missing'

apparmor_parser --remove "$T/profile"
check 'without the profile: it can be read again' parse firewall "$elsewhere"
rm "$allowed"

finish
