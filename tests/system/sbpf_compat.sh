#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2154
#
# sbpf compat: each thing that can break, and its neighbour, where it does not.

. "$(dirname "$0")/lib.sh"

go_with_sbpf

# policy LINE...: ./it.policy, in which all that is newer than the tables is ENOSYS.
policy() {
	printf '%s\n' 'default allow' 'unknown errno(ENOSYS)' "$@" >it.policy
}

# whole NAME OPTION..., broken ERE NAME OPTION...: what it says of that.
whole() {
	name=$1
	shift
	expect_status 0 "$name" "$SBPF" compat --abi x86_64 "$@" it.policy
	expect_stdout '^  nothing would break$' "$name: it says so"
}

broken() {
	pattern=$1 name=$2
	shift 2
	expect_status 1 "$name" "$SBPF" compat --abi x86_64 "$@" it.policy
	cp out page
	tr -s ' \n' ' ' <page >line
	check "$name: it says so" grep -Eq -e "$pattern" line
	check "$name: it is all" sh -c '[ "$(grep -c "^  breaks\|^  hole" page)" = 1 ]'
}

# The errno.
policy
whole 'all is allowed'
policy 'errno(ENOSYS) clone3'
whole 'clone3: ENOSYS'
policy 'errno(EPERM) clone3'
broken 'breaks: clone3: .* gets errno\(EPERM\), and only ENOSYS .* on Linux 5.10, 6.1, 6.12, 7.2' \
	'clone3: EPERM'
policy 'errno(EPERM) clone3 clone'
whole 'clone3, clone: neither is allowed'
policy 'kill faccessat2'
broken 'breaks: faccessat2: .* gets kill' 'faccessat2: killed'
policy 'errno(EPERM) rseq close_range'
whole 'rseq, close_range: any errno will do'
policy 'kill rseq'
broken 'breaks: rseq: the start of each thread .* gets kill' 'rseq: killed'

policy 'errno(EPERM) clock_adjtime64'
broken 'breaks: clock_adjtime64: .* gets errno\(EPERM\)' 'clock_adjtime64: EPERM' --abi i386
policy 'errno(ENOSYS) clock_adjtime64'
whole 'clock_adjtime64: ENOSYS' --abi i386

# The kernel.
policy 'errno(EPERM) chmod'
broken 'breaks: fchmodat2: .* the kernel has it not, it goes on to chmod, .* on Linux 5.10, 6.1 ' \
	'fchmodat2 without chmod: on old kernels'
whole 'fchmodat2 without chmod: on new ones' --kernel 6.12,7.2
broken 'breaks: fchmodat2: .* on Linux 6.5 ' 'fchmodat2: just before it came' --kernel 6.5
whole 'fchmodat2: when it came' --kernel 6.6

# What stands for others.
policy 'errno(ENOSYS) socketcall'
broken 'breaks: socketcall: gets errno\(ENOSYS\), and glibc makes it for socket ' 'socketcall' \
	--abi i386
whole 'socketcall: there is none' --abi aarch64
policy 'allow socket if family == AF_UNIX' 'deny socket if family == AF_INET'
broken 'hole: socketcall: lets through what is denied or restricted of socket ' \
	'socketcall: a hole' --abi i386
for call in 'socketcall sendmmsg' 'socketcall recvmmsg' 'ipc semtimedop_time64'; do
	policy "deny ${call#* }"
	broken "hole: ${call% *}: lets through what is denied or restricted of ${call#* } \$" \
		"${call#* }: by ${call% *}" --abi i386
done

# What is to come.
printf '%s\n' 'default allow' 'unknown errno(EPERM)' >it.policy
broken 'breaks: calls to come: .* errno\(EPERM\)' 'calls to come'

# What is new, and what is named in vain.
policy 'errno(EPERM) mseal' 'kill cachestat'
expect_status 0 'new calls' "$SBPF" compat --abi x86_64 --kernel 6.1,6.12 it.policy
expect_stdout '^    errno\(EPERM\): mseal$' 'new calls: what they get'
expect_stdout '^    in the policy, and not there: cachestat mseal$' 'calls that are not there yet'
cp out page
check 'fits 80 columns' awk 'length($0) > 80 { exit 1 } END { exit NR < 10 }' page
expect_status 2 'no version' "$SBPF" compat --kernel five it.policy
expect_stderr '^sbpf: --kernel five: expected versions' 'no version: it says so'
for version in 6 6.1x 6.300 -5.10 6.1. 6.1.2.3; do
	expect_status 2 "no version: $version" "$SBPF" compat --kernel "$version" it.policy
done
expect_status 0 'a version of three numbers' "$SBPF" compat --abi x86_64 --kernel 4.19.325 network

# Ours.
for name in standard network; do
	expect_status 0 "$name" "$SBPF" compat --abi x86_64 "$name"
done
expect_status 1 'strict' "$SBPF" compat --abi x86_64 strict
expect_stdout '^  breaks: execveat: fexecve' 'strict: execveat is killed'
cp out page
check 'strict: it is all' sh -c '[ "$(grep -c "^  breaks\|^  hole" page)" = 1 ]'
if command -v jq >/dev/null; then
	expect_output 'execveat' '--json' sh -c \
		'"$0" compat --json --abi x86_64 strict | jq -r ".findings[].call"' "$SBPF"
fi
finish
