#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2154
#
# sbpf, command by command. What is compared word for word is about a program that is
# assembled here, so that it does not change when the compiler does.

. "$(dirname "$0")/lib.sh"

[ "$(uname -m)" = x86_64 ] || skip_all 'its programs are those of x86-64'
go_with_sbpf

sbpf() {
	"$SBPF" "$@"
}

# refused ERE NAME WORD...: status 2, nothing on stdout, a message like ERE.
refused() {
	pattern=$1 name=$2
	shift 2
	expect_status 2 "$name: status 2" sbpf "$@"
	expect_stderr "^sbpf: $pattern" "$name: says so"
	if [ -s out ]; then
		not_ok "$name: prints nothing" "$(head -n 1 out)"
	fi
}

# No line of the last output is wider than a terminal.
fits() {
	if [ -s out ] && ! awk 'length($0) > 80 { exit 1 }' out; then
		not_ok "$1: fits 80 columns" "$(awk 'length($0) > 80' out)"
	else
		ok "$1: fits 80 columns"
	fi
}

cat >five.policy <<END
default errno(EPERM)
allow read write close exit exit_group
allow socket if family == AF_UNIX || type & 0xf == SOCK_STREAM
allow mmap if prot & PROT_EXEC == 0
kill ptrace
END

cat >hand.asm <<END
; a filter made by hand: read and sockets of the machine's own are allowed
	ld [arch]
	jne #x86_64, bad
	ld [nr]
	jset #0x40000000, bad
	jeq #read, good
	jne #socket, no
	ld [args[0]]
	jeq #AF_UNIX, good
no:	ret #errno(EPERM)
good:	ret #allow
bad:	ret #kill
END

# ---- the command line ----

test_usage() {
	check 'help' sbpf --help
	fits 'help'
	expect_stdout '^  why ' 'help: names the commands'
	check 'version' sbpf --version
	refused 'unknown command .lits.; did you mean .list.' 'a misspelt command' lits five.policy
	refused 'unknown option .--abii.; did you mean .--abi.' 'a misspelt option' list --abii x five.policy
	refused ".cache. has no option --to" 'an option of another command' cache --to c five.policy
	refused 'list: a word too many' 'a word too many' list five.policy hand.asm
	refused 'trace: too few words' 'a word too few' trace five.policy
	refused '--abi mips: there are' 'an unknown ABI' list --abi mips five.policy
	refused '--from bpf: there are' 'an unknown format' list --from bpf five.policy
	refused '--optimize fast: there are' 'an unknown goal' list --optimize fast five.policy
	refused "no policy .nonesuch." 'no such policy' list nonesuch
	refused './nonesuch' 'no such file' list ./nonesuch
}

# ---- what is read ----

test_input() {
	printf 'default kill\nro-bind /usr\nallow read\n' >others.policy
	check 'directives about other things are left out' sbpf list others.policy
	printf 'default kill\nro-bnid /usr\n' >typo.policy
	refused "./typo.policy:2:1: unknown directive 'ro-bnid'; did you mean 'ro-bind'" \
		'a misspelt directive' list typo.policy
	printf 'default kill\nallow opne\n' >call.policy
	refused "./call.policy:2:7: unknown system call 'opne'; did you mean 'open'" \
		'a misspelt call' list call.policy
	printf 'abi x86_64\ndefault kill\nallow read\n' >abi.policy
	refused "./abi.policy:1:1: 'abi' names others than it did by --abi" 'two ABIs' \
		list --abi i386 abi.policy
	printf '\tld [0]\n\tjeq #0, 1\n' >bad.asm
	refused "bad.asm:2:10: no label '1'" 'a mistake in assembly' asm bad.asm
	printf 'short' >short.bpf
	refused 'short.bpf: 5 bytes are no whole number of instructions' 'a cut program' list short.bpf
	printf '\tld [3]\n\tret #0\n' >load.asm
	expect_status 2 'a program that the kernel would not take' sbpf why load.asm read
	expect_stderr '^sbpf: load.asm: the kernel would not take it: instruction 0: load at 3' \
		'... and why not'
	check '... can be looked at' sbpf dis load.asm
	expect_stderr 'would not take' '... with a word about it'
	for name in strict standard; do
		check "a built-in policy: $name" sbpf compile -o "$name.bpf" "$name"
	done
}

# ---- compile, asm, dis, export: one program in many forms ----

