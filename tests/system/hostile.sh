#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1090,SC1091,SC2015,SC2016,SC2046,SC2059,SC2086,SC2154
#
# Hostile or broken input: policies, words of the command line, names, the environment, and what
# sbpf reads. Whatever it is, the answer is one message that a terminal can be shown, status 125
# (sbpf: 2), nothing run, and soon. What the caller can do is in hostile_callers.sh, descriptors and
# the payload are in hostile_fds.sh. What is tested for each kind of input, and where:
#
#   in a policy
#   no UTF-8, and at which byte            bpf/source_test each_byte; test_bytes
#   BOM, CR, U+2028, what is not seen      bpf/source_test each_byte; test_bytes
#   a NUL                                  bpf/source_test each_byte; test_bytes
#   a long line, a large file, no newline  bpf/source_test limits; test_size
#   nothing, or only comments              status.sh test_bad_policy; bpf/policy_test
#   an unknown call; "?name"               bpf/policy_test refuses; test_calls
#   a call newer than the kernel           test_calls
#   numbers of calls                       bpf/policy_test refuses; test_calls
#   a rule twice, or shadowed              bpf/lint_test each_doubt; test_twice
#   rules that contradict                  the last decides (sbrun-policy(5)); test_twice
#   numbers: overflow, signs, units        runner/util_test; test_numbers
#   a size of 0                            runner/directives_test refused; test_numbers
#   errnos                                 bpf/policy_test refuses; runner/settings_test
#   arguments, masks, widths               bpf/policy_test refuses; fuzz/policy_fuzz
#   includes: cycles, depth, how many      bpf/source_test; test_includes
#   what is no regular file                bpf/source_test; status.sh; test_files
#   links, owners, modes                   bpf/source_test; status.sh test_policy_owner
#   a file that grows while it is read     bpf/source_test what_grows_is_not_read
#   names of policies                      bpf/source_test names; test_files
#   lines within words                     runner/settings_test; test_injection
#   depth, very many rules                 bpf/policy_test hostile_lines, too_large; test_size
#   on the command line
#   no command, no --, -x, no argv[0]      status.sh test_misuse; runner/options_test
#   very many words                        test_words
#   too many mounts                        files.sh test_many; test_words
#   sources: missing, links, odd names     files.sh test_names; test_roots
#   destinations: .., //, too long         runner/directives_test; test_paths
#   destinations over each other           ns/tree_test; files.sh; test_paths
#   host names                             runner/directives_test; test_numbers
#   ids, ranges of ids                     runner/directives_test; identity.sh; test_numbers
#   --args                                 interface.sh test_args; test_args
#   in the environment
#   odd, long, many, double variables      runner/environment_test; test_environment
#   LD_*, PATH, HOME, SBRUN_*              status.sh test_path; test_environment
#   setenv LD_PRELOAD                      test_environment
#   in names
#   control characters                     runner/util_test escapes; test_names
#   sbpf
#   JSON, raw programs, minijail, kafel    bpf/import_*_test; fuzz/import_*; test_sbpf

. "$(dirname "$0")/common.sh"

SBPF=${SBPF:-./bpf/sbpf/sbpf}
[ -x "$SBPF" ] || tap_bail "no program at $SBPF"
cp "$SBPF" "$T/bin/sbpf" && chmod 755 "$T/bin/sbpf" || tap_bail 'no sbpf'
SBPF=$T/bin/sbpf
ESC=$(printf '\033')
NAME=$(printf 'e\033[31m\n\377\\ x')
SHOWN='e.x1b\[31m.x0a.xff.x5c x'

# Nothing that a terminal would obey is in FILE.
plain() {
	[ "$(LC_ALL=C tr -d '\n\t -~' <"$1" | wc -c)" -eq 0 ]
}

# wrong STATUS ERE NAME CMD...: it ends so, soon, prints nothing but a message like ERE.
wrong() {
	want=$1 pattern=$2 name=$3
	shift 3
	tap_run as_caller timeout 30 "$@"
	if [ "$status" -eq "$want" ] && [ ! -s "$T/out" ] && plain "$T/err" &&
		grep -Eq -e "$pattern" "$T/err"; then
		ok "$who: $name"
	else
		not_ok "$who: $name" "expected exit status $want and: $pattern"
		tap_explain "$(printf '%.200s' "$*")"
	fi
}

