# SPDX-License-Identifier: Apache-2.0
"""Attacks through the kernel's other doors, and on what is handed in."""
import ctypes
import errno
import fcntl
import mmap
import os
import signal
import socket
import struct

from table import (CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, SECRET, TIOCSCTTY, TIOCSTI, attack,
                   call, libc, nothing_here)


@attack('mount', native='root')
def mount(v):
    call('mount', b'none', b'.', b'tmpfs', 0, None)
    libc.umount2(b'.', 2)


@attack('mount with the newer calls', native='root')
def fsopen(v):
    call('fsopen', b'tmpfs', 0)


@attack('clone a mount', native='root')
def open_tree(v):
    call('open_tree', -100, b'.', 1)


@attack('change the root directory', native='root')
def chroot(v):
    call('chroot', b'.')


@attack('get capabilities in a user namespace', native='user namespaces for this user')
def unshare_user(v):
    call('unshare', CLONE_NEWUSER)


@attack('the same with clone', native='user namespaces for this user')
def clone_user(v):
    if call('clone', CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        os._exit(0)
    os.wait()


@attack('the same with clone3', native='user namespaces for this user')
def clone3_user(v):
    if call('clone3', struct.pack('8Q', CLONE_NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0), 64) == 0:
        os._exit(0)
    os.wait()


@attack('the same with high bits set', native='user namespaces for this user')
def unshare_user_high(v):
    call('unshare', CLONE_NEWUSER | 1 << 40)


@attack('leave the network namespace', native='root')
def unshare_net(v):
    call('unshare', CLONE_NEWNET)


@attack('enter the mount namespace of a process outside', native='root')
def setns(v):
    call('setns', call('pidfd_open', v['pid'], 0), CLONE_NEWNS)


@attack('set the name of the machine', native='root')
def sethostname(v):
    name = socket.gethostname().encode()
    call('sethostname', name, len(name))


@attack('io_uring', native='io_uring for this user')
def io_uring(v):
    call('io_uring_setup', 1, bytes(120))


@attack('read a key of the user')
def key_read(v):
    if not v['key']:
        nothing_here('no kernel keyrings')
    buffer = ctypes.create_string_buffer(64)
    call('keyctl', 11, v['key'], buffer, 64)
    assert SECRET.encode() in buffer.raw


@attack('give the user a key')
def key_add(v):
    if not v['key']:
        nothing_here('no kernel keyrings')
    key = call('add_key', b'user', b'nono-attack', b'x', 1, -4)
    call('keyctl', 9, key, -4, 0, 0)  # KEYCTL_UNLINK


@attack('find a key of the user')
def key_request(v):
    if not v['key']:
        nothing_here('no kernel keyrings')
    call('request_key', b'user', b'nono-victim', None, 0)


@attack('load a program into the kernel', native='root')
def bpf(v):
    # BPF_MAP_CREATE of an array
    call('bpf', 0, struct.pack('IIIII', 2, 4, 4, 1, 0).ljust(120, b'\0'), 120)


@attack('performance events', native='perf for this user')
def perf(v):
    attributes = struct.pack('IIQQQQQ', 1, 112, 0, 0, 0, 0, 0x61).ljust(112, b'\0')
    call('perf_event_open', attributes, 0, -1, -1, 0)


@attack('handle page faults of the kernel', native='root')
def userfaultfd(v):
    call('userfaultfd', 0)


@attack('watch whole file systems', native='fanotify for this user')
def fanotify(v):
    call('fanotify_init', 0x200 if os.geteuid() else 0, os.O_RDONLY)


@attack('attach shared memory of a process outside', native='System V IPC')
def sysv_shm(v):
    if v['shm'] < 0:
        nothing_here('no System V IPC')
    call('shmat', v['shm'], None, 0)


@attack('make a System V message queue', native='System V IPC')
def sysv_msg(v):
    libc.msgctl(call('msgget', 0, 0o600 | 0o1000), 0, None)  # IPC_PRIVATE


@attack('open a POSIX message queue', native='POSIX message queues')
def posix_mq(v):
    call('mq_open', b'nono-attack', os.O_CREAT | os.O_RDWR, 0o600, None)
    libc.syscall(241, b'nono-attack')


def machine_code(code):
    area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    area.write(bytes.fromhex(code))
    function = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(area)))
    return ctypes.c_int(function()).value


@attack('a system call of i386', native='i386 calls in the kernel')
def int80(v):
    # getpid: mov eax, 20; int 0x80; ret
    if machine_code('b814000000cd80c3') != os.getpid():
        raise OSError(errno.ENOSYS, 'refused')


@attack('a system call of x32', native='x32 in the kernel')
def x32(v):
    # getpid: mov eax, 0x40000027; syscall; ret
    if machine_code('b8270000400f05c3') != os.getpid():
        raise OSError(errno.ENOSYS, 'refused')


def own_terminal():
    """A new terminal as the controlling one of a new session."""
    if os.fork():  # the leader of a group cannot start a session
        os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
    os.setsid()
    master = os.open('/dev/ptmx', os.O_RDWR)
    fcntl.ioctl(master, 0x40045431, struct.pack('i', 0))  # TIOCSPTLCK
    number, = struct.unpack('I', fcntl.ioctl(master, 0x80045430, bytes(4)))  # TIOCGPTN
    slave = os.open(f'/dev/pts/{number}', os.O_RDWR)
    fcntl.ioctl(slave, TIOCSCTTY, 0)
    return slave


@attack('type into the terminal', native='TIOCSTI in the kernel')
def tiocsti(v):
    fcntl.ioctl(own_terminal(), TIOCSTI, b'x')


@attack('open a terminal of a process outside')
def foreign_terminal(v):
    os.close(os.open(v['terminal'], os.O_RDWR | os.O_NOCTTY))


@attack('open the other end of a terminal of a process outside')
def foreign_terminal_by_fd(v):
    os.close(os.open(f'/proc/{v["pid"]}/fd/{v["master"]}', os.O_RDWR | os.O_NOCTTY))


def own_status():
    with open('/proc/self/status') as file:
        return {name: value.strip() for name, _, value in (line.partition(':') for line in file)}


@attack('have a capability', native='root')
def capability(v):
    status = own_status()
    if not any(int(status[name], 16) for name in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb')):
        raise PermissionError('no capability')


@attack('could get a capability')
def capability_bound(v):
    status = own_status()
    if status['NoNewPrivs'] == '1':
        raise PermissionError('no new privileges')


@attack('have more open than the standard streams')
def stray_descriptor(v):
    open_ones = [fd for fd in os.listdir('/proc/self/fd') if int(fd) > 2]
    if len(open_ones) < 2:  # one is the listing's own
        raise PermissionError('none')


@attack('learn a variable of nonod\'s environment', native='nothing: it is nonod\'s')
def daemon_environment(v):
    if not any('nonod-secret' in value for value in os.environ.values()):
        raise PermissionError('not there')
