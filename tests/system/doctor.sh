#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2086,SC2154
#
# --doctor: true of this host, and of hosts where something is missing or forbids it: calls that
# are taken away, limits, a masked /proc, a chroot. None of that is the host's own state. A run
# that fails there says the same.

. "$(dirname "$0")/common.sh"

helper without
WITHOUT=$T/bin/without

# What an older kernel has not is lost there; "strict" is whole, or --doctor says what is missing.
whole() {
	as_caller "$SBRUN" --doctor >"$T/page"
	case $? in
	0) WHOLE=0 STRICT='runs, with all walls' ;;
	*) WHOLE=1 STRICT='runs; what it asks for and is not here: ' ;;
	esac
}

test_here() {
	expect_status $WHOLE "$who: strict runs here" as_caller "$SBRUN" --doctor
	expect_stdout '^  here +user namespaces' "$who: user namespaces are here"
	expect_stdout "^  strict +$STRICT" "$who: it says so of strict"
	expect_stdout '^  syslogparse +runs, with all walls' "$who: a policy with nothing to run"
	check "$who: it names no cause" sh -c '! grep -q "^cause:" "$1"' sh "$T/out"
	expect_output '' "$who: no line is too long" sh -c 'grep ".\{81\}" "$1" || :' sh "$T/page"
	if ! command -v jq >/dev/null; then
		skip "$who: --json" 'needs jq'
		return
	fi
	as_caller "$SBRUN" --doctor --json >"$T/json"
	expect_output "true $([ $WHOLE -eq 0 ] && echo true || echo false) here" "$who: --json" jq -r \
		'"\(.policies.strict.runs) \(.policies.strict.whole) \(.features[0].state)"' "$T/json"
	expect_output true "$who: --json has the rows of the page" jq --argjson n \
		"$(grep -cE '^  (here|missing|blocked|unclear) ' "$T/page")" \
		'(.features | length) == $n' "$T/json"
	expect_output true "$who: --json has what is read" jq \
		'[.features[] | select(.name == "capabilities up to 40") | .value | tonumber > 30] == [true]' \
		"$T/json"
	expect_output true "$who: --json has the walls" jq \
		'.policies.strict.walls | contains(["user-namespace", "seccomp"])' "$T/json"
}

# taken NAME CALL STATE STATUS: what it says when CALL is taken away.
taken() {
	expect_status "$4" "$who: $1 is $3: status" as_caller "$WITHOUT" "$2" "$SBRUN" --doctor
	expect_stdout "^  $3 +$1" "$who: it says so"
}

# A call that a filter takes away with ENOSYS is one that the kernel has, as its own list says.
test_taken() {
	gone=blocked
	as_caller grep -q ' T __[a-z0-9]*_sys_mount_setattr$' /proc/kallsyms || gone=missing
	taken 'mount_setattr\(2\)' mount_setattr $gone $WHOLE
	taken 'mount_setattr\(2\)' mount_setattr=EPERM blocked $WHOLE
	taken 'mseal\(2\)' 462=1 blocked $WHOLE
	taken 'close_range\(2\)' close_range $gone $WHOLE
	taken 'clone3\(2\)' clone3=EPERM blocked $WHOLE
	taken 'pidfd_send_signal\(2\)' pidfd_send_signal $gone $WHOLE
	if as_caller grep -q '^  here  *Landlock: files' "$T/page"; then
		taken 'Landlock: version' landlock_create_ruleset $gone 1
		expect_stdout '^  missing +Landlock: files|^  blocked +Landlock: files' \
			"$who: what it is for"
		expect_stdout '^  strict +runs; what it asks for and is not here: .*landlock' \
			"$who: strict is without that wall"
		as_caller "$WITHOUT" landlock_create_ruleset "$SBRUN" --doctor --json >"$T/json" 2>/dev/null
		if command -v jq >/dev/null; then
			expect_output 'true false true' "$who: --json says so" jq -r \
				'.policies.strict | "\(.runs) \(.whole) \(.missing |
				contains(["landlock files"]))"' "$T/json"
		fi
	fi
	taken 'fsopen\(2\)' fsopen $gone 1
	expect_stdout '^  strict +sbrun: ' "$who: strict does not run, and says why"
	expect_stdout '^cause: a seccomp filter.*: ' "$who: the filter is the cause"
	expect_stdout '^fix: docker run --security-opt seccomp' "$who: and the fix"
}

# diagnosed NAME CAUSE FIX CMD...: CMD, the beginning of a command line, makes a place in which no
# sandbox can be had, and --doctor says so. $STATE is a row of the page.
diagnosed() {
	name=$1 cause=$2 fix=$3
	shift 3
	expect_status 1 "$who: $name: status" "$@" --doctor
	expect_stdout "$STATE" "$who: $name: the feature"
	expect_stdout "^cause: $cause" "$who: $name: the cause"
	expect_stdout "^fix: $fix" "$who: $name: the fix"
}

# The same, and a run says so in the same words.
prevented() {
	diagnosed "$@"
	shift 3
	expect_status 125 "$who: $name: a run fails" "$@" -- true
	expect_stderr "^cause: $cause" "$who: $name: and says the cause"
	expect_stderr "^fix: $fix" "$who: $name: and the fix"
}

# The same place, where nothing was done to it, is one in which sandboxes can be had.
allowed_in() {
	name=$1
	shift
	expect_status $WHOLE "$who: $name" "$@" --doctor
}

