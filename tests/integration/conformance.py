# SPDX-License-Identifier: Apache-2.0
"""Prints what many calls give, one line each. What is done on behalf gives the same."""
import contextlib
import ctypes
import errno
import os
import signal
import socket
import struct
import tempfile
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
UNIX, INET, INET6 = socket.AF_UNIX, socket.AF_INET, socket.AF_INET6


def say(name, function, *arguments):
    try:
        result = function(*arguments)
    except OSError as error:
        result = errno.errorcode.get(error.errno, error.errno)
    print(name, result)


def call(number, *arguments):
    result = libc.syscall(number, *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), 'failed')
    return result


def listening(family, address, backlog=8, kind=socket.SOCK_STREAM):
    s = socket.socket(family, kind)
    s.bind(address)
    s.listen(backlog)
    return s


def unix():
    os.mkdir('dir')
    say('bind', lambda: listening(UNIX, 'stream').getsockname())
    server, packets = listening(UNIX, 'dir/./server'), listening(UNIX, 'seq', 8, socket.SOCK_SEQPACKET)
    full = os.path.join(os.getcwd(), 'dir/server')
    for name, address in (('relative', 'dir/server'), ('absolute', full), ('dots', './dir/../dir/server'),
                          ('missing', 'nothing'), ('below nothing', 'no/thing'), ('file', 'stream/x'),
                          ('directory', 'dir'), ('closed', 'stream'), ('other type', 'seq')):
        c = socket.socket(UNIX)
        say('connect ' + name, lambda: c.connect(address) or c.getpeername())
    os.symlink('dir/server', 'link'), os.symlink('loop', 'loop')
    say('connect link', socket.socket(UNIX).connect, 'link')
    say('connect loop', socket.socket(UNIX).connect, 'loop')
    say('seqpacket', socket.socket(UNIX, socket.SOCK_SEQPACKET).connect, 'seq')
    say('bind twice', socket.socket(UNIX).bind, 'dir/server')
    say('bind bound', server.bind, 'another')
    say('bind link', socket.socket(UNIX).bind, 'loop')
    say('bind nowhere', socket.socket(UNIX).bind, 'no/thing')
    say('bind long', lambda: socket.socket(UNIX).bind('x' * 107))
    say('connect long', socket.socket(UNIX).connect, 'x' * 107)
    os.umask(0o027)
    listening(UNIX, 'masked')
    print('mode', oct(os.stat('masked').st_mode))
    c = socket.socket(UNIX)
    c.connect('dir/server')
    say('again', c.connect, 'dir/server')
    a, _ = server.accept(), None
    say('credentials', lambda: struct.unpack('3i', c.getsockopt(1, 17, 12))[1:])
    one = listening(UNIX, 'one', 0)
    socket.socket(UNIX).connect('one')
    c = socket.socket(UNIX)
    c.setblocking(False)
    say('full', c.connect, 'one')
    c = socket.socket(UNIX)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 0, 200000))
    say('full with a timeout', c.connect, 'one')
    os.unlink('one')
    say('removed', socket.socket(UNIX).connect, 'one')
    print(packets.fileno() >= 0, a is not None)


def interrupted():
    one = listening(UNIX, 'full', 0)
    keep = socket.socket(UNIX)
    keep.connect('full')
    seen = []
    address = b'\x01\x00full\0'
    for restart in False, True:
        signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
        libc.siginterrupt(signal.SIGALRM, 0 if restart else 1)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        c = socket.socket(UNIX)
        if restart:
            threading.Timer(0.6, one.accept).start()
        r = libc.connect(c.fileno(), address, 7)
        print('interrupted', restart, r, ctypes.get_errno() if r else 0)
    print('caught', len(seen))


