# SPDX-License-Identifier: MIT
#
# usage: awk -v status=N -v limit=SECONDS -f judge.awk OUTPUT
#
# What the TAP of a test program amounts to that ended with STATUS. Prints "result PASSED FAILED
# SKIPPED", and before it lines "skip REASON", then "problem TEXT", if there is one.
function skipped(text) {
	sub(/.*# *[Ss][Kk][Ii][Pp][:]? */, "", text)
	return text == "" ? "no reason given" : text
}
/^1\.\.[0-9]+/ {
	plans++
	plan = substr($1, 4) + 0
	if (plan == 0 && /# *[Ss][Kk][Ii][Pp]/) {
		skip = 1
		print "skip " skipped($0)
		whole = 1
	}
}
/^not ok / { fail++ }
/^ok / {
	if (/# *[Ss][Kk][Ii][Pp]/) {
		skip++
		print "skip " skipped($0)
	} else {
		pass++
	}
}
END {
	seen = pass + fail + (whole ? 0 : skip)
	if (status == 124 || status == 137)
		problem = "killed, or not done in " limit " seconds"
	else if (status > 128)
		problem = "killed by signal " (status - 128)
	else if (plans != 1)
		problem = plans ? "more than one plan" : "no plan, exit status " status
	else if (seen != plan)
		problem = seen " results, planned " plan
	else if (plan == 0 && !whole)
		problem = "nothing was tested"
	else if (status != 0 && fail == 0 && !(status == 4 && skip > 0))
		problem = "exit status " status " though nothing failed"
	if (problem != "") {
		fail++
		print "problem " problem
	}
	print "result " pass + 0, fail + 0, skip + 0
}