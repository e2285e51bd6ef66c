#!/bin/sh
# SPDX-License-Identifier: MIT
#
# values-def.sh <values.s >values.def: scripts/values.c, compiled, as rows of constants.def, but with
# numbers. Before a number some machines write a "$" or "#".
set -eu

awk '
$1 == ".ascii" && $2 == "\"->" {
	gsub(/[$#"]/, "")
	printf "CONSTANT(\"%s\", (uint64_t)%su << 32 | %su, %s)\n", $3, $4, $5, $6
	rows++
}
END { exit rows < 1000 }'
