#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1091,SC2016,SC2086,SC2154
#
# Which network a sandbox has: none, the host's, one by path, or pasta's. The "host" is a
# network namespace of the test's own, with an address, a neighbour that answers on another
# one, and a service on its loopback; and a /dev with a tun device that everybody may open.

. "$(dirname "$0")/common.sh"

need_root
need unshare ip python3

# Outside of the mount and network namespaces: make them, and come again.
if [ -z "${IN_NETWORK_TEST:-}" ]; then
	IN_NETWORK_TEST=$$
	export IN_NETWORK_TEST
	SBRUN=$(readlink -f "$SBRUN")
	unshare -mn sh "$0"
	tap_code=$?
	trap - EXIT
	rm -rf -- "$T"
	exit $tap_code
fi

mkdir "$T/dev-net" || tap_bail 'no directory'
{
	ip link set lo up &&
		ip tuntap add dev uplink mode tap && ip address add 198.51.100.2/24 dev uplink &&
		ip link set uplink up && ip route add default via 198.51.100.1 &&
		ip tuntap add dev other mode tap && ip address add 203.0.113.7/32 dev other &&
		ip link set other up
} >"$T/out" 2>&1 || skip_all "no network of our own: $(head -n 1 "$T/out")"

tun='no pasta here'
if command -v pasta >/dev/null; then
	tun='no tun device here'
	if mount -t tmpfs tmpfs /dev/net 2>/dev/null && mknod -m 666 /dev/net/tun c 10 200 &&
		(: <>/dev/net/tun) 2>/dev/null; then
		tun=
	fi
fi

# reach NAME WANT ADDRESS [OPTION]...: what the sandbox hears of a listener at ADDRESS.
reach() {
	reach_name=$1
	reach_want=$2
	reach_at=$3
	shift 3
	tap_run as_caller "$AROUND" listener "$reach_at" \
		"$SBRUN" --policy standard "$@" $VISIBLE -- "$ACT" connect ADDRESS
	reach_got=$(cat "$T/out")
	if [ "$reach_got" = "$reach_want" ]; then
		ok "$who: $reach_name: $reach_want"
	else
		not_ok "$who: $reach_name: $reach_want" "got '$reach_got'"
		tap_explain "$reach_at $*"
	fi
}

for caller in $CALLERS; do
	become "$caller"

	expect_output ok "$who: outside, the neighbour is reached" as_caller \
		"$AROUND" listener 203.0.113.7:0 "$ACT" connect ADDRESS
	reach 'net none, the neighbour' ENETUNREACH 203.0.113.7:0
	reach 'net none, loopback' ECONNREFUSED 127.0.0.1:0
	reach 'net host, the neighbour' ok 203.0.113.7:0 --net host
	reach 'net host, loopback' ok 127.0.0.1:0 --net host
	reach 'the last word counts' ENETUNREACH 203.0.113.7:0 --share-net --net none

	if [ -n "$tun" ]; then
		skip "$who: net pasta" "$tun"
	else
		reach 'net pasta, the neighbour' ok 203.0.113.7:0 --net pasta
		reach 'net pasta, the loopback of the host' ECONNREFUSED 127.0.0.1:0 --net pasta
		expect_output ok "$who: policy network, the neighbour" as_caller \
			"$AROUND" listener 203.0.113.7:0 \
			"$SBRUN" --policy network $VISIBLE -- "$ACT" connect ADDRESS
		expect_output 'nameserver 169.254.53.53' "$who: policy network: a resolver" \
			as_caller "$SBRUN" --policy network -- cat /etc/resolv.conf
		expect_output ok "$who: net pasta tcp-out: the port of the host's loopback" \
			as_caller "$AROUND" listener 127.0.0.1:7781 "$SBRUN" --policy standard \
			--net pasta tcp-out=7781 $VISIBLE -- "$ACT" connect ADDRESS
		expect_output 'no pasta' "$who: it is gone with the sandbox" sh -c '
			pgrep -x "pasta|pasta.avx2" >/dev/null || echo no pasta'
		expect_status 125 "$who: pasta that cannot start: nothing is run" as_caller \
			"$SBRUN" --policy standard --net pasta tcp-in=7781,7781-7780 -- true
		expect_stderr '^sbrun: net: pasta: ' "$who: it says why"
	fi
	expect_status 125 "$who: ports without pasta" as_caller "$SBRUN" --net host tcp-in=80 -- true
	expect_status 125 "$who: no such network" as_caller "$SBRUN" --net bridge -- true
	expect_status 125 "$who: a path that is no namespace" as_caller \
		"$SBRUN" --net /etc/passwd -- true
	expect_stderr 'not a network namespace' "$who: it says so"
	expect_status 125 "$who: a namespace of another kind" as_caller \
		"$SBRUN" --net /proc/self/ns/uts -- true
	mkfifo -m 666 "$T/bin/fifo.$who"
	expect_status 125 "$who: a FIFO does not hold us up" as_caller \
		"$SBRUN" --net "$T/bin/fifo.$who" -- true
done

# A namespace that is there already: its loopback is another one, where something listens.
become root
reach 'net PATH, our own' ok 203.0.113.7:0 --net /proc/self/ns/net
unshare -n sh -c 'ip link set lo up && echo up >"$1/ready" && exec sleep 1000' sh "$T" &
other=$!
while [ ! -s "$T/ready" ]; do
	kill -0 $other || tap_bail 'no second namespace'
done
reach 'net PATH, one without a neighbour' ENETUNREACH 203.0.113.7:0 --net /proc/$other/ns/net
expect_output "$(readlink /proc/$other/ns/net)" 'root: net PATH: it is that one' \
	"$SBRUN" --policy standard --net /proc/$other/ns/net -- readlink /proc/self/ns/net
chmod 755 "$T"
expect_status 125 'user: net PATH of root: refused' as_user \
	"$SBRUN" --policy standard --net /proc/self/ns/net -- true
expect_stderr 'CAP_SYS_ADMIN' 'user: it says why'
kill $other
wait $other 2>/dev/null

finish
