#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2046,SC2086,SC2094,SC2154
#
# The file tree: what each operation shows, lets change and hides, beside the same act
# without it; and the host, which is looked at afterwards.

. "$(dirname "$0")/common.sh"

STARTS=${STARTS:-100} # of each race
LANDLOCK_CREATE_RULESET=444

for helper in swap without; do
	cp "${TESTBIN:-$(dirname "$0")/..}/system/$helper" "$T/bin/" || tap_bail "no $helper"
done
chmod 755 "$T/bin/swap" "$T/bin/without"

# inside NAME TEXT [OPTION]... -- SCRIPT: sh runs SCRIPT in a standard sandbox: prints TEXT.
inside() {
	inside_name=$1
	inside_text=$2
	shift 2
	inside_option=
	for inside_word; do
		shift
		if [ "$inside_word" = -- ]; then
			inside_option=1
			set -- "$@" -- sh -c
		else
			set -- "$@" "$inside_word"
		fi
	done
	[ -n "$inside_option" ] || tap_bail "inside: no -- in $inside_name"
	expect_output "$inside_text" "$who: $inside_name" as_caller "$SBRUN" --policy standard "$@"
}

# fails NAME ERE [OPTION]...: nothing is run, and the message is like ERE.
fails() {
	fails_name=$1
	fails_text=$2
	shift 2
	expect_status 125 "$who: $fails_name" as_caller "$SBRUN" --policy standard "$@" -- true
	expect_stderr "$fails_text" "$who: $fails_name: it says so"
}

# same NAME: what is below $D is as "listed" noted it.
listed() {
	find "$D" -printf '%p %y %m %s %l\n' | sort >"$T/listed"
}

same() {
	find "$D" -printf '%p %y %m %s %l\n' | sort >"$T/now"
	check "$who: $1" diff "$T/listed" "$T/now"
}

# Fresh for each caller, and anybody may write to it: the id inside is not root's.
populate() {
	D=$T/home/$who
	mkdir -p "$D/low" "$D/high" "$D/up" "$D/work" "$D/tree/part" "$D/host"
	echo low >"$D/low/file"
	echo other >"$D/low/other"
	echo high >"$D/high/file"
	echo part >"$D/tree/part/file"
	echo secret >"$D/tree/secret"
	echo marker >"$D/host/marker"
	ln -s part "$D/tree/link"
	mkfifo "$D/tree/fifo"
	chmod -R a+rwX "$D"
	chmod 755 "$T/home"
	[ "$(id -u)" -ne 0 ] || chown -R "$USER_ID:$USER_ID" "$D"
}

has_overlay() {
	as_caller "$SBRUN" --policy standard --overlay-src "$D/low" --tmp-overlay /o -- true \
		>/dev/null 2>&1
}

