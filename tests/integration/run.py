#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nono run and shell around the command: documents, variables, questions, what is said before and
after. Once per user."""
import json
import os
import re

import harness
import terminal

SKIPPED = 'Skipping CWD prompt (non-interactive). Use --allow-cwd to include working directory.'


class Case(harness.TestCase):
    def profile(self, name, content):
        for folder in ('home/.config', 'home/.config/nono', 'home/.config/nono/profiles'):
            if not (self.world.root / folder).exists():
                self.world.directory(folder)
        text = content if isinstance(content, str) else json.dumps(content)
        return self.world.file(f'home/.config/nono/profiles/{name}.json', text)

    def run_nono(self, *argv, **options):
        return self.world.nono('run', *argv, **options)

    def policy(self, *argv, **options):
        result = self.run_nono('--dry-run', '--json', *argv, '--', 'true', **options)
        self.assert_status(0, result)
        return json.loads(result.out)['policy']

    def paths(self, *argv, **options):
        """{path: access} of what is not the system's."""
        return {g['path']: g['access'] for g in self.policy(*argv, **options)['grants']
                if g['source'] in ('user', 'profile')}


class Documents(Case):
    def test_profile_by_name_and_by_file(self):
        w = self.world
        data, more = w.directory('data'), w.directory('more')
        self.profile('tool', {'extends': 'base', 'filesystem': {'read': [str(data)]}})
        self.profile('base', {'filesystem': {'allow': [str(more)]}})
        self.assertEqual({str(data): 'read', str(more): 'readWrite'}, self.paths('-p', 'tool'))
        w.file('project/own.json', '{"extends": "./beside.json"}')
        w.file('project/beside.json', json.dumps({'filesystem': {'read': [str(data)]}}))
        for name in ('own.json', './own.json', w.project / 'own.json'):
            self.assertEqual({str(data): 'read'}, self.paths('--profile', name))
        self.assertEqual({str(data): 'read'}, self.paths(env={'NONO_PROFILE': 'own.json'}))
        self.assertEqual({str(data): 'read', str(more): 'readWrite'},
                         self.paths('-p', 'own.json', '--extends', 'base'))
        result = self.run_nono('-p', 'tool', '--', 'ls', data, more)
        self.assert_status(0, result)

    def test_missing_directories_are_made(self):
        w = self.world
        home = w.root / 'home'
        self.profile('tool', {'filesystem': {
            'allow': ['~/.tool/state', '~/.link/x', '/nowhere'], 'read': ['~/.unmade'],
            'allow_file': ['~/.tool.json']}})
        (home / '.link').symlink_to(w.outside)
        names = ('.tool', '.unmade', '.link/x', '.tool.json')
        self.paths('-p', 'tool')
        why = ('why', '-p', 'tool', '--exit-code', '--op', 'create', '--path')
        self.assert_status(0, w.nono(*why, home / '.tool/state/new'))
        self.assertEqual([], [name for name in names if (home / name).exists()])
        for run in ('run', 'wrap'):
            self.assert_status(0, w.nono(run, '-p', 'tool', '--', 'sh', '-c',
                                         f'echo {run} > ~/.tool/state/{run}'))
            self.assertEqual(0o700, (home / '.tool/state').stat().st_mode & 0o777)
            self.assertEqual(run, (home / '.tool/state' / run).read_text().strip())
            self.assertEqual(['.tool'], [name for name in names if (home / name).exists()])
            (home / '.tool/state' / run).unlink()
            (home / '.tool/state').rmdir()
            (home / '.tool').rmdir()

    def test_long_chains(self):
        for i in range(9):
            self.profile(f'p{i}', {'extends': f'p{i + 1}'})
        self.profile('p9', {'filesystem': {'read': [str(self.world.outside)]}})
        self.assertEqual({str(self.world.outside): 'read'}, self.paths('-p', 'p1'))
        self.profile('p9', {'extends': 'p0'})
        self.assert_refused(self.run_nono('-p', 'p0', '--', 'true'), 'p0', 'p9')
        for i in range(40):
            self.profile(f'q{i}', {'extends': f'q{i + 1}'})
        self.profile('q40', '{}')
        self.assert_refused(self.run_nono('-p', 'q0', '--', 'true'))

    def test_the_users_default(self):
        self.assertEqual({}, self.paths())
        self.profile('default', {'extends': 'default',
                                 'filesystem': {'read': [str(self.world.outside)]}})
        self.assertEqual({str(self.world.outside): 'read'}, self.paths())
        self.assert_status(0, self.run_nono('--', 'cat', self.world.secret))

    def test_a_default_that_gives_nothing(self):
        self.assert_status(0, self.run_nono('--', 'true'))
        self.profile('default', {})
        self.assertNotIn('/usr', {g['path'] for g in self.policy()['grants']})
        for _ in range(10):  # whatever a spare session has prepared
            self.assert_status(126, self.run_nono('--', 'true'))

    def test_not_found(self):
        self.profile('broken-base', {'extends': 'nowhere-at-all'})
        for words, name in ((('Profile not found', "'claude-code'"), 'claud-code'),
                            (('Profile not found', 'xyzzy'), 'xyzzy'),
                            (('Profile not found', './x.json'), './x.json'),
                            (('nowhere-at-all',), 'broken-base')):
            result = self.run_nono('-p', name, '--', 'echo', 'ran')
            self.assert_refused(result, *words)
            self.assertEqual('', result.out)

    def test_bad_documents(self):
        w = self.world
        self.profile('typo', '{\n  "filesystem": { "raed": [] }\n}')
        self.assert_refused(self.run_nono('-p', 'typo', '--', 'true'), 'typo.json:2:', "'filesystem.read'")
        self.profile('open', '{}').chmod(0o666)
        self.assert_refused(self.run_nono('-p', 'open', '--', 'true'), 'open.json')
        (w.project / 'latin.json').write_bytes(b'{"meta": {"name": "\xe9"}}')
        self.assert_refused(self.run_nono('-p', 'latin.json', '--', 'true'), 'latin.json')
        self.assert_refused(self.run_nono('-p', b'\xff', '--', 'true'), 'UTF-8')
        (w.project / 'empty.json').touch()
        self.assert_refused(self.run_nono('-p', 'empty.json', '--', 'true'), 'empty.json')

    def test_deprecated_keys_warn(self):
        self.profile('old', {'security': {'groups': ['python_runtime']}})
        result = self.run_nono('-p', 'old', '--', 'echo', 'ran')
        self.assert_status(0, result)
        self.assertIn("'security.groups'", result.err)
        self.assertEqual('ran\n', result.out)
        self.assertEqual('', self.run_nono('-sp', 'old', '--', 'true').err)


