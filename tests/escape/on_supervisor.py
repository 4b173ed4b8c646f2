# SPDX-License-Identifier: Apache-2.0
"""Attacks on what nono-session does for the session: names, memory and descriptors that change while
it looks at them, and objects that are not what they seem."""
import ctypes
import os
import pathlib
import socket
import threading
import time

from table import attack, libc, nothing_here

SECONDS = 1.5


def reached(path):
    """Whether a connect to path ends at the victim: it bound its socket to the name `stream`."""
    with socket.socket(socket.AF_UNIX) as s:
        s.setblocking(False)
        try:
            s.connect(path)
            return s.getpeername() == 'stream'
        except OSError:
            return False


def own_socket(path):
    pathlib.Path(path).unlink(missing_ok=True)
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen(1024)
    return s


def gets(condition):
    if not condition:
        raise ConnectionRefusedError('did not get there')


def while_changing(change, attempt):
    """attempt() again and again while another thread runs change() again and again."""
    end, found = time.monotonic() + SECONDS, []

    def run():
        while not found and time.monotonic() < end:
            change()

    thread = threading.Thread(target=run)
    thread.start()
    while not found and time.monotonic() < end:
        if attempt():
            found.append(True)
    thread.join()
    gets(found)


@attack('connect to a unix socket outside through a symlink inside')
def unix_symlink(v):
    os.symlink(v['stream'], 'link-to-stream')
    try:
        gets(reached('link-to-stream'))
    finally:
        os.unlink('link-to-stream')


@attack('connect to it through a directory of /proc')
def unix_proc(v):
    gets(reached('/proc/self/root' + v['stream']) or reached('/proc/self/cwd/' + v['stream']))


@attack('connect to it through a descriptor')
def unix_descriptor(v):
    fd = os.open(v['stream'], os.O_PATH)
    directory = os.open(v['outside'], os.O_PATH)
    gets(reached(f'/proc/self/fd/{fd}') or reached(f'/dev/fd/{fd}') or
         reached(f'/proc/{os.getpid()}/fd/{fd}') or reached(f'/proc/self/fd/{directory}/stream'))


@attack('link it into the grant and connect there')
def unix_hard_link(v):
    os.link(v['stream'], 'stream-link')
    try:
        gets(reached('stream-link'))
    finally:
        os.unlink('stream-link')