test_forms() {
	check 'compile' sbpf compile -o five.bpf five.policy
	check 'dis' sbpf dis five.bpf
	cp out five.asm
	expect_stdout '^l2:.ld \[0\] +; nr$' 'dis: labels and names'
	check 'asm' sbpf asm -o again.bpf five.asm
	check 'dis and asm: the same program again' cmp five.bpf again.bpf
	check 'export: asm' sbpf export --to asm -o exported.asm five.policy
	check 'export: asm is read' sbpf asm -o again.bpf exported.asm
	check 'export: asm: the same program' cmp five.bpf again.bpf
	check 'export: raw' sbpf export --to raw -o again.bpf five.policy
	check 'export: raw: the same program' cmp five.bpf again.bpf
	check 'export: policy' sbpf export --to policy -o again.policy five.policy
	check 'export: policy: the same program' sbpf diff five.policy again.policy
	check 'export: C' sbpf export --to c five.policy
	expect_stdout '^static const struct sock_filter five\[' 'export: C: an array'
	check 'export: SMT-LIB2' sbpf export --to smt2 five.policy
	expect_stdout '^\(declare-const nr \(_ BitVec 32\)\)$' 'export: SMT-LIB2: words'
	refused 'export: say in which format' 'export: no format' export five.policy
	refused '--to lisp: there are' 'export: an unknown format' export --to lisp five.policy
	for goal in cache size readable; do
		check "compile: for $goal" sbpf compile --optimize "$goal" -o "$goal.bpf" five.policy
		check "compile: for $goal: means the same" sbpf diff five.bpf "$goal.bpf"
	done
	refused '--optimize hist: for which histogram' 'compile: for no histogram' \
		compile --optimize hist -o x.bpf five.policy
	input "$(cat five.asm)"
	check 'asm: from standard input' sbpf asm -o again.bpf -
	check 'asm: from standard input: the same program' cmp five.bpf again.bpf
}

test_list() {
	check 'list' sbpf list five.policy
	fits 'list'
	expect_stdout '^; five.policy:3: allow socket if ' 'list: the rule'
	expect_stdout '^;   here: x86_64, 41 is socket$' 'list: what is known'
	expect_stdout 'socket.family \(args\[0\].lo\)$' 'list: what is loaded'
	check 'list: strict' sbpf list strict
	fits 'list: strict'
	sbpf asm -o hand.bpf hand.asm
	expect_output '; 11 instructions, 18 when translated; at most 9 run; 1 call cached
;pc  code jt jf k        instruction           cost and meaning
   0  0020 00 00 00000004 ld [4]                    1 arch
   1  0015 00 08 c000003e jeq #0xc000003e, 2, 10    2 x86_64
;   here: x86_64 or x32
   2  0020 00 00 00000000 ld [0]                    1 nr
   3  0045 06 00 40000000 jset #0x40000000, 10, 4   1 x32
;   here: x86_64
   4  0015 04 00 00000000 jeq #0x0, 9, 5            1 read
;   here: x86_64, nr from 1
   5  0015 00 02 00000029 jeq #0x29, 6, 8           1 socket
;   here: x86_64, 41 is socket
   6  0020 00 00 00000010 ld [16]                   1 socket.family (args[0].lo)
   7  0015 01 00 00000001 jeq #0x1, 9, 8            1 AF_UNIX
;   here: x86_64, nr from 1
   8  0006 00 00 00050001 ret #0x50001              2 errno(EPERM)
;   here: x86_64, nr to 41
   9  0006 00 00 7fff0000 ret #0x7fff0000           2 allow
;   here: i386 or x32 or aarch64 or riscv64
  10  0006 00 00 80000000 ret #0x80000000           2 kill' 'list: every column' sbpf list hand.bpf
}

# Whatever the machine is, the process whose filters are asked for has some: sbrun's.
test_pid() {
	refused '--pid x: not the id' 'dis --pid: no id' dis --pid x
	refused 'dis: expected a FILE' 'dis: nothing' dis
	if [ "$(id -u)" -ne 0 ]; then
		skip 'dis --pid' 'needs root'
		return
	fi
	expect_status 1 'dis --pid: a process without a filter' sbpf dis --pid $$
	mkfifo gate
	"$SBRUN" -- cat <gate >/dev/null 2>&1 &
	supervisor=$!
	exec 3>gate
	payload=
	for try in 1 2 3 4 5 6 7 8 9 10; do
		payload=$(find_cat "$supervisor")
		[ -z "$payload" ] || break
		sleep 0.1
	done
	if [ -z "$payload" ]; then
		skip 'dis --pid: a filter' "found no payload after $try looks"
	else
		check 'dis --pid: a filter' sbpf dis --pid "$payload"
		expect_stdout '^; filter 0 of process .*, the newest$' 'dis --pid: a heading'
		cp out filter.asm
		sbpf asm -o filter.bpf filter.asm
		check 'dis --pid: it is what strict compiles to' sbpf diff filter.bpf strict
	fi
	exec 3>&-
	wait "$supervisor"
}

