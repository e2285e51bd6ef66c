# SPDX-License-Identifier: MIT
#
# usage: awk -f vmtable.awk KERNEL.res...
#
# What scripts/vmtest found out of each kernel, in Markdown: the table of tests, the table of what
# --doctor said, and for each kernel what failed, what is known to fail, and what was skipped.
# Columns are aligned, for the text is read as it is, too.

function base(path) {
	sub(/.*\//, "", path)
	sub(/\.res$/, "", path)
	return path
}

# Print the rows 0..ROWS of grid[row, column], columns 0..n; row 0 is the head.
function print_grid(rows,    r, c, w, line) {
	for (c = 0; c <= n; c++) {
		width[c] = 3
		for (r = 0; r <= rows; r++) {
			w = length(grid[r, c])
			if (w > width[c])
				width[c] = w
		}
	}
	for (r = 0; r <= rows; r++) {
		line = "|"
		for (c = 0; c <= n; c++)
			line = line sprintf(" %-" width[c] "s |", grid[r, c])
		print line
		if (r > 0)
			continue
		line = "|"
		for (c = 0; c <= n; c++) {
			w = sprintf("%" (width[c] + 2) "s|", "")
			gsub(/ /, "-", w)
			line = line w
		}
		print line
	}
}

function head(title,    c) {
	delete grid
	grid[0, 0] = title
	for (c = 1; c <= n; c++)
		grid[0, c] = kernel[c]
}

# A value that is too long for a column says only that there is one.
function state(text) {
	return length(text) > 10 || text ~ /[|]/ ? "here" : text
}

function numbers(pass, fail, skip) {
	return pass + 0 (skip ? " (" skip ")" : "") (fail ? " **" fail " failed**" : "")
}

FNR == 1 { kernel[++n] = base(FILENAME); title[n] = kernel[n] }
$1 == "name" { title[n] = substr($0, 6) }
$1 == "cell" {
	if (!($2 in seen)) {
		seen[$2] = 1
		row[++rows] = $2
	}
	cell[n, $2] = numbers($3, $4, $5)
	pass[n] += $3
	fail[n] += $4
	skip[n] += $5
}
# A machine that stopped has one failure more than its cells.
/^failed the machine/ { fail[n]++ }
$1 == "failed" { list[n] = list[n] "- **failed** " substr($0, 8) "\n" }
$1 == "again" { list[n] = list[n] "- run twice: " substr($0, 7) "\n" }
$1 == "known" { list[n] = list[n] "- known: " substr($0, 7) "\n" }
$1 == "doctor" {
	status[n] = $2
}
$1 == "feature" {
	split($0, field, "\t")
	if (!(field[3] in known)) {
		known[field[3]] = 1
		feature[++features] = field[3]
		group[features] = field[2]
	}
	has[n, field[3]] = state(field[4])
}
$1 == "skip" {
	if (!reason[n, substr($0, 6)]++)
		reasons[n] = reasons[n] "\n" substr($0, 6)
}

END {
	print "## Tests\n"
	head("tests")
	for (r = 1; r <= rows; r++) {
		grid[r, 0] = row[r]
		for (c = 1; c <= n; c++)
			grid[r, c] = cell[c, row[r]]
	}
	grid[r, 0] = "all"
	for (c = 1; c <= n; c++)
		grid[r, c] = numbers(pass[c], fail[c], skip[c])
	print_grid(r)

	if (features)
		print "\n## What `sbrun --doctor` says"
	for (i = 1; i <= features; i = first + r) {
		first = i
		print "\n### " group[i] "\n"
		head("feature")
		for (r = 0; first + r <= features && group[first + r] == group[first]; r++) {
			grid[r + 1, 0] = feature[first + r]
			for (c = 1; c <= n; c++)
				grid[r + 1, c] = has[c, feature[first + r]]
		}
		print_grid(r)
	}
	if (features) {
		print "\n### In all\n"
		head("exit status")
		grid[1, 0] = "`sbrun --doctor`"
		for (c = 1; c <= n; c++)
			grid[1, c] = status[c]
		print_grid(1)
	}

	for (c = 1; c <= n; c++) {
		print "\n## Linux " title[c] "\n"
		printf "%s", list[c]
		words = split(substr(reasons[c], 2), word, "\n")
		for (k = 1; k <= words; k++)
			print "- skipped " reason[c, word[k]] ": " word[k]
	}
}
