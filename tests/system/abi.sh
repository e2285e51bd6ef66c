#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2059,SC2086,SC2154
#
# Programs of x86_64's other ABIs. Calls of i386 have other numbers, those of x32 a bit of their own:
# a policy kills them, if it does not name the ABI (abi x86_64 i386), and else means the same by
# them. The program of i386 is made here, byte by byte; where there is a C library for it, that
# is run as well.

. "$(dirname "$0")/common.sh"

[ "$(uname -m)" = x86_64 ] || skip_all 'this is about x86_64'

# word NUMBER: in four bytes, the lowest first.
word() {
	printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) \
		$(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# load REGISTER NUMBER, call: instructions of i386.
load() {
	case $1 in
	eax) printf '\270' ;;
	ebx) printf '\273' ;;
	ecx) printf '\271' ;;
	edx) printf '\272' ;;
	esac
	word "$2"
}

call() {
	load eax "$1"
	printf '\315\200'
}

# write(1, "i386\n", 5); exit(getpid()): a header, a segment, and 42 bytes of code.
i386_program() {
	printf '\177ELF\001\001\001\0\0\0\0\0\0\0\0\0\002\0\003\0'
	word 1 && word $((base + 84)) && word 52 && word 0 && word 0
	printf '\064\0\040\0\001\0\0\0\0\0\0\0'
	word 1 && word 0 && word $base && word $base && word 131 && word 131 && word 5 && word 4096
	load ebx 1
	load ecx $((base + 126))
	load edx 5
	call 4
	call 20
	printf '\211\303' # mov %eax, %ebx
	call 1
	printf '\0\0\0\0i386\n'
}

base=$((0x08048000))
i386_program >"$T/bin/i386"
chmod 755 "$T/bin/i386"
if [ "$("$T/bin/i386" 2>/dev/null)" != i386 ]; then
	skip_all 'this kernel does not run programs of i386'
fi

for policy in strict standard; do
	printf 'abi x86_64 i386\ninclude %s\n' $policy >"$T/$policy.i386"
	printf 'abi x86_64 x32\ninclude %s\n' $policy >"$T/$policy.x32"
done
"$ACT" x32 >"$T/x32" # "ok", or how a kernel without it refuses
x32_status=$?

# i386_libc NAME OPTION...: what a C library of i386 says about itself.
i386_libc() {
	if [ ! -x /lib/ld-linux.so.2 ]; then
		skip "$1" 'no C library of i386 here'
		return
	fi
	name=$1
	shift
	as_caller "$SBRUN" "$@" -- /lib/ld-linux.so.2 --version >"$T/said" 2>&1
	status=$?
	if [ $status -eq "$want" ] && { [ "$want" -ne 0 ] || grep -q '^ld.so ' "$T/said"; }; then
		ok "$name"
	else
		not_ok "$name" "status $status: $(head -n 1 "$T/said")"
	fi
}

for caller in $CALLERS; do
	become "$caller"
	for policy in strict standard; do
		other=$T/$policy.i386
		expect_status 159 "$who: $policy: a program of i386 is killed" \
			as_caller "$SBRUN" --policy $policy $VISIBLE -- "$T/bin/i386"
		check "$who: ... before it wrote anything" test ! -s "$T/out"
		expect_status 2 "$who: $policy, with i386: it runs, as process 2" \
			as_caller "$SBRUN" --policy "$other" $VISIBLE -- "$T/bin/i386"
		expect_stdout '^i386$' "$who: ... and writes"
		expect_status 255 "$who: ... a rule for a call holds by i386's number, too" \
			as_caller "$SBRUN" --policy "$other" $VISIBLE --deny getpid -- "$T/bin/i386"
		expect_status 159 "$who: ... and one that kills" \
			as_caller "$SBRUN" --policy "$other" $VISIBLE --kill write -- "$T/bin/i386"
		want=159
		i386_libc "$who: $policy: a C library of i386 is killed" --policy $policy
		want=0
		i386_libc "$who: ... with i386, it starts" --policy "$other"
		expect_status 159 "$who: $policy: int 0x80 is killed" \
			as_caller "$SBRUN" --policy $policy $VISIBLE -- "$ACT" int80
		expect_status 0 "$who: ... with i386, it is a call" \
			as_caller "$SBRUN" --policy "$other" $VISIBLE -- "$ACT" int80
		expect_status 159 "$who: ... with i386, x32 is still killed" \
			as_caller "$SBRUN" --policy "$other" $VISIBLE -- "$ACT" x32
		expect_status $x32_status "$who: ... with x32, it is what it is outside" \
			as_caller "$SBRUN" --policy "$T/$policy.x32" $VISIBLE -- "$ACT" x32
		expect_stdout "^$(cat "$T/x32")\$" "$who: ... and says so"
		expect_status 159 "$who: ... with x32, i386 is still killed" \
			as_caller "$SBRUN" --policy "$T/$policy.x32" $VISIBLE -- "$T/bin/i386"
	done
done
finish
