#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: checkfallbacks.sh SRCTREE
#
# A call newer than Linux 5.0 (number 424 and up, the same on every machine) that the sources use
# has a row in Documentation/fallbacks.md; and what is taken away there, the test takes away.

set -u

doc=$1/Documentation/fallbacks.md
test=$1/tests/system/fallbacks.sh
failed=0

complain() {
	echo "$*" >&2
	failed=1
}

# In a comment it is "name(2)"; a probe only asks, and an act of --selftest is to fail.
newer=$(awk '!/^[#@]/ && $5 ~ /^[0-9]+$/ && $5 >= 424 { print $1 }' "$1/bpf/syscalls.tbl")
used=0
for name in $newer; do
	grep -rqE "\b(SYS_$name\b|$name\([^0-9)])" --include='*.c' --exclude=features.c --exclude=acts.c \
		"$1/runner" "$1/ns" "$1/caps" \
		"$1/syslogparse" "$1/bpf" || continue
	used=$((used + 1))
	grep -qE "^\|[a-z0-9_, ]*\b$name\b" "$doc" || complain "$doc: no row for $name(2)"
done
[ "$used" -ge 10 ] || complain 'checkfallbacks: hardly any calls are found in the sources'

for words in $(grep '^|' "$doc" | grep -oE '`[^`]+`' | tr -d '`' | grep -vE '^[/-]' | sort -u); do
	# What is in the last column is not taken away.
	awk -F'|' -v words="\`$words\`" 'index($4, words) { found = 1 } END { exit !found }' "$doc" ||
		continue
	grep -qE '^[^#]*[ 	]'"$(printf '%s' "$words" | sed 's/[$]/[$]/')"'([ 	]|$)' "$test" ||
		complain "$test: does not take away $words"
done
exit "$failed"
