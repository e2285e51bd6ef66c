#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2016,SC2154
#
# output-limit: just so much of what is written to 1 and 2 comes out, and a byte more ends it; each
# with its twin that writes as much as may be. What is written comes out whole and in order.

. "$(dirname "$0")/lib.sh"

chmod 777 "$T"
printf '#!/bin/sh\n"$@" 2>&1\n' >"$T/both" # one descriptor for the two
printf '#!/bin/sh\nfile=$1\nshift\n"$@" 0<>"$file"\n' >"$T/readwrite"
printf '#!/bin/sh\n{ "$@"; echo $? >&3; } 3>&1 >"$FIFO"\n' >"$T/stuck"
printf '#!/bin/sh\n{ { "$@"; echo $? >&3; } | head -n 1 >/dev/null; } 3>&1\n' >"$T/left"
chmod 755 "$T/both" "$T/readwrite" "$T/stuck" "$T/left"

fired='^sbrun: limit: output-limit: ended after 10 bytes of output$'

try() {
	AS=$1
	who=${1:-root}

	expect_output 123456789 "$who: as much as may be" ${AS:+"$AS"} "$SBRUN" \
		--output-limit 10 -- echo 123456789
	expect_status 124 "$who: a byte more" ${AS:+"$AS"} "$SBRUN" --output-limit 10 \
		-- printf 12345678901
	expect_stderr "$fired" "$who: it says so"
	expect_stdout '^1234567890$' "$who: and what may come out does"
	expect_status 124 "$who: without end" ${AS:+"$AS"} "$SBRUN" --output-limit 64K -- yes
	check "$who: just that" test "$(${AS:+"$AS"} "$SBRUN" --quiet --output-limit 64K -- yes |
		wc -c)" -eq 65536
	allowed "$who: less" --output-limit 64K -- sh -c 'yes | head -n 1000'
	expect_status 124 "$who: nothing at all" ${AS:+"$AS"} "$SBRUN" --output-limit 0 -- echo
	allowed "$who: nothing written" --output-limit 0 -- true

	expect_status 124 "$who: both together" ${AS:+"$AS"} "$SBRUN" --output-limit 10 -- \
		sh -c 'echo 12345; echo 12345 >&2; sleep 5'
	allowed "$who: both, together less" --output-limit 10 -- \
		sh -c 'echo 1234; echo 1234 >&2'
	expect_status 124 "$who: children and theirs" ${AS:+"$AS"} "$SBRUN" --output-limit 10 -- \
		sh -c 'for i in 1 2 3 4 5 6; do (echo $i &) ; done; sleep 5'
	expect_status 124 "$who: through another name" ${AS:+"$AS"} "$SBRUN" --output-limit 10 -- \
		sh -c 'echo 1234567890 >/dev/stdout; sleep 5'
	expect_status 7 "$who: its own status" ${AS:+"$AS"} "$SBRUN" --output-limit 10 -- \
		sh -c 'echo x; exit 7'

	# As it would come out without.
	expect_output "$(seq 1 20000)" "$who: whole" ${AS:+"$AS"} "$SBRUN" --output-limit 1M -- \
		seq 1 20000
	order='for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done'
	expect_output "$(sh -c "$order" 2>&1)" "$who: in order" ${AS:+"$AS"} "$T/both" "$SBRUN" \
		--output-limit 1M -- sh -c "$order"
	expect_output "$(sh -c "$order" 2>&1)" "$who: in order, by stderr stdout" ${AS:+"$AS"} \
		"$SBRUN" --output-limit 1M --stderr stdout -- sh -c "$order"
	expect_output 141 "$who: a reader who leaves" ${AS:+"$AS"} "$T/left" "$SBRUN" \
		--output-limit 1G -- yes

	# Files in the place of 1 and 2.
	rm -f "$T/file"
	expect_status 124 "$who: to a file" ${AS:+"$AS"} "$SBRUN" --output-limit 10 \
		--stdout "$T/file" -- yes 123
	check "$who: with just that in it" test "$(wc -c <"$T/file")" -eq 10

	# No other way to where 1 leads: a descriptor 0 that can be written, as a terminal's.
	rm -f "$T/file"
	expect_status 0 "$who: standard input can be written" ${AS:+"$AS"} "$T/readwrite" "$T/file" \
		"$SBRUN" -- sh -c 'echo x >&0'
	expect_status 1 "$who: but not where output is limited" ${AS:+"$AS"} "$T/readwrite" \
		"$T/file" "$SBRUN" --output-limit 1M -- sh -c 'echo x >&0'
	expect_output x "$who: and read" ${AS:+"$AS"} "$T/readwrite" "$T/file" "$SBRUN" \
		--output-limit 1M -- cat

	# A reader who takes nothing: the time limit holds.
	rm -f "$T/fifo"
	mkfifo -m 666 "$T/fifo"
	sleep 60 <>"$T/fifo" &
	reader=$!
	expect_output 124 "$who: a reader who takes nothing" ${AS:+"$AS"} env FIFO="$T/fifo" \
		"$T/stuck" "$SBRUN" --output-limit 1M --time-limit 1 -- yes
	expect_stderr '^sbrun: limit: time-limit: ' "$who: and it was the time"
	kill "$reader"
	wait "$reader" 2>/dev/null
}

[ "$(id -u)" -ne 0 ] || try ''
rm -f "$T/file" "$T/fifo"
try as_user
AS=

# ---- what it says of itself ----

check 'explained' "$SBRUN" --output-limit 10 --explain plan -- true
expect_stdout '^  output +10 bytes at most$' 'as what it is'
check 'dry run' "$SBRUN" --output-limit 10 --dry-run -- true
if command -v jq >/dev/null 2>&1; then
	"$SBRUN" --quiet --status-fd 3 --output-limit 10 -- yes 3>"$T/status" >/dev/null
	expect_output 'limit output-limit
output-limit 124' 'events' jq -r \
		'select(.event != "started") | [.event, (.limit // .status)] | join(" ")' "$T/status"
else
	skip 'events' 'needs jq'
fi

# A terminal of its own: what it shows.
if command -v python3 >/dev/null 2>&1; then
	cat >"$T/screen.py" <<'EOF'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
while True:
    try:
        more = os.read(fd, 4096)
    except OSError:
        break
    if not more:
        break
    text += more
status = os.waitpid(pid, 0)[1]
print(os.WEXITSTATUS(status), text.split(b"sbrun")[0].decode())
EOF
	expect_output '124 1234567890' 'a terminal' python3 "$T/screen.py" "$SBRUN" --output-limit 10 \
		-- sh -c 'test -t 1 && printf 123456789012345; sleep 5'
	expect_output '0 123456789' 'a terminal, as much as may be' python3 "$T/screen.py" "$SBRUN" \
		--output-limit 10 -- sh -c 'test -t 1 && printf 123456789'
else
	skip 'a terminal' 'needs python3'
fi

finish
