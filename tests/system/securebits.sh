#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2016,SC2154
#
# securebits: all are locked, unless a policy that keeps capabilities says otherwise; and what the
# choice is for, a daemon that gives its capabilities up by becoming another user.

. "$(dirname "$0")/lib.sh"

need python3

bits='import ctypes; print(ctypes.CDLL(None).prctl(27, 0, 0, 0, 0))'
keep='import ctypes; raise SystemExit(0 if ctypes.CDLL(None).prctl(8, 1, 0, 0, 0) == 0 else 1)'
daemon='
import os
os.setuid(1000)
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")][0])'

try() {
	AS=$1
	who=${1:-root}

	expect_output 239 "$who: all are set and locked" ${AS:+"$AS"} "$SBRUN" --policy standard \
		--allow prctl -- python3 -c "$bits"
	expect_output 239 "$who: also if capabilities are kept" ${AS:+"$AS"} "$SBRUN" \
		--policy standard --allow prctl --caps kill -- python3 -c "$bits"
	expect_output 3 "$who: just those that are named" ${AS:+"$AS"} "$SBRUN" \
		--policy standard --allow prctl --caps kill --securebits noroot noroot-locked \
		-- python3 -c "$bits"
	expect_output 0 "$who: none" ${AS:+"$AS"} "$SBRUN" --policy standard --allow prctl \
		--caps kill --securebits none -- python3 -c "$bits"

	expect_status 1 "$who: capabilities cannot be asked to stay" ${AS:+"$AS"} "$SBRUN" \
		--policy standard --allow prctl --caps kill -- python3 -c "$keep"
	allowed "$who: if that is locked" --policy standard --allow prctl --caps kill \
		--securebits noroot -- python3 -c "$keep"

	expect_status 125 "$who: not without capabilities" ${AS:+"$AS"} "$SBRUN" \
		--policy standard --securebits noroot -- true
	expect_stderr '^sbrun: .*securebits: .*"caps" keeps none' "$who: and it says so"
	expect_status 125 "$who: what exec would clear" ${AS:+"$AS"} "$SBRUN" \
		--policy standard --caps kill --securebits keep-caps -- true
	expect_stderr 'execve\(2\) clears it' "$who: and why"
}

[ "$(id -u)" -ne 0 ] || try ''
try as_user
AS=

check 'explained' "$SBRUN" --policy standard --caps kill --securebits noroot --explain plan
expect_stdout '^  securebits +noroot$' 'which are set'

if [ "$(id -u)" -eq 0 ]; then
	ids='--uid 0 --uid-map 1000 70000 1 --caps setuid kill'
	# shellcheck disable=SC2086
	expect_output 00000000000000a0 'a change of ids takes nothing away' "$SBRUN" \
		--policy standard $ids -- python3 -c "$daemon"
	# shellcheck disable=SC2086
	expect_output 0000000000000000 'unless the policy lets it' "$SBRUN" \
		--policy standard $ids --securebits noroot noroot-locked -- python3 -c "$daemon"
else
	skip 'a change of ids' 'needs a second id'
fi

finish
