#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Caller context: a command run by nono has every kernel attribute of who ran it and never more,
although a supervisor that was started by somebody else starts it. One test per attribute, each
against a nonod that runs already. Once per user."""
import os
import pathlib
import re
import shutil

import harness


class Base(harness.TestCase):
    def setUp(self):
        super().setUp()
        # Whoever comes first starts the nonod that the others find.
        self.assert_status(0, self.world.sandbox('true'))
        self.assertEqual(1, len(self.world.daemons()))

    def line(self, *argv, **options):
        result = self.world.run(*argv, **options)
        self.assert_status(0, result)
        return result.out.strip()

    def stop_daemon(self):
        for pid in self.world.daemons():
            os.kill(pid, 15)
        self.assertTrue(harness.wait_until(lambda: harness.reap() or not self.world.daemons()))


class Context(Base):
    def inside_and_outside(self, command, *wrapper):
        """What command says below wrapper, and what it says there through nono run."""
        self.need(*wrapper[:1])
        script = f'{command}; exec {self.world.nono_path} run -- {command}'
        result = self.world.run(*wrapper, 'sh', '-c', script)
        if 'unshare' in wrapper and 'unshare failed' in result.err:
            self.skipTest(result.err.strip())
        self.assert_status(0, result)
        lines = result.out.split('\n')
        self.assertEqual(3, len(lines), result)
        return lines[0], lines[1]

    def assert_same(self, command, *wrapper, differs=True):
        """The same below wrapper and inside nono there; and with differs not what it is here."""
        outside, inside = self.inside_and_outside(command, *wrapper)
        self.assertEqual(outside, inside)
        if differs:
            self.assertNotEqual(self.line(*command.split()), inside)
        self.assert_status(0, self.world.sandbox('true'))  # the first nonod still serves

    def unshare(self, *options):
        return ('unshare', *(() if os.geteuid() == self.world.uid == 0 else ('-r',)), *options)

    def test_network_namespace(self):
        self.assert_same('readlink /proc/self/ns/net', *self.unshare('-n'))

    def test_network_is_not_given_back(self):
        # Not only the name of the namespace: what it means.
        outside, inside = self.inside_and_outside('grep -c : /proc/net/dev', *self.unshare('-n'))
        self.assertEqual(('1', '1'), (outside, inside))

    def test_mount_namespace(self):
        self.assert_same('readlink /proc/self/ns/mnt', *self.unshare('-m'))

    def test_ipc_namespace(self):
        self.assert_same('readlink /proc/self/ns/ipc', *self.unshare('-i'))

    def test_uts_namespace(self):
        self.assert_same('readlink /proc/self/ns/uts', *self.unshare('-u'))

    def test_cgroup_namespace(self):
        self.assert_same('readlink /proc/self/ns/cgroup', *self.unshare('-C'))

    def test_user_namespace(self):
        self.assert_same('readlink /proc/self/ns/user', 'unshare', '-r')

    def test_pid_namespace(self):
        self.assert_same('readlink /proc/self/ns/pid',
                         *self.unshare('-p', '-f', '--kill-child', '--mount-proc'))

    def test_pid_namespace_of_children(self):
        # The shell is outside, all it starts inside; init there is the first of them.
        result = self.world.run(
            *self.unshare('-p'), 'sh', '-c',
            f'{self.world.nono_path} run -- readlink /proc/self/ns/pid; true')
        if 'unshare failed' in result.err:
            self.skipTest(result.err.strip())
        self.assertNotEqual(self.line('readlink', '/proc/self/ns/pid'), result.out.strip())

    def test_groups(self):
        if os.geteuid() != 0:
            self.skipTest('needs root')
        who = ('--reuid', str(self.world.uid), '--regid', str(self.world.gid))
        for groups in (('--groups', '4242,4243'), ('--clear-groups',)):
            result = self.world.run('setpriv', *who, *groups, 'sh', '-c',
                                    f'id -G; {self.world.nono_path} run -- id -G',
                                    user=None)
            self.assert_status(0, result)
            outside, inside = result.out.splitlines()
            self.assertEqual(outside, inside)

    def test_limits(self):
        for option, letter in (('--nofile=100:200', 'n'), ('--core=1024:2048', 'c'),
                               ('--fsize=4096000:8192000', 'f'), ('--stack=1024000:4096000', 's'),
                               ('--cpu=1000:2000', 't')):
            command = f'sh -c "ulimit -S{letter}; ulimit -H{letter}"'
            result = self.world.run('prlimit', option, 'sh', '-c',
                                    f'{command}; {self.world.nono_path} run -- {command}')
            self.assert_status(0, result)
            lines = result.out.split()
            self.assertEqual(4, len(lines), result)
            self.assertEqual(lines[:2], lines[2:], option)

    def test_limits_of_the_first_caller(self):
        """The first caller's low limits are not the next one's."""
        self.stop_daemon()
        self.line('prlimit', '--nofile=64:100', self.world.nono_path, 'run', '--', 'true')
        command = ('sh', '-c', 'ulimit -Hn')
        self.assertEqual(self.line(*command),
                         self.line(self.world.nono_path, 'run', '--', *command))

    def test_umask(self):
        for mask, mode in (('077', 0o600), ('002', 0o664), ('000', 0o666)):
            path = self.world.project / f'made-{mask}'
            self.line('sh', '-c', f'umask {mask}; exec {self.world.nono_path} run --allow-cwd -- '
                      f'touch {path.name}')
            self.assertEqual(mode, path.stat().st_mode & 0o777)

    def test_nice(self):
        own = os.nice(0)
        self.assertEqual(str(own + 7), self.line('nice', '-n', '7', self.world.nono_path, 'run', '--',
                                                 'nice'))
        self.stop_daemon()
        self.line('nice', '-n', '9', self.world.nono_path, 'run', '--', 'true')
        self.assertEqual(str(own), self.line(self.world.nono_path, 'run', '--', 'nice'))

    def test_io_priority(self):
        self.need('ionice')
        self.assert_same('ionice', 'ionice', '-c', '3')

    def test_scheduling_policy(self):
        self.need('chrt')
        inside = self.line('chrt', '--batch', '0', self.world.nono_path, 'run', '--', 'sh', '-c',
                           'cut -d" " -f41 /proc/self/stat')
        self.assertEqual('3', inside)

    def test_processors(self):
        self.need('taskset')
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest('needs two processors')
        cpu = str(max(os.sched_getaffinity(0)))
        self.assert_same('grep Cpus_allowed_list /proc/self/status', 'taskset', '-c', cpu)
        # A first caller who was restricted does not restrict the next one.
        self.stop_daemon()
        self.line('taskset', '-c', cpu, self.world.nono_path, 'run', '--', 'true')
        self.assertEqual(self.line('nproc'), self.line(self.world.nono_path, 'run', '--', 'nproc'))

    def test_oom_score(self):
        self.need('choom')
        command = 'cat /proc/self/oom_score_adj'
        self.assert_same(command, 'choom', '-n', '500', '--')
        # What cannot be lowered stays: a likelier victim, never a less likely one.
        self.stop_daemon()
        self.line('choom', '-n', '300', '--', self.world.nono_path, 'run', '--', 'true')
        self.assertEqual('300', self.line(self.world.nono_path, 'run', '--', *command.split()))

    def test_working_directory(self):
        moved = self.world.directory('project/before')
        result = self.world.run('sh', '-c', f'cd before && mv ../before ../after && '
                                f'{self.world.nono_path} run -- pwd -P')
        self.assert_status(0, result)
        self.assertEqual(str(moved.parent / 'after'), result.out.strip())

    def test_environment(self):
        self.world.env['FROM_FIRST'] = '1'
        self.stop_daemon()
        self.assert_status(0, self.world.sandbox('true'))
        del self.world.env['FROM_FIRST']
        out = self.line(self.world.nono_path, 'run', '--', 'env', env={'FROM_SECOND': '2'})
        self.assertIn('FROM_SECOND=2', out)
        self.assertNotIn('FROM_FIRST', out)

    def test_temporary_files(self):
        """Of the session's own and gone with it; where zsh puts here-documents, too."""
        script = 'echo $TMPDIR $TMPPREFIX; echo >$TMPDIR/file; echo >${TMPPREFIX}XXX && ls $TMPDIR'
        out = self.line(self.world.nono_path, 'run', '--', 'sh', '-c', script).split()
        self.assertTrue(out[0].startswith('/tmp/nono-'), out)
        self.assertEqual([f'{out[0]}/zsh', 'file', 'zshXXX'], out[1:])
        self.assertTrue(harness.wait_until(lambda: not os.path.exists(out[0])), out)


