#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the documents say of sbpf is what it says itself:
#
#   - every command and option of "sbpf --help" has an entry in Documentation/sbpf.1, and the
#     other way round;
#   - Documentation/bpf.md shows files, in fences "```file NAME", and what commands print, in
#     fences that begin with "$ COMMAND"; the commands are run, and the output compared.
#
# usage: checkbench.sh SRCTREE SBPF [--update]	(--update: quote it anew)

set -u

docs=$(cd "$1/Documentation" && pwd)
sbpf=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
update=${3-}
failed=0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin" "$tmp/work"
ln -s "$sbpf" "$tmp/bin/sbpf"

complain() {
	echo "$*" >&2
	failed=1
}

# ---- commands and options ----

"$sbpf" --help >"$tmp/help" || exit 1
# "  list    FILE" and "  --from FORMAT ..."
sed -n 's/^  \([a-z][a-z]*\) .*/\1/p; s/^  \(--[a-z]*\).*/\1/p' "$tmp/help" | sort >"$tmp/helped"
# An entry stands below a ".TP".
awk 'entry { print } { entry = /^\.TP/ }' "$docs/sbpf.1" |
	sed -n 's/\\-/-/g; s/^\.BI* \(-*[a-z][a-z]*\).*/\1/p' | sort -u >"$tmp/entries"
[ "$(wc -l <"$tmp/helped")" -gt 20 ] || complain "checkbench: hardly anything in sbpf --help"
for word in $(comm -23 "$tmp/helped" "$tmp/entries"); do
	complain "$docs/sbpf.1: no entry for $word"
done
for word in $(comm -13 "$tmp/helped" "$tmp/entries"); do
	complain "$docs/sbpf.1: there is no $word"
done

# ---- quotations ----

# The document again, with the output of each command as it is now.
cat >"$tmp/quote.awk" <<'END'
/^```file / {
	name = $2
	print
	while ((getline line) > 0 && line !~ /^```$/) {
		print line
		print line >name
	}
	close(name)
	print line
	next
}
/^```$/ && !inside {
	print
	inside = 1
	first = 1
	next
}
/^```$/ {
	inside = quoting = 0
	print
	next
}
inside && first && /^\$ / {
	quoting = 1
}
quoting && /^\$ / {
	print
	command = substr($0, 3) " 2>&1 | sed 's/[ ]*$//'"
	while ((command | getline line) > 0)
		print line
	close(command)
	next
}
{
	first = 0
	if (!quoting)
		print
}
END
(
	cd "$tmp/work" && unset XDG_CONFIG_HOME NO_COLOR &&
		PATH=$tmp/bin:$PATH awk -f "$tmp/quote.awk" "$docs/bpf.md" >"$tmp/bpf.md"
) || exit 1
grep -q '^\$ sbpf ' "$tmp/bpf.md" || complain "$docs/bpf.md: no command is quoted"
if [ "$update" = --update ]; then
	cat "$tmp/bpf.md" >"$docs/bpf.md"
elif ! diff -u "$docs/bpf.md" "$tmp/bpf.md" >"$tmp/diff"; then
	complain "$docs/bpf.md does not quote what sbpf prints (checkbench.sh --update):"
	cat "$tmp/diff" >&2
fi

exit $failed
