#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
How many instructions minijail's compile_seccomp_policy would make of its own policies, beside
how many sbpf makes.

That compiler is not run here, it is modelled: this counts what it would emit, by its own cost
function, in both of its strategies.

  - How often a call is made is what a @frequency file says, else 1.
  - Numbers in a row with the same filter are a range; a range is one comparison, or two.
  - "linear" is a chain of ranges, by how often they are called.
  - "bst" is the cheapest of all binary trees over the numbers, of which any part may be a chain.
  - An argument is compared in two halves; each call with arguments has its own code, with its own
    "ret"; jumps that are too far for a byte are not counted, which is in its favour.

usage: minijail_model.py SBPF DATA [--each]
"""

import functools
import glob
import json
import os
import re
import subprocess
import sys

FOR_OTHERS = re.compile(r'arm64|aarch64|riscv64|-arm\.policy|__arm__')
ATOM = re.compile(r'^(arg\d)\s*(==|!=|<=|>=|<|>|&|in)\s*(.+)$')
TOP = 2**64 - 1
FIXED = 4 + 2  # load and compare the architecture, kill, load the number; accept and reject


class Unclear(Exception):
    """What this does not read: the file is left out."""


def numbers_of(table):
    with open(table, encoding='utf-8') as lines:
        rows = [line.split() for line in lines if line[0] not in '#@ \t\n']
    return {row[0]: int(row[1]) for row in rows if row[1] != '-'}


def statements(path, depth=0):
    """Lines without comments, joined at backslashes, with included files in their place."""
    if depth > 9 or not os.path.exists(path):
        raise Unclear(path)
    with open(path, encoding='utf-8') as lines:
        text = ''.join(re.sub(r'#.*', '', line) for line in lines)
    for line in re.sub(r'\\\s*\n', ' ', text).split('\n'):
        line = line.strip()
        if line.startswith('@include'):
            name, here = line.split()[1], os.path.dirname(path)
            if not os.path.exists(os.path.join(here, name)):
                name = os.path.basename(name)  # as sbpf does: they name where they are installed
            yield from statements(os.path.join(here, name), depth + 1)
        elif line.startswith('@frequency'):
            name = os.path.join(os.path.dirname(path), line.split()[1])
            if not os.path.exists(name):
                raise Unclear(name)
            with open(name, encoding='utf-8') as f:
                yield from re.findall(r'^(\w+:) *(\d+)', f.read(), re.MULTILINE)
        elif line:
            if line[0] in '@{' or '[' in line:
                raise Unclear(line)
            yield line


def halves(op, value):
    """How many 32-bit comparisons it takes to compare an argument with VALUE."""
    flipped = value.startswith('~')
    number = int(value, 0) if re.fullmatch(r'-?(0x[0-9a-fA-F]+|\d+)', value) else 0
    high = flipped or number < 0 or number >= 2**32
    if op == 'in':
        return 1 if flipped else 2
    if op == '&':
        return 2 if high else 1
    if op in ('==', '!='):
        return 2
    return 3 if high else 2


def filter_size(filters):
    """Of what a call is filtered by: [(condition or None, action)]; the last one is plain."""
    kills = [action in ('kill', 'default') for _, action in filters]
    size = kills.count(False) + any(kills)  # one "ret" each, but for kill
    for condition, _ in filters:
        for atom in re.split(r'\|\||&&', condition or ''):
            if atom.strip():
                match = ATOM.match(atom.strip())
                if not match:
                    raise Unclear(atom)
                size += 2 * halves(match[2], match[3].strip())
    return size


def read_policy(path, numbers):
    """{number: filters, or None where the call is just allowed}, {number: how often}"""
    calls, often = {}, {}
    for line in statements(path):
        if isinstance(line, tuple):  # of a frequency file
            often[numbers.get(line[0][:-1])] = int(line[1])
            continue
        name, _, text = line.partition(':')
        text = ' '.join(text.split())
        if name.strip() not in numbers or not text:
            raise Unclear(line)
        condition, _, action = text.partition(';')
        if not ATOM.match(condition):
            condition, action = None, text
        if condition and not action:
            action = 'allow'
        action = re.sub(r'^(1|allow)$', 'allow', action.strip())
        calls.setdefault(numbers[name.strip()], []).append((condition, action))
    for number, filters in calls.items():
        if filters[-1][0]:
            filters.append((None, 'default'))
        if len(filters) == 1 and filters[0][1] == 'allow':
            calls[number] = None
    return calls, often


def ranges_of(calls, often):
    """[(first, last + 1, how often, size of the filter, filters)]"""
    ranges = []
    for number in sorted(calls):
        filters = calls[number]
        if ranges and ranges[-1][1] == number and ranges[-1][4] == filters:
            first, _, count, size, _ = ranges[-1]
            ranges[-1] = (first, number + 1, count + often.get(number, 1), size, filters)
        else:
            size = filter_size(filters) if filters else 0
            ranges.append((number, number + 1, often.get(number, 1), size, filters))
    return ranges


def chain(ranges):
    """(expected cost, comparisons), the most frequent range being asked for first."""
    cost = passed = size = 0
    for first, last, count, _, _ in sorted(ranges, key=lambda r: r[2]):
        comparisons = 1 if last - first == 1 or first == 0 else 2
        passed += count
        cost += passed * comparisons
        size += comparisons
    return cost, size


def tree(ranges):
    """The same of the best tree, where a chain may take the place of any part of it."""
    sums = [0]
    for entry in ranges:
        sums.append(sums[-1] + entry[2])

    @functools.lru_cache(maxsize=None)
    def best(i, j, low, high):
        if j - i == 1:
            if (low, high) == ranges[i][:2]:
                return 0, 0
            cost, size = chain(ranges[i:j])
            return cost, size
        found = chain(ranges[i:j])
        for k in range(i + 1, j):
            for cut in (ranges[k][0], ranges[k - 1][1]):
                if not low < cut < high:
                    continue
                left, right = best(i, k, low, cut), best(k, j, cut, high)
                cost = sums[j] - sums[i] + left[0] + right[0]
                if cost < found[0]:
                    found = cost, 1 + left[1] + right[1]
        return found

    return best(0, len(ranges), 0, TOP)


def ours(sbpf, path):
    command = [sbpf, 'stat', '--json', '--from', 'minijail', '--abi', 'x86_64', path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)['instructions'] if done.returncode == 0 else None


def main():
    sbpf, data = sys.argv[1:3]
    here = os.path.dirname(os.path.abspath(__file__))
    numbers = numbers_of(os.path.join(here, '../../bpf/syscalls.tbl'))
    paths = [path for pattern in ('chromeos-platform2/*', 'crosvm/*/*', 'minijail/*')
             for path in sorted(glob.glob(f'{data}/seccomp/{pattern}.policy'))]
    totals, calls, files, others = [0, 0, 0], 0, 0, 0
    sys.setrecursionlimit(10000)
    for path in paths:
        made = None if FOR_OTHERS.search(path) else ours(sbpf, path)
        try:
            policy, often = read_policy(path, numbers) if made else ({}, {})
            ranges = ranges_of(policy, often)
        except Unclear as what:
            if '--each' in sys.argv:
                print('-', os.path.basename(path), what)
            ranges = None
        if not ranges:
            others += made is not None
            continue
        fixed = FIXED + sum(entry[3] for entry in ranges)
        row = made, fixed + chain(ranges)[1], fixed + tree(ranges)[1]
        if '--each' in sys.argv:
            print(*row, len(policy), os.path.basename(path))
        totals = [total + n for total, n in zip(totals, row)]
        calls += len(policy)
        files += 1
    if not files:
        print('(no policies of minijail at hand)')
        return
    print(f'minijail\'s compiler, modelled and not run: {files} policies of ChromeOS, crosvm and '
          f'minijail\nfor x86_64, {calls} calls ({others} more were not modelled)')
    print(f'{"":30} {"insns":>8} {"a call":>8} {"ours to":>8}')
    names = 'ours', 'minijail, linear: modelled', 'minijail, bst: modelled'
    for name, total in zip(names, totals):
        print(f'{name:30} {total:8} {total / calls:8.3f} {totals[0] / total:8.2f}')


main()
