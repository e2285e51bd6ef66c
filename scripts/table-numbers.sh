#!/bin/sh
# SPDX-License-Identifier: MIT
#
# table-numbers.sh ABI [INCLUDE-ROOT]: print "NAME NR" for every system call that the
# kernel's headers under INCLUDE-ROOT (default /usr/include) know for ABI, sorted
# by name; x32's numbers without their bit 30.
#
# Headers are preprocessed, not read: some numbers are sums, some go through
# __NR3264_*, and asm-generic/unistd.h hides whole groups behind __ARCH_WANT_*.  The
# host's compiler will do for every ABI, since nothing is compiled: it is told to
# forget its own machine (-undef) and is given the few macros that the headers ask for.
#
# Exit 2: no headers for ABI.  Exit 1: a table that cannot be right, because it is
# short or lacks calls that every ABI has.
set -eu

abi=$1
root=${2:-/usr/include}
cc=${HOSTCC:-gcc}

case $abi in
x86_64)	 tuple=x86_64-linux-gnu	  ; defines='-D__x86_64__ -D__LP64__' ;;
i386)	 tuple=x86_64-linux-gnu	  ; defines='-D__i386__' ;;
x32)	 tuple=x86_64-linux-gnu	  ; defines='-D__x86_64__ -D__ILP32__' ;;
aarch64) tuple=aarch64-linux-gnu  ; defines='-D__aarch64__ -D__LP64__' ;;
riscv64) tuple=riscv64-linux-gnu
	 defines='-D__riscv -D__riscv_xlen=64 -D__LP64__ -D__SIZEOF_POINTER__=8' ;;
*) echo "$0: unknown ABI: $abi" >&2; exit 1 ;;
esac

# Native or all-in-one headers, or those of Debian's *-cross packages.
if [ -f "$root/$tuple/asm/unistd.h" ]; then
	dirs="-isystem $root/$tuple -isystem $root"
elif [ -f "$root/../$tuple/include/asm/unistd.h" ]; then
	dirs="-isystem $root/../$tuple/include"
else
	exit 2
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The flags are lists of words, so they are not quoted.
# shellcheck disable=SC2086
cpp() {
	$cc -E -undef -nostdinc $defines $dirs -x c "$@"
}

echo '#include <asm/unistd.h>' >"$tmp/a.c"
cpp -dM "$tmp/a.c" >"$tmp/macros"
{
	echo '#include <asm/unistd.h>'
	sed -n 's/^#define __NR_\([a-z_0-9]*\) .*/@ "\1" __NR_\1/p' "$tmp/macros" |
	grep -v -e '"syscalls"' -e '"arch_specific_syscall"'
} >"$tmp/b.c"
cpp -P "$tmp/b.c" >"$tmp/lines"

# Lines like: @ "read" (0x40000000 + 0). The sums are left to the shell.
sed -n 's/^@ "\([a-z_0-9]*\)" \(.*\)$/\1 \2/p' "$tmp/lines" |
while read -r name value; do
	# shellcheck disable=SC2004 # the text is put in: dash takes no sum from a variable
	echo "$name $(($value & ~0x40000000))"
done | LC_ALL=C sort >"$tmp/table"

count=$(wc -l <"$tmp/table")
if [ "$count" -lt 250 ]; then
	echo "$0: $abi: only $count system calls" >&2
	exit 1
fi
for name in read execve seccomp; do
	if ! grep -q "^$name [0-9]" "$tmp/table"; then
		echo "$0: $abi: no $name" >&2
		exit 1
	fi
done
cat "$tmp/table"
