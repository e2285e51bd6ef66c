#!/bin/sh
# SPDX-License-Identifier: MIT
#
# table-since.sh <syscalls.2: print "NAME VERSION", the Linux version that brought each
# system call, as the table in the manual page syscalls(2) has it.
#
# A row's first column is "\f[B]NAME\f[](2)" or, in a block, "T{ .BR NAME (2) T}".
set -eu

tr -d '\r' | awk -F '\t' '
/^System call\tKernel/	     { table = 1 }
/^\.TE/			     { table = 0 }
!table			     { next }
/^\.B?R?B? [a-z_0-9]+ *\(2\)/ { split($0, word, " "); name = word[2]; next }
/^T\}\t[0-9]/ && name != ""  { print name, $2; name = ""; next }
/^\\f\[B\][a-z_0-9]+\\f\[\]\(2\)\t[0-9]/ {
	name = $1
	sub(/^\\f\[B\]/, "", name)
	sub(/\\f.*/, "", name)
	print name, $2
	name = ""
}' | sed 's/[^a-z_0-9 .].*//' | LC_ALL=C sort -u
