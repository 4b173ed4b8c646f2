#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a rule denies inside a granted directory stays closed, and nobody notices anything else: every call
does around it what it does without nono, and real programs work there. Once per user."""
import json
import os
import pathlib
import platform

import harness

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = '/usr/bin/python3'
WITHOUT_CAPABILITIES = ('setpriv', '--bounding-set', '-all', '--inh-caps', '-all')
CLOSED = ('--allow-cwd', '--profile', 'closed')


class Closed(harness.TestCase):
    def setUp(self):
        super().setUp()
        w = self.world
        if not os.access(PYTHON, os.X_OK):
            self.skipTest('no python of the distribution')
        for name in ('home/.config', 'home/.config/nono', 'home/.config/nono/profiles'):
            w.directory(name)
        self.profile('closed', '$WORKDIR/.env', '$WORKDIR/keys', '$WORKDIR/config/local/later')
        w.file('project/.env', 'TOKEN=secret\n')
        w.directory('project/keys'), w.file('project/keys/id', 'secret\n')
        w.directory('project/config'), w.file('project/config/settings', 'open\n')
        w.file('bin/opened.py', (HERE / 'opened.py').read_text())

    def profile(self, name, *deny, **more):
        self.world.file(f'home/.config/nono/profiles/{name}.json',
                        json.dumps({'meta': {'name': name}, 'filesystem': {'deny': deny}} | more))

    def inside(self, *command, grants=CLOSED, **options):
        return self.world.sandbox(*command, grants=grants, **options)

    def shell(self, script, **options):
        return self.inside('sh', '-c', script, **options)

    def assert_runs(self, script, expected=None, **options):
        result = self.shell(script, **options)
        self.assert_status(0, result)
        if expected is not None:
            self.assertEqual(expected, result.out.strip(), result)
        return result

    def assert_equal_calls(self, folder, prepare):
        """The whole table in that directory, natively and inside."""
        w = self.world
        self.need('setpriv')
        if platform.machine() != 'x86_64':
            self.skipTest('the numbers of system calls are those of x86-64')
        top = w.project / folder
        command = f'{prepare}; exec {PYTHON} -B {w.root}/bin/opened.py {top}'
        # As a command of root's has no capabilities inside.
        native = w.run(*(WITHOUT_CAPABILITIES if w.uid == 0 else ()), 'sh', '-c', command)
        self.assert_status(0, native)
        w.run('chmod', '-R', 'u+rwx', top), w.run('rm', '-rf', top)
        if prepare == ':':
            w.directory(f'project/{folder}')
        result = self.shell(command, grants=(*CLOSED, '--read', w.root / 'bin'), timeout=120)
        self.assert_status(0, result)
        for theirs, ours in zip(json.loads(native.out), json.loads(result.out), strict=True):
            with self.subTest(str(theirs[:3])):
                self.assertEqual(theirs, ours)

    def test_calls_in_what_was_there(self):
        self.world.directory('project/old')
        self.assert_equal_calls('old', ':')

    def test_calls_in_what_is_new(self):
        self.assert_equal_calls('new', 'mkdir new')

    def test_calls_on_the_way(self):
        self.assert_equal_calls('config/local', 'mkdir config/local')

    def test_is_closed(self):
        w = self.world
        for script in ('cat .env', 'cat < .env', 'echo x > .env', 'echo x >> .env', 'rm .env', 'mv .env e', 'mv README .env',
                       'ln .env e', 'cp .env e', 'ls keys', 'cat keys/id', 'mv keys k', 'rm keys/id', 'touch keys/new',
                       'mkdir keys/new', 'mv config c', 'ln -s README config/local', 'mkdir -p config/local/later',
                       'mkdir config/local && echo x > config/local/later', 'truncate -s 0 .env', 'chmod 777 .env',
                       'cat ../project/.env', 'cat /proc/self/cwd/.env', 'cd keys; cat id', 'exec 3< .env', 'exec 3> .env',
                       'ln -s .env l; cat l', 'ln -s keys k; ls k', 'ln -s "$PWD" p; cat p/.env', 'cp README keys/',
                       'mv README keys/id', 'ln README keys/id2', './keys/run', 'touch -d yesterday .env', '. ./.env'):
            with self.subTest(script):
                (w.project / '.env').write_text('TOKEN=secret\n')
                w.file('project/README', 'open\n')
                w.file('project/keys/run', '#!/bin/sh\necho ran\n', 0o755)
                result = self.shell(f'{script} && echo did')
                self.assertNotEqual(0, result.status, result)
                self.assertNotIn('did', result.out)
                self.assertNotIn('secret', result.out)
                self.assertEqual('TOKEN=secret\n', (w.project / '.env').read_text())
                self.assertEqual('secret\n', (w.project / 'keys/id').read_text())
                self.shell('rm -rf l k p c e config/local')

    def test_comes_later(self):
        """What is closed is so by its name, when it is made in the middle of a session."""
        w = self.world
        os.unlink(w.project / '.env')
        script = ('mkdir config/local; touch ready; while [ ! -e go ]; do sleep 0.05; done; cat .env; '
                  'cat config/local/later; mv config/local c; cat c/later; true')
        process = w.start(w.nono_path, 'run', *CLOSED, '--', 'sh', '-c', script,
                          stdout=os.open(w.root / 'out', os.O_CREAT | os.O_WRONLY, 0o666), stderr=2)
        self.assertTrue(harness.wait_until((w.project / 'ready').exists))
        w.file('project/.env', 'secret\n'), w.file('project/config/local/later', 'secret\n')
        w.file('project/go')
        self.assertEqual(0, process.wait(20))
        self.assertEqual('', (w.root / 'out').read_text())

    def test_lifted(self):
        w = self.world
        w.file('project/keys/public', 'open\n')
        lifted = (*CLOSED, '--bypass-protection', w.project / 'keys/public')
        self.assertEqual('open\n', self.shell('cat keys/public', grants=lifted).out)
        self.assertNotEqual(0, self.shell('cat keys/id', grants=lifted).status)
        lifted = (*CLOSED, '--bypass-protection', w.project / 'keys')
        self.assertEqual('open\nsecret\n', self.shell('cat keys/public keys/id', grants=lifted).out)
        self.assertNotEqual(0, self.shell('cat .env', grants=lifted).status)

    def test_read_only(self):
        w = self.world
        grants = ('--read', w.project, '--profile', 'closed')
        self.assertEqual('open\n', self.shell('cat config/settings', grants=grants).out)
        for script in ('cat .env', 'touch new', 'echo x > config/settings', 'mkdir new', 'rm config/settings',
                       'mv config/settings x', 'ln config/settings x', 'truncate -s 0 config/settings', 'mkfifo x',
                       'ln -s x x', 'cp config/settings "$TMPDIR" && ln config/settings "$TMPDIR/x"'):
            with self.subTest(script):
                self.assertNotEqual(0, self.shell(script, grants=grants).status)

    def test_the_granted_one_itself(self):
        for name in '.', '"$PWD"', '"$PWD/."', 'config/..', '"$PWD/../project"':
            with self.subTest(name):
                self.assert_runs(f'ls {name} >list && grep -q config list')

    def test_between_grants(self):
        w = self.world
        w.directory('only-read'), w.file('only-read/file', 'x\n')
        w.directory('other')
        grants = (*CLOSED, '--read', w.root / 'only-read', '--allow', w.root / 'other')
        self.assert_status(0, self.shell(
            f'echo x > "$TMPDIR/f" && mv "$TMPDIR/f" f && mv f {w.root}/other/ && ln {w.root}/other/f g && '
            f'cp {w.root}/only-read/file . && mkdir d && mv d {w.root}/other/d && mv {w.root}/other/d d', grants=grants))
        for script in ('mv {}/only-read/file .', 'ln {}/only-read/file hard', 'mv config/settings {}/only-read/',
                       'mv config {}/other/', 'ln .env {}/other/e', 'mv keys {}/other/'):
            with self.subTest(script):
                self.assertNotEqual(0, self.shell(script.format(w.root), grants=grants).status)

    def test_is_said(self):
        w = self.world
        result = w.nono('why', *CLOSED, '--path', '.env', '--op', 'read')
        self.assertIn('sensitive_path', result.out)
        result = w.nono('why', *CLOSED, '--path', 'config/settings', '--op', 'readwrite')
        self.assertIn('ALLOWED', result.out)
        self.assertIn('supervised', result.err)
        result = w.nono('run', '--dry-run', *CLOSED, '--', 'true')
        self.assert_status(0, result)
        self.assertIn(f'supervised {w.project}/.env stays closed', result.out)
        self.assertIn('would be applied', result.out)
        self.assert_refused(w.nono('wrap', *CLOSED, '--', 'true'), 'contains', 'nono run')
        self.assertIn('would be refused', w.nono('wrap', '--dry-run', *CLOSED, '--', 'true').out)

    def test_through_symlinks(self):
        """Both the grant and what is closed have other names."""
        w = self.world
        os.symlink(w.project, w.root / 'link')
        self.profile('linked', str(w.root / 'link/.env'), '$WORKDIR/alias')
        os.symlink(w.project / 'config/settings', w.project / 'alias')
        grants = ('--allow-cwd', '--profile', 'linked')
        result = self.shell('cat .env alias config/settings; ls >/dev/null && echo listed', grants=grants)
        self.assertEqual('listed', result.out.strip(), result)

    def test_home(self):
        """The rules every session has, in a directory of the home that is granted."""
        w = self.world
        w.directory('home/.mozilla'), w.file('home/.mozilla/notes', 'open\n')
        w.directory('home/.mozilla/firefox'), w.file('home/.mozilla/firefox/logins', 'secret\n')
        grants = ('--read', w.home / '.mozilla')
        result = self.shell('cat ~/.mozilla/notes', grants=grants)
        self.assertEqual('open\n', result.out, result)
        result = self.shell('ls ~/.mozilla/firefox; cat ~/.mozilla/firefox/logins', grants=grants)
        self.assertNotEqual(0, result.status)
        self.assertEqual('', result.out)

    def test_executes(self):
        """What was there has its own rule; what is made later cannot be executed."""
        w = self.world
        w.file('project/tool', '#!/bin/sh\necho ran\n', 0o755)
        w.directory('project/build')
        self.assert_runs('./tool', 'ran')
        self.assert_runs('cp tool build/ && ./build/tool', 'ran')
        self.assert_runs('mkdir new; cp tool new/; ./new/tool || sh new/tool', 'ran')

    def test_git(self):
        self.need('git')
        self.assert_runs('git init -q . && git config user.email a@b && git config user.name n && echo .env > .gitignore && '
                         'echo keys >> .gitignore && git add . && git commit -qm one && git mv config/settings moved && '
                         'git commit -qam two && git checkout -q -b other && echo x >> moved && git stash -q && '
                         'git stash pop -q && git commit -qam three && git checkout -q - && git merge -q other && '
                         'git gc -q && git fsck --no-progress >/dev/null && git status --short && git log --oneline | wc -l', '3')

    def test_python(self):
        self.assert_runs(
            f'{PYTHON} -c "import tempfile, shutil, pathlib, sqlite3, os\n'
            'p = pathlib.Path(\'pkg\'); p.mkdir(); (p / \'m.py\').write_text(\'x = 1\')\n'
            'import sys, importlib; sys.path.insert(0, \'.\'); importlib.invalidate_caches(); import pkg.m\n'
            'with tempfile.TemporaryDirectory(dir=\'.\') as d: (pathlib.Path(d) / \'f\').write_text(\'t\')\n'
            'c = sqlite3.connect(\'db\'); c.execute(\'create table t (x)\'); c.commit(); c.close()\n'
            'shutil.copytree(\'pkg\', \'copy\'); shutil.rmtree(\'copy\'); os.replace(\'db\', \'db2\')\n'
            'print(sorted(os.listdir(\'pkg\')))"', "['__pycache__', 'm.py']")

    def test_compiler(self):
        self.need('gcc', 'make')
        self.world.file('project/main.c', '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n')
        self.world.file('project/Makefile', 'out/main: main.c\n\tgcc -O1 -c -o main.o main.c\n\tgcc -o $@ main.o\n')
        self.world.directory('project/out')
        self.assert_runs('make -s && ./out/main', 'built')

    def test_npm(self):
        self.need('npm', 'node')
        w = self.world
        w.directory('project/local'), w.file('project/local/index.js', 'module.exports = 7')
        w.file('project/local/package.json', '{"name": "local", "version": "1.0.0"}')
        w.file('project/package.json', '{"name": "p", "version": "1.0.0", "scripts": {"go": "node go.js"}}')
        w.file('project/go.js', 'console.log(require("local"))')
        self.assert_runs('npm install --offline --no-audit --no-fund ./local >/dev/null && npm run -s go', '7',
                         env={'npm_config_cache': str(w.project / 'cache')})


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Closed))
