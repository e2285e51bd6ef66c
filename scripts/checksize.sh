#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: checksize.sh FILE...		No file above 600 lines; tests may have 1000.

status=0
for file; do
	case $file in
	tests/* | */tests/*) limit=1000 ;;
	*) limit=600 ;;
	esac
	lines=$(wc -l <"$file")
	if [ "$lines" -gt $limit ]; then
		echo "checksize: $file has $lines lines; $limit are enough" >&2
		status=1
	fi
done
exit $status
