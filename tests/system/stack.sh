#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A second policy: what it tightens is tight, what it does not speak of is as it was, and what would
# loosen is refused. Each with its twin without the second policy.

# shellcheck disable=SC2016,SC2086

. "$(dirname "$0")/lib.sh"

shm='ipcmk --shmem 4096'
mkdir "$T/seen" "$T/seen/secret"
echo open >"$T/seen/file"
echo hidden >"$T/seen/secret/file"
chmod -R a+rX "$T/seen"

cat >"$T/base" <<EOF
include standard
bind    $T/seen /seen
caps    chown kill
rlimit  nofile 100
net     host
EOF
cat >"$T/tight" <<EOF
ro-bind $T/seen /seen
mask    /seen/secret
tmpfs   /run size=4K
caps    kill
rlimit  nofile 50
net     none
default allow
deny    mkdir mkdirat
EOF
printf 'default allow\ndeny mkdir mkdirat\n' >"$T/calls"
printf 'hostname tight\n' >"$T/nocalls"
printf 'setenv A 1\n\nbind /etc /etc2\n' >"$T/wide"
printf 'allow read\n' >"$T/nodefault"

try() {
	AS=$1
	who=${1:-root}

	# Without the second policy all of it goes.
	allowed "$who: alone: a masked file is there" --policy "$T/base" -- cat /seen/secret/file
	allowed "$who: alone: mkdir" --policy "$T/base" -- mkdir /tmp/x
	allowed "$who: alone: 80 descriptors" --policy "$T/base" -- sh -c 'test "$(ulimit -n)" -eq 100'
	allowed "$who: alone: two capabilities" --policy "$T/base" -- \
		grep -q '^CapEff:.*0021$' /proc/self/status

	allowed "$who: what is not spoken of stays" --policy "$T/base" --policy "$T/tight" -- \
		grep -qx open /seen/file
	expect_status 1 "$who: a mask" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" --policy "$T/tight" \
		-- cat /seen/secret/file
	expect_status 1 "$who: a call" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" --policy "$T/tight" \
		-- mkdir /tmp/x
	expect_stderr 'Operation not permitted' "$who: with its errno"
	expect_output 50 "$who: a limit" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--policy "$T/tight" -- sh -c 'ulimit -n'
	allowed "$who: fewer capabilities" --policy "$T/base" --policy "$T/tight" -- \
		grep -q '^CapEff:.*0020$' /proc/self/status
	expect_output '' "$who: no network" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--policy "$T/tight" -- sh -c 'grep : /proc/net/dev | grep -v lo:; true'
	expect_status 2 "$who: read-only" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--policy "$T/tight" -- sh -c '>/seen/new'
	expect_stderr 'Read-only file system' "$who: for that reason"

	# Only calls, and none.
	allowed "$who: calls alone: files are as they were" --policy "$T/base" --policy "$T/calls" \
		-- cat /seen/secret/file
	expect_status 1 "$who: calls alone" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--policy "$T/calls" -- mkdir /tmp/x
	allowed "$who: no word of calls" --policy "$T/base" --policy "$T/nocalls" -- mkdir /tmp/x
	allowed "$who: an option decides" --policy "$T/base" --policy "$T/calls" \
		--allow mkdir mkdirat -- mkdir /tmp/x
	expect_status 1 "$who: one before it does not" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--allow mkdir --policy "$T/calls" -- mkdir /tmp/x
	allowed "$who: three" --policy "$T/base" --policy "$T/calls" --policy "$T/nocalls" -- true

	# Strict on standard kills where strict does; standard on strict would loosen.
	allowed "$who: a call that standard alone allows" --policy standard -- $shm
	expect_status 159 "$who: killed under standard + strict" ${AS:+"$AS"} "$SBRUN" \
		--policy standard --policy strict -- $shm
	expect_status 125 "$who: strict + standard" ${AS:+"$AS"} "$SBRUN" --policy strict \
		--policy standard -- true

	expect_status 125 "$who: more files" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--policy "$T/wide" -- true
	expect_stderr "^sbrun: $T/wide:3:1: 'bind /etc /etc2' is looser than what is in force: " \
		"$who: with the line, what it asks for and what is in force"
	expect_status 125 "$who: no default" ${AS:+"$AS"} "$SBRUN" --policy "$T/base" \
		--policy "$T/nodefault" -- true
	expect_stderr "^sbrun: $T/nodefault:1:1: .*'default allow'" "$who: and what to do"
}

chmod a+r "$T"/base "$T"/tight "$T"/calls "$T"/nocalls "$T"/wide "$T"/nodefault
[ "$(id -u)" -ne 0 ] || try ''
try as_user
AS=

# ---- what it says of itself ----

check 'explained' "$SBRUN" --policy standard --policy "$T/calls" --explain plan -- true
expect_stdout '^  stacked ' 'that it is stacked'
expect_stdout "under the policy standard \+ $T/calls" 'and of what'
check 'the program' "$SBRUN" --policy standard --policy "$T/calls" --explain program
expect_stdout 'mkdir.*calls:2' 'names the line of the second policy'
check 'dry-run' "$SBRUN" --policy standard --policy strict --dry-run
expect_status 125 'print-policy' "$SBRUN" --policy standard --policy strict --print-policy
expect_stderr 'sbpf' 'points to sbpf'
check 'print-policy without calls' "$SBRUN" --policy standard --policy "$T/nocalls" --print-policy
expect_stdout '^hostname tight$' 'has both'
expect_status 125 'nine' "$SBRUN" --policy strict --policy strict --policy strict --policy strict \
	--policy strict --policy strict --policy strict --policy strict --policy strict -- true
check 'eight' "$SBRUN" --policy strict --policy strict --policy strict --policy strict \
	--policy strict --policy strict --policy strict --policy strict -- true

finish