@attack('connect to it as SOCK_SEQPACKET or with a longer name')
def unix_long_name(v):
    gets(reached(v['outside'] + '/' + './' * ((100 - len(v['stream'])) // 2) + 'stream'))


@attack('connect to it from its own directory')
def unix_relative(v):
    os.chdir(v['outside'])
    gets(reached('stream'))


@attack('connect an end of a socket pair to it', native='connected already')
def unix_connected_pair(v):
    socket.socketpair()[0].connect(v['stream'])


@attack('connect to it while a name in the grant leads there and back')
def race_symlink(v):
    own = own_socket('race-own')
    for name, target in ('race-a', 'race-own'), ('race-b', v['stream']):
        pathlib.Path(name).unlink(missing_ok=True)
        os.symlink(target, name)
    names = ['race-a', 'race-b']

    def swap():
        os.rename(names[0], 'race-x'), os.rename(names[1], names[0]), os.rename('race-x', names[1])

    try:
        while_changing(swap, lambda: reached('race-a'))
    finally:
        own.close()
        for name in 'race-own', 'race-a', 'race-b', 'race-x':
            pathlib.Path(name).unlink(missing_ok=True)


@attack('connect to it while the address changes')
def race_address(v):
    own_path = os.path.abspath('o').ljust(len(v['stream']), '_')[:100]
    own = own_socket(own_path)
    outside = b'\x01\x00' + v['stream'].encode() + b'\0'
    inside = b'\x01\x00' + own_path.encode() + b'\0'
    size = max(len(outside), len(inside))
    address = ctypes.create_string_buffer(inside, size)

    def change():
        ctypes.memmove(address, outside, len(outside))
        ctypes.memmove(address, inside, len(inside))

    def attempt():
        with socket.socket(socket.AF_UNIX) as s:
            s.setblocking(False)
            libc.connect(s.fileno(), address, size)
            try:
                return s.getpeername() == 'stream'
            except OSError:
                return False

    try:
        while_changing(change, attempt)
    finally:
        own.close()
        os.unlink(own_path)


@attack('connect to it while the descriptor changes')
def race_descriptor(v):
    """An INET socket when it is looked at, a unix socket when it is used."""
    path = v['stream'].encode()
    address = ctypes.create_string_buffer(b'\x01\x00' + path + b'\0')
    end, found = time.monotonic() + SECONDS, False
    place = socket.socket(socket.AF_UNIX)
    inet = socket.socket()
    inet.setblocking(False)
    stop = []

    def change():
        while not stop:
            with socket.socket(socket.AF_UNIX) as unix:
                unix.setblocking(False)
                os.dup2(unix.fileno(), place.fileno())
                time.sleep(0)
                os.dup2(inet.fileno(), place.fileno())

    thread = threading.Thread(target=change)
    thread.start()
    while not found and time.monotonic() < end:
        found = libc.connect(place.fileno(), address, len(path) + 3) == 0
    stop.append(1)
    thread.join()
    gets(found)


@attack('make a socket outside pass for one of the session\'s own', native='nothing to pass for')
def race_bind(v):
    """While one is bound, its directory becomes a link to where the victim's is."""
    os.makedirs('race-dir', exist_ok=True)
    pathlib.Path('race-link').unlink(missing_ok=True)
    os.symlink(v['outside'], 'race-link')
    stop = []

    def change():
        while not stop:
            try:
                os.rename('race-dir', 'race-away'), os.rename('race-link', 'race-dir')
                os.rename('race-dir', 'race-link'), os.rename('race-away', 'race-dir')
            except OSError:
                pass

    thread = threading.Thread(target=change)
    thread.start()
    end, found = time.monotonic() + 2 * SECONDS, False
    while not found and time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.bind('race-dir/stream')
            except OSError:
                pass
        found = reached(v['stream'])
        try:
            os.unlink('race-dir/stream')
        except OSError:
            pass
    stop.append(1)
    thread.join()
    gets(found)


@attack('take an abstract name that others look for')
def unix_bind_abstract(v):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(f'\0nono-taken-{os.getpid()}')


@attack('bind a unix socket outside through a symlink inside')
def unix_bind_symlink(v):
    os.symlink(v['outside'], 'dir-link')
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind('dir-link/bound')
        os.unlink(v['outside'] + '/bound')
    finally:
        os.unlink('dir-link')


@attack('bind one there while a name in the grant leads there and back')
def race_bind_outside(v):
    own, link = 'bind-own', 'bind-link'
    os.makedirs(own, exist_ok=True)
    pathlib.Path(link).unlink(missing_ok=True)
    os.symlink(v['outside'], link)
    made = os.path.join(v['outside'], 'bound-race')

    def swap():
        try:
            os.rename(own, 'bind-x'), os.rename(link, own)
            os.rename(own, link), os.rename('bind-x', own)
        except OSError:
            pass

    def attempt():
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.bind(own + '/bound-race')
            except OSError:
                pass
        for name in own + '/bound-race', 'bind-x/bound-race':
            try:
                os.unlink(name)
            except OSError:
                pass
        return os.path.exists(made)

    try:
        while_changing(swap, attempt)
    finally:
        try:
            os.unlink(made)
        except OSError:
            pass


@attack('open another terminal of the user by its number')
def terminal_by_number(v):
    """TIOCGPTPEER gives the other end of a terminal without a name; only of one that is held."""
    for fd in range(3, 32):
        try:
            if libc.ioctl(fd, 0x5441, 2) >= 0:
                return
        except OSError:
            pass
    try:
        os.open(v['terminal'], os.O_RDWR | os.O_NOCTTY)
    except PermissionError:
        raise
    except OSError as error:
        nothing_here(str(error))
