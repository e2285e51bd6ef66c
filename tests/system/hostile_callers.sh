#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2086,SC2154
#
# Hostile or broken callers: what sbrun inherits, and where it is started. It runs whole, or says
# why not with status 125; it never hangs, and the command has what the policy says. (Words and
# files are in hostile.sh.) What is tested, and where:
#
#   closed standard descriptors             status.sh test_closed_descriptors
#   output that is lost                     test_output
#   a terminal, from the background         terminal.sh
#   few descriptors, processes, memory ...  test_limits; files.sh (2,500 binds)
#   no space, no memory, EINTR              sweep.sh
#   no /proc, read-only, odd TMPDIR         test_places; hostile.sh test_environment
#   an outer filter, no_new_privs, Landlock doctor.sh; test_inside
#   containers, chroot, initramfs           contain_powers.sh; contain_guest.sh
#   user namespaces forbidden               doctor.sh; contain_guest.sh
#   signals, umask, niceness, directory     test_state; status.sh (SIGCHLD)
#   what others left behind                 limits.sh (litter)
#   output that does not end                test_floods

. "$(dirname "$0")/common.sh"

# around_it SHELL-TEXT NAME: with that in front, all is as without it.
around_it() {
	expect_output 'ran 2 0' "$who: $2" as_caller timeout 60 sh -c "($1"'
		exec "$1" --policy standard -- sh -c "
			sed -n \"/^Seccomp:/s/.*\t/ran /p\" /proc/self/status
			sed -n \"/^CapEff:/s/.*\t0*/0/p\" /proc/self/status") | paste -sd " "' sh "$SBRUN"
}

# too_little SHELL-TEXT NAME: with that in front, it runs whole or is 125 with a reason.
too_little() {
	tap_run as_caller timeout 60 sh -c "$1"'; exec "$2" -- sed -n "s/^Seccomp:.//p" /proc/self/status' \
		sh "$T" "$SBRUN"
	case $status:$(cat "$T/out") in
	0:2) ok "$who: $2: it runs" ;;
	125:)
		if grep -q '^sbrun: ' "$T/err"; then
			ok "$who: $2: $(head -n 1 "$T/err")"
		else
			not_ok "$who: $2: no reason is given"
			tap_explain "$1"
		fi
		;;
	*)
		not_ok "$who: $2" "status $status"
		tap_explain "$1"
		;;
	esac
}

test_output() {
	for words in --help --version '--explain plan' '--print-policy' '--completion bash'; do
		expect_status 125 "$who: $words: a full disk" \
			as_caller sh -c 'exec "$@" >/dev/full' sh "$SBRUN" $words
		expect_stderr '^sbrun: .*No space left' "$who: ... it says so"
		tap_run as_caller sh -c '(exec "$@"; echo $? >&3) 3>&2 | :' sh "$SBRUN" $words
		if [ "$status" -eq 0 ] && ! grep -q '^139$\|^134$' "$T/err"; then
			ok "$who: $words: a reader that has gone"
		else
			not_ok "$who: $words: a reader that has gone" "$(cat "$T/err")"
		fi
	done
	expect_status 1 "$who: the command's own output is its own affair" \
		as_caller sh -c 'exec "$@" >/dev/full' sh "$SBRUN" -- sh -c 'echo x'
}

test_limits() {
	for n in 3 4 5 6 8 10 12 16; do
		too_little "ulimit -n $n" "$n descriptors"
	done
	around_it 'ulimit -n 128;' '128 descriptors are enough'
	for size in 4000 10000 20000 80000; do
		too_little "ulimit -v $size" "$size KiB of memory"
	done
	too_little 'ulimit -s 256' 'a small stack'
	expect_status 125 "$who: no file may be written" \
		as_caller sh -c 'ulimit -f 0; exec "$1" --policy standard -- true' sh "$SBRUN"
	check "$who: ... it says so" as_caller sh -c '
		(ulimit -f 0; exec "$1" --policy standard -- true 2>&1) |
			grep -q "^sbrun: root: write file .*File too large"' sh "$SBRUN"
	too_little 'ulimit -l 0' 'no memory may be locked'
	around_it 'ulimit -c 0;' 'no core dumps'
	around_it 'ulimit -c unlimited 2>/dev/null;' 'core dumps'
	around_it 'ulimit -t 50;' 'little processor time'
	# Root is not held by it.
	[ "$who" = root ] || too_little 'ulimit -u 0' 'no processes'
}

