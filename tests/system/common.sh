# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC1090,SC1091,SC2154
#
# lib.sh, and what the tests share that run the same cases for every caller:
#
#	for caller in $CALLERS; do
#		become "$caller"
#		expect_status 0 "$who: ..." ${AS:+"$AS"} "$SBRUN" ...
#
# $CALLERS is "root user" when started by root, else "user". $ACT and $AROUND are the helpers
# act.c and around.c, in a directory that $VISIBLE (words to be split) shows in a sandbox at
# the same path; what a test puts into $T/bin is seen there, too.

. "$(dirname "$0")/lib.sh"

become() {
	who=$1
	AS=
	[ "$who" = root ] || AS=as_user
}

common_setup() {
	CALLERS=user
	[ "$(id -u)" -ne 0 ] || CALLERS='root user'
	helpers=${TESTBIN:-$(dirname "$0")/..}/system
	for helper in act around; do
		[ -x "$helpers/$helper" ] || tap_bail "no program at $helpers/$helper"
		cp "$helpers/$helper" "$T/bin/$helper" || tap_bail "cannot copy $helper"
		chmod 755 "$T/bin/$helper"
	done
	ACT=$T/bin/act
	AROUND=$T/bin/around
	VISIBLE="--ro-bind $T/bin"
	export ACT AROUND CALLERS VISIBLE
	become root
}

# as_caller CMD...: CMD as the one that we became.
as_caller() {
	${AS:+"$AS"} "$@"
}

common_setup
