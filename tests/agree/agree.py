#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`nono why` and the kernel agree: random requests over random trees, everything asked of both.

usage: agree.py [--comparisons N] [--seed S | NONO_SEED=S] [--round R]

Each round makes a tree, and one request over it: flags, profiles, groups. decide.c says what is
allowed; then probe.c tries all of it inside the sandbox that the same command line makes (nono wrap,
in a part of the rounds nono run). A request one refuses the other has to refuse. Now and then the
real `nono why --json` is asked as well. A disagreement prints its seed and round, which repeat it.

Once per user: the caller, and an ordinary one when the caller is root.
"""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / 'integration')]
if '--root' not in sys.argv:
    import harness  # noqa: E402
import questions  # noqa: E402
import trees  # noqa: E402
import wishes  # noqa: E402

SEED, COMPARISONS = 20260801, 100000
# With run instead of wrap, and through the real why; unsandboxed, to see that the probe works.
RUN_EVERY, WHY_EVERY, WHY_QUESTIONS = 4, 16, 12


class Disagreement(Exception):
    pass


class Round:
    def __init__(self, seed, number, base, programs):
        self.random = random.Random(f'{seed}/{number}/{os.getuid()}')
        self.programs = programs
        self.tree = trees.Tree(base, self.random, programs.true)
        self.request = wishes.Request(self.tree, self.random)
        self.argv = self.request.argv + ['--read-file', programs.probe]
        last = self.random.choice([questions.deletes, questions.moves])
        self.asked = questions.of_tree(self.tree, self.random) + last(self.tree, self.random)

    def start(self, argv, given, cwd=None):
        """Runs argv with these bytes as its input: status, output, errors."""
        with tempfile.TemporaryFile(dir=self.programs.scratch) as stdin, \
                tempfile.TemporaryFile(dir=self.programs.scratch) as out, \
                tempfile.TemporaryFile(dir=self.programs.scratch) as err:
            stdin.write(given)
            stdin.seek(0)
            status = subprocess.call(argv, cwd=cwd or self.request.cwd, stdin=stdin, stdout=out, stderr=err,
                                     close_fds=False, timeout=120)
            out.seek(0), err.seek(0)
            return status, out.read(), err.read().decode(errors='replace')

    def decide(self, verb):
        """What is refused, and what the questions' answers should be."""
        wanted = [one for question in self.asked for one in questions.expand(question)]
        given = b''.join(op.encode() + b'\0' + os.fsencode(path) + b'\0' for op, path in wanted)
        status, out, err = self.start([self.programs.decide, verb, *self.argv, '--', 'true'], given)
        verdict, _, answers = out.partition(b'\n')
        if status != 0 or (verdict == b'accepted' and len(answers) != len(wanted)):
            raise Disagreement(f'decide ended with {status}, {len(answers)} answers: {err}{verdict}')
        if verdict != b'accepted':
            return err.splitlines()[-1], None
        predicted, at = [], 0
        for question in self.asked:
            n = len(questions.expand(question))
            predicted.append(questions.predict(question, [a == ord('1') for a in answers[at:at + n]]))
            at += n
        return None, predicted

    def enforce(self, verb):
        argv = [self.programs.nono, verb, *self.argv, '--', self.programs.probe]
        return self.start(argv, questions.encode(self.asked))

    def play(self, verb, ask_why, tally):
        refusal, predicted = self.decide(verb)
        if ask_why and predicted:
            self.ask_why(predicted, tally)
        if verb == 'run':
            self.end_daemon()
        status, out, err = self.enforce(verb)
        if refusal is not None:
            tally['refused'] += 1
            # Notices may come first.
            lines = err.splitlines()
            said = all(line.startswith('nono: ') for line in lines) and lines
            if status != 125 or out or not said or (verb == 'wrap' and refusal != lines[-1]):
                raise Disagreement(f'why refuses: {refusal}\nbut {verb} ended with {status}: {err}')
            return
        if status != 0 or len(out) != len(self.asked):
            raise Disagreement(f'why accepts, but {verb} ended with {status}, {len(out)} answers: {err}')
        tally['accepted'] += 1
        for question, number, should in zip(self.asked, out, predicted):
            does = questions.observed(question, number)
            if number == questions.STUCK:
                raise Disagreement(f'{question}: what was made inside cannot be taken away')
            if does is None:
                tally['undecided'] += 1
                tally[f'errno {number} {question[0]}'] += 1
                continue
            tally['compared'] += 1
            tally[f'{question[0]} {"yes" if does else "no"}'] += 1
            if does != should:
                raise Disagreement(f'{question}: why says {should}, the kernel {does} ({os.strerror(number)})')

    def ask_why(self, predicted, tally):
        """Some of the questions, of the program people use."""
        plain = [q for q in self.asked if q[0] != 'm']
        for question in self.random.sample(plain, WHY_QUESTIONS):
            operation, path = questions.expand(question)[0]
            argv = [self.programs.nono, 'why', '--json', *self.argv, '--path', path, '--op', operation]
            status, out, err = self.start(argv, b'')
            if status != 0:
                raise Disagreement(f'{argv} ended with {status}: {err}')
            answer = json.loads(out)
            should = predicted[self.asked.index(question)]
            tally['why'] += 1
            if (answer['status'] == 'allowed') != should:
                raise Disagreement(f'{question}: the decision is {should}, nono why says {answer}')

    def end_daemon(self):
        """nonod goes on refusing what was nono's own when it started, wherever that is by now."""
        daemon = os.path.join(os.path.dirname(self.programs.nono), 'nonod').encode()
        for pid in filter(str.isdigit, os.listdir('/proc')):
            with contextlib.suppress(OSError):
                if pathlib.Path('/proc', pid, 'cmdline').read_bytes().split(b'\0')[0] == daemon:
                    os.kill(int(pid), signal.SIGTERM)
                    # A zombie has no command line.
                    while pathlib.Path('/proc', pid, 'cmdline').read_bytes():
                        time.sleep(0.001)

    def play_outside(self):
        """Without a sandbox everything works: the probe and the tree are sound."""
        status, out, err = self.start([self.programs.probe], questions.encode(self.asked))
        if status != 0 or len(out) != len(self.asked):
            raise Disagreement(f'outside the probe ended with {status}: {err}')
        for question, number in zip(self.asked, out):
            ours = question[1].startswith(self.tree.base)
            if ours and questions.observed(question, number) is False:
                raise Disagreement(f'{question}: fails outside as well ({os.strerror(number)})')

    def describe(self):
        lines = [f'  cd {self.request.cwd!r}', f'  nono wrap {" ".join(map(repr, self.argv))}']
        for path in self.request.files:
            if os.path.exists(path):
                lines.append(f'  {path}: {pathlib.Path(path).read_text()}')
        for path, kind in sorted(self.tree.kinds.items()):
            lines.append(f'  {kind} {path!r}' + (f' -> {os.readlink(path)!r}' if os.path.islink(path) else ''))
        return '\n'.join(lines)