test_overlay() {
	layers="--overlay-src $D/low --overlay-src $D/high"
	listed
	if ! has_overlay; then
		skip "$who: overlays" 'this kernel has none in a user namespace'
		return
	fi
	inside 'tmp-overlay: the last layer is on top' 'high
other' $layers --tmp-overlay /o -- 'cat /o/file /o/other'
	inside 'tmp-overlay: it can be written to' 'new
new' $layers --tmp-overlay /o -- 'echo new >/o/new && cat /o/new && mkdir /o/d && ls -d /o/new | cut -d / -f 3'
	[ "$who" = root ] || inside 'tmp-overlay: files can be changed and removed' 'high
more
file' $layers --tmp-overlay /o -- 'rm /o/other && echo more >>/o/file && cat /o/file && ls /o'
	same 'tmp-overlay: the layers are what they were'
	inside 'tmp-overlay: the mount says so' '1' $layers --tmp-overlay /o -- \
		'grep -c " /o rw,nosuid,nodev.* - overlay" /proc/self/mountinfo'
	inside 'tmp-overlay: no path leads to its memory' '' $layers --tmp-overlay /o -- \
		'echo new >/o/needle; find / -xdev -name upper 2>/dev/null; find / -name needle 2>/dev/null | grep -v "^/o/" | grep -v ^/proc; true'
	inside 'tmp-overlay size=: a larger file does not fit' 'too large' \
		$layers --tmp-overlay /o size=64K -- \
		'dd if=/dev/zero of=/o/f bs=1K count=128 2>/dev/null || echo too large'
	inside 'tmp-overlay: it does without' 'fits' $layers --tmp-overlay /o -- \
		'dd if=/dev/zero of=/o/f bs=1K count=128 2>/dev/null && echo fits'
	inside 'ro-overlay: it can be read' 'high' $layers --ro-overlay /o -- 'cat /o/file'
	inside 'ro-overlay: it cannot be written to' 'denied' $layers --ro-overlay /o -- \
		'true 2>/dev/null >/o/new || echo denied'
	inside 'overlay: what is written goes to the upper one' 'low
new' --overlay-src "$D/low" --overlay "$D/up" "$D/work" /o -- \
		'cat /o/file; echo new >/o/new; cat /o/new'
	expect_output new "$who: overlay: it is there outside" cat "$D/up/new"
	expect_output low "$who: overlay: the lower one is what it was" cat "$D/low/file"
	rm -rf "$D/up/new"
	fails 'overlay: a layer is missing' "overlay $D/none: No such file" \
		--overlay-src "$D/none" --tmp-overlay /o
	fails 'overlay: a layer is a file' "overlay $D/low/file: Not a directory" \
		--overlay-src "$D/low/file" --tmp-overlay /o
}

test_descriptors() {
	inside 'bind-fd: a directory' 'low' --bind-fd 7 /x -- 'cat /x/file' 7<"$D/low"
	inside 'bind-fd: it is writable' '' --bind-fd 7 /x -- 'echo x >/x/w && rm /x/w' 7<"$D/low"
	inside 'ro-bind-fd: it is not' 'denied' --ro-bind-fd 7 /x -- \
		'true 2>/dev/null >/x/w || echo denied' 7<"$D/low"
	inside 'ro-bind-fd: a file' 'low' --ro-bind-fd 7 /x -- 'cat /x' 7<"$D/low/file"
	inside 'bind-fd: the descriptor itself is closed' '' --bind-fd 7 /x -- \
		'test ! -e /proc/self/fd/7' 7<"$D/low"
	fails 'bind-fd: it is not open' 'bind-fd /x: descriptor 7 is not open' --bind-fd 7 /x
	: >"$D/gone"
	exec 7<"$D/gone"
	rm "$D/gone"
	fails 'bind-fd: what has no name' 'descriptor 7 has no name any more' --bind-fd 7 /x
	exec 7<&-

	listed
	echo data >"$T/data"
	chmod 644 "$T/data"
	inside 'bind-data: over a file of the host' 'data
more' --bind "$D/low" /x --bind-data 7 /x/file -- 'echo more >>/x/file && cat /x/file' 7<"$T/data"
	inside 'ro-bind-data: it cannot be written to' 'data
denied' --bind "$D/low" /x --ro-bind-data 7 /x/file -- \
		'cat /x/file; true 2>/dev/null >/x/file || echo denied' 7<"$T/data"
	inside 'perms: the mode of it' '600' --perms 0600 --bind-data 7 /d -- \
		'stat -c %a /d' 7<"$T/data"
	inside 'file mode=: the mode of it' '640' --file 7 /d mode=0640 -- 'stat -c %a /d' 7<"$T/data"
	same 'bind-data: the host is what it was'
	fails 'bind-data: a directory is there' 'use mount point /x' \
		--bind "$D/low" /x --bind-data 7 /x 7<"$T/data"
}

