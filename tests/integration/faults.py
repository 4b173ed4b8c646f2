#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Things that break at the wrong moment: processes killed at every step, limits reached, a kernel
without what nono needs. One clear line, the right exit status, nothing left, and the next command
works. Once per user."""
import contextlib
import ctypes
import json
import os
import resource
import signal
import struct
import subprocess
import time

import harness

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LANDLOCK_CREATE_RULESET, SECCOMP = 444, 317
ENOSYS = 38


def without_syscall(number):
    """For preexec_fn: from here on this system call (x86-64) fails as on a kernel that lacks it."""
    code = struct.pack('HBBI' * 4, 0x20, 0, 0, 0, 0x15, 0, 1, number,
                       0x06, 0, 0, 0x00050000 | ENOSYS, 0x06, 0, 0, 0x7fff0000)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack('HxxxxxxP', 4, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)

    def install():
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
            os._exit(99)
    install.keep = buffer
    return install


class Faults(harness.TestCase):
    def assert_works(self):
        result = self.world.sandbox('sh', '-c', 'echo works')
        self.assertEqual((0, 'works\n'), (result.status, result.out), result)

    def background(self, *command, **options):
        """A session that runs until it is told to go, and the file that says it runs."""
        started = self.world.project / 'started'
        started.unlink(missing_ok=True)
        script = 'echo $$ > started; while [ ! -e go ]; do sleep 0.05; done; exit 7'
        process = self.world.start(self.world.nono_path, 'run', '--allow-cwd', *command, '--', 'sh',
                                   '-c', script, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   **options)
        self.addCleanup(process.stderr.close)
        self.assertTrue(harness.wait_until(lambda: started.exists() and started.read_text()))
        # The command may be faster than the news of it.
        self.assertTrue(harness.wait_until(
            lambda: all(s['state'] == 'running' for s in self.sessions())))
        return process

    def sessions(self):
        result = self.world.nono('ps', '--json')
        self.assert_status(0, result)
        return json.loads(result.out)['sessions']

    def alive(self, word):
        return [pid for pid, line in harness.children().items() if word in line]

    def finish(self, process, status):
        (self.world.project / 'go').touch()
        self.assertEqual(status, process.wait(20), process.stderr.read())

    def test_client_killed_at_every_system_call(self):
        self.need('strace')
        w = self.world
        self.assert_works()
        started = w.project / 'started'
        log = w.file('trace')

        def run(*inject):
            """The client under strace (it alone), until it ended or its command runs."""
            started.unlink(missing_ok=True)
            process = w.start('strace', '-qq', '-o', log, *inject, w.nono_path, 'run', '--allow-cwd',
                              '--', 'sh', '-c', 'echo > started; exec sleep 4321',
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ended = harness.wait_until(lambda: process.poll() is not None or started.exists(), 20)
            self.assertTrue(ended, f'{inject}: neither killed nor started')
            if not harness.wait_until(lambda: process.poll() is not None, 0.2):
                for pid in self.alive(f'{w.nono_path} run'):
                    os.kill(pid, signal.SIGKILL)
                process.wait(20)

        run()
        calls = [line.split('(')[0] for line in log.read_text().splitlines() if line[0].isalpha()]
        self.assertGreater(len(calls), 10)
        for i, name in enumerate(calls):
            if name not in ('exit_group', 'execve'):
                run('-e', f'inject={name}:signal=KILL:when={calls[:i + 1].count(name)}')
        self.assertTrue(harness.wait_until(lambda: not self.alive('sleep 4321'), 20))
        self.assertTrue(harness.wait_until(lambda: not self.sessions(), 20))
        self.assert_works()

    def test_client_killed_while_running(self):
        w = self.world
        for kill in (signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            process = self.background()
            process.send_signal(kill)
            status = process.wait(20)
            self.assertIn(status, (-kill, 128 + kill), process.stderr.read())
            self.assertTrue(harness.wait_until(lambda: not self.sessions(), 20), kill)
        self.assert_works()
        self.assertEqual([], list(w.temporary.iterdir()))

    def test_session_killed(self):
        process = self.background()
        session, = self.sessions()
        os.kill(session['supervisorProcessId'], signal.SIGKILL)
        self.assertEqual(125, process.wait(20))
        self.assertEqual(1, process.stderr.read().count(b'\n'))
        self.assertTrue(harness.wait_until(lambda: not self.alive('sleep 0.05'), 20))
        self.assertTrue(harness.wait_until(lambda: not self.sessions(), 20))
        self.assert_works()

    def test_template_killed(self):
        process = self.background()
        session, = self.sessions()
        for pid in self.alive('nono-session'):
            if pid != session['supervisorProcessId']:
                with contextlib.suppress(ProcessLookupError):  # its children die with the template
                    os.kill(pid, signal.SIGKILL)
        self.assert_works()
        self.finish(process, 7)

    def test_daemon_killed(self):
        process = self.background()
        daemon, = self.world.daemons()
        os.kill(daemon, signal.SIGKILL)
        self.assertTrue(harness.wait_until(lambda: not self.world.daemons()))
        self.assert_works()
        self.finish(process, 7)

    def test_stop(self):
        process = self.background('--name', 'to-be-stopped')
        self.assert_status(0, self.world.nono('stop', 'to-be-stopped'))
        self.assertEqual([], self.sessions())
        self.assertEqual(128 + signal.SIGTERM, process.wait(20))

    def test_orphans_end_with_the_session(self):
        script = ('for i in 1 2 3 4 5; do (setsid sleep 4322 &) ; (sleep 4322 &); done; '
                  'trap "" TERM HUP INT; exit 3')
        self.assert_status(3, self.world.sandbox('sh', '-c', script, stderr=subprocess.DEVNULL))
        self.assertEqual([], self.alive('sleep 4322'))

    def test_few_descriptors(self):
        self.assert_works()
        for limit in range(3, 24):
            def lower(n=limit):
                resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
            result = self.world.nono('run', '--', 'true', preexec_fn=lower)
            # 127 is the dynamic loader inside, which needs a descriptor too.
            self.assertIn(result.status, (0, 125, 127), f'limit {limit}\n{result}')
            self.assertEqual(result.status != 0, result.err.count('\n') == 1, f'{limit}\n{result}')
        self.assert_works()

    def test_daemon_out_of_descriptors(self):
        w = self.world
        def lower():
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        w.start(w.root / 'bin/nonod', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                preexec_fn=lower)
        self.assertTrue(harness.wait_until(lambda: (w.runtime / 'nono/io.nono.Manager').exists()))
        clients = [w.start(w.nono_path, 'run', '--', 'sleep', '2', stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE) for _ in range(40)]
        statuses = []
        for client in clients:
            err = client.communicate(timeout=60)[1]
            statuses.append(client.returncode)
            if client.returncode:
                self.assertEqual((125, 1), (client.returncode, err.count(b'\n')), err)
        self.assertIn(0, statuses)
        self.assert_works()

    def test_no_runtime_directory(self):
        self.need_root('for a /tmp and /run of its own')
        w = self.world
        hide = 'mount -t tmpfs -o mode=1777 t /tmp && mount -t tmpfs t /run && '
        drop = f'setpriv --reuid {w.uid} --regid {w.gid} --clear-groups '
        env = f'env -u XDG_RUNTIME_DIR HOME={w.home} '
        run = env + f'{w.nono_path} run -- sh -c "echo works"; echo $?; '
        place = '/run/nono' if w.uid == 0 else f'/tmp/nono-{w.uid}'
        script = hide + f'{drop}sh -c \'{run} stat -c %a:%u {place}\''
        result = harness.World.run(Rooted(w), 'unshare', '-m', 'sh', '-c', script)
        self.assertEqual(f'works\n0\n700:{w.uid}\n', result.out, result)
        for spoil in (f'mkdir {place} && chown 1:1 {place}', f'mkdir -m 755 {place} && '
                      f'chown {w.uid} {place}', f'ln -s /var/tmp {place}', f'touch {place}'):
            script = hide + f'{spoil} && {drop}sh -c \'{run}\''
            result = harness.World.run(Rooted(w), 'unshare', '-m', 'sh', '-c', script)
            self.assertEqual('125\n', result.out, f'{spoil}\n{result}')
            self.assertEqual(1, result.err.count('\n'), result)

    def test_runtime_directory_of_somebody_else(self):
        w = self.world
        self.need_root('to make a directory of somebody else')
        foreign = w.directory('foreign', 0o700)
        os.chown(foreign, 1, 1)
        script = (f'mount -t tmpfs -o mode=1777 t /tmp && mount -t tmpfs t /run && '
                  f'setpriv --reuid {w.uid} --regid {w.gid} --clear-groups '
                  f'env XDG_RUNTIME_DIR={foreign} {w.nono_path} run -- echo works')
        result = harness.World.run(Rooted(w), 'unshare', '-m', 'sh', '-c', script)
        self.assertEqual('works\n', result.out, result)
        self.assertEqual([], os.listdir(foreign))

    def test_full_disk(self):
        self.need_root('to mount a small file system')
        w = self.world
        script = (f'mount -t tmpfs -o size=4k,nr_inodes=2,mode=700,uid={w.uid} t {w.runtime} && '
                  f'touch {w.runtime}/x; '
                  f'setpriv --reuid {w.uid} --regid {w.gid} --clear-groups {w.nono_path} run -- true')
        result = harness.World.run(Rooted(w), 'unshare', '-m', 'sh', '-c', script)
        self.assert_refused(result, str(w.runtime))

    def test_kernel_without_landlock(self):
        result = self.world.nono('run', '--', 'true',
                                 preexec_fn=without_syscall(LANDLOCK_CREATE_RULESET))
        self.assert_refused(result, 'Landlock')

    def test_wrap_without_landlock(self):
        result = self.world.nono('wrap', '--', 'true',
                                 preexec_fn=without_syscall(LANDLOCK_CREATE_RULESET))
        self.assert_refused(result, 'Landlock')

    def test_kernel_without_seccomp(self):
        result = self.world.nono('run', '--', 'true', preexec_fn=without_syscall(SECCOMP))
        self.assert_refused(result, 'filter')

    def test_path_that_comes_and_goes(self):
        w = self.world
        flicker = w.root / 'flicker'
        script = f'while :; do mkdir {flicker}; rmdir {flicker}; done 2>/dev/null'
        noise = w.start('sh', '-c', script)
        try:
            for _ in range(40):
                result = w.nono('run', '--read', flicker, '--', 'true')
                if result.status:
                    self.assert_refused(result, str(flicker))
        finally:
            noise.kill()
            noise.wait()

    def talk(self, script, *arguments):
        """A client that misbehaves on the socket, as the user of this world."""
        preamble = ('import socket, sys, time\n'
                    'def connect():\n'
                    '    s = socket.socket(socket.AF_UNIX)\n'
                    f'    s.connect("{self.world.runtime}/nono/io.nono.Manager")\n'
                    '    s.settimeout(10)\n'
                    '    return s\n')
        return self.world.start('/usr/bin/python3', '-c', preamble + script, *arguments,
                                stdout=subprocess.PIPE, text=True)

    def test_garbage_on_the_socket(self):
        self.assert_works()
        script = ('s = connect()\n'
                  'try:\n'
                  '    s.sendall(eval(sys.argv[1]))\n'
                  '    s.shutdown(socket.SHUT_WR)\n'
                  '    while s.recv(65536):\n'
                  '        pass\n'
                  'except (BrokenPipeError, ConnectionResetError):\n'
                  '    pass\n')
        for garbage in ('b"\\0"', 'b"[]\\0"', r"b'{\"method\":1}\0'", 'b"\\xff\\xfe\\0"',
                        'b"{" * 100000 + b"\\0"', 'b"x" * (40 << 20)', 'b"GET / HTTP/1.1\\r\\n\\0"',
                        r"b'{\"method\":\"io.nono.Session.Run\",\"parameters\":{}}\0'",
                        r"b'{\"method\":\"a.b\",\"method\":\"a.b\"}\0'"):
            client = self.talk(script, garbage)
            self.assertEqual(('', None), client.communicate(timeout=60), garbage)
            self.assertEqual(0, client.returncode, garbage)
            self.assert_works()

    def test_slow_and_greedy_neighbours(self):
        self.assert_works()
        # Half a message; many requests whose answers nobody reads; connections that say nothing.
        script = ('info = b\'{"method":"org.varlink.service.GetInfo"}\\0\'\n'
                  'half = connect(); half.send(info[:20])\n'
                  'pipelined = connect(); pipelined.setblocking(False)\n'
                  'try:\n'
                  '    for _ in range(20000): pipelined.send(info)\n'
                  'except (BlockingIOError, BrokenPipeError): pass\n'
                  'idle = [connect() for _ in range(50)]\n'
                  'print("ready", flush=True); time.sleep(600)\n')
        client = self.talk(script)
        self.assertEqual('ready\n', client.stdout.readline())
        for _ in range(5):
            self.assert_works()
        client.kill()
        client.communicate()
        self.assert_works()


class Rooted:
    """A stand-in for a World whose commands stay root, to prepare a place before they drop."""
    def __init__(self, world):
        self.env, self.project, self.uid = world.env, world.project, os.geteuid()

    start = harness.World.start


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Faults))
