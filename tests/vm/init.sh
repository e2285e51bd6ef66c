#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash disable=SC2013,SC2094
#
# PID 1 of the virtual machine in which scripts/vmtest runs the tests.
#
# It starts in the initramfs, which cannot be left by pivot_root(2) before Linux 7.0; so it binds
# that over itself, and comes again there. Then it makes what a small Debian has, runs the tests
# that /tests/list names, and stops the machine. All goes to the serial line: the tests' own
# output, and, each on a line of its own,
#
#	VM-KERNEL VERSION	VM-RUN TEST	VM-END TEST STATUS MILLISECONDS	VM-DONE
#
# The kernel's command line may say vm.timeout=SECONDS (for a test), vm.part=N and vm.parts=N (of
# the tests, only every so many, from the Nth on) and vm.probe, which runs none.

export PATH=/usr/bin:/bin:/usr/sbin:/sbin

stop() {
	busybox sync
	busybox reboot -f
}

if [ "${1-}" != moved ]; then
	# For tests/system/contain_guest.sh: what sbrun does where the root cannot be left.
	if [ -e /tests/system/contain_guest.sh ]; then
		busybox mount -t proc proc /proc
		busybox mount -t devtmpfs dev /dev
		busybox timeout 60 /tests/sbrun --policy strict -- \
			sh -c 'echo ran; [ ! -e /tests ] || echo escaped' >/initramfs.out 2>&1 </dev/null
		echo "status $?" >>/initramfs.out
		busybox umount /dev /proc
	fi
	busybox mkdir /new
	busybox mount --bind / /new
	busybox mount -t devtmpfs dev /new/dev
	cd /new || stop
	busybox mount --move . /
	exec busybox chroot . /bin/sh /init moved <dev/console >dev/console 2>&1
fi

# As at a distribution's boot; what fails is told, and the tests will say what they miss.
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mkdir -p /dev/pts /dev/shm /tmp /root
chmod 1777 /tmp
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev shm /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
mount --make-rshared /
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
busybox ip link set lo up
hostname guest
# Else a key cannot be pushed into a terminal outside of sandboxes either (Linux 6.2).
[ ! -e /proc/sys/dev/tty/legacy_tiocsti ] || echo 1 >/proc/sys/dev/tty/legacy_tiocsti
for module in /modules/*.ko; do
	[ ! -e "$module" ] || busybox insmod "$module"
done
chmod 666 /dev/net/tun # as udev does
# A way out that leads nowhere, which pasta (policy "network") wants to see.
busybox ip link set dummy0 up
busybox ip address add 192.0.2.2/24 dev dummy0
busybox ip route add default via 192.0.2.1
# The kernel's own messages would stand in the middle of a line.
dmesg --console-off

timeout=60
part=1
parts=1
probe=
for word in $(cat /proc/cmdline); do
	case $word in
	vm.timeout=*) timeout=${word#*=} ;;
	vm.part=*) part=${word#*=} ;;
	vm.parts=*) parts=${word#*=} ;;
	vm.probe) probe=y ;;
	esac
done

echo "VM-KERNEL $(uname -rv)"
[ -z "$probe" ] || stop

export HOME=/root SBRUN_GUEST=1 SBRUN=/tests/sbrun SBPF=/tests/sbpf \
	SYSLOGPARSE=/tests/syslogparse.program TESTBIN=/tests
export TEST_TIMEOUT="$timeout"
# Emulated, all takes ten times as long: of what is only repeated, less will do.
export RUNS=2 STARTS=10 MEGABYTES=10 SWEEP_STRIDE=15 SWEEP_LIMIT_MS=30000
cd /tests || stop

# run NAME COMMAND...
run() {
	name=$1
	shift
	echo "VM-RUN $name"
	start=$(date +%s%N)
	# By way of a file: to a terminal, programs write in another order.
	timeout -k 5 "$timeout" "$@" </dev/null >/run/output 2>&1
	status=$?
	cat /run/output
	echo
	echo "VM-END $name $status $((($(date +%s%N) - start) / 1000000))"
}

[ "$part" -ne 1 ] || run doctor "$SBRUN" --doctor --json
awk -v part="$part" -v parts="$parts" 'NR % parts == part % parts' list >mine
while read -r name; do
	run "$name" "./$name"
	# What is about time fails now and then on a slow machine; the second time counts, and both
	# are told.
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ] || run "$name" "./$name"
done <mine
echo VM-DONE
stop
