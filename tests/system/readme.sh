#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run the commands of README.md. A line "    $ COMMAND" is run; a line "    # status N" behind it is
# its exit status (0 otherwise), other indented lines up to the next command are its output.

here=$(cd "$(dirname "$0")" && pwd)
readme=${README:-$here/../../README.md}
sbrun=${SBRUN:-$here/../../runner/sbrun}
sbpf=${SBPF:-$here/../../bpf/sbpf/sbpf}
parser=${SYSLOGPARSE:-$here/../../syslogparse/syslogparse}

echo "TAP version 13"
if ! [ -r "$readme" ]; then
	echo "1..0 # SKIP README.md is not here"
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/bin"
for program in "$sbrun" "$sbpf" "$parser"; do
	[ ! -x "$program" ] || cp "$program" "$work/bin/"
done
PATH=$work/bin:$PATH
export PATH
readme=$(realpath "$readme")
# Root's user inside is nobody's outside, and is to change a file of his in one of the examples.
as_reader=
if [ "$(id -u)" -eq 0 ]; then
	as_reader="setpriv --reuid=64999 --regid=64999 --clear-groups env HOME=$work"
	chown 64999:64999 "$work"
fi
cd "$work" || exit 1

# One file per command: NUMBER.sh, NUMBER.status, NUMBER.want.
awk '
/^    \$ / {
	n++
	print substr($0, 7) >(n ".sh")
	print 0 >(n ".status")
	printf "" >(n ".want")
	open = 1
	next
}
/^    # status / && open {
	close(n ".status")
	print $3 >(n ".status")
	next
}
/^    / && open {
	print substr($0, 5) >(n ".want")
	next
}
{ open = 0 }
END { print n >"count" }' "$readme"

count=$(cat count)
echo "1..$count"
failed=0
i=0
while [ "$i" -lt "$count" ]; do
	i=$((i + 1))
	# shellcheck disable=SC2086
	$as_reader sh "$i.sh" >"$i.got" 2>&1 </dev/null
	status=$?
	text=$(cat "$i.sh")
	if [ "$status" -ne "$(cat "$i.status")" ]; then
		echo "# status $status"
		sed 's/^/# /' "$i.got"
		echo "not ok $i $text"
		failed=1
	elif [ -s "$i.want" ] && ! diff "$i.want" "$i.got"; then
		echo "not ok $i $text"
		failed=1
	else
		echo "ok $i $text"
	fi
done
exit "$failed"
