#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The private directory for temporary files: there, private, and gone with the session, however that
ends and whatever was put into it. Once per user."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

import harness

# Runs inside as an attacker would: a tree that is hard to remove, with ways out of it.
HOSTILE = r'''
import os, sys
tmp, outside = os.environ['TMPDIR'], sys.argv[1]
os.chdir(tmp)
for i in range(10000):
    open(f'file{i}', 'w').close()
for name in ('line\nbreak', '-rf', '...', ' ', '\udcff', 'x' * 255):
    os.mkdir(name)
    os.symlink(outside, name + '/out' if len(name) < 250 else name + '/o')
    open(name + '/\n', 'w').close()
os.symlink(outside, 'outside')
os.symlink(outside + '/secret', 'secret')
os.symlink('/', 'root')
os.symlink('..', 'up')
os.mkfifo('fifo')
for i in range(1500):
    os.mkdir('deeper')
    os.symlink(outside, 'out')
    os.chdir('deeper')
os.chdir(tmp)
for mode in (0, 0o100, 0o200, 0o400, 0o500):
    os.makedirs(f'closed{mode}/below/it')
    open(f'closed{mode}/below/it/file', 'w').close()
    os.chmod(f'closed{mode}/below', mode)
    os.chmod(f'closed{mode}', mode)
os.chmod(tmp, 0)
'''