# refused ERE NAME WORD...
refused() {
	pattern="^sbrun: $1" name=$2
	shift 2
	wrong 125 "$pattern" "$name" "$SBRUN" "$@"
}

# policy TEXT: a policy of printf's TEXT, and what every one needs.
policy() {
	{
		printf 'include standard\n'
		printf "$1"
	} >"$T/p/policy"
}

# bad ERE NAME TEXT: a policy with TEXT behind one line.
bad() {
	policy "$3"
	refused "$T/p/policy:$1" "$2" --policy "$T/p/policy" -- echo ran
}

# good NAME TEXT: one that is taken.
good() {
	policy "$2"
	expect_output ran "$who: $1" as_caller timeout 30 "$SBRUN" --policy "$T/p/policy" -- echo ran
}

# ---- bytes and sizes ----

test_bytes() {
	bad '2:13: byte 0xff is not UTF-8' 'a byte that is no UTF-8' 'setenv A x y\377\n'
	bad '2:10: byte 0xc0 is not UTF-8' 'an overlong NUL' 'setenv A \300\200\n'
	bad '2:11: U\+0000' 'a NUL' 'setenv A x\000\nallow-all\n'
	bad '2:11: U\+000D' 'a carriage return within a line' 'setenv A x\rallow @all\n'
	bad '2:3: U\+202E' 'text that runs backwards, in a comment' '# \342\200\256 evil\n'
	bad '2:11: U\+200B' 'what is not seen' 'setenv A x\342\200\213\n'
	bad '2:11: U\+2028' 'a line separator' 'setenv A x\342\200\250allow @all\n'
	bad '2:1: U\+FEFF' 'a byte order mark within' '\357\273\277setenv A x\n'
	bad '2:10: U\+001B' 'an escape sequence' 'setenv A \033[2J\n'
	good 'CR LF at the ends of lines' 'setenv A x\r\nsetenv B y\r\n'
	good 'no newline at the end' 'setenv A x'
	good 'letters of others' 'setenv A \303\244\360\237\220\247\n'
	printf '\357\273\277include standard\n' >"$T/p/policy"
	expect_output ran "$who: a byte order mark" \
		as_caller "$SBRUN" --policy "$T/p/policy" -- echo ran
}

# repeated LINE: 1 MiB of it.
repeated() {
	yes "$1" | head -c 1048000 | sed '$d' >"$T/p/policy"
}

test_size() {
	bad '2:1: a line of more than 4096 bytes' 'a long line' "setenv A $(head -c 4090 /dev/zero | tr '\0' x)\n"
	bad '2:1: more than 512 words' 'many words' "unsetenv$(printf '%600s' '' | sed 's/ / x/g')\n"
	truncate -s 100M "$T/p/policy"
	refused "$T/p/policy: .* is larger than 1 MiB" 'a large file' --policy "$T/p/policy" -- echo ran
	repeated 'setenv A 1'
	wrong 125 "default" 'a line a hundred thousand times' "$SBRUN" --policy "$T/p/policy" -- echo ran
	repeated 'allow read'
	refused "$T/p/policy:16385:.* rules" 'too many rules' --policy "$T/p/policy" -- echo ran
	repeated 'tmpfs /x'
	refused "$T/p/policy:4097:.* file operations" 'too many files' --policy "$T/p/policy" -- echo ran
	repeated 'include sets'
	refused "$T/p/policy:1000:.*1000 files" 'too many includes' --policy "$T/p/policy" -- echo ran
	seq -f 'set @a%g read' 5000 >"$T/p/policy"
	refused "$T/p/policy:1025:.* sets" 'too many sets' --policy "$T/p/policy" -- echo ran
	echo 'set @b0 read write' >"$T/p/policy"
	for i in $(seq 40); do echo "set @b$i @b$((i - 1)) @b$((i - 1))"; done >>"$T/p/policy"
	printf 'include standard\nkill @b40\nallow @b40\n' >>"$T/p/policy"
	expect_output ran "$who: sets that double each other" \
		as_caller timeout 30 "$SBRUN" --policy "$T/p/policy" -- echo ran
	bad '2:[0-9]*: nested more than' 'a deep condition' \
		"allow read if $(printf '%500s' '' | tr ' ' '(')fd == 1\n"
	{
		printf 'include standard\n'
		seq -f 'allow socket if protocol == %g' 3000
	} >"$T/p/policy"
	tap_run as_caller timeout 60 "$SBRUN" --policy "$T/p/policy" -- echo ran
	case $status in
	0 | 125) ok "$who: thousands of rules: a filter, or a refusal" ;;
	*)
		not_ok "$who: thousands of rules: a filter, or a refusal" "status $status"
		tap_explain sbrun
		;;
	esac
}

