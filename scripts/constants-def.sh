#!/bin/sh
# SPDX-License-Identifier: MIT
#
# constants-def.sh <bpf/constants.list >constants.def: the list as C for bpf/constants.c, in
# sections of which each #include picks one:
#
#	BPF_DEF_INCLUDES	the headers
#	BPF_DEF_CONSTANTS	CONSTANT(NAME, VALUE, MINOR), sorted by name
#
# A macro that this build's headers lack has the value in the list, or is left out.
set -eu
LC_ALL=C
export LC_ALL

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

awk -v rows="$tmp/rows" '
/^#/ || NF == 0 { next }
$1 == "header" {
	if ($2 != "-")
		print "#if __has_include(<" $2 ">)\n#include <" $2 ">\n#endif"
	next
}
{
	enumerator = minor = 0
	value = "-"
	for (i = 2; i <= NF; i++) {
		if ($i == "enum")
			enumerator = 1
		else if ($i == "minor")
			minor = 1
		else if ($i ~ /^0x[0-9a-f]+$/ || $i == "0")
			value = $i
		else {
			print "constants.list:" NR ": " $i "?" >"/dev/stderr"
			exit 1
		}
	}
	print $1, enumerator, minor, value >rows
}' >"$tmp/includes"

count=$(sort "$tmp/rows" | cut -d ' ' -f 1 | uniq | wc -l)
if [ "$count" -lt 1000 ] || [ "$count" -ne "$(wc -l <"$tmp/rows")" ]; then
	echo "constants.list: short, or a name twice" >&2
	exit 1
fi

echo '/* Made by scripts/constants-def.sh. */'
echo '#ifdef BPF_DEF_INCLUDES'
cat "$tmp/includes"
echo '#endif'
echo '#ifdef BPF_DEF_CONSTANTS'
sort "$tmp/rows" |
awk '{
	minor = $3 ? "true" : "false"
	row = "CONSTANT(\"" $1 "\", " $1 ", " minor ")"
	if ($2)
		print row
	else if ($4 == "-")
		print "#ifdef " $1 "\n" row "\n#endif"
	else
		print "#ifdef " $1 "\n" row "\n#else\n" \
		      "CONSTANT(\"" $1 "\", " $4 ", " minor ")\n#endif"
}'
echo '#endif'