# In a user namespace, CMD as root of it; ids other than root are mapped there, if we may do so.
in_userns() {
	if [ "$who" = user ]; then
		as_user unshare --user --map-root-user "$@"
		return
	fi
	rm -f "$T/up" "$T/go"
	mkfifo "$T/up" "$T/go"
	unshare --user sh -c 'echo >"$0/up" && read -r _ <"$0/go"; exec "$@"' "$T" "$@" 3>&- &
	read -r _ <"$T/up"
	echo '0 0 65536' >/proc/$!/uid_map
	echo '0 0 65536' >/proc/$!/gid_map
	echo >"$T/go"
	wait $!
}

# limited KIND VALUE CMD...: there, where limits are not the host's.
limited() {
	in_userns sh -c 'limit=/proc/sys/user/max_$0_namespaces value=$1 && shift &&
		echo $value >$limit && exec "$@"' "$@"
}

# In one more, as somebody.
nested() {
	kind=$1 value=$2
	shift 2
	limited "$kind" "$value" unshare --user --map-user=1000 --map-group=1000 "$@"
}

# Some more than are in use at a time, for the kernel frees them when it likes.
test_limits() {
	allowed_in 'in a user namespace' in_userns "$SBRUN"
	allowed_in 'a limit that is not reached' limited user 1000 "$SBRUN"
	for kind in user pid net; do
		STATE="^  blocked +$kind namespaces"
		prevented "no $kind namespaces" \
			"/proc/sys/user/max_${kind}_namespaces is 0: " \
			"sysctl -w user.max_${kind}_namespaces=" limited $kind 0 "$SBRUN"
	done
	allowed_in 'in two user namespaces' nested user 1000 "$SBRUN"
	STATE='^  blocked +user namespaces'
	prevented 'as many user namespaces as may be' 'there are as many user namespaces' \
		'sysctl -w user.max_user_namespaces=' nested user 1 "$SBRUN"
	if [ "$who" = root ]; then
		STATE='^  here +user namespaces'
		prevented 'nobody there but root' 'this is a user namespace in which no other id' \
			'start it as an ordinary user' unshare --user --map-root-user "$SBRUN"
	fi
}

test_places() {
	set -- unshare --mount
	[ "$who" = root ] || set -- as_user unshare --user --map-root-user --mount
	allowed_in 'shared mounts' "$@" --propagation shared "$SBRUN"
	STATE='^  blocked +a new /proc'
	prevented 'a masked /proc' 'parts of /proc are masked, .*: /proc/version' \
		'docker run --security-opt systempaths' "$@" sh -c '
			mount --bind /dev/null /proc/version && exec "$0" "$@"' "$SBRUN"
	STATE='^  blocked +user namespaces'
	mkdir -p "$T/root"
	for dir in /bin /dev /etc /lib /lib64 /proc /usr; do
		[ ! -d $dir ] || mkdir -p "$T/root$dir"
	done
	cp "$SBRUN" "$T/root/sbrun"
	prevented 'in a chroot' 'this is a chroot, in which' 'systemd-nspawn -D' "$@" sh -c '
		for dir in bin dev etc lib lib64 proc usr; do
			[ ! -d /$dir ] || mount --rbind /$dir "$0/$dir" || exit 1
		done
		exec chroot "$0" /sbrun "$@"' "$T/root"
	prevented 'in a chroot that is a mount' 'this is a chroot' 'systemd-nspawn -D' "$@" sh -c '
		mount --rbind / "$0" && exec chroot "$0" "$@"' "$T/root" "$SBRUN"
}

# forbidding ERRNO [OPTION]... -- CMD...: in a sandbox in which all can be had but user namespaces.
forbidding() {
	error=$1
	shift
	as_caller "$SBRUN" --policy nested $VISIBLE "--errno(ENOSYS)" clone3 \
		"--errno($error)" clone if 'flags & CLONE_NEWUSER' != 0 \
		"--errno($error)" unshare if 'flags & CLONE_NEWUSER' != 0 "$@"
}

# The host's settings are looked at where they are, so that is where another one is put.
test_filtered() {
	sys=/proc/sys/kernel
	allowed_in 'in a sandbox for sandboxes' \
		as_caller "$SBRUN" --policy nested $VISIBLE -- "$SBRUN"
	STATE='^  blocked +user namespaces'
	prevented 'a filter' 'a seccomp filter around us.*: user namespaces' \
		'docker run --security-opt seccomp' forbidding EPERM -- "$SBRUN"
	echo 0 >"$T/bin/zero"
	echo 1 >"$T/bin/one"
	prevented 'by Debian' "$sys/unprivileged_userns_clone is 0: only root" \
		'sysctl -w kernel.unprivileged_userns_clone=1' forbidding EPERM --tmpfs $sys \
		--ro-bind "$T/bin/zero" $sys/unprivileged_userns_clone -- "$SBRUN"
	prevented 'by AppArmor' "$sys/apparmor_restrict_unprivileged_userns is 1: AppArmor" \
		'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0' \
		forbidding EACCES --tmpfs $sys --ro-bind "$T/bin/one" \
		$sys/apparmor_restrict_unprivileged_userns -- "$SBRUN"
	STATE='^  blocked +user namespaces .*Operation not permitted'
	diagnosed 'a filter that kills' 'a seccomp filter around us.*: user namespaces' \
		'docker run --security-opt seccomp' \
		as_caller "$SBRUN" --policy standard $VISIBLE -- "$SBRUN"
}

expect_status 125 '--json, and nothing to be told' "$SBRUN" --json -- true
for caller in $CALLERS; do
	become "$caller"
	whole
	test_here
	test_taken
	if as_caller unshare --user --map-root-user --mount true 2>/dev/null; then
		test_limits
		test_places
		test_filtered
	else
		skip "$who: inside of namespaces" 'unshare(1) cannot make them'
	fi
done
finish