# ---- words ----

test_calls() {
	bad "2:7: unknown system call 'raed'; did you mean 'read'" 'a misspelt call' 'allow raed\n'
	bad "2:7: unknown system call '-1'" 'a negative number' 'allow -1\n'
	for number in 0x40000027 65536 0x100000000 99999999999999999999 08 0x 1e9; do
		bad '2:7: ' "the number $number for a call" "allow $number\n"
	done
	bad "2:1: 'errno.4096.': expected errno" 'an errno of 4096' 'errno(4096) read\n'
	bad '2:[0-9]*: .*mask' 'a mask without bits' 'allow socket if type & 0 == 0\n'
	good 'a name that nobody knows, and may' 'allow ?no_such_call_at_all\n'
	good 'a call that is newer than most kernels' 'allow ?map_shadow_stack 600\n'
}

# The last rule that matches decides, and saying it twice changes nothing.
test_twice() {
	good 'a rule twice' 'allow personality\nallow personality\n'
	printf 'include standard\nkill personality\nallow personality\n' >"$T/p/policy"
	allowed "$who: the last of two contradicting rules allows" \
		--policy "$T/p/policy" $VISIBLE -- "$ACT" personality
	printf 'include standard\nallow personality\nkill personality\n' >"$T/p/policy"
	denied 159 "$who: the last of two contradicting rules kills" \
		--policy "$T/p/policy" $VISIBLE -- "$ACT" personality
	bad '3:1: hostname is said twice, and differently' 'a contradiction' 'hostname a\nhostname b\n'
	bad '3:1: setenv is said twice' 'a contradiction of one key' 'setenv A 1\nsetenv A 2\n'
}

# Every number is refused that is none, and what is too large for its place.
test_numbers() {
	for row in uid gid pids cpu memory swap io-weight time-limit cpu-limit keep-fd status-fd \
		block-fd args 'rlimit nofile' 'tmpfs /x size' 'tmpfs /x inodes' 'uid-map 0 1'; do
		for value in -1 +1 ' 1' '1 ' 0x 1e999 nan inf '' '1,0' 99999999999999999999999 \
			"1$ESC" '1
2' '10KiB' 0x1p3; do
			case $row in
			*size | *inodes) set -- --${row% *} "${row##* }=$value" ;;
			*) set -- --$row "$value" ;;
			esac
			tap_run as_caller timeout 30 "$SBRUN" "$@" -- echo ran
			[ "$status" -eq 125 ] && [ ! -s "$T/out" ] && plain "$T/err" && continue
			not_ok "$who: --$row: '$value'"
			tap_explain "$*"
		done
		ok "$who: --$row: no odd number is taken"
	done
	for words in 'uid 4294967295' 'gid 4294967296' 'memory 0' 'pids 0' 'time-limit 0' 'cpu 0' \
		'tmpfs /x size=0' 'tmpfs /x inodes=0' 'uid-map 0 0 1' 'uid-map 0 4294967294 2' \
		'memory 16777216T' 'keep-fd 2147483648' 'rlimit nofile 2 1' 'hostname a_b' \
		'uid root' 'caps 64' 'chmod 10000 /x'; do
		refused '' "--$words" --$words -- echo ran
	done
	refused '.*host name' 'a host name of 65 letters' \
		--hostname "$(printf '%65s' '' | tr ' ' a)" -- echo ran
	refused '.*host name.*x0a' 'a host name of two lines' --hostname 'a
b' -- echo ran
	expect_output 64 "$who: a host name of 64 letters" as_caller "$SBRUN" --hostname \
		"$(printf '%64s' '' | tr ' ' a)" -- sh -c 'uname -n | tr -d "\n" | wc -c'
}