def inet():
    server, six = listening(INET, ('127.0.0.1', 0)), None
    with contextlib.suppress(OSError):
        six = listening(INET6, ('::1', 0))
    port = server.getsockname()[1]
    for name, s in ('blocking', socket.socket()), ('not blocking', socket.socket()):
        s.setblocking(name == 'blocking')
        say('tcp ' + name, s.connect, ('127.0.0.1', port))
        time.sleep(0.1)
        say('again', s.connect_ex, ('127.0.0.1', port))
        say('and again', s.connect_ex, ('127.0.0.1', port))
    say('refused', socket.socket().connect, ('127.0.0.1', 1))
    say('bind used', socket.socket().bind, ('127.0.0.1', port))
    say('bind not ours', socket.socket().bind, ('192.0.2.1', 0))
    say('bind bound', server.bind, ('127.0.0.1', 0))
    if six:
        say('tcp6', socket.socket(INET6).connect, six.getsockname())
        say('tcp6 on 4', lambda: socket.socket(INET6).connect(('::ffff:127.0.0.1', port)))
    udp = socket.socket(INET, socket.SOCK_DGRAM)
    say('udp', lambda: udp.connect(('127.0.0.1', port)) or udp.getpeername()[1] == port)
    say('undo', call, 42, udp.fileno(), b'\0' * 16, 16)
    say('unconnected', udp.getpeername)
    say('wrong family', call, 42, socket.socket().fileno(), b'\x01\0x\0' + b'\0' * 12, 16)
    say('short', call, 42, socket.socket().fileno(), b'\x02\0', 2)
    say('netlink', lambda: socket.socket(socket.AF_NETLINK, 3, 0).bind((0, 0)))


def metadata():
    open('f', 'w').close()
    os.symlink('f', 'l')
    fd, path_fd, d = os.open('f', os.O_RDONLY), os.open('f', os.O_PATH), os.open('.', os.O_RDONLY)
    me = os.getuid()
    for name, function, *arguments in (
            ('chmod', os.chmod, 'f', 0o640), ('chmod link', os.chmod, 'l', 0o600), ('chmod sticky', os.chmod, 'f', 0o1600),
            ('chmod at', lambda: os.chmod('f', 0o644, dir_fd=d)), ('fchmod', os.fchmod, fd, 0o600),
            ('fchmod path', os.fchmod, path_fd, 0o600), ('chmod proc', os.chmod, f'/proc/self/fd/{path_fd}', 0o644),
            ('chmod missing', os.chmod, 'nothing', 0o600), ('chmod address', call, 90, 8, 0o600),
            ('fchmodat2', call, 452, path_fd, b'', 0o600, 0x1000), ('fchmodat2 link', call, 452, -100, b'l', 0o600, 0x100),
            ('fchmodat2 flags', call, 452, -100, b'l', 0o600, 0x7), ('chown', os.chown, 'f', me, -1),
            ('chown other', os.chown, '/', 12345, -1) if me else ('chown', os.chown, 'f', me, -1),
            ('lchown', os.lchown, 'l', me, -1), ('fchown', os.fchown, fd, me, -1),
            ('fchownat', call, 260, path_fd, b'', me, -1, 0x1000), ('utime', os.utime, 'f', (1, 2)),
            ('utime now', os.utime, 'f'), ('utime link', lambda: os.utime('l', (3, 4), follow_symlinks=False)),
            ('futimens', os.utime, fd, (5, 6)), ('utimensat flags', call, 280, -100, b'f', 0, 77),
            ('utime dir', os.utime, '.', (7, 8)), ('setxattr name', os.setxattr, 'f', 'nothing', b'1'),
            ('setxattr long', os.setxattr, 'f', 'user.' + 'x' * 300, b'1'), ('fchmod none', os.fchmod, 999, 0o600),
            ('removexattr', os.removexattr, 'f', 'user.none'), ('chmod dir', os.chmod, '.', 0o755)):
        say(name, function, *arguments)
    print(oct(os.stat('f').st_mode), os.stat('f').st_mtime, os.lstat('l').st_mtime)


with tempfile.TemporaryDirectory(dir='.') as directory:
    os.chdir(directory)
    for part in unix, interrupted, inet, metadata:
        part()
    os.chdir('..')
