#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ordinary programs inside a sandbox: each does its work where it may and fails where it may not,
judged by what is on the disk afterwards. Once per user; meson also runs all of it in a network
namespace of its own."""
import json

import harness


class RealPrograms(harness.TestCase):
    def assert_denied(self, result, *untouched):
        """The program noticed, and nothing changed: the secret is not in what it could write."""
        w = self.world
        self.assertNotEqual(0, result.status, f'\n{result}')
        for path in untouched:
            self.assertFalse(path.exists(), f'{path} exists\n{result}')
        self.assertEqual('do not read me\n', w.secret.read_text())
        self.assertNotIn('do not read me', result.out + result.err)
        for path in w.project.rglob('*'):
            if path.is_file() and not path.is_symlink():
                self.assertNotIn(b'do not read me', path.read_bytes(), path)

    def test_sh(self):
        w = self.world
        self.assert_status(0, w.sandbox('sh', '-c', 'echo hello | tr a-z A-Z > out && cat out'))
        self.assertEqual('HELLO\n', (w.project / 'out').read_text())
        self.assert_denied(w.sandbox('sh', '-c', f'echo x > {w.outside}/new'), w.outside / 'new')
        self.assert_denied(w.sandbox('sh', '-c', f'cat {w.secret} > copy'))
        self.assert_denied(w.sandbox('sh', '-c', f'ln -s {w.secret} link && cat link > copy'))

    def test_read_only_grant(self):
        w = self.world
        w.file('project/input', 'words\n')
        grants = ('--read', w.project)
        self.assertEqual('words\n', w.sandbox('cat', 'input', grants=grants).out)
        self.assert_denied(w.sandbox('cp', 'input', 'copy', grants=grants), w.project / 'copy')
        self.assert_denied(w.sandbox('rm', 'input', grants=grants))
        self.assertTrue((w.project / 'input').exists())

    def test_git(self):
        self.need('git')
        w = self.world
        w.file('project/readme', 'text\n')
        script = ('git init -q . && git config user.name n && git config user.email n@example.org && '
                  'git add readme && git commit -qm first && git status --porcelain')
        result = w.sandbox('sh', '-c', script)
        self.assert_status(0, result)
        self.assertEqual('', result.out)
        log = w.run('git', 'log', '--format=%s')
        self.assertEqual('first\n', log.out, log)
        self.assert_denied(w.sandbox('git', 'init', '-q', w.outside / 'repo'),
                           w.outside / 'repo/.git/HEAD')
        self.assert_denied(w.sandbox('git', 'config', '--global', 'core.pager', 'evil'),
                           w.home / '.gitconfig')

    def test_python(self):
        w = self.world
        script = ('import subprocess, pathlib\n'
                  'out = subprocess.run(["uname", "-s"], capture_output=True, text=True, check=True)\n'
                  'pathlib.Path("result").write_text(out.stdout)\n')
        self.assert_status(0, w.sandbox('/usr/bin/python3', '-c', script))
        self.assertEqual('Linux\n', (w.project / 'result').read_text())
        result = w.sandbox('/usr/bin/python3', '-m', 'venv', '--without-pip', 'venv')
        self.assert_status(0, result)
        result = w.sandbox('venv/bin/python', '-c', 'import sys; print(sys.prefix)')
        self.assertEqual(f'{w.project}/venv\n', result.out, result)
        self.assert_denied(w.sandbox('/usr/bin/python3', '-m', 'venv', '--without-pip',
                                     w.outside / 'venv'), w.outside / 'venv')
        self.assert_denied(w.sandbox('/usr/bin/python3', '-c', f'print(open("{w.secret}").read())'))

    def test_node(self):
        self.need('node')
        w = self.world
        script = ('const fs = require("fs"), cp = require("child_process");'
                  'fs.writeFileSync("result", cp.execSync("uname -s"));')
        self.assert_status(0, w.sandbox('node', '-e', script))
        self.assertEqual('Linux\n', (w.project / 'result').read_text())
        script = f'console.log(require("fs").readFileSync("{w.secret}", "utf8"))'
        self.assert_denied(w.sandbox('node', '-e', script))
        script = f'require("fs").writeFileSync("{w.outside}/new", "x")'
        self.assert_denied(w.sandbox('node', '-e', script), w.outside / 'new')

    def test_npm(self):
        self.need('npm', 'node')
        w = self.world
        for name, meta in {'project': {'name': 'app', 'version': '1.0.0'},
                           'project/lib': {'name': 'lib', 'version': '1.0.0', 'main': 'i.js'}}.items():
            if name != 'project':
                w.directory(name)
            w.file(f'{name}/package.json', json.dumps(meta))
        w.file('project/lib/i.js', 'module.exports = 42;\n')
        npm = ('env', 'npm_config_cache=' + str(w.project / '.cache'), 'npm_config_update_notifier=false',
               'HOME=' + str(w.project), 'npm', '--offline', '--no-audit', '--no-fund')
        result = w.sandbox(*npm, 'pack', './lib', timeout=120)
        self.assert_status(0, result)
        result = w.sandbox(*npm, 'install', './lib-1.0.0.tgz', timeout=120)
        self.assert_status(0, result)
        self.assertEqual('42\n', w.sandbox('node', '-p', 'require("lib")').out)
        result = w.sandbox(*npm, 'install', '--prefix', w.outside, './lib-1.0.0.tgz', timeout=120)
        self.assert_denied(result, w.outside / 'node_modules')

    def test_gcc_and_make(self):
        self.need('gcc', 'make')
        w = self.world
        w.file('project/main.c', '#include <stdio.h>\nint word(void);\n'
               'int main(void)\n{\n\tprintf("%d\\n", word());\n}\n')
        w.file('project/word.c', 'int word(void)\n{\n\treturn 7;\n}\n')
        w.file('project/Makefile', 'app: main.o word.o\n\t$(CC) -o $@ $^\n'
               'install: app\n\tcp app $(DESTDIR)/app\n')
        tmp = {'TMPDIR': str(w.project)}
        self.assert_status(0, w.sandbox('make', env=tmp))
        self.assertEqual('7\n', w.run(w.project / 'app').out)
        self.assert_denied(w.sandbox('make', 'install', f'DESTDIR={w.outside}'), w.outside / 'app')

    def test_tar(self):
        w = self.world
        w.directory('project/tree')
        for i in range(50):
            w.file(f'project/tree/{i}', str(i))
        self.assert_status(0, w.sandbox('sh', '-c', 'tar -czf a.tgz tree && mkdir b && tar -xzf a.tgz -C b'))
        self.assertEqual('49', (w.project / 'b/tree/49').read_text())
        self.assert_denied(w.sandbox('tar', '-xzf', 'a.tgz', '-C', w.outside), w.outside / 'tree')
        self.assert_denied(w.sandbox('tar', '-cf', 'stolen.tar', w.secret))

    def test_find(self):
        w = self.world
        w.directory('project/deep')
        w.file('project/deep/needle')
        result = w.sandbox('find', '.', '-name', 'needle')
        self.assertEqual('./deep/needle\n', result.out, result)
        result = w.sandbox('find', w.outside)
        self.assert_denied(result)
        self.assertNotIn('secret', result.out)
        self.assert_denied(w.sandbox('find', w.outside, '-name', 'secret', '-delete'))

    def test_ssh_keygen(self):
        self.need('ssh-keygen')
        w = self.world
        w.directory('project/keys', 0o700)
        keygen = ('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f')
        result = w.sandbox(*keygen, 'keys/id_test', grants=('--allow', w.project / 'keys',
                                                            '--read', w.project))
        self.assert_status(0, result)
        self.assertIn('PRIVATE KEY', (w.project / 'keys/id_test').read_text())
        self.assert_denied(w.sandbox(*keygen, w.outside / 'id_test'), w.outside / 'id_test')

    def test_exit_status_and_pipes(self):
        w = self.world
        self.assert_status(3, w.sandbox('sh', '-c', 'exit 3'))
        self.assert_status(128 + 9, w.sandbox('sh', '-c', 'kill -9 $$'))
        self.assert_status(127, w.sandbox('no-such-program'))
        self.assertEqual('a\nb\n', w.sandbox('sort', input='b\na\n').out)
        # Byte for byte, megabytes, and the reader sees the end.
        result = w.run('sh', '-c', f'head -c 20000000 /dev/zero | "{w.nono_path}" run -- cat | wc -c')
        self.assertEqual('20000000', result.out.strip(), result)

    def test_no_network(self):
        w = self.world
        script = ('import socket\ntry:\n socket.create_connection(("127.0.0.1", 9), 1)\n'
                  'except PermissionError: print("denied")\nexcept OSError: print("reached")\n')
        run = ('/usr/bin/python3', '-c', script)
        self.assertEqual('reached\n', w.sandbox(*run).out)
        self.assertEqual('denied\n', w.sandbox(*run, grants=('--net-block',)).out)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(RealPrograms))
