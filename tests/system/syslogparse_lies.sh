#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2154
#
# SyslogParse's worker where the kernel refuses what it asks for, or says that it was done and did
# not do it: then the worker must see for itself that a layer is not there. strace(1) plays the
# kernel. Nothing may be printed, and nothing may hang.

. "$(dirname "$0")/lib.sh"

need_root # what is undumpable, only root can trace
need strace timeout

parser=${SYSLOGPARSE:-$(dirname "$0")/../../syslogparse/syslogparse}
cp "$parser" "$T/bin/syslogparse" || tap_bail "cannot copy $parser"
parser=$T/bin/syslogparse
cp "$(dirname "$0")/../data/ufw.log" "$T/" || tap_bail 'no log'
strace -o /dev/null -f true 2>/dev/null || skip_all 'strace cannot trace here'

# Groups that it has to give up.
run_with() {
	setpriv --groups 4,24 strace -f -o "$T/trace" "$@" \
		timeout -k 1 30 "$parser" firewall "$T/ufw.log"
}

injected() {
	run_with -e "trace=$1" -e "inject=$1:$2:when=$3"
}

# refused CALL HOW N: the N-th CALL of each process.
refused() {
	expect_status 125 "$1 $3, $2: refused" injected "$1" "$2" "$3"
	if [ -s "$T/out" ]; then
		not_ok "$1 $3, $2: nothing is printed"
	elif ! grep -q INJECTED "$T/trace"; then
		not_ok "$1 $3, $2: there is such a call"
	else
		ok "$1 $3, $2: nothing is printed"
	fi
}

check 'all goes well when nothing is injected' run_with -e trace=unshare
expect_stdout '^-A INPUT' 'and there are rules'
expect_output 7 'with seven namespaces' grep -c '^[0-9]* *unshare(.*= 0' "$T/trace"

for call in setgroups setresuid setresgid move_mount fchdir pivot_root umount2 capset setsid keyctl \
	landlock_restrict_self close_range; do
	refused $call retval=0 1
done
n=0
while [ $n -lt 7 ]; do
	n=$((n + 1))
	refused unshare retval=0 $n
	refused unshare error=ENOSPC $n
done
for call in setgroups setresuid setresgid mount fsopen fsmount move_mount fchdir pivot_root umount2 \
	capset setsid landlock_create_ruleset landlock_restrict_self pipe2; do
	refused $call error=EPERM 1
done
n=0
while [ $n -lt 4 ]; do
	n=$((n + 1))
	refused fsconfig error=EINVAL $n
done
finish
