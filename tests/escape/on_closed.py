# SPDX-License-Identifier: Apache-2.0
"""Attacks on what is denied inside a directory that is granted: a file, a directory, and one below a
directory that may be used. Each leaves things as they were, since it is done natively first."""
import array
import contextlib
import ctypes
import os
import socket
import subprocess
import threading
import time

from table import NR, SECRET, attack, call, libc, reads

CLOSED = ('--profile', 'closed')
FILE, DIRECTORY, INNER, DEEP = '.closed', 'keys', 'keys/secret', 'along/down/secret'
AT_FDCWD, EXCHANGE, EMPTY_PATH, FOLLOW = -100, 2, 0x1000, 0x400
NR |= {'renameat2': 316, 'openat': 257, 'truncate': 76}


@contextlib.contextmanager
def afterwards(*undo):
    """undo are pairs of paths, renamed from the one to the other, or paths to unlink."""
    try:
        yield
    finally:
        for step in undo:
            with contextlib.suppress(OSError):
                os.rename(*step) if isinstance(step, tuple) else os.unlink(step)


@attack('read it', grants=CLOSED)
def closed_read(v):
    reads(FILE)


@attack('read what is in a directory', grants=CLOSED)
def closed_read_inner(v):
    reads(INNER)


@attack('read what is further down', grants=CLOSED)
def closed_read_deep(v):
    reads(DEEP)


@attack('list the directory', grants=CLOSED)
def closed_list(v):
    os.listdir(DIRECTORY)


@attack('read it by a long way round', grants=CLOSED)
def closed_dots(v):
    reads(f'along/../along/./down/../../../{os.path.basename(os.getcwd())}//{FILE}')


@attack('read it through a symlink', grants=CLOSED)
def closed_symlink(v):
    with afterwards('closed-link'):
        os.symlink(os.path.abspath(FILE), 'closed-link')
        reads('closed-link')


@attack('read it through a symlink to the directory it is in', grants=CLOSED)
def closed_symlink_parent(v):
    with afterwards('closed-here'):
        os.symlink('along/..', 'closed-here')
        reads('closed-here/' + INNER)


@attack('give it another name', grants=CLOSED)
def closed_rename(v):
    with afterwards(('closed-x', FILE)):
        os.rename(FILE, 'closed-x')
        reads('closed-x')


@attack('give its directory another name', grants=CLOSED)
def closed_rename_directory(v):
    with afterwards(('closed-k', DIRECTORY)):
        os.rename(DIRECTORY, 'closed-k')
        reads('closed-k/secret')


@attack('give a directory on the way another name', grants=CLOSED)
def closed_rename_way(v):
    with afterwards(('closed-w', 'along')):
        os.rename('along', 'closed-w')
        reads('closed-w/down/secret')


@attack('move a directory on the way into another grant', grants=CLOSED)
def closed_rename_out(v):
    there = os.path.join(os.environ.get('TMPDIR', '/var/tmp'), f'closed-{os.getpid()}')
    with afterwards((there, 'along/down')):
        os.rename('along/down', there)
        reads(there + '/secret')


@attack('exchange it with a file', grants=CLOSED)
def closed_exchange(v):
    with open('closed-own', 'w'):
        pass
    try:
        call('renameat2', AT_FDCWD, FILE.encode(), AT_FDCWD, b'closed-own', EXCHANGE)
        try:
            reads('closed-own')
        finally:
            call('renameat2', AT_FDCWD, FILE.encode(), AT_FDCWD, b'closed-own', EXCHANGE)
    finally:
        os.unlink('closed-own')


@attack('link it', grants=CLOSED)
def closed_link(v):
    with afterwards('closed-hard'):
        os.link(FILE, 'closed-hard')
        reads('closed-hard')


@attack('link it by a descriptor', grants=CLOSED)
def closed_link_descriptor(v):
    fd = os.open(FILE, os.O_PATH)
    with afterwards('closed-hard'):
        call('linkat', AT_FDCWD, f'/proc/self/fd/{fd}'.encode(), AT_FDCWD, b'closed-hard', FOLLOW)
        reads('closed-hard')


@attack('reopen a descriptor of it', grants=CLOSED)
def closed_reopen(v):
    reads(f'/proc/self/fd/{os.open(FILE, os.O_PATH)}')


