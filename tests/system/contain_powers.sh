#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2046,SC2086,SC2154
#
# Ways back to power, and into the sandbox from its caller: files that give an id or a capability,
# capabilities that are asked for, the environment, sbrun itself, and hosts on which a wall
# cannot be had. Each is gone outside first, then inside, then inside with the wall off.

. "$(dirname "$0")/common.sh"

# ---- files that give power ----

# Run outside they do; "powers" says: does the user, does the group differ, are there capabilities?
# The file is as it was given, and so is its mount: what holds is no_new_privs and "nosuid".
test_given() {
	[ "$(id -u)" -eq 0 ] || return 0
	for kind in setuid-root:4755:0:0 setuid:4755:12345:12345 setgid:2755:0:12345; do
		IFS=: read -r name mode owner group <<-END
			$kind
		END
		cp "$INTRUDE" "$T/bin/$name"
		chown "$owner:$group" "$T/bin/$name"
		chmod "$mode" "$T/bin/$name"
		for policy in strict standard; do
			way 'other same .*|same other .*' 'same same none' \
				"$policy: a $name file gives nothing" --policy $policy -- "$T/bin/$name" powers
		done
		way 'other same .*|same other .*' 'same same none' \
			"standard: a $name file, bound writable" \
			--policy standard --bind "$T/bin" -- "$T/bin/$name" powers
		rm "$T/bin/$name"
	done
	if ! command -v setcap >/dev/null; then
		skip "$who: a file with a capability gives nothing" 'needs setcap'
		return
	fi
	cp "$INTRUDE" "$T/bin/capable"
	setcap cap_net_raw,cap_sys_admin+ep "$T/bin/capable"
	for policy in strict standard; do
		way 'same same some' 'same same none' "$policy: a file with a capability gives nothing" \
			--policy $policy -- "$T/bin/capable" powers
	done
	rm "$T/bin/capable"
}

# Made inside, in a directory of the host's: seen from there it is a file of the caller's own, or of
# nobody's, and never root's.
test_made() {
	owner=$USER_ID
	[ "$who" = user ] || owner='18[0-9]{8}'
	for kind in chmod fchmod fchmodat fchmodat2 open mknod; do
		rm -f "$T/shared/made"
		way 'ok' 'ok|EPERM|ENOSYS' "strict: a set-user-ID file, by $kind" --bind "$T/shared" \
			-- "$INTRUDE" make-setuid "$T/shared/made" $kind
		[ -e "$T/shared/made" ] || continue
		tap_run stat -c '%u %g' "$T/shared/made"
		expect_stdout "^$owner $owner\$" "$who: ... by $kind, belongs to nobody with power"
	done
	rm -f "$T/shared/made"
	way 'ok|EPERM' EPERM 'strict: a file is given to root' --bind "$T/shared" \
		-- "$INTRUDE" make-setuid "$T/shared/made" chown
	rm -f "$T/shared/made"
	sandboxed EINVAL 'filter off: there is no root to give it to' --allow fchown \
		--bind "$T/shared" -- "$INTRUDE" make-setuid "$T/shared/made" chown
	rm -f "$T/shared/made"
	sandboxed EPERM 'deny chmod if mode & 0xc00: a set-user-ID file' --bind "$T/shared" \
		--deny chmod fchmodat if 'mode & 0xc00' != 0 \
		-- "$INTRUDE" make-setuid "$T/shared/made" chmod
	rm -f "$T/shared/made"
	expect_status 0 "$who: deny chmod if mode & 0xc00: any other mode" as_caller "$SBRUN" \
		--deny chmod fchmodat if 'mode & 0xc00' != 0 -- sh -c '>/tmp/x; chmod 755 /tmp/x'
}

# ---- capabilities that are asked for ----

test_regain() {
	PREFIX="unshare -r"
	for act in capset securebits; do
		call=$act
		[ $act = capset ] || call=prctl
		way ok EPERM "strict: $act" -- "$INTRUDE" $act
		way ok EPERM "standard: $act" --policy standard -- "$INTRUDE" $act
		way ok EPERM "filter off: $act" --allow $call -- "$INTRUDE" $act
		way ok EPERM "filter off: $act, by uid 0" --allow $call --uid 0 -- "$INTRUDE" $act
	done
	PREFIX=
	sandboxed ok 'filter off, caps sys_admin chown: capset' \
		--allow capset --caps sys_admin chown -- "$INTRUDE" capset
	sandboxed EPERM 'filter off, caps setpcap: securebits are locked' \
		--allow prctl --caps setpcap -- "$INTRUDE" securebits
	sandboxed EPERM 'filter off: an ambient capability' --allow prctl -- "$INTRUDE" ambient
	sandboxed EPERM 'filter off, caps chown: an ambient capability' \
		--allow prctl --caps chown -- "$INTRUDE" ambient
}

# ---- the environment ----

hostile='LD_PRELOAD=/nonexistent/evil.so LD_AUDIT=/nonexistent/evil.so LD_LIBRARY_PATH=/nonexistent
	LD_DEBUG=all GCONV_PATH=/nonexistent LOCPATH=/nonexistent NLSPATH=/nonexistent
	MALLOC_TRACE=/nonexistent/x BASH_ENV=/nonexistent/x ENV=/nonexistent/x PYTHONPATH=/nonexistent
	PYTHONSTARTUP=/nonexistent/x PERL5LIB=/nonexistent GLIBC_TUNABLES=glibc.malloc.check=1
	AWS_SECRET_ACCESS_KEY=hunter2 SSH_AUTH_SOCK=/nonexistent/s TMPDIR=/nonexistent IFS=x'

names_inside() {
	as_caller env -i PATH="$PATH" TERM=dumb $hostile "$SBRUN" --policy "$1" -- env |
		cut -d = -f 1 | LC_ALL=C sort
}

