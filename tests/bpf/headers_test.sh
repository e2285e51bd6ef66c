#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Is bpf/syscalls.tbl true? Its numbers against those that this machine's own headers
# give, for every ABI that it has headers for; and would a bad table be refused?
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
table=$root/bpf/syscalls.tbl
numbers=$root/scripts/table-numbers.sh
def=$root/scripts/syscalls-def.sh

if [ ! -f "$table" ] || [ ! -f "$numbers" ]; then
	echo "1..0 # SKIP the sources are not here"
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

test=0
failed=0
ok() {
	test=$((test + 1))
	echo "ok $test $*"
}
not_ok() {
	test=$((test + 1))
	failed=1
	echo "not ok $test $*"
}

# Differences between the headers' list and COLUMN of the table. A call above the
# table's last number is newer than the table and no fault of it.
compare() {
	awk -v column="$1" '
	NR == FNR {
		if (!/^#/ && $1 !~ /^@/ && $column != "-") {
			nr[$1] = $column
			if ($column + 0 > last)
				last = $column + 0
		}
		next
	}
	{ seen++ }
	$1 in nr && nr[$1] != $2 { print "# " $1 ": headers " $2 ", table " nr[$1] }
	!($1 in nr) && $2 <= last { print "# " $1 ": headers " $2 ", not in the table" }
	END { if (seen < 250) print "# only " seen + 0 " calls were compared" }
	' "$table" "$2"
}

echo 1..11

column=1
for abi in x86_64 i386 x32 aarch64 riscv64; do
	column=$((column + 1))
	sh "$numbers" "$abi" >"$tmp/nr" 2>"$tmp/err"
	case $? in
	0)
		compare "$column" "$tmp/nr" >"$tmp/diff"
		cat "$tmp/diff"
		if [ -s "$tmp/diff" ]; then
			not_ok "$abi: the numbers are the headers' numbers"
		else
			ok "$abi: the numbers are the headers' numbers"
		fi
		;;
	2)
		ok "$abi: the numbers are the headers' numbers # SKIP no headers for $abi"
		;;
	*)
		sed 's/^/# /' "$tmp/err"
		not_ok "$abi: the numbers are the headers' numbers"
		;;
	esac
done

# Headers that have almost nothing are not taken for an ABI with few calls.
mkdir -p "$tmp/include/x86_64-linux-gnu/asm"
printf '#define __NR_read 0\n#define __NR_execve 59\n#define __NR_seccomp 317\n' \
	>"$tmp/include/x86_64-linux-gnu/asm/unistd.h"
if sh "$numbers" x86_64 "$tmp/include" >"$tmp/out" 2>/dev/null || [ -s "$tmp/out" ]; then
	not_ok "short headers are refused"
else
	ok "short headers are refused"
fi

# The table as it is makes a .def; damaged in one place, it does not.
if sh "$def" <"$table" >"$tmp/def" 2>"$tmp/err" && grep -q '{ "read", { 0, 3, 0, 63, 63 }' "$tmp/def"; then
	ok "the table is taken"
else
	sed 's/^/# /' "$tmp/err"
	not_ok "the table is taken"
fi

refused() {
	what=$1
	shift
	sed "$@" "$table" >"$tmp/table"
	if cmp -s "$table" "$tmp/table"; then
		not_ok "$what (nothing was damaged)"
	elif sh "$def" <"$tmp/table" >"$tmp/def" 2>"$tmp/err"; then
		not_ok "$what"
	elif [ ! -s "$tmp/err" ]; then
		not_ok "$what (without a word)"
	else
		ok "$what"
	fi
}

refused "a table without seccomp is refused" '/^seccomp /d'
refused "a number given twice is refused" 's/^\(write  *\)1 /\10 /'
refused "a table out of order is refused" 's/^write /zwrite /'
refused "a row without its prototype is refused" 's/^\(read  *[0-9 ]*1\.0\) .*/\1/'
exit $failed
