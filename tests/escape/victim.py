# SPDX-License-Identifier: Apache-2.0
"""The process outside that is attacked."""
import ctypes
import json
import os
import signal
import socket

from table import NR, SECRET, libc


def be_victim(directory):
    os.chdir(directory)
    # As if an unsandboxed process of this user had them: everything that can be had by name.
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('stream')
    datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagram.bind('datagram')
    abstract = socket.socket(socket.AF_UNIX)
    name = f'nono-victim-{os.getpid()}'
    abstract.bind('\0' + name)
    tcp_socket, udp_socket = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    tcp_socket.bind(('127.0.0.1', 0)), udp_socket.bind(('127.0.0.1', 0))
    for s in listener, abstract, tcp_socket:
        s.listen(64)
    memory = ctypes.create_string_buffer(SECRET.encode())
    master, slave = os.openpty()
    secret = os.open('secret', os.O_RDONLY)
    signalled = os.open('../project/signalled', os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    signal.signal(signal.SIGUSR1, lambda *_: os.write(signalled, b'x'))
    libc.prctl(0x59616d61, ctypes.c_ulong(-1))  # PR_SET_PTRACER_ANY, so that Yama is not what refuses
    key = libc.syscall(NR['add_key'], b'user', b'nono-victim', SECRET.encode(), len(SECRET), -4)
    shm = libc.syscall(NR['shmget'], 0, 4096, 0o600 | 0o1000)
    print(json.dumps({
        'pid': os.getpid(), 'secret': os.path.abspath('secret'), 'outside': os.getcwd(),
        'victim': os.path.abspath('victim'), 'program': os.path.abspath('program'),
        'setuid': os.path.abspath('../project/setuid'), 'stream': os.path.abspath('stream'),
        'datagram': os.path.abspath('datagram'), 'abstract': name,
        'tcp': tcp_socket.getsockname()[1], 'udp': udp_socket.getsockname()[1],
        'address': ctypes.addressof(memory), 'fd': secret, 'terminal': os.ttyname(slave),
        'master': master, 'key': max(key, 0), 'shm': shm,
        'signalled': os.path.abspath('../project/signalled')}), flush=True)
    try:
        while os.read(0, 1):
            pass
    finally:
        if key > 0:
            libc.syscall(NR['keyctl'], 9, key, -4, 0, 0)
        if shm >= 0:
            libc.shmctl(shm, 0, None)