# Words of a template do not become lines, or directives.
test_injection() {
	lines=$(printf 'x\nshare-net\nallow @all')
	tap_run as_caller "$SBRUN" --setenv A "$lines" --argv0 "$lines" --print-policy
	cp "$T/out" "$T/p/policy"
	expect_output 0 "$who: a value of three lines is printed as one word" \
		sh -c 'grep -c "^share-net\|^allow @all" "$1" || :' sh "$T/p/policy"
	expect_output "$lines" "$who: ... and read back as it was" \
		as_caller "$SBRUN" --policy "$T/p/policy" -- printenv A
	refused 'command line:.*' 'a rule with a line behind it' --allow "read
default allow" -- echo ran
	refused 'command line:.*' 'a rule with a comment' --allow 'read # if fd == 1' -- echo ran
	refused '--hostname: a word too many' 'a directive in the words of another' \
		--hostname x share-net -- echo ran
	bad '2:1: bad quoting' 'quotes that do not end' 'setenv A "x\n'
	bad "2:1: 'status-fd' is an option" 'an option' 'status-fd 2\n'
}

# ---- files of policies ----

test_includes() {
	i=1
	while [ $i -le 12 ]; do
		echo "include ./n$((i + 1))" >"$T/p/n$i"
		i=$((i + 1))
	done
	refused "$T/p/n9:1:1: includes go more than 8 deep" 'deep includes' --policy "$T/p/n1" -- echo ran
	echo "include ./n1" >"$T/p/n3"
	refused "$T/p/n3:1:1: .*included while it is being read" 'a cycle of three' \
		--policy "$T/p/n1" -- echo ran
	policy 'include /dev/stdin\n'
	refused '/dev/stdin: there is nothing in this policy' 'to include standard input' \
		--policy "$T/p/policy" -- echo ran
	bad '2:1: no policy file' 'to include what is not there' 'include ./none\n'
	bad "2:1: .*regular file" 'to include a directory' 'include /\n'
	bad "2:1: a policy's name" 'to include an option' 'include -x\n'
	rm "$T/p"/n*
}

test_files() {
	for file in /dev/zero /dev/full /dev/tty /proc/self/mem / "$T/p/fifo" "$T/p/socket"; do
		[ -e "$file" ] || continue
		refused '.*' "the policy $file" --policy "$file" -- echo ran
	done
	refused "a policy's name of more than 4095 bytes" 'a name longer than any file has' \
		--policy "/$(printf '%5000s' '' | tr ' ' a)" -- echo ran
	refused '/a*: opening .*File name too long' 'a name that is too long for a file' \
		--policy "/$(printf '%4000s' '' | tr ' ' a)" -- echo ran
	for name in '' . .. .hidden 'a b' 'a:b' "$ESC" 'strict
standard'; do
		refused '.*' "the policy '$(printf %s "$name" | tr -c 'a-z.: ' '?')'" --policy "$name" -- echo ran
	done
	refused '--policy: too few words' 'a policy --x' --policy --x -- echo ran
	mkdir "$T/home/here"
	echo 'default allow' >"$T/home/here/strict"
	chmod -R a+rX "$T/home"
	expect_output Seccomp "$who: a file strict of the current directory is none" as_caller sh -c '
		cd "$1" && "$2" --policy strict -- sed -n "/^Seccomp:.2/s/:.*//p" /proc/self/status' \
		sh "$T/home/here" "$SBRUN"
	rm -r "$T/home/here"
	: >"$T/p/unreadable"
	chmod 000 "$T/p/unreadable"
	[ "$who" = root ] ||
		refused '.*Permission denied' 'a policy that cannot be read' --policy "$T/p/unreadable" -- echo ran
	rm -f "$T/p/unreadable"
}

# ---- the command line ----

test_words() {
	expect_output 100000 "$who: a hundred thousand words of the command" as_caller sh -c '
		"$1" -- sh -c "echo \$#" sh $(seq 100000)' sh "$SBRUN"
	refused '.*file operations' 'more file operations than there may be' \
		$(seq 4097 | sed 's|.*|--dir /d/&|') -- echo ran
	refused '.*too many variables' 'more variables than there may be' \
		--unsetenv $(seq 5000) -- echo ran
	refused '.*too many descriptors' 'more descriptors than there may be' \
		--keep-fd $(seq 100 | sed 's/.*/1/') -- echo ran
	refused '.*hostname.*aaaa' 'a long word' --hostname "$(printf '%100000s' '' | tr ' ' a)" -- echo ran
	wrong 126 'exec: a*: File name too long' 'a command with a long name' \
		"$SBRUN" -- "$(printf '%5000s' '' | tr ' ' a)"
	wrong 127 'exec: --policy: No such file' 'a command that looks like an option' \
		"$SBRUN" -- --policy none
}

