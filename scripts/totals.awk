# SPDX-License-Identifier: MIT
#
# awk [-v file=FILE] -f totals.awk: lines "PASSED FAILED SKIPPED" as one sentence, the last line of
# a run; or, if another run adds it to its own, as numbers in FILE, and the sentence in brackets.
# Status 1: some failed, or none passed.

{ pass += $1; fail += $2; skip += $3 }
END {
	totals = sprintf("%d passed, %d failed, %d skipped", pass, fail, skip)
	if (file != "") {
		print pass + 0, fail + 0, skip + 0 >>file
		totals = "(" totals ")"
	}
	print totals
	exit fail > 0 || pass == 0
}
