#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# Calls that no sandboxed program has any business with (the list is in intrude.c), one by one;
# all that are newer than the oldest kernel; and what is above the part of an argument that
# the kernel looks at. Outside the kernel looks at the arguments of each and finds them
# bad, so it was made; inside, the filter answers. Where the rule is taken away the kernel does
# again, or asks for a capability first.

. "$(dirname "$0")/common.sh"

# ---- by number ----

# answers FILE CMD...: what "calls" says, behind CMD.
answers() {
	answers_file=$1
	shift
	tap_run as_caller "$@" "$INTRUDE" calls
	cp "$T/out" "$answers_file"
	[ "$(wc -l <"$answers_file")" -gt 50 ] || tap_explain calls
}

# Of each call: what it says outside, by root of namespaces of its own (some ask for a capability
# first), under strict, under strict without the rules for them, under standard.
table_of_answers() {
	answers "$T/free"
	answers "$T/root" unshare -rmnu
	answers "$T/strict" "$SBRUN" --policy strict $VISIBLE --
	names=$(cut -d ' ' -f 1 "$T/free")
	answers "$T/off" "$SBRUN" --policy strict --allow $names $VISIBLE --
	answers "$T/standard" "$SBRUN" --policy standard $VISIBLE --
	sort "$T/free" >"$T/table"
	for column in root strict off standard; do
		sort "$T/$column" | join "$T/table" - >"$T/joined"
		mv "$T/joined" "$T/table"
	done
}

# stopped POLICY CALL ANSWER
stopped() {
	case $3 in
	SIGSYS | EPERM) ok "$who: $1: call $2: $3" ;;
	*) not_ok "$who: $1: call $2: stopped" "got: $3" ;;
	esac
}

# let_through CALL FREE STRICT OFF: with the rule gone it is not the filter that answers.
let_through() {
	if [ "$4" = "$2" ] || { [ "$3" = SIGSYS ] && [ "$4" = EPERM ]; }; then
		ok "$who: strict, filter off: call $1: $4"
	elif [ "$4" = EPERM ]; then
		skip "$who: strict, filter off: call $1" 'the kernel answers as the filter does'
	else
		not_ok "$who: strict, filter off: call $1: $2" "got: $4"
	fi
}

test_calls() {
	table_of_answers
	while read -r call free root strict off standard <&8; do
		[ "$free" != EPERM ] || free=$root
		case $free in
		EPERM | ENOSYS)
			skip "$who: call $call" "outside it is $free"
			continue
			;;
		esac
		stopped strict "$call" "$strict"
		let_through "$call" "$free" "$strict" "$off"
		# It takes a process of the sandbox that is dying anyway.
		[ "$call" = process_mrelease ] || stopped standard "$call" "$standard"
	done 8<"$T/table"
	expect_output '' "$who: of each call it is known" sh -c '
		cut -d " " -f 1 "$1" | sort | join -v 1 - "$2"' sh "$T/free" "$T/table"
}

# The numbers that are the same on all machines, known ones and such as may come. Uprobes (335
# and 336 of x86_64) are no calls of a program's, and no filter is asked.
#	424 pidfd_send_signal, 434 pidfd_open, 436 close_range, 437 openat2, 439 faccessat2,
#	441 epoll_pwait2, 444 to 446 Landlock, 448 process_mrelease, 449 futex_waitv, 452 fchmodat2
strict_reaches='436 437 439 441 449 452'
standard_reaches='424 434 436 437 439 441 444 445 446 448 449 452'
# open_tree, clone3, pidfd_getfd, process_madvise: for all of these no capability is needed.
some_numbers='(^| )428 (.* )?435 (.* )?438 (.* )?440 '

# only NAME LIST POLICY: no more of the calls than LIST has.
only() {
	only_name=$1
	only_list=" $2 "
	tap_run as_caller "$SBRUN" --policy "$3" $VISIBLE -- "$INTRUDE" reached 337 1023
	more=
	read -r reached <"$T/out"
	for number in $reached; do
		case $only_list in
		*" $number "*) ;;
		*) more="$more $number" ;;
		esac
	done
	if [ "$status" -eq 0 ] && [ -s "$T/out" ] && [ -z "$more" ]; then
		ok "$who: $only_name"
	else
		not_ok "$who: $only_name" "these, too: $more"
		tap_explain reached
	fi
}

