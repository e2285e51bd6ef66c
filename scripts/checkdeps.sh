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
bpf		bpf/(bench|bpf|internal|lint|native|uapi|words)\.h|bpf/[a-z_]+\.def
bpf/import	bpf/bpf\.h|bpf/import/[a-z]+\.h
bpf/sbpf	bpf/(bench|bpf)\.h|bpf/import/import\.h|bpf/sbpf/[a-z]+\.h
ns		ns/(ns|internal)\.h
caps		caps/(caps|internal)\.h
runner		(bpf/(bench|bpf)|ns/ns|caps/caps|runner/[a-z]+)\.h|runner/filters\.def
syslogparse	(bpf/bpf|caps/caps|syslogparse/[a-z]+)\.h|syslogparse/filter\.def
tests		bpf/[a-z_]+\.def|bpf/sbpf/[a-z]+\.h|(bpf/bpf|bpf/bench|bpf/import/(import|json)|ns/ns|caps/caps|(bpf|ns|caps)/internal|(runner|syslogparse)/[a-z]+|tests/.*|kselftest|kselftest_harness)\.h
'
while read -r dir may; do
	if [ -z "$dir" ] || ! [ -d "$srctree/$dir" ]; then
		continue
	fi
	# bpf/import and bpf/sbpf have rules of their own.
	found=$(cd "$srctree/$dir" && grep -rnE --include='*.[ch]' --exclude-dir=import --exclude-dir=sbpf \
		'^[[:space:]]*#[[:space:]]*include[[:space:]]*"' . |
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
# SyslogParse is a payload: it confines itself with caps/ and bpf/, and knows no other.
defined syslogparse >"$tmp/syslogparse.defined" || bad "no syslogparse/lib.a"
wanted syslogparse | comm -23 - "$tmp/syslogparse.defined" >"$tmp/wanted"
for other in ns runner; do
	calls=$(comm -12 "$tmp/wanted" "$tmp/$other.defined" | tr '\n' ' ')
	[ -z "$calls" ] || bad "syslogparse/ uses $other/: $calls"
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
# The importers know bpf/ and nothing else.
defined bpf/import >"$tmp/import.defined" || bad "no bpf/import/lib.a"
names=$(grep -vE '^(import|export|json|oci|mj|kf|reader)_|^_' "$tmp/import.defined" | tr '\n' ' ')
[ -z "$names" ] || bad "exported by bpf/import/ without a prefix: $names"
wanted bpf/import >"$tmp/wanted"
for other in ns caps runner; do
	calls=$(comm -12 "$tmp/wanted" "$tmp/$other.defined" | tr '\n' ' ')
	[ -z "$calls" ] || bad "bpf/import/ uses $other/: $calls"
done
wanted bpf >"$tmp/wanted"
calls=$(comm -12 "$tmp/wanted" "$tmp/import.defined" | tr '\n' ' ')
[ -z "$calls" ] || bad "bpf/ uses bpf/import/: $calls"

for dir in bpf bpf/import bpf/sbpf ns caps runner syslogparse; do
	for file in "$srctree/$dir"/*.c; do
		object=$(basename "$file" .c).o
		grep -qE "(^| )$object( |\$)" "$srctree/$dir/Makefile" || bad "$dir/Makefile lacks $object"
	done
done
exit $status
