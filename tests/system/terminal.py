# SPDX-License-Identifier: MIT
"""
terminal.py CASE SBRUN ACT: one case of terminal.sh, played on a pseudo-terminal.

Whoever runs us is the person at the keyboard: what is typed is answered by what appears, and
each wait is for a text that must come. Exit status 0: as it should be; 1: not, with what
was seen; 77: cannot be tried here, with the reason.
"""

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import sys
import termios
import time

PATIENCE = 20  # seconds; only what is broken waits for so long
CASE, SBRUN, ACT = sys.argv[1:4]
BIN = os.path.dirname(ACT)


class Wrong(Exception):
    pass


class Screen:
    """A command on a new terminal, as the leader of its session."""

    def __init__(self, *argv):
        self.text = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["PS1"] = "OUT> "
            os.environ["INPUTRC"] = "/dev/null"
            os.execvp(argv[0], argv)
        self.resize(24, 80)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        return termios.tcgetattr(self.fd)

    def type(self, text):
        os.write(self.fd, text.encode())

    def more(self, end):
        """False at the end of file."""
        if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            raise Wrong("nothing more comes; not seen yet: %r" % self.text)
        try:
            text = os.read(self.fd, 65536)
        except OSError:
            text = b""
        self.text += text
        return bool(text)

    def expect(self, text):
        """Wait for TEXT; returns what came before it."""
        text = text.encode()
        end = time.monotonic() + PATIENCE
        while text not in self.text:
            if not self.more(end):
                raise Wrong("it ended without %r: %r" % (text, self.text))
        before, _, self.text = self.text.partition(text)
        return before.decode(errors="replace")

    def rest(self):
        end = time.monotonic() + PATIENCE
        while self.more(end):
            pass
        return self.text.decode(errors="replace")

    def status(self):
        """How it ended; all it wrote is in self.text."""
        self.rest()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def equal(got, wanted, what):
    if got != wanted:
        raise Wrong("%s: %r, not %r" % (what, got, wanted))


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            print("needs " + tool)
            sys.exit(77)


def sh(script, *options, policy="standard"):
    """SCRIPT in a sandbox, as a command for a shell."""
    words = [SBRUN, "--policy", policy, "--ro-bind", BIN, *options, "--", "sh", "-c", script]
    return " ".join("'%s'" % word.replace("'", "'\\''") for word in words)


def shell():
    """An interactive shell, outside, at its prompt."""
    need("bash")
    screen = Screen("bash", "--norc", "--noediting", "-i")
    screen.expect("OUT> ")
    return screen


def command(screen, text):
    """Type a command; returns what it wrote, when the prompt is back."""
    screen.type(text + "\n")
    screen.expect("\n")  # the echo
    return screen.expect("OUT> ").replace("\r", "")


# ---- cases ----


def job_control():
    """An interactive shell inside: its jobs are stopped and continued, and it is itself."""
    screen = shell()
    before = screen.modes()
    inside = "%s --policy standard --setenv PS1 'I''N> ' -- bash --norc --noediting -i\n" % SBRUN
    screen.type(inside)
    first = screen.expect("IN> ")
    if "job control" in first:
        raise Wrong(first)
    screen.type("cat\n")
    screen.expect("cat\r\n")
    screen.type("mine\n")
    screen.expect("mine\r\nmine\r\n")
    screen.type("\032")  # Ctrl-Z
    screen.expect("Stopped")
    screen.expect("IN> ")
    screen.type("fg\n")
    screen.expect("cat\r\n")
    screen.type("yours\n")
    screen.expect("yours\r\nyours\r\n")
    screen.type("\003")  # Ctrl-C
    screen.expect("IN> ")
    screen.type("suspend\n")
    screen.expect("Stopped")
    screen.expect("OUT> ")
    equal(screen.modes(), before, "modes while it is stopped")
    screen.resize(31, 97)
    screen.type("fg\n")
    screen.type("stty size\n")
    screen.expect("31 97")
    screen.expect("IN> ")
    screen.type("exit 7\n")
    screen.expect("OUT> ")
    equal(command(screen, "echo $?"), "7\n", "status")
    equal(screen.modes(), before, "modes afterwards")


def keys():
    """Ctrl-C, Ctrl-Z and Ctrl-D mean the payload."""
    screen = shell()
    screen.type(sh("echo rea''dy; exec cat") + "\n")
    screen.expect("ready\r\n")
    screen.type("1\n")
    screen.expect("1\r\n1\r\n")
    screen.type("\003")
    screen.expect("OUT> ")
    equal(command(screen, "echo $?"), "130\n", "Ctrl-C")
    screen.type(sh("echo rea''dy; exec cat") + "\n")
    screen.expect("ready\r\n")
    screen.type("2\n")
    screen.expect("2\r\n2\r\n")
    screen.type("\032")
    screen.expect("Stopped")
    screen.expect("OUT> ")
    screen.type("fg\n")
    screen.expect("cat'\r\n")
    screen.type("3\n")
    screen.expect("3\r\n3\r\n")
    screen.type("\004")
    screen.expect("OUT> ")
    equal(command(screen, "echo $?"), "0\n", "Ctrl-D")