class Variables(Case):
    def test_defaults(self):
        w = self.world
        other = w.directory('other')
        env = {'NONO_ALLOW': f'{w.project},{other}'}
        self.assertEqual({str(w.project): 'readWrite', str(other): 'readWrite'},
                         self.paths(env=env))
        self.assertEqual({str(w.outside): 'readWrite'}, self.paths('--allow', w.outside, env=env))
        self.assertEqual('blocked', self.policy(env={'NONO_BLOCK_NET': 'yes'})['network'])
        self.assertEqual('open', self.policy('--net-allow', env={'NONO_BLOCK_NET': '1'})['network'])

    def test_they_do_not_reach_the_command(self):
        result = self.run_nono('--', 'env', env={'NONO_ALLOW': str(self.world.project)})
        self.assertNotIn('NONO_', result.out)

    def test_malformed(self):
        for name, value in (('NONO_BLOCK_NET', 'perhaps'), ('NONO_ALLOW', '/a,,/b'),
                            ('NONO_CAPABILITY_ELEVATION', '1'), ('NONO_PROFILE', 'xyzzy')):
            result = self.run_nono('--', 'echo', 'ran', env={name: value})
            self.assert_refused(result, name if name != 'NONO_PROFILE' else 'xyzzy')
            self.assertEqual('', result.out)

    def test_old_spellings_warn_once(self):
        result = self.run_nono('--', 'true', env={'NONO_NET_BLOCK': '1'})
        self.assert_status(0, result)
        self.assertEqual("nono: warning: 'NONO_NET_BLOCK' is deprecated; use 'NONO_BLOCK_NET' "
                         'instead\n', result.err)
        result = self.run_nono('--ignore-denied', 'x', '--', 'true')
        self.assertEqual("nono: warning: '--ignore-denied' is deprecated; use "
                         "'--suppress-save-prompt' instead\n", result.err)
        self.assertEqual('', self.run_nono('-s', '--ignore-denied', 'x', '--', 'true').err)

    def test_secrets_are_named(self):
        env = {'GITHUB_TOKEN': 'ghp_value', 'AWS_SECRET_ACCESS_KEY': 'value'}
        result = self.run_nono('--', 'env', env=env)
        self.assert_status(0, result)
        self.assertEqual(1, result.err.count('\n'), result)
        for name in env:
            self.assertIn(name, result.err)
        self.assertNotIn('value', result.err)
        self.assertIn('ghp_value', result.out)
        self.assertEqual('', self.run_nono('-s', '--', 'true', env=env).err)
        self.assertNotIn('GITHUB', self.run_nono('--env', 'GITHUB_TOKEN', '--', 'true', env=env).err)
        self.profile('strip', {'environment': {'strip_secrets': True}})
        result = self.run_nono('-p', 'strip', '--', 'env', env=env)
        self.assertEqual('', result.err)
        self.assertNotIn('ghp_value', result.out)


