#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2046,SC2086,SC2154
#
# Ways out by way of files: the root, links that are exchanged, mounts that spread, devices,
# /proc and /sys, and space that would be the host's. Each is gone outside first, then inside, then
# inside with the wall off.

. "$(dirname "$0")/common.sh"

STARTS=${STARTS:-500} # of sandboxes, while names are exchanged

# The output of a CMD that may fail.
said_by() {
	"$@" || :
}

# ---- the root ----

test_chroot() {
	mkdir -p "$T/shared/below"
	PREFIX="unshare -r"
	answer outside_of -- "$INTRUDE" chroot-twice "$T/marker" "$T/shared/below"
	PREFIX=
	if [ "$said" != ok ]; then
		skip "$who: chroot(2) twice" "outside it is $said"
		return
	fi
	for file in "$T/marker:ENOENT" /etc/passwd:ok; do
		sandboxed "${file#*:}" "filter off, caps sys_chroot: chroot(2) twice: ${file##*:}" \
			--allow chroot --caps sys_chroot -- "$INTRUDE" chroot-twice "${file%:*}" /tmp
	done
}

# none NAME POLICY r|w PATH...: of those that can be opened outside, none can be inside.
none() {
	none_name=$1
	none_policy=$2
	shift 2
	as_caller "$INTRUDE" opened "$@" >"$T/free"
	free=$(wc -l <"$T/free")
	if [ "$free" -eq 0 ]; then
		skip "$who: $none_policy: $none_name" 'nor can they outside'
		return
	fi
	printf '# outside:%s\n' "$(tr '\n' ' ' <"$T/free" | sed 's/^/ /')"
	expect_output '' "$who: $none_policy: $none_name" as_caller \
		"$SBRUN" --policy $none_policy $VISIBLE -- "$INTRUDE" opened "$@"
}

# What a host has and no sandbox.
test_absent() {
	for policy in strict standard; do
		none 'directories of the host are not there' $policy r /sys /home /root /boot /mnt \
			/srv /media /sys/fs/cgroup /run/lock /var/log /lost+found
	done
	sandboxed /var 'standard: /var is there, and its own' \
		--policy standard -- "$INTRUDE" opened r /var /var/log
}

