#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2046,SC2086,SC2154
#
# Limits over all of a sandbox: each is reached by an act that goes through without it, the
# status and the messages say which it was, and no cgroup is left, however it ended.

. "$(dirname "$0")/common.sh"

RUNS=${RUNS:-50} # of the test for litter

helper hog
HOG=$T/bin/hog

# The command lines below, in a policy where nothing else is in the way.
sbrun() {
	as_caller "$SBRUN" --policy standard $VISIBLE "$@"
}

# Is this one that runs all tests? An emulated machine takes its time for each, so others than
# root leave out there what does not depend on who they are.
whole() {
	[ -z "${SBRUN_GUEST-}" ] || [ "$who" = root ]
}

# can LIMIT...: can the caller have these here? If not, the tests are skipped, and say why. What
# is known already is not tried again: this takes seconds in an emulated machine.
can() {
	for can_limit; do
		can_file=$T/can-$who-$(echo "$can_limit" | tr -c 'a-z0-9\n' _)
		if [ ! -e "$can_file" ]; then
			sbrun --$can_limit -- true >"$can_file" 2>&1 && : >"$can_file"
		fi
		cp "$can_file" "$T/can"
		[ ! -s "$T/can" ] || return 1
	done
}

# limited NAME ERE STATUS LIMIT... -- ACT...: the act goes through without the limits, and ends
# with STATUS and a message like ERE with them. The limits are "memory 64M", and so on.
limited() {
	limited_name=$1 limited_ere=$2 limited_status=$3
	shift 3
	limits=
	while [ "$1" != -- ]; do
		limits="$limits --$1"
		# Time may be too short even for nothing.
		if [ "${1#time-limit}" = "$1" ] && ! can "$1"; then
			skip "$who: $limited_name" "$(head -n 1 "$T/can")"
			return
		fi
		shift
	done
	shift
	if whole; then
		expect_status 0 "$who: $limited_name: not without the limit" sbrun -- "$@"
	fi
	expect_status $limited_status "$who: $limited_name" sbrun $limits -- "$@"
	[ -z "$limited_ere" ] || expect_stderr "$limited_ere" "$who: $limited_name: it says so"
}

# event TEXT NAME FILTER WORD...: what jq's FILTER makes of the events of a run.
event() {
	text=$1 name=$2 filter=$3
	shift 3
	whole || return 0
	if ! command -v jq >/dev/null 2>&1; then
		skip "$who: $name" 'needs jq'
		return
	fi
	sbrun --status-fd 3 "$@" 3>"$T/status" >/dev/null 2>&1 </dev/null
	expect_output "$text" "$who: $name" jq -rs "$filter" "$T/status"
}

# ---- one after the other ----

