#!/bin/sh
# SPDX-License-Identifier: MIT
#
# table-prototypes.sh FILE...: print the prototype of every system call that is
# defined in the kernel's C FILEs, one a line:
#
#	sys_openat int dfd, const char *filename, int flags, umode_t mode
#	compat_sys_ioctl unsigned int fd, unsigned int cmd, compat_ulong_t arg32
#	sys_getpid void
#
# SYSCALL_DEFINEn() is the place to look: the entry code that it makes reads each
# register as the type given there, whatever include/linux/syscalls.h declares.
# SC_ARG64(x), a 64-bit argument of a 32-bit call, is two arguments, x_lo and x_hi, in
# little-endian order, and SYSCALL32_DEFINEn() counts as compat.  Equal lines are printed once; a name with two prototypes gives two lines.
set -eu
LC_ALL=C
export LC_ALL

awk '
function emit(text,    kind, n, part, i, out, type, name) {
	gsub(/\/\*[^*]*\*\//, "", text)
	gsub(/[ \t\n]+/, " ", text)
	kind = text ~ /^COMPAT_/ ? "compat_sys_" : "sys_"
	sub(/^[A-Z0-9_]*\(/, "", text)
	sub(/\)[^)]*$/, "", text)
	gsub(/ ?(__user|__force) ?/, " ", text)
	while (match(text, /SC_ARG64\([a-z_]+\)/)) {
		name = substr(text, RSTART + 9, RLENGTH - 10)
		text = substr(text, 1, RSTART - 1) "u32, " name "_lo, u32, " name "_hi" \
		       substr(text, RSTART + RLENGTH)
		kind = "compat_sys_"
	}
	n = split(text, part, / *, */)
	gsub(/ /, "", part[1])
	out = ""
	for (i = 2; i + 1 <= n; i += 2) {
		type = part[i]
		gsub(/ +/, " ", type)
		sub(/^ /, "", type)
		sub(/ $/, "", type)
		gsub(/\* +\*/, "**", type)
		if (type !~ /\*/)
			sub(/^const /, "", type)
		out = out (i > 2 ? ", " : "") type (type ~ /\*$/ ? "" : " ") part[i + 1]
	}
	gsub(/ +/, " ", out)
	print kind part[1], out == "" ? "void" : out
}

/^(COMPAT_)?SYSCALL(32)?_DEFINE[0-6]\(/ { text = ""; open = 1 }

open {
	line = $0
	text = text line "\n"
	depth = gsub(/\(/, "(", text) - gsub(/\)/, ")", text)
	if (depth <= 0) {
		emit(text)
		open = 0
	}
}' "$@" | LC_ALL=C sort -u
