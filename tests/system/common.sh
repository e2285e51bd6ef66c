# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC1090,SC1091,SC2086,SC2154
#
# lib.sh, and what the tests share that run the same cases for every caller:
#
#	for caller in $CALLERS; do
#		become "$caller"
#		expect_status 0 "$who: ..." ${AS:+"$AS"} "$SBRUN" ...
#
# $CALLERS is "root user" when started by root, else "user". $ACT, $AROUND and $INTRUDE are the
# helpers act.c, around.c and intrude.c, in a directory that $VISIBLE (words to be split) shows in a
# sandbox at the same path; what a test puts into $T/bin is seen there, too.
#
#   helper NAME...                        put these programs there as well, as $T/bin/NAME
#   way OUTSIDE INSIDE NAME [OPTION]... -- CMD...    CMD answers OUTSIDE (an ERE) outside, or
#                                         else the test is skipped, and INSIDE in a sandbox
#   sandboxed INSIDE NAME [OPTION]... -- CMD...      the second half: a twin with the wall off
#
# An answer is the number of the signal that ended CMD (128 + n), or its last line; behind $UNDER
# (words) all of it happens, behind $PREFIX what is outside. A file $T/shared/made that it made
# outside is removed before it is made inside.

. "$(dirname "$0")/lib.sh"

become() {
	who=$1
	AS=
	[ "$who" = root ] || AS=as_user
}

helper() {
	helpers=${TESTBIN:-$(dirname "$0")/..}/system
	for helper; do
		[ -x "$helpers/$helper" ] || tap_bail "no program at $helpers/$helper"
		cp "$helpers/$helper" "$T/bin/$helper" || tap_bail "cannot copy $helper"
		chmod 755 "$T/bin/$helper"
	done
}

common_setup() {
	CALLERS=user
	[ "$(id -u)" -ne 0 ] || CALLERS='root user'
	helper act around intrude
	ACT=$T/bin/act
	AROUND=$T/bin/around
	INTRUDE=$T/bin/intrude
	VISIBLE="--ro-bind $T/bin"
	UNDER=
	PREFIX=
	export ACT AROUND CALLERS INTRUDE VISIBLE
	become root
}

# as_caller CMD...: CMD as the one that we became.
as_caller() {
	${AS:+"$AS"} "$@"
}

# answer CMD...: $said is what it answers.
answer() {
	tap_run "$@"
	said=$(tail -n 1 "$T/out")
	[ "$status" -le 128 ] || said=$status
}

says_like() {
	printf '%s\n' "$said" | grep -Eqx -e "$1"
}

sandboxed() {
	way_want=$1
	way_name=$2
	shift 2
	way_visible=
	for word; do
		shift
		if [ "$word" = -- ] && [ -z "$way_visible" ]; then
			way_visible=yes
			set -- "$@" $VISIBLE
		fi
		set -- "$@" "$word"
	done
	answer as_caller $UNDER "$SBRUN" "$@"
	if says_like "$way_want"; then
		ok "$who: $way_name"
	else
		not_ok "$who: $way_name" "expected: $way_want" "got: $said"
		tap_explain "$*"
	fi
}

outside_of() {
	while [ "$1" != -- ]; do
		shift
	done
	shift
	as_caller $UNDER $PREFIX "$@"
}

way() {
	way_free=$1
	way_want=$2
	way_name=$3
	shift 3
	answer outside_of "$@"
	rm -f "$T/shared/made"
	if says_like "$way_free"; then
		sandboxed "$way_want" "$way_name" "$@"
	else
		skip "$who: $way_name" "outside it is $said"
	fi
}

common_setup
