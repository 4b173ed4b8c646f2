#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Deny rules really hold, and say so. Once per user.

One table: what is denied, what is granted, and what both are to each other. Every row is tried with
run and wrap, as flags, from a profile and from a group; each time the grant is refused and named
together with the rule, whose rule it is and the way out. why and --dry-run say the same. With the
protection lifted as well as the path granted, the very same file can be read.
"""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import harness

CLONE_NEWNS = 0x20000

SECRET = 'do not read me\n'
DENIED = '~/.aws'


@dataclasses.dataclass
class Row:
    """A grant and the secret it would open. Paths are below home."""
    name: str
    grant: str  # what is granted
    secret: str  # what could be read then
    rule: str  # what the message has to name
    group: str = 'deny_credentials'
    is_file: bool = False
    named: str = ''  # how the message names the grant, when not by the grant's own name
    lift: str = ''  # what --bypass-protection takes, when not the rule


# '.linked' is a link to .aws, '.up' one to home, '.token' one to .aws/credentials;
# '.docker' is denied and leads to moved/docker.
TABLE = [
    Row('equal', '.aws', '.aws/credentials', '.aws'),
    Row('inside', '.aws/sso', '.aws/sso/token', '.aws'),
    Row('inside, lifted there only', '.aws/sso', '.aws/sso/token', '.aws', lift='.aws/sso'),
    Row('deep inside', '.aws/sso/cache/one', '.aws/sso/cache/one/token', '.aws'),
    Row('file equal', '.netrc', '.netrc', '.netrc', is_file=True),
    Row('file inside', '.aws/credentials', '.aws/credentials', '.aws', is_file=True),
    Row('shell start-up file', '.bashrc', '.bashrc', '.bashrc', 'deny_shell_configs', is_file=True),
    Row('through a link', '.linked', '.aws/credentials', '.aws', named='.aws'),
    Row('through a link, inside', '.linked/sso', '.aws/sso/token', '.aws', named='.aws/sso'),
    Row('file through a link', '.token', '.aws/credentials', '.aws', is_file=True, named='.aws/credentials'),
    Row('through a parent that is a link', '.up/.aws', '.aws/credentials', '.aws', named='.aws'),
    Row('file through a parent that is a link', '.up/.netrc', '.netrc', '.netrc', is_file=True, named='.netrc'),
    Row('the rule is a link', '.docker', '.docker/config.json', 'moved/docker', named='moved/docker', lift='.docker'),
    Row('where the rule leads', 'moved/docker', 'moved/docker/config.json', 'moved/docker', lift='.docker'),
    Row('inside where the rule leads', 'moved/docker/sub', 'moved/docker/sub/token', 'moved/docker',
        lift='.docker'),
    Row('file where the rule leads', 'moved/docker/config.json', 'moved/docker/config.json', 'moved/docker',
        is_file=True, lift='.docker'),
]
# A denied path strictly inside: it cannot be cut out yet.
ABOVE = [
    Row('above', '.mozilla', '.mozilla/firefox/logins', '.mozilla/firefox', 'deny_browser_data_linux'),
    Row('above, through a link', '.browser', '.mozilla/firefox/logins', '.mozilla/firefox',
        'deny_browser_data_linux', named='.mozilla'),
    Row('above where the rule leads', 'moved', 'moved/docker/config.json', 'moved/docker'),
]
FILES = ['.aws/credentials', '.aws/sso/token', '.aws/sso/cache/one/token', '.netrc', '.bashrc',
         '.mozilla/firefox/logins', 'moved/docker/config.json', 'moved/docker/sub/token']
LINKS = {'.linked': '.aws', '.up': '.', '.token': '.aws/credentials', '.docker': 'moved/docker',
         '.browser': '.mozilla'}


class Base(harness.TestCase):
    def setUp(self):
        super().setUp()
        w = self.world
        for name in FILES:
            self.private(f'home/{name}', SECRET)
        for name, target in LINKS.items():
            os.symlink(target, w.home / name)
            w.own(w.home / name)

    def private(self, name, content):
        """A file of the user's own, in directories of the user's own."""
        w = self.world
        missing = []
        folder = (w.root / name).parent
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for folder in reversed(missing):
            folder.mkdir(0o700)
            w.own(folder)
        return w.file(name, content, 0o600)

    def profile(self, name='test', **filesystem):
        return self.private(f'home/.config/nono/profiles/{name}.json', json.dumps({'filesystem': filesystem}))

    def read(self, verb, flags, row):
        """Tries to read the row's secret in a session with these flags."""
        return self.world.nono(verb, *flags, '--', 'cat', self.world.home / row.secret)

    def key(self, row):
        return 'read_file' if row.is_file else 'read'

    def flag(self, row):
        return '--read-file' if row.is_file else '--read'

    def assert_denied(self, result, row, source=None, way_out='--bypass-protection'):
        home = self.world.home
        self.assertNotIn(SECRET, result.out, row)
        grant, rule = home / (row.named or row.grant), home / row.rule
        self.assert_refused(result, str(grant), str(rule), source or row.group, way_out)

    def assert_closed(self, result, row):
        """Refused; or, where only the look at the file system tells, left out as what is missing is."""
        self.assertNotIn(SECRET, result.out, row)
        if (row.named or row.lift == '.docker') and result.status != 125:
            self.assert_status(1, result)
        elif not row.lift == '.docker':
            self.assert_denied(result, row)

    def each(self, check, rows=TABLE):
        """check(row, verb) for all of them."""
        for row in rows:
            for verb in 'run', 'wrap':
                with self.subTest(row=row.name, verb=verb):
                    check(row, verb)

    def group(self, **content):
        self.private('home/.config/nono/policy.d/test.json',
                     json.dumps({'groups': {'test_group': {'description': 'of a test'} | content}}))

    def including(self, **more):
        self.private('home/.config/nono/profiles/with-group.json',
                     json.dumps({'groups': {'include': ['test_group']}} | more))
        return 'with-group'

    def why(self, path, *flags):
        result = self.world.nono('why', '--json', *flags, '--path', path)
        self.assert_status(0, result)
        return json.loads(result.out)