test_args() {
	refused '--args: read descriptor 9: File too large' '--args: what does not end' \
		--args 9 -- echo ran 9</dev/zero
	refused '--args: read descriptor 9: Is a directory' '--args: a directory' --args 9 -- echo ran 9<"$T"
	refused '--args: read descriptor 9: Bad file' '--args: what cannot be read' \
		--args 9 -- echo ran 9>>"$T/p/written"
	seq 9500 | tr '\n' '\0' >"$T/p/words"
	refused '--args: more than 9000 words' '--args: very many words' --args 9 -- echo ran 9<"$T/p/words"
	printf -- '--\033[31m\377\0' >"$T/p/words"
	refused "unknown option '--.x1b.31m.xff'" '--args: an odd option' --args 9 -- echo ran 9<"$T/p/words"
	printf -- '--hostname\0cut' >"$T/p/words"
	expect_output cut "$who: --args: the last NUL is missing" \
		as_caller "$SBRUN" --args 9 -- uname -n 9<"$T/p/words"
	printf -- '--hostname\0h\0\0' >"$T/p/words"
	refused '--hostname: a word too many' '--args: an empty word' --args 9 -- echo ran 9<"$T/p/words"
	refused '--hostname: too few' '--args: nothing, where a word is missing' \
		--hostname --args 9 -- echo ran 9</dev/null
	expect_output ran "$who: --args: many times nothing" \
		as_caller "$SBRUN" $(seq 100 | sed 's/.*/--args 9/') -- echo ran 9</dev/null
}

# The host's /proc and / may be shown to the payload: they are no way to processes of the host.
test_roots() {
	mkfifo "$T/p/pid"
	chmod 666 "$T/p/pid"
	as_caller sh -c 'echo $$ >"$1" && exec sleep 1000' sh "$T/p/pid" &
	runs=$!
	read -r sleeper <"$T/p/pid"
	rm "$T/p/pid"
	echo secret >"$T/p/secret"
	expect_output secret "$who: outside, a process is a way to its root" \
		as_caller cat "/proc/$sleeper/root$T/p/secret"
	for source in /proc /; do
		shown=/shown/$([ $source = / ] && echo proc/)$sleeper
		expect_output "$sleeper denied denied" "$who: to show $source does not lead to its processes" \
			as_caller "$SBRUN" --policy standard --landlock off --ro-bind $source /shown -- sh -c '
			echo $(sed -n "s/^Pid:.//p" $1/status) \
				$(cat $1/root/$2 2>/dev/null || echo denied) \
				$(grep . $1/environ 2>/dev/null || echo denied)' sh "$shown" "$T/p/secret"
	done
	kill "$sleeper"
	wait "$runs" 2>/dev/null
	rm "$T/p/secret"
}

test_paths() {
	deep=$(printf '%2040s' '' | sed 's| |/a|g')
	for path in x '' '/..' '/a/../b' "$deep/aaaaaaaaaaaaaaaaaaaa"; do
		refused '.*absolute path' "the destination '$(printf '%.20s' "$path")'" --dir "$path" -- echo ran
	done
	refused 'root: create directory /a*[^/]*: File name too long' 'a name of 256 letters' \
		--dir "/$(printf '%256s' '' | tr ' ' a)" -- echo ran
	check "$who: a path of 4000 bytes" as_caller "$SBRUN" --policy standard --dir "${deep%/a/a/a*}" -- true
	for path in '//x///y/' '/./x/./y/.'; do
		expect_output y "$who: the destination $path" \
			as_caller "$SBRUN" --policy standard --dir "$path" -- ls /x
	done
	refused 'root: .*Not a directory|root: .*File exists' 'a directory below a file' \
		--policy standard --ro-bind /etc/passwd /x --dir /x/y -- echo ran
	refused 'root: .*' 'a file over a directory' \
		--policy standard --dir /x --ro-bind /etc/passwd /x -- echo ran
	refused 'root: .*' 'a directory over a file' \
		--policy standard --ro-bind /etc/passwd /x --ro-bind /usr /x -- echo ran
	refused 'directory: .x1b.x0a/a*: File name too long|.*absolute' 'an odd directory to start in' \
		--chdir "$ESC
/$(printf '%5000s' '' | tr ' ' a)" -- echo ran
}

