#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Compile each NAME.policy beside this script and compare the listing with NAME.listing,
# byte for byte. With --update, write the listings instead.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
listing=${TESTBIN:-$here/..}/bpf/listing

cd "$here" || exit 1
set -- "${1-}" ./*.policy
update=$1
shift
if ! [ -e "$1" ]; then
	echo "1..0"
	exit 1
fi

tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT

echo "TAP version 13"
echo "1..$#"
number=0
failed=0
for policy; do
	number=$((number + 1))
	name=$(basename "$policy" .policy)
	# Listings name the file as it is given here, so it is given without a directory.
	if ! "$listing" "$policy" >"$tmp"; then
		echo "not ok $number $name: no listing"
		failed=1
	elif [ "$update" = --update ]; then
		cmp -s "$tmp" "$name.listing" || cp "$tmp" "$name.listing"
		chmod 644 "$name.listing"
		echo "ok $number $name"
	elif diff -u "$name.listing" "$tmp"; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		failed=1
	fi
done
exit $failed