class Refusals(Case):
    def test_what_is_not_there_yet(self):
        for words in (['--rollback'], ['--supervised'], ['--capability-elevation'], ['--detached'],
                      ['--env-credential', 'key'], ['--env-credential-map', 'op://x', 'NAME'],
                      ['--rollback-include', 'd'], ['--memory', '1G'], ['--proxy-allow', 'host'],
                      ['--network-profile', 'minimal'], ['--proxy-credential', 'openai'],
                      ['--upstream-proxy', 'h:1']):
            result = self.run_nono(*words, '--', 'echo', 'ran')
            self.assert_refused(result, 'leave it out')
            self.assertEqual('', result.out)
        for words in (['rollback', 'list'], ['audit', 'list'], ['learn', '--', 'true'],
                      ['attach', 'x'], ['logs', '-f']):
            self.assert_refused(self.world.nono(*words), f'nono {words[0]}', 'yet')

    def test_switched_off_already(self):
        result = self.run_nono('--no-rollback', '--no-audit', '--no-rollback-prompt',
                               '--no-audit-integrity', '--', 'echo', 'ran')
        self.assertEqual(('ran\n', ''), (result.out, result.err))

    def test_contradictions(self):
        for words in (['--net-block', '--net-allow'], ['--block-net', '--allow-domain', 'h'],
                      ['--no-diagnostics', '--diagnostics-json'], ['-p', 'a', '-p', 'b']):
            self.assert_refused(self.run_nono(*words, '--', 'true'))

    def test_blocked_commands(self):
        w = self.world
        w.file('project/file')
        for command in ('rm', '/bin/rm', '/usr/bin/../bin/rm'):
            result = self.run_nono('--allow-cwd', '--', command, 'file')
            self.assert_status(125, result)
            lines = result.err.splitlines()
            self.assertEqual(2, len(lines), result)
            self.assertEqual('nono: blocked command: rm', lines[0])
            self.assertIn('--allow-command', lines[1])
        self.assertTrue((w.project / 'file').exists())
        self.assert_status(0, self.run_nono('--allow-cwd', '--allow-command', 'rm', '--', 'rm', 'file'))
        self.assertFalse((w.project / 'file').exists())
        self.assert_status(125, self.run_nono('--block-command', 'true', '--', 'true'))
        self.assert_status(0, self.run_nono('--dry-run', '--', 'rm', 'file'))

    def test_agents_without_a_profile(self):
        result = self.run_nono('--', 'claude')
        self.assertIn('nono run --profile claude-code -- claude', result.err)
        self.assertNotIn('--profile', self.run_nono('-s', '--', 'claude').err)