test_numbers() {
	tap_run as_caller "$INTRUDE" reached 337 1023
	expect_stdout "$some_numbers" "$who: outside, calls with new numbers are made"
	only 'strict: of all new numbers, only these' "$strict_reaches" strict
	only 'standard: of all new numbers, only these' "$standard_reaches" standard
	tap_run as_caller "$SBRUN" --policy "$T/open" $VISIBLE -- "$INTRUDE" reached 337 1023
	expect_stdout "$some_numbers" "$who: no filter: they are made, too"
}

# ---- halves of arguments ----

test_halves() {
	way ok 159 'strict: clone, something above CLONE_NEWUSER' -- "$INTRUDE" clone-user-high
	way ok 159 'standard: clone, something above CLONE_NEWUSER' \
		--policy standard -- "$INTRUDE" clone-user-high
	sandboxed ok 'filter off: clone, something above CLONE_NEWUSER' \
		--allow clone -- "$INTRUDE" clone-user-high
	for act in prctl prctl-high; do
		# PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP
		for option in 1 4; do
			way ok EPERM "strict: $act $option" -- "$INTRUDE" $act $option
			sandboxed ok "filter off: $act $option" --allow prctl -- "$INTRUDE" $act $option
		done
		way EINVAL EPERM "standard: $act 22" --policy standard -- "$INTRUDE" $act 22
		sandboxed EINVAL "filter off: $act 22" \
			--policy standard --allow prctl -- "$INTRUDE" $act 22
	done
	way ok ok 'strict: prctl, something above PR_SET_NAME' -- "$INTRUDE" prctl-name-high
	way ok EPERM 'strict: personality, something above' -- "$INTRUDE" personality-high
	way ok EPERM 'standard: personality, something above' \
		--policy standard -- "$INTRUDE" personality-high
	sandboxed ok 'filter off: personality, something above' \
		--allow personality -- "$INTRUDE" personality-high
	# Outside only root can do it; the neighbour is allowed for its type alone.
	rm -f "$T/shared/made"
	way ok EPERM 'standard: mknod, something above S_IFCHR' \
		--policy standard --bind "$T/shared" -- "$INTRUDE" mknod-high "$T/shared/made"
	rm -f "$T/shared/made"
	sandboxed ok 'standard: mkfifo, its neighbour' \
		--policy standard --bind "$T/shared" -- "$ACT" mkfifo "$T/shared/made"
	rm -f "$T/shared/made"
}

# ---- filters ----

test_filters() {
	way ok 159 'strict: a thread that the filter kills takes the others with it' \
		-- "$INTRUDE" thread
	sandboxed ok 'kill-thread: a thread that the filter kills does not' \
		--kill-thread ptrace -- "$INTRUDE" thread
	for policy in strict standard; do
		way ok EPERM "$policy: a filter that asks the payload itself" \
			--policy $policy -- "$INTRUDE" listener
	done
	sandboxed ok 'filter off: a filter that asks the payload itself' \
		--allow seccomp -- "$INTRUDE" listener
	way '1 2 .*16 .*' '1 2 10 ' 'standard: families of sockets' \
		--policy standard -- "$INTRUDE" families
	way '1 2 .*16 .*' '' 'strict: families of sockets' -- "$INTRUDE" families
	sandboxed '1 2 .*16 .*' 'filter off: families of sockets' \
		--policy standard --allow socket -- "$INTRUDE" families
	way ok EPERM 'strict: a pair of sockets' -- "$INTRUDE" pair
	sandboxed ok 'standard: a pair of sockets' --policy standard -- "$INTRUDE" pair
}

mkdir -m 1777 "$T/shared"
printf '%s\n' 'ro-bind /usr' 'ro-bind-try /bin' 'ro-bind-try /lib' 'ro-bind-try /lib64' \
	'default allow' 'unknown allow' >"$T/open"

for caller in $CALLERS; do
	become "$caller"
	test_calls
	test_numbers
	test_halves
	test_filters
done
finish
