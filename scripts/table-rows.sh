#!/bin/sh
# SPDX-License-Identifier: MIT
#
# table-rows.sh DIR: join what mktables has put into DIR into the rows of
# bpf/syscalls.tbl.  DIR has, for each ABI, nr.ABI ("NAME NR", from the headers) and
# entry.ABI ("NAME NR ENTRY", from the kernel's *.tbl), and protos ("ENTRY ARGUMENTS"), since
# ("NAME VERSION") and facts (scripts/table-facts.list).
#
# The first prototype found, in the order of the ABIs, is the call's own; an ABI whose
# kernel function reads its registers differently gets a line "@ABI ARGUMENTS" below
# it: other arguments, another order, another width or sign (where compat_long_t
# on i386 is the same as long).  Another name alone makes no difference.
set -eu
LC_ALL=C
export LC_ALL

cd "$1"
awk '
# TYPE as far as it matters on ABI.
function plain(type, abi) {
	if (type ~ /\*/ || type == "compat_uptr_t")
		return "*"
	if (abi == "i386") {
		if (type != "compat_mode_t")
			sub(/^compat_/, "", type)
		if (type ~ /^(unsigned long|ulong_t|size_t|u32|__u32|aio_context_t|unsigned)$/ ||
		    type == "unsigned int")
			return "u32"
		if (type ~ /^(long|long_t|ssize_t|off_t|s32|int|pid_t|key_serial_t|clock_t)$/)
			return "s32"
	}
	if (type ~ /^compat_(size|ulong|aio_context)_t$/)
		return "u32"
	sub(/^compat_mode_t$/, "umode_t", type)
	sub(/^compat_pid_t$/, "pid_t", type)
	return type
}

# The arguments of a prototype into NAME[1..n] and TYPE[1..n].
function parse(arguments, name, type,    part, n, i) {
	n = arguments == "void" ? 0 : split(arguments, part, ", ")
	for (i = 1; i <= n; i++) {
		name[i] = part[i]
		sub(/.*[ *]/, "", name[i])
		type[i] = substr(part[i], 1, length(part[i]) - length(name[i]))
		sub(/ $/, "", type[i])
	}
	return n
}

# Another name alone makes no difference, unless it is one that OWN has elsewhere.
function differ(own, other, abi,    n, m, i, j, name, type, name2, type2) {
	if (own == other)
		return 0
	n = parse(own, name, type)
	m = parse(other, name2, type2)
	if (n != m || other == "")
		return 1
	for (i = 1; i <= n; i++) {
		if (plain(type[i], abi) != plain(type2[i], abi))
			return 1
		for (j = 1; j <= n; j++)
			if (j != i && name2[i] == name[j])
				return 1
	}
	return 0
}

# ENTRY under ABI, or "" when the table names none or its definition is not known.
function prototype(entry, abi) {
	if ((entry "@" abi) in fact)
		return fact[entry "@" abi]
	if (entry in fact)
		return fact[entry]
	return proto[entry]
}

BEGIN {
	nabi = split("x86_64 i386 x32 aarch64 riscv64", abis, " ")
	split("x86_64 aarch64 riscv64 i386 x32", order, " ")

	while ((getline line <"protos") > 0) {
		name = line
		sub(/ .*/, "", name)
		if (name in proto && !(name in twice))
			twice[name] = 1
		proto[name] = substr(line, length(name) + 2)
	}
	while ((getline line <"since") > 0) {
		split(line, word, " ")
		since[word[1]] = word[2]
	}
	while ((getline line <"facts") > 0) {
		split(line, word, " ")
		if (word[1] == "since")
			since[word[2]] = word[3]
		else if (word[1] == "proto")
			fact[word[2]] = substr(line, length(word[2]) + 8)
	}
	for (a = 1; a <= nabi; a++) {
		abi = abis[a]
		while ((getline line <("nr." abi)) > 0) {
			split(line, word, " ")
			nr[word[1], abi] = word[2]
			names[word[1]] = 1
		}
		while ((getline line <("entry." abi)) > 0) {
			split(line, word, " ")
			if (nr[word[1], abi] != word[2]) {
				print "headers and table differ: " abi " " line >"/dev/stderr"
				bad = 1
			}
			entry[word[1], abi] = word[3]
		}
	}
	for (name in names) {
		own = ""
		for (a = 1; a <= nabi && own == ""; a++) {
			e = entry[name, order[a]]
			if (e in twice && !(e in fact)) {
				print e ": several definitions" >"/dev/stderr"
				bad = 1
			}
			own = prototype(e, order[a])
		}
		if (!(name in since))
			since[name] = "-"
		row = sprintf("%-28s", name)
		for (a = 1; a <= nabi; a++)
			row = row sprintf(" %4s", (name, abis[a]) in nr ? nr[name, abis[a]] : "-")
		printf "%s\t0\t%s  %-7s %s\n", name, row, since[name], own == "" ? "-" : own
		for (a = 1; a <= nabi; a++) {
			if (!((name, abis[a]) in nr) || own == "")
				continue
			p = prototype(entry[name, abis[a]], abis[a])
			if (differ(own, p, abis[a]))
				printf "%s\t%d\t%16s%-9s%s\n", name, a, "", "@" abis[a], p == "" ? "-" : p
		}
	}
	exit bad
}' >keyed
LC_ALL=C sort keyed | cut -f 3
