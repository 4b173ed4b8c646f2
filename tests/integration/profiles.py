#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nono profile, setup and trust-project: what they show and write, and what they refuse. Once per
user."""
import contextlib
import json
import os
import pty
import re

import harness

BUILTIN = {'default', 'claude-code', 'codex', 'opencode', 'openclaw', 'pydantic-ai-agent',
           'python-dev', 'node-dev', 'go-dev', 'rust-dev', 'java-dev', 'linux-host-compat'}
# The file of the seed.
PYTHON_AGENT = '''{
"meta": { "name": "python-agent", "version": "1.0.0",
  "description": "Python AI agent with controlled access" },
"security": { "groups": ["python_runtime"] },
"filesystem": { "allow": ["$HOME/.cache/pip"], "read_file": ["$HOME/.gitconfig"] },
"network": { "allow_hosts": ["api.openai.com", "api.anthropic.com"] },
"workdir": { "access": "readwrite" },
"interactive": false
}'''


class Case(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.profiles = self.world.home / '.config/nono/profiles'

    def profile(self, *argv, **options):
        return self.world.nono('profile', *argv, **options)

    def json(self, *argv, **options):
        result = self.world.nono(*argv, **options)
        self.assert_status(0, result)
        return json.loads(result.out)

    def user_profile(self, name, text):
        for folder in ('home/.config', 'home/.config/nono', 'home/.config/nono/profiles'):
            if not (self.world.root / folder).exists():
                self.world.directory(folder)
        return self.world.file(f'home/.config/nono/profiles/{name}', text)


class Profiles(Case):
    def test_list(self):
        self.user_profile('mine.jsonc', '{"meta": {"name": "x", "description": "My \\u001b[2J"},'
                          ' "extends": "node-dev"} // with a comment')
        self.user_profile('python-dev.json', '{}')
        self.user_profile('broken.json', '{"filesystem": {"alow": []}}')
        self.user_profile('open.json', '{}').chmod(0o666)
        rows = {row['name']: row for row in self.json('profile', 'list', '--json')}
        self.assertLessEqual(BUILTIN, set(rows))
        self.assertEqual(('user', ['node-dev'], 'My \x1b[2J'),
                         tuple(rows['mine'][k] for k in ('source', 'extends', 'description')))
        self.assertEqual('user (overrides built-in)', rows['python-dev']['source'])
        self.assertIn("'filesystem.allow'", rows['broken']['error'])
        self.assertIn('open.json', rows['open']['error'])
        text = self.profile('list')
        self.assert_status(0, text)
        self.assertNotIn('\x1b', text.out)
        for name in rows:
            self.assertRegex(text.out, rf'(?m)^{name} ')
        # The old way to say it.
        self.assertEqual(text.out, self.world.nono('profiles', 'list').out)

    def test_show(self):
        full = self.json('profile', 'show', 'python-dev')
        self.assertIn('deny_credentials', full['groups']['include'])
        self.assertIn('python_runtime', full['groups']['include'])
        raw = self.json('profile', 'show', '--raw', 'python-dev')
        self.assertEqual(['python_runtime'], raw['groups']['include'])
        manifest = self.json('profile', 'show', 'python-dev', '--format', 'manifest')
        self.assertEqual({'version', 'filesystem', 'network', 'process', 'credentials'},
                         set(manifest))
        self.assertEqual('proxy', manifest['network']['mode'])
        self.assert_refused(self.profile('show', 'python-de'), 'Profile not found', "'python-dev'")
        self.assert_refused(self.profile('show', './missing.json'), 'missing.json')

    def test_export(self):
        """Exactly which paths are allowed, as the seed promises."""
        w = self.world
        w.file('project/python-agent.json', PYTHON_AGENT)
        w.directory('home/.cache/pip')
        export = self.json('profiles', 'export', '--json', './python-agent.json')
        grants = {(g['path'].removeprefix(f'{w.home}/'), g['source']): g
                  for g in export['filesystem']['grants']}
        for path, source, access, kind, exists in (
                ('.cache/pip', 'profile', 'readwrite', 'directory', True),
                ('.gitconfig', 'profile', 'read', 'file', False),
                ('.pyenv', 'group:python_runtime', 'read', 'directory', False)):
            grant = grants[path, source]
            self.assertEqual((access, kind, exists),
                             (grant['access'], grant['type'], grant['exists']))
        self.assertIn(f'{w.home}/.ssh', {d['path'] for d in export['filesystem']['deny']})
        self.assertEqual(['api.openai.com', 'api.anthropic.com'],
                         export['network']['allow_domains'])
        self.assertIn('rm', export['process']['blocked_commands'])
        self.assertEqual('readwrite', export['workdir'])
        text = self.profile('export', './python-agent.json')
        self.assert_status(0, text)
        paths = {grant['path'] for grant in grants.values()}
        for path in paths:
            self.assertIn(path, text.out)
        # What is exported is what a session gets. (Hosts need what is not there yet.)
        plan = self.json('wrap', '--dry-run', '--json', '--net-block', '--profile',
                         './python-agent.json', '--', 'true')
        self.assertEqual(paths, {g['path'] for g in plan['policy']['grants']})

    def test_the_same_from_everybody(self):
        """wrap decides for itself what nonod decides for run: the same, to the last word."""
        w = self.world
        w.directory('home/.config/tool')
        self.user_profile('tool.jsonc', """{
            "extends": "node-dev", "groups": {"include": ["rust_runtime"]},
            "filesystem": {"read": ["~/.config/tool"], "deny": ["~/private"],
                           "allow": ["$XDG_STATE_HOME/tool", "$WORKDIR/out"]},
            "network": {"listen_port": [8080]}, "commands": {"allow": ["rm"], "deny": ["make"]},
            "environment": {"deny_vars": ["AWS_*"], "set_vars": {"A": "$HOME/a"},
                            "strip_secrets": true}, "workdir": {"access": "read"} }""")
        # Not inside what is granted: only a supervisor keeps that closed, so there they differ.
        w.file('project/.nono.json', '{"filesystem": {"deny": ["../secrets"]}}')
        w.file('project/other.json', '{"extends": "./base.json", "security": {"groups": []}}')
        w.file('project/base.json', '{"network": {"block": true}}')
        for options in ((), ('--allow-cwd',), ('--profile', 'tool'), ('--profile', './other.json'),
                        ('--profile', 'tool', '--net-allow', '--allow-cwd'),
                        ('--profile', 'tool', '--net-block', '--extends', 'go-dev'),
                        ('--profile', 'claude-code', '--read', '/usr/share', '-v'),
                        ('--allow-command', 'rm', '--block-command', 'cat', '--env', 'EDITOR'),
                        ('--listen-port', '8080', '--allow-connect-port', '443'),
                        ('--bypass-protection', w.home / '.netrc', '--read-file',
                         w.home / '.netrc'), ('--allow-domain', 'example.com')):
            plans = [self.json(verb, '--dry-run', '--json', *options, '--', 'true')
                     for verb in ('run', 'wrap')]
            self.assertEqual(*plans, options)
            texts = [w.nono(verb, '--dry-run', *options, '--', 'true') for verb in ('run', 'wrap')]
            self.assertEqual(texts[0].out, texts[1].out)
            self.assertEqual(texts[0].err, texts[1].err)

    def test_groups(self):
        rows = {row['name']: row for row in self.json('profile', 'groups', '--json')}
        self.assertTrue(rows['deny_credentials']['required'])
        self.assertGreater(rows['deny_credentials']['deny']['access'], 10)
        self.assertGreater(rows['python_runtime']['allow']['read'], 3)
        self.assertNotIn('deny_keychains_macos', rows)
        everything = self.json('profile', 'groups', '--json', '--all-platforms')
        self.assertIn('deny_keychains_macos', {row['name'] for row in everything})
        text = self.profile('groups').out
        for name in rows:
            self.assertRegex(text, rf'(?m)^{name} ')
        one = self.json('profile', 'groups', 'deny_credentials', '--json')
        self.assertIn({'raw': '~/.ssh', 'expanded': f'{self.world.home}/.ssh'},
                      one['deny']['access'])
        self.assertIn(f'{self.world.home}/.ssh', self.profile('groups', 'deny_credentials').out)
        self.assert_refused(self.profile('groups', 'deny_credential'), "'deny_credentials'")

    def test_diff(self):
        same = self.profile('diff', 'python-dev', 'python-dev')
        self.assertEqual((0, ''), (same.status, same.out))
        result = self.profile('diff', 'python-dev', 'node-dev')
        self.assert_status(0, result)
        self.assertIn('- groups.include: python_runtime\n', result.out)
        self.assertIn('+ groups.include: node_runtime\n', result.out)
        changes = self.json('profile', 'diff', '--json', 'python-dev', 'linux-host-compat')
        self.assertEqual({'from': 'developer', 'to': None},
                         changes['changed']['network.network_profile'])
        self.assertIn('python_runtime', changes['removed']['groups.include'])
        self.assert_refused(self.profile('diff', 'python-dev', 'nope'), 'nope')

    def test_schema(self):
        for name in 'profile', 'policy', 'network':
            schema = self.json('profile', 'schema', name)
            self.assertIn('2020-12', schema['$schema'])
        self.assertEqual(self.profile('schema').out, self.profile('schema', 'profile').out)
        result = self.profile('schema', '-o', 'schema.json')
        self.assert_status(0, result)
        self.assertEqual('', result.out)
        json.loads((self.world.project / 'schema.json').read_text())
        self.assert_refused(self.profile('schema', '-o', 'schema.json'), 'there already')
        self.assert_refused(self.profile('schema', 'nothing'), 'nothing')


class Validate(Case):
    def validate(self, text, *options, name='p.jsonc', status=0):
        path = self.world.file(f'project/{name}', text)
        result = self.profile('validate', name, *options)
        self.assert_status(status, result)
        report = json.loads(self.profile('validate', '--json', name, *options).out)
        self.assertEqual(status != 1, report['valid'])
        path.unlink()
        for line in report['errors'] + report['warnings']:
            self.assertIn(line, result.out)
        return report

    def test_good(self):
        report = self.validate('{"filesystem": {"read": ["~/x"]}, } // trailing comma')
        self.assertEqual([], report['errors'] + report['warnings'])

    def test_deprecated(self):
        report = self.validate(PYTHON_AGENT)
        self.assertEqual(['security.groups'], report['deprecated_keys'])
        self.validate(PYTHON_AGENT, '--strict', status=2)

    def test_errors_have_a_place(self):
        for text, place, word in (
                ('{\n  "filesystem": {\n    "alow": []\n  }\n}', ':3:5:', "'filesystem.allow'"),
                ('{"filesystem": {"allow": 5}}', ':1:', 'filesystem.allow'),
                ('{"filesystem": {}, "filesystem": {}}', ':1:', 'duplicate'),
                ('{', ':1:', ''), ('', '', 'empty'), ('[]', ':1:', 'object'),
                ('{"workdir": {"access": "all"}}', ':1:', 'all'),
                ('{"network": {"listen_port": [70000]}}', ':1:', '65535'),
                ('{"groups": {"include": ["no_such_group"]}}', '', 'no_such_group'),
                ('{"groups": {"exclude": ["deny_credentials"]}}', '', 'deny_credentials'),
                ('{"extends": "no-such-profile"}', '', 'no-such-profile'),
                ('{"extends": "./p.jsonc"}', '', 'p.jsonc'),
                ('{"filesystem": {"read": ["$NOSUCH/x"]}}', '', 'NOSUCH'),
                ('{"filesystem": {"read": ["$HOMEX"]}}', '', 'HOMEX'),
                ('{"filesystem": {"read": ["/"]}}', '', '/'),
                ('{"filesystem": {"read": ["~/.ssh"]}}', '', '.ssh'),
                ('{"filesystem": {"bypass_protection": ["~/.netrc"]}}', '', '.netrc'),
                ('[' * 100000, ':1:', ''), ('{"meta": {"name": "' + 'x' * (1 << 20) + '"}}', '', '')):
            report = self.validate(text, status=1)
            self.assertEqual(1, len(report['errors']), report)
            self.assertIn(f'p.jsonc{place}' if place else '', report['errors'][0])
            self.assertIn(word, report['errors'][0])
        self.validate('{} // no', name='plain.json', status=1)

    def test_draft(self):
        text = '{"extends": "not-written-yet"}'
        self.validate(text, status=1)
        self.validate(text, '--draft')

    def test_files_that_are_not_read(self):
        w = self.world
        w.file('project/open.json', '{}', 0o666)
        self.assertIn('open.json', self.profile('validate', 'open.json').out)
        self.assert_status(1, self.profile('validate', 'open.json'))
        self.assert_status(1, self.profile('validate', 'missing.json'))
        self.assert_status(1, self.profile('validate', '.'))
        os.mkfifo(w.project / 'pipe.json')
        w.own(w.project / 'pipe.json')
        self.assert_status(1, self.profile('validate', 'pipe.json', timeout=10))


class Init(Case):
    def test_writes_what_validates(self):
        result = self.profile('init', 'my-tool', '--groups', 'git_config,python_runtime',
                              '--extends', 'node-dev', '--description', 'Does "things" \x1b[2J')
        self.assert_status(0, result)
        path = self.profiles / 'my-tool.jsonc'
        self.assertIn(str(path), result.out)
        self.assertEqual(0o644, path.stat().st_mode & 0o777)
        self.assertEqual(0o700, self.profiles.stat().st_mode & 0o777)
        self.assertEqual(self.world.uid, path.stat().st_uid)
        self.assertIn('// ', path.read_text())
        self.assertNotIn('\x1b', path.read_text())
        self.assert_status(0, self.profile('validate', path, '--strict'))
        shown = self.json('profile', 'show', '--raw', 'my-tool')
        self.assertEqual(['git_config', 'python_runtime'], shown['groups']['include'])
        self.assertEqual('Does "things" \x1b[2J', shown['meta']['description'])
        rows = {row['name']: row for row in self.json('profile', 'list', '--json')}
        self.assertEqual('user', rows['my-tool']['source'])
        result = self.world.nono('wrap', '--profile', 'my-tool', '--net-allow', '--allow-cwd', '--',
                                 'sh', '-c', 'echo x > written')
        self.assert_status(0, result)

    def test_full(self):
        self.assert_status(0, self.profile('init', '--full', 'all'))
        self.assert_status(0, self.profile('validate', '--strict', self.profiles / 'all.jsonc'))
        self.assertIn('network.upstream_proxy', (self.profiles / 'all.jsonc').read_text())

    def test_nothing_is_lost(self):
        self.assert_status(0, self.profile('init', 'tool'))
        path = self.profiles / 'tool.jsonc'
        path.write_text('{"meta": {"name": "precious"}}')
        self.assert_refused(self.profile('init', 'tool'), str(path), '--force')
        self.assertIn('precious', path.read_text())
        self.assert_status(0, self.profile('init', '--force', 'tool'))
        self.assertNotIn('precious', path.read_text())
        self.user_profile('other.json', '{}')
        self.assert_refused(self.profile('init', 'other'), 'other.json')
        self.assertEqual({'tool.jsonc', 'other.json'}, set(os.listdir(self.profiles)))

    def test_output(self):
        w = self.world
        self.assert_status(0, self.profile('init', 'tool', '-o', 'sub/tool.json', '--groups',
                                           'git_config'))
        text = (w.project / 'sub/tool.json').read_text()
        self.assertEqual(['git_config'], json.loads(text)['groups']['include'])  # no comments
        os.symlink(w.secret, w.project / 'link.jsonc')
        self.assert_refused(self.profile('init', 'tool', '-o', 'link.jsonc'), 'link.jsonc')
        self.assert_status(0, self.profile('init', 'tool', '-o', 'link.jsonc', '--force'))
        self.assertFalse((w.project / 'link.jsonc').is_symlink())
        self.assertEqual('do not read me\n', w.secret.read_text())

    def test_bad_input(self):
        for name in ('', '-x', 'x-', 'a/b', '../x', 'a b', 'ä', 'x' * 65, '.hidden', 'x.json'):
            result = self.profile('init', '--', name)
            self.assert_refused(result)
        for name in BUILTIN:
            self.assert_refused(self.profile('init', name), 'built-in')
        self.assert_refused(self.profile('init', 'x', '--groups', 'git_confi'), "'git_config'")
        self.assert_refused(self.profile('init', 'x', '--extends', 'no-such'), 'no-such')
        self.assert_refused(self.profile('init', 'x', '--description', b'\xff'), 'UTF-8')
        self.assertFalse(self.profiles.exists())
        # A directory that others can write to is no place for a profile.
        self.user_profile('x.json', '{}')
        os.chmod(self.profiles, 0o777)
        for argv in ('profile', 'init', 'y'), ('wrap', '--profile', 'x', '--', 'true'):
            self.assert_refused(self.world.nono(*argv), str(self.profiles), 'chmod')

    def test_directory_that_cannot_be_made(self):
        self.world.file('home/.config', 'a file')
        self.assert_refused(self.profile('init', 'x'), '.config')


class Setup(Case):
    def test_check_only(self):
        result = self.world.nono('setup', '--check-only')
        self.assert_status(0, result)
        self.assertIn('Installation verified!', result.out)
        for name in BUILTIN:
            self.assertIn(f'  {name} - ', result.out)
        self.assertFalse((self.world.home / '.config').exists())
        self.assertTrue(json.loads(self.world.nono('setup', '--json').out)['usable'])

    def test_profiles(self):
        for word in 'wrote', 'there already':
            result = self.world.nono('setup', '--profiles')
            self.assert_status(0, result)
            for name in 'example-agent', 'offline-build', 'data-processing':
                path = self.profiles / f'{name}.jsonc'
                self.assertIn(f'{word}', result.out)
                self.assertIn(str(path), result.out)
                self.assert_status(0, self.profile('validate', '--strict', path))
        result = self.world.nono('wrap', '--profile', 'offline-build', '--allow-cwd', '--', 'sh',
                                 '-c', 'echo works > file')
        self.assert_status(0, result)

    def test_bad_input(self):
        self.assert_refused(self.world.nono('setup', '--json', '--profiles'), '--profiles')
        self.assert_refused(self.world.nono('setup', '--check-only', '--profiles'))
        self.world.file('home/.config', 'a file')
        result = self.world.nono('setup', '--profiles')
        self.assert_status(125, result)
        self.assertIn('.config', result.err)

    def test_shell_integration(self):
        result = self.world.nono('setup', '--shell-integration')
        self.assert_status(0, result)
        aliases = re.findall(r"(?m)^alias (\S+)='nono run --profile (\S+) ", result.out)
        self.assertLessEqual({profile for _, profile in aliases}, BUILTIN)
        self.assertGreater(len(aliases), 1)


class WorkingDirectory(Case):
    """A profile that works in the current directory, and nobody has granted it: wrap asks as run."""

    def ask(self, answer, *options):
        w = self.world
        master, slave = pty.openpty()
        script = f'exec {w.nono_path} wrap --profile rust-dev --net-allow {" ".join(options)} -- ' \
            'sh -c "echo x > made"'
        os.write(master, answer)
        result = w.run('setsid', '-c', '-w', 'sh', '-c', script, stdin=slave, stderr=slave)
        said = ''
        with contextlib.suppress(OSError):  # nothing was said, and nobody is there any more
            os.close(slave)
            said = os.read(master, 4096).decode()
        os.close(master)
        made = (w.project / 'made').exists()
        (w.project / 'made').unlink(missing_ok=True)
        return result.status, said, made

    def test_asks(self):
        for answer, made in (b'y\n', True), (b'n\n', False), (b'\n', False):
            status, said, was_made = self.ask(answer)
            self.assertIn(f'Share {self.world.project} with read+write access? [y/N]', said)
            self.assertEqual(made, was_made, said)
            self.assertEqual(made, status == 0, said)

    def test_does_not_ask(self):
        self.assertEqual((0, '', True), self.ask(b'', '--allow-cwd'))
        result = self.world.nono('wrap', '--profile', 'rust-dev', '--net-allow', '--', 'true')
        self.assert_status(0, result)
        self.assertIn('--allow-cwd', result.err)
        self.assert_refused(self.world.nono('wrap', '-s', '--profile', 'rust-dev', '--net-allow',
                                            '--', 'true'), '--allow-cwd')


class Trust(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        w.directory('home/data')
        w.file('home/data/file', 'data\n')
        self.checkout = w.directory('home/checkout')
        self.file = self.write({'filesystem': {'read': ['~/data'], 'deny': ['~/notes']},
                                'commands': {'deny': ['make']}})

    def write(self, content):
        text = content if isinstance(content, str) else json.dumps(content)
        return self.world.file('home/checkout/.nono.json', text)

    def trust(self, *argv, **options):
        return self.world.nono('trust-project', *argv, **{'cwd': self.checkout} | options)

    def reads(self, **options):
        """Can a command that runs in the project read what only its file grants?"""
        result = self.world.nono('wrap', '-s', '--', 'cat', self.world.home / 'data/file',
                                 **{'cwd': self.checkout} | options)
        self.assertIn(result.status, (0, 1), result)
        return result.status == 0

    def test_only_what_was_seen(self):
        self.assertFalse(self.reads())
        shown = self.trust('--show')
        self.assert_status(1, shown)
        gives, takes = shown.out.split('Trusted or not')
        self.assertIn('filesystem.read: ~/data', gives)
        self.assertIn('filesystem.deny: ~/notes', takes)
        self.assertIn('commands.deny: make', takes)
        self.assert_refused(self.trust(), '--yes')  # nobody to ask
        self.assertFalse(self.reads())
        self.assert_status(0, self.trust('--yes'))
        self.assertTrue(self.reads())
        self.assert_status(0, self.trust('--show'))
        self.write({'filesystem': {'read': ['~/data', '~']}})  # any change is a new file
        self.assertFalse(self.reads())
        self.assert_status(1, self.trust('--show'))
        self.file = self.write({'filesystem': {'read': ['~/data']}})
        self.assert_status(0, self.trust('--yes'))
        self.assertTrue(self.reads())
        self.assert_status(0, self.trust('--revoke'))
        self.assertFalse(self.reads())
        self.assert_status(0, self.trust('--revoke'))  # nothing to take back

    def test_narrows_without_trust(self):
        result = self.world.nono('wrap', '--', 'make', cwd=self.checkout)
        self.assert_status(125, result)
        self.assertIn('blocked command: make', result.err)

    def test_from_below_and_by_name(self):
        self.world.directory('home/checkout/src')
        self.assert_status(0, self.trust('--yes', cwd=self.checkout / 'src'))
        self.assertTrue(self.reads(cwd=self.checkout / 'src'))
        self.assert_status(0, self.trust('--revoke', self.checkout, cwd=self.world.root))
        self.assertFalse(self.reads())

    def test_asks_on_a_terminal(self):
        for answer, status in (b'n\n', 1), (b'\n', 1), (b'y\n', 0):
            master, slave = pty.openpty()
            os.write(master, answer)
            result = self.trust(stdin=slave, stderr=slave)
            os.close(slave)
            said = os.read(master, 4096).decode()
            os.close(master)
            self.assert_status(status, result)
            self.assertIn('[y/N]', said)
            self.assertIn('filesystem.read: ~/data', result.out)
            self.assertEqual(status == 0, self.reads())

    def test_hostile_file(self):
        self.write('{"filesystem": {"read": ["/x\\u001b]0;owned\\u0007\\u202e"]}}')
        for argv in ('--show',), ('--yes',):
            out = self.trust(*argv).out
            self.assertNotIn('\x1b', out)
            self.assertNotIn('\u202e', out)
        self.write('{"filesystem": {"raed": []}}')
        self.assert_refused(self.trust('--yes'), '.nono.json:1:', "'filesystem.read'")
        os.unlink(self.file)
        os.symlink('/dev/zero', self.file)
        self.assert_refused(self.trust('--yes', timeout=20), '.nono.json')

    def test_none(self):
        self.assert_refused(self.trust(cwd=self.world.project), '.nono.json')
        self.assert_refused(self.trust('--show', '--yes'), '--yes')

    def test_not_from_inside(self):
        w = self.world
        nono = ('--read', w.root / 'bin', '--read', w.root / 'libexec', '--allow', self.checkout)
        for verb in 'wrap', 'run':
            result = w.nono(verb, *nono, '--', w.nono_path, 'trust-project', '--yes',
                            cwd=self.checkout)
            self.assert_status(125, result)
            self.assertIn('sandbox', result.err)
        self.assertFalse(self.reads())


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Profiles, Validate, Init, Setup, WorkingDirectory, Trust))
