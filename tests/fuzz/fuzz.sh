#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: fuzz.sh [TARGET]...	Run fuzz targets for FUZZ_SECONDS each: all, if none is named.
#
# For "make fuzz", in the directory where they were built. Each begins with seeds, and with what
# earlier runs found worth keeping: corpus/TARGET. Seeds are the policies and golden tests of
# this tree, what sbpf makes of them, the files *.seed beside this script, and policies that
# others wrote, where they are at hand (SBRUN_DATA). What goes wrong leaves its input, of which
# the path is printed, and exit status 1.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$here/../..
data=${SBRUN_DATA:-$root/../shared/data}/seccomp
logs=${SBRUN_DATA:-$root/../shared/data}
seconds=${FUZZ_SECONDS:-60}
sbpf=$PWD/bpf/sbpf/sbpf

# Lines up to 4096 bytes in all, which is what a target takes; "include" is not for policy_fuzz.
policy_lines() {
	awk '{ sub(/[ \t]*#.*/, "") }
		/^[a-z@(){}-]+ / && !/^include/ && (size += length($0) + 1) <= 4096' "$1"
}

# A line that policy_fuzz would refuse takes the rest of the file with it.
call_lines() {
	policy_lines "$1" | grep -E '^(default|unknown|abi|set|allow|deny|errno|kill|trap|log|trace|notify)'
}