class Deny(Base):
    def test_flags(self):
        home = self.world.home
        def check(row, verb):
            grant = [self.flag(row), home / row.grant]
            self.assert_denied(self.read(verb, grant, row), row)
            # Another grant, however wide, lifts nothing.
            self.assert_denied(self.read(verb, [*grant, '--read', '/usr/share'], row), row)
        self.each(check)

    def test_flags_lifted(self):
        home = self.world.home
        def check(row, verb):
            lift = ['--bypass-protection', home / (row.lift or row.rule)]
            result = self.read(verb, [self.flag(row), home / row.grant, *lift], row)
            self.assert_status(0, result)
            self.assertEqual(SECRET, result.out)
            # It opens what was granted and nothing else.
            other = next(r for r in TABLE if not r.secret.startswith((row.secret.split('/')[0], 'moved')))
            result = self.read(verb, [self.flag(row), home / row.grant, *lift], other)
            self.assert_status(1, result)
            # Lifting alone grants nothing.
            self.assert_refused(self.read(verb, lift, row), 'bypass_protection', 'has no matching grant')
        self.each(check)

    def test_profile(self):
        """A document names a path without looking, so a rule is lifted by the name that is granted."""
        def check(row, verb):
            self.profile(**{self.key(row): [f'$HOME/{row.grant}']})
            self.assert_closed(self.read(verb, ['--profile', 'test'], row), row)
            if row.lift == '.docker':
                return
            grant, lift = f'~/{row.named or row.grant}', f'~/{row.lift or row.rule}'
            self.profile(**{self.key(row): [grant], 'bypass_protection': [lift]})
            result = self.read(verb, ['--profile', 'test'], row)
            self.assert_status(0, result)
            self.assertEqual(SECRET, result.out)
            # What is lifted in the profile is lifted for flags as well.
            self.profile(bypass_protection=[lift])
            result = self.read(verb, ['--profile', 'test', self.flag(row), self.world.home / row.grant], row)
            self.assertEqual(SECRET, result.out, result)
        self.each(check)
        self.profile(read=['~/.docker'], bypass_protection=['~/.docker'])
        for verb in 'run', 'wrap':
            row = next(row for row in TABLE if row.grant == '.docker')
            self.assertEqual(SECRET, self.read(verb, ['--profile', 'test'], row).out)

    def test_group(self):
        """A group is for many: what a rule denies is left out of it."""
        def check(row, verb):
            self.group(allow={'read': [f'~/{row.grant}']})
            self.including()
            result = self.read(verb, ['--profile', 'with-group'], row)
            self.assert_status(1, result)
            self.assertEqual('', result.out)
        self.each(check)

    def test_own_rules(self):
        """Rules of a user's profile and group: whose they are is said, and lifting works alike."""
        home = self.world.home
        row = Row('own', 'vault', 'vault/secret', 'vault')
        self.private('home/vault/secret', SECRET)
        grant = ['--read', home / 'vault', '--profile']
        self.group(deny={'access': ['~/vault']})
        self.including()
        self.profile(deny=['$HOME/vault'])
        for verb in 'run', 'wrap':
            for profile, source in ('test', 'test'), ('with-group', 'test_group'):
                self.assert_denied(self.read(verb, [*grant, profile], row), row, source)
                lifted = [*grant, profile, '--bypass-protection', home / 'vault']
                self.assertEqual(SECRET, self.read(verb, lifted, row).out)

    def test_above(self):
        home = self.world.home
        def check(row, verb):
            result = self.read(verb, [self.flag(row), home / row.grant], row)
            self.assertNotIn(SECRET, result.out, row)
            # By names nonod knows in time to have it kept closed; closed.py says what that means.
            if verb == 'run' and row.lift != '.docker' and row.grant != 'moved':
                self.assert_status(1, result)
                self.assertIn('Permission denied', result.err)
            else:
                self.assert_refused(
                    result, str(home / (row.named or row.grant)), str(home / row.rule), row.group)
            # Lifting what is inside, or all of it, leaves an ordinary grant.
            for lift in row.rule, row.named or row.grant:
                result = self.read(verb, [self.flag(row), home / row.grant, '--bypass-protection', home / lift], row)
                self.assertEqual(SECRET, result.out, result)
        self.each(check, ABOVE)

    def test_denied_without_any_grant(self):
        def check(row, verb):
            result = self.read(verb, [], row)
            self.assert_status(1, result)
            self.assertEqual('', result.out)
        self.each(check, TABLE + ABOVE)

    def test_why(self):
        home = self.world.home
        for row in TABLE + ABOVE:
            with self.subTest(row=row.name):
                answer = self.why(home / row.secret)
                self.assertEqual(('denied', 'sensitive_path', f'group:{row.group}'),
                                 (answer['status'], answer['reason'], answer.get('policy_source')))
                self.assertIn('Path matches sensitive pattern', answer['details'])
                # With the path granted and the protection lifted it is allowed.
                lift = ['--bypass-protection', home / (row.lift or row.rule)]
                answer = self.why(home / row.secret, self.flag(row), home / row.grant, *lift)
                self.assertEqual(('allowed', 'granted_path'), (answer['status'], answer['reason']))
        for row in ABOVE:
            # Inside what is granted the rule still decides.
            answer = self.why(home / row.secret, self.flag(row), home / row.grant)
            self.assertEqual(('denied', 'sensitive_path'), (answer['status'], answer['reason']))

    def test_dry_run(self):
        home = self.world.home
        def check(row, verb):
            grant = [self.flag(row), home / row.grant]
            result = self.world.nono(verb, '--dry-run', *grant, '--', 'true')
            # A dry run answers by names alone: nonod looks at nobody's files, and wrap says the same.
            if row.lift != '.docker':
                self.assert_denied(result, row)
        self.each(check)

    def test_never(self):
        """What nothing lifts."""
        w = self.world
        self.private('home/.ssh/id_rsa', SECRET)
        self.private('home/.ssh/config', SECRET)
        row = Row('never', '.ssh/id_rsa', '.ssh/id_rsa', '.ssh/id_rsa', is_file=True)
        for verb in 'run', 'wrap':
            for path, flag in ((w.home / '.ssh/id_rsa', '--read-file'), (w.home / '.ssh', '--read'),
                               (w.home / '.gnupg', '--allow'), (w.home, '--read'), ('/', '--read')):
                (w.home / '.gnupg').mkdir(0o700, exist_ok=True)
                w.own(w.home / '.gnupg')
                result = self.read(verb, [flag, path, '--bypass-protection', path], row)
                self.assertEqual('', result.out)
                self.assert_refused(result, str(path))
        # The rule of the group comes first; without it there is still no way.
        self.assertEqual('sensitive_path', self.why(w.home / '.ssh/id_rsa')['reason'])
        self.assertEqual('never_grantable', self.why(w.home / '.config/systemd/user')['reason'])