class Said(Case):
    def test_dry_run(self):
        for verb in ('run', 'shell'):
            operands = ['--', 'prog', 'a\x1bb'] if verb == 'run' else ['--shell', '/bin/sh']
            result = self.world.nono(verb, '--dry-run', '--allow-cwd', *operands)
            self.assert_status(0, result)
            self.assertEqual('', result.err)
            self.assertIn('dry-run sandbox would be applied with above capabilities', result.out)
            self.assertIn(f' r+w  {self.world.project} (dir)', result.out)
            self.assertIn('system/group paths (-v to show)', result.out)
            self.assertNotIn('\x1b', result.out)
        full = self.run_nono('--dry-run', '-v', '--', 'prog')
        self.assertIn('/usr (dir) [', full.out)
        self.assertNotIn('-v to show', full.out)
        refused = self.run_nono('--dry-run', '--allow-domain', 'example.org', '--', 'prog')
        self.assert_status(0, refused)
        self.assertIn('would be refused', refused.out)
        self.assertNotIn('would be applied', refused.out)

    def test_dry_run_says_what_the_profile_wants(self):
        result = self.run_nono('--dry-run', '-p', 'claude-code', '--', 'claude')
        self.assertIn('the profile wants read+write: --allow-cwd', result.out)
        result = self.run_nono('--dry-run', '-p', 'claude-code', '--allow-cwd', '--', 'claude')
        self.assertNotIn('the profile wants', result.out)

    def test_dry_run_says_what_is_not_there(self):
        line = f'{self.world.home}/.codex (dir'
        run = ['--dry-run', '-p', 'codex', '--', 'codex']
        self.assertIn(f'{line}, to be made)\n', self.run_nono(*run).out)
        self.world.directory('home/.codex')
        self.assertIn(f'{line})\n', self.run_nono(*run).out)

    def test_quiet_without_a_terminal(self):
        result = self.run_nono('--allow-cwd', '--', 'echo', 'x')
        self.assertEqual(('x\n', ''), (result.out, result.err))

    def test_working_directory_without_a_terminal(self):
        result = self.run_nono('-p', 'codex', '--', 'echo', 'x')
        self.assertEqual(('x\n', f'nono: {SKIPPED}\n'), (result.out, result.err))
        self.assert_refused(self.run_nono('-sp', 'codex', '--', 'echo', 'x'), '--allow-cwd')
        self.assertEqual('', self.run_nono('-p', 'codex', '--allow-cwd', '--', 'true').err)
        self.assertEqual('', self.run_nono('-p', 'codex', '--allow', '.', '--', 'true').err)


class Shell(Case):
    def shell(self, *argv, script='', **options):
        return self.world.nono('shell', *argv, input=script, **options)

    def test_which(self):
        script = 'echo "$0"; exit 4\n'
        for env, argv, expected in (({'SHELL': '/bin/bash'}, [], '/bin/bash'),
                                    ({'SHELL': '/bin/bash'}, ['--shell', '/bin/sh'], '/bin/sh'),
                                    ({'SHELL': ''}, [], '/bin/sh'), ({}, [], '/bin/sh')):
            result = self.shell(*argv, script=script, env=env)
            self.assert_status(4, result)
            self.assertEqual(f'{expected}\n', result.out)
            self.assertEqual('', result.err)

    def test_bad(self):
        self.assert_status(127, self.shell('--shell', '/no/such/shell'))
        self.assert_refused(self.shell('command'), "'command'")

    def test_sandboxed(self):
        result = self.shell('--allow-cwd', script=f'echo x >inside; cat {self.world.secret}\n')
        self.assertIn('Permission denied', result.err)
        self.assertTrue((self.world.project / 'inside').exists())


