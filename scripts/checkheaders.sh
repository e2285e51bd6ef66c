#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: CC=gcc checkheaders.sh FLAGS... -- HEADER...
#
# Each header must compile alone, and be harmless when included twice.

flags=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	flags="$flags $1"
	shift
done
shift

status=0
for header; do
	# shellcheck disable=SC2086 # flags have no spaces
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		${CC:-cc} $flags -Werror -fsyntax-only -x c - || {
		echo "checkheaders: $header does not compile alone" >&2
		status=1
	}
done
exit $status
