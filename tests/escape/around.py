#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks that are more than one program inside: on what is handed in, on names between decision
and use, on the end of a session, and by clients that lie. Once per user."""
import contextlib
import ctypes
import errno
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'integration'))
import harness  # noqa: E402
from client import Client, as_user  # noqa: E402

PYTHON = '/usr/bin/python3'
FOREVER = 'while True: time.sleep(1)'


class Around(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.assertEqual(0, self.world.sandbox('true').status)

    def python(self, script, *arguments, grants=('--allow-cwd',), **options):
        """Runs a script of Python's inside."""
        return self.world.sandbox(PYTHON, '-c', script, *arguments, grants=grants, **options)

    # What is handed in

    def test_sockets_as_standard_input(self):
        """A socket made outside is past the rules for making sockets."""
        unix, inet = socket.AF_UNIX, socket.AF_INET
        listener = socket.socket(unix)
        listener.bind(str(self.world.root / 'socket'))
        listener.listen()
        os.chmod(self.world.root / 'socket', 0o777)
        server = socket.create_server(('127.0.0.1', 0))
        a, b = socket.socketpair()
        blocked = ('--allow-cwd', '--net-block')
        cases = [  # allowed, grants, socket
            (True, (), a), (True, blocked, b), (True, (), listener), (True, blocked, listener),
            (False, (), socket.socket(unix)), (False, (), socket.socket(unix, socket.SOCK_SEQPACKET)),
            (False, (), socket.socket(unix, socket.SOCK_DGRAM)),
            (False, (), socket.socketpair(unix, socket.SOCK_DGRAM)[0]),
            (True, (), socket.create_connection(server.getsockname())),
            (False, blocked, socket.create_connection(server.getsockname())),
            (False, blocked, socket.socket(inet)), (False, blocked, socket.socket(inet, socket.SOCK_DGRAM)),
            (False, blocked, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
            (False, (), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)),
            (False, blocked, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)),
        ]
        if os.geteuid() == 0:
            cases.append((False, (), socket.socket(inet, socket.SOCK_RAW, 1)))
            cases.append((False, (), socket.socket(socket.AF_PACKET, socket.SOCK_RAW)))
        for allowed, grants, s in cases:
            for verb in 'run', 'wrap':
                with self.subTest(allowed=allowed, grants=grants, socket=s, verb=verb):
                    result = self.world.nono(verb, *(grants or ('--allow-cwd',)), '--', 'true', stdin=s)
                    if allowed:
                        self.assert_status(0, result)
                    else:
                        self.assert_refused(result, 'standard input')

    def test_descriptors_of_the_caller(self):
        """Neither run nor wrap pass more than the standard streams."""
        outside = os.open(self.world.outside, os.O_RDONLY)
        script = 'import os; print(sorted(map(int, os.listdir("/proc/self/fd")))[3:-1])'
        for verb in 'run', 'wrap':
            result = self.world.nono(verb, '--allow-cwd', '--', PYTHON, '-c', script,
                                     pass_fds=(outside,))
            self.assertEqual((0, '[]\n'), (result.status, result.out), verb)
        os.close(outside)

    def test_file_to_be_read(self):
        """A file that is handed in to be read is not for being changed: neither mode nor times."""
        w = self.world
        w.file('outside/input', 'x', 0o600)
        script = ('import os\n'
                  'for change in (lambda: os.fchmod(0, 0o604), lambda: os.utime(0, (1, 1)),\n'
                  '               lambda: os.setxattr(0, "user.x", b"1")):\n'
                  '    try: change()\n'
                  '    except OSError as e: print(type(e).__name__)\n')
        with open(w.root / 'outside/input') as f:
            result = self.python(script, stdin=f)
        self.assertEqual('PermissionError\n' * 3, result.out, result)
        st = (w.root / 'outside/input').stat()
        self.assertEqual(0o600, st.st_mode & 0o777)
        self.assertLess(1, st.st_mtime)

    # Names between decision and use

    def test_own_settings_that_lead_elsewhere(self):
        """What every session may read below home is a file, wherever it is kept, and never a way to
        what is protected: a session that may write there must not open all of it to the next."""
        w = self.world
        w.directory('home/.config')
        w.directory('home/.config/git')
        w.directory('home/dotfiles')
        w.file('home/dotfiles/ignore', 'allowed\n')
        w.directory('home/.gnupg')
        w.file('home/.gnupg/key', 'do not read me\n')
        link = w.home / '.config/git/ignore'
        for target, secret, status in ((w.home / 'dotfiles/ignore', w.home / 'dotfiles/ignore', 0),
                                       (w.outside, w.secret, 1), ('/', w.secret, 1),
                                       (w.home / '.gnupg/key', w.home / '.gnupg/key', 1)):
            link.is_symlink() and link.unlink()
            link.symlink_to(target)
            for verb in 'run', 'wrap':
                with self.subTest(target=target, verb=verb):
                    self.assert_status(status, w.nono(verb, '--allow-cwd', '--', 'cat', secret))

    def test_protected_places_under_other_names(self):
        """The usual places are protected too when the environment names others."""
        w = self.world
        for name in '.config', '.config/systemd', '.config/autostart', '.config/nono', '.local', \
                '.local/share', '.local/share/keyrings', 'elsewhere', 'elsewhere/systemd':
            w.directory(f'home/{name}')
        variables = {'XDG_CONFIG_HOME': str(w.home / 'elsewhere'),
                     'XDG_DATA_HOME': str(w.home / 'elsewhere'),
                     'XDG_RUNTIME_DIR': str(w.directory('other', 0o700))}
        for path in ('.config/systemd', '.config/autostart', '.config/nono', '.local/share/keyrings',
                     'elsewhere/systemd', '.config', '.', 'elsewhere/../.config/systemd/',
                     '.config//systemd/user/not-there-yet'):
            for verb in 'run', 'wrap':
                with self.subTest(path=path, verb=verb):
                    result = w.nono(verb, '--allow', w.home / path, '--', 'true', env=variables)
                    self.assert_refused(result)
                    self.assertNotIn('exist', result.err)

    def test_proc_of_the_supervisor(self):
        """What a project closes inside /proc does not show nono-session's entries as one's own."""
        w = self.world
        (w.project / 'link').symlink_to('/proc/1')
        w.file('project/closed', 'x')
        script = ('import os\n'
                  'for name in "stat", "maps", "mem", "environ":\n'
                  '    try: f = open(f"/proc/self/{name}", "rb", buffering=0)\n'
                  '    except PermissionError: continue\n'
                  '    print(os.readlink(f"/proc/self/fd/{f.fileno()}") == f"/proc/{os.getpid()}/{name}")\n')
        for deny, grants in ((['/proc/nothing'], ()), (['closed', 'link'], ()),
                             (['closed', 'link'], ('--read', '/proc')),
                             (['closed', 'link'], ('--allow', '/proc'))):
            (w.project / '.nono.json').unlink(missing_ok=True)
            w.file('project/.nono.json', json.dumps({'filesystem': {'deny': deny}}))
            with self.subTest(deny=deny, grants=grants):
                result = self.python(script, grants=('--allow-cwd', *grants))
                self.assertIn(result.status, (0, 125), result)
                self.assertNotIn('False', result.out, result)

    def test_grant_that_is_swapped(self):
        """A session that may write where a grant of another one is cannot lead it elsewhere between
        the look at it and its use; and what it leads to by then is what is shown."""
        w = self.world
        w.directory('project/sub')
        link = w.project / 'way'
        link.symlink_to(w.outside)
        w.own(link)
        shown = w.nono('run', '--dry-run', '--read', link, '--', 'true')
        self.assertIn(str(w.outside), shown.out)
        self.assertNotIn(str(link), shown.out)
        grant = {'path': str(w.project / 'sub'), 'access': 'read', 'isFile': False}
        swap = ('import ctypes\nc = ctypes.CDLL(None)\nprint("ready", flush=True)\n'
                'while True: c.syscall(316, -100, b"sub", -100, b"way", 2)')

        def attack():
            null = os.open('/dev/null', os.O_RDWR)
            for _ in range(100):
                reply, channel = Client(str(w.runtime)).run(
                    'cat', str(w.secret), resolved=True, grants=[grant], stdio=(null, null, null))
                assert 'error' not in reply, reply
                kind, status = b's', b''
                while kind not in (b'f', b'x'):
                    packet = channel.recv(4096)
                    kind, status = packet[:1], packet[1:5]
                if kind == b'x' and status == bytes(4):
                    return 9
        swapper = w.start(w.nono_path, 'run', '--allow-cwd', '--', PYTHON, '-c', swap,
                          stdout=subprocess.PIPE)
        try:
            self.assertEqual(b'ready\n', swapper.stdout.readline())
            self.assertEqual(0, as_user(self.world, attack))
        finally:
            swapper.kill()
            swapper.wait()
            swapper.stdout.close()

    def test_socket_that_is_swapped(self):
        """What a session binds it may connect to; not what somebody else binds in a directory of
        theirs at the same moment, when it is moved to that name in time."""
        script = ('import os, socket, threading, time\n'
                  'print("ready", flush=True)\n'
                  'def take(name):\n'
                  '    while not os.path.lexists(name): pass\n'
                  '    os.rename("theirs", name)\n'
                  'for i in range(30):\n'
                  '    while not os.path.lexists("theirs"): time.sleep(0.0003)\n'
                  '    name = f"mine{i}"\n'
                  '    other = threading.Thread(target=take, args=[name])\n'
                  '    other.start()\n'
                  '    with socket.socket(socket.AF_UNIX) as s: s.bind(name)\n'
                  '    other.join()\n'
                  '    with socket.socket(socket.AF_UNIX) as s: print(s.connect_ex(name), flush=True)\n')
        session = self.world.start(self.world.nono_path, 'run', '--allow-cwd', '--', PYTHON, '-c', script,
                                   stdout=subprocess.PIPE)
        self.addCleanup(session.stdout.close)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        self.assertEqual(b'ready\n', session.stdout.readline())
        for _ in range(30):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(self.world.root / 'theirs'))
                os.chmod(self.world.root / 'theirs', 0o777)
                server.listen()
                os.rename(self.world.root / 'theirs', self.world.project / 'theirs')
                self.assertEqual(errno.EACCES, int(session.stdout.readline()))

    def test_port_of_an_undone_connection(self):
        """A socket whose connection was undone still tells the port it had. In a network down to
        single ports it must not listen on another one for that."""
        w = self.world
        with contextlib.ExitStack() as stack:
            granted, peer, other = (stack.enter_context(socket.create_server(('127.0.0.1', 0))).getsockname()[1]
                                    for _ in range(3))
        script = ('import ctypes, socket, struct\n'
                  f'granted, peer, other = {granted}, {peer}, {other}\n'
                  'server = socket.create_server(("127.0.0.1", peer))\n'
                  's = socket.socket()\n'
                  's.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n'
                  'def only(port): s.setsockopt(0, 51, struct.pack("I", port << 16 | port))\n'
                  'only(granted)\n'  # 51: IP_LOCAL_PORT_RANGE
                  's.connect(server.getsockname())\n'
                  'ctypes.CDLL(None).connect(s.fileno(), bytes(16), 16)\n'
                  'only(other)\n'
                  'server.close()\n'
                  'try: s.listen()\n'
                  'except OSError: print("refused")\n'
                  'else: print(s.getsockname()[1])\n')
        w.file('profile.json', json.dumps({'meta': {'name': 'ports'}, 'network': {
            'block': True, 'connect_port': [peer], 'listen_port': [granted, peer]}}))
        result = self.python(script, grants=('--allow-cwd', '--profile', w.root / 'profile.json'))
        if 'Protocol not available' in result.err:
            self.skipTest('a port cannot be chosen for a connection before Linux 6.3')
        self.assertIn(result.out, (f'{granted}\n', 'refused\n'), result)

    # The end of a session, and its supervisor

    def processes(self, word):
        return [pid for pid, line in harness.children().items() if word in line]

    def test_nothing_survives(self):
        """Whatever it does to be forgotten."""
        tricks = {
            'daemon': 'os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)',
            'ignoring': 'os.fork() and os._exit(0); os.setsid()\n'
                        'for s in range(1, 65):\n'
                        '    s in (9, 19, 32, 33) or signal.signal(s, signal.SIG_IGN)\n'
                        'signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))',
            'no death signal': 'c.prctl(1, 0); os.fork() and os._exit(0)',
            'own reaper': 'c.prctl(36, 1)\nif os.fork() == 0:\n    os.fork() and os._exit(0)\n'
                          'else:\n    os.fork() and os._exit(0)',
            'sibling': 'c.syscall(56, 0x8000 | 17, 0, 0, 0, 0) and os._exit(0)',
            'stopped': 'os.fork() and (time.sleep(0.2) or os._exit(0)); os.kill(os.getpid(), 19)',
            'traced': 'p = os.fork()\nif p:\n    time.sleep(0.2); os._exit(0)\n'
                      'p = os.fork()\nif p:\n    os.waitpid(p, 2)\n'
                      'else:\n    c.ptrace(0, 0, 0, 0); os.kill(os.getpid(), 19)',
            'traced by its supervisor': 'os.fork() and os._exit(0); c.ptrace(0, 0, 0, 0)\n'
                                        'os.kill(os.getpid(), 19)',
            'silent child': 'c.syscall(56, 0, 0, 0, 0, 0) and os._exit(0)',
            'in flight': 'import socket\na, b = socket.socketpair()\nc_, d = socket.socketpair()\n'
                         'socket.send_fds(a, [b"x"], [b.fileno(), c_.fileno()])\n'
                         'socket.send_fds(c_, [b"x"], [d.fileno(), a.fileno()])\n'
                         'os.fork() and os._exit(0)',
        }
        for name, trick in tricks.items():
            with self.subTest(name):
                script = f'import ctypes, os, signal, time\nc = ctypes.CDLL(None)\n{trick}\n{FOREVER}'
                word = f'survivor-{name.replace(" ", "-")}'
                result = self.python(script, word, timeout=30)
                self.assert_status(0, result)
                self.assertEqual([], self.processes(word))

    def test_command_traced_by_its_supervisor(self):
        """PTRACE_TRACEME makes nono-session the tracer: its stops are not the command's end."""
        script = ('import ctypes, os, sys, time\nc = ctypes.CDLL(None)\n'
                  'c.ptrace(0, 0, 0, 0)\nos.kill(os.getpid(), 10) if len(sys.argv) > 2 else None\n'
                  'time.sleep(0.3)\nos.execv("/bin/sh", ["sh", "-c", "echo still here; exit 3"])')
        result = self.python(script, 'traced')
        self.assertEqual((3, 'still here\n'), (result.status, result.out), result)
        result = self.python(script, 'traced', 'signal')
        self.assertEqual(128 + 10, result.status, result)

    def test_command_traced_from_inside(self):
        """A command that something inside traces cannot be collected by its parent while the tracer
        lives: that must not keep both of them alive after the client is gone."""
        script = ('import ctypes, os, signal, time\nc = ctypes.CDLL(None)\n'
                  'signal.signal(signal.SIGHUP, signal.SIG_IGN)\ncommand = os.getpid()\nr, w = os.pipe()\n'
                  'if os.fork() == 0:\n'
                  '    os.setsid()\n    os.write(w, b"%d" % c.ptrace(0x4206, command, None, None))\n'
                  f'    {FOREVER}\n'  # 0x4206: PTRACE_SEIZE
                  f'print(os.read(r, 2).decode(), flush=True)\n{FOREVER}')
        word = f'traced-{self.user}'
        client = self.world.start(self.world.nono_path, 'run', '--allow-cwd', '--', PYTHON, '-c', script,
                                  word, stdout=subprocess.PIPE)
        self.assertEqual(b'0\n', client.stdout.readline())
        client.stdout.close()
        client.kill()
        client.wait()
        self.assertTrue(harness.wait_until(lambda: not self.processes(word), 10))

    def test_supervisor_kept_busy(self):
        """Children that die faster than they can be counted do not keep a session from being ended.
        In a pid namespace: what goes wrong here must not go on."""
        if os.environ.get('NONO_STORM') != '1':
            self.need_root('to make a pid namespace')
            command = ('unshare', '--pid', '--fork', '--kill-child', '--mount-proc', sys.executable,
                       __file__, f'Around_{self.user}.test_supervisor_kept_busy')
            result = subprocess.run(command, env=os.environ | {'NONO_STORM': '1'}, timeout=120,
                                    capture_output=True, text=True)
            self.assertEqual(0, result.returncode, result.stderr)
            return
        # CLONE_PARENT | CLONE_VFORK | SIGCHLD: children of nono-session, one at a time per process.
        storm = ('import ctypes, os, sys\nc = ctypes.CDLL(None)\n'
                 'for _ in range(12):\n    if os.fork() == 0: break\n'
                 'print("x", flush=True)\n'
                 'while True:\n    c.syscall(56, 0x8000 | 17, 0, 0, 0, 0) or os._exit(0)')
        w = self.world
        process = w.start(w.nono_path, 'run', '--name', 'storm', '--allow-cwd', '--', PYTHON, '-c',
                          storm, stdout=subprocess.PIPE)
        try:
            for _ in range(13):
                process.stdout.readline()
            time.sleep(0.5)
            start = time.monotonic()
            self.assert_status(0, w.nono('stop', 'storm', timeout=60))
            self.assertLess(time.monotonic() - start, 20)
            process.wait(20)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    # Clients that lie

    def test_client_that_confines_itself(self):
        """Who was admitted and has taken up a sandbox since gets no session without it."""
        def attack():
            client = Client(str(self.world.runtime))
            assert 'error' not in client.call('io.nono.Session.List')
            ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
            reply, channel = client.run('true')
            return 0 if 'error' in reply else 9
        self.assertEqual(0, as_user(self.world, attack))

    def test_descriptors_that_block(self):
        """nonod neither looks at nor waits for what a client's descriptors lead to."""
        self.need_root('to mount a file system that does not answer')
        if not os.access('/dev/fuse', os.R_OK | os.W_OK):
            self.skipTest('no /dev/fuse')
        place = self.world.directory('place')
        for slot in 'directory', 'file':
            self.offer_dead(place, slot)

    def offer_dead(self, place, slot):
        w = self.world
        ours, theirs = socket.socketpair()
        server = os.fork()
        if server == 0:
            from deadfs import DeadFileSystem
            try:
                system = DeadFileSystem(place)
                socket.send_fds(theirs, [b'x'], [system.directory, system.file])
                theirs.recv(1)
                os.close(system.file)  # or this process would wait for itself at its end
                system.kill()
                theirs.send(b'x')
                theirs.recv(1)
                system.close()
            finally:
                os._exit(0)
        theirs.close()
        _, (directory, file), _, _ = socket.recv_fds(ours, 1, 2)
        ours.send(b'x')
        ours.recv(1)

        said, say = os.pipe()  # not the exit status: our end too would wait for the file

        def attack():
            client = Client(str(w.runtime))
            if slot == 'directory':
                client.run('true', cwd=directory, wait=False)
            else:
                client.run('true', stdio=(file, file, file), wait=False)
            time.sleep(0.5)
            other = Client(str(w.runtime))
            os.write(say, b'e' if 'error' in other.call('io.nono.Session.List') else b'+')
        attacker = os.fork()
        if attacker == 0:
            try:
                os._exit(as_user(self.world, attack))
            finally:
                os._exit(1)
        try:
            answer = os.read(said, 1) if select.select([said], [], [], 15)[0] else b'nothing'
        finally:
            ours.send(b'x')  # the server goes, and with it all that waits
            ours.close()
            for fd in directory, file, said, say:
                with contextlib.suppress(OSError):
                    os.close(fd)
            os.waitpid(server, 0)
            os.waitpid(attacker, 0)
        self.assertEqual(b'+', answer, f'nonod waits for a {slot} that does not answer')


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Around))
