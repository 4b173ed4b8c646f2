#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policy documents that are wrong, too big, hostile or somebody else's: one line that says where and
what, exit status 125, and nothing is started. Once per user."""
import dataclasses
import json
import os

import harness

MIB = 1 << 20


def document(**sections):
    return json.dumps(sections)


# Text of a profile, and words of the one line that refuses it. @ stands for the file's name.
PROFILES = {
    # What is not JSON.
    'nothing': ('', '@', 'empty'),
    'no object': ('[]', '@:1:1', 'object'),
    'cut off': ('{"meta": {"name": "x"}', '@:1:'),
    'two documents': ('{}\n{}', '@:2:1'),
    'comma at the end': ('{"extends": [],}', '@:1:16'),
    'comment in plain JSON': ('// no\n{}', '@:1:1'),
    'single quotes': ("{'meta': {}}", '@:1:2'),
    'no UTF-8': (b'{"meta": {"name": "\xff"}}', '@:1:', 'UTF-8'),
    'a NUL byte': (b'{"meta":\0 {}}', '@:1:9'),
    'byte order mark': (b'\xef\xbb\xbf{}', '@:1:1'),
    'number out of range': ('{"network": {"open_port": [1e999]}}', '@:1:'),
    'deep': ('{"filesystem": {"read": ' + '[' * 50000 + ']' * 50000 + '}}', '@:1:', 'deep'),
    'deep objects': ('{"meta":' * 5000 + '{}' + '}' * 5000, '@:1:'),
    'too large': ('{' + ' ' * MIB + '}', '@', '1048576'),
    # What no profile says.
    'unknown section': ('{\n  "filesytem": {}\n}', '@:2:3', "'filesytem'", "did you mean 'filesystem"),
    'unknown key': ('{"filesystem":\n {"alow": []}}', '@:2:3', "'filesystem.alow'", "'filesystem.allow'"),
    'unlike any key': ('{"zzzzzzzzzzzz": 1}', '@:1:2', 'zzzzzzzzzzzz'),
    'unknown key of an item': ('{"filesystem": {"read": [{"path": "/x", "wen": "linux"}]}}', '@:1:'),
    'twice the same': ('{"filesystem": {},\n "filesystem": {}}', '@:2:2', 'duplicate'),
    'twice, escaped': ('{"meta": {"name": "a", "n\\u0061me": "b"}}', '@:1:', 'duplicate'),
    'twice, in two spellings': ('{"groups": {"include": []}, "security": {"groups": []}}', '@:1:', 'groups'),
    # Of the wrong type.
    'string for a section': ('{"filesystem": "x"}', '@:1:16', "'filesystem'", 'object'),
    'object for a list': ('{"filesystem": {"allow": {}}}', '@:1:26', "'filesystem.allow'"),
    'number for a path': ('{"filesystem": {"allow": [1]}}', '@:1:', 'filesystem.allow'),
    'null for a path': ('{"filesystem": {"allow": [null]}}', '@:1:', 'filesystem.allow'),
    'string for a truth': ('{"network": {"block": "yes"}}', '@:1:23', "'network.block'"),
    'no such word': ('{"workdir": {"access": "rw"}}', '@:1:', "'workdir.access'", 'readwrite'),
    'port 0': ('{"network": {"open_port": [0]}}', '@:1:', 'network.open_port'),
    'port 65536': ('{"network": {"open_port": [65536]}}', '@:1:', 'network.open_port'),
    'half a port': ('{"network": {"open_port": [80.5]}}', '@:1:', 'network.open_port'),
    'port as text': ('{"network": {"open_port": ["80"]}}', '@:1:', 'network.open_port'),
    'list for a name': ('{"meta": {"name": ["x"]}}', '@:1:', "'meta.name'"),
    'set_vars of numbers': ('{"environment": {"set_vars": {"A": 1}}}', '@:1:', 'environment.set_vars'),
    # Paths that are none.
    'NUL in a path': ('{"filesystem": {"read": ["/tmp/\\u0000/etc"]}}', '@:1:', 'NUL'),
    'empty path': ('{"filesystem": {"read": [""]}}', '@:1:', 'empty'),
    'endless path': (document(filesystem={'read': ['/' + 'x' * 5000]}), '@:1:', 'longer'),
    'unknown variable': ('{"filesystem": {"read": ["$HOMEX/y"]}}', '@', 'HOMEX'),
    'unknown variable in braces': ('{"filesystem": {"read": ["${PATH}/y"]}}', '@', 'PATH'),
    'open brace': ('{"filesystem": {"read": ["${HOME/y"]}}', '@', '${HOME'),
    # What no session may have.
    'everything': ('{"filesystem": {"read": ["/"]}}', '@:1', '/'),
    'everything, with dots': ('{"filesystem": {"allow": ["$HOME/../../../../../../../.."]}}', '@:1', '/'),
    'all of home': ('{"filesystem": {"read": ["~"]}}', '@:1'),
    'dots into what is protected': ('{"filesystem": {"read_file": ["/usr/../etc/shadow"]}}', '@:1', '/etc/shadow'),
    'a private key': ('{"filesystem": {"read_file": ["~/.ssh/id_rsa"], "bypass_protection": ["~/.ssh"]}}',
                      '@:1', '.ssh/id_rsa'),
    'what is denied': ('{"filesystem": {"read": ["~/.aws"]}}', '@:1', '.aws', 'deny_credentials',
                       '--bypass-protection'),
    # Names that lead nowhere.
    'unknown group': ('{"groups": {"include": ["pyton_runtime"]}}', '@:1', 'pyton_runtime', 'python_runtime'),
    'unknown excluded group': ('{"groups": {"exclude": ["no_such_group_at_all"]}}', '@:1', 'no_such_group_at_all'),
    'required group excluded': ('{"groups": {"exclude": ["deny_credentials"]}}', '@:1', 'deny_credentials'),
    'unknown base': ('{"extends": "python-deb"}', '@', 'python-deb', 'python-dev'),
    'itself': ('{"extends": ["default", "bad"]}', 'bad'),
    'unknown network profile': ('{"network": {"network_profile": "develper"}}', '@:1', 'develper', 'developer'),
    # Variables of the environment that decide what programs load.
    'loader variable': ('{"environment": {"set_vars": {"LD_PRELOAD": "/tmp/x.so"}}}', '@:1', 'LD_PRELOAD'),
    'a variable of nono': ('{"environment": {"set_vars": {"NONO_X": "1"}}}', '@:1', 'NONO_X'),
    'a name that is none': ('{"environment": {"set_vars": {"A=B": "1"}}}', '@:1', 'A=B'),
}
# What a user's policy.d may not say.
GROUPS = {
    'a group that is there': ({'groups': {'deny_credentials': {'allow': {'read': ['~/.ssh']}}}},
                              '@:1', 'deny_credentials'),
    'a lock': ({'groups': {'mine': {'locked': True}}}, '@:1', 'locked'),
    'unknown key': ({'groups': {'mine': {'alow': {}}}}, '@:1', 'alow', 'allow'),
    'unknown access': ({'groups': {'mine': {'allow': {'wriet': []}}}}, '@:1', 'wriet', 'write'),
    'no name': ({'groups': {'a b': {}}}, '@:1', 'a b'),
    'wrong type': ({'groups': []}, '@:1'),
}
CONTRADICTIONS = [
    ('--net-block', '--net-allow'),
    ('--net-allow', '--network-profile', 'developer'),
    ('--net-allow', '--allow-domain', 'example.org'),
    ('--rollback', '--no-rollback'),
    ('--profile', 'default', '--profile', 'python-dev'),
]


class BadPolicy(harness.TestCase):
    def setUp(self):
        super().setUp()
        w = self.world
        self.config = w.directory('home/.config/nono', 0o700)
        w.own(w.home / '.config')
        w.directory('home/.ssh', 0o700)
        w.directory('home/.aws', 0o700)
        for name in 'profiles', 'policy.d', 'network.d':
            w.directory(f'home/.config/nono/{name}', 0o700)

    def save(self, name, text, mode=0o600):
        """A file below nono's configuration."""
        path = self.config / name
        path.unlink(missing_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return self.world.own(path)

    def assert_nothing_starts(self, flags, *words, verbs=('run', 'wrap')):
        """With any verb the same one line, and no trace of the command."""
        w = self.world
        marker = w.project / 'started'
        for verb in verbs:
            with self.subTest(verb=verb):
                result = w.nono(verb, *flags, '--allow-cwd', '--', 'touch', marker)
                self.assertFalse(marker.exists(), result)
                self.assertEqual('', result.out)
                self.assert_refused(result, *words)
                self.assertNotIn('\x1b', result.err)
        result = w.nono('why', *flags, '--path', '/usr')
        if result.status == 0:  # there is an answer, and that it is one about nothing that would start
            self.assertIn('would refuse this', result.err)
            result = dataclasses.replace(result, status=125, err=result.err.splitlines()[0])
            words = words[:1]
        self.assert_refused(result, *words)

    def test_profiles(self):
        for name, (text, *words) in PROFILES.items():
            with self.subTest(profile=name):
                path = self.save('profiles/bad.json', text)
                words = [word.replace('@', str(path)) for word in words]
                self.assert_nothing_starts(['--profile', 'bad'], *words)
                self.assert_nothing_starts(['--profile', path], *words, verbs=('wrap',))

    def test_groups(self):
        for name, (content, *words) in GROUPS.items():
            with self.subTest(groups=name):
                path = self.save('policy.d/bad.json', json.dumps(content))
                # Whoever brings it along is told, also when the profile does not use it.
                self.assert_nothing_starts([], *[word.replace('@', str(path)) for word in words])

    def test_network(self):
        path = self.save('network.d/bad.json', '{"profiles": {"x": {"grops": []}}}')
        self.assert_nothing_starts([], f'{path}:1:', 'grops', 'groups')
        self.save('network.d/bad.json', '{"profils": {}}')
        self.assert_nothing_starts([], f'{path}:1:2', 'profiles')

    def test_limits_that_hold(self):
        """Just below every limit it works."""
        w = self.world
        self.save('profiles/big.json', '{' + ' ' * (MIB - 2) + '}')
        self.assert_status(0, w.nono('run', '--profile', 'big', '--', 'true'))
        many = [f'/usr/share/{i}' for i in range(1000)]
        self.save('profiles/big.json', document(filesystem={'read': many}))
        self.assert_status(0, w.nono('run', '--profile', 'big', '--', 'true'))
        self.assert_status(0, w.nono('wrap', '--profile', 'big', '--', 'true'))
        for i in range(9):
            self.save(f'profiles/chain-{i}.json', document(extends=f'chain-{i + 1}'))
        self.save('profiles/chain-9.json', '{}')
        self.assert_status(0, w.nono('run', '--profile', 'chain-1', '--', 'true'))

    def test_bases(self):
        self.save('profiles/one.json', document(extends='two'))
        self.save('profiles/two.json', document(extends=['default', 'three']))
        self.save('profiles/three.json', document(extends='one'))
        self.assert_nothing_starts(['--profile', 'one'], 'one', 'two', 'three')
        for i in range(30):
            self.save(f'profiles/long-{i}.json', document(extends=f'long-{i + 1}'))
        self.save('profiles/long-30.json', '{}')
        self.assert_nothing_starts(['--profile', 'long-0'], 'long-', '10')
        self.assert_nothing_starts(['--profile', 'no-such-profile'], 'Profile not found', 'no-such-profile')
        self.assert_nothing_starts(['--profile', 'pyton-dev'], 'python-dev')
        self.assert_nothing_starts(['--profile', './missing.json'], 'missing.json')
        self.assert_nothing_starts(['--profile', ''], 'profile')
        # A base that is wrong is named by its own file.
        self.save('profiles/base.json', '{"x": 1}')
        self.save('profiles/child.json', document(extends='base'))
        self.assert_nothing_starts(['--profile', 'child'], 'profiles/base.json:1:2')

    def test_whose_files(self):
        """Files others could have written, or nobody can read."""
        w = self.world
        for name, flags in (('profiles/bad.json', ['--profile', 'bad']), ('policy.d/bad.json', [])):
            for mode, word in (0o666, 'writ'), (0o602, 'writ'), (0o000, 'bad.json'):
                if mode or os.geteuid() != 0 or w.user != 'self':
                    with self.subTest(file=name, mode=oct(mode)):
                        path = self.save(name, '{}' if flags else '{"groups": {}}', mode)
                        self.assert_nothing_starts(flags, str(path), word)
            (self.config / name).unlink()
        if os.geteuid() == 0:
            path = self.save('profiles/bad.json', '{}')
            os.chown(path, 12345, 12345)
            self.assert_nothing_starts(['--profile', 'bad'], str(path))
            path.unlink()
        # The same with its directories: whoever can write there can put anything there.
        self.save('profiles/bad.json', '{}')
        for folder in self.config / 'profiles', self.config:
            with self.subTest(folder=folder.name):
                mode = folder.stat().st_mode
                folder.chmod(0o777)
                self.assert_nothing_starts(['--profile', 'bad'], str(folder), 'writ')
                folder.chmod(mode)
        self.assert_status(0, w.nono('run', '--profile', 'bad', '--', 'true'))

    def test_no_regular_file(self):
        """Nothing that hangs, never ends or is no file at all."""
        w = self.world
        path = self.config / 'profiles/bad.json'
        for make in (lambda: os.mkfifo(path), lambda: os.mkdir(path), lambda: os.symlink('bad.json', path),
                     lambda: os.symlink('/dev/zero', path), lambda: os.symlink('/proc/self/mem', path)):
            make()
            os.chown(path, w.uid, w.gid, follow_symlinks=False)
            for verb in 'run', 'wrap':
                result = w.nono(verb, '--profile', 'bad', '--', 'true', timeout=20)
                self.assert_refused(result, 'bad.json')
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()

    def test_linked_directories(self):
        """All of the configuration may be kept elsewhere, as long as nobody else can write there; its
        directories may not each be somewhere else."""
        w = self.world
        elsewhere = w.directory('home/dotfiles', 0o700)
        self.save('profiles/mine.json', '{}')
        os.rename(self.config, elsewhere / 'nono')
        os.symlink(elsewhere / 'nono', self.config)
        for verb in 'run', 'wrap':
            self.assert_status(0, w.nono(verb, '--profile', 'mine', '--', 'true'))
            # Nothing of it can be granted under the other name.
            for granted in elsewhere, elsewhere / 'nono', elsewhere / 'nono/profiles':
                self.assert_refused(w.nono(verb, '--allow', granted, '--', 'true'), str(elsewhere))
        elsewhere.chmod(0o777)
        self.assert_nothing_starts(['--profile', 'mine'], 'writ')
        elsewhere.chmod(0o700)
        for name in 'profiles', 'policy.d', 'network.d':
            os.rename(elsewhere / 'nono' / name, elsewhere / name)
            os.symlink(elsewhere / name, elsewhere / 'nono' / name)
            self.assert_nothing_starts(['--profile', 'mine'], str(self.config / name), 'symbolic link')
            os.unlink(elsewhere / 'nono' / name)
            os.rename(elsewhere / name, elsewhere / 'nono' / name)

    def test_contradictions(self):
        for flags in CONTRADICTIONS:
            with self.subTest(flags=flags):
                self.assert_nothing_starts(flags)

    def test_project(self):
        """A project's file is read like a profile, and refused like one."""
        w = self.world
        for name, (text, *words) in PROFILES.items():
            if '@:1:' not in words[0]:
                continue
            with self.subTest(project=name):
                path = w.project / '.nono.json'
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
                w.own(path)
                self.assert_nothing_starts([], words[0].replace('@', str(path)))


if __name__ == '__main__':
    harness.main(*harness.for_each_user(BadPolicy))
