#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2016,SC2086,SC2154
#
# Who the payload is: ids, ranges of ids, capabilities to keep, and root's sandbox without
# a user namespace.

. "$(dirname "$0")/common.sh"

# refused NAME ERE [OPTION]...
refused() {
	refused_name=$1
	refused_text=$2
	shift 2
	expect_status 125 "$who: $refused_name: refused" as_caller "$SBRUN" "$@" -- true
	expect_stderr "$refused_text" "$who: $refused_name: it says why"
}

map_of() {
	as_caller "$SBRUN" --policy standard "$@" -- cat /proc/self/uid_map /proc/self/gid_map |
		tr -s ' ' | sed 's/^ //'
}

for caller in $CALLERS; do
	become "$caller"
	expect_output '7 8' "$who: uid and gid" as_caller \
		"$SBRUN" --uid 7 --gid 8 -- sh -c 'echo $(id -u) $(id -g)'
	refused 'host id 0 in a range' 'root outside is never mapped' --uid-map 5 0 1
	refused 'an empty range' 'ends beyond' --uid-map 5 100 0
	refused 'a range over the end' 'ends beyond' --uid-map 4294967290 100 10
	refused 'a range with the id inside' 'which is mapped anyway' --uid 7 --uid-map 0 100000 10
	refused 'ranges that overlap' 'overlaps with another' \
		--uid 7 --uid-map 10 100000 10 --uid-map 15 200000 10
	refused 'no such capability' 'no such capability' --caps net_everything

	# A capability over the sandbox's own namespaces: the act works with it, and not without.
	expect_output '0000000000000000' "$who: no capability" as_caller \
		"$SBRUN" -- sed -n 's/^CapEff:.//p' /proc/self/status
	expect_output '0000000000000400' "$who: caps: that one, and no other" as_caller \
		"$SBRUN" --caps net_bind_service -- sed -n 's/^CapEff:.//p' /proc/self/status
	expect_output 'Inh Prm Eff Bnd Amb' "$who: caps: in all five sets" as_caller \
		"$SBRUN" --caps net_bind_service -- sh -c '
			echo $(sed -n "s/^Cap\(...\):.0*400\$/\1/p" /proc/self/status)'
	expect_output '1' "$who: caps: still no_new_privs" as_caller \
		"$SBRUN" --caps net_bind_service -- sed -n 's/^NoNewPrivs:.//p' /proc/self/status
	if command -v python3 >/dev/null; then
		cat >"$T/bin/low-port" <<-'END'
			import socket
			s = socket.socket()
			try:
			    s.bind(("127.0.0.1", 80))
			    print("ok")
			except OSError as e:
			    print(e.strerror)
		END
		expect_output 'Permission denied' "$who: a low port without caps" as_caller \
			"$SBRUN" --policy standard $VISIBLE -- python3 "$T/bin/low-port"
		expect_output ok "$who: a low port with net_bind_service" as_caller "$SBRUN" \
			--policy standard --caps net_bind_service $VISIBLE -- python3 "$T/bin/low-port"
	else
		skip "$who: a low port" 'no python3'
	fi
done

become root
if [ "$(id -u)" -ne 0 ]; then
	skip 'root: ranges' 'not root'
else
	expect_output '1000 0 1' 'root: a range, as it was asked for' sh -c '
		printf "%s" "$1" | sed -n "2s/.*/1000 0 1/p"' sh "$(map_of --uid-map 0 100000 1000)"
	map_of --uid-map 0 100000 1000 --gid-map 0 100000 1000 >"$T/map"
	check 'root: ranges are in the maps' grep -Fqx '0 100000 1000' "$T/map"
	check 'root: and the own id' grep -Eqx '1000 18[0-9]{8} 1' "$T/map"

	# Without a user namespace: real ids of the host, and not root's.
	share="--policy standard --share user"
	expect_output "$(readlink /proc/self/ns/user)" 'root: share user: it is the host'\''s' \
		"$SBRUN" $share -- readlink /proc/self/ns/user
	expect_output '0000000000000000 1 2' 'root: share user: no capability, and a filter' \
		"$SBRUN" $share -- sh -c 'echo $(sed -n "s/^\(CapPrm\|NoNewPrivs\|Seccomp\):.//p" \
			/proc/self/status)'
	expect_output 'not 0' 'root: share user: not root' "$SBRUN" $share -- sh -c '
		[ "$(id -u)" -ne 0 ] && [ "$(id -g)" -ne 0 ] && [ -z "$(id -G | tr -d "$(id -g) ")" ] &&
			echo not 0'
	expect_output '64990 64991' 'root: share user: an id of the host' \
		"$SBRUN" $share --uid 64990 --gid 64991 -- sh -c 'echo $(id -u) $(id -g)'
	: >"$T/bin/roots"
	chmod 600 "$T/bin/roots"
	check 'root: outside, the file can be read' cat "$T/bin/roots"
	expect_status 1 'root: share user: a file of root'\''s cannot' \
		"$SBRUN" $share $VISIBLE -- cat "$T/bin/roots"
	expect_output EPERM 'root: share user: no mount' sh -c '"$@" || :' sh \
		"$SBRUN" $share $VISIBLE -- "$ACT" mount
	refused 'share user, uid 0' 'must not be root' --share user --uid 0
	refused 'share user, caps' 'over the host' --share user --caps net_raw
	refused 'share user, a range' 'nothing to map' --share user --uid-map 0 100000 10
fi

# Ranges of an ordinary user, whom the host must have given some.
if [ "$(id -u)" -eq 0 ] && command -v newuidmap >/dev/null &&
	command -v unshare >/dev/null; then
	printf 'sbruntest:100000:65536\n' >"$T/subid"
	{
		cat /etc/passwd
		printf 'sbruntest:x:%s:%s::%s:/bin/sh\n' "$USER_ID" "$USER_ID" "$T/home"
	} >"$T/passwd"
	chmod 644 "$T/subid" "$T/passwd"
	cat >"$T/ranges" <<-END
		mount --bind "$T/passwd" /etc/passwd
		for f in subuid subgid; do
			[ -e /etc/\$f ] || exit 77
			mount --bind "$T/subid" /etc/\$f
		done
		exec setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups "$SBRUN" \
			--policy standard --uid 0 --gid 0 --uid-map 1 100000 1000 \
			--gid-map 1 \$1 1000 -- cat /proc/self/uid_map /proc/self/gid_map
	END
	tap_run unshare -m sh "$T/ranges" 100000
	if [ "$status" -eq 77 ]; then
		skip 'user: ranges by newuidmap' 'no /etc/subuid'
	else
		expect_status 0 'user: ranges by newuidmap' unshare -m sh "$T/ranges" 100000
		tr -s ' ' <"$T/out" >"$T/map"
		expect_output 2 'user: both maps have them' grep -cx ' 1 100000 1000' "$T/map"
		expect_status 125 'user: ranges that are not his' unshare -m sh "$T/ranges" 300000
		expect_stderr '/etc/subgid' 'user: it says where they are given'
	fi
else
	skip 'user: ranges by newuidmap' 'needs root, newuidmap and unshare'
fi

finish