# Programs, made from all policies: what sbpf says to those that are none of its own is of no use.
exported() {
	for policy in "$root"/policies/* "$root"/tests/golden/*.policy; do
		"$sbpf" export --to "$1" "$policy" -o "$2/$(basename "$policy").$1" 2>/dev/null ||
			rm -f "$2/$(basename "$policy").$1"
	done
}

# Each golden test's policy on top of another one's.
pairs() {
	under=$root/policies/strict-calls
	for top in "$root"/tests/golden/*.policy; do
		{
			call_lines "$under" | head -n 30
			echo %
			call_lines "$top"
		} >"$1/$(basename "$top")"
		under=$top
	done
}

# Lines of logs: those in the tables of the tests, and some of others' logs.
log_lines() {
	grep -hE '^[[:space:]]*\{ ".*",$' "$root"/tests/syslogparse/*_test.c |
		sed 's/^[[:space:]]*{ "//; s/",$//; s/\\"/"/g' | split -a 4 -l 1 - "$1/row-"
	for log in "$logs"/netfilter/psad/* "$logs"/apparmor/test_multi/*.in; do
		[ ! -f "$log" ] || head -n 2 "$log" | split -a 1 -l 1 - "$1/$(basename "$log")-"
	done
}

# A byte that chooses, then a log; some packed.
whole_logs() {
	for log in "$logs"/netfilter/psad/* "$logs"/apparmor/test_multi/*.in; do
		[ -f "$log" ] || continue
		{ printf '\001' && head -c 3000 "$log"; } >"$1/$(basename "$log")"
		{ printf '\370' && head -c 3000 "$log" | gzip; } >"$1/$(basename "$log").gz"
	done
	printf ' {"_TRANSPORT":"kernel","MESSAGE":"IN=a OUT="}\n' >"$1/json"
	printf ' __CURSOR=a\n_TRANSPORT=kernel\nMESSAGE=IN=a OUT=\nB\n\001\0\0\0\0\0\0\0x\n\n' \
		>"$1/export"
	printf ' a\nJan  1 00:00:00 h last message repeated 2 times\n' >"$1/repeated"
}

# A byte for what was asked for, an odd one for a text without frames; then frames.
replies() {
	printf '\005\001*filter\n:INPUT - [0:0]\n-A INPUT -4 -i a -s 192.0.2.1/24 -p tcp -m multiport --dports 1:2,3 -j DROP\nCOMMIT\n' >"$1/iptables"
	printf '\001\001add table inet syslogparse\ndelete table inet syslogparse\ntable inet syslogparse {\n\tset rule1_saddr {\n\t\telements = {\n\t\t\t::1, ::2/64\n\t\t}\n\t}\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t\tiifname "a" ip6 saddr @rule1_saddr udp dport { 1, 2-3 } counter accept\n\t}\n}\n' >"$1/nft"
	printf '\002\001# c\nufw route allow in on a out on b proto tcp from 192.0.2.1 to 192.0.2.2 port 1,2:3\n' >"$1/ufw"
	printf '\003\001abi <abi/3.0>,\n\n/a {\n  capability kill,\n  unix (send, bind) type=stream peer=(addr="@a b"),\n  owner "/b\\"c/[0-9]*" rw,\n  ^d {\n    mount options=(ro) /e -> /f,\n  }\n}\n' >"$1/profile"
	printf '\004\001{"a":[1,-0.5,{"b":"c\\\\x1b\\""}],"d":null}\n' >"$1/json"
	{
		printf '\002\002\001\0\0\0' && printf '\330\005\0\0' && head -c 1496 /dev/zero
		printf '\002\0\0\0\002\0\0\0#\n'
		printf '\003\0\0\0\020\0\0\0\002\0\0\0\0\0\0\0\001\0\0\0\0\0\0\0'
	} >"$1/frames"
}

others() {
	to=$1
	shift
	for file; do
		[ -f "$file" ] && cp "$file" "$to"
	done
}

seed() {
	case $1 in
	import_kafel_fuzz) others "$2" "$here"/kafel.seed "$data"/kafel/* ;;
	import_minijail_fuzz)
		others "$2" "$here"/minijail.seed "$data"/minijail/* "$data"/crosvm/*/* \
			"$data"/chromeos-platform2/*
		;;
	import_oci_fuzz)
		exported oci "$2"
		others "$2" "$data"/*.json "$data"/docker*/*.json "$data"/containers/*.json
		;;
	lines_fuzz) log_lines "$2" ;;
	policy_fuzz)
		for policy in "$root"/policies/* "$root"/tests/golden/*.policy; do
			call_lines "$policy" >"$2/$(basename "$policy")"
		done
		;;
	program_fuzz | simulate_fuzz) exported raw "$2" ;;
	reader_fuzz | rules_fuzz) whole_logs "$2" ;;
	reply_fuzz) replies "$2" ;;
	setting_fuzz) others "$2" "$root"/policies/* "$root"/tests/golden/*.policy ;;
	stack_fuzz) pairs "$2" ;;
	text_fuzz) exported asm "$2" ;;
	esac
}

run() {
	target=$1
	corpus=corpus/$target
	log=logs/$target
	max=$(sed -n 's/^#define FUZZ_MAX_INPUT *\([0-9]*\).*/\1/p' "$here/$target.c")
	mkdir -p "$corpus" "seeds/$target" findings logs
	# Apart, so that what it calls its files is not what we call ours.
	(seed "$target" "seeds/$target")
	"tests/fuzz/$target" -max_total_time="$seconds" -max_len="${max:-4096}" -timeout=20 \
		-rss_limit_mb=3072 -print_final_stats=1 -artifact_prefix="$PWD/findings/$target-" \
		"$corpus" "seeds/$target" >"$log" 2>&1
	status=$?
	awk -v target="$target" '
	/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
	/^stat::number_of_executed_units:/ { runs = $2 }
	END { printf "%s: %d runs, %d edges\n", target, runs, cov }' "$log"
	[ $status -eq 0 ] && return
	failed=1
	grep -E 'ERROR|SUMMARY|runtime error|^    #[0-9]' "$log" | head -n 20
	sed -n "s/^artifact_prefix=.*Test unit written to /$target: input /p" "$log"
	echo "$target: FAILED; all it said is in $PWD/$log"
}

failed=0
[ $# -gt 0 ] || set -- tests/fuzz/*_fuzz
for target; do
	target=${target##*/}
	if [ -x "tests/fuzz/$target" ]; then
		run "$target"
	else
		echo "fuzz.sh: no target '$target'" >&2
		failed=1
	fi
done
exit $failed