test_mask() {
	listed
	inside 'without mask: it is seen' 'secret
file' --bind "$D/tree" /t -- 'cat /t/secret; ls /t/part'
	inside 'mask: a file is empty, a directory too' '' --bind "$D/tree" /t \
		--mask /t/secret /t/part -- 'cat /t/secret; ls /t/part'
	inside 'mask: it cannot be written to' 'denied
denied' --bind "$D/tree" /t --mask /t/secret /t/part -- \
		'true 2>/dev/null >/t/secret || echo denied; true 2>/dev/null >/t/part/x || echo denied'
	inside 'mask: nor removed, nor renamed' 'denied
denied' --bind "$D/tree" /t --mask /t/secret /t/part -- \
		'rm -f /t/secret 2>/dev/null || echo denied; mv /t/part /t/p 2>/dev/null || echo denied'
	inside 'mask: the neighbour is seen' 'link' --bind "$D/tree" /t --mask /t/secret -- \
		'cd /t && ls -d link'
	inside 'mask: what a link leads to, by both names' '' --bind "$D/tree" /t --mask /t/link -- \
		'ls /t/link/ /t/part/ | grep file || true'
	inside 'mask-try: what is not there' 'ok' --bind "$D/tree" /t --mask-try /t/none -- 'echo ok'
	fails 'mask: what is not there' 'root: mask /t/none .*: No such file' \
		--bind "$D/tree" /t --mask /t/none
	same 'mask: the host is what it was'

	inside 'read-only in writable: the outer can be written to' '' --bind "$D/tree" /t \
		--ro-bind "$D/tree/part" /t/part -- 'echo x >/t/w && rm /t/w'
	inside 'read-only in writable: the inner cannot' 'denied' --bind "$D/tree" /t \
		--ro-bind "$D/tree/part" /t/part -- 'true 2>/dev/null >/t/part/x || echo denied'
	inside 'writable throughout: it can' '' --bind "$D/tree" /t -- \
		'echo x >/t/part/x && rm /t/part/x'
	inside 'remount-ro: a tmpfs' 'denied' --tmpfs /q --remount-ro /q -- \
		'true 2>/dev/null >/q/x || echo denied'
	inside 'without: it is writable' '' --tmpfs /q -- 'true >/q/x'
}

test_limits() {
	for option in '--tmpfs /q size=64K' '--size 64K --tmpfs /q'; do
		inside "$option: a larger file does not fit" 'too large' $option -- \
			'dd if=/dev/zero of=/q/f bs=1K count=128 2>/dev/null || echo too large'
	done
	inside 'tmpfs: without it does' 'fits' --tmpfs /q -- \
		'dd if=/dev/zero of=/q/f bs=1K count=128 2>/dev/null && echo fits'
	inside 'tmpfs inodes=: a file too many' 'denied' --tmpfs /q inodes=3 -- \
		'touch /q/1 /q/2 && touch /q/3 2>/dev/null || echo denied'
	inside 'tmpfs: without it is not' 'fits' --tmpfs /q -- 'touch /q/1 /q/2 /q/3 && echo fits'
	inside 'perms: the mode of a directory' '1711 710' --perms 1711 --tmpfs /q \
		--perms 0710 --dir /q/d -- 'echo $(stat -c %a /q /q/d)'
	inside 'mqueue' '1' --mqueue /dev/mqueue -- \
		'grep -c " /dev/mqueue rw,nosuid,nodev,noexec.* - mqueue" /proc/self/mountinfo'
}