def raw_and_killed():
    """The caller's modes are as they were, whatever the payload did to its terminal."""
    screen = shell()
    before = screen.modes()
    command(screen, sh("stty raw -echo; kill -KILL $$"))
    equal(command(screen, "echo $?"), "137\n", "status")
    equal(screen.modes(), before, "modes afterwards")
    command(screen, sh("stty raw -echo; kill -KILL $$", "--tty", "none"))
    equal(screen.modes(), before, "modes after --tty none")
    command(screen, sh("stty raw -echo; sleep 1000", "--time-limit", "0.2"))
    equal(screen.modes(), before, "modes after the time limit")
    # The twin: without a sandbox they are changed.
    screen = Screen("sh", "-c", "sh -c 'stty -echo -icanon; kill -KILL $$'; echo DONE; read x")
    before = screen.modes()
    screen.expect("DONE")
    if screen.modes() == before:
        raise Wrong("a program that changes the modes does not change them")


def own_terminal():
    """It has a name, a file, and is no terminal of the host's."""
    screen = shell()
    outside = command(screen, "tty").strip()
    before = command(screen, "stat -c %Hd:%Ld /dev/pts")
    inside = command(screen, sh("tty; stat -c %Hd:%Ld /dev/pts; : </dev/tty && echo opened"))
    name, device, opened = inside.split()
    equal((name, opened), ("/dev/pts/0", "opened"), "the terminal inside")
    if device == before.strip():
        raise Wrong("%s is the host's devpts" % device)
    said = command(screen, sh("tty; : </dev/tty", "--tty", "none"))
    if outside in said or "No such device" not in said:
        raise Wrong("with --tty none: " + said)


def size():
    """Its size is the caller's, also when that changes."""
    screen = shell()
    screen.resize(40, 100)
    screen.type(sh("stty size; trap 'stty size; exit 5' WINCH; echo rea''dy; "
                   "while :; do read x; done") + "\n")
    screen.expect("40 100")
    screen.expect("ready")
    screen.resize(41, 101)
    screen.expect("41 101")
    screen.expect("OUT> ")
    equal(command(screen, "echo $?"), "5\n", "status")


def all_output():
    """What is written last is seen, too, though the terminal goes away with the sandbox."""
    screen = Screen("sh", "-c", "exec " + sh("seq 20000; seq 20001 40000 & wait; exit 3"))
    equal(screen.status(), 3, "status")
    lines = screen.text.decode().split()
    equal(lines, [str(i) for i in range(1, 40001)], "what was written")


def background():
    """A job in the background writes, reads nothing, and can be brought to the foreground."""
    screen = shell()
    before = screen.modes()
    screen.type(sh("echo rea''dy; read x; echo got $x") + " &\n")
    screen.expect("ready")
    screen.type("\n")
    screen.expect("OUT> ")
    equal(screen.modes(), before, "modes while it is in the background")
    screen.type("echo mi''ne\n")  # the shell's own input; prompts may be late
    screen.expect("mine")
    screen.type("fg\n")
    screen.expect("sbrun")
    end = time.monotonic() + PATIENCE
    while screen.modes() == before:  # until it has noticed
        if time.monotonic() > end:
            raise Wrong("it does not take the terminal")
    screen.type("yours\n")
    screen.expect("got yours")
    screen.expect("OUT> ")
    equal(screen.modes(), before, "modes afterwards")


def hang_up():
    """When the caller's terminal goes, the payload is told, and ends."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    screen = Screen("sh", "-c", "exec " + sh("echo rea''dy; cat", "--keep-fd", str(write)))
    os.close(write)
    screen.expect("ready")
    os.close(screen.fd)
    if not select.select([read], [], [], PATIENCE)[0]:
        raise Wrong("it is still there")
    equal(os.read(read, 1), b"", "its pipe")


def inject():
    """TIOCSTI pushes a key into the terminal of the one who says it, which is not the caller's."""
    typing = "%s tiocsti; echo rea''dy; read x; echo \"got<$x>\"; exit"
    screen = Screen("sh", "-c", typing % ACT)
    screen.expect("ready")
    screen.type("y\n")
    if "got<xy>" not in screen.rest():
        print("TIOCSTI does not work outside, either")
        sys.exit(77)
    for option in "own", "none":
        sandbox = "%s --allow ioctl --tty %s --ro-bind %s -- " % (SBRUN, option, BIN)
        screen = Screen("sh", "-c", sandbox + typing % ACT)
        answer = screen.expect("\r\n")
        equal("ok" in answer, option == "own", "--tty %s: %r" % (option, answer))
        screen.expect("ready")
        screen.type("y\n")
        if "got<y>" not in screen.rest():
            raise Wrong("--tty %s: %r" % (option, screen.text))


