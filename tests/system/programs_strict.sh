#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# What "strict" is for: a program reads its input, computes and writes its output.

. "$(dirname "$0")/common.sh"

MEGABYTES=${MEGABYTES:-100} # through a pipe

# strict TOOL TEXT WORD...: the program prints just TEXT; TOOL is what must be installed.
strict() {
	tool=$1 text=$2
	shift 2
	if command -v "$tool" >/dev/null 2>&1; then
		expect_output "$text" "$who: $*" as_caller "$SBRUN" --policy strict -- "$@"
	else
		skip "$who: $*" "needs $tool"
	fi
}

big_data() {
	yes 'one line of many' | head -c ${MEGABYTES}MB
}

sum_outside() {
	big_data | sha256sum
}

sum_inside() {
	big_data | as_caller "$SBRUN" --policy strict -- sha256sum
}

# hello NAME WORD...: compile with WORDs, then run it, from a directory that is bound.
hello() {
	name=$1
	shift
	if ! command -v cc >/dev/null 2>&1; then
		skip "$who: $name hello world" 'needs cc'
	elif ! cc "$@" -o "$T/bin/hello-$name" "$T/hello.c" 2>"$T/err"; then
		skip "$who: $name hello world" "cc $*: $(head -n 1 "$T/err")"
	else
		expect_output 'hello, world' "$who: $name hello world" as_caller \
			"$SBRUN" --policy strict $VISIBLE -- "$T/bin/hello-$name"
	fi
}

cat >"$T/hello.c" <<-'EOC'
	#include <stdio.h>
	int main(void)
	{
		return puts("hello, world") < 0;
	}
EOC
sum_outside >"$T/sum"

for caller in $CALLERS; do
	become "$caller"

	input 'some text'
	strict cat 'some text' cat
	input 'one
two'
	strict grep 2:two grep -n 'two$'
	input 'one two'
	strict sed 'two one' sed -E 's/(.*) (.*)/\2 \1/'
	input '1 2
3 4'
	strict gawk 6 gawk '{ n += $2 } END { print n }'
	input '1 2
3 4'
	strict awk 4 awk '{ n += $1 } END { print n }'
	input 'b
a
c'
	strict sort 'a
b
c' sort
	input 'text that is packed and unpacked'
	strict gzip 'text that is packed and unpacked' sh -c 'gzip -9 | gunzip'
	input '{"a": [1, 2, {"b": "c"}]}'
	strict jq '"c"' jq '.a[2].b'
	input '2^100
'
	strict bc 1267650600228229401496703205376 bc
	strict python3 499999500000 /usr/bin/python3 -c 'print(sum(range(10**6)))'
	input 'a b'
	strict perl 'B A' perl -ne 'print join " ", map { uc } reverse split'
	strict sh 3 sh -c 'cd /tmp; echo one >a; echo two >>a & wait; echo three >>a; wc -l <a'

	expect_output "$(cat "$T/sum")" "$who: sha256sum of $MEGABYTES MB through a pipe" sum_inside
	hello dynamic
	hello static -static
done

finish