# Root's sandbox has an id that owns nothing outside; a bind can lend it another.
test_idmap() {
	if [ "$who" = user ]; then
		fails 'idmap: only root' 'idmap: .*' --bind "$D/low" /x idmap
		return
	fi
	mkdir "$T/mapped"
	echo own >"$T/mapped/file"
	chmod 700 "$T/mapped"
	fails 'idmap: what belongs to root' 'cause: it belongs to root' --bind "$T/mapped" /x idmap
	chown -R 64001:64002 "$T/mapped"
	if "$SBRUN" --policy standard --bind "$T/mapped" /x idmap -- true 2>&1 | grep -q 'cannot map'; then
		skip "$who: idmap" "the file system of $T cannot map ids"
		return
	fi
	inside 'without idmap: it cannot be read' 'denied' --bind "$T/mapped" /x -- \
		'cat /x/file 2>/dev/null || echo denied'
	inside 'idmap: the owner is the one inside' 'own
1000 1000' --bind "$T/mapped" /x idmap -- \
		'cat /x/file; echo new >/x/new; stat -c "%u %g" /x/file'
	expect_output '64001 64002' "$who: idmap: what was created is the owner's outside" \
		stat -c '%u %g' "$T/mapped/new"
	inside 'idmap: read-only as well' 'denied' --ro-bind "$T/mapped" /x idmap -- \
		'true 2>/dev/null >/x/file || echo denied'
	echo root >"$T/mapped/roots"
	chmod 600 "$T/mapped/roots"
	inside 'idmap: what belongs to others stays theirs' 'denied' \
		--bind "$T/mapped" /x idmap -- 'cat /x/roots 2>/dev/null || echo denied'
}

# As before Linux 5.12: each mount is restricted by itself.
test_old() {
	mount_setattr="$T/bin/without 442"
	expect_output '2500 denied' "$who: without mount_setattr(2): 2500 binds, read-only" \
		as_caller $mount_setattr "$SBRUN" --policy "$T/many.2500" -- sh -c \
		'echo $(cat /many/* | grep -c low; true 2>/dev/null >/many/7 || echo denied)'
	expect_output 'denied denied' "$who: without mount_setattr(2): masks, and what is below" \
		as_caller $mount_setattr "$SBRUN" --policy standard --bind "$D/tree" /t \
		--ro-bind "$D/tree" /t/part --mask /t/secret -- sh -c \
		'echo $(for f in /t/part/secret /t/secret; do
			true 2>/dev/null >$f || echo denied; done)'
	few=$(time_of 500 $mount_setattr)
	lot=$(time_of 2500 $mount_setattr)
	printf '# %s: without: 500 binds: %s us, 2500: %s us\n' "$who" "$few" "$lot"
	check "$who: without mount_setattr(2) they cost in proportion" test "$lot" -lt $((few * 12))
}

# Names that are hard to write, and sources that are hard to reach.
test_names() {
	mkdir "$T/search"
	mkdir -p "$T/search/below"
	echo below >"$T/search/below/file"
	chmod 711 "$T/search"
	ln -s search/below "$T/var-run"
	inside 'a source below a directory that may only be searched' 'below' \
		--ro-bind "$T/search/below" /s -- 'cat /s/file'
	inside 'a source behind a link' 'below' --ro-bind "$T/var-run" /s -- 'cat /s/file'
	inside 'a source below a link' 'below' --ro-bind "$T/var-run/file" /s -- 'cat /s'
	rm -r "$T/search" "$T/var-run"
	for name in 'with space' 'with
newline' 'back\slash' "$(printf 'byte\377')" '\040' '-dash' 'colon:comma,'; do
		mkdir "$D/$name"
		printf '%s\n' "$name" >"$D/$name/file"
		inside "the name '$name'" "$name" --ro-bind "$D/$name" "/n/$name" -- 'cat /n/*/file'
		if ! has_overlay; then
			skip "$who: below an overlay" 'this kernel has none in a user namespace'
			continue
		fi
		inside "the name '$name', below an overlay" "$name" --overlay-src "$D/$name" \
			--tmp-overlay "/n/$name" -- 'cat /n/*/file'
		rm -r "${D:?}/$name"
	done
	as_caller "$SBRUN" --ro-bind "$(printf '/no\033[31m\n\377\\such')" -- true 2>"$T/err"
	expect_stderr 'bind /no\\x1b\[31m\\x0a\\xff\\x5csuch: No such file' \
		"$who: a strange name is escaped in a message"
	expect_status 125 "$who: and in one about a destination" as_caller \
		"$SBRUN" --bind "$D/tree" /t --mask "$(printf '/t/\033\n.')" -- true
	expect_stderr 'mask /t/\\x1b\\x0a\. ' "$who: it is escaped as well"
}

