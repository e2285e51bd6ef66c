#!/bin/sh
# SPDX-License-Identifier: MIT
#
# syscalls-def.sh <bpf/syscalls.tbl >syscalls.def: the table as C initializers for
# bpf/tables.c, in sections of which each #include picks one:
#
#	BPF_DEF_SYSCALLS	rows of struct bpf_syscall, sorted by name
#	BPF_DEF_VARIANTS	rows of struct variant: arguments that differ under one ABI
#	BPF_DEF_NUMBERS		"[ABI][NR] = row + 1"
#	BPF_DEF_SLOTS		"[SLOT] = row + 1": bpf_syscall_find()'s hash table
set -eu

LC_ALL=C awk '
function fail(why) {
	print "syscalls.tbl:" NR ": " why >"/dev/stderr"
	failed = 1
	exit 1
}

# "unsigned int fd, char *buf" as "2, { { "fd", "unsigned int" }, { "buf", "char *" } }".
function arguments(text,    part, n, i, name, type, out) {
	if (text == "-")
		return "0, { { 0 } }"
	if (text == "void")
		return "0, { { \"\", \"void\" } }"
	n = split(text, part, ", ")
	if (n > 6)
		fail("more than six arguments")
	for (i = 1; i <= n; i++) {
		name = part[i]
		sub(/.*[ *]/, "", name)
		type = substr(part[i], 1, length(part[i]) - length(name))
		sub(/ $/, "", type)
		if (name == "" || type == "")
			fail("not an argument: " part[i])
		out = out (i > 1 ? ", " : "") "{ \"" name "\", \"" type "\" }"
	}
	return n ", { " out " }"
}

# Where bpf_syscall_find() begins to look for NAME; the next slots follow.
function slot_of(name,    i, hash) {
	hash = 0
	for (i = 1; i <= length(name); i++)
		hash = (hash * 31 + code[substr(name, i, 1)]) % nslots
	return hash
}

function rest(from,    text, i) {
	text = $from
	for (i = from + 1; i <= NF; i++)
		text = text " " $i
	return text
}

BEGIN {
	nabi = split("X86_64 I386 X32 AARCH64 RISCV64", abis, " ")
	nrows = nvariants = 0
	nslots = 1024
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
}

/^#/ || NF == 0 { next }

$1 ~ /^@/ {
	if (nrows == 0)
		fail("arguments of no call")
	variants[nvariants++] = "{ " (nrows - 1) ", BPF_" toupper(substr($1, 2)) ", " \
				arguments(rest(2)) " },"
	next
}

NF < 8 { fail("too few columns") }
$1 <= last { fail($1 " is not sorted") }

{
	last = $1
	numbers = ""
	for (i = 1; i <= nabi; i++) {
		if ($(i + 1) != "-" && $(i + 1) !~ /^[0-9]+$/)
			fail("not a number: " $(i + 1))
		numbers = numbers (i > 1 ? ", " : "") ($(i + 1) == "-" ? "BPF_NO_NR" : $(i + 1))
		if ($(i + 1) == "-")
			continue
		if ((i, $(i + 1)) in taken)
			fail(abis[i] " has number " $(i + 1) " twice")
		taken[i, $(i + 1)] = 1
		count[i]++
		byname[i, $1] = 1
		index_rows[nindex++] = "[BPF_" abis[i] "][" $(i + 1) "] = " (nrows + 1) ","
	}
	for (slot = slot_of($1); slot in slots; slot = (slot + 1) % nslots)
		continue
	slots[slot] = nrows + 1
	if (nrows > nslots * 3 / 4)
		fail("more calls than the hash table is for")
	rows[nrows++] = "{ \"" $1 "\", { " numbers " }, \"" ($7 == "-" ? "" : $7) "\", " \
			arguments(rest(8)) " },"
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= nabi; i++)
		if (count[i] < 250 || !((i, "read") in byname) || !((i, "execve") in byname) ||
		    !((i, "seccomp") in byname))
			fail("too short for " abis[i])
	print "/* Made by scripts/syscalls-def.sh. */"
	print "#ifdef BPF_DEF_SYSCALLS"
	for (i = 0; i < nrows; i++)
		print rows[i]
	print "#endif\n#ifdef BPF_DEF_VARIANTS"
	for (i = 0; i < nvariants; i++)
		print variants[i]
	print "#endif\n#ifdef BPF_DEF_NUMBERS"
	for (i = 0; i < nindex; i++)
		print index_rows[i]
	print "#endif\n#ifdef BPF_DEF_SLOTS"
	for (i = 0; i < nslots; i++)
		if (i in slots)
			print "[" i "] = " slots[i] ","
	print "#endif"
}'
