#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that frame oddly, pass descriptors wrongly, stall or hang up, against our server.

usage: odd-clients.py SERVER
Knows nothing but the standard library, so that it shares no mistake with our own client.
"""
import array
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

ECHO = {'method': 'io.nono.Test.Echo', 'parameters': {'item': {'name': 'x'}}}
INFO = {'method': 'org.varlink.service.GetInfo'}


def wire(message):
    return json.dumps(message).encode() + b'\0'


class Client:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.socket.settimeout(10)
        self.rest = b''

    def send(self, data, fds=()):
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        sent = self.socket.sendmsg([data], ancillary)
        if sent < len(data):
            self.socket.sendall(data[sent:])

    def receive(self):
        while b'\0' not in self.rest:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError
            self.rest += chunk
        text, self.rest = self.rest.split(b'\0', 1)
        return json.loads(text)

    def call(self, message, fds=()):
        self.send(wire(message), fds)
        return self.receive()

    def expect_closed(self):
        try:
            data = self.socket.recv(65536)
            assert data == b'', data
        except ConnectionResetError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()


def pipe_with(text):
    r, w = os.pipe()
    os.write(w, text)
    os.close(w)
    return r


def read_call(n, other=None):
    parameters = {'fileDescriptor': n}
    if other is not None:
        parameters['other'] = other
    return {'method': 'io.nono.Test.Read', 'parameters': parameters}


def test_byte_by_byte():
    with Client() as c:
        for byte in wire(ECHO):
            c.send(bytes([byte]))
            time.sleep(0.001)
        assert c.receive()['parameters']['item']['name'] == 'x'


def test_white_space_false_flags_and_null():
    with Client() as c:
        c.send(b' {\n "method" : "org.varlink.service.GetInfo", "more": false, "oneway": false,\t'
               b'"upgrade": false, "parameters": null } \r\n\0')
        assert c.receive()['parameters']['product'] == 'certification'


def test_pipelining():
    with Client() as c:
        many = b''.join(wire({'method': 'io.nono.Test.Echo',
                              'parameters': {'item': {'name': str(i)}}}) for i in range(500))
        c.send(many)
        for i in range(500):
            assert c.receive()['parameters']['item']['name'] == str(i)


def test_pipelining_behind_more():
    with Client() as c:
        c.send(wire({'method': 'io.nono.Test.Count', 'more': True, 'parameters': {'upTo': 3}})
               + wire(INFO))
        replies = [c.receive() for _ in range(4)]
        assert [r.get('continues', False) for r in replies] == [True, True, False, False]
        assert 'vendor' in replies[3]['parameters']


def test_closed_without_a_word():
    for text in [b'', b'{', b'[]', b'"x"', b'{}', b'{"method":1}', b'{"method":""}',
                 b'{"method":"a.B","more":1}', b'{"method":"a.B","oneway":null}',
                 b'{"method":"a.B","more":true,"oneway":true}', b'{"method":"a.B","extra":1}',
                 b'{"method":"a.B","parameters":[]}', b'{"method":"a.B","method":"a.B"}',
                 b"{'method':'a.B'}", b'{"method":"a.B"}x', b'{"method":"\xff"}',
                 b'{"method":"a.B","parameters":{"x":NaN}}',
                 b'{"method":"' + b'a' * 300 + b'.B"}',
                 b'{"method":"a.B","parameters":' + b'{"a":' * 100 + b'1' + b'}' * 100 + b'}']:
        with Client() as c:
            c.send(text + b'\0')
            c.expect_closed()


def test_extensions_are_ignored():
    with Client() as c:
        assert 'parameters' in c.call({**INFO, 'com.example.extension': {'a': 1}})


def test_too_large():
    with Client() as c:
        try:
            c.send(b' ' * (5 << 20))
        except (BrokenPipeError, ConnectionResetError):
            return
        c.expect_closed()


def test_fds_with_their_message():
    with Client() as c:
        a, b = pipe_with(b'first'), pipe_with(b'second')
        # A plain message, one with a descriptor, a plain one, two with one: all at once, so that
        # the kernel may merge what it can.
        c.send(wire(INFO))
        c.send(wire(read_call(0)), [a])
        c.send(wire(INFO))
        c.send(wire(read_call(1, 0)), [a, b])
        replies = [c.receive() for _ in range(4)]
        assert replies[1]['parameters'] == {'text': 'first'}, replies
        assert replies[3]['parameters'] == {'text': 'second'}, replies
        os.close(a)
        os.close(b)


def test_fd_of_a_large_message():
    with Client() as c:
        a = pipe_with(b'large')
        # The descriptor comes with the first of many chunks.
        c.send(b' ' * 150000 + wire(read_call(0)), [a])
        assert c.receive()['parameters'] == {'text': 'large'}
        os.close(a)


def test_wrong_fd_counts():
    with Client() as c:
        a = pipe_with(b'x')
        for message, fds in [(read_call(0), []), (read_call(0), [a] * 3), (INFO, [a]),
                             (read_call(0), [a] * 253)]:
            reply = c.call(message, fds)
            assert reply['error'] == 'org.varlink.service.InvalidParameter', reply
            assert reply['parameters'] == {'parameter': 'fileDescriptors'}, reply
        assert c.call(read_call(0), [a])['parameters'] == {'text': 'x'}
        os.close(a)


def test_fd_inside_a_message():
    with Client() as c:
        a = pipe_with(b'x')
        data = wire(read_call(0))
        c.send(data[:10])
        time.sleep(0.05)
        c.send(data[10:], [a])
        c.expect_closed()
        os.close(a)


def test_fd_between_two_messages_of_one_write():
    with Client() as c:
        a = pipe_with(b'x')
        # It belongs to the first byte, so to the first message.
        c.send(wire(INFO) + wire(read_call(0)), [a])
        assert c.receive()['error'] == 'org.varlink.service.InvalidParameter'
        assert c.receive()['error'] == 'org.varlink.service.InvalidParameter'
        os.close(a)


def test_upgrade_reads_not_a_byte_ahead():
    with Client() as c:
        c.send(wire({'method': 'io.nono.Test.Switch', 'upgrade': True}) + b'raw')
        assert c.receive() == {}


def test_hang_up_everywhere():
    data = wire(ECHO)
    for n in range(0, len(data), 7):
        with Client() as c:
            c.send(data[:n])
    for _ in range(100):
        with Client() as c:
            c.send(wire({'method': 'io.nono.Test.Large', 'parameters': {'size': 1000000}}))
    with Client() as c:
        c.send(wire({'method': 'io.nono.Test.Wait'}))
    time.sleep(0.1)
    # The call that was kept has been cancelled, so it can be made again.
    with Client() as c:
        c.socket.settimeout(0.2)
        try:
            c.call({'method': 'io.nono.Test.Wait'})
            raise AssertionError('answered')
        except socket.timeout:
            pass


def test_half_close():
    with Client() as c:
        c.send(wire(INFO) * 3)
        c.socket.shutdown(socket.SHUT_WR)
        for _ in range(3):
            c.receive()
        c.expect_closed()


def test_bad_neighbours():
    """Some stall, some never read, some send garbage: an ordinary client stays quick."""
    stalled = [Client() for _ in range(20)]
    for c in stalled:
        c.send(b'{"method":' + b' ' * 100000)
    deaf = [Client() for _ in range(10)]
    for c in deaf:
        c.socket.setblocking(False)
        try:
            for _ in range(50):
                c.socket.send(wire({'method': 'io.nono.Test.Large',
                                    'parameters': {'size': 500000}}))
        except BlockingIOError:
            pass
    with Client() as c:
        begin = time.monotonic()
        for _ in range(200):
            c.call(ECHO)
        assert time.monotonic() - begin < 5, time.monotonic() - begin
        # A message that never ends is given up after a while (a second, in this server).
        time.sleep(1.5)
        for s in stalled:
            s.expect_closed()
        c.call(ECHO)
    for c in stalled + deaf:
        c.socket.close()


with tempfile.TemporaryDirectory(prefix='nono-odd.') as directory:
    path = directory + '/s'
    server = subprocess.Popen([sys.argv[1], path], stdin=subprocess.PIPE)
    while not os.path.exists(path) and server.poll() is None:
        time.sleep(0.02)
    time.sleep(0.05)
    try:
        for name, test in sorted(globals().items()):
            if name.startswith('test_'):
                print(name, flush=True)
                test()
                assert server.poll() is None, 'the server died'
                with Client() as probe:
                    probe.call(INFO)
        n_fds = len(os.listdir(f'/proc/{server.pid}/fd'))
        # Standard streams, the listener, what a sanitizer keeps, and nothing that we passed.
        assert n_fds < 12, n_fds
    finally:
        server.stdin.close()
        status = server.wait(10)
    assert status == 0, status
