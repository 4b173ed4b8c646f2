#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that use what nono-session does for them: unix sockets, terminals of their own, metadata,
and the question what they may do. Once per user."""
import json
import os
import pathlib
import signal

import harness

PYTHON = '/usr/bin/python3'
# What each call gives, as one line: natively and inside a grant they must be the same.
CONFORMANCE = pathlib.Path(__file__).with_name('conformance.py')
RANDOM = pathlib.Path(__file__).with_name('random-calls.py')


class Mediated(harness.TestCase):
    def python(self, script, *arguments, **options):
        return self.world.sandbox(PYTHON, '-c', script, *arguments, **options)

    def assert_says(self, text, result):
        self.assert_status(0, result)
        self.assertIn(text, result.out)

    def test_same_results(self):
        w = self.world
        w.file('project/conformance.py', CONFORMANCE.read_text())
        command = (PYTHON, '-B', 'conformance.py')
        native, inside = w.run(*command), w.sandbox(*command)
        self.assert_status(0, native)
        self.assert_status(0, inside)
        self.maxDiff = None
        self.assertEqual(native.out.splitlines(), inside.out.splitlines())

    def test_multiprocessing(self):
        self.assert_says('hi', self.python(
            'import threading\n'
            'from multiprocessing.connection import Client, Listener\n'
            'listener = Listener(family="AF_UNIX")\n'
            'threading.Thread(target=lambda: Client(listener.address).send("hi")).start()\n'
            'print(listener.accept().recv())\n'))

    def test_asyncio(self):
        self.assert_says('echo', self.python(
            'import asyncio\n'
            'async def serve(r, w):\n'
            '    w.write(await r.readline()); await w.drain(); w.close()\n'
            'async def main():\n'
            '    await asyncio.start_unix_server(serve, "server")\n'
            '    tcp = await asyncio.start_server(serve, "127.0.0.1", 0)\n'
            '    port = tcp.sockets[0].getsockname()[1]\n'
            '    for r, w in (await asyncio.open_unix_connection("server"),\n'
            '                 await asyncio.open_connection("127.0.0.1", port)):\n'
            '        w.write(b"echo\\n"); print((await r.readline()).decode())\n'
            'asyncio.run(main())\n'))

    def test_node_http(self):
        self.need('node')
        script = ('const http = require("http");'
                  'const s = http.createServer((q, r) => r.end("hello " + q.url));'
                  's.listen("web", () => http.get({socketPath: "web", path: "/x"}, r => {'
                  'r.on("data", d => console.log(String(d))); r.on("end", () => s.close());}));')
        self.assert_says('hello /x', self.world.sandbox('node', '-e', script))

    def test_git_credential_cache(self):
        self.need('git')
        w = self.world
        w.directory('project/cache', 0o700)
        cache = f'git credential-cache --socket {w.project}/cache/socket --timeout 30'
        text = 'protocol=https\nhost=h\nusername=u\npassword=secret\n'
        self.assert_says('password=secret', w.sandbox(
            'sh', '-c', f'printf "{text}" | {cache} store && '
            f'printf "protocol=https\nhost=h\n" | {cache} get; {cache} exit'))

    def test_terminals_inside(self):
        self.need('script', 'tmux')
        w = self.world
        self.assert_says('/dev/pts/', w.sandbox('script', '-qec', 'tty', w.project / 'typescript'))
        self.assert_says('/dev/pts/', self.python('import pty; pty.spawn(["tty"])'))
        tmux = 'tmux -S ./socket -f /dev/null'
        self.assert_says('/dev/pts/', w.sandbox(
            'sh', '-c', f'{tmux} new-session -d "tty > out; sleep 60"; '
            f'while ! [ -s out ]; do sleep 0.1; done; cat out; {tmux} kill-server', env={'SHELL': '/bin/sh'}))

    def test_other_servers_are_out_of_reach(self):
        """A socket in the grant that somebody else bound is not the session's own."""
        w = self.world
        server = w.start(PYTHON, '-c', 'import socket, time\ns = socket.socket(socket.AF_UNIX)\n'
                         's.bind("foreign"); s.listen(); time.sleep(60)')
        try:
            self.assertTrue(harness.wait_until((w.project / 'foreign').exists))
            result = self.python('import socket\nsocket.socket(socket.AF_UNIX).connect("foreign")')
            self.assertIn('PermissionError', result.err)
        finally:
            server.send_signal(signal.SIGKILL)
            server.wait()
            (w.project / 'foreign').unlink()

    def test_random_calls(self):
        w = self.world
        playground = w.directory('playground')
        result = w.sandbox(PYTHON, '-B', '-c', RANDOM.read_text(), '4', cwd=playground)
        self.assert_says('calls', result)
        self.assertEqual('do not read me\n', w.secret.read_text())

    def test_ports(self):
        """A network down to single ports is that for what is done on behalf, too."""
        w = self.world
        script = ('import socket\n'
                  'def attempt(f):\n'
                  '    try: f()\n'
                  '    except PermissionError: return "denied"\n'
                  '    except OSError as e: return type(e).__name__\n'
                  '    return "works"\n'
                  'def tcp(port): socket.create_connection(("127.0.0.1", port), 2)\n'
                  'def bind(port): s = socket.socket(); s.bind(("127.0.0.1", port)); s.listen()\n'
                  'def unix(): s = socket.socket(socket.AF_UNIX); s.bind("u"); s.listen(); '
                  'socket.socket(socket.AF_UNIX).connect("u")\n'
                  'print(attempt(lambda: tcp(9)), attempt(lambda: tcp(10)), attempt(lambda: bind(40123)),\n'
                  '      attempt(lambda: bind(40124)), attempt(lambda: socket.socket().listen()),\n'
                  '      attempt(lambda: socket.socket(type=socket.SOCK_DGRAM)), attempt(unix))\n')
        w.file('profile.json', json.dumps({
            'meta': {'name': 'ports'}, 'network': {
                'block': True, 'connect_port': [9], 'listen_port': [40123]}}))
        grants = ('--allow-cwd', '--profile', w.root / 'profile.json')
        result = w.sandbox(PYTHON, '-c', script, grants=grants)
        self.assertEqual('ConnectionRefusedError denied works denied denied denied works\n', result.out,
                         result)

    def test_ports_of_this_machine(self):
        """A port that is granted on this machine only is that, both ways."""
        w = self.world
        script = ('import socket\n'
                  'def attempt(f):\n'
                  '    try: f()\n'
                  '    except OSError as e: return type(e).__name__\n'
                  '    return "works"\n'
                  'def serve(address, family=socket.AF_INET):\n'
                  '    s = socket.socket(family); s.bind((address, 40125)); s.listen()\n'
                  '    socket.create_connection((address, 40125), 2)\n'
                  'def connect(address): socket.create_connection((address, 40125), 0.2)\n'
                  'print(attempt(lambda: serve("127.0.0.1")), attempt(lambda: serve("127.0.0.2")),\n'
                  '      attempt(lambda: serve("0.0.0.0")), attempt(lambda: serve("::", socket.AF_INET6)),\n'
                  '      attempt(lambda: connect("192.0.2.1")), attempt(lambda: connect("::ffff:192.0.2.1")),\n'
                  '      attempt(lambda: connect("::ffff:127.0.0.9")))\n')
        w.file('profile.json', json.dumps({
            'meta': {'name': 'ports'}, 'network': {'block': True, 'open_port': [40125]}}))
        result = w.sandbox(PYTHON, '-c', script,
                           grants=('--allow-cwd', '--profile', w.root / 'profile.json'))
        denied = 'PermissionError'
        self.assertEqual(['works', 'works', denied, denied, denied, denied, 'ConnectionRefusedError'],
                         result.out.split(), result)

    def test_why_self(self):
        w = self.world
        nono = w.nono_path
        grants = ('--allow-cwd', '--read', w.root / 'bin', '--read', w.root / 'libexec')
        result = w.sandbox(nono, 'why', '--self', '--json', '--path', w.project, '--op', 'write', grants=grants)
        self.assertEqual('allowed', json.loads(result.out)['status'])
        result = w.sandbox(nono, 'why', '--self', '--json', '--path', w.secret, grants=grants)
        self.assertEqual('path_not_granted', json.loads(result.out)['reason'])
        # Without its nonod there is nobody to know.
        script = f'touch ready; while [ -e ready ]; do sleep 0.1; done; {nono} why --self --path /'
        session = w.start(nono, 'run', '-s', *grants, '--', 'sh', '-c', script, stderr=-1, stdout=-1)
        self.assertTrue(harness.wait_until((w.project / 'ready').exists))
        for pid in w.daemons():
            os.kill(pid, signal.SIGKILL)
        (w.project / 'ready').unlink()
        self.assertIn(b'is gone', session.communicate(timeout=30)[1])
        (w.runtime / 'nono/io.nono.Manager').unlink()  # of the one that was killed


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Mediated))