# A static program, so that what is set for a dynamic linker is only passed on.
test_environment() {
	tap_run as_caller env -i PATH="$PATH" $hostile "$ACT" variable LD_AUDIT
	cp "$T/out" "$T/outside"
	expect_output ok "$who: outside, a hostile variable is passed on" tail -n 1 "$T/outside"
	for policy in strict standard; do
		expect_output 'HOME
PATH
TERM' "$who: $policy: of a hostile environment only what is named is passed on" names_inside $policy
	done
	expect_output "LD_AUDIT" "$who: keep-env: the neighbour that is asked for is passed on" \
		as_caller env -i PATH="$PATH" $hostile "$SBRUN" --keep-env LD_AUDIT $VISIBLE -- \
		sh -c '"$1" variable LD_AUDIT >/dev/null && echo LD_AUDIT' sh "$ACT"
}

# ---- sbrun itself ----

test_program() {
	if ! command -v readelf >/dev/null 2>&1; then
		skip 'sbrun needs no library of any root' 'needs readelf'
	elif readelf -d "$SBRUN" | grep -q __asan; then
		skip 'sbrun needs no library of any root' 'it is one with sanitizers'
	else
		expect_status 1 'sbrun needs no library of any root' \
			sh -c 'readelf -d "$1" | grep NEEDED' sh "$SBRUN"
	fi
	for caller in $CALLERS; do
		become "$caller"
		sandboxed 'EACCES|EROFS' 'strict: the program of PID 1 is not written to' \
			-- "$ACT" write /proc/1/exe
		sandboxed 'EACCES|EROFS|ETXTBSY' 'strict: its own program is not written to' \
			-- "$ACT" write /proc/self/exe
	done
	check 'sbrun is the file that it was' cmp "$SBRUN" "$T/sbrun.before"
}

# What the supervisor does when the payload may run: no call has a name of a file, none makes or
# changes anything but an event or a signal.
test_supervisor() {
	name='after the start sbrun only waits, reads and tells'
	if ! command -v strace >/dev/null || ! strace -o "$T/trace" true 2>/dev/null; then
		skip "$who: $name" 'strace cannot trace here'
		return
	fi
	rm -f "$T/trace"
	tap_run as_caller strace -o "$T/home/trace.$who" "$SBRUN" --status-fd 2 \
		-- sh -c 'sleep 0.1; kill -9 $$'
	awk '/^write\(2, .*started/ { on = 1 } on' "$T/home/trace.$who" >"$T/trace"
	expect_output '' "$who: $name" sh -c 'grep -Ev "$1" "$2" || :' sh \
		'^(poll|ppoll|read|recvmsg|write|writev|wait4|waitid|getrusage|lseek|close|kill|exit_group|timer_|rt_sig|clock_|pidfd_send_signal|newfstatat\([0-9]+, ""|fstat)|^\+\+\+|^---' \
		"$T/trace"
	expect_stdout '^(poll|ppoll|read|recvmsg|wait)' "$who: ... and that is traced" \
		"$(cp "$T/trace" "$T/out")"
	expect_output 0 "$who: no memory is shared with what it makes" sh -c \
		'grep -E "^(clone|clone3|vfork|fork)\(" "$1" | grep -c "CLONE_VM\|^vfork" || :' \
		sh "$T/home/trace.$who"
}

# ---- hosts that lack something ----

# lacking ERE NAME WORD...: behind these words nothing is run, and what is said is like ERE.
lacking() {
	lacking_text=$1
	lacking_name=$2
	shift 2
	expect_status 125 "$who: $lacking_name: 125" as_caller "$@" "$SBRUN" --policy strict -- echo ran
	if [ -s "$T/out" ]; then
		not_ok "$who: $lacking_name: nothing is run" "$(cat "$T/out")"
	else
		expect_stderr "$lacking_text" "$who: $lacking_name: it says why"
	fi
}

# Such a host is made of namespaces: root's own by root, and others by a user.
test_lacking() {
	mine="unshare --user --map-current-user --keep-caps --mount"
	[ "$who" = user ] || mine="unshare --mount"
	if ! as_caller $mine true 2>/dev/null; then
		skip "$who: hosts that lack something" 'unshare(1) cannot make them'
		return
	fi
	expect_output ran "$who: a host made of namespaces: it runs" as_caller \
		$mine "$SBRUN" --policy strict -- echo ran
	if [ "$who" = user ]; then
		lacking 'max_user_namespaces' 'no user namespaces' $mine sh -c \
			'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh
	fi
	lacking '^cause: parts of /proc are masked' 'a /proc with masks' $mine sh -c \
		'mount --bind /dev/null /proc/version && exec "$@"' sh
	lacking 'proc' 'no /proc' $mine sh -c 'mount -t tmpfs none /proc && exec "$@"' sh
	[ "$(uname -m)" = x86_64 ] || return 0
	while read -r calls what <&8; do
		lacking '^sbrun: ' "no $what" "$T/bin/without" $(echo "$calls" | tr : ' ')
	done 8<<-END
		56=EPERM:435=EPERM clone(2)
		157 prctl(2)
		126=EPERM capset(2)
		112=EPERM setsid(2)
		155=EPERM pivot_root(2)
		166=EPERM umount2(2)
		170=EPERM sethostname(2)
		302=EPERM prlimit64(2)
		250=EPERM keyctl(2)
	END
}

cp "$SBRUN" "$T/sbrun.before"
helper without
mkdir -m 1777 "$T/shared"

for caller in $CALLERS; do
	become "$caller"
	test_given
	test_made
	test_regain
	test_environment
	test_supervisor
	test_lacking
done
test_program
finish
