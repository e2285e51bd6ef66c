# SPDX-License-Identifier: MIT
"""
Ask z3 whether what bpf_diff() and bpf_smt() say of programs is so.

usage: z3_test.py JUDGED COUNT POLICY...
       POLICY is a file, or - for random programs; one that ends in .json is an OCI profile,
       made a policy in a simple way, for its size

JUDGED prints pairs of programs with verdicts. Here each program is encoded anew, by the
kernel's rules and with nothing of ours: what it returns, as one term over the sixteen
words, made from the last instruction to the first, once for each content of A, X and M[].
Where bpf_diff() says "equal", z3 must find no input with two answers; where it gives an
input, that must have two, here too. The formulas of bpf_smt() must be equal to the terms.

Prints TAP: a test for each policy.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import threading

import z3

WORDS = ["nr", "arch", "ip.lo", "ip.hi"] + ["arg%d.%s" % (i // 2, ("lo", "hi")[i % 2])
                                             for i in range(12)]
SYMBOLS = [z3.BitVec(name, 32) for name in WORDS]
KILL_PROCESS, KILL_THREAD, TRAP, ERRNO = 0x80000000, 0, 0x30000, 0x50000
USER_NOTIF, TRACE, LOG, ALLOW = 0x7FC00000, 0x7FF00000, 0x7FFC0000, 0x7FFF0000

OPS = {
    0x00: lambda a, b: a + b,
    0x10: lambda a, b: a - b,
    0x20: lambda a, b: a * b,
    0x30: z3.UDiv,
    0x40: lambda a, b: a | b,
    0x50: lambda a, b: a & b,
    0x60: lambda a, b: a << (b & 31),
    0x70: lambda a, b: z3.LShR(a, b & 31),
    0xA0: lambda a, b: a ^ b,
}
TESTS = {
    0x10: lambda a, b: a == b,
    0x20: z3.UGT,
    0x30: z3.UGE,
    0x40: lambda a, b: a & b != 0,
}


def value(number):
    return z3.BitVecVal(number, 32)


class Program:
    """What the instructions return, as a term."""

    def __init__(self, text):
        self.insns = list(struct.iter_unpack("=HBBI", bytes.fromhex(text)))
        self.memo = {}
        self.live = self.liveness()
        self.term = self.run(0, (value(0), value(0)) + (value(0),) * 16)

    def liveness(self):
        """For each instruction, which of A, X, M[0] .. are read before they are written."""
        live = [set() for _ in self.insns]
        for pc in reversed(range(len(self.insns))):
            code, jt, jf, k = self.insns[pc]
            kind, source_x = code & 7, bool(code & 8)
            reads, writes, after = set(), set(), set()
            if kind != 6 and kind != 5:
                after = live[pc + 1]
            if kind in (0, 1):  # ld, ldx
                writes = {kind}
                reads = {2 + k} if code & 0xE0 == 0x60 else set()
            elif kind in (2, 3):  # st, stx
                reads, writes = {kind - 2}, {2 + k}
            elif kind == 4:
                reads, writes = {0, 1} if source_x else {0}, {0}
            elif kind == 5 and code & 0xF0 == 0:
                after = live[pc + 1 + k]
            elif kind == 5:
                reads = {0, 1} if source_x else {0}
                after = live[pc + 1 + jt] | live[pc + 1 + jf]
            elif kind == 6:
                reads = {0} if code & 0x18 == 0x10 else set()
            else:  # tax, txa
                reads, writes = ({1}, {0}) if code & 0x80 else ({0}, {1})
            live[pc] = reads | (after - writes)
        return live

    def run(self, pc, regs):
        key = (pc,) + tuple(regs[i].get_id() for i in sorted(self.live[pc]))
        if key not in self.memo:
            # The terms are kept with the result, so that their ids are not used again.
            self.memo[key] = (self.step(pc, regs), regs)
        return self.memo[key][0]

    def step(self, pc, regs):
        code, jt, jf, k = self.insns[pc]
        kind = code & 7
        new = list(regs)
        other = regs[1] if code & 8 else value(k)
        if kind == 6:
            return regs[0] if code & 0x18 == 0x10 else value(k)
        if kind == 5 and code & 0xF0 == 0:
            return self.run(pc + 1 + k, regs)
        if kind == 5:
            yes, no = self.run(pc + 1 + jt, regs), self.run(pc + 1 + jf, regs)
            return yes if yes.eq(no) else z3.If(TESTS[code & 0xF0](regs[0], other), yes, no)
        if kind in (0, 1):
            mode = code & 0xE0
            new[kind] = {0x00: value(k), 0x20: SYMBOLS[k // 4 % 16], 0x60: regs[2 + k % 16],
                         0x80: value(64)}[mode]
        elif kind in (2, 3):
            new[2 + k] = regs[kind - 2]
        elif kind == 7:
            new[0 if code & 0x80 else 1] = regs[1 if code & 0x80 else 0]
        elif code & 0xF0 == 0x80:
            new[0] = -regs[0]
        else:
            new[0] = OPS[code & 0xF0](regs[0], other)
        after = self.run(pc + 1, tuple(new))
        if code & 0xFF == 0x3C:  # div x
            return z3.If(regs[1] == 0, value(0), after)
        return after


def meaning(action):
    """The kernel looks at no more than this of an action."""
    data, kind = action & 0xFFFF, action & 0xFFFF0000
    bare = [ALLOW, LOG, USER_NOTIF, KILL_THREAD, KILL_PROCESS]
    capped = z3.If(z3.UGT(data, 4095), value(4095), data)
    return z3.If(z3.Or([kind == i for i in bare]), kind,
                 z3.If(kind == ERRNO, kind | capped,
                       z3.If(z3.Or(kind == TRAP, kind == TRACE), action,
                             value(KILL_PROCESS))))


def runs(action):
    return z3.Or(action == ALLOW, action == LOG)


def at(term, call):
    """TERM for one struct seccomp_data."""
    words = struct.unpack("=16I", bytes.fromhex(call))
    return z3.simplify(z3.substitute(term, *[(s, value(w)) for s, w in zip(SYMBOLS, words)]))


def satisfiable(condition):
    solver = z3.SolverFor("QF_BV")
    solver.add(condition)
    answer = solver.check()
    if answer == z3.unknown:
        raise RuntimeError("z3 does not know")
    return answer == z3.sat


def judge_relation(a, b, relation, verdict, call):
    """What is wrong with the verdict, or None."""
    term_a, term_b = meaning(a.term), meaning(b.term)
    if relation == "equal":
        broken = term_a != term_b
    else:
        broken = z3.And(runs(term_a), z3.Not(runs(term_b)))
    if verdict == 0 and satisfiable(broken):
        return "said to hold, and does not"
    if verdict == 1 and not z3.is_true(at(broken, call)):
        return "the call is no witness"
    return None


def judge_smt(text, a, b):
    """Are the two formulas the two programs?"""
    text += "(declare-const result.a (_ BitVec 32)) (assert (= result.a a))"
    text += "(declare-const result.b (_ BitVec 32)) (assert (= result.b b))"
    parsed = z3.parse_smt2_string(text)
    differ = z3.Or(z3.BitVec("result.a", 32) != a.term, z3.BitVec("result.b", 32) != b.term)
    return "the formulas are other programs" if satisfiable(z3.And(z3.And(*parsed), differ)) \
        else None


def judge(judged, policy, count):
    """All pairs of one policy: what went wrong, and how many of each verdict."""
    out = subprocess.run([judged, policy, str(count)], stdout=subprocess.PIPE, check=True,
                         universal_newlines=True).stdout
    lines = iter(out.splitlines())
    wrong, verdicts, pair = [], {0: 0, 1: 0}, 0
    programs = {}
    for line in lines:
        word, *rest = line.split()
        if word in ("a", "b"):
            programs[word] = Program(rest[0])
            continue
        if word == "smt":
            pair += 1
            found = judge_smt("\n".join(iter(lambda: next(lines), ".")), **programs)
        elif int(rest[0]) < 0:
            continue
        else:
            verdict, call = int(rest[0]), rest[1]
            verdicts[verdict] += 1
            found = judge_relation(programs["a"], programs["b"], word, verdict, call)
            # Would a wrong verdict be noticed?
            if not found and verdict == 1 and verdicts[1] < 3 and \
                    not judge_relation(programs["a"], programs["b"], word, 0, call):
                found = "the judge believes everything"
        if found:
            wrong.append("pair %d, %s: %s" % (pair, word, found))
    if pair != count or verdicts[0] + verdicts[1] < count:
        wrong.append("only %d pairs, %s" % (pair, verdicts))
    return wrong, verdicts


def policy_of(profile, table):
    """The policy lines of an OCI profile: what it allows without further privileges."""
    with open(table, encoding="ascii") as rows:
        known = {row.split()[0] for row in rows
                 if row[0] not in "#@\n" and row.split()[1] != "-"}
    with open(profile, encoding="utf-8") as text:
        rules = json.load(text)["syscalls"]
    yield "abi x86_64 i386 x32"
    yield "default errno(EPERM)"
    for rule in rules:
        if rule["action"] != "SCMP_ACT_ALLOW" or rule.get("includes") or rule.get("excludes"):
            continue
        cond = " && ".join(
            "arg%d & %#x == %#x" % (arg["index"], arg["value"], arg.get("valueTwo", 0))
            if arg["op"] == "SCMP_CMP_MASKED_EQ" else
            "arg%d %s %#x" % (arg["index"], COMPARISONS[arg["op"]], arg["value"])
            for arg in rule.get("args") or [])
        for name in sorted(known.intersection(rule["names"])):
            yield "allow %s%s" % (name, " if " + cond if cond else "")


COMPARISONS = {"SCMP_CMP_EQ": "==", "SCMP_CMP_NE": "!=", "SCMP_CMP_LT": "<",
               "SCMP_CMP_LE": "<=", "SCMP_CMP_GT": ">", "SCMP_CMP_GE": ">="}


def policy_file(name, directory):
    """NAME, in a place and with a mode that a policy may have."""
    if name == "-":
        return name
    copy = os.path.join(directory, "policy")
    with open(copy, "w", encoding="utf-8") as out:
        if name.endswith(".json"):
            table = os.path.join(os.path.dirname(__file__), "../../bpf/syscalls.tbl")
            out.write("\n".join(policy_of(name, table)) + "\n")
        else:
            with open(name, encoding="utf-8") as text:
                out.write(text.read())
    os.chmod(copy, 0o600)
    return copy


def main():
    judged, count, policies = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    failed = False
    print("1..%d" % len(policies))
    for number, policy in enumerate(policies, 1):
        # Many small random programs; few of a policy.
        with tempfile.TemporaryDirectory() as directory:
            wrong, verdicts = judge(judged, policy_file(policy, directory),
                                    20 * count if policy == "-" else count)
        for text in wrong:
            print("# " + text)
        failed |= bool(wrong)
        name = policy.rsplit("/", 1)[-1] if policy != "-" else "random programs"
        print("%s %d %s: %d hold, %d do not" % ("not ok" if wrong else "ok", number, name,
                                                verdicts[0], verdicts[1]), flush=True)
    status.append(1 if failed else 0)


# Terms are as deep as programs are long; only a thread can have a stack for that.
status = []
sys.setrecursionlimit(100000)
threading.stack_size(512 << 20)
thread = threading.Thread(target=main)
thread.start()
thread.join()
sys.exit(status[0] if status else 1)