class Footer(Case):
    def test_arguments(self):
        w = self.world
        result = self.run_nono('--allow-cwd', '--', 'cat', w.secret)
        self.assert_status(1, result)
        for text in ('NONO DIAGNOSTIC', 'Command exited with code 1.', 'inferred, not observed',
                     f'{w.secret} (read) - named on the command line', f'--read-file {w.secret}',
                     f'nono why --path {w.secret} --op read'):
            self.assertIn(text, result.err)
        for options in (['--no-diagnostics'], ['-s']):
            silent = self.run_nono(*options, '--allow-cwd', '--', 'cat', w.secret)
            self.assertNotIn('NONO', silent.err)
        granted = self.run_nono('--allow-cwd', '--read-file', w.secret, '--', 'grep', 'zzz', w.secret)
        self.assertEqual((1, ''), (granted.status, granted.err))

    def test_the_advice_works(self):
        w = self.world
        result = self.run_nono('--', 'cat', w.secret)
        flag = re.search(r'allow it with +(--read-file) (\S+)', result.err)
        self.assert_status(0, self.run_nono(*flag.groups(), '--', 'cat', w.secret))
        asked = re.search(r'ask +nono (why .*)', result.err).group(1)
        self.assertIn('path_not_granted', w.nono(*asked.split()).out)

    def test_not_the_sandbox(self):
        w = self.world
        for command in (['cat', '/no/such/file'], ['cat', w.outside / 'missing'], ['false'],
                        ['sh', '-c', 'exit 3'], ['ls', '/usr/no-such-thing']):
            result = self.run_nono('--allow-cwd', '--', *command)
            self.assertNotEqual(0, result.status)
            self.assertNotIn('NONO DIAGNOSTIC', result.err)
            self.assertNotIn('nono:', result.err)

    def test_command_that_is_not_granted(self):
        w = self.world
        program = w.file('outside/program', '#!/bin/sh\n', mode=0o755)
        interpreter = w.file('outside/interpreter', '#!/bin/sh\n', mode=0o755)
        script = w.file('project/script', f'#!{interpreter}\n', mode=0o755)
        result = self.run_nono('--', program)
        self.assert_status(126, result)
        self.assertIn(f'{program} (execute) - the command', result.err)
        result = self.run_nono('--allow-cwd', '--', script)
        self.assert_status(126, result)
        self.assertIn(f'{interpreter} (execute)', result.err)
        self.assertNotIn(f'{script} (execute)', result.err)
        missing = self.run_nono('--', 'no-such-program')
        self.assert_refused(missing, 'no-such-program', status=127)

    def test_protected_paths_get_no_advice(self):
        w = self.world
        w.directory('home/.ssh', 0o700)
        key = w.file('home/.ssh/id_ed25519', 'key', 0o600)
        result = self.run_nono('--', 'cat', key)
        self.assertIn(f'{key} (read)', result.err)
        self.assertNotIn(f'--read-file {key}', result.err)

    def test_ended_by_somebody(self):
        for sig in ('TERM', 'HUP', 'PIPE'):
            result = self.run_nono('--', 'sh', '-c', f'kill -{sig} $$', self.world.secret)
            self.assertNotIn('NONO', result.err)
        result = self.run_nono('--', 'sh', '-c', 'kill -KILL $$', self.world.secret)
        self.assertIn('killed by signal 9', result.err)

    def test_hostile_names(self):
        w = self.world
        name = w.outside / 'a\x1b[31m\nb\u202e \'c'
        name.write_text('x')
        w.own(name)
        result = self.run_nono('--', 'cat', name)
        footer = result.err[result.err.index('NONO'):]
        self.assertIn('\\x1b[31m\\x0ab', footer)
        self.assertFalse({'\x1b', '\u202e'} & set(footer))
        odd = os.fsencode(w.outside) + b'/\xff'
        with open(odd, 'wb') as file:
            file.write(b'x')
        os.chown(odd, w.uid, w.gid)
        self.assertEqual(1, self.report('--', 'cat', odd)['exit_code'])

    def report(self, *argv, **options):
        result = self.run_nono('--diagnostics-json', *argv, **options)
        return json.loads(result.err[result.err.index('{\n'):])['session']

    def test_json(self):
        w = self.world
        self.assertEqual({'exit_code': 0, 'denials': [], 'ipc_denials': [], 'violations': [],
                          'diagnostics': []}, self.report('--', 'true'))
        report = self.report('--', 'cat', w.secret)
        self.assertEqual(1, report['exit_code'])
        rows = {row['code']: row for row in report['diagnostics']}
        self.assertEqual({'command_failed_likely_sandbox', 'sandbox_denied_path',
                          'cwd_access_required'}, set(rows))
        denied = rows['sandbox_denied_path']
        self.assertEqual({'kind': 'grant_path', 'path': str(w.secret), 'access': 'read',
                          'is_file': True}, denied['remediation'])
        self.assertEqual(str(w.secret), denied['path'])
        self.assertEqual({'kind': 'allow_cwd'}, rows['cwd_access_required']['remediation'])
        plain = self.report('--allow-cwd', '--', 'false')
        self.assertEqual(['command_failed_application'], [r['code'] for r in plain['diagnostics']])
        missing = self.report('--', 'no-such-program')
        self.assertEqual((127, 'command_not_found'),
                         (missing['exit_code'], missing['diagnostics'][0]['code']))

    def test_supervisor_is_gone(self):
        w = self.world
        process = w.start(w.nono_path, 'run', '--allow-cwd', '--', 'sh', '-c',
                          'touch up; sleep 1; exit 9', str(w.secret), stderr=-1)
        self.addCleanup(process.stderr.close)
        self.assertTrue(harness.wait_until((w.project / 'up').exists))
        for pid in w.daemons():
            os.kill(pid, 9)
        self.assertEqual(9, process.wait(30))
        self.assertNotIn(b'NONO', process.stderr.read())
        self.assert_status(0, self.run_nono('--', 'true'))  # whose end takes the socket away