# many COUNT: a policy with so many binds, which must all be there.
many() {
	{
		echo 'include standard'
		seq "$1" | sed "s|.*|ro-bind $D/low/file /many/&|"
	} >"$T/many.$1"
	expect_output "$1" "$who: $1 binds" as_caller \
		"$SBRUN" --policy "$T/many.$1" -- sh -c 'cat /many/* | grep -c low'
}

# time_of COUNT [WITHOUT...]: the least of RUNS (3), in microseconds.
time_of() {
	time_policy=$T/many.$1
	shift
	for _ in $(seq ${RUNS:-3}); do
		time_begin=$(date +%s%N)
		as_caller "$@" "$SBRUN" --policy "$time_policy" -- true
		time_end=$(date +%s%N)
		echo $(((time_end - time_begin) / 1000))
	done | sort -n | head -n 1
}

test_many() {
	many 500
	many 2500
	few=$(time_of 500)
	lot=$(time_of 2500)
	printf '# %s: 500 binds: %s us, 2500: %s us\n' "$who" "$few" "$lot"
	# Five times as many; quadratic cost would be 25 times as much.
	check "$who: they cost in proportion" test "$lot" -lt $((few * 12))
	fails 'more than there may be' 'more than 4096 file operations' \
		$(seq 4097 | sed 's|.*|--dir /d/&|')
	{
		echo 'include strict-calls'
		echo 'default kill'
		printf 'ro-bind %s\nro-bind-try %s\n' /usr /bin /usr /lib /usr /lib64
		seq 500 | sed "s|.*|ro-bind $D/low/file /many/&|"
	} >"$T/bare"
	expect_output '200 4000' "$who: a soft limit of descriptors is no hindrance, and kept" \
		as_caller sh -c 'ulimit -Sn 200 && ulimit -Hn 4000 && exec "$@"' sh \
		"$SBRUN" --policy "$T/bare" -- sh -c 'echo $(ulimit -Sn; ulimit -Hn)'
	expect_status 125 "$who: a hard one is" as_caller sh -c 'ulimit -n 200 && exec "$@"' sh \
		"$SBRUN" --policy "$T/bare" -- true
	expect_stderr 'files: 5[0-9][0-9] descriptors are needed' "$who: it says how many"
}

# What only Landlock denies: to the mount, a pipe's end is no file that it protects.
test_landlock() {
	if "$SBRUN" --landlock files --explain plan | grep -q 'NOT HERE'; then
		skip "$who: Landlock" 'this kernel has none'
	else
		inside 'landlock: a pipe in what is read-only' 'denied' --ro-bind "$D/tree" /t -- \
			'echo x 2>/dev/null 1<>/t/fifo || echo denied'
		inside 'landlock off: it can be written to' '' --landlock off \
			--ro-bind "$D/tree" /t -- 'echo x 1<>/t/fifo'
		inside 'landlock: where it is writable, too' '' --bind "$D/tree" /t -- \
			'echo x 1<>/t/fifo'
		inside 'landlock: what was handed in can be opened again' 'low' --keep-fd 7 -- \
			'cat /dev/fd/7' 7<"$D/low/file"
		inside 'landlock: a directory that was handed in' 'low' --keep-fd 7 -- \
			'cat /dev/fd/7/file' 7<"$D/low"
	fi
	printf '%s\n' 'include strict-calls' 'default kill' 'landlock files' 'ro-bind /usr' \
		'ro-bind-try /lib' 'ro-bind-try /lib64' 'ro-bind-try /bin' >"$T/demands"
	if "$SBRUN" --landlock net --explain plan | grep -q 'NOT HERE'; then
		skip "$who: Landlock of TCP" 'this kernel has none'
	else
		# act and around are seen at the same path.
		expect_output ok "$who: no landlock net: a listener inside is reached" as_caller \
			"$SBRUN" --policy standard $VISIBLE -- \
			"$AROUND" listener 127.0.0.1:0 "$ACT" connect ADDRESS
		tap_run as_caller "$SBRUN" --policy standard --landlock net $VISIBLE -- \
			"$AROUND" listener 127.0.0.1:0 "$ACT" connect ADDRESS
		expect_stderr 'Permission denied' "$who: landlock net: there can be none"
	fi
	without="$T/bin/without $LANDLOCK_CREATE_RULESET"
	[ "$(uname -m)" = x86_64 ] || [ "$(uname -m)" = aarch64 ] || return
	expect_status 125 "$who: no Landlock: a policy that demands it" as_caller \
		$without "$SBRUN" --policy "$T/demands" -- true
	expect_stderr 'landlock: this kernel has version 0' "$who: it says so"
	check "$who: unless it may be missing" as_caller $without \
		"$SBRUN" --policy "$T/demands" --allow-degraded landlock -- true
	check "$who: the built-in ones do without" as_caller $without "$SBRUN" -- true
	as_caller $without "$SBRUN" --explain plan >"$T/out"
	expect_stdout 'landlock  *files: .*NOT HERE' "$who: and say so"
}