test_memory() {
	killed='^sbrun: limit: memory: 65536 KiB reached: killed by the kernel'
	limited 'memory' "$killed" 137 'memory 64M' -- "$HOG" memory 128
	limited 'memory of files' "$killed" 137 'memory 64M' -- "$HOG" shared 128
	limited 'memory of a tmpfs' "$killed" 137 'memory 64M' 'tmpfs /big size=256M' -- \
		sh -c 'mkdir -p /tmp; "$1" fill /tmp/x 60; exec "$1" memory 60' sh "$HOG"
	can 'memory 64M' || return 0
	expect_status 0 "$who: memory: less than the limit" sbrun --memory 64M -- "$HOG" memory 32
	event 'limit memory
signaled 137' 'memory: the events' \
		'.[] | select(.event != "started") | [.event, (.limit // .status)] | join(" ")' --memory 64M -- "$HOG" memory 128
	# Linux 5.19 and later have a peak of v2.
	event true 'memory: the peak' \
		'.[-1].memory_peak | . == null or . > 33554432 and . <= 67108864' \
		--memory 64M -- "$HOG" memory 32
	expect_status 125 "$who: memory: too little to start in" sbrun --memory 4K -- true
}

test_pids() {
	limited 'processes' '^sbrun: limit: pids: 16 reached; [1-9][0-9]* fork' 1 'pids 16' -- \
		"$HOG" processes 40
	limited 'threads' '^sbrun: limit: pids: 16 reached; ' 1 'pids 16' -- "$HOG" threads 40
	can 'pids 16' || return 0
	expect_output 15 "$who: processes: to the limit" sbrun --pids 16 -- "$HOG" processes 15
	expect_status 0 "$who: processes: one alone" sbrun --pids 1 -- "$HOG" processes 0
	expect_status 1 "$who: processes: one alone, and no other" sbrun --pids 1 -- \
		"$HOG" processes 1
}

# A tenth of a processor takes four times as long, at least, as half of one does.
test_cpu() {
	whole || return 0
	if ! can 'cpu 0.1'; then
		skip "$who: cpu" "$(head -n 1 "$T/can")"
		return
	fi
	event true 'cpu: a tenth of a processor' '.[-1] | .wall_us > 3 * (.user_us + .system_us)' \
		--cpu 0.1 -- "$HOG" time 200
}

test_cpu_time() {
	over='^sbrun: limit: cpu-limit: ended after 0.5 s'
	limited 'processor time' "$over" 124 'cpu-limit 0.5' -- "$HOG" time 2000
	limited 'processor time of two' "$over" 124 'cpu-limit 0.5' -- \
		sh -c '"$1" time 400 & "$1" time 400 & wait' sh "$HOG"
	limited 'processor time of many' "$over" 124 'cpu-limit 0.5' -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8; do "$1" time 120; done' sh "$HOG"
	can 'cpu-limit 1' || return 0
	# An emulated machine needs more than the rest of it to start in.
	[ -n "${SBRUN_GUEST-}" ] || expect_status 0 "$who: processor time: less than the limit" \
		sbrun --cpu-limit 1 -- sh -c '"$1" time 400 & "$1" time 400 & wait' sh "$HOG"
	expect_status 0 "$who: processor time: asleep none is used" \
		sbrun --cpu-limit 0.5 -- "$HOG" sleep 700
	event 'limit cpu-limit
cpu-limit 124' 'processor time: the events' \
		'.[] | select(.event != "started") | [.event, (.limit // .status)] | join(" ")' --cpu-limit 0.2 -- "$HOG" time 2000
}

test_time() {
	whole || return 0
	over='^sbrun: limit: time-limit: ended after 0.3 s'
	limited 'time' "$over" 124 'time-limit 0.3' -- "$HOG" sleep 1000
	limited 'time, busy and deaf' "$over" 124 'time-limit 0.3' -- "$HOG" time 1000
	limited 'time, of a child' "$over" 124 'time-limit 0.3' -- \
		sh -c '"$1" sleep 1000 & wait' sh "$HOG"
	limited 'time, with grace for the deaf' "$over" 124 'time-limit 0.3 grace=0.1' -- \
		"$HOG" sleep 2000
	expect_status 124 "$who: time, stopped" sbrun --time-limit 0.3 -- "$HOG" stop
	expect_status 124 "$who: time, stopped, with grace" \
		sbrun --time-limit 0.3 grace=0.1 -- "$HOG" stop
	expect_status 0 "$who: time: a background child does not hold it" \
		sbrun --time-limit 20 -- sh -c '"$1" sleep 30000 &' sh "$HOG"
	tap_run sbrun --time-limit 2 grace=20 -- \
		sh -c 'trap "echo saved; exit 3" TERM; sleep 30 & wait'
	if [ "$status" -eq 124 ] && [ "$(cat "$T/out")" = saved ]; then
		ok "$who: time: SIGTERM comes first"
	else
		not_ok "$who: time: SIGTERM comes first"
		tap_explain 'time-limit 2 grace=20'
	fi
	event 'limit time-limit
time-limit 124' 'time: the events' \
		'.[] | select(.event != "started") | [.event, (.limit // .status)] | join(" ")' --time-limit 0.1 -- "$HOG" sleep 1000
	event true 'time: how long it took' '.[-1].wall_us | . > 190000 and . < 20000000' \
		-- "$HOG" sleep 200
}

test_io() {
	mkdir -p "$T/disk"
	chmod 777 "$T/disk"
	if ! can "io-max $T/disk wbps=1M"; then
		skip "$who: io-max" "$(head -n 1 "$T/can")"
		rm -r "$T/disk"
		return
	fi
	write="rm -f /disk/x; dd if=/dev/zero of=/disk/x bs=256K count=8 oflag=direct"
	if ! sbrun --bind "$T/disk" /disk -- sh -c "$write" >/dev/null 2>&1; then
		skip "$who: io-max" 'cannot write past the cache here'
		rm -r "$T/disk"
		return
	fi
	# 2 MiB at 1 GiB a second, then at 1 MiB a second: the kernel lets the first part through.
	sbrun --status-fd 3 --io-max "$T/disk" wbps=1G --bind "$T/disk" /disk -- sh -c "$write" \
		3>"$T/status" >/dev/null 2>&1 </dev/null
	fast=$(sed -n 's/.*"wall_us":\([0-9]*\).*/\1/p' "$T/status")
	event true 'io-max: 1 MiB a second takes longer than 1 GiB' \
		".[-1].wall_us > 700000 + ${fast:-null}" \
		--io-max "$T/disk" wbps=1M --bind "$T/disk" /disk -- sh -c "$write"
	rm -r "$T/disk"
}

# A file system in memory has its own limit.
test_tmpfs() {
	whole || return 0
	expect_output 1 "$who: a tmpfs ends at its size" sbrun --tmpfs /small size=1M mode=1777 -- \
		sh -c '"$1" fill /small/x 8; true' sh "$HOG"
	expect_output 8 "$who: ... a larger one does not" sbrun --tmpfs /small size=9M mode=1777 -- \
		"$HOG" fill /small/x 8
}

# ---- where it stands, and how it is told ----

test_sight() {
	can 'memory 64M' 'pids 16' || return 0
	expect_output '' "$who: inside, its cgroup is the root" sbrun --memory 64M --pids 16 -- \
		sh -c 'grep -v ":/$" /proc/self/cgroup | grep -E "^0:|memory|pids"; true'
	expect_output '' "$who: inside, no cgroup file system is to be seen" \
		sbrun --memory 64M -- sh -c 'grep -E " - cgroup2? " /proc/self/mountinfo; true'
}

# with_descriptor FILE WORD...: sbrun with descriptor 5 on FILE.
with_descriptor() {
	file=$1
	shift
	sbrun "$@" 5<"$file"
}

# A directory leads there from anywhere.
test_descriptors() {
	group=$(find /sys/fs/cgroup -name cgroup.procs | head -n 1)
	for file in "$group" "${group%/*}" /usr; do
		expect_status 125 "$who: a descriptor of ${file##*/} is refused" \
			with_descriptor "$file" --pids 16 --keep-fd 5 -- true
		expect_stderr '^sbrun: descriptor 5 is ' "$who: ... it says which"
		expect_status 0 "$who: ... not without limits" \
			with_descriptor "$file" --keep-fd 5 -- true
		expect_status 0 "$who: ... nor if it is not kept" \
			with_descriptor "$file" --pids 16 -- true
	done
	expect_status 125 "$who: ... as standard input" \
		sbrun --pids 16 --stdin "$group" -- true
	expect_status 0 "$who: nor is a file of another kind" \
		with_descriptor /etc/passwd --pids 16 --keep-fd 5 -- true
}

# A group of its own, with its limits, is what the payload cannot change from inside: it does not
# see it, or not for writing; where it may mount, it gets what is inside of it.
test_own_limits() {
	can 'pids 16' || return 0
	groups='for group in $(find /sys/fs/cgroup -path "*/sbrun-*/pids.max"); do'
	if [ "$who" = root ]; then
		expect_status 0 "$who: its cgroups, bound, can be read" sbrun --pids 16 \
			--bind /sys/fs/cgroup -- sh -c "$groups cat \$group && exit; done; exit 1"
		expect_status 1 "$who: ... and not written" sbrun --pids 16 \
			--bind /sys/fs/cgroup -- sh -c "$groups echo max >\$group && exit; done; exit 1"
	else
		expect_status 125 "$who: cgroups that it could write are refused" \
			sbrun --pids 16 --bind /sys/fs/cgroup -- true
		expect_stderr '^sbrun: audit: /sys/fs/cgroup.*: cgroups can be written to there' \
			"$who: ... and it says where"
		expect_stderr '^fix: --ro-bind' "$who: ... and what helps"
		expect_status 125 "$who: ... in a tree that has them" sbrun --pids 16 --bind / / -- true
		expect_status 0 "$who: ... not without limits" sbrun --bind /sys/fs/cgroup -- true
		test_descriptors
	fi
	expect_status 0 "$who: read-only cgroups are not" \
		sbrun --pids 16 --ro-bind /sys/fs/cgroup -- true
	expect_status 0 "$who: nor those that are covered" sbrun --pids 16 --bind /sys/fs/cgroup \
		--tmpfs /sys/fs/cgroup -- true
}

# The payload mounts what it is in, raises the limits there, and makes a group below.
mounts_own='cd /dev/shm && { mount -t cgroup -o pids none . || mount -t cgroup2 none .; } || exit 9
cd /dev/shm && { [ ! -e pids.max ] || echo max >pids.max || exit 8; }
mkdir below below/it && echo 0 >below/it/cgroup.procs || exit 7'

test_mounted() {
	can 'pids 16' || return 0
	set -- as_caller "$SBRUN" --policy nested $VISIBLE --pids 20 -- \
		unshare -rmC sh -c "$mounts_own; exec \"\$@\"" sh "$HOG" processes
	if [ "$who" = root ]; then # it belongs to root, which nobody inside is
		"$@" 4 >/dev/null 2>&1
		status=$?
		expect_status 0 "$who: what it mounts it cannot write" [ $status -ge 7 ]
		return
	fi
	expect_output 4 "$who: it can mount its cgroup and write" "$@" 4
	expect_status 1 "$who: ... and the limit stays" "$@" 40
	expect_output '' "$who: ... and what it made there does not" stale_cgroups
}

# status_of OPTION...: what --status says of cgroups, of a run that waits.
status_of() {
	mkfifo "$T/go" "$T/there"
	chmod 666 "$T/go" "$T/there"
	as_caller "$SBRUN" --policy standard $VISIBLE --status-fd 3 "$@" -- cat \
		<"$T/go" 3>"$T/there" &
	job=$!
	exec 4>"$T/go" 5<"$T/there"
	read -r line <&5
	pid=$(echo "$line" | sed 's/.*"payload":\([0-9]*\).*/\1/')
	"$SBRUN" --status "$pid" | tr -s ' \n' ' ' |
		grep -oE 'sbrun-[0-9]+-[0-9a-f]+ .[a-z_. ]*(pids|memory)\.(max|limit_in_bytes)[^)]*'
	exec 4>&- 5<&-
	wait $job
	rm "$T/go" "$T/there"
}

test_status() {
	can 'pids 16' 'memory 64M' || return 0
	tap_run status_of --pids 16 --memory 64M
	expect_stdout 'pids.max 17, pids.current [2-9]' "$who: --status: the limit and what is used"
	expect_stdout 'memory[^ ]* 67108864, memory[^ ]* [1-9][0-9]*' "$who: ... of memory, too"
}

# Without a cgroup nothing is run, or what the policy says may be less.
test_refusal() {
	for limit in 'memory 64M' 'pids 16' 'cpu 1' 'io-weight 50' 'cpu-limit 9'; do
		name=${limit%% *}
		can "$limit" && continue
		expect_status 125 "$who: $name that cannot be had" sbrun --$limit -- echo ran
		expect_stderr "^sbrun: $name: .*: " "$who: $name: says what is missing"
		expect_stderr '^cause: ' "$who: $name: says why"
		expect_stderr '^fix: systemd-run .*Delegate=yes' "$who: $name: says what helps"
		[ ! -s "$T/out" ] || not_ok "$who: $name: nothing is run"
		expect_output ran "$who: $name: allowed to be less" \
			sbrun --$limit --allow-degraded $name -- echo ran
	done
}

# What is less than a cgroup, for each process or user by itself.
test_degraded() {
	can 'memory 64M' && return 0
	less='--allow-degraded memory swap pids cpu-limit'
	expect_output '9 9 67108864 67108864 17 17' "$who: less: what stands in, soft and hard" \
		sbrun $less --memory 64M --pids 16 --cpu-limit 9 -- sh -c 'echo $(sed -n \
			"s/^Max \(cpu time\|data size\|processes\) *\([^ ]* *[^ ]*\).*/\2/p" /proc/self/limits)'
	expect_status 1 "$who: less: memory of one process" \
		sbrun $less --memory 64M -- "$HOG" memory 128
	expect_status 0 "$who: less: ... below it" sbrun $less --memory 64M -- "$HOG" memory 32
	expect_status 1 "$who: less: processes" sbrun $less --pids 16 -- "$HOG" processes 40
	expect_output 4 "$who: less: ... below it" sbrun $less --pids 16 -- "$HOG" processes 4
	expect_status 124 "$who: less: processor time" \
		sbrun $less --cpu-limit 0.5 -- "$HOG" time 3000
	expect_status 124 "$who: less: processor time of two" sbrun $less --cpu-limit 0.5 -- \
		sh -c '"$1" time 400 & "$1" time 400 & wait' sh "$HOG"
	expect_status 124 "$who: less: processor time of many" sbrun $less --cpu-limit 0.5 -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8; do "$1" time 120; done' sh "$HOG"
	expect_status 0 "$who: less: processor time, asleep" \
		sbrun $less --cpu-limit 0.5 -- "$HOG" sleep 700
	event 'false true' 'less: is not told as a wall, but as less' '.[0] |
		"\(.walls | contains(["memory"])) \(.missing | contains(["memory"]))"' \
		$less --memory 64M -- true
}

# ---- litter ----

# The cgroups of sandboxes whose supervisor was started by us, and the reapers.
groups_of() {
	find /sys/fs/cgroup -type d -name "sbrun-$1-*" 2>/dev/null
}

# killed PID: kill -9 comes at some time of the run; what it leaves is gone within ten seconds.
killed() {
	rm "$T/pid"
	as_caller sh -c 'echo $$; exec "$@"' sh "$SBRUN" --policy standard $VISIBLE $all -- \
		"$HOG" sleep 20000 >"$T/pid" 2>/dev/null </dev/null &
	job=$!
	while [ ! -s "$T/pid" ]; do :; done
	read -r pid <"$T/pid"
	i=0
	while [ $i -lt $(($1 * 20)) ]; do i=$((i + 1)); done
	[ "$1" -ne 0 ] || while [ -z "$(groups_of "$pid")" ]; do :; done
	kill -9 "$pid"
	wait $job 2>/dev/null
	gone "$pid"
}

gone() {
	end=$(($(date +%s) + 10))
	while [ -n "$(groups_of "$1")" ]; do
		[ "$(date +%s)" -lt $end ] || return 1
	done
}

ended() {
	as_caller sh -c 'echo $$; exec "$@"' sh "$SBRUN" --policy standard $VISIBLE $all "$@" \
		>"$T/pid" 2>/dev/null </dev/null
	read -r pid <"$T/pid"
	[ -z "$(groups_of "$pid")" ]
}

test_litter() {
	all='--memory 64M --pids 16 --cpu 2 --cpu-limit 100'
	if ! sbrun $all -- true >"$T/can" 2>&1; then
		skip "$who: litter" "$(head -n 1 "$T/can")"
		return
	fi
	check "$who: no cgroup is left by a run" ended -- true
	check "$who: ... that fails" ended --chdir /nonexistent -- true
	check "$who: ... that is over the time limit" ended --time-limit 0.1 -- "$HOG" sleep 3000
	check "$who: ... that is over the memory limit" ended -- "$HOG" memory 128
	run=0
	while [ $run -lt $RUNS ] && ended -- true && killed $run; do
		run=$((run + 1))
	done
	expect_output $RUNS "$who: ... of $RUNS runs, and as many that are killed" echo $run
}

# What nobody could remove is removed by the next that is made in the same place.
test_stale() {
	can 'pids 16' || return 0
	# What is delegated for one run is no place for the next.
	[ "$who" != delegate ] || [ -z "$UNIFIED" ] || return 0
	rm -f "$T/pid"
	as_caller sh -c 'echo $$; exec "$@"' sh "$SBRUN" $VISIBLE --pids 16 -- \
		"$HOG" sleep 20000 >"$T/pid" 2>/dev/null </dev/null &
	job=$!
	while [ ! -s "$T/pid" ]; do :; done
	read -r pid <"$T/pid"
	while [ -z "$(groups_of "$pid")" ]; do :; done
	here=$(groups_of "$pid" | sed 's,/[^/]*$,,')
	as_caller sh -c 'mkdir -p "$1/sbrun-$$-0/inside" && echo "$1/sbrun-$$-0"' sh "$here" >"$T/stale"
	kill -9 "$pid"
	wait $job 2>/dev/null
	sbrun --pids 16 -- true
	expect_status 0 "$who: what nobody could remove is removed by the next" \
		sh -c '[ -n "$1" ] && [ ! -d "$1" ]' sh "$(cat "$T/stale")"
	gone "$pid"
}

# ---- delegation ----

# A cgroup for one run of the user's in the unified tree, as of a scope of systemd's; or nothing.
scope() {
	[ -n "$UNIFIED" ] || return 0
	scope_dir=$(mktemp -d "$UNIFIED/run.XXXXXX") || return
	chmod 755 "$scope_dir"
	chown "${1:-$USER_ID}" "$scope_dir" "$scope_dir/cgroup.procs" "$scope_dir/cgroup.subtree_control"
	echo "$scope_dir"
}

# in_groups DIR... -- CMD...: CMD, alone in these.
in_groups() {
	sh -c 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done
		shift; exec "$@"' sh "$@"
}

# as_delegate CMD...: as the user, in cgroups that belong to the user.
as_delegate() {
	in_groups $DELEGATED $(scope) -- \
		setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups "$@"
}

# Make such cgroups, as the host would for a user: below our own, in each hierarchy.
delegate() {
	DELEGATED='' UNIFIED=''
	unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	dir=$unified${path%/}
	if [ -n "$unified" ] && grep -q memory "$dir/cgroup.controllers" 2>/dev/null &&
		mkdir "$dir/delegated-$$" 2>/dev/null; then
		UNIFIED=$dir/delegated-$$
		for word in +memory +pids +cpu +io; do
			echo $word >"$dir/cgroup.subtree_control"
			echo $word >"$UNIFIED/cgroup.subtree_control"
		done 2>/dev/null
	fi
	for controller in memory pids cpu cpuacct blkio; do
		path=$(awk -F: -v c="$controller" '$2 == c { print $3 }' /proc/self/cgroup)
		dir=/sys/fs/cgroup/$controller$path/delegated-$$
		[ -n "$path" ] || continue
		mkdir "$dir" 2>/dev/null || continue
		DELEGATED="$DELEGATED $dir"
		chown -R "$USER_ID" "$dir"
	done
	[ -n "$DELEGATED$UNIFIED" ]
}

# Nothing is left in what was delegated, or changed: they can be removed.
undelegated() {
	for dir in "$UNIFIED"/run.*; do
		[ -d "$dir" ] || continue
		[ -z "$(cat "$dir/cgroup.subtree_control")" ] || return
		rmdir "$dir" || return
	done
	for dir in $DELEGATED $UNIFIED; do
		rmdir "$dir" || return
	done
}

take_back() {
	for dir in "$UNIFIED"/run.* $DELEGATED $UNIFIED; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
}

# The sandbox's group is below the caller's own, or there is none.
test_below() {
	can 'memory 64M' || return 0
	owner=$USER_ID
	[ "$who" != root ] || owner=0
	if [ -n "$UNIFIED" ]; then
		own=$(scope $owner) file=memory.max unlimited=max
		set -- $own
	else
		set -- $DELEGATED
		own=$(printf '%s\n' "$@" | grep /memory/) file=memory.limit_in_bytes unlimited=-1
	fi
	as_user='setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups'
	[ "$who" != root ] || as_user=
	set -- in_groups "$@" -- $(eval echo $as_user)
	run="$SBRUN --policy standard $VISIBLE"
	expect_status 0 "$who: memory: below the limit" "$@" $run --memory 64M -- "$HOG" memory 48
	echo $((32 << 20)) >"$own/$file"
	expect_status 137 "$who: memory: below it, but above that of the caller" \
		"$@" $run --memory 64M -- "$HOG" memory 48
	echo $unlimited >"$own/$file"
	[ -n "$UNIFIED" ] || return 0
	expect_output 125 "$who: not alone in its group: refused" \
		"$@" sh -c '"$@"; echo $?' sh $run --memory 64M -- true
	expect_stderr '^cause: it holds other processes' "$who: ... and it says why"
	expect_status 0 "$who: alone, and in the background" "$@" $run --background --quiet \
		--memory 64M -- true
	while [ -n "$(cat "$own/cgroup.procs" "$own"/*/cgroup.procs 2>/dev/null)" ]; do :; done
	expect_output '' "$who: its own group is what it was" cat "$own/cgroup.subtree_control"
}

UNIFIED='' DELEGATED=''
AT_END=take_back
[ "$(id -u)" -ne 0 ] || ! delegate || CALLERS="$CALLERS delegate"

for caller in $CALLERS; do
	become "$caller"
	[ "$caller" != delegate ] || AS=as_delegate
	test_memory
	test_pids
	test_cpu
	test_cpu_time
	test_time
	test_io
	test_tmpfs
	test_sight
	test_own_limits
	test_mounted
	test_status
	test_refusal
	test_degraded
	test_below
	test_litter
	test_stale
done
[ -z "$DELEGATED$UNIFIED" ] || check 'what was delegated is as it was' undelegated

finish