def editor():
    """An editor draws its screen, is stopped, drawn again, and leaves no trace."""
    need("vim")
    screen = shell()
    before = screen.modes()
    screen.type("%s --policy standard --setenv TERM xterm -- vim -u NONE -i NONE /tmp/x\n" % SBRUN)
    screen.expect("/tmp/x")
    screen.type("iThe text\033:w\r")
    screen.expect("written")
    screen.type("\032")
    screen.expect("Stopped")
    screen.expect("OUT> ")
    equal(screen.modes(), before, "modes while it is stopped")
    screen.type("fg\n")
    screen.expect("The text")
    screen.type(":!tr a-z A-Z </tmp/x\r")
    screen.expect("THE TEXT")
    screen.type("\r:q\r")
    screen.expect("OUT> ")
    equal(screen.modes(), before, "modes afterwards")


def without_one():
    """--tty own where the caller has none: a pipe goes in and comes out."""
    for text in b"a\nb\n", b"a\nb", b"":
        into, out = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(into[0], 0)
            os.dup2(out[1], 1)
            os.execv(SBRUN, [SBRUN, "--policy", "standard", "--tty", "own", "--", "sh", "-c",
                             "stty -echo -onlcr; echo ready; cat; tty"])
        os.close(into[0])
        os.close(out[1])
        with os.fdopen(out[0], "rb") as result:
            equal(result.readline(), b"ready\n", "first line")
            os.write(into[1], text)
            os.close(into[1])
            equal(result.read(), text + b"/dev/pts/0\n", "for %r" % text)
        equal(os.waitpid(pid, 0)[1], 0, "status")


# ---- stopping without a terminal ----


def start_job(*options, script="echo ready; read x; echo $x"):
    """A sandbox in a process group of its own, with pipes, when it is ready."""
    into, out = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.dup2(into[0], 0)
        os.dup2(out[1], 1)
        os.execv(SBRUN, [SBRUN, "--policy", "standard", *options, "--", "sh", "-c", script])
    os.close(into[0])
    os.close(out[1])
    result = os.fdopen(out[0], "rb")
    equal(result.readline(), b"ready\n", "first line")
    return pid, into[1], result


def only_child(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return int(file.read().split()[0])


def state(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        return file.read().rpartition(") ")[2][0]


def stop_and_continue():
    """SIGTSTP stops the payload and sbrun, SIGCONT lets both go on."""
    pid, into, result = start_job()
    payload = only_child(only_child(pid))
    os.kill(pid, signal.SIGTSTP)
    status = os.waitpid(pid, os.WUNTRACED)[1]
    equal(os.WIFSTOPPED(status), True, "sbrun is stopped")
    equal(state(payload), "T", "state of the payload")
    os.write(into, b"x\n")
    os.kill(pid, signal.SIGCONT)
    equal(result.read(), b"x\n", "what it writes then")
    equal(os.waitpid(pid, 0)[1], 0, "status")


def stopped_by_itself():
    """A payload that stops itself stops nobody, and its time runs."""
    pid, _, result = start_job("--time-limit", "0.3", script="echo ready; kill -STOP $$")
    equal(result.read(), b"", "the rest")
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, os.WUNTRACED)[1]), 124, "status")


def stopped_for_too_long():
    """The time limit does not stop with sbrun."""
    pid, _, result = start_job("--time-limit", "0.5", script="echo ready; read x")
    os.kill(pid, signal.SIGTSTP)
    equal(os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]), True, "sbrun is stopped")
    equal(result.read(), b"", "the rest")
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, os.WUNTRACED)[1]), -9, "status")


def ignored_stop():
    """A payload that takes no SIGTSTP is not stopped, and neither is sbrun."""
    pid, into, result = start_job(script="trap '' TSTP; echo ready; read x; echo $x")
    os.kill(pid, signal.SIGTSTP)
    os.write(into, b"x\n")
    equal(result.read(), b"x\n", "what it writes")
    equal(os.waitpid(pid, os.WUNTRACED)[1], 0, "status")


def main():
    cases = {name.replace("_", "-"): value for name, value in globals().items()}
    try:
        cases[CASE]()
    except Wrong as wrong:
        print(wrong)
        sys.exit(1)


main()