@attack('reopen it by another name of descriptors', grants=CLOSED)
def closed_reopen_thread(v):
    reads(f'/proc/{os.getpid()}/task/{os.getpid()}/fd/{os.open(FILE, os.O_PATH)}')


@attack('read it below /proc/self/root', grants=CLOSED)
def closed_proc_root(v):
    reads('/proc/self/root' + os.path.abspath(FILE))


@attack('read it below /proc/self/cwd', grants=CLOSED)
def closed_proc_cwd(v):
    reads('/proc/self/cwd/' + INNER)


@attack('read it through a symlink to /proc/self/cwd', grants=CLOSED)
def closed_proc_symlink(v):
    with afterwards('closed-proc'):
        os.symlink('/proc/self/cwd', 'closed-proc')
        reads('closed-proc/' + FILE)


@attack('read it in the working directory of a child', grants=CLOSED)
def closed_proc_child(v):
    child = subprocess.Popen(['/bin/sleep', '5'], cwd=DIRECTORY)
    try:
        reads(f'/proc/{child.pid}/cwd/secret')
    finally:
        child.kill()
        child.wait()


@attack('read it from inside its directory', grants=CLOSED)
def closed_chdir(v):
    here = os.open('.', os.O_PATH)
    os.chdir(DIRECTORY)
    try:
        reads('secret')
    finally:
        os.fchdir(here)


@attack('read it from a descriptor of its directory', grants=CLOSED)
def closed_directory_descriptor(v):
    fd = os.open('secret', os.O_RDONLY, dir_fd=os.open(DIRECTORY, os.O_PATH))
    assert SECRET in os.read(fd, 100).decode()


@attack('give a descriptor of its directory to a child that reads', grants=CLOSED)
def closed_passed_descriptor(v):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            _, rights, _, _ = theirs.recvmsg(1, 100)
            fd = array.array('i', rights[0][2])[0]
            inner = os.open('secret', os.O_RDONLY, dir_fd=fd)
            os._exit(SECRET not in os.read(inner, 100).decode())
        os._exit(1)
    ours.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [os.open(DIRECTORY, os.O_PATH)]))])
    if os.waitpid(pid, 0)[1]:
        raise PermissionError('the child could not')


@attack('read it in a thread with a working directory of its own', grants=CLOSED)
def closed_thread(v):
    got = []

    def run():
        call('unshare', 0x200)  # CLONE_FS
        os.chdir(DIRECTORY)
        with contextlib.suppress(OSError):
            got.append(open('secret').read())

    thread = threading.Thread(target=run)
    thread.start(), thread.join()
    if not got:
        raise PermissionError('not in a thread either')


@attack('read it in a thread with descriptors of its own', grants=CLOSED)
def closed_thread_descriptors(v):
    got = []
    fd = os.open('.', os.O_PATH)

    def run():
        call('unshare', 0x400)  # CLONE_FILES
        os.dup2(os.open(DIRECTORY, os.O_PATH), fd)
        with contextlib.suppress(OSError):
            got.append(os.open('secret', os.O_RDONLY, dir_fd=fd))

    thread = threading.Thread(target=run)
    thread.start(), thread.join()
    if not got:
        raise PermissionError('not in a thread either')


@attack('read it with openat2', grants=CLOSED, native='Linux 5.6')
def closed_openat2(v):
    how = ctypes.create_string_buffer(24)
    call('openat2', AT_FDCWD, FILE.encode(), how, 24)


@attack('read it with high bits in the flags', grants=CLOSED)
def closed_high_bits(v):
    if libc.syscall(NR['openat'], ctypes.c_long(AT_FDCWD), FILE.encode(), ctypes.c_ulong(1 << 40), 0) < 0:
        raise OSError(ctypes.get_errno(), 'openat')


@attack('read it when the process cannot be looked into', grants=CLOSED)
def closed_undumpable(v):
    libc.prctl(4, 0)
    reads(FILE)


@attack('execute it', grants=CLOSED)
def closed_execute(v):
    subprocess.run(['keys/run'], check=True)


@attack('overwrite it', grants=CLOSED)
def closed_write(v):
    with open(FILE, 'r+') as file:
        file.write(SECRET)


