#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nono why: what it says, and that run and wrap do what it says. Once per user."""
import json
import os

import harness

# How a shell tries what --op asks about; $1 is the path.
TRIES = {
    'read': '[ -d "$1" ] && ls "$1" >/dev/null || cat "$1" >/dev/null',
    'write': ': >>"$1"',
    'create': 'mkdir "$1" && rmdir "$1"',
    'delete': 'unlink "$1"',
    'execute': '"$1"',
}


class Why(harness.TestCase):
    def setUp(self):
        super().setUp()
        w = self.world
        for name in ('home/.ssh', 'home/.ssh/keys', 'home/.config', 'home/.config/tool',
                     'home/.config/op'):
            w.directory(name)
        for name in ('home/.ssh/id_rsa', 'home/.ssh/keys/more', 'home/.netrc', 'home/.bashrc',
                     'home/notes', 'home/.config/tool/settings', 'home/.config/op/token',
                     'project/file'):
            w.file(name, 'x\n')
        w.file('project/program', '#!/bin/sh\necho ran\n', 0o755)

    def why(self, *argv, **options):
        return self.world.nono('why', *argv, **options)

    def answer(self, *argv, **options):
        result = self.why('--json', *argv, **options)
        self.assert_status(0, result)
        answer = json.loads(result.out)
        code = self.why('--exit-code', *argv, **options)
        self.assert_status(0 if answer['status'] == 'allowed' else 1, code)
        self.assertEqual(answer['status'].upper(), code.out.split('\n')[0])
        return answer

    def test_as_the_seed_prints_it(self):
        result = self.why('--path', '~/.ssh/id_rsa'.replace('~', str(self.world.home)))
        self.assert_status(0, result)
        self.assertEqual('', result.err)
        self.assertTrue(result.out.startswith(
            "DENIED\n  Reason: sensitive_path\n  Details: Path matches sensitive pattern 'Block "
            "access to cryptographic keys, tokens, and cloud credentials'. Access blocked by "
            'security policy.\n'), result)
        text = self.why('--json', '--path', self.world.home / '.ssh/id_rsa').out
        self.assertIn('"reason": "sensitive_path"', text)

    def test_paths(self):
        w = self.world
        a = self.answer('--path', 'file', '--allow-cwd', '--op', 'readwrite')
        self.assertEqual(('allowed', 'granted_path', str(w.project), 'read+write', 'user'),
                         (a['status'], a['reason'], a['granted_path'], a['access'], a['source']))
        a = self.answer('--path', '/usr/bin/env', '--op', 'execute')
        self.assertEqual('group:system_read_linux_core', a['source'])
        a = self.answer('--path', '/usr/bin/env', '--op', 'write')
        self.assertEqual('insufficient_access', a['reason'])
        self.assertEqual('read', a['matching_capability']['access'])
        a = self.answer('--path', w.home / 'notes')
        self.assertEqual(('path_not_granted', f'--read-file {w.home}/notes'),
                         (a['reason'], a['suggested_flag']))
        a = self.answer('--path', '/etc/shadow')
        self.assertEqual('never_grantable', a['reason'])
        a = self.answer('--path', w.home / '.config/tool/settings', '--read',
                        w.home / '.config/tool')
        self.assertEqual('granted_path', a['reason'])

    def test_the_deny_matrix(self):
        """A deny rule holds wherever the grant is; run refuses the grant, why explains."""
        home = self.world.home
        os.symlink(home / '.ssh', home / 'link')
        for grant in (('--read', home / '.ssh'), ('--read', home / '.ssh/keys'),
                      ('--read-file', home / '.netrc'), ('--read-file', home / '.ssh/keys/more'),
                      ('--read', home / 'link'), ('--read', home / 'link/keys')):
            path = grant[1]
            a = self.answer('--path', path, *grant)
            self.assertIn(a['reason'], ('sensitive_path', 'never_grantable'), (grant, a))
            for verb in 'run', 'wrap':
                self.assert_refused(self.world.nono(verb, *grant, '--', 'true'))
        # Above: why tells apart what is denied and what is beside; run keeps it closed.
        self.world.file('home/deny.json', '{"filesystem": {"deny": ["~/.config/tool/private"]}}')
        grant = ('--read', home / '.config/tool', '--profile', home / 'deny.json')
        self.assertEqual('sensitive_path',
                         self.answer('--path', home / '.config/tool/private/x', *grant)['reason'])
        self.assertEqual('allowed',
                         self.answer('--path', home / '.config/tool/settings', *grant)['status'])
        self.assertIn('stays closed inside', self.why('--path', home / '.config/tool', *grant).err)
        self.assert_refused(self.world.nono('wrap', *grant, '--', 'true'), '.config/tool')
        self.assert_status(0, self.world.nono('run', *grant, '--', 'cat', home / '.config/tool/settings'))

    def test_bypass(self):
        home = self.world.home
        rule = ('--bypass-protection', home / '.netrc')
        for verb in 'run', 'wrap':  # it grants nothing
            self.assert_refused(self.world.nono(verb, *rule, '--', 'true'), 'no matching grant')
        both = (*rule, '--read-file', home / '.netrc')
        self.assertEqual('granted_path', self.answer('--path', home / '.netrc', *both)['reason'])
        for verb in 'run', 'wrap':
            result = self.world.nono(verb, *both, '--', 'cat', home / '.netrc')
            self.assertEqual((0, 'x\n'), (result.status, result.out), result)

    def test_says_what_run_and_wrap_do(self):
        w = self.world
        questions = [
            (w.project / 'file', 'read'), (w.project / 'file', 'write'),
            (w.project / 'new', 'create'), (w.project / 'file', 'delete'),
            (w.project / 'program', 'execute'), (w.home / 'notes', 'read'),
            (w.home / 'new', 'create'), (w.home / '.ssh/id_rsa', 'read'), (w.home, 'read'),
            (w.home / '.config/tool/settings', 'read'), (w.home / '.config/tool/settings', 'write'),
            (w.home / '.config/tool/settings', 'delete'), ('/usr/bin/env', 'read'),
            ('/usr/new', 'create'), (w.secret, 'read')]
        tool = w.home / '.config/tool'
        for flags in ((), ('--allow-cwd',), ('--read', w.project, '--write', tool),
                      ('--read-file', w.project / 'file', '--read', tool)):
            for path, operation in questions:
                a = self.answer('--path', path, '--op', operation, *flags)
                for verb in 'run', 'wrap':
                    for name in ('project/file', 'home/.config/tool/settings'):
                        if not (w.root / name).exists():
                            w.file(name, 'x\n')
                    result = w.nono(verb, *flags, '--', 'sh', '-c', TRIES[operation], 'sh', path)
                    self.assertEqual(a['status'] == 'allowed', result.status == 0,
                                     f'{flags} {operation} {path}\n{a}\n{verb}: {result}')

    def test_symlinks(self):
        w = self.world
        os.symlink(w.home / '.ssh/id_rsa', w.project / 'key')
        self.assertEqual('sensitive_path', self.answer('--path', 'key', '--allow-cwd')['reason'])
        delete = self.answer('--path', 'key', '--op', 'delete', '--allow-cwd')
        self.assertEqual('granted_path', delete['reason'])

    def test_hosts(self):
        self.assertEqual('network_allowed', self.answer('--host', 'example.com')['reason'])
        a = self.answer('--host', 'example.com', '--net-block')
        self.assertEqual('network_blocked', a['reason'])
        filtered = ('--profile', 'python-dev', '--host', 'evil.example')
        self.assertEqual('proxy_filtered', self.answer(*filtered)['reason'])
        self.assertEqual('network_allowed', self.answer(*filtered, '--net-allow')['reason'])
        self.assertEqual('network_blocked', self.answer(*filtered, '--net-block')['reason'])
        self.assertEqual('proxy_allowed', self.answer('--allow-domain', 'api.example.org', '--host',
                                                      'api.example.org')['reason'])

    def test_commands(self):
        a = self.answer('--command', '/bin/rm')
        self.assertEqual(('command_blocked', '--allow-command rm'),
                         (a['reason'], a['suggested_flag']))
        self.assertEqual('command_allowed', self.answer('--command', 'ls')['reason'])
        self.assertEqual('command_allowed',
                         self.answer('--command', 'rm', '--allow-command', 'rm')['reason'])
        for verb in 'run', 'wrap':
            result = self.world.nono(verb, '--allow-cwd', '--', 'rm', 'file')
            self.assert_status(125, result)
            self.assertIn('nono: blocked command: rm', result.err)
            self.assertTrue((self.world.project / 'file').exists())
        result = self.world.nono('wrap', '--allow-cwd', '--allow-command', 'rm', '--', 'rm', 'file')
        self.assert_status(0, result)

    def test_profiles(self):
        w = self.world
        w.file('project/tool.json',
               json.dumps({'filesystem': {'read': ['~/.config/tool'], 'deny': ['~/notes']}}))
        profile = ('--profile', './tool.json')
        a = self.answer('--path', w.home / '.config/tool/settings', *profile)
        self.assertEqual(('granted_path', 'profile'), (a['reason'], a['source']))
        a = self.answer('--path', w.home / 'notes', '--read-file', w.home / 'notes', *profile)
        self.assertEqual('sensitive_path', a['reason'])
        for verb in 'run', 'wrap':
            result = w.nono(verb, *profile, '--', 'cat', w.home / '.config/tool/settings')
            self.assertEqual((0, 'x\n'), (result.status, result.out), result)
            self.assert_refused(w.nono(verb, *profile, '--read-file', w.home / 'notes', '--',
                                       'true'), 'notes')

    def test_what_only_run_has(self):
        """A session's own TMPDIR is nobody else's; and nono-session opens single ports."""
        w = self.world
        w.file('project/tmp.json', '{"filesystem": {"allow": ["$TMPDIR/cache"]}}')
        cache = w.directory('tmp/cache')
        a = self.answer('--profile', './tmp.json', '--path', cache)
        self.assertEqual('path_not_granted', a['reason'])
        for verb, status in ('run', 2), ('wrap', 0):
            result = w.nono(verb, '--profile', './tmp.json', '--', 'ls', cache)
            self.assert_status(status, result)
        (w.temporary / 'cache').rmdir()
        result = self.why('--host', 'localhost', '--port', '3000', '--open-port', '3000',
                          '--net-block')
        self.assertEqual(('ALLOWED', ''), (result.out.split('\n')[0], result.err), result)
        self.assert_refused(w.nono('wrap', '--open-port', '3000', '--net-block', '--', 'true'),
                            'supervisor')

    def test_sessions(self):
        w = self.world
        process = w.start(w.nono_path, 'run', '--name', 'asked', '--allow-cwd', '--net-block', '--',
                          'sleep', '1000')
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(harness.wait_until(lambda: 'running' in w.nono('ps').out))
        session = ('--session', 'asked')
        a = self.answer('--path', 'file', '--op', 'write', *session)
        self.assertEqual(('granted_path', str(w.project)), (a['reason'], a['granted_path']))
        self.assertEqual('path_not_granted',
                         self.answer('--path', w.home / 'notes', *session)['reason'])
        self.assertEqual('sensitive_path',
                         self.answer('--path', w.home / '.ssh/id_rsa', *session)['reason'])
        self.assertEqual('network_blocked',
                         self.answer('--host', 'example.com', *session)['reason'])
        self.assert_refused(self.why('--path', 'file', '--session', 'other'), "'other'")

    def test_self(self):
        result = self.why('--self', '--path', 'file')
        self.assert_status(0, result)
        self.assertTrue(result.out.startswith('NOT SANDBOXED\n'), result)
        self.assertEqual('not_sandboxed', json.loads(self.why('--self', '--json').out)['status'])

    def test_bad_input(self):
        self.assert_refused(self.why(), '--path, --host or --command')
        self.assert_refused(self.why('--path', 'x', '--host', 'y'))
        self.assert_refused(self.why('--path', 'x', '--op', 'remove'), 'remove')
        self.assert_refused(self.why('--host', 'x', '--op', 'read'), '--op')
        self.assert_refused(self.why('--path', 'x', '--port', '1'), '--port')
        self.assert_refused(self.why('--host', 'x', '--port', '0'), '--port')
        self.assert_refused(self.why('--path', ''), '--path')
        self.assert_refused(self.why('--path', 'x', '--profile', 'no-such-profile'),
                            'Profile not found', 'no-such-profile')
        self.assert_refused(self.why('--path', 'x', '--session', 'nobody'), 'nobody')
        for flags in (('--read', '/usr'), ('--net-block',), ('--profile', 'python-dev'),
                      ('--env', 'A=1'), ('--allow-cwd',)):
            self.assert_refused(self.why('--path', 'x', '--session', 'any', *flags), flags[0])
        self.assert_refused(self.why('--path', 'x/' * 3000), 'longer')

    def test_names_that_are_not_text(self):
        name = os.fsencode(self.world.project) + b'/\xff\x1b[2J'
        with open(name, 'wb'):
            pass
        result = self.why('--path', name)
        self.assert_status(0, result)
        self.assertIn('\\xff\\x1b[2J', result.out)
        result = self.why('--json', '--path', name, '--read', self.world.project)
        self.assertEqual('allowed', json.loads(result.out)['status'], result)
        self.assertNotIn('\x1b', result.out + result.err)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Why))