# ---- the environment ----

# What the caller has in it is neither the payload's nor sbrun's, which finds its programs itself.
test_environment() {
	expect_output 'HOME=/tmp
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' "$who: of a hostile one nothing is inside" \
		as_caller env -i "A B=x" "$NAME=1" LD_AUDIT=/none.so LD_LIBRARY_PATH=/none IFS=x BASH_ENV=/none \
		ENV=/none 'BASH_FUNC_ls%%=() { echo ran; }' SBRUN_POLICY=none SBRUN_DATADIR=/none PATH=/none \
		GCONV_PATH=/none HOME="$NAME" TMPDIR="$NAME" PYTHONSTARTUP=/none AWS_SECRET=secret \
		"$SBRUN" -- sh -c '/usr/bin/env | grep -v "^PWD\|^_=\|^OLDPWD\|^SHLVL" | sort'
	for value in "$NAME" rel / // . /dev/null /proc/self /none "$(printf '%90000s' '' | tr ' ' /)"; do
		for variable in HOME XDG_CONFIG_HOME PATH TMPDIR; do
			tap_run as_caller sh -c 'n=$1 v=$2 s=$3; exec env "$n=$v" "$s" -- echo ran' \
				sh $variable "$value" "$SBRUN"
			[ "$status" -eq 0 ] && [ "$(cat "$T/out")" = ran ] && continue
			not_ok "$who: $variable='$(printf '%.20s' "$value" | tr -c 'a-z/' '?')'"
			tap_explain "$variable"
		done
	done
	ok "$who: odd directories in HOME, XDG_CONFIG_HOME, PATH and TMPDIR"
	mkdir -p "$T/home/config/sbrun"
	mkfifo "$T/home/config/sbrun/strict"
	chown -R "$(as_caller id -u)" "$T/home/config"
	wrong 125 "not a regular file" 'a FIFO in the place of a policy' \
		env XDG_CONFIG_HOME="$T/home/config" "$SBRUN" -- echo ran
	rm -r "$T/home/config"
	expect_output '1 x=y=z' "$who: --keep-env and odd values" as_caller env 'A==' 'B=x=y=z' \
		"C=$NAME" "$SBRUN" --keep-env '*' -- sh -c 'echo ${#A} $B'
	expect_output "$NAME" "$who: --setenv: any bytes" as_caller "$SBRUN" --setenv A "$NAME" -- printenv A
	expect_output "130000" "$who: --setenv: a long value" as_caller "$SBRUN" \
		--setenv A "$(printf '%130000s' '' | tr ' ' x)" -- sh -c 'echo ${#A}'
	refused '.*not the name of a variable' '--setenv: no name' --setenv '' x -- echo ran
	refused '.*not the name of a variable' '--setenv: a name with =' --setenv A=b x -- echo ran
	# It is for the payload's linker; sbrun's own does not see it.
	expect_output ran "$who: --setenv LD_PRELOAD" as_caller "$SBRUN" --setenv LD_PRELOAD /none.so -- echo ran
	expect_stderr 'LD_PRELOAD cannot be preloaded' "$who: ... which the payload's linker reads"
	as_caller env AWS_SECRET=hidden-word "$SBRUN" --policy standard -- \
		sh -c 'tr "\0" "\n" <"/proc/1/environ"; grep -l hidden-word /proc/*/environ' >"$T/out" 2>&1
	expect_output 0 "$who: a secret is in no process's environment" \
		sh -c 'grep -c "hidden-word\|^/proc" "$1" || :' sh "$T/out"
}

# ---- names in messages ----

# shown NAME WORD...: the message has the odd name, as it can be shown.
shown() {
	name=$1
	shift
	tap_run as_caller timeout 30 "$SBRUN" "$@"
	if [ "$status" -ge 125 ] && plain "$T/err" && grep -q "$SHOWN" "$T/err"; then
		ok "$who: the name is shown: $name"
	else
		not_ok "$who: the name is shown: $name"
		tap_explain "$name"
	fi
}