# A process below PID that is under a filter.
find_cat() {
	[ -r "/proc/$1/task/$1/children" ] || return
	read -r children <"/proc/$1/task/$1/children"
	for child in $children; do
		if grep -q '^Seccomp:.2' "/proc/$child/status" && grep -q '^cat$' "/proc/$child/comm"; then
			echo "$child"
		fi
		find_cat "$child"
	done
}

# ---- trace and why ----

test_trace() {
	expect_status 1 'trace: a denied call' sbpf trace hand.asm socket AF_INET
	fits 'trace'
	cp out got
	cat >want <<END
socket(AF_INET, 0, 0) on x86_64
  [ 0] nr       00000029          socket
  [ 4] arch     c000003e          x86_64
  [16] args[0]  00000000 00000002  family = AF_INET
  [24] args[1]  00000000 00000000  type = 0
  [32] args[2]  00000000 00000000  protocol = 0
step   pc  instruction                A         then
   1    0  ld [4]                     c000003e  arch
   2    1  jeq #0xc000003e, 2, 10     c000003e  yes: to 2 (x86_64)
   3    2  ld [0]                     00000029  nr
   4    3  jset #0x40000000, 10, 4    00000029  no: to 4 (x32)
   5    4  jeq #0x0, 9, 5             00000029  no: to 5 (read)
   6    5  jeq #0x29, 6, 8            00000029  yes: to 6 (socket)
   7    6  ld [16]                    00000002  socket.family (args[0].lo)
   8    7  jeq #0x1, 9, 8             00000002  no: to 8 (AF_UNIX)
   9    8  ret #0x50001               00000002  errno(EPERM)
errno(EPERM) after 9 instructions
END
	check 'trace: each step' diff want got
	check 'trace: its allowed neighbour' sbpf trace hand.asm socket AF_UNIX
	printf '\tldx #5\n\tld #3\n\tst M[2]\n\tadd x\n\ttax\n\tldx M[2]\n\tret #allow\n' >mem.asm
	check 'trace: memory' sbpf trace mem.asm read
	expect_stdout 'ldx #0x5 .* X=5$' 'trace: X'
	expect_stdout 'st M\[2\] .* M\[2\]=3$' 'trace: M'
	expect_stdout 'add x +00000008' 'trace: A'
	expect_stdout 'ldx M\[2\] .* X=3$' 'trace: X from M'
}

test_calls() {
	check 'a call: an allowed one' sbpf why five.policy socket AF_UNIX
	check 'a call: by number' sbpf why five.policy 41 1
	check 'a call: an argument by name' sbpf why five.policy socket type=SOCK_STREAM
	check 'a call: joined constants' sbpf why five.policy socket AF_INET 'SOCK_STREAM|SOCK_CLOEXEC'
	expect_status 1 'a call: its denied neighbour' sbpf why five.policy socket AF_INET 'SOCK_DGRAM|SOCK_CLOEXEC'
	check 'a call: a negative argument is no option' sbpf why strict openat -100 0 0
	expect_stdout '^openat\(AT_FDCWD, NULL, ' 'a call: a negative argument has its name'
	check 'a call: bits above an int' sbpf why five.policy socket 0x100000001
	expect_status 1 'a call: of another ABI' sbpf why five.policy read --abi i386
	expect_stdout 'of an ABI that the policy does not name' 'a call: of another ABI: says so'
	refused "unknown system call 'opne'; did you mean 'open'" 'a call: a misspelt one' \
		why five.policy opne
	refused "'AF_INNET' is neither .* did you mean 'AF_INET'" 'a call: a misspelt constant' \
		why five.policy socket AF_INNET
	refused "socket has no argument 'flags'" 'a call: no such argument' \
		why five.policy socket flags=1
	refused "aarch64 has no call 'open'" 'a call: not of that ABI' why five.policy --abi arm64 open
	refused 'why: a word too many' 'a call: seven arguments' why five.policy mmap 1 2 3 4 5 6 7
}

