#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Print the policy files given as rows of C, { "name", "text" }, for bpf/builtins.c:
# one string literal a line, so that the table reads like the files.

for file; do
	printf '{ "%s",\n' "$(basename "$file")"
	# A backslash first, or those that follow would be doubled, too.
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/.*/  "&\\n"/' "$file"
	echo '},'
done
