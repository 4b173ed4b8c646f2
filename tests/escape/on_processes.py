# SPDX-License-Identifier: Apache-2.0
"""Attacks on other processes."""
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import time

from table import SECRET, attack, call, nothing_here, reads


@attack('read the memory of a process outside')
def process_vm_readv(v):
    buffer = ctypes.create_string_buffer(16)
    local = struct.pack('QQ', ctypes.addressof(buffer), 16)
    call('process_vm_readv', v['pid'], local, 1, struct.pack('QQ', v['address'], 16), 1, 0)
    assert buffer.raw.startswith(SECRET[:8].encode())


@attack('open its memory')
def proc_mem(v):
    with open(f'/proc/{v["pid"]}/mem', 'rb') as file:
        file.seek(v['address'])
        assert file.read(8) == SECRET[:8].encode()


@attack('read its environment')
def proc_environ(v):
    with open(f'/proc/{v["pid"]}/environ') as file:
        assert SECRET in file.read()


@attack('open a file that it has open')
def proc_fd(v):
    reads(f'/proc/{v["pid"]}/fd/{v["fd"]}')


@attack('see what it has open')
def proc_fd_name(v):
    os.readlink(f'/proc/{v["pid"]}/fd/{v["fd"]}')


@attack('see where in memory it is')
def proc_maps(v):
    with open(f'/proc/{v["pid"]}/maps') as file:
        assert file.read()


@attack('trace it')
def ptrace(v):
    call('ptrace', 16, v['pid'], 0, 0)
    os.waitpid(v['pid'], 0x40000000)
    call('ptrace', 17, v['pid'], 0, 0)


@attack('trace it without stopping it')
def ptrace_seize(v):
    call('ptrace', 0x4206, v['pid'], 0, 0)


@attack('take a descriptor from it')
def pidfd_getfd(v):
    fd = call('pidfd_getfd', call('pidfd_open', v['pid'], 0), v['fd'], 0)
    assert SECRET.encode() in os.pread(fd, 100, 0)


@attack('compare kernel objects with it')
def kcmp(v):
    call('kcmp', os.getpid(), v['pid'], 0, 0, v['fd'])


@attack('advise the kernel about its memory', native='root')
def process_madvise(v):
    fd = call('pidfd_open', v['pid'], 0)
    call('process_madvise', fd, struct.pack('QQ', v['address'] & ~4095, 4096), 1, 20, 0)


@attack('move its memory')
def move_pages(v):
    status = (ctypes.c_int * 1)()
    pages = (ctypes.c_ulong * 1)(v['address'] & ~4095)
    call('move_pages', v['pid'], 1, pages, 0, status, 0)


@attack('signal it')
def kill(v):
    os.kill(v['pid'], signal.SIGURG)


@attack('signal its thread')
def tgkill(v):
    call('tgkill', v['pid'], v['pid'], signal.SIGURG)


@attack('signal its group')
def kill_group(v):
    os.killpg(v['pid'], signal.SIGURG)


@attack('queue a signal to it')
def rt_sigqueueinfo(v):
    info = struct.pack('iii', signal.SIGURG, 0, -1).ljust(128, b'\0')
    call('rt_sigqueueinfo', v['pid'], signal.SIGURG, info)


@attack('signal it through a pidfd')
def pidfd_send_signal(v):
    signal.pidfd_send_signal(call('pidfd_open', v['pid'], 0), signal.SIGURG)


@attack('have the kernel signal it when data arrives')
def sigio(v):
    a, b = socket.socketpair()
    fcntl.fcntl(a, fcntl.F_SETOWN, v['pid'])
    fcntl.fcntl(a, 10, signal.SIGUSR1)  # F_SETSIG
    fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC)
    before = os.stat(v['signalled']).st_size
    b.send(b'x')
    for _ in range(20):
        if os.stat(v['signalled']).st_size > before:
            return
        time.sleep(0.01)
    raise PermissionError('no signal came')


@attack('set its limits')
def prlimit(v):
    call('prlimit64', v['pid'], resource.RLIMIT_CORE, struct.pack('QQ', 0, 0), None)


@attack('signal the process that supervises us')
def kill_parent(v):
    os.kill(os.getppid(), 0)


@attack('read the memory of the process that supervises us')
def parent_mem(v):
    open(f'/proc/{os.getppid()}/mem', 'rb').close()


@attack('open what the process that supervises us has open')
def parent_fd(v):
    for fd in os.listdir(f'/proc/{os.getppid()}/fd'):
        os.readlink(f'/proc/{os.getppid()}/fd/{fd}')


@attack('stop nonod', native='a nonod that runs')
def kill_nonod(v):
    if not v['nonod']:
        nothing_here('no nonod runs')
    os.kill(v['nonod'], 0)