test_why() {
	expect_status 1 'why: denied by default' sbpf why five.policy socket AF_INET SOCK_DGRAM
	fits 'why'
	expect_stdout '^socket\(AF_INET, SOCK_DGRAM, 0\) on x86_64: errno\(EPERM\)$' 'why: the call'
	expect_stdout '^by five.policy:1: default: no rule matches$' 'why: what decided'
	expect_stdout ' socket.family == AF_UNIX +no, for five.policy:3$' 'why: a test and its rule'
	expect_stdout '^  if type were SOCK_STREAM \(it is SOCK_DGRAM\)$' 'why: the nearest allowed call'
	expect_stdout '^  allow socket if family == AF_INET && type == SOCK_DGRAM && protocol == 0$' \
		'why: the rule that would allow just this'
	(cat five.policy && grep '^  allow' out) >six.policy
	check 'why: that rule does' sbpf why six.policy socket AF_INET SOCK_DGRAM
	expect_status 1 'why: and allows no other' sbpf why six.policy socket AF_INET6 SOCK_DGRAM

	expect_status 1 'why: denied by a rule' sbpf why five.policy ptrace
	expect_stdout '^by five.policy:5: kill ptrace$' 'why: the rule'
	expect_stdout '^No arguments make it allowed' 'why: nothing helps'
	check 'why: allowed' sbpf why five.policy mmap 0 4096 PROT_READ
	expect_stdout '^It would be denied, errno\(EPERM\),$' 'why: the nearest denied call'
	expect_stdout '^  if prot were ' 'why: and how it differs'
	expect_status 1 'why: a newer call' sbpf why five.policy 9999
	expect_stdout '^by unknown: a number newer' 'why: a newer call: says so'
	expect_status 1 'why: of a program' sbpf why hand.asm socket AF_INET
	expect_stdout '^by instruction 8 of the program$' 'why: of a program: where'
	expect_stdout '^  if family were AF_UNIX \(it is AF_INET\)$' 'why: of a program: nearest'
	printf 'default kill\nallow openat\nkill open\n' >sibling.policy
	expect_status 1 'why: a sibling' sbpf why sibling.policy open
	expect_stdout '^Of its kind, allowed: openat$' 'why: a sibling: is named'

	expect_status 1 'why --json' sbpf why --json five.policy socket AF_INET SOCK_DGRAM
	expect_stdout '^  "action": "errno\(EPERM\)",$' 'why --json: the action'
	expect_stdout '"call": "socket\(AF_INET, SOCK_STREAM, 0\)"' 'why --json: the nearest call'
}

# Two tests have to come out otherwise, in words that are both halves of one argument.
test_far_neighbour() {
	printf 'abi x86_64\ndefault kill\nallow lseek if offset == 0x100000002 && whence == 1\n' >far.policy
	expect_status 1 'why: three words away' sbpf why far.policy lseek 0 5 0
	expect_stdout '^  if offset were 0x100000002 ' 'why: three words away: the offset'
	expect_stdout '^  if whence were SEEK_CUR ' 'why: three words away: and whence'
}

# ---- stat, cache, graph ----

test_stat() {
	check 'stat' sbpf stat hand.asm
	fits 'stat'
	for row in 'instructions +11 +of 4096' '  loads +1 ' 'translated +18 ' \
		'  limit +32750 +of 32768 left, so 1489 such filters fit' \
		'longest way +9 +for socket of x86_64' 'cached, x86_64 +1 +of '; do
		expect_stdout "^$row" "stat: $row"
	done
	check 'stat --json' sbpf stat --json hand.asm
	expect_stdout '^  "translated": 18,$' 'stat --json: a number'

	# Half of three calls run the filter: 5 tests and a return, or a load more for socket.
	echo '{"work": {"read": 2, "socket": 2}}' >hist.json
	check 'stat --hist' sbpf stat --hist hist.json hand.asm
	expect_stdout 'as in --hist +7.50 +9.00 on the 50.00 % ' 'stat --hist: the averages'
	check 'compile: for a histogram' sbpf compile --optimize hist --hist hist.json -o hist.bpf five.policy
	check 'compile: for a histogram: means the same' sbpf diff five.bpf hist.bpf
	echo '{"work": ' >hist.json
	refused 'hist.json:2:' 'stat --hist: bad JSON' stat --hist hist.json hand.asm
	echo '{}' >hist.json
	refused 'hist.json: there are no calls' 'stat --hist: empty' stat --hist hist.json hand.asm
	# As a trace: read, with all else zero.
	{ printf '\0\0\0\0\076\0\0\300' && head -c 56 /dev/zero; } >trace.bin
	check 'stat --hist: a trace' sbpf stat --hist trace.bin hand.asm
	expect_stdout 'as in --hist +6.00$' 'stat --hist: a trace: exact, and all cached'
}