class OnTerminal(Case):
    def terminal(self):
        t = terminal.Terminal(self.world)
        self.addCleanup(t.close)
        t.expect(terminal.PROMPT)
        return t

    def test_summary(self):
        t = self.terminal()
        t.command('$NONO run --allow-cwd -- echo start-ed',
                  r'nono: default profile .*\n +r\+w +' +
                  re.escape(str(self.world.project)) + r' \(dir\)\r+\nstart-ed')
        t.command('$NONO run --net-block -- true', 'default profile, no network')
        t.command('$NONO run -v -- echo start-ed', r'/usr \(dir\) \[[\s\S]*start-ed')
        before = len(t.all)
        t.command('$NONO run -s -- echo start-ed')
        self.assertNotIn('profile', t.all[before:])

    def test_first_time(self):
        """What an agent keeps its state in is made for it."""
        t = self.terminal()
        state = self.world.home / '.codex'
        t.command(f'$NONO run -p codex --allow-cwd -- mkdir {state}/inside',
                  rf'{re.escape(str(state))} \(dir(, to be made)?\)')  # or made by now
        self.assertTrue((state / 'inside').is_dir())

    def test_question(self):
        t = self.terminal()
        question = re.escape(f'Share {self.world.project} with read+write access? [y/N] ')
        t.line('$NONO run -p codex -- touch yes-file; echo "status $?"')
        t.expect(question)
        t.write('y\n')
        t.expect('status 0')
        t.expect(terminal.PROMPT)
        self.assertTrue((self.world.project / 'yes-file').exists())
        for answer in ('n\n', '\n', 'yy\n', '\x04'):
            t.line('$NONO run -p codex -- touch no-file; echo "status $?"')
            t.expect(question)
            t.write(answer)
            t.expect('status 1')
            t.expect(terminal.PROMPT)
        self.assertFalse((self.world.project / 'no-file').exists())
        t.line('$NONO run -p codex -- touch no-file; echo "status $?"')
        t.expect(question)
        t.write('\x03')
        t.expect(terminal.PROMPT)
        self.assertFalse((self.world.project / 'no-file').exists())
        t.command('$NONO run -p codex --allow-cwd -- touch yes-file', r'profile codex')

    def test_footer(self):
        w = self.world
        t = self.terminal()
        t.command(f'$NONO run --allow-cwd -- sh -c "cat {w.secret}; exit 3"',
                  rf'NONO DIAGNOSTIC[\s\S]*code 3[\s\S]*{re.escape(str(w.secret))} \(read\) - named '
                  r"in the command's output[\s\S]*--op read")
        t.command('$NONO run -- sh -c "echo x >out; exit 3"',
                  r'--allow-cwd')
        before = len(t.all)
        t.command('$NONO run --allow-cwd -- cat missing', 'nothing points at the sandbox')
        self.assertNotIn('DIAGNOSTIC', t.all[before:])

    def test_output_may_lie(self):
        t = self.terminal()
        before = len(t.all)
        t.command("$NONO run --allow-cwd -- sh -c \"printf '/e\\033[2Jtc/hostname\\n/usr/bin: Permission "
                  "denied\\n/no/such/../thing: Permission denied\\n'; exit 1\"", 'code 1')
        footer = t.all[before:].rpartition('Permission denied\r\n')[2]
        self.assertNotIn('\x1b[2J', footer)
        self.assertNotIn('/no/thing', footer)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Documents, Variables, Refusals, Said, Shell, Footer,
                                        OnTerminal))
