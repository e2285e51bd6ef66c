#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2154
#
# What "standard" is for: compilers, interpreters, version control, databases, threads, in a
# tree of their own. Everything happens in /tmp of the sandbox.

. "$(dirname "$0")/common.sh"

# standard TOOL NAME TEXT SCRIPT: bash runs SCRIPT, which prints just TEXT.
standard() {
	if command -v "$1" >/dev/null 2>&1 && command -v bash >/dev/null 2>&1; then
		expect_output "$3" "$who: $2" as_caller \
			"$SBRUN" --policy standard --chdir /tmp -- bash -euc "$4"
	else
		skip "$who: $2" "needs $1 and bash"
	fi
}

compile='
cat >sum.c <<E
#include <pthread.h>
#include <stdio.h>
static void *twice(void *n) { *(int *)n *= 2; return n; }
int main(void)
{
	pthread_t thread;
	int n = 21;
	if (pthread_create(&thread, NULL, twice, &n) || pthread_join(thread, NULL)) return 1;
	return printf("%d\n", n) < 0;
}
E
gcc -O2 -pthread -o sum sum.c
./sum'

repository='
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git init -q -b main r
cd r
for i in 1 2 3; do echo $i >>f; git add f; git commit -q -m "commit $i"; done
git checkout -q -b side HEAD~1
git log --format=%s
git gc -q
git fsck
git status --short'

database='
sqlite3 db "PRAGMA journal_mode = WAL; CREATE TABLE t(n); BEGIN; INSERT INTO t VALUES (40), (2);
	COMMIT; SELECT sum(n) FROM t;" ".shell ls db* >list"
cat list
sqlite3 db "SELECT count(*) FROM t"'

jobs='
for i in 3 1 2; do
	(echo $i | tr 123 abc) &
done | sort | paste -s -d " "
wait
set -- $(seq 1 100 | grep 7 | sort -rn | head -n 2)
echo $*
sleep 1000 &
kill $!
wait $! || echo $?
cat <(echo one) <(echo two)'

files='
mkdir -p a/b/c
for i in 1 2 3; do echo $i >a/b/$i; ln a/b/$i a/b/c/$i; ln -s ../$i a/$i; done
mkfifo a/fifo
tar -czf a.tar.gz a
mkdir out
tar -xpzf a.tar.gz -C out
diff -r --no-dereference a/b out/a/b
find out -name "[12]" -type f -print0 | xargs -0 -n 1 -P 2 basename | sort | paste -s -d " "
stat -c %h out/a/b/1
test -p out/a/fifo'

build='
for i in a b c; do echo $i >$i.in; done
printf "all: a b c\n%%: %%.in\n\tcp \$< \$@\n" >Makefile
make -s -j2
cat a b c | paste -s -d " "'

python='
cat >m.py <<E
import multiprocessing, threading, subprocess, socket, tempfile
def work(n):
    return n * n
if __name__ == "__main__":
    out = []
    threads = [threading.Thread(target=out.append, args=(i,)) for i in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    print(sum(out))
    with multiprocessing.Pool(2) as pool:
        print(pool.map(work, range(5)))
    queue = multiprocessing.Queue()
    child = multiprocessing.Process(target=queue.put, args=("queued",))
    child.start(); print(queue.get()); child.join()
    print(subprocess.run(["echo", "ran"], capture_output=True, text=True).stdout.strip())
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            server.accept()[0].sendall(b"loopback")
            print(client.recv(100).decode())
    with tempfile.TemporaryFile() as f:
        print(f.write(b"x" * 1000))
E
/usr/bin/python3 m.py'

node='
node -e "
const { Worker, isMainThread, parentPort } = require(\"worker_threads\");
const fs = require(\"fs\");
fs.writeFileSync(\"x\", \"data\");
fs.promises.readFile(\"x\", \"utf8\").then((text) => {
	console.log(text, [3, 1, 2].sort().join());
	const w = new Worker(\"require(\\\"worker_threads\\\").parentPort.postMessage(6 * 7)\",
		{ eval: true });
	w.on(\"message\", (n) => console.log(n));
});
"'

for caller in $CALLERS; do
	become "$caller"
	standard gcc 'gcc compiles a threaded program, which runs' 42 "$compile"
	standard git 'git commits, branches and packs' 'commit 2
commit 1' "$repository"
	standard sqlite3 'sqlite3 with a write-ahead log' 'wal
42
db
db-shm
db-wal
2' "$database"
	standard bash 'bash: pipelines, jobs, substitutions' 'a b c
97 87
143
one
two' "$jobs"
	standard tar 'tar, find and xargs' '1 1 2 2
2' "$files"
	standard make 'make -j2' 'a b c' "$build"
	standard python3 'python3: threads, processes, sockets' '28
[0, 1, 4, 9, 16]
queued
ran
loopback
1000' "$python"
	standard node 'node: files, promises, a worker' 'data 1,2,3
42' "$node"
	standard busybox 'busybox sh' '42 ABC' 'busybox sh -c '\''
		x=$(busybox echo abc | busybox tr a-z A-Z); busybox echo $((6 * 7)) $x'\'
done

finish
