#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# As on an older kernel, or in a container: calls that sbrun uses are not there (without.c). What
# has a fallback is as closed as with the call; what has none is a refusal that says what failed.

. "$(dirname "$0")/common.sh"

helper without
WITHOUT=$T/bin/without
CLONE_NEWTIME=0x80 CLONE_NEWCGROUP=0x02000000

# walls NAME CALL...: all that a sandbox is to be, is so without these calls.
walls() {
	name=$1
	shift
	words=
	[ $# -eq 0 ] || words="$WITHOUT $*"
	expect_output 'denied denied denied denied' "$who: without $name: nothing is written outside" \
		as_caller $words "$SBRUN" --policy standard $VISIBLE --ro-bind "$T/share" /r \
		--bind "$T/share" /w --remount-ro /w --mask /r/secret -- sh -c '
			try() { if "$@" 2>/dev/null; then echo done; else echo denied; fi; }
			echo $(try touch /r/x; try touch /r/below/x; try touch /w/x; try grep -q . /r/secret)'
	expect_output 'done' "$who: without $name: what may be written is" \
		as_caller $words "$SBRUN" --policy standard --bind "$T/share" /w -- \
		sh -c 'touch /w/made && rm /w/made && echo done'
	expect_output 5 "$who: without $name: no descriptor is left open but one to be kept" \
		as_caller $words "$SBRUN" --policy standard --keep-fd 5 -- \
		sh -c 'for fd in 4 5 6; do if (: <&$fd) 2>/dev/null; then echo $fd; fi; done' 4</ 5</ 6</
	expect_output '0000000000000000 1 2' "$who: without $name: no capability, and a filter" \
		as_caller $words "$SBRUN" -- sh -c '
			echo $(sed -n "s/^CapEff:.//p; s/^NoNewPrivs:.//p; s/^Seccomp:.//p" /proc/self/status)'
	expect_status 124 "$who: without $name: a time limit" \
		as_caller timeout 60 $words "$SBRUN" --time-limit 0.2 -- sleep 50
	expect_status 143 "$who: without $name: signals are forwarded" \
		as_caller $words sh -c '
			mkfifo "$1"
			"$2" --policy standard -- sh -c "echo up; exec sleep 50" >"$1" &
			read -r _ <"$1"
			kill -TERM $!
			wait $!' sh "$T/home/up.$who.$#" "$SBRUN"
	rm -f "$T/home/up.$who.$#"
}

# refused CALL [OPTION...]: there is no sandbox without it, and no command is run.
refused() {
	words="$WITHOUT $1"
	name="$who: without $*"
	shift
	expect_status 125 "$name: a refusal" as_caller $words "$SBRUN" "$@" -- echo ran
	expect_stderr "$why" "$name: it says why"
	check "$name: nothing ran" test ! -s "$T/out"
}

# degraded CALL: what wants Landlock is refused without it, if no policy says that less will do.
degraded() {
	refused "$1" --policy "$T/wants"
	expect_output ran "$who: without $1, where a policy allows it" \
		as_caller "$WITHOUT" "$1" "$SBRUN" --policy "$T/wants" --allow-degraded landlock -- \
		echo ran
}

# No cgroup is left by a supervisor that is killed: what removes them closed all but its pipe.
reaped() {
	mkfifo "$T/up"
	as_caller sh -c 'echo $$ >"$0"; exec "$@"' "$T/home/pid" "$WITHOUT" "$1" "$SBRUN" \
		--policy standard --pids 20 -- sh -c 'echo up; exec sleep 50' >"$T/up" &
	job=$!
	read -r _ <"$T/up"
	read -r pid <"$T/home/pid"
	groups=$(find /sys/fs/cgroup -type d -name "sbrun-$pid-*" 2>/dev/null)
	kill -9 "$pid"
	wait $job
	rm "$T/up" "$T/home/pid"
	expect_status 0 "$who: without $1: its cgroups are removed when the supervisor is killed" \
		timeout 20 sh -c '[ -n "$1" ] && while ls -d $1 >/dev/null 2>&1; do sleep 0.1; done' \
		sh "$groups"
}

# parsed CALL...: SyslogParse does what it does.
parsed() {
	expect_output 1 "$who: SyslogParse without $*" \
		as_caller sh -c '"$@" | grep -c "^-A INPUT"' sh "$WITHOUT" "$@" "$PARSER" firewall "$T/ufw.log"
}

# stopped CALL WORDS: it does not, and says so with these.
stopped() {
	expect_status 125 "$who: SyslogParse without $1: a refusal" \
		as_caller "$WITHOUT" "$1" "$PARSER" firewall "$T/ufw.log"
	expect_stderr "$2" "$who: ... it says why"
	check "$who: ... and writes nothing" test ! -s "$T/out"
}

has_landlock() {
	as_caller "$SBRUN" --policy "$T/wants" -- true 2>/dev/null
}

test_syslogparse() {
	parsed close_range
	parsed execveat
	parsed mount_setattr
	parsed seccomp
	parsed keyctl add_key request_key
	stopped pidfd_open 'cannot be watched'
	stopped clone3 'confine: syscalls: Operation not supported'
	stopped landlock_create_ruleset 'confine: landlock: Operation not supported'
	stopped fsopen 'confine: root: Function not implemented'
	stopped move_mount 'confine: root: Function not implemented'
	expect_status 125 "$who: SyslogParse without openat2: no file is replaced" \
		as_caller "$WITHOUT" openat2 "$PARSER" firewall -o "$T/home/rules" "$T/ufw.log"
	expect_stderr 'open: .*: Function not implemented' "$who: ... it says why"
	check "$who: ... and there is none" test ! -e "$T/home/rules"
}

mkdir -p "$T/share/below"
echo secret >"$T/share/secret"
chmod -R a+rwX "$T/share"
PARSER=${SYSLOGPARSE:-$(dirname "$0")/../../syslogparse/syslogparse}
cp "$PARSER" "$T/bin/syslogparse" || tap_bail "cannot copy $PARSER"
chmod 755 "$T/bin/syslogparse"
PARSER=$T/bin/syslogparse
grep -m 1 BLOCK "$(dirname "$0")/../data/ufw.log" >"$T/ufw.log" || tap_bail 'no log'

"$SBRUN" --policy strict --print-policy | sed '/^allow-degraded /s/ landlock//' >"$T/wants"

# The helper itself: a call that is taken away is not there, its neighbour is.
expect_output gone 'without: the call is gone' "$WITHOUT" getpid mkdir=EPERM mkdirat=EPERM \
	sh -c 'mkdir "$1" 2>/dev/null || echo gone' sh "$T/home/directory"
check 'without: its neighbour is not' "$WITHOUT" getpid \
	sh -c 'mkdir "$1" && rmdir "$1"' sh "$T/home/directory"
# The mode of mkdir(2) is its second word, of mkdirat(2) the third.
expect_output gone 'without: a flag is gone' "$WITHOUT" mkdir:1:0700=EACCES mkdirat:2:0700=EACCES \
	sh -c 'mkdir -m 700 "$1" 2>/dev/null || echo gone' sh "$T/home/directory"
check 'without: other flags are not' "$WITHOUT" mkdir:1:0700=EACCES mkdirat:2:0700=EACCES \
	sh -c 'mkdir -m 600 "$1" && rmdir "$1"' sh "$T/home/directory"

for caller in $CALLERS; do
	become "$caller"
	walls 'any'
	walls 'mount_setattr(2)' mount_setattr
	walls 'mount_setattr(2), which is forbidden' mount_setattr=EPERM
	walls 'close_range(2)' close_range
	walls 'close_range(2) that marks' close_range:2:4=EINVAL
	walls 'clone3(2)' clone3
	walls 'clone3(2), which is forbidden' clone3=EPERM
	walls 'Landlock' landlock_create_ruleset
	walls 'Landlock, which is switched off' landlock_create_ruleset=EOPNOTSUPP
	walls 'pidfd_send_signal(2)' pidfd_send_signal
	walls 'seccomp(2)' seccomp
	walls 'keys' keyctl add_key request_key
	walls 'keys, which are forbidden' keyctl=EPERM add_key=EPERM request_key=EPERM
	walls 'all of these' mount_setattr close_range clone3 landlock_create_ruleset \
		pidfd_send_signal seccomp keyctl add_key request_key

	why='Function not implemented'
	refused open_tree
	refused move_mount
	refused fsopen
	refused fsconfig
	refused fsmount
	refused statx
	refused keyctl # and its neighbours could reach keys
	if has_landlock; then
		refused landlock_add_rule
		refused landlock_restrict_self
	else
		skip "$who: without parts of Landlock" 'this kernel has none'
	fi
	why='Operation not permitted'
	refused open_tree=EPERM
	refused move_mount=EPERM
	refused fsopen=EPERM
	refused fsmount=EPERM
	refused keyctl=EPERM
	why='Invalid argument'
	refused mount_setattr=EINVAL
	refused clone3=EINVAL
	refused unshare:0:$CLONE_NEWTIME=EINVAL
	refused unshare:0:$CLONE_NEWCGROUP=EINVAL
	why='landlock: this kernel has version'
	degraded landlock_create_ruleset
	degraded landlock_create_ruleset=EOPNOTSUPP
	if as_caller "$SBRUN" --pids 20 -- true 2>"$T/can"; then
		reaped close_range
	else
		skip "$who: without close_range: cgroups" "$(head -n 1 "$T/can")"
	fi

	if has_landlock; then
		test_syslogparse
	else
		skip "$who: SyslogParse" 'it wants Landlock, which this kernel has not'
	fi
done

# What else needs one of them, and of which sandboxes.
if [ "$(id -u)" -eq 0 ]; then
	become root
	mkdir "$T/owned"
	chown "$USER_ID:$USER_ID" "$T/owned"
	if "$SBRUN" --policy standard --bind "$T/owned" /w idmap -- true 2>"$T/can"; then
		why='idmap: Function not implemented'
		refused mount_setattr --policy standard --bind "$T/owned" /w idmap
		why='idmap: Invalid argument' # a file system that cannot, or before 5.12
		refused mount_setattr=EINVAL --policy standard --bind "$T/owned" /w idmap
	else
		skip 'idmap without mount_setattr(2)' "$(head -n 1 "$T/can")"
	fi
fi
finish
