#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What SyslogParse costs: against the fastest search for a word that is at hand, in time and
# memory as logs grow, and against the reader of aa-logprof. Ratios of interleaved runs; nothing
# is asserted. Needs 1.1 GB in TMPDIR for the time of the measurement.
#
#	RUNS=5	how many runs of each
#
# usage: SYSLOGPARSE=program bench/syslogparse.sh

set -eu
export LC_ALL=C

parser=${SYSLOGPARSE:?names the program}
python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import apparmor.logparser' 2>/dev/null; then
		python=$candidate
	fi
done
: "${RUNS:=5}"

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

# About a megabyte of a busy firewall's log: some 3,500 events that differ.
block() {
	awk 'BEGIN {
		srand(1)
		for (i = 0; i < 4600; i++) {
			proto = i % 3 ? "TCP" : "UDP"
			tail = i % 3 ? "WINDOW=64240 RES=0x00 SYN URGP=0 " : "LEN=40 "
			printf "Nov 24 %02d:%02d:%02d fw1 kernel: [%d.%06d] [UFW BLOCK] IN=eth0 OUT= " \
				"MAC=52:54:00:12:34:56:52:54:00:65:43:21:08:00 SRC=198.51.%d.%d " \
				"DST=192.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=%d ID=%d PROTO=%s " \
				"SPT=%d DPT=%d %s\n", i / 200, i / 77 % 60, i % 60, 180000 + i, i * 71,
				rand() * 16, rand() * 256, 40 + i % 24, rand() * 65536, proto,
				1024 + rand() * 60000, substr("0022002300800443338955223306", \
				1 + 4 * int(rand() * 7), 4) + 0, tail
		}
	}'
}

# The same events over and over, as the kernel tells of them.
accesses() {
	awk -v lines="$1" 'BEGIN {
		for (i = 0; i < lines; i++)
			printf "Nov 24 09:%02d:%02d web kernel: [%d.%06d] audit: type=1400 " \
				"audit(1795511524.220:%d): apparmor=\"DENIED\" operation=\"open\" " \
				"profile=\"/usr/sbin/nginx\" name=\"/srv/www/%d/page%d.html\" pid=1811 " \
				"comm=\"nginx\" requested_mask=\"r\" denied_mask=\"r\" fsuid=33 ouid=0\n",
				i / 60 % 60, i % 60, 4214 + i, i % 1000000, i + 1, i % 40, i % 25
	}'
}

repeat() {
	i=0
	while [ $i -lt "$1" ]; do
		cat "$2"
		i=$((i + 1))
	done
}

# Seconds and kilobytes of COMMAND: the largest of all its processes.
cat >"$T/measure.py" <<'END'
import os, resource, sys, time
start = time.monotonic()
pid = os.fork()
if pid == 0:
    # Not /dev/null, for which grep does not read on.
    os.dup2(os.open(os.environ["OUT"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(pid, 0)
took = time.monotonic() - start
if status:
    sys.exit("measure: %s: status %d" % (sys.argv[1], status))
print("%.4f %d" % (took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
END
export OUT="$T/out"

cat >"$T/aa.py" <<'END'
import sys
from apparmor.logparser import ReadLog
from apparmor.profile_list import ProfileList
profiles = ProfileList()
profiles.add_profile("/etc/apparmor.d/nginx", "/usr/sbin/nginx", "/usr/sbin/nginx")
tree = ReadLog(sys.argv[1], profiles, "/etc/apparmor.d").read_log("")
paths = tree["REJECTING"]["/usr/sbin/nginx"]["path"]
if len(paths) != 200:
    sys.exit("aa-logprof's reader found %d paths" % len(paths))
END

# Medians of RUNS runs of two commands in turn: seconds of the first, of the second, their
# ratio, and the memory of the first. --- stands between them.
compare() {
	run=0
	: >"$T/numbers"
	while [ $run -lt "$RUNS" ]; do
		run=$((run + 1))
		for side in a b; do
			python3 - "$side" "$T/measure.py" "$@" >>"$T/numbers" <<'END' || return 1
import subprocess, sys
side, measure, words = sys.argv[1], sys.argv[2], sys.argv[3:]
at = words.index("---")
words = words[:at] if side == "a" else words[at + 1:]
print(side, subprocess.check_output(["python3", measure] + words, text=True).strip())
END
		done
	done
	python3 - "$T/numbers" <<'END'
import statistics, sys
rows = [line.split() for line in open(sys.argv[1])]
a = [float(row[1]) for row in rows if row[0] == "a"]
b = [float(row[1]) for row in rows if row[0] == "b"]
ratio = statistics.median(x / y for x, y in zip(a, b))
memory = max(int(row[2]) for row in rows if row[0] == "a")
print("%8.3f %8.3f %8.3f %8d" % (statistics.median(a), statistics.median(b), ratio, memory // 1024))
END
}

row() {
	text=$1
	shift
	if numbers=$(compare "$@" 2>"$T/err"); then
		printf '%-58s %s\n' "$text" "$numbers"
	else
		printf '%-58s %8s  %s\n' "$text" - "$(tail -n 1 "$T/err")"
	fi
}

block >"$T/block"
size=$(($(wc -c <"$T/block") / 1000))
repeat $((100000000 / size / 1000 + 1)) "$T/block" >"$T/100"
repeat $((1000000000 / size / 1000 + 1)) "$T/block" >"$T/1000"
cat "$T/1000" >/dev/null

printf 'SyslogParse: medians of %d runs in turn; %d processors\n' "$RUNS" "$(nproc)"
printf '%-58s %8s %8s %8s %8s\n' 'A : B' 'A s' 'B s' 'A/B' 'A MB'
row "firewall, 1 GB : grep -c -F SRC=" "$parser" firewall "$T/1000" --- grep -c -F SRC= "$T/1000"
row "firewall, 1 GB, one thread : grep -c -F SRC=" "$parser" firewall --threads 1 "$T/1000" --- \
	grep -c -F SRC= "$T/1000"
row "firewall, 1 GB : 100 MB" "$parser" firewall "$T/1000" --- "$parser" firewall "$T/100"
row "firewall, 100 MB : grep -c -F SRC=" "$parser" firewall "$T/100" --- grep -c -F SRC= "$T/100"
row "firewall, 1 MB : the program without a log" "$parser" firewall "$T/block" --- "$parser" --layers

accesses 200000 >"$T/accesses"
if [ -n "$python" ]; then
	row "apparmor, 200,000 events : aa-logprof's reader" "$parser" apparmor "$T/accesses" --- \
		"$python" "$T/aa.py" "$T/accesses"
	row "apparmor, 200,000 events, one thread : aa-logprof's" "$parser" apparmor --threads 1 \
		"$T/accesses" --- "$python" "$T/aa.py" "$T/accesses"
else
	echo "(aa-logprof's reader: python3-apparmor is not installed)"
fi
