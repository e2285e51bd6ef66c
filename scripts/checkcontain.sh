#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Documentation/containment.md names tests: each must exist, and no row may be lost.
#
# usage: checkcontain.sh SRCTREE		complain of what is not there
#	 checkcontain.sh SRCTREE --list	print the tests that are named, for "make contain"
#
# A test is `FILE: NAME` between backquotes, FILE below tests/ without the ".c"; NAME must stand in its
# source. In each chapter rows are numbered from 1, without a gap, here or in the table of those
# without a test. A row with a test says where it runs, and whether there is a control outside, a twin
# and a neighbour.

set -u
export LC_ALL=C

tests=$1/tests
table=$1/Documentation/containment.md

# "ROW FILE: NAME", a line each.
named() {
	grep -E '^\| [A-Z][0-9]+ \|' "$table" | awk '
	{
		row = $2
		n = split($0, part, "`")
		for (i = 2; i < n; i += 2)
			if (part[i] ~ /^[a-z]+\/[a-z_.]+: /)
				print row, part[i]
	}'
}

if [ "${2-}" = --list ]; then
	named | sed 's/^[^ ]* //; s/: .*//' | sort -u
	exit
fi

failed=0
complain() {
	echo "$table: $*" >&2
	failed=1
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

named >"$tmp/named"
[ "$(wc -l <"$tmp/named")" -gt 100 ] || complain 'hardly any tests are named'
while read -r row test; do
	file=$tests/${test%%: *}
	name=${test#*: }
	[ -e "$file" ] || file=$file.c
	if [ ! -e "$file" ]; then
		complain "$row: there is no $file"
	elif ! grep -qF -e "$name" "$file"; then
		complain "$row: '$name' is not in $file"
	fi
done <"$tmp/named"

grep -E '^\| [A-Z][0-9]+ \|' "$table" >"$tmp/rows"
awk -F '|' '
function bad(text) { print $2 ":" text; failed = 1 }
{
	id = $2
	gsub(/ /, "", id)
	letter = substr(id, 1, 1)
	number[letter, substr(id, 2) + 0]++
	if (substr(id, 2) + 0 > last[letter])
		last[letter] = substr(id, 2) + 0
	if (NF == 4) {
		if ($3 ~ /^ *$/)
			bad(" no reason")
	} else if (NF != 7)
		bad(" it has not five columns")
	else if ($4 !~ /`/)
		bad(" no test")
	else if ($5 !~ /^ [o-] [t-] [n-] $/)
		bad(" not o t n")
	else if ($6 !~ /^ (here|guest|here, guest|AppArmor guest) $/)
		bad(" where it runs is not said")
}
END {
	for (letter in last)
		for (i = 1; i <= last[letter]; i++)
			if (number[letter, i] != 1) {
				print " " letter i ": " number[letter, i] + 0 " rows"
				failed = 1
			}
	exit failed
}' "$tmp/rows" >"$tmp/bad" || {
	sed "s,^,$table:," "$tmp/bad" >&2
	failed=1
}

exit $failed