test_state() {
	around_it 'umask 0777;' 'a umask of 0777'
	around_it 'umask 0;' 'a umask of 0'
	around_it 'nice -n 5 true;' 'a nice caller'
	for signo in 1 2 3 13 15 17 18 20 21 22; do
		around_it "trap '' $signo;" "signal $signo is ignored"
	done
	around_it 'mkdir "/tmp/gone.$$" && cd "/tmp/gone.$$" && rmdir "/tmp/gone.$$";' \
		'the current directory is no more'
	expect_output 'ran' "$who: no environment at all" \
		as_caller env -i "$SBRUN" -- sh -c 'echo ran'
	# The child of a short-lived parent, in a session without a terminal.
	expect_output 'ran' "$who: a parent that does not wait" as_caller sh -c '
		setsid -w sh -c "(\"\$1\" -- echo ran &)" sh "$1" | cat' sh "$SBRUN"
	expect_output '0022' "$who: the umask is the caller's inside, too" \
		as_caller sh -c 'umask 0022; exec "$1" -- sh -c umask' sh "$SBRUN"
}

test_inside() {
	around_it 'set -- setpriv --no-new-privs "$1";
		exec "$@" --policy standard -- sh -c "echo ran 2 0";' 'with no_new_privs before'
	# A sandbox within a sandbox: its own filter comes on top, or it is refused.
	cp "$SBRUN" "$T/bin/inner"
	tap_run as_caller "$SBRUN" $VISIBLE -- "$T/bin/inner" -- echo ran
	if [ "$status" -ne 0 ] && [ ! -s "$T/out" ]; then
		ok "$who: strict within strict: nothing runs unconfined"
	else
		not_ok "$who: strict within strict" "status $status"
		tap_explain inner
	fi
	expect_output ran "$who: ... and within nested it runs" \
		as_caller "$SBRUN" --policy nested $VISIBLE -- "$T/bin/inner" -- echo ran
}

# Output without end: all of it comes through, in little memory; who does not read it holds up
# the command and no limit; who has gone ends it.
test_floods() {
	for way in '--tty none' '--tty own'; do
		expect_output 20000000 "$who: $way: twenty million bytes" as_caller sh -c '
			(ulimit -v 400000; exec "$@" -- head -c 20000000 /dev/zero) | tr -dc "\0" | wc -c' \
			sh "$SBRUN" --policy standard $way
		expect_output 124 "$who: $way: a reader who does not read, and a time limit" as_caller sh -c '
			exec 4<>"$0"
			"$@" --time-limit 0.5 -- yes >&4 2>/dev/null
			echo $?' \
			"$T/p" "$SBRUN" --policy standard $way
		check "$who: $way: a reader who has gone" as_caller timeout 30 sh -c \
			'"$@" -- yes 2>/dev/null | head -n 3 >/dev/null' sh "$SBRUN" --policy standard $way
	done
}

# in_mounts SHELL-TEXT STATUS NAME: in a mount namespace of its own, changed by TEXT.
in_mounts() {
	tap_run unshare --mount --propagation private timeout 60 sh -c \
		"$1"' && exec "$1" -- echo ran' sh "$SBRUN"
	if [ "$status" -eq "$2" ] && { [ "$2" -ne 125 ] || grep -q '^sbrun: ' "$T/err"; }; then
		ok "$who: $3"
	else
		not_ok "$who: $3" "status $status"
		tap_explain "$1"
	fi
}

test_places() {
	if [ "$who" != root ] || ! unshare --mount true 2>/dev/null; then
		skip "$who: other mounts" 'needs root'
		return
	fi
	in_mounts 'umount -l /proc' 125 'no /proc: a reason'
	in_mounts 'mount -t tmpfs none /proc' 125 'no /proc, but something else: a reason'
	in_mounts 'mount -o remount,bind,ro /' 0 'a read-only root'
	in_mounts 'mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp' 0 'a read-only /tmp'
	in_mounts 'mount --bind /dev/null /etc/passwd' 0 'no users'
	in_mounts 'mount --make-rshared /' 0 'mounts that are shared'
	in_mounts 'mount -t tmpfs none /dev' 125 'no /dev/null: a reason'
}

mkfifo "$T/p"
chmod 666 "$T/p"
for caller in $CALLERS; do
	become "$caller"
	test_output
	test_limits
	test_state
	test_inside
	test_floods
	test_places
done
finish
