#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Is what bpf_diff() decides true, and are bpf_smt()'s formulas the programs? z3 is asked
# (z3_test.py): about the golden policies, about random programs, and about docker's profile,
# where there is one.
set -u

here=$(cd "$(dirname "$0")" && pwd)
judged=${TESTBIN:-$here/..}/bpf/judged
data=${SBRUN_DATA:-$here/../../../shared/data}

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

# Debian's package is for Debian's python3, which need not be the first on the path.
python=/usr/bin/python3
"$python" -c 'import z3' 2>/dev/null || skip "no z3 for python3 (Debian: python3-z3)"
[ -x "$judged" ] || skip "tests/bpf/judged is not built"

set -- - "$here"/../golden/*.policy
profile=$data/seccomp/docker-default.json
if [ -r "$profile" ] && [ -r "$here/../../bpf/syscalls.tbl" ]; then
	set -- "$@" "$profile"
fi
exec "$python" "$here/z3_test.py" "$judged" 4 "$@"