@attack('shorten it', grants=CLOSED)
def closed_truncate(v):
    os.truncate(FILE, os.stat(FILE).st_size)


@attack('put another file in its place', grants=CLOSED)
def closed_replace(v):
    with open('closed-new', 'w') as file:
        file.write(SECRET)
    with afterwards('closed-new'):
        os.rename('closed-new', FILE)


@attack('remove it', grants=CLOSED)
def closed_unlink(v):
    os.unlink(INNER)
    with open(INNER, 'w') as file:
        file.write(SECRET)


@attack('make something in its directory', grants=CLOSED)
def closed_make(v):
    os.mkdir(DIRECTORY + '/new')
    os.rmdir(DIRECTORY + '/new')


@attack('make what is denied and not there yet', grants=CLOSED)
def closed_make_later(v):
    with afterwards('later'):
        open('later', 'w').close()


@attack('lead a name that is denied and not there yet elsewhere', grants=CLOSED)
def closed_symlink_later(v):
    with afterwards('not-yet'):
        os.symlink('.', 'not-yet')


@attack('change its mode', grants=CLOSED)
def closed_chmod(v):
    os.chmod(FILE, 0o600)


def race(change, attempt):
    """attempt() while change() is called again and again; over when it returns something."""
    stop = []

    def run():
        while not stop:
            change()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if attempt():
                    return
    finally:
        stop.append(1)
        thread.join()
    raise PermissionError('never got there')


def opens(path, flags=os.O_RDONLY):
    fd = libc.syscall(NR['openat'], ctypes.c_long(AT_FDCWD), path, flags, 0)
    if fd < 0:
        return False
    try:
        return SECRET.encode() in os.read(fd, 100) if flags == os.O_RDONLY else b'secret' in [os.fsencode(e) for e in os.listdir(fd)]
    finally:
        os.close(fd)


def race_path(first, second, flags):
    """One thread changes the name in memory while another opens by it."""
    path = ctypes.create_string_buffer(64)
    names = [name.ljust(64, b'\0') for name in (first, second)]

    def change():
        for name in names:
            ctypes.memmove(path, name, 64)

    race(change, lambda: opens(path, flags))


@attack('change the name in memory while it is opened', grants=CLOSED)
def closed_race_memory(v):
    race_path(b'open', FILE.encode(), os.O_RDONLY)


@attack('change a name outside the grant in memory while it is opened', grants=CLOSED)
def closed_race_outside(v):
    race_path(b'/usr/bin/env', INNER.encode(), os.O_RDONLY)


@attack('change the name in memory while it is listed', grants=CLOSED)
def closed_race_list(v):
    race_path(b'along', DIRECTORY.encode(), os.O_DIRECTORY)


def swap(*targets):
    """A name in the grant that leads to each of them in turn."""
    for i, target in enumerate(targets):
        os.symlink(target, f'closed-{i}')

    def change():
        os.rename('closed-0', 'closed-s'), os.rename('closed-1', 'closed-0')
        os.rename('closed-s', 'closed-1')
    return change


@attack('lead a name there and back while it is opened', grants=CLOSED)
def closed_race_symlink(v):
    with afterwards('closed-0', 'closed-1', 'closed-s'):
        race(swap('open', FILE), lambda: opens(b'closed-0'))


@attack('lead a directory in the name there and back while it is opened', grants=CLOSED)
def closed_race_directory(v):
    with afterwards('closed-0', 'closed-1', 'closed-s'):
        race(swap('along', DIRECTORY), lambda: opens(b'closed-0/secret'))


@attack('move a directory about while a name goes through it', grants=CLOSED)
def closed_race_move(v):
    os.makedirs('closed-a/b', exist_ok=True)
    os.makedirs('closed-c', exist_ok=True)

    def change():
        os.rename('closed-a/b', 'closed-c/b'), os.rename('closed-c/b', 'closed-a/b')

    try:
        race(change, lambda: opens(b'closed-a/b/../../keys/secret'))
    finally:
        for name in 'closed-a/b', 'closed-c/b', 'closed-a', 'closed-c':
            with contextlib.suppress(OSError):
                os.rmdir(name)