test_names() {
	file=$T/p/$NAME
	shown 'a command' -- "$NAME"
	shown 'an option' "--$NAME"
	shown 'a word' --share "$NAME" -- true
	shown 'a policy' --policy "./$NAME" -- true
	shown 'a source' --ro-bind "/$NAME" -- true
	shown 'a descriptor' --bind-fd 9 "/$NAME" -- true
	shown 'a directory' --chdir "/$NAME" -- true
	shown 'a file for stdout' --stdout "/$NAME/x" -- true
	shown 'a namespace' --net "/$NAME" -- true
	shown 'a disk' --io-max "/$NAME" rbps=1 -- true
	shown 'a destination' --policy standard --ro-bind /usr /u --dir "/u/$NAME" -- true
	shown 'a mask' --mask "/$NAME" -- true
	mkdir "$file"
	printf 'include standard\ntmpsf /x\n' >"$file/typo"
	shown 'the policy of a mistake' --policy "$file/typo" -- true
	printf 'include standard\nro-bind /usr /usr/none/x\n' >"$file/place"
	shown 'the policy of what cannot be done' --policy "$file/place" -- true
	printf 'include standard\nkill personality\n' >"$file/$NAME"
	for mode in '--explain' '--explain plan' '--explain program'; do
		tap_run as_caller "$SBRUN" --policy "$file/$NAME" $mode
		if [ "$status" -eq 0 ] && plain "$T/out" && grep -q "$SHOWN" "$T/out"; then
			ok "$who: the name is shown: $mode"
		else
			not_ok "$who: the name is shown: $mode" "$(grep -n "$ESC" "$T/out")"
		fi
	done
	if command -v jq >/dev/null 2>&1; then
		as_caller "$SBRUN" --policy "$file/$NAME" --status-fd 9 -- true 9>"$T/p/status"
		expect_output started "$who: a policy's odd name does not silence --status-fd" \
			jq -r 'select(.policy | . and contains("\\x1b[31m\\x0a\\xff")) | .event' "$T/p/status"
	fi
	cp "$ACT" "$T/bin/$NAME"
	shown 'what was killed' $VISIBLE -- "$T/bin/$NAME" unshare
	rm "$T/bin/$NAME"
	sbpf_names
	rm -r "$file"
}

# ---- sbpf ----

# sbpf_wrong NAME WORD...: status 2, and a message that can be shown.
sbpf_wrong() {
	name=$1
	shift
	wrong 2 '^sbpf: ' "sbpf: $name" "$SBPF" "$@"
}

sbpf_names() {
	printf 'default kill\nallow read\nkill ptrace\n' >"$file/$NAME.policy"
	for command in list lint dis stat cache graph 'export --to c' 'export --to policy' 'export --to oci' \
		'export --to asm' 'stat --json' 'why --json' why trace; do
		tap_run as_caller "$SBPF" $command "$file/$NAME.policy" \
			$(case $command in why* | trace) echo ptrace ;; esac)
		if [ "$status" -lt 2 ] && [ -s "$T/out" ] && plain "$T/out" && plain "$T/err"; then
			ok "$who: sbpf $command: the name can be shown"
		else
			not_ok "$who: sbpf $command: the name can be shown" "$(cat -v "$T/out" "$T/err" | head)"
		fi
	done
	sbpf_wrong 'an odd command' "$NAME"
	sbpf_wrong 'an odd option' list "--$NAME" strict
	sbpf_wrong 'an odd ABI' list --abi "$NAME" strict
	sbpf_wrong 'an odd file' list "/$NAME"
	sbpf_wrong 'an odd call' why strict "$NAME"
	sbpf_wrong 'an odd argument' why strict socket "$NAME"
}

# foreign NAME FORMAT TEXT: a file of another's format, of printf's TEXT, is refused.
foreign() {
	printf "$3" >"$T/p/foreign"
	sbpf_wrong "$2: $1" list --from "$2" "$T/p/foreign"
}