test_cache() {
	check 'cache' sbpf cache five.policy
	fits 'cache'
	expect_stdout '^x86_64: 5 calls cached$' 'cache: how many'
	expect_stdout '^    read write close exit exit_group$' 'cache: which'
	expect_stdout '^1 not: instruction [0-9]+ reads mmap.prot ' 'cache: what spoiled mmap'
	expect_stdout '^1 not: instruction [0-9]+ returns kill$' 'cache: what spoiled ptrace'
	check 'cache --json' sbpf cache --json five.policy
	expect_stdout '^      "exit_group"$' 'cache --json: the last of the cached'
	printf 'ld [args[0]]\nret #allow\n' >spoiled.asm
	check 'cache: a load before all' sbpf cache spoiled.asm
	expect_stdout '^x86_64: 0 calls cached$' 'cache: a load before all: nothing'
	printf 'ld [nr]\nrsh #1\nret #allow\n' >shift.asm
	check 'cache: an operation that the kernel does not see through' sbpf cache shift.asm
	expect_stdout "cannot see through 'rsh #0x1'" 'cache: says which'
}

test_graph() {
	check 'graph' sbpf graph hand.asm
	expect_stdout '^digraph filter \{$' 'graph: its kind'
	expect_stdout '^	n9 \[label="9: ret #0x7fff0000  ; allow\\l", fillcolor=palegreen\];$' \
		'graph: a colour'
	expect_stdout '^	n6 -> n8 \[style=dashed\];$' 'graph: an edge'
	cp out graph.dot
	check 'graph --line' sbpf graph --line five.policy
	expect_stdout '<TD BGCOLOR="lightcoral" .*>101 +ptrace<' 'graph --line: a coloured interval'
	cp out line.dot
	expect_output 'x86_64: 4 intervals
  0         read                               allow
  1-40      write..sendfile                    errno(EPERM)
  41        socket                             errno(EPERM) or allow
  42-       connect                            errno(EPERM)' 'graph --text' sbpf graph --text hand.asm
	if command -v dot >/dev/null; then
		check 'graph: dot takes it' dot -Tsvg -o x.svg graph.dot
		check 'graph --line: dot takes it' dot -Tsvg -o x.svg line.dot
	else
		skip 'graph: dot takes it' 'needs dot'
	fi
}

# ---- lint, names, diff, import ----

test_lint() {
	check 'lint: nothing to say' sbpf lint abi.policy
	[ ! -s out ] || not_ok 'lint: nothing to say: says nothing'
	expect_status 1 'lint: a doubt' sbpf lint sibling.policy
	expect_stdout '^./sibling.policy:3:1: warning: open .* allowed: openat \[sibling\]$' 'lint: which'
	expect_status 1 'lint --json' sbpf lint --json sibling.policy
	expect_stdout '"check": "sibling"' 'lint --json: which'
	for name in strict standard; do
		check "lint: $name has no doubts" sbpf lint "$name"
	done
	refused 'hand.asm: is a program' 'lint: a program' lint hand.asm
}

test_names() {
	check 'names: a call' sbpf names openat2
	fits 'names'
	expect_output 'openat2  since Linux 5.6
    openat2(int dfd, const char *filename, struct open_how *how, size_t usize)
    x86_64 437 i386 437 x32 437+bit aarch64 437 riscv64 437' 'names: all about it' sbpf names openat2
	check 'names: a constant' sbpf names PROT_EXEC
	expect_stdout '^PROT_EXEC +0x4$' 'names: its value'
	check 'names: a pattern' sbpf names 'SOCK_*EAM'
	expect_stdout '^SOCK_STREAM +0x1$' 'names: a pattern: found'
	check 'names: a number' sbpf names 59 --abi x86_64
	expect_stdout '^execve +call 59 of x86_64$' 'names: a number: its call'
	expect_status 1 'names: unknown' sbpf names opne
	expect_stderr "nothing is called 'opne'; did you mean 'open'" 'names: unknown: nearest'
	check 'names --json' sbpf names --json clone3
	expect_stdout '^    "since": "5.3",$' 'names --json: since'
}

test_diff() {
	check 'diff: equal' sbpf diff five.policy five.bpf
	expect_status 1 'diff: not equal' sbpf diff five.policy six.policy
	fits 'diff'
	expect_stdout '^Only six.policy allows, 1 region:$' 'diff: who allows more'
	expect_stdout '^  x86_64: socket if family == AF_INET && type == SOCK_DGRAM && ' 'diff: as a rule'
	expect_stdout '^      as socket\(AF_INET, SOCK_DGRAM, 0\) on x86_64: errno\(EPERM\), allow$' \
		'diff: as a call'
	check 'diff --subset' sbpf diff --subset five.policy six.policy
	expect_status 1 'diff --subset: the other way' sbpf diff --subset six.policy five.policy
	check 'diff --subset: the built-in policies are a chain' sbpf diff --subset strict standard
	expect_status 1 'diff --subset: that ends' sbpf diff --subset standard strict
	expect_status 1 'diff --json' sbpf diff --json five.policy six.policy
	expect_stdout '^  "holds": false,$' 'diff --json: holds'
	expect_stdout '"call": "socket\(AF_INET, SOCK_DGRAM, 0\) on x86_64"' 'diff --json: a witness'
}

