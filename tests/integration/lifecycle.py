#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nonod itself: how it starts, what it keeps while it lives, when it leaves. Once per user."""
import os
import pathlib
import signal
import socket
import subprocess
import time

import harness

MIB = 1 << 20


def field(pid, name):
    for line in pathlib.Path('/proc', str(pid), 'status').read_text().splitlines():
        if line.startswith(name + ':'):
            return int(line.split()[1])
    raise KeyError(name)


class Lifecycle(harness.TestCase):
    @property
    def socket(self):
        return self.world.runtime / 'nono/io.nono.Manager'

    def daemon(self, *options, **more):
        """A nonod started by hand, listening."""
        process = self.world.start(self.world.root / 'bin/nonod', *options,
                                   stderr=subprocess.DEVNULL, **more)
        self.assertTrue(harness.wait_until(self.answers))
        return process

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(self.socket))
                return True
            except OSError:
                return False

    def assert_leaves(self, process, timeout=10):
        self.assertEqual(0, process.wait(timeout))
        self.assertFalse(self.socket.exists())

    def test_many_starters(self):
        """Thirty clients find nobody at the same time: one nonod, thirty results."""
        clients = [self.world.start(self.world.nono_path, 'run', '--', 'sh', '-c', f'exit {i + 1}',
                                    stderr=subprocess.DEVNULL) for i in range(30)]
        self.assertEqual(list(range(1, 31)), [client.wait(60) for client in clients])
        self.assertTrue(harness.wait_until(lambda: harness.reap() or
                                           len(self.world.daemons()) == 1), self.world.daemons())

    def test_second_leaves_at_once(self):
        first = self.daemon()
        second = self.world.run(self.world.root / 'bin/nonod', '--on-demand', timeout=10)
        self.assert_status(0, second)
        self.assertTrue(self.answers())
        first.terminate()
        self.assert_leaves(first)

    def test_stale_socket(self):
        first = self.daemon()
        first.kill()
        first.wait()
        self.assertTrue(self.socket.exists())
        self.assert_status(0, self.world.sandbox('true'))
        self.assertEqual(1, len(self.world.daemons()))

    def test_leaves_when_idle(self):
        process = self.daemon('--idle-timeout=1')
        self.assert_leaves(process)
        self.assert_status(0, self.world.sandbox('true'))

    def test_idle_race(self):
        """Clients that come just when it leaves are served, by it or by the next."""
        for _ in range(30):
            starter = self.world.start(self.world.root / 'bin/nonod', '--idle-timeout=0',
                                       stderr=subprocess.DEVNULL)
            self.assert_status(0, self.world.sandbox('true'))
            self.assertEqual(0, starter.wait(10))

    def test_stays_for_a_session(self):
        process = self.daemon('--idle-timeout=1')
        session = self.world.start(self.world.nono_path, 'run', '--', 'sleep', '3')
        time.sleep(2)
        self.assertIsNone(process.poll())
        self.assertEqual(0, session.wait(10))
        self.assert_leaves(process)

    def test_sessions_outlive_it(self):
        process = self.daemon()
        session = self.world.start(self.world.nono_path, 'run', '--', 'sh', '-c',
                                   'sleep 1; exit 9')
        time.sleep(0.3)
        process.terminate()
        self.assert_leaves(process)
        self.assertEqual(9, session.wait(10))

    def test_socket_activation(self):
        """As a service manager does it, without one: a listening socket on descriptor 3."""
        manager = '''
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(8)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1', 'LISTEN_FDNAMES': 'varlink'}
os.execv(sys.argv[2], sys.argv[2:])
'''
        self.world.directory('runtime/nono', 0o700)
        process = self.world.start(
            'python3', '-c', manager, self.socket, self.world.root / 'bin/nonod',
            '--idle-timeout=1', stderr=subprocess.DEVNULL)
        self.assertTrue(harness.wait_until(self.answers))
        status = self.world.nono('status')
        self.assertIn('systemd', status.out, status)
        self.assert_status(0, self.world.sandbox('true'))
        self.assertEqual(0, process.wait(10))
        self.assertTrue(self.socket.exists())  # the manager's, not ours
        self.socket.unlink()

    def test_private(self):
        """For one connected client; leaves with it."""
        ours, theirs = socket.socketpair()
        process = self.world.start(self.world.root / 'bin/nonod',
                                   f'--connection={theirs.fileno()}', pass_fds=[theirs.fileno()],
                                   stderr=subprocess.DEVNULL)
        theirs.close()
        ours.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
        self.assertIn(b'"product":"nonod"', ours.recv(65536).replace(b' ', b''))
        self.assertFalse(self.socket.exists())
        ours.close()
        self.assertEqual(0, process.wait(10))

    def test_usage(self):
        for wrong in (['--connection=x'], ['--idle-timeout=-1'], ['--nonsense'], ['extra'],
                      ['--idle-timeout=999999999']):
            result = self.world.run(self.world.root / 'bin/nonod', *wrong)
            self.assert_status(125, result)
            self.assertEqual(1, result.err.count('\n'), result)
        result = self.world.run(self.world.root / 'bin/nonod', '--connection=77')
        self.assert_status(1, result)

    def test_leaks_nothing(self):
        """Hundreds of sessions later: the same descriptors, little more memory, no child left."""
        process = self.daemon()
        for _ in range(50):
            self.assert_status(0, self.world.sandbox('true'))
        time.sleep(0.3)
        before = self.descriptors(process.pid), field(process.pid, 'VmRSS')
        for _ in range(300):
            self.assert_status(0, self.world.sandbox('true'))
        self.assertTrue(harness.wait_until(
            lambda: self.descriptors(process.pid) == before[0]), before[0])
        # A sanitizer keeps what was freed for a while.
        if b'__asan_init' not in (self.world.root / 'bin/nonod').read_bytes():
            self.assertLess(field(process.pid, 'VmRSS') - before[1], 512)
            self.assertLess(field(process.pid, 'VmRSS') * 1024, 6 * MIB)
        process.terminate()
        self.assert_leaves(process)

    def descriptors(self, pid):
        """How many it has open: nonod cannot be looked into, except by root."""
        try:
            return len(os.listdir(f'/proc/{pid}/fd'))
        except PermissionError:
            return field(pid, 'FDSize')

    def test_sleeps_while_idle(self):
        """With a session that does nothing, no wake-up in two seconds."""
        process = self.daemon()
        session = self.world.start(self.world.nono_path, 'run', '--', 'sleep', '30')
        self.assertTrue(harness.wait_until(
            lambda: any('sleep 30' in line for line in harness.children().values())))
        time.sleep(0.5)
        switches = 'voluntary_ctxt_switches', 'nonvoluntary_ctxt_switches'
        before = [field(process.pid, name) for name in switches]
        time.sleep(2)
        self.assertEqual(before, [field(process.pid, name) for name in switches])
        session.send_signal(signal.SIGTERM)
        self.assertEqual(128 + signal.SIGTERM, session.wait(10))
        process.terminate()
        self.assert_leaves(process)

    def test_no_session_program(self):
        """One that ends at once, and one that is not there: said, without trying for ever."""
        process = self.daemon('--session-program=/bin/false')
        for _ in range(3):
            self.assert_refused(self.world.sandbox('true'), 'ends as soon as it is started')
        time.sleep(0.3)
        before = field(process.pid, 'voluntary_ctxt_switches')
        time.sleep(1)
        self.assertEqual(before, field(process.pid, 'voluntary_ctxt_switches'))
        process.terminate()
        self.assert_leaves(process)
        missing = self.world.run(self.world.root / 'bin/nonod', '--session-program=/nonexistent')
        self.assert_status(1, missing)
        self.assertIn('/nonexistent', missing.err)

    def test_template_killed_again_and_again(self):
        process = self.daemon()
        for _ in range(10):
            self.assert_status(0, self.world.sandbox('true'))
            self.assertTrue(harness.wait_until(lambda: self.template(process.pid)))
            os.kill(self.template(process.pid), signal.SIGKILL)
        self.assert_status(0, self.world.sandbox('true'))
        process.terminate()
        self.assert_leaves(process)

    def template(self, daemon):
        for pid in harness.children():
            stat = pathlib.Path('/proc', str(pid), 'stat').read_text()
            if int(stat.rpartition(')')[2].split()[1]) == daemon:
                return pid
        return None

    def test_leftovers_of_a_killed_session(self):
        """A nono-session that is killed leaves processes behind: nonod ends them, and the next
        session comes from a new template."""
        process = self.daemon()
        client = self.world.start(self.world.nono_path, 'run', '--', 'sh', '-c',
                                  'setsid sleep 301 & setsid sleep 302 & sleep 303',
                                  stderr=subprocess.DEVNULL)
        def sleepers():
            return [pid for pid, line in harness.children().items() if 'sleep 30' in line]
        self.assertTrue(harness.wait_until(lambda: len(sleepers()) >= 4))  # with the shell
        supervisors = self.supervisors(process.pid)
        for pid in supervisors:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(125, client.wait(10))
        self.assertTrue(harness.wait_until(lambda: harness.reap() or not sleepers()), sleepers())
        self.assertIsNone(process.poll())
        self.assert_status(0, self.world.sandbox('true'))
        process.terminate()
        self.assert_leaves(process)

    def supervisors(self, daemon):
        """Sessions: nono-session processes that have a child and are not the template."""
        parents = {}
        for pid in harness.children():
            stat = pathlib.Path('/proc', str(pid), 'stat').read_text()
            parents[pid] = int(stat.rpartition(')')[2].split()[1])
        template = next(pid for pid, parent in parents.items() if parent == daemon)
        return [pid for pid, parent in parents.items() if parent == template and
                pid in parents.values()]


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Lifecycle))