# not_taken NAME TEXT: a program of printf's TEXT is shown, and that the kernel would not take it.
not_taken() {
	printf "$2" >"$T/p/foreign"
	check "$who: sbpf: raw: $1" as_caller timeout 30 "$SBPF" list --from raw "$T/p/foreign"
	expect_stderr '^sbpf: .*: the kernel would not take it: instruction 0: ' "$who: ... it says so"
}

test_sbpf() {
	q='{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"'
	foreign 'nothing' oci ''
	foreign 'no object' oci '[]'
	foreign 'a NUL' oci '{"defaultAction":"SCMP_ACT_ERRNO"\000}'
	foreign 'no UTF-8' oci '{"defaultAction":"SCMP_ACT_\377"}'
	foreign 'an action with escapes' oci '{"defaultAction":"SCMP_\\u001b[31m"}'
	foreign 'a call with escapes' oci '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["\\u001b[31m"],"action":1}]}'
	foreign 'a huge number' oci "$q,\"args\":[{\"index\":0,\"value\":1e999,\"op\":\"SCMP_CMP_EQ\"}]}]}"
	foreign 'a negative number' oci "$q,\"args\":[{\"index\":-1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}"
	foreign 'an argument too many' oci "$q,\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}"
	foreign 'another type' oci "$q,\"args\":7}]}"
	foreign 'an unknown operator' oci "$q,\"args\":[{\"index\":0,\"value\":1,\"op\":\"\\\\u009b\"}]}]}"
	printf '%200000s' '' | tr ' ' '[' >"$T/p/foreign"
	sbpf_wrong 'oci: very deep' list --from oci "$T/p/foreign"
	foreign 'nothing' raw ''
	foreign 'half an instruction' raw '\006\000\000\000'
	not_taken 'no program' '\377\377\377\377\377\377\377\377'
	not_taken 'a jump behind the end' '\005\000\000\000\377\377\377\377\006\000\000\000\000\000\000\000'
	head -c 40000 /dev/zero >"$T/p/foreign"
	sbpf_wrong 'raw: more than the kernel takes' list --from raw "$T/p/foreign"
	sbpf_wrong 'raw: what does not end' list --from raw /dev/zero
	foreign 'a NUL' minijail 'read: 1\000\n'
	foreign 'an escape' minijail 'read: arg0 == \033[31m\n'
	foreign 'it includes itself' minijail '@include ./foreign\n'
	foreign 'it includes a device' minijail '@include /dev/zero\n'
	foreign 'it includes a FIFO' minijail '@include ./fifo\n'
	foreign 'frequencies of a device' minijail '@frequency /dev/zero\nread: 1\n'
	foreign 'a huge number' minijail 'read: arg0 == 99999999999999999999\n'
	foreign 'a deep condition' minijail "read: arg0 == $(printf '%5000s' '' | tr ' ' '~')1\n"
	foreign 'an escape' kafel 'POLICY x { ALLOW { \033[31m } } USE x DEFAULT KILL'
	foreign 'it includes itself' kafel '#include "foreign"\n'
	foreign 'it includes a FIFO' kafel '#include "fifo"\n'
	foreign 'it uses itself' kafel 'POLICY x { USE x } USE x DEFAULT KILL'
	foreign 'a deep condition' kafel \
		"POLICY x { ALLOW { read(a) { $(printf '%5000s' '' | tr ' ' '(')a == 1 } } } USE x DEFAULT KILL"
	foreign 'no mnemonic' asm '\tld \033[31m\n'
	foreign 'a label too many' asm 'a: ret #0\na: ret #0\n'
	tap_run as_caller "$SBPF" list "$T/p/foreign" >/dev/full
	for command in 'list strict' 'export --to c strict' 'stat strict' 'why strict read'; do
		tap_run sh -c '"$@" >/dev/full' sh "$SBPF" $command
		[ "$status" -ne 2 ] && not_ok "$who: sbpf $command: a full disk" "status $status"
	done
	ok "$who: sbpf: a full disk is noticed"
}

mkdir -m 755 "$T/p"
mkfifo -m 644 "$T/p/fifo"
chmod 755 "$T/home"
for caller in $CALLERS; do
	become "$caller"
	test_bytes
	test_size
	test_calls
	test_twice
	test_numbers
	test_injection
	test_includes
	test_files
	test_words
	test_args
	test_roots
	test_paths
	test_environment
	test_names
	test_sbpf
done
finish
