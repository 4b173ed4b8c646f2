#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attempts to be granted what policy refuses: by names that say one thing and mean another, by
documents that were planted or forged, by the environment, and by swapping between decision and use.
Once per user."""
import contextlib
import ctypes
import json
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'integration'))
import harness  # noqa: E402
from client import Client, as_user  # noqa: E402

SECRET = 'do not read me\n'
RENAME_EXCHANGE, SYS_RENAMEAT2, AT_FDCWD = 2, 316, -100


class Policies(harness.TestCase):
    def setUp(self):
        super().setUp()
        w = self.world
        for name in '.aws', '.config', '.config/nono', '.config/nono/profiles', '.config/nono/policy.d', 'plain':
            w.directory(f'home/{name}', 0o700)
        self.secret = w.file('home/.aws/credentials', SECRET)
        w.file('home/plain/credentials', 'harmless\n')

    def link(self, path, target):
        os.symlink(target, path)
        return self.world.own(path)

    def profile(self, name, **sections):
        return self.world.file(f'home/.config/nono/profiles/{name}.json', json.dumps(sections), 0o600)

    def try_secret(self, *flags, secret=None, **options):
        """With every verb that starts something the secret stays outside."""
        results = []
        for verb in 'run', 'wrap':
            with self.subTest(verb=verb, flags=[str(f) for f in flags]):
                result = self.world.nono(verb, *flags, '--', 'cat', secret or self.secret, **options)
                self.assertNotIn(SECRET, result.out, result)
                self.assertNotEqual(0, result.status, result)
                results.append(result)
        return results

    # Names

    def test_other_names_of_a_denied_path(self):
        home = self.world.home
        self.link(home / 'one', '.aws')
        self.link(home / 'two', 'one/../.aws')
        self.link(home / 'plain/up', '..')
        for name in ('.aws', '.aws/', '.aws/.', './.aws', './/.aws//', 'plain/../.aws', 'one', 'two', 'one/.',
                     'plain/up/.aws', 'plain/up/plain/up/.aws', '.aws/../.aws', 'nothing/../.aws'):
            self.try_secret('--read', f'{home}/{name}')
            self.try_secret('--read', name, cwd=home)
            self.try_secret('--allow', f'{home}/{name}')
        for name in ('.aws/credentials', 'one/credentials', '.aws/./credentials', 'plain/up/one/credentials'):
            self.try_secret('--read-file', f'{home}/{name}')
        # What the kernel calls the same in other words.
        for prefix in '/proc/self/root', '/proc/thread-self/root', '/proc/self/task/../root':
            self.try_secret('--read', f'{prefix}{home}/.aws')
            self.try_secret('--read-file', f'{prefix}{home}/.aws/credentials')
        self.try_secret('--read', '/proc/self/cwd/.aws', cwd=home)
        self.try_secret('--read', '/proc/self/cwd', cwd=home / '.aws')
        self.try_secret('--allow-cwd', cwd=home / '.aws')
        self.try_secret('--allow-cwd', '--workdir', home / 'one')
        with open(self.secret) as file:
            self.try_secret('--read-file', f'/proc/self/fd/{file.fileno()}', pass_fds=[file.fileno()])
            self.try_secret('--read-file', f'/dev/fd/{file.fileno()}', pass_fds=[file.fileno()])

    def test_other_names_in_a_profile(self):
        """The same from a profile: missing grants are no error there, denied ones must not slip through."""
        w = self.world
        self.link(w.home / 'one', '.aws')
        self.link(w.project / 'two', self.secret)
        for path in ('~/one', '$HOME/one', '~/plain/../.aws', '/proc/self/root$HOME/.aws', '$WORKDIR/../home/one',
                     '$HOME//one/.', '${HOME}/one'):
            for key in 'read', 'allow', 'write':
                self.profile('test', filesystem={key: [path]})
                self.try_secret('--profile', 'test')
        for path in '~/one/credentials', '$WORKDIR/two', f'{w.project}/two', 'two':
            for key in 'read_file', 'allow_file', 'read':
                self.profile('test', filesystem={key: [path]})
                self.try_secret('--profile', 'test')
                w.file('home/.config/nono/policy.d/test.json',
                       json.dumps({'groups': {'mine': {'allow': {'read': [path]}}}}), 0o600)
                self.profile('test', groups={'include': ['mine']})
                self.try_secret('--profile', 'test')
                (w.home / '.config/nono/policy.d/test.json').unlink()

    def test_lifting_one_path_lifts_no_other(self):
        w = self.world
        (w.home / '.aws2').mkdir()
        w.own(w.home / '.aws2')
        w.directory('home/.kube')
        for lifted in '.aws2', '.kube', '.aws/other', '.aw':
            granted = w.home / lifted
            granted.exists() or (granted.mkdir(), w.own(granted))
            self.try_secret('--read', w.home / '.aws', '--read', granted, '--bypass-protection', granted)
        self.try_secret('--read', w.home / '.aws/other', '--bypass-protection', w.home / '.aws/other')
        # Lifted at the top, as somebody might try to be rid of all of it.
        self.try_secret('--bypass-protection', '/')
        self.try_secret('--bypass-protection', w.home)

    def test_links_made_after_the_daemon_started(self):
        """nonod lives long; where things are kept may change meanwhile."""
        w = self.world
        self.assert_status(0, w.sandbox('true'))
        dotfiles = w.directory('home/dotfiles', 0o700)
        for name in '.aws', '.config':
            os.rename(w.home / name, dotfiles / name[1:])
            self.link(w.home / name, f'dotfiles/{name[1:]}')
        self.try_secret('--read', dotfiles / 'aws', secret=dotfiles / 'aws/credentials')
        self.try_secret('--read-file', dotfiles / 'aws/credentials', secret=dotfiles / 'aws/credentials')
        self.try_secret('--read', dotfiles, secret=dotfiles / 'aws/credentials')
        for verb in 'run', 'wrap':
            for granted in dotfiles / 'config', dotfiles / 'config/nono', dotfiles:
                with self.subTest(verb=verb, granted=granted):
                    planted = dotfiles / 'config/nono/policy.d/planted.json'
                    result = w.nono(verb, '--allow', granted, '--bypass-protection', dotfiles, '--', 'touch', planted)
                    self.assertFalse(planted.exists(), result)

    # Between decision and use

    def test_swapped_while_deciding(self):
        """A link that leads to something harmless at every look but one."""
        w = self.world
        self.link(w.project / 'way', w.home / 'plain')
        self.link(w.project / 'other', w.home / '.aws')
        self.link(w.project / 'file', w.home / 'plain/credentials')
        self.link(w.project / 'other-file', self.secret)
        self.profile('test', filesystem={'read': [f'{w.project}/way'], 'read_file': [f'{w.project}/file']})
        attacker = os.fork()
        if attacker == 0:
            libc = ctypes.CDLL(None)
            os.chdir(w.project)
            while True:
                for a, b in (b'way', b'other'), (b'file', b'other-file'):
                    libc.syscall(SYS_RENAMEAT2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)
                # Long enough to be caught as it was, now and then.
                time.sleep(0.001 * (time.monotonic_ns() // 1000 % 5))
        seen = 0
        try:
            end = time.monotonic() + 6
            while time.monotonic() < end:
                for flags in (['--read', w.project / 'way'], ['--read-file', w.project / 'file'],
                              ['--profile', 'test']):
                    for verb in 'run', 'wrap':
                        for path in w.project / 'way/credentials', w.project / 'file', self.secret:
                            result = w.nono(verb, *flags, '--', 'cat', path)
                            self.assertNotIn(SECRET, result.out, f'{verb} {flags}')
                            seen += 'harmless' in result.out
        finally:
            os.kill(attacker, signal.SIGKILL)
            os.waitpid(attacker, 0)
        self.assertGreater(seen, 0, 'nothing was ever granted, so nothing was tried')

    # Documents

    def test_project_file(self):
        """Whoever writes to a project decides nothing until the user has looked."""
        w = self.world
        project = w.project / '.nono.json'
        w.file('home/plain/more', 'granted by a project\n')
        wide = {'filesystem': {'allow': ['~/plain'], 'read_file': ['~/.aws/credentials'], 'read': ['~/.aws'],
                               'bypass_protection': ['~/.aws']},
                'groups': {'include': ['python_runtime'], 'exclude': ['dangerous_commands']},
                'commands': {'allow': ['rm']}, 'environment': {'set_vars': {'LD_PRELOAD': '/tmp/x.so', 'A': 'b'}},
                'workdir': {'access': 'readwrite'}, 'extends': ['claude-code'],
                'security': {'signal_mode': 'allow_all', 'ipc_mode': 'full'}}
        for key in [*wide, None]:
            project.write_text(json.dumps(wide if key is None else {key: wide[key]}))
            w.own(project)
            for verb in 'run', 'wrap':
                with self.subTest(key=key, verb=verb):
                    for path in self.secret, w.home / 'plain/more', project:
                        result = w.nono(verb, '--', 'cat', path)
                        self.assertEqual((1, ''), (result.status, result.out), result)
                    self.assertIn('trust-project', result.err)
                    result = w.nono(verb, '--', 'sh', '-c', 'echo $A $LD_PRELOAD')
                    self.assertEqual('\n', result.out, result)
                    self.assert_status(125, w.nono(verb, '--', 'rm', '--version'))
        # A user's look makes it count, and nothing else does; the bypass still needs what it says.
        project.write_text(json.dumps({'filesystem': {'read': ['~/plain']}}))
        self.assert_status(0, w.nono('trust-project', '--yes', w.project))
        for verb in 'run', 'wrap':
            self.assertEqual('granted by a project\n', w.nono(verb, '--', 'cat', w.home / 'plain/more').out)
        project.write_text(json.dumps({'filesystem': {'read': ['~/plain', '~/.aws'],
                                                      'bypass_protection': ['~/.aws']}}))
        self.try_secret()
        # Not under another name, and not elsewhere.
        self.assert_status(0, w.nono('trust-project', '--yes', w.project))
        elsewhere = w.directory('home/elsewhere')
        os.rename(project, elsewhere / '.nono.json')
        self.try_secret(cwd=elsewhere)

    def test_project_file_hides_no_other(self):
        """What a session plants in a directory must not make the next one overlook what is above."""
        w = self.world
        top, sub = w.directory('home/work'), w.directory('home/work/sub')
        w.file('home/work/.nono.json', '{"commands": {"deny": ["true"]}, "filesystem": {"read": ["~/plain"]}}')
        w.file('home/plain/more', 'granted by a project\n')
        self.assert_status(0, w.nono('trust-project', '--yes', top))
        for planted in None, '.nono.json', '.nono.jsonc':
            if planted:
                self.assert_status(0, w.nono('run', '--allow-cwd', '--', 'sh', '-c', f'echo "{{}}" > {planted}',
                                             cwd=sub))
            for verb in 'run', 'wrap':
                with self.subTest(planted=planted, verb=verb):
                    self.assert_status(125, w.nono(verb, '--', 'true', cwd=sub))
                    if planted != '.nono.jsonc':
                        self.assert_status(0, w.nono(verb, '--', 'cat', w.home / 'plain/more', cwd=sub))
                    else:
                        self.assert_refused(w.nono(verb, '--', 'echo', cwd=sub), 'which one counts')

    def test_trust_cannot_be_forged(self):
        """What was trusted is kept where no session writes."""
        w = self.world
        state = w.directory('home/.local/state/nono/trusted-projects', 0o700)
        for folder in (w.home / '.local', w.home / '.local/state', w.home / '.local/state/nono'):
            w.own(folder)
        for verb in 'run', 'wrap':
            for path in state, state.parent, state.parent.parent, w.home / '.local':
                self.assert_refused(w.nono(verb, '--allow', path, '--', 'true'))

    def test_project_file_that_is_something_else(self):
        w = self.world
        project = w.project / '.nono.json'
        for make in (lambda: project.symlink_to(self.secret), lambda: os.mkfifo(project), project.mkdir,
                     lambda: project.symlink_to('/dev/zero'), lambda: project.write_bytes(b'{' * (2 << 20))):
            make()
            os.chown(project, w.uid, w.gid, follow_symlinks=False)
            for verb in 'run', 'wrap':
                result = w.nono(verb, '--', 'true', timeout=20)
                self.assertNotIn('do not', result.err)
                self.assert_refused(result, '.nono.json')
            project.rmdir() if project.is_dir() else project.unlink()

    def test_forged_documents(self):
        """A client that is not nono sends documents that claim to be more than they are."""
        w = self.world
        self.assert_status(0, w.sandbox('true'))
        grant = {'path': str(w.home / '.aws'), 'access': 'read', 'isFile': False}

        def document(kind, origin, content, **more):
            text = content if isinstance(content, str) else json.dumps(content)
            return {'kind': kind, 'origin': origin, 'file': '/etc/nono/policy.d/x.json', 'text': text, **more}
        deny = {'groups': {'deny_credentials': {'description': 'x'}}}
        requests = [
            {'documents': [document('groups', 'user', deny)]},
            {'documents': [document('groups', 'project', deny)]},
            {'documents': [document('profile', 'user', {'groups': {'exclude': ['deny_credentials']}}, name='p')],
             'profile': 'p'},
            {'documents': [document('profile', 'user', '{' * 100000, name='p')], 'profile': 'p'},
            {'documents': [document('profile', 'user', '{}\0{}', name='p')], 'profile': 'p'},
            {'documents': [document('profile', 'user', '{"extends": "p"}', name='p')], 'profile': 'p'},
            {'documents': [document('profile', 'user', '{}', name='../p')], 'profile': '../p'},
            {'documents': [document('profile', 'user', '{}')] * 300},
            {'profile': 'a' * 100000}, {'profile': ''}, {'profile': 'x\0y'},
            # What is lifted is the user's word; but it has to be a name as it should be.
            {'bypassProtection': [{'path': f'{w.home}/.aws/../.aws'}]},
            {'bypassProtection': [{'path': '.aws'}]}, {'bypassProtection': [{'path': ''}]},
            {'bypassProtection': [{'path': '/%00', 'escaped': True}]},
        ]
        grants = [grant, grant | {'path': f'{w.home}/%2eaws', 'escaped': True},
                  grant | {'path': f'{w.home}/plain/%2e%2e/.aws', 'escaped': True},
                  grant | {'path': f'{w.home}/plain%2f..%2f.aws', 'escaped': True},
                  grant | {'path': f'{w.home}/.aws%00/x', 'escaped': True},
                  grant | {'path': f'{w.home}/.aws/'}, grant | {'path': f'{w.home}//.aws'},
                  grant | {'path': '.aws'}, grant | {'path': ''}, grant | {'path': '/proc/self/root' + str(w.home) + '/.aws'},
                  grant | {'source': 'system'}, grant | {'source': 'group:system_read_linux_core'}]

        def attack():
            ours, theirs = os.pipe2(os.O_NONBLOCK)
            null = os.open('/dev/null', os.O_RDWR)
            for context in [*({'grants': [grant], **r} for r in requests), *({'grants': [g]} for g in grants)]:
                try:
                    reply, channel = Client(str(w.runtime)).run('cat', str(self.secret), stdio=(null, theirs, null),
                                                                **context)
                except (OSError, EOFError):
                    continue  # it hung up: as good as a refusal
                if 'error' not in reply:
                    while channel.recv(4096)[:1] not in (b'f', b'x', b''):
                        pass
                with contextlib.suppress(BlockingIOError):
                    if SECRET.encode() in os.read(ours, 65536):
                        print(f'{context} opened it: {reply}', file=sys.stderr)
                        return 9
        self.assertEqual(0, as_user(self.world, attack))
        self.assert_status(0, w.sandbox('true'))
        self.assertEqual(1, len(w.daemons()))

    # The environment

    def test_environment_of_the_caller(self):
        """Variables that move home, configuration or temporary files."""
        w = self.world
        account = w.directory('home/account', 0o700)
        for variables in ({'XDG_CONFIG_HOME': str(account)}, {'XDG_CONFIG_HOME': ''}, {'XDG_STATE_HOME': '/'},
                          {'XDG_CONFIG_HOME': 'relative'}, {'TMPDIR': str(w.home / '.aws')}, {'TMPDIR': '/'},
                          {'TMPDIR': 'relative'}, {'PWD': str(w.home / '.aws')}, {'NONO_PROFILE': '../x'},
                          {'NONO_ALLOW': str(w.home / '.aws')}, {'NONO_SYSTEM_POLICY_DIR': str(account)}):
            for profile in 'default', 'openclaw', 'claude-code':
                self.try_secret('--profile', profile, env=variables)
        self.profile('tmp', filesystem={'read': ['$TMPDIR', '$TMPDIR/x', '$XDG_CACHE_HOME', '$XDG_DATA_HOME']})
        for name in 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_DATA_HOME':
            self.try_secret('--profile', 'tmp', env={name: str(w.home / '.aws')})
            self.try_secret('--profile', 'tmp', env={name: f'{w.home}/plain/../.aws'})

    def test_configuration_elsewhere(self):
        """Nobody may write to the configuration that the next command line will believe, also when
        nonod was started with another environment."""
        w = self.world
        self.assert_status(0, w.sandbox('true'))
        for name in 'alt', 'alt/nono', 'alt/nono/policy.d':
            w.directory(f'home/{name}', 0o700)
        env = {'XDG_CONFIG_HOME': str(w.home / 'alt')}
        for verb in 'run', 'wrap':
            for granted in 'alt/nono/policy.d', 'alt/nono', 'alt':
                with self.subTest(verb=verb, granted=granted):
                    planted = w.home / 'alt/nono/policy.d/x.json'
                    result = w.nono(verb, '--allow', w.home / granted, '--', 'touch', planted, env=env)
                    self.assert_refused(result, "nono's configuration")
                    self.assertFalse(planted.exists())
        profile = w.file('project/place.json', '{"filesystem": {"allow": ["$XDG_CONFIG_HOME/tool"]}}')
        w.directory('home/alt/tool')
        self.assert_status(0, w.nono('run', '-p', profile, '--', 'touch', w.home / 'alt/tool/x', env=env))
        self.assertTrue((w.home / 'alt/tool/x').exists())

    def test_loader_variables(self):
        """Nothing makes a variable pass that decides what every program loads."""
        w = self.world
        self.profile('loads', environment={'allow_vars': ['*', 'LD_*'], 'deny_vars': []})
        for verb in 'run', 'wrap':
            for flags in [], ['--profile', 'loads'], ['--env', 'LD_LIBRARY_PATH'], ['--env', 'LD_LIBRARY_PATH=/x']:
                result = w.nono(verb, *flags, '--', 'sh', '-c', 'echo "[$LD_LIBRARY_PATH$LD_PRELOAD$LD_AUDIT]"',
                                env={'LD_LIBRARY_PATH': '/tmp/evil', 'LD_AUDIT': ''})
                if result.status == 125:
                    continue
                self.assertEqual('[]\n', result.out, result)

    # Size

    def test_much_of_everything(self):
        """What is allowed by count keeps nobody waiting, and what is not is refused."""
        w = self.world
        self.assert_status(0, w.sandbox('true'))
        paths = [f'/srv/{i}/{"x" * 40}' for i in range(4000)]
        profiles = {'denies': {'filesystem': {'deny': paths, 'read': paths[::-1]}},
                    'grants': {'filesystem': {'read': paths, 'allow': paths, 'write_file': paths}},
                    'lifts': {'filesystem': {'deny': paths, 'read': paths, 'bypass_protection': paths}},
                    'words': {'commands': {'deny': paths, 'allow': paths}},
                    'values': {'environment': {'set_vars': {f'V{i}': 'x' * 100 for i in range(4000)}}},
                    'groups': {'groups': {'include': ['python_runtime'] * 4000}}}
        for name, sections in profiles.items():
            self.profile(name, **sections)
            for verb in 'run', 'wrap':
                with self.subTest(profile=name, verb=verb):
                    start = time.monotonic()
                    result = w.nono(verb, '--profile', name, '--', 'true', timeout=30)
                    self.assertIn(result.status, (0, 125), result)
                    self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(1, len(w.daemons()))

    # The question

    def test_questions_from_inside(self):
        """A session may ask about itself; it learns nothing of others and starts nothing."""
        w = self.world
        result = w.sandbox(w.nono_path, 'run', '--', 'true', grants=['--allow-cwd', '--read', w.root / 'bin'])
        self.assertNotEqual(0, result.status, result)
        result = w.sandbox(w.nono_path, 'ps', grants=['--allow-cwd', '--read', w.root / 'bin'])
        self.assertNotEqual(0, result.status, result)
        script = f'cd {w.runtime}/nono && ls -a; cat io.nono.Manager'
        self.assertEqual('', w.sandbox('sh', '-c', script).out)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Policies))