# One filter that does what two do, in the order in which they are installed.
test_stack() {
	printf 'default allow\nerrno(EIO) close if fd > 9\nerrno(EACCES) ptrace\n' >first.policy
	printf 'default log\nerrno(ENODEV) close if fd > 7\nallow read\n' >second.policy
	check 'stack' sbpf compile --stack second.policy -o stack.bpf first.policy
	check 'stack: the other way' sbpf compile --stack=first.policy -o turned.bpf second.policy
	expect_status 1 'stack: two errors' sbpf why stack.bpf close 10
	expect_stdout ': errno\(ENODEV\)$' 'stack: two errors: the newer one'
	expect_status 1 'stack: the other way: two errors' sbpf why turned.bpf close 10
	expect_stdout ': errno\(EIO\)$' 'stack: the other way: the newer one'
	for call in 'close 8:errno\(ENODEV\)' 'close 7:log' 'ptrace:errno\(EACCES\)' 'read:allow'; do
		# shellcheck disable=SC2086 # words
		tap_run sbpf why stack.bpf ${call%:*}
		expect_stdout ": ${call#*:}\$" "stack: ${call%:*}"
	done
	check 'stack: three' sbpf compile --stack second.policy --stack five.policy -o three.bpf first.policy
	check 'stack: three: allow what each of them does' sbpf diff --subset three.bpf stack.bpf
	check 'stack: three: the third, too' sbpf diff --subset three.bpf five.policy
	check 'stack: list' sbpf list --stack second.policy first.policy
	fits 'stack: list'
	expect_stdout '^; first.policy:3: errno\(EACCES\) ptrace' 'stack: list: a rule of the first'
	expect_stdout '^; second.policy:2: errno\(ENODEV\) close' 'stack: list: and of the second'
	check 'stack: stat' sbpf stat --stack strict standard
	check 'stack: strict and standard' sbpf compile --stack strict -o both.bpf standard
	check 'stack: strict and standard: is strict' sbpf diff both.bpf strict
	printf 'default allow\nnotify read\n' >notify.policy
	refused './notify.policy:2:1: .notify. asks the listener' 'stack: notify' list --stack notify.policy strict
	refused 'hand.asm: is a program' 'stack: of a program' list --stack strict hand.asm
}

# Of several policies, what decides is a matter of one of them, and what helps of all that deny.
test_stack_asked() {
	refused '.import. has no option --stack' 'stack: not of import' import --stack strict oci.json
	refused '--stack: .* the stricter one counts' 'stack: export: as no policy' \
		export --to policy --stack second.policy first.policy
	refused '--stack: .* the stricter one counts' 'stack: export: as no profile' \
		export --to oci --stack second.policy first.policy
	check 'stack: export' sbpf export --to raw --stack second.policy -o exported.bpf first.policy
	check 'stack: export: as compiled' cmp stack.bpf exported.bpf
	expect_status 1 'stack: why' sbpf why --stack second.policy first.policy ptrace
	expect_stdout '^by first.policy:3: errno\(EACCES\) ptrace$' 'stack: why: the older one'
	expect_stdout '^To allow exactly this, add to first.policy:$' 'stack: why: where'
	expect_status 1 'stack: why: both deny' sbpf why --stack second.policy first.policy close 10
	expect_stdout '^by second.policy:2: errno\(ENODEV\)' 'stack: why: the newer one'
	expect_stdout '^To allow exactly this, add to first.policy and to second.policy:$' \
		'stack: why: to both'
	check 'stack: why: the default of one' sbpf why --stack second.policy first.policy getpid
	expect_stdout '^by second.policy:1: default: no rule matches$' 'stack: why: whose default'
	printf 'default allow\nunknown kill\n' >unknown.policy
	expect_status 1 'stack: why: a newer call' sbpf why --stack first.policy unknown.policy 9999
	expect_stdout '^by unknown.policy:2: unknown' 'stack: why: whose unknown'
	check 'stack: diff: of A' sbpf diff --stack strict standard strict
	expect_stdout '^standard\+strict and strict do the same' 'stack: diff: by name'
	expect_status 1 'stack: diff: not of B' sbpf diff --stack strict strict standard
	# What one of them stops is no way around.
	printf 'default allow\ndeny openat openat2 creat io_uring_setup io_uring_enter\n' >rest.policy
	printf 'default allow\nkill open\n' >open.policy
	expect_status 1 'lint: open alone' sbpf lint open.policy
	check 'stack: lint: with the rest' sbpf lint --stack rest.policy open.policy
	check 'stack: lint: the other way' sbpf lint --stack open.policy rest.policy
	expect_status 1 'stack: lint: no help' sbpf lint --stack first.policy open.policy
	expect_stdout '^./open.policy:2:1: warning: open ' 'stack: lint: of which one'
	expect_stdout '^./first.policy:3:1: warning: ptrace ' \
		'stack: lint: and of the other'
}