class Administrator(Base):
    """What /etc/nono says, in a file system of our own: locked rules are beyond every user."""

    def setUp(self):
        super().setUp()
        self.need_root('to have its own /etc')
        shutil.rmtree('/etc/nono', ignore_errors=True)
        self.addCleanup(shutil.rmtree, '/etc/nono', ignore_errors=True)
        self.private('home/vault/secret', SECRET)
        self.row = Row('locked', 'vault', 'vault/secret', 'vault', 'company')
        self.grant = ['--read', self.world.home / 'vault']
        self.lift = ['--bypass-protection', self.world.home / 'vault']

    def administer(self, kind, name, content):
        folder = pathlib.Path('/etc/nono') / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))

    def lock(self, **content):
        self.administer('policy.d', 'company.json',
                        {'groups': {'company': {'description': 'Company rules', 'locked': True} | content}})

    def test_locked_paths(self):
        self.lock(deny={'access': ['~/vault']})
        self.profile(bypass_protection=['~/vault'], read=['~/vault'])
        self.profile('without', **{})
        w = self.world
        for verb in 'run', 'wrap':
            for flags in (self.grant, self.grant + self.lift, ['--profile', 'test'],
                          ['--profile', 'test', *self.grant, *self.lift], ['--profile', 'python-dev', '--net-allow',
                                                                          *self.grant, *self.lift]):
                with self.subTest(verb=verb, flags=flags):
                    result = self.read(verb, flags, self.row)
                    self.assertEqual('', result.out)
                    self.assert_refused(result, str(w.home / 'vault'), 'company')
        self.private('home/.config/nono/profiles/without.json', json.dumps({'groups': {'exclude': ['company']}}))
        for verb in 'run', 'wrap':
            self.assert_refused(self.read(verb, ['--profile', 'without'], self.row), 'company')
        answer = self.why(w.home / 'vault/secret')
        self.assertEqual(('sensitive_path', 'group:company'), (answer['reason'], answer['policy_source']))

    def test_locked_commands(self):
        self.lock(deny={'commands': ['cat']})
        w = self.world
        self.private('home/.config/nono/profiles/cats.json', json.dumps({'commands': {'allow': ['cat']}}))
        for verb in 'run', 'wrap':
            for flags in [], ['--allow-command', 'cat'], ['--profile', 'cats']:
                result = w.nono(verb, *flags, '--', 'cat', '/etc/hosts')
                self.assertEqual('', result.out)
                self.assert_status(125, result)
                self.assertRegex(result.err, 'nono: (blocked command: cat|--allow-command cat: group company)')

    def test_extended_group(self):
        """An administrator adds to a group that is there, a user cannot."""
        self.administer('policy.d', 'more.json',
                        {'groups': {'deny_credentials': {'deny': {'access': ['~/vault']}}}})
        row = dataclasses.replace(self.row, group='deny_credentials')
        for verb in 'run', 'wrap':
            self.assert_denied(self.read(verb, self.grant, row), row)
            self.assertEqual(SECRET, self.read(verb, self.grant + self.lift, row).out)

    def test_system_profile(self):
        """The user's profile of a name wins over the system's, which wins over the built-in one."""
        self.administer('profiles', 'python-dev.json', {'filesystem': {'read': ['~/vault']}})
        for verb in 'run', 'wrap':
            self.assertEqual(SECRET, self.read(verb, ['--profile', 'python-dev'], self.row).out)
        self.private('home/.config/nono/profiles/python-dev.json', '{}')
        for verb in 'run', 'wrap':
            self.assert_status(1, self.read(verb, ['--profile', 'python-dev'], self.row))

    def test_changed_while_running(self):
        """nonod notices a new rule without a restart."""
        self.assertEqual(SECRET, self.read('run', self.grant, self.row).out)
        self.lock(deny={'access': ['~/vault']})
        self.assert_refused(self.read('run', self.grant + self.lift, self.row), 'company')

    def test_bad_documents(self):
        for content in '{"groups": {"company": {"lokced": true}}}', '{', '[]':
            folder = pathlib.Path('/etc/nono/policy.d')
            folder.mkdir(parents=True, exist_ok=True)
            (folder / 'company.json').write_text(content)
            for verb in 'run', 'wrap':
                self.assert_refused(self.read(verb, self.grant, self.row), '/etc/nono/policy.d/company.json:1:')
        (folder / 'company.json').write_text('{"groups": {}}')
        os.chmod(folder / 'company.json', 0o666)
        for verb in 'run', 'wrap':
            self.assert_refused(self.read(verb, self.grant, self.row), '/etc/nono/policy.d/company.json')


def own_etc():
    """From here on /etc is a copy that this process and what it starts see alone."""
    if os.geteuid() != 0 or harness._libc.unshare(CLONE_NEWNS) != 0:
        return None
    copy = tempfile.TemporaryDirectory(prefix='nono-etc-', dir='/var/tmp')
    subprocess.run(['mount', '--make-rprivate', '/'], check=True)
    subprocess.run(['cp', '-a', '/etc/.', copy.name], check=True)
    os.chmod(copy.name, 0o755)
    subprocess.run(['mount', '--bind', copy.name, '/etc'], check=True)
    return copy


if __name__ == '__main__':
    etc = own_etc()
    cases = harness.for_each_user(Deny)
    if etc:
        cases += [type(f'Administrator_{user}', (Administrator,), {'user': user}) for user in harness.users()]
    harness.main(*cases)