def play(options, programs, base):
    tally = collections.Counter()
    number = options.round or 0
    while tally['compared'] < options.comparisons:
        one = Round(options.seed, number, base, programs)
        try:
            if number % 50 == 0 and options.round is None:
                one.play_outside()
                one = Round(options.seed, number, base, programs)
            verb = 'run' if number % RUN_EVERY == RUN_EVERY - 1 else 'wrap'
            one.play(verb, number % WHY_EVERY == 0, tally)
        except Disagreement as error:
            print(f'NONO_SEED={options.seed} --round {number}: {error}\n{one.describe()}')
            return 1
        number += 1
        if options.round is not None:
            break
    print(f'NONO_SEED={options.seed}, {number} rounds: ' +
          ', '.join(f'{key} {tally[key]}' for key in sorted(tally)))
    return 0 if options.round is not None or enough(tally, number) else 1


def enough(tally, rounds):
    """Comparing must not have become empty: both answers to everything, and most of it comparable."""
    faults = [f'{kind} {answer}' for kind in 'rlwatbxckspodm' for answer in ('yes', 'no')
              if tally[f'{kind} {answer}'] < rounds / 10]
    if tally['accepted'] < rounds / 3 or tally['refused'] < rounds / 20:
        faults.append('accepted or refused')
    if tally['undecided'] > tally['compared'] / 50 or tally['compared'] < 100 * rounds:
        faults.append('comparisons')
    if faults:
        print(f'too few: {", ".join(faults)}')
    return not faults


def inside(options):
    """The rounds, as the user of a world."""
    root, base = pathlib.Path(options.root), pathlib.Path(options.base)
    programs = argparse.Namespace(
        nono=str(root / 'bin/nono'), decide=str(root / 'libexec/nono/agree-decide'),
        probe=str(root / 'probe/probe'), true=str(root / 'probe/true'), scratch=str(base))
    return play(options, programs, str(base / 'trees'))


def outside(user, arguments):
    """A world of its own for the rounds, and a process of its user that plays them."""
    world = harness.World(user)
    build = harness.BUILD / 'tests'
    for source, target in ((build / 'agree/agree-decide', 'libexec/nono/agree-decide'),
                           (build / 'agree/agree-probe', 'probe/probe'),
                           (build / 'bench/bench-true', 'probe/true')):
        (world.root / target).parent.mkdir(exist_ok=True)
        shutil.copy2(source, world.root / target)
    shutil.copytree(HERE, world.root / 'agree', ignore=shutil.ignore_patterns('__pycache__'))
    python = shutil.which('python3', path=harness.PATH) or sys.executable
    # In memory where that is possible: every round makes a hundred files.
    memory = os.path.isdir('/dev/shm') and not os.statvfs('/dev/shm').f_flag & os.ST_NOEXEC
    try:
        with tempfile.TemporaryDirectory(prefix='nono-test-', dir='/dev/shm' if memory else world.root) as base:
            os.mkdir(f'{base}/trees', 0o700)
            for folder in base, f'{base}/trees':
                os.chmod(folder, 0o700)
                world.own(folder)
            result = world.run(python, '-B', world.root / 'agree/agree.py', '--root', world.root, '--base', base,
                               *arguments, env={'HOME': f'{base}/trees/home'}, timeout=3600)
    finally:
        left = world.close()
    print(f'{user}: {result.out}{result.err}', end='')
    if left:
        print(f'{user}: left behind: {left}')
    return result.status != 0 or bool(left)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--comparisons', type=int, default=COMPARISONS)
    parser.add_argument('--seed', type=int, default=int(os.environ.get('NONO_SEED', SEED)))
    parser.add_argument('--round', type=int)
    parser.add_argument('--root', help=argparse.SUPPRESS)
    parser.add_argument('--base', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.root:
        return inside(options)
    users = harness.users()
    arguments = ['--seed', str(options.seed), '--comparisons', str(options.comparisons // len(users))]
    arguments += ['--round', str(options.round)] if options.round is not None else []
    return 1 if any([outside(user, arguments) for user in users]) else 0


if __name__ == '__main__':
    sys.exit(main())
