#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2016,SC2086,SC2154
#
# Large programs under "standard": servers with their clients on the sandbox's own loopback,
# run-times, a terminal multiplexer; debuggers under a policy that lets them trace; and under
# "nested" other sandboxes, ours and bubblewrap.

. "$(dirname "$0")/common.sh"

# under POLICY-AND-OPTIONS TOOL NAME TEXT SCRIPT: bash runs SCRIPT, which prints just TEXT.
under() {
	if ! command -v bash >/dev/null 2>&1; then
		skip "$who: $3" 'needs bash'
	elif [ -n "$2" ] && ! command -v "$2" >/dev/null 2>&1; then
		skip "$who: $3" "needs $2"
	else
		expect_output "$4" "$who: $3" as_caller \
			timeout 120 "$SBRUN" $1 --chdir /tmp -- bash -euc "$5"
	fi
}

postgres='
initdb=$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)
bin=${initdb%/*}
$bin/initdb -D pg -A trust >log 2>&1 || cat log
$bin/pg_ctl -D pg -o "-k /tmp -c listen_addresses=127.0.0.1" -w -l pg.log start >log || cat pg.log
psql="$bin/psql -d postgres -Atq"
$psql -h /tmp -c "CREATE TABLE t AS SELECT generate_series(1, 1000) AS n; SELECT sum(n) FROM t"
$psql -h 127.0.0.1 -c "SELECT count(*) FROM t"
$bin/pg_ctl -D pg -m fast stop >log
[ ! -e pg/postmaster.pid ] && echo stopped'

redis='
redis-server --port 7379 --save "" --unixsocket /tmp/socket >log 2>&1 &
until redis-cli -s /tmp/socket ping >/dev/null 2>&1; do
	kill -0 $! || { cat log; exit 1; }
done
redis-cli -p 7379 set k value
redis-cli -p 7379 get k
redis-cli -p 7379 shutdown nosave
wait'

java='
cat >Hello.java <<E
public class Hello {
	public static void main(String[] args) throws Exception {
		Thread t = new Thread(() -> System.out.println("thread"));
		t.start();
		t.join();
		System.out.println("hello");
	}
}
E
javac Hello.java
java Hello'

golang='
cat >hello.go <<E
package main

import "fmt"

func main() {
	c := make(chan int)
	for i := 0; i < 10; i++ {
		go func(n int) { c <- n }(i)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-c
	}
	fmt.Println(sum)
}
E
export GOCACHE=/tmp/cache GO111MODULE=off CGO_ENABLED=0
go build -o hello hello.go
./hello'

multiplexer='
export TERM=xterm
tmux -f /dev/null new-session -d -x 80 -y 24 "tty >out; tmux wait-for -S done; exec sleep 1000"
tmux wait-for done
case $(cat out) in /dev/pts/*) echo a terminal ;; esac
tmux kill-server'

tracer='
strace -f -e trace=openat -o trace cat /etc/passwd >/dev/null
grep -c "/etc/passwd" trace'

debugger='
gdb -q -batch -ex "break main" -ex run -ex "print 6 * 7" /usr/bin/true 2>&1 | grep "= 42"'

ours='
sbrun() { "$BIN/sbrun" "$@"; }
sbrun -- sh -c "echo inside"
sbrun -- sh -c "echo /proc/[0-9]*"
sbrun --policy nested --ro-bind "$BIN" -- "$BIN/sbrun" -- sh -c "echo deep inside"
sbrun -- unshare --user true || echo $?'

bubble='
bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
	--proc /proc --dev /dev --unshare-all sh -c "echo /proc/[0-9]*"'

chrome='
chromium --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking \
	--disable-component-update --disable-sync --user-data-dir=/tmp/profile \
	--dump-dom "data:text/html,<p>6*7</p>" 2>log | grep -o "<p>6[*]7</p>"'

for caller in $CALLERS; do
	become "$caller"
	if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
		under '--policy standard' '' 'PostgreSQL: initdb, start, query, stop' '500500
1000
stopped' "$postgres"
	else
		skip "$who: PostgreSQL" 'needs its server'
	fi
	under '--policy standard' redis-server 'redis, and a client' 'OK
value' "$redis"
	under '--policy standard' javac 'java: compile, run, a thread' 'thread
hello' "$java"
	under '--policy standard' go 'go: build and run a static program' 45 "$golang"
	under '--policy standard' tmux 'tmux: a session with a terminal' 'a terminal' "$multiplexer"

	trace='--allow ptrace process_vm_readv process_vm_writev'
	under "--policy standard $trace" strace 'strace, where ptrace is allowed' 1 "$tracer"
	under "--policy standard $trace" gdb 'gdb, where ptrace is allowed' '$1 = 42' "$debugger"

	nested="--policy nested --setenv BIN $T/bin $VISIBLE"
	under "$nested" '' 'sbrun in sbrun in sbrun, each with a /proc of its own' 'inside
/proc/1 /proc/2
deep inside
159' "$ours"
	under "$nested" bwrap 'bubblewrap in sbrun' '/proc/1 /proc/2' "$bubble"

	# With masks on /proc the kernel gives no other one: a refusal that says so.
	expect_status 125 "$who: nested under masks: refused" as_caller "$SBRUN" $nested \
		--proc /proc -- "$T/bin/sbrun" -- true
	expect_stderr 'parts of /proc are masked' "$who: it says why"
	nested="$nested --ro-bind-try /etc/fonts --ro-bind-try /etc/chromium.d"
	under "$nested" chromium 'chromium, headless, in its own sandbox' '<p>6*7</p>' "$chrome"
done

finish
