#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: checkdeps.sh SRCTREE	(in the directory of the output, after "make")
#
# Who may know whom. A leaf directory includes its own headers and tables and nothing else of
# ours; only the runner and the tests know the others; nobody knows the runner; and an
# internal.h is for its own directory. Then the archives are asked whom they call, and
# whether all that they export has their prefix. Last, no source may be missing in the list
# of its directory: it would not be built, and nobody would see that.

srctree=$1
status=0

bad() {
	echo "checkdeps: $1" >&2
	status=1
}

# directory, then what its includes may match
rules='
bpf		bpf/(bpf|internal)\.h|bpf/[a-z_]+\.def
ns		ns/(ns|internal)\.h
caps		caps/(caps|internal)\.h
runner		(bpf/bpf|ns/ns|caps/caps|runner/[a-z]+)\.h
syslogparse	(bpf/bpf|caps/caps|syslogparse/syslogparse)\.h
tests		bpf/[a-z_]+\.def|(bpf/bpf|ns/ns|caps/caps|(bpf|ns|caps)/internal|runner/[a-z]+|tests/.*|kselftest|kselftest_harness)\.h
'
while read -r dir may; do
	if [ -z "$dir" ] || ! [ -d "$srctree/$dir" ]; then
		continue
	fi
	found=$(cd "$srctree" && grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$dir" |
		grep -vE "include[[:space:]]*\"($may)\"")
	[ -z "$found" ] || bad "includes that $dir/ must not have:
$found"
done <<END
$rules
END

defined() { "${NM:-nm}" -g --defined-only "$1/lib.a" | awk 'NF == 3 { print $3 }' | sort -u; }
wanted() { "${NM:-nm}" -u "$1/lib.a" | awk '$1 == "U" { print $2 }' | sort -u; }

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for dir in bpf ns caps runner; do
	defined $dir >"$tmp/$dir.defined" || bad "no $dir/lib.a"
	[ -s "$tmp/$dir.defined" ] || bad "nothing is defined in $dir/lib.a"
done
for dir in bpf ns caps; do
	wanted $dir >"$tmp/wanted"
	for other in bpf ns caps runner; do
		[ $dir = $other ] && continue
		calls=$(comm -12 "$tmp/wanted" "$tmp/$other.defined" | tr '\n' ' ')
		[ -z "$calls" ] || bad "$dir/ uses $other/: $calls"
	done
	# Sanitizers add symbols of their own, which begin with an underscore.
	names=$(grep -vE "^(${dir}_|_)" "$tmp/$dir.defined" | tr '\n' ' ')
	[ -z "$names" ] || bad "exported without the prefix ${dir}_: $names"
done
for dir in bpf ns caps runner; do
	for file in "$srctree/$dir"/*.c; do
		object=$(basename "$file" .c).o
		grep -qE "(^| )$object( |\$)" "$srctree/$dir/Makefile" || bad "$dir/Makefile lacks $object"
	done
done
exit $status
