#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user can get wrong, or have strangely: one clear line and the right exit status, or it
works. Once per user."""
import os
import resource

import harness


class BadInput(harness.TestCase):
    def run_nono(self, *argv, **options):
        return self.world.nono('run', *argv, **options)

    def test_command_line(self):
        w = self.world
        self.assert_refused(self.run_nono('--no-such-flag', '--', 'true'), '--no-such-flag')
        self.assert_refused(w.nono('no-such-verb'), 'no-such-verb')
        self.assert_refused(w.nono(), 'verb')
        self.assert_refused(self.run_nono('--allow-cwd'), 'command')
        self.assert_refused(self.run_nono('--read'), '--read')
        self.assert_refused(self.run_nono('--read', '', '--', 'true'), 'empty')
        self.assert_refused(self.run_nono('--allow-cwd=yes', '--', 'true'), '--allow-cwd')
        self.assert_refused(self.run_nono('--name', 'a/b', '--', 'true'), 'name')
        self.assert_refused(self.run_nono('--env', '=x', '--', 'true'), '--env')
        self.assert_refused(w.nono('stop', 'no-such-session'), 'no-such-session')
        self.assert_refused(w.nono('inspect', 'no-such-session'), 'no-such-session')

    def test_paths_that_cannot_be_granted(self):
        w = self.world
        w.file('project/file', 'x')
        w.directory('project/dir')
        self.assert_refused(self.run_nono('--read', w.root / 'missing', '--', 'true'),
                            str(w.root / 'missing'))
        self.assert_refused(self.run_nono('--read', 'file', '--', 'true'), 'file', 'directory')
        self.assert_refused(self.run_nono('--read-file', 'dir', '--', 'true'), 'dir', 'directory')
        self.assert_refused(self.run_nono('--allow', 'file/below', '--', 'true'), 'file/below')
        self.assert_refused(self.run_nono('--allow', '/', '--', 'true'), '/')
        self.assert_refused(self.run_nono('--allow', w.runtime, '--', 'true'), str(w.runtime))
        self.assert_refused(self.run_nono('--workdir', 'missing', '--', 'true'), 'missing')
        os.symlink(w.runtime, w.project / 'link')
        self.assert_refused(self.run_nono('--read', 'link', '--', 'true'), 'runtime')
        os.symlink('loop', w.project / 'loop')
        self.assert_refused(self.run_nono('--read', 'loop', '--', 'true'), 'loop')
        self.assert_refused(self.run_nono('--read', 'x' * 300, '--', 'true'), 'xxx')
        self.assert_refused(self.run_nono('--read', 'x/' * 3000, '--', 'true'), 'longer than')

    def test_command_that_cannot_run(self):
        w = self.world
        w.file('project/data', 'not a program', 0o644)
        w.file('project/strange', '\x7fELF but no program', 0o755)
        w.file('project/script', '#!/no/such/interpreter\n', 0o755)
        w.file('project/private', '#!/bin/sh\n', 0o755)
        allow = ('--allow-cwd', '--')
        self.assert_refused(self.run_nono('--', 'no-such-program'), 'no-such-program', status=127)
        self.assert_refused(self.run_nono('--', './missing'), './missing', status=127)
        self.assert_refused(self.run_nono(*allow, './data'), './data', status=126)
        self.assert_refused(self.run_nono(*allow, './strange'), './strange', status=126)
        self.assert_refused(self.run_nono(*allow, './script'), './script', status=127)
        self.assert_refused(self.run_nono(*allow, '.'), '.', status=126)
        self.assert_refused(self.run_nono('--no-diagnostics', '--', './private'), './private',
                            status=126)

    def test_relative_paths_and_links(self):
        w = self.world
        w.directory('project/a/b')
        w.file('project/a/b/file', 'inside\n')
        os.symlink('a/b', w.project / 'link')
        for grant in ('a', './a/../a', 'a/b/..', 'a//b/', 'link'):
            result = self.run_nono('--read', grant, '--', 'cat', 'a/b/file')
            self.assertEqual('inside\n', result.out, f'{grant}\n{result}')
        result = self.run_nono('--read', '../outside', '--', 'cat', w.secret, cwd=w.project)
        self.assertEqual('do not read me\n', result.out, result)

    def test_names_that_are_not_utf8(self):
        w = self.world
        name = os.fsencode(w.project) + b'/\xff\xfe%41\n'
        os.mkdir(name)
        w.own(name)
        result = self.run_nono('--allow', name, '--', 'sh', '-c', 'echo "$1" > "$0/$2"', name,
                               'text', b'\xe9', env={'LANG': 'C'})
        self.assert_status(0, result)
        with open(name + b'/\xe9', 'rb') as file:
            self.assertEqual(b'text\n', file.read())
        self.assert_status(0, self.run_nono('--allow-cwd', '--', 'sh', '-c', 'echo > here', cwd=name))
        self.assertTrue(os.path.exists(name + b'/here'))
        result = self.run_nono('--read', name + b'missing', '--', 'true')
        self.assert_refused(result, 'missing')

    def test_huge_argument_lists(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        big = 64 << 20 if hard < 0 or hard > 64 << 20 else hard

        def raise_stack():
            resource.setrlimit(resource.RLIMIT_STACK, (big, hard))
        words = ['y' * 1023] * 2048  # 2 MiB
        result = self.run_nono('--', 'sh', '-c', 'echo $#', '_', *words, preexec_fn=raise_stack)
        self.assertEqual('2048\n', result.out, result.err)
        # The caller could start this; what it starts has less room for it.
        result = self.run_nono('--', 'sh', '-c', 'ulimit -s 512; exec true "$@"', '_', *words,
                               preexec_fn=raise_stack)
        self.assertIn(result.status, (2, 126), result)

    def test_ten_thousand_grants(self):
        w = self.world
        folder = w.directory('many')
        grants = []
        for i in range(10000):
            (folder / str(i)).write_text(f'{i}\n')
            grants += ['--read-file', f'{folder}/{i}']
        w.file('many/other', 'not granted\n')
        result = self.run_nono(*grants, '--', 'cat', f'{folder}/0', f'{folder}/9999')
        self.assertEqual('0\n9999\n', result.out, result)
        result = self.run_nono(*grants, '--', 'cat', f'{folder}/other')
        self.assertEqual((1, ''), (result.status, result.out), result)

    def test_deleted_working_directory(self):
        w = self.world
        gone = w.directory('project/gone')

        def delete():
            os.chdir(gone)
            os.rmdir(gone)
        self.assert_refused(self.run_nono('--allow-cwd', '--', 'true', preexec_fn=delete,
                                          cwd=w.root), 'directory')
        gone = w.directory('project/gone')
        result = self.run_nono('--', 'sh', '-c', 'echo alive', preexec_fn=delete, cwd=w.root)
        if result.status:
            self.assert_refused(result, 'directory')
        else:
            self.assertEqual('alive\n', result.out)

    def test_closed_standard_streams(self):
        w = self.world
        report = ('--allow-cwd', '--', 'sh', '-c', 'ls -l /proc/self/fd > fds; echo done; exit 5')
        for closed in ((0,), (1,), (2,), (0, 1), (0, 1, 2)):
            def close(numbers=closed):
                for number in numbers:
                    os.close(number)
            result = self.run_nono(*report, preexec_fn=close)
            self.assert_status(5, result)
            self.assertEqual('' if 1 in closed else 'done\n', result.out)
            # Nothing of nono's own took the place of what was closed.
            fds = (w.project / 'fds').read_text()
            for own in ('socket:', 'anon_inode', 'memfd'):
                self.assertNotIn(own, fds)

    def test_stray_descriptors_stay_outside(self):
        w = self.world
        with open(w.secret) as secret:
            os.set_inheritable(secret.fileno(), True)
            result = self.run_nono('--', 'sh', '-c', f'cat <&{secret.fileno()}',
                                   pass_fds=[secret.fileno()])
        self.assertNotEqual(0, result.status, result)
        self.assertEqual('', result.out)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(BadInput))