# Names that are exchanged while the sandbox is being built: COUNT starts each.
test_races() {
	ln -s ../host "$D/tree/to-host"
	ln -s "$D/host" "$D/swapped"
	mkdir "$D/dir"
	echo inside >"$D/dir/file"
	listed
	before=$(grep -c . /proc/self/mountinfo)

	tap_run as_caller "$T/bin/swap" "$D/tree/part" "$D/tree/to-host" "$STARTS" \
		sh -c 'if [ -e "$0" ]; then exit 125; fi' "$D/tree/part/marker"
	expect_stdout 'status 0: .* status 125: ' \
		"$who: outside, a path leads here and there while names are exchanged"

	# Does a destination go through a link that leads to the host?
	check "$who: a directory and a link are exchanged below a destination" as_caller \
		"$T/bin/swap" "$D/tree/part" "$D/tree/to-host" "$STARTS" \
		"$SBRUN" --policy standard --bind "$D/tree" /t/x --tmpfs /t/x/part -- \
		sh -c '! grep -rqs marker /t'
	sed 's/^/# /' "$T/out"
	# A path that exists here and there must not be the host's.
	check "$who: a file is created there" as_caller \
		"$T/bin/swap" "$D/tree/part" "$D/tree/to-host" "$STARTS" \
		"$SBRUN" --policy standard --bind "$D/tree" "$D/tree" --dir "$D/tree/part/new" -- true
	sed 's/^/# /' "$T/out"
	# A descriptor is bound, whatever its name leads to meanwhile.
	check "$who: the name of a descriptor is exchanged" as_caller \
		"$T/bin/swap" "$D/dir" "$D/swapped" "$STARTS" \
		sh -c '"$0" --policy standard --ro-bind-fd 7 /x -- sh -c "grep -q inside /x/file"' \
		"$SBRUN" 7<"$D/dir"
	sed 's/^/# /' "$T/out"
	[ -L "$D/tree/to-host" ] || mv -T --exchange "$D/tree/part" "$D/tree/to-host" 2>/dev/null ||
		restore "$D/tree/part" "$D/tree/to-host"
	[ -L "$D/swapped" ] || restore "$D/dir" "$D/swapped"
	same 'races: nothing was created on the host'
	expect_output "$before" "$who: races: nothing is mounted on it" grep -c . /proc/self/mountinfo
}

# Exchange two names, one step after the other.
restore() {
	mv -T "$1" "$1.tmp" && mv -T "$2" "$1" && mv -T "$1.tmp" "$2"
}

for caller in $CALLERS; do
	become "$caller"
	populate
	test_overlay
	test_descriptors
	test_mask
	test_limits
	test_names
	test_many
	test_old
	test_idmap
	test_landlock
	test_races
done

finish
