#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a distribution gets beside the program: "make install" puts it there, AppArmor's own parser
# takes the profile, systemd's own checker the unit.

here=$(cd "$(dirname "$0")" && pwd)
source=$here/../../syslogparse
n=0

ok() {
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok() {
	n=$((n + 1))
	failed=1
	echo "not ok $n - $1"
	sed 's/^/# /' "$T/log"
}

try() {
	name=$1
	shift
	if "$@" >"$T/log" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

echo 'TAP version 13'
if ! [ -r "$source/syslogparse.apparmor" ]; then
	echo '1..0 # SKIP the sources are not here'
	exit 0
fi
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
failed=0

# As "make install" does; sh is a program that is there.
fill() {
	sed "s,@bindir@,$2," "$source/$1" >"$T/$1"
}

no_marks() {
	! grep -q '@[a-z]*dir@' "$T/$1"
}

fill syslogparse.apparmor /usr/local/bin
try 'the profile names the program' grep -q '^profile syslogparse /usr/local/bin/syslogparse ' \
	"$T/syslogparse.apparmor"
try 'and nothing is left to fill in' no_marks syslogparse.apparmor
if command -v apparmor_parser >/dev/null; then
	try "AppArmor's parser takes the profile" apparmor_parser -Q -K -M /etc/apparmor.d/abi/3.0 "$T/syslogparse.apparmor"
	sed 's/^  pivot_root,/  pivot_roof,/' "$T/syslogparse.apparmor" >"$T/wrong"
	try 'which it would not take with one letter wrong' \
		sh -c '! apparmor_parser -Q -K -M /etc/apparmor.d/abi/3.0 "$1"' sh "$T/wrong"
else
	skip "AppArmor's parser takes the profile" 'no apparmor_parser'
fi

fill syslogparse@.service /usr/bin
ln -s "$(command -v sh)" "$T/syslogparse"
sed "s,/usr/bin/syslogparse,$T/syslogparse," "$T/syslogparse@.service" >"$T/unit@.service"
if command -v systemd-analyze >/dev/null; then
	try "systemd takes the unit" systemd-analyze verify --man=no "$T/unit@x.service"
else
	skip "systemd takes the unit" 'no systemd-analyze'
fi

echo "1..$n"
exit $failed
