#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The documents say what the program says:
#
#   - every option of "sbrun --help" has an entry in Documentation/sbrun.1, and every option
#     that is named there is one that sbrun knows;
#   - the same of "syslogparse --help", its layers, and Documentation/syslogparse.1;
#   - Documentation/order.md quotes "sbrun --explain steps", word for word, between the lines
#     "<!-- steps -->" and "<!-- end of steps -->".
#
# usage: checkdocs.sh SRCTREE SBRUN [--update]	(--update: quote it anew)
#
# SyslogParse is the one that was built beside SBRUN.

set -u

docs=$1/Documentation
sbrun=$2
parser=$(dirname "$2")/../syslogparse/syslogparse
update=${3-}
failed=0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

complain() {
	echo "$*" >&2
	failed=1
}

# ---- options ----

"$sbrun" --help >"$tmp/help" || exit 1
# "  --ro-bind[-try] SRC [DEST] ..." and "  --errno(E) CALL..."
sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' "$tmp/help" | sort -u >"$tmp/helped"
# Troff's "\-" is a "-"; an entry is in bold.
sed 's/\\-/-/g' "$docs/sbrun.1" >"$tmp/man"
named() {
	grep -oE -e '(^|[^a-z-])--[a-z][a-z0-9-]*' | sed 's/.*--\([a-z]\)/\1/; s/-$//' | sort -u
}
grep -E '^\.(B|BI|BR|IB|RB) ' "$tmp/man" | named >"$tmp/entries"
named <"$tmp/man" >"$tmp/named"

for list in helped entries named; do
	[ "$(wc -l <"$tmp/$list")" -gt 20 ] || complain "checkdocs: hardly any options in $list"
done
for option in $(comm -23 "$tmp/helped" "$tmp/entries"); do
	complain "$docs/sbrun.1: no entry for --$option"
done
for option in $(comm -13 "$tmp/helped" "$tmp/named"); do
	if "$sbrun" "--$option" 2>&1 | grep -q '^sbrun: unknown option'; then
		complain "$docs/sbrun.1: there is no --$option"
	fi
done

# ---- SyslogParse: what follows a ".TP" is an entry ----

"$parser" --help >"$tmp/help" || exit 1
{
	sed -n 's/^  --\([a-z-]*\).*/--\1/p' "$tmp/help"
	sed -n 's/^Layers: //p' "$tmp/help" | tr ' ' '\n'
} | sort >"$tmp/helped"
awk 'entry { print } { entry = /^\.TP/ }' "$docs/syslogparse.1" | sed 's/\\-/-/g' |
	grep -vE '^\.(I|B [0-9])' | sed 's/^\.B[IR]* //; s/ *", " */\n/g; s/ .*//; s/"//g' |
	grep -E '^(--)?[a-z-]+$' | sort >"$tmp/entries"
[ "$(wc -l <"$tmp/helped")" -gt 20 ] || complain "checkdocs: hardly anything in syslogparse --help"
for word in $(comm -23 "$tmp/helped" "$tmp/entries"); do
	complain "$docs/syslogparse.1: no entry for $word"
done
for word in $(comm -13 "$tmp/helped" "$tmp/entries"); do
	complain "$docs/syslogparse.1: there is no $word"
done

# ---- the order ----

order=$docs/order.md
"$sbrun" --explain steps >"$tmp/steps" || exit 1
# The blank line before it and the fence around it are the document's.
sed '1{/^$/d}' "$tmp/steps" >"$tmp/wanted"
if [ "$update" = --update ]; then
	awk -v quote="$tmp/wanted" '
	/^<!-- end of steps -->$/ {
		print "```"
		while ((getline line <quote) > 0)
			print line
		print "```"
		inside = 0
	}
	!inside
	/^<!-- steps -->$/ { inside = 1 }' "$order" >"$tmp/order" && cat "$tmp/order" >"$order"
fi
sed -n '/^<!-- steps -->$/,/^<!-- end of steps -->$/p' "$order" | grep -v '^<!--\|^```$' >"$tmp/quoted"
if ! diff -u "$tmp/quoted" "$tmp/wanted" >"$tmp/diff"; then
	complain "$order does not quote 'sbrun --explain steps' (checkdocs.sh --update):"
	cat "$tmp/diff" >&2
fi

exit $failed