class FromRoot(Base):
    """What only root can do to itself."""
    def test_root_directory(self):
        # The socket is there, by the same name; the programs of the system are not.
        env = {'XDG_RUNTIME_DIR': '/runtime', 'HOME': '/home'}
        # A client with sanitizers is not static and takes its libraries along.
        for path in re.findall(r'(/\S+) \(0x', self.world.run('ldd', self.world.nono_path).out):
            target = self.world.root / path[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        result = self.world.run('chroot', self.world.root, '/bin/nono', 'run', '--', '/usr/bin/id',
                                env=env)
        # Not 125: without /proc the sanitizers have a status of their own.
        self.assertNotEqual(0, result.status)
        self.assertIn('nono: the supervisor nonod is neither', result.err)
        self.assertEqual('', result.out)

    def test_other_user_with_our_environment(self):
        """su keeps XDG_RUNTIME_DIR and HOME; what they name is not the new user's."""
        self.world.root.joinpath('runtime').chmod(0o755)  # even if it can be looked into
        result = self.world.run('unshare', '-m', 'sh', '-c',
                                'mount -t tmpfs -o mode=1777 none /tmp && exec setpriv '
                                '--reuid 65534 --regid 65534 --clear-groups '
                                f'sh -c "cd / && {self.world.nono_path} run -- id -u"')
        self.world.root.joinpath('runtime').chmod(0o700)
        self.assert_status(0, result)
        self.assertEqual('65534', result.out.strip())


class FromUser(Base):
    """Root, in what was a user's environment."""
    user = 'nobody'

    def test_root_with_the_environment_of_a_user(self):
        """sudo -E: root does not use, and does not start anything in, a user's directory."""
        before = sorted(path.name for path in self.world.runtime.rglob('*'))
        result = self.world.run('unshare', '-m', 'sh', '-c',
                                'mount -t tmpfs none /run && cd / && '
                                f'{self.world.nono_path} run -- id -u && ls -ld /run/nono',
                                user=None)
        self.assert_status(0, result)
        self.assertEqual('0', result.out.split()[0])
        self.assertIn('drwx------', result.out)
        self.assertEqual(before, sorted(path.name for path in self.world.runtime.rglob('*')))


class Inside(harness.TestCase):
    """Who is in a sandbox gets nothing from a supervisor."""
    def test_no_new_privs(self):
        self.assert_status(0, self.world.sandbox('true'))
        if 'NoNewPrivs:\t1' in pathlib.Path('/proc/self/status').read_text():
            self.skipTest('no_new_privs is set for us as well')
        result = self.world.run('setpriv', '--no-new-privs', self.world.nono_path, 'run', '--',
                                'true')
        self.assert_refused(result, 'inside a sandbox')

    def test_nested(self):
        programs = shutil.copytree(self.world.root / 'bin', self.world.project / 'bin')
        result = self.world.sandbox(programs / 'nono', 'run', '--', 'true')
        self.assert_status(125, result)
        self.assert_status(125, self.world.sandbox(programs / 'nono', 'ps'))


if __name__ == '__main__':
    as_root = [FromRoot, FromUser] if os.geteuid() == 0 else []
    harness.main(*harness.for_each_user(Context, Inside), *as_root)
