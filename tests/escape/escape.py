#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every attack of attacks.py, natively and inside, once per user: what works for a program of this
user must be refused to the same program in a session of the same user. An attack that fails natively
too shows nothing; that is said, and is a failure with NONO_MUST_WORK=1 where it has to work."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'integration'))
import harness  # noqa: E402
import table  # noqa: E402
import attacks  # noqa: E402, F401

PYTHON = '/usr/bin/python3'
GRANTS = ('--allow-cwd',)
ATTACKER = ('attacks', 'table', 'on_closed', 'on_files', 'on_kernel', 'on_metadata', 'on_processes', 'on_sockets', 'on_supervisor',
            'victim')


class Escape(harness.TestCase):
    def setUp(self):
        super().setUp()
        w = self.world
        if not os.access(PYTHON, os.X_OK):
            self.skipTest('no python of the distribution')
        w.secret.chmod(0o600)
        w.file('outside/victim', 'x\n')
        # A profile that denies some of what --allow-cwd grants; see on_closed.py.
        for name in ('home/.config', 'home/.config/nono', 'home/.config/nono/profiles', 'project/keys', 'project/along',
                     'project/along/down'):
            w.directory(name)
        w.file('home/.config/nono/profiles/closed.json', json.dumps(
            {'meta': {'name': 'closed'}, 'filesystem': {'deny': [
                '$WORKDIR/' + name for name in ('.closed', 'keys', 'along/down/secret', 'later', 'not-yet/secret')]}}))
        for name in ('.closed', 'keys/secret', 'along/down/secret'):
            w.file('project/' + name, table.SECRET + '\n')
        w.file('project/open', 'x\n'), w.file('project/keys/run', '#!/bin/sh\n', 0o755)
        for part in ATTACKER:
            w.file(f'bin/{part}.py', (HERE / f'{part}.py').read_text())
        self.program = w.root / 'bin/attacks.py'
        shutil.copy2('/bin/true', w.root / 'outside/program')
        if os.geteuid() == 0:
            shutil.copy2('/usr/bin/id', w.root / 'project/setuid')
            (w.root / 'project/setuid').chmod(0o4755)
        self.victim = w.start(PYTHON, self.program, 'victim', w.outside, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env={'VICTIM': table.SECRET},
                              start_new_session=True)
        self.addCleanup(self.end_victim)
        self.target = json.loads(self.victim.stdout.readline())
        self.stray = os.open(w.secret, os.O_RDONLY)
        self.addCleanup(os.close, self.stray)
        # Whoever starts nonod leaves it neither variables nor descriptors to pass on.
        self.assertEqual(0, w.sandbox('true', env={'STARTER': 'nonod-secret'},
                                      pass_fds=(self.stray,)).status)
        self.target |= {'runtime': str(w.runtime), 'nonod': w.daemons()[0]}

    def end_victim(self):
        self.victim.stdin.close()
        self.victim.stdout.close()
        self.victim.wait(10)

    def attack(self, name, inside):
        """(exit status, what it said)"""
        w = self.world
        command = [PYTHON, '-B', self.program, name, json.dumps(self.target)]
        if inside:
            grants = (*GRANTS, '--read', w.root / 'bin', *(g.format(outside=w.outside) for g in table.ATTACKS[name]['grants']))
            result = w.sandbox(*command, grants=grants, pass_fds=(self.stray,))
        else:
            # Under a parent of the same user, as inside.
            result = w.run('sh', '-c', '"$@"; exit $?', 'sh', *command, pass_fds=(self.stray,))
        return result.status, (result.out + result.err).strip()

    def test_attacks(self):
        for name, a in table.ATTACKS.items():
            with self.subTest(name):
                native, why = self.attack(name, False)
                inside, how = self.attack(name, True)
                print(f'{self.user:6} {name:24} {"works" if native == 0 else why[:50]:50} | '
                      f'{"WORKS" if inside == 0 else how[:60]}', file=sys.stderr)
                self.assertNotEqual(0, inside, f'{a["what"]}: works inside')
                if inside == 77 and native != 77:
                    self.fail(f'{a["what"]}: was not tried inside: {how}')
                if native != 0 and (a['native'] == 'works' or
                                    a['native'] == 'root' and self.world.uid == 0):
                    self.fail(f'{a["what"]}: does not work natively, so it shows nothing: {why}')
                self.assertIsNone(self.victim.poll(), f'{a["what"]}: ended the process outside')


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Escape))