class Tmpdir(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.canary = self.world.directory('outside/canary')
        self.world.file('outside/canary/file', 'alive\n')
        self.before = self.state()

    def state(self):
        found = {}
        for path in [self.world.outside, *self.world.outside.rglob('*')]:
            st = path.lstat()
            found[path] = (st.st_mode, st.st_ino, st.st_mtime_ns, st.st_ctime_ns)
        return found

    def assert_gone(self, path, at_once=False):
        self.assertTrue(harness.wait_until(lambda: not os.path.lexists(path), 0 if at_once else 20),
                        f'{path} is still there')
        self.assertEqual(self.before, self.state())

    def start_session(self, script='echo $TMPDIR; exec sleep 1000', *options):
        process = self.world.start(self.world.nono_path, 'run', *options, '--', 'sh', '-c', script,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        path = process.stdout.readline().decode().strip()
        self.assertRegex(path, r'^/tmp/nono-[0-9a-f]{16}$')
        return process, path

    def sessions(self):
        return [pid for pid, line in harness.children().items() if 'nono-session' in line]

    def held(self):
        """Directories that nono-sessions of this world hold, by process."""
        found = {}
        for pid in self.sessions():
            with contextlib.suppress(OSError):
                for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir():
                    path = os.readlink(fd)
                    if re.match(r'/tmp/nono-[0-9a-f]{16}$', path):
                        found[pid] = path
        return found

    def test_private(self):
        result = self.world.nono('run', '--', 'sh', '-c', 'umask; stat -c "%a %u" $TMPDIR; '
                                 'echo x > $TMPDIR/file && cat $TMPDIR/file; mktemp; ls /tmp; '
                                 'touch /tmp/other')
        lines = result.out.splitlines()
        self.assertEqual([f'700 {self.world.uid}', 'x'], lines[1:3], result)
        self.assertRegex(lines[3], '^/tmp/nono-[0-9a-f]{16}/')
        self.assertEqual(4, len(lines), result)
        self.assertFalse(os.path.exists('/tmp/other'))
        self.assert_gone(os.path.dirname(lines[3]), at_once=True)

    def test_others_cannot_be_seen(self):
        _, path = self.start_session('echo secret > $TMPDIR/file; echo $TMPDIR; exec sleep 1000')
        for command in ['cat', f'{path}/file'], ['ls', path], ['touch', f'{path}/other']:
            result = self.world.nono('run', '--', *command)
            self.assertNotEqual(0, result.status, result)
            self.assertNotIn('secret', result.out)
        self.assertEqual(['file'], os.listdir(path))

    def test_hostile(self):
        process = self.world.start(
            self.world.nono_path, 'run', '--', '/usr/bin/python3', '-c',
            'import os; print(os.environ["TMPDIR"], flush=True)\n' + HOSTILE, self.world.outside,
            stdout=subprocess.PIPE)
        with process:
            path = process.stdout.readline().decode().strip()
            self.assertEqual(0, process.wait(120))
        self.assert_gone(path)

    def test_hostile_with_a_shared_directory(self):
        # The command may also rename its directory away and put another in its place. Who could
        # replace all of /tmp is no case: the ordinary user's world tries it.
        if self.world.uid == 0:
            return
        script = ('echo $TMPDIR; cd /tmp; mkdir $TMPDIR/d; mv $TMPDIR $TMPDIR.moved && '
                  f'ln -s {self.world.outside} $TMPDIR; true')
        process, path = self.start_session(script, '--allow', '/tmp', '--allow-command', 'mv')
        process.wait(60)
        self.assertEqual(self.before, self.state())
        for left in path, path + '.moved':
            with contextlib.suppress(OSError):
                os.unlink(left)
            with contextlib.suppress(OSError):
                os.rmdir(left + '/d')
                os.rmdir(left)

    def test_client_killed(self):
        process, path = self.start_session('mkdir $TMPDIR/d; echo $TMPDIR; exec sleep 1000')
        process.kill()
        self.assert_gone(path)

    def test_nothing_started(self):
        self.world.nono('run', '--', 'true')
        self.assertTrue(harness.wait_until(lambda: len(self.held()) == 1))
        before = set(self.held().values())
        result = self.world.nono('run', '--', '/no/such/program')
        self.assert_status(127, result)
        self.assert_gone(before.pop())

    def test_session_killed(self):
        # nonod starts another template, which sweeps.
        _, path = self.start_session('mkdir $TMPDIR/d; touch $TMPDIR/d/f; echo $TMPDIR; '
                                     'exec sleep 1000')
        for pid, held in self.held().items():
            if held == path:
                os.kill(pid, signal.SIGKILL)
        self.assert_gone(path)

    def test_everything_killed(self):
        _, path = self.start_session('mkdir $TMPDIR/d; touch $TMPDIR/d/f; echo $TMPDIR; '
                                     'exec sleep 1000')
        paths = {path, *self.held().values()}
        for pid in self.sessions() + self.world.daemons():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.assertTrue(harness.wait_until(
            lambda: harness.reap() or not (self.sessions() + self.world.daemons())))
        self.assert_status(0, self.world.nono('run', '--', 'true'))
        for path in paths:
            self.assert_gone(path)

    def test_daemon_gone(self):
        # It takes the template with it, and that the directory of the spare.
        process, path = self.start_session()
        self.assertTrue(harness.wait_until(lambda: len(self.held()) == 2))
        spares = set(self.held().values()) - {path}
        for pid in self.world.daemons():
            os.kill(pid, signal.SIGTERM)
        self.assert_gone(spares.pop())
        self.assertTrue(os.path.isdir(path))
        process.kill()
        self.assert_gone(path)

    def test_named_by_the_user(self):
        # Who names one gets none.
        result = self.world.nono('run', '--allow', self.world.project, '--env',
                                 f'TMPDIR={self.world.project}', '--', 'sh', '-c',
                                 'echo $TMPDIR; mktemp; ls /tmp')
        lines = result.out.splitlines()
        self.assertEqual(str(self.world.project), lines[0], result)
        self.assertTrue(lines[1].startswith(f'{self.world.project}/'))
        self.assertEqual(2, len(lines))

    def test_no_room(self):
        self.need_root('to mount')
        self.need('unshare', 'mount')
        script = (f'mount -t tmpfs -o ro none /tmp && {self.world.nono_path} run "$@" -- sh -c '
                  "'echo $TMPDIR'")

        def run(*options):
            return self.world.run('unshare', '-m', 'sh', '-c', script, 'sh', *options, user=0)
        if self.world.uid != 0:
            return  # mounting is for root, whose world tries it
        self.assert_refused(run(), '/tmp', '--env TMPDIR=')
        result = run('--env', f'TMPDIR={self.world.project}', '--allow', self.world.project)
        self.assert_status(0, result)
        self.assertEqual(f'{self.world.project}\n', result.out)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Tmpdir))
