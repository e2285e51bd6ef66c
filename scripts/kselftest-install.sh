#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: SBRUN=program SBPF=program SYSLOGPARSE=program TESTBIN=built-tests kselftest-install.sh DIR
#
# Put sbrun, sbpf, syslogparse and all tests into DIR, which then stands alone: DIR/run.sh runs them, on this
# kernel or, all programs being static, on another.

set -eu

dest=$1
source=$(cd "$(dirname "$0")/../tests" && pwd)

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)

# What runs is listed; helpers and data of the tests are only copied.
: >"$dest/list"
add() {
	mkdir -p "$dest/$(dirname "$2")"
	cp "$1" "$dest/$2"
}

cp "$SBRUN" "$dest/sbrun"
cp "$SBPF" "$dest/sbpf"
cp "$SYSLOGPARSE" "$dest/syslogparse.program" # "syslogparse" is a directory of tests
add "$source/../syslogparse/syslogparse.apparmor" data/syslogparse.apparmor
cp "$source/run.sh" "$source/judge.awk" "$dest"

cd "$source"
for test in */*_test.c; do
	name=${test%.c}
	[ -e "$TESTBIN/$name" ] || continue
	add "$TESTBIN/$name" "$name"
	echo "$name" >>"$dest/list"
done
for helper in bpf/judged.c bpf/listing.c system/*.c system/seccomp_bpf.c; do
	name=${helper%.c}
	[ ! -e "$TESTBIN/$name" ] || add "$TESTBIN/$name" "$name"
done
for file in */*_test.sh */*_test.py golden/* system/*.sh system/*.py data/*; do
	[ ! -e "$file" ] || add "$file" "$file"
done
cd "$dest"
for script in */*_test.sh golden/golden.sh system/*.sh; do
	case $script in
	*/lib.sh | */common.sh) continue ;;
	esac
	if [ -e "$script" ] && ! grep -qx "$script" list; then
		echo "$script" >>list
	fi
done
echo "$(wc -l <list) tests in $dest; run $dest/run.sh"