# Each kind of file system that a user namespace can mount, and one that it cannot.
test_mounts() {
	mkdir -p "$T/shared/place"
	for type in tmpfs sysfs proc mqueue devpts overlay ramfs cgroup cgroup2 fuse bpf; do
		PREFIX="unshare -rmnip --fork --mount-proc"
		answer outside_of -- "$INTRUDE" mount $type "$T/shared/place"
		PREFIX=
		if [ "$said" != ok ]; then
			mount_skipped="$mount_skipped $type"
			continue
		fi
		for policy in strict:159 standard:EPERM; do
			sandboxed ${policy#*:} "${policy%:*}: mount a $type" --policy ${policy%:*} \
				-- "$INTRUDE" mount $type /tmp
		done
		sandboxed EPERM "filter off: mount a $type" --allow mount -- "$INTRUDE" mount $type /tmp
		# With the power to mount, Landlock still says no; without it the kernel, of what could
		# show more than is seen already.
		with='--policy standard --allow mount --caps sys_admin'
		[ -z "$has_landlock" ] || sandboxed EPERM "caps sys_admin, Landlock: mount a $type" \
			$with -- "$INTRUDE" mount $type /tmp
		last=ok
		[ $type != sysfs ] || last=EPERM
		sandboxed $last "caps sys_admin, landlock off: mount a $type" $with --landlock off \
			-- "$INTRUDE" mount $type /tmp
	done
	[ -z "$mount_skipped" ] || skip "$who: mount a$mount_skipped" 'nor can it be outside'
}

# A directory whose parent is left behind by a rename, while somebody stands in it.
climb_moved() {
	rm -rf "$T/shared/up" "$T/shared/moved"
	mkdir -p "$T/shared/up/here" && chmod 1777 "$T/shared/up/here"
	cp "$T/marker" "$T/shared/marker"
	{
		while [ ! -e "$T/shared/up/here/ready" ]; do :; done
		mv "$T/shared/up/here" "$T/shared/moved"
		echo go
	} | said_by as_caller timeout 60 "$@" sh -c \
		'cd "$1" && echo >ready && read go && "$2" climb marker' sh \
		"$T/shared/up/here" "$ACT"
}

test_renamed() {
	expect_output ok "$who: outside, the parent of what was moved has the file" climb_moved env
	expect_output ENOENT "$who: what is moved while it is bound leads nowhere" climb_moved \
		"$SBRUN" --policy standard $VISIBLE --bind "$T/shared/up/here" --
	expect_output ok "$who: what is moved inside of what is bound leads to that" climb_moved \
		"$SBRUN" --policy standard $VISIBLE --bind "$T/shared" --
	rm -rf "$T/shared/up" "$T/shared/moved" "$T/shared/marker"
}

# ---- links and directories exchanged ----

# exchanged COUNT OPTION...: "part" is now a directory, now a link to what is the host's.
exchanged() {
	exchanged_count=$1
	shift
	check "$who: $exchanged_count starts: $1: the host's file is never seen, whatever is exchanged" \
		as_caller "$T/bin/swap" "$tree/part" "$tree/to-host" "$exchanged_count" \
		"$SBRUN" --policy standard --bind "$tree" /t "$@" -- \
		sh -c '! grep -rqs marker /t && ! grep -qs inside /t/*/file'
	sed 's/^/# /' "$T/out"
	expect_stdout ' status 0: ' "$who: ... and some of them ran"
}

test_exchanged() {
	tree=$T/home/$who
	host=$T/shared/host
	mkdir -p "$tree/part" "$host"
	echo inside >"$tree/part/file"
	echo marker >"$host/file"
	ln -s "$host" "$tree/to-host"
	chmod -R a+rwX "$tree" "$host"
	chmod 755 "$T/home"
	[ "$(id -u)" -ne 0 ] || chown -R "$USER_ID:$USER_ID" "$tree" "$host"
	listed >"$T/before"
	check "$who: outside, the host's file is seen while names are exchanged" as_caller \
		"$T/bin/swap" "$tree/part" "$tree/to-host" 50 \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9; do
			if grep -qs marker "$0"; then exit 125; fi; done' "$tree/part/file"
	expect_stdout ' status 125: ' "$who: ... here and there"
	starts=$((STARTS / 2 + 1))
	[ "$who" = "${CALLERS%% *}" ] || starts=$((starts / 5 + 1)) # the same once more: fewer will do
	exchanged $starts --tmpfs /t/part
	exchanged $starts --mask /t/part
	listed >"$T/after"
	expect_output '' "$who: ... and nothing was made on the host" diff "$T/before" "$T/after"
	rm -rf "$tree" "$host"
}

# The two names may stand the other way round at the end.
listed() {
	find "$tree" "$host" -printf '%P %y %m %s\n' | sed 's/^to-host/part/' | sort
}

# ---- mounts that spread ----

# In a mount namespace whose mounts are shared, as at boot of a host: what is mounted beside the
# sandbox, does it see that? And the other way round?
spread() {
	cat >"$T/spread" <<-'END'
		# $1: PROPAGATION, $2: directory, the rest: how to start what looks for the file "late"
		mount --make-rshared / && mount -t tmpfs none "$2" && mkdir "$2/sub" || exit 99
		mkfifo -m 666 "$2/ready" "$2/go"
		dir=$2
		shift 2
		"$@" sh -c 'echo >"$1/ready"; read go <"$1/go"; cat "$1/sub/late" || echo none' sh "$dir" \
			2>/dev/null &
		read ready <"$dir/ready"
		sort /proc/self/mountinfo >"$dir/during"
		mount -t tmpfs none "$dir/sub" && echo seen >"$dir/sub/late"
		echo >"$dir/go"
		wait $!
		sort "$dir/during" | grep -v " $dir" | grep -c " $dir/" || :
	END
	timeout 60 unshare -m sh "$T/spread" - "$T/spreading" "$@"
}

test_spread() {
	[ "$(id -u)" -eq 0 ] || return 0
	mkdir -p "$T/spreading"
	expect_output 'seen
0' "$who: outside, a namespace that is a slave sees what is mounted later" \
		spread unshare -m --propagation slave
	expect_output 'none
0' "$who: a sandbox does not see what is mounted later" \
		spread $as_other "$SBRUN" --policy standard --bind "$T/spreading" --
	mount_table=$(cat /proc/self/mountinfo)
	as_caller "$SBRUN" --policy standard --bind "$T/spreading" --tmpfs /a --tmpfs /b -- true
	expect_output "$mount_table" "$who: the host's mounts are what they were" cat /proc/self/mountinfo
}

# ---- devices ----

test_devices() {
	expect_output 'full null ptmx pts random shm stderr stdin stdout tty urandom zero' \
		"$who: strict: /dev has what it is to have" as_caller "$SBRUN" -- \
		sh -c 'cd /dev && set -- $(ls | grep -vx fd | LC_ALL=C sort) && echo $*'
	for policy in strict standard; do
		none 'devices of the host are not there' $policy w /dev/kmsg /dev/mem /dev/port /dev/fuse \
			/dev/kvm /dev/net/tun /dev/vhost-net /dev/vsock /dev/uinput /dev/loop-control \
			/dev/mapper/control /dev/hpet /dev/console /dev/tty0 /dev/vda /dev/sda
	done
	[ -e "$T/shared/zero" ] || return 0
	# Made by root, usable by all: a device is one only where its mount says so.
	way ok EACCES 'a device node in a bound directory' --bind "$T/shared" \
		-- "$ACT" read "$T/shared/zero"
	sandboxed ok 'dev-bind: a device node in a bound directory' --dev-bind "$T/shared" \
		-- "$ACT" read "$T/shared/zero"
}

# ---- /proc ----

# To be read, and to be written to.
proc_read='kcore kmsg keys key-users timer_list sched_debug vmallocinfo slabinfo kpagecount kpageflags
	kpagecgroup kallsyms mtrr interrupts pagetypeinfo latency_stats 1/environ 1/maps 1/mem 1/auxv'
proc_write='sysrq-trigger sys/kernel/core_pattern sys/kernel/modprobe sys/kernel/hostname
	sys/kernel/domainname sys/kernel/sysrq sys/kernel/ns_last_pid sys/kernel/randomize_va_space
	sys/kernel/poweroff_cmd sys/vm/drop_caches sys/vm/panic_on_oom sys/fs/suid_dumpable
	sys/fs/protected_symlinks sys/fs/binfmt_misc/register sys/net/ipv4/ip_forward
	sys/net/core/bpf_jit_enable sys/user/max_user_namespaces irq/default_smp_affinity mtrr
	1/oom_score_adj 1/mem 1/uid_map 1/gid_map 1/setgroups'

test_proc() {
	for policy in strict standard; do
		none 'what /proc tells of the kernel is not read' $policy r \
			$(printf '/proc/%s ' $proc_read)
		none 'what /proc can do to the kernel is not written to' $policy w \
			$(printf '/proc/%s ' $proc_write)
	done
	# A mask that is not there.
	sandboxed /all/keys 'masks=none: /proc/keys is open' --policy standard \
		--proc /all masks=none -- "$INTRUDE" opened r /all/keys
	sandboxed ok 'standard: /proc/meminfo is read' --policy standard -- "$ACT" read /proc/meminfo
	sandboxed ok 'standard: /proc/self/comm is written to' --policy standard -- \
		"$ACT" write /proc/self/comm
	tap_run as_caller "$SBRUN" --policy standard -- sh -c 'ls -d /proc/[0-9]* | wc -l'
	expect_stdout '^[2-6]$' "$who: standard: /proc has the processes of the sandbox only"
	for pid in 1 self; do
		sandboxed 'ENOENT|EACCES' "standard: /proc/$pid/root does not lead out" \
			--policy standard -- "$ACT" read "/proc/$pid/root$T/marker"
	done
	sandboxed ok 'standard: /proc/self/root leads to its own root' --policy standard \
		-- "$ACT" read /proc/self/root/etc/passwd
	sandboxed ok "standard: /proc/self/root leads to what is bound" --policy standard \
		--ro-bind "$T/marker" -- "$ACT" read "/proc/self/root$T/marker"
}

# The host's name, which is one of our own for this, in files that say something of the process
# or the kernel.
told() {
	unshare -u sh -c 'echo name-of-the-host >/proc/sys/kernel/hostname && exec "$@"' sh $as_other \
		"$SBRUN" --policy standard "$@" -- grep -rlsF name-of-the-host /proc/version \
		/proc/cmdline /proc/sys/kernel /proc/self/status /proc/self/environ \
		/proc/self/mountinfo /proc/self/cgroup /proc/self/cmdline /proc/self/net
}

test_told() {
	[ "$(id -u)" -eq 0 ] || return 0
	tap_run told --share uts
	expect_stdout '^/proc/sys/kernel/hostname$' "$who: share uts: the host's name is found"
	tap_run told
	expect_output '' "$who: standard: the host's name is not" cat "$T/out"
}

# ---- space ----

test_space() {
	way ok ENOSPC 'strict: /tmp is full at 64M' -- "$INTRUDE" fill /tmp/sbrun-test-fill 70000000
	rm -f /tmp/sbrun-test-fill
	sandboxed ok 'tmpfs size=80M: the same fits' --tmpfs /tmp size=80M mode=1777 -- \
		"$INTRUDE" fill /tmp/sbrun-test-fill 70000000
	sandboxed ok 'strict: /tmp holds less' -- "$INTRUDE" fill /tmp/sbrun-test-fill 60000000
	sandboxed ENOSPC 'strict: /dev/shm is full at 16M' -- "$INTRUDE" fill /dev/shm/x 17000000
	sandboxed ok 'dev size=20M: the same fits' --dev /d size=20M -- \
		"$INTRUDE" fill /d/shm/x 17000000
	sandboxed ENOSPC 'strict: /tmp has 65536 files at most' -- "$INTRUDE" files /tmp 65537
	sandboxed ok 'tmpfs inodes=70000: the same is possible' \
		--tmpfs /q inodes=70000 mode=1777 -- "$INTRUDE" files /q 65537
	for policy in strict standard; do
		sandboxed 'EROFS|EACCES' "$policy: / cannot be filled" \
			--policy $policy -- "$INTRUDE" fill /x 1
		sandboxed 'EROFS|EACCES' "$policy: /usr cannot be filled" \
			--policy $policy -- "$INTRUDE" fill /usr/x 1
	done
	sandboxed ENOSPC 'strict: /dev is full at 1M' -- "$INTRUDE" fill /dev/x 2000000
}

# Attributes of files; leases and locks on what is the host's.
test_attributes() {
	: >"$T/shared/file"
	chmod 666 "$T/shared/file"
	[ "$who" = root ] || [ "$(id -u)" -ne 0 ] || chown "$USER_ID" "$T/shared/file"
	way ok EPERM 'strict: an attribute of a file' --bind "$T/shared" -- \
		"$INTRUDE" attribute "$T/shared/file"
	way ok ok 'filter off: an attribute of a file' --allow setxattr --bind "$T/shared" -- \
		"$INTRUDE" attribute "$T/shared/file"
	# A lock does not ask who owns the file, or how it is mounted.
	way ok ok 'strict: a lock on a file that is bound read-only' --ro-bind "$T/shared" -- \
		"$INTRUDE" lock "$T/shared/file"
	way ok EPERM 'deny flock: there is none' --deny flock --ro-bind "$T/shared" -- \
		"$INTRUDE" lock "$T/shared/file"
	# A lease does.
	lease=EACCES
	[ "$who" = root ] || lease=ok
	way ok $lease "strict: a lease on a file that is bound read-only: $lease" \
		--ro-bind "$T/shared" -- "$INTRUDE" lease "$T/shared/file"
	rm -f "$T/shared/file"
}

helper swap
mkdir -m 1777 "$T/shared"
has_landlock=y
"$SBRUN" --landlock files --explain plan | grep -q 'NOT HERE' && has_landlock=
echo marker >"$T/marker"
mknod -m 666 "$T/shared/zero" c 1 5 2>/dev/null || :

for caller in $CALLERS; do
	become "$caller"
	as_other=
	[ "$who" = root ] || as_other="setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups"
	test_chroot
	test_absent
	mount_skipped=
	test_mounts
	test_renamed
	test_exchanged
	test_spread
	test_devices
	test_proc
	test_told
	test_space
	test_attributes
done
finish