# record NR CODE [ARCH]: what the kernel writes in its log.
record() {
	echo "audit: type=1326 audit(1700000000.123:45): auid=0 uid=0 subj=it (enforce) pid=7" \
		"comm=\"cat\" exe=\"/bin/cat\" sig=31 arch=${3-c000003e} syscall=$1 compat=0" \
		"ip=0x7f00deadbeef code=$2"
}

# What is left of a call when it has been killed.
test_audit() {
	expect_status 1 'why --audit' sbpf why five.policy --audit "$(record 101 0x80000000)"
	fits 'why --audit'
	expect_stdout '^ptrace on x86_64, of cat\[7\], /bin/cat: kill, signal 31$' 'why --audit: what'
	expect_stdout '^by five.policy:5: kill ptrace$' 'why --audit: the rule'
	expect_stdout '^  allow ptrace$' 'why --audit: the rule that would allow it'
	(cat five.policy && grep '^  allow' out) >seven.policy
	check 'why --audit: that rule does' sbpf why seven.policy ptrace
	expect_status 1 'why --audit: arguments' sbpf why five.policy --audit "$(record 41 0x50000)"
	fits 'why --audit: arguments'
	expect_stdout '^A record has no arguments' 'why --audit: says that there are none'
	expect_stdout '^  errno\(EPERM\), by five.policy:1: default' 'why --audit: what fits'
	expect_stdout '^  allow, by five.policy:3: allow socket' 'why --audit: what does not'
	expect_status 1 'why --audit: not by this policy' sbpf why five.policy --audit "$(record 0 0x80000000)"
	expect_stdout '^By five.policy that cannot be' 'why --audit: says so'
	expect_status 1 'why --audit: of i386' sbpf why five.policy --audit "$(record 101 0x80000000 40000003)"
	expect_stdout '^ioperm on i386, ' 'why --audit: of i386: by its numbers'
	expect_status 1 'why --audit: of x32' sbpf why five.policy --audit "$(record 1073741863 0x80000000)"
	expect_stdout '^getpid on x32, ' 'why --audit: of x32: by the bit'
	check 'why --audit: allowed' sbpf why second.policy --audit "$(record 39 0x7ffc0000)"
	expect_stdout ': log' 'why --audit: allowed: as it says'
	printf 'type=SECCOMP msg=audit(1.2:3): pid=9 comm=612062 exe="/x" sig=31 arch=c000003e %s\n' \
		"syscall=101 compat=0 ip=0x1 code=0x80000000$(printf '\035')ARCH=x86_64 SYSCALL=ptrace" >log
	{
		printf 'type=SYSCALL msg=audit(1.2:4): arch=c000003e syscall=59 success=yes\n'
		record 101 0x80000000
		record 41 0x50000
	} >>log
	input "$(cat log)"
	expect_status 1 'why --audit -' sbpf why five.policy --audit -
	expect_stdout '^ptrace on x86_64, of a b\[9\], /x: kill, signal 31 \(2 records\)$' \
		'why --audit -: what is alike, once'
	expect_stdout '^socket on x86_64' 'why --audit -: the next one'
	expect_status 1 'why --audit: two policies' sbpf why --stack second.policy first.policy --audit "$(record 3 0x50000)"
	expect_stdout 'add to first.policy and to second.policy:$' 'why --audit: two policies: to both'
	expect_status 1 'why --audit --json' sbpf why --json five.policy --audit "$(record 41 0x50000)"
	expect_stdout '^        "fits": true$' 'why --audit --json: what fits'
	expect_status 1 'why --audit: of a program' sbpf why hand.asm --audit "$(record 101 0x80000000)"
	expect_stdout 'it may say: errno\(EPERM\)$' 'why --audit: of a program: what it can do'
	refused '--audit: no SECCOMP record' 'why --audit: something else' why five.policy --audit hello
	refused 'why: --audit has the call' 'why --audit: and a call' why five.policy read --audit x
	refused 'why: expected a SYSCALL, or --audit' 'why: neither' why five.policy
	refused '--audit: arch=1234 is no' 'why --audit: an unknown architecture' \
		why five.policy --audit "$(record 1 0x0 1234)"
}

