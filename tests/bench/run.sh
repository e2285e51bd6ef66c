#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a sandbox costs: the start of /bin/true in sbrun, against bubblewrap with the same walls
# and the same filter. Ratios of interleaved pairs (pairs.c); times depend on the machine, and
# nothing is asserted here. Then what filters cost, against libseccomp's (filters.c), and
# against what minijail's compiler would make (minijail_model.py); and what SyslogParse does
# (syslogparse.sh).
#
#	PAIRS=200	how many pairs for each row
#	SBRUN_DATA=dir	profiles of others, and a histogram of calls
#
# usage: make bench

set -eu

: "${SBRUN:?names the program}" "${TESTBIN:?names the directory of the test programs}"
PAIRS=${PAIRS:-200}
user=64999

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$T"

# Copies that every user can read.
cp "$SBRUN" "$T/sbrun"
cp "$TESTBIN/bench/pairs" "$T/pairs"
"$TESTBIN/bench/filter" --policy strict -- true >"$T/strict.bpf"
printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' >"$T/passwd"
printf 'root:x:0:\nuser:x:1000:\n' >"$T/group"
chmod -R a+rX "$T"

as() {
	if [ "$1" = user ] && [ "$(id -u)" -eq 0 ]; then
		shift
		setpriv --reuid=$user --regid=$user --clear-groups env HOME=/nonexistent "$@"
	else
		shift
		"$@"
	fi
}

# row WHO TEXT [-i FILE] A... --- B...
row() {
	who=$1
	text=$2
	shift 2
	input=
	if [ "$1" = -i ]; then
		input=$2
		shift 2
	fi
	if numbers=$(as "$who" "$T/pairs" ${input:+-i "$input"} "$PAIRS" "$@" 2>"$T/err"); then
		# shellcheck disable=SC2086 # five numbers
		printf '%-48s %-4s %6s  (%s-%s) %8s %8s\n' "$text" "$who" $numbers
	else
		printf '%-48s %-4s %6s  %s\n' "$text" "$who" - "$(head -n 1 "$T/err")"
	fi
}

# The walls of policies/strict in bubblewrap's words: ...FILTER COMMAND.
set -- --unshare-all --die-with-parent --new-session --clearenv \
	--setenv PATH /usr/bin:/bin --setenv HOME /tmp --hostname sandbox --uid 1000 --gid 1000 \
	--cap-drop ALL --ro-bind /usr /usr
for dir in /bin /sbin /lib /lib32 /lib64 /libx32 /etc/ld.so.cache /etc/alternatives \
	/etc/localtime; do
	set -- "$@" --ro-bind-try "$dir" "$dir"
done
set -- "$@" --ro-bind "$T/passwd" /etc/passwd --ro-bind "$T/group" /etc/group \
	--proc /proc --dev /dev --perms 1777 --size 67108864 --tmpfs /tmp --remount-ro / --chdir /

sbrun="$T/sbrun --policy strict"
users=user
[ "$(id -u)" -ne 0 ] || users='root user'

printf 'median of %d pairs (and quartiles); times in microseconds, medians\n\n' "$PAIRS"
printf '%-48s %-4s %6s  %-11s %8s %8s\n' 'A : B' as A/B '' A B
for who in $users; do
	# shellcheck disable=SC2086 # $sbrun is words
	if command -v bwrap >/dev/null; then
		row "$who" 'sbrun : bwrap, the same walls and filter' -i "$T/strict.bpf" \
			$sbrun -- /bin/true --- bwrap "$@" --seccomp 9 /bin/true
		row "$who" 'sbrun : bwrap, the same walls, no filter' \
			$sbrun -- /bin/true --- bwrap "$@" /bin/true
	else
		echo '(bubblewrap is not installed)'
	fi
	# shellcheck disable=SC2086
	{
		row "$who" 'sbrun : the command alone' $sbrun -- /bin/true --- /bin/true
		row "$who" 'sbrun standard : sbrun strict' "$T/sbrun" --policy standard -- /bin/true \
			--- $sbrun -- /bin/true
		row "$who" 'the plan alone : sbrun' $sbrun --explain plan -- /bin/true --- \
			$sbrun -- /bin/true
		row "$who" 'the policy read and printed : sbrun' $sbrun --print-policy --- \
			$sbrun -- /bin/true
	}
done
printf '\nsbrun proves its filter at each start and reads every wall back; bwrap gets the filter\n'
printf 'ready-made, makes no time namespace, and reads nothing back.\n'

printf '\n'
data=${SBRUN_DATA:-$(dirname "$0")/../../../shared/data}
"$TESTBIN/bench/filters" "$data"
if command -v python3 >/dev/null; then
	printf '\n'
	python3 "$(dirname "$0")/minijail_model.py" "${SBPF:-$TESTBIN/../bpf/sbpf/sbpf}" "$data"
fi

printf '\n'
"$(dirname "$0")/syslogparse.sh"