test_hist() {
	echo '{"read": 900, "socket": 90, "mmap": 10, "getpid": 0}' >use.json
	check 'list --hist' sbpf list --hist use.json hand.asm
	fits 'list --hist'
	expect_stdout '^; --hist: 1000 calls, 6\.28 ' 'list --hist: how many'
	expect_stdout '^; 10.0000 % of them are not cached' 'list --hist: how many run it'
	expect_stdout '^   0 +100.0000 +100.0000 ld ' 'list --hist: all come by the first'
	expect_stdout '^   6 +9.0000 +90.0000 ld ' 'list --hist: and few by the argument'
	expect_stdout '^   7 +9.0000 +90.0000 jeq ' 'list --hist: and by its test'
	expect_stdout '^   8 +5.5000 +55.0000 ret ' 'list --hist: half of them fail'
	expect_stdout '^  10 +0.0000 +0.0000 ret ' 'list --hist: nobody is killed'
	echo '{"read": 1}' >cached.json
	check 'list --hist: all cached' sbpf list --hist cached.json hand.asm
	expect_stdout '^   0c? +100.0000 +- ld ' 'list --hist: all cached: no share of none'
	refused './nonesuch: ' 'list --hist: no such file' list --hist ./nonesuch hand.asm
}

test_import() {
	cat >oci.json <<END
{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
  {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
   "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}
END
	printf 'read: 1\nwrite: 1\npersonality: arg0 == 8\n' >mini.policy
	check 'import: OCI' sbpf import -o imported.policy oci.json
	check 'import: OCI: the policy is the same' sbpf diff oci.json imported.policy
	check 'import: OCI: what it allows' sbpf why oci.json personality 8
	expect_status 1 'import: OCI: and what not' sbpf why oci.json personality 9
	check 'import: minijail' sbpf import --from minijail mini.policy
	check 'import: minijail: what it allows' sbpf why --from minijail mini.policy personality 8
	expect_status 1 'import: minijail: and what not' sbpf why --from minijail mini.policy personality 9
	{
		echo 'getpid: 1'
		echo 'write: 9999'
	} >mini.frequency
	printf '@frequency ./mini.frequency\n%s\n' "$(cat mini.policy)" >often.policy
	refused '--optimize hist: for which histogram' 'import: minijail: no frequencies' \
		stat --optimize hist --from minijail mini.policy
	check 'import: minijail: frequencies' sbpf stat --json --optimize hist --from minijail often.policy
	check 'diff: two foreign formats' sbpf diff --subset minijail:mini.policy oci:oci.json
	expect_status 1 'diff: two foreign formats that differ' sbpf diff minijail:mini.policy oci:oci.json
	refused 'import: five.policy is no foreign profile' 'import: one of ours' import five.policy
	echo '{"defaultAction": "SCMP_ACT_ERRN0"}' >bad.json
	refused 'bad.json: .*SCMP_ACT_ERRN0' 'import: a bad profile' list bad.json
	refused '--caps: .chown. is no capability' 'import: a bad capability' list --caps chown oci.json
	refused '--kernel five' 'import: a bad version' list --kernel five oci.json
}

# Colours would be in the way of whoever reads a pipe.
test_colours() {
	check 'no colour in a pipe' sbpf why five.policy read
	if grep -q "$(printf '\033')" out; then
		not_ok 'no colour in a pipe: none' "$(head -n 1 out)"
	fi
	if ! command -v script >/dev/null; then
		skip 'colour on a terminal' 'needs script'
		return
	fi
	check 'colour on a terminal' env TERM=xterm NO_COLOR= script -qec "$SBPF why five.policy read" typescript
	expect_stdout "$(printf '\033')\\[32mallow" 'colour on a terminal: green'
	check 'NO_COLOR' env TERM=xterm NO_COLOR=1 script -qec "$SBPF why five.policy read" typescript
	if grep -q "$(printf '\033')" out; then
		not_ok 'NO_COLOR: none' "$(head -n 1 out)"
	fi
}

test_usage
test_input
test_forms
test_list
test_pid
test_trace
test_calls
test_why
test_far_neighbour
test_stat
test_cache
test_graph
test_lint
test_names
test_diff
test_stack
test_stack_asked
test_audit
test_hist
test_import
test_colours
finish
