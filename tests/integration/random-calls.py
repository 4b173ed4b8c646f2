# SPDX-License-Identifier: Apache-2.0
"""Makes calls that are done on behalf with arguments that make no sense, for some seconds; at the end
one that does. Prints the seed, so that a run can be repeated: random-calls.py SECONDS [SEED]."""
import ctypes
import os
import random
import socket
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
SIZE = 8192
PATHS = (b'file', b'dir/x', b'/etc/passwd', b'/proc/self/fd/3', b'/proc/self/fd/999999999999', b'/dev/fd/4/..',
         b'\0abstract', b'own', b'./dir/../own', b'a' * 5000, b'/' * 300 + b'file', b'/proc/self/root/tmp', b'link')
CALLS = (42, 49, 90, 91, 92, 93, 94, 132, 235, 260, 261, 268, 280, 188, 189, 190, 197, 198, 199, 452, 463, 466,
         469, 16)
NUMBERS = (0, 1, 2, 4, 8, 16, 24, 28, 110, 128, 0x100, 0x1000, 1 << 31, 1 << 32, 1 << 63, 2**64 - 1, 2**64 - 100,
           0x5441, 0x40086602, 0x401c5820)


def main():
    seconds, seed = float(sys.argv[1]), int((sys.argv[2:] or [time.time_ns() % 2**32])[0])
    print('seed', seed, flush=True)
    random.seed(seed)
    memory = ctypes.create_string_buffer(SIZE)
    base = ctypes.addressof(memory)
    os.mkdir('dir')
    fds = [os.open('file', os.O_CREAT | os.O_RDWR), os.open('file', os.O_RDONLY), os.open('.', os.O_PATH),
           os.open('/dev/ptmx', os.O_RDWR)]
    os.symlink('file', 'link')
    own = socket.socket(socket.AF_UNIX)
    own.bind('own'), own.listen(100)
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        path = random.choice(PATHS) + b'\0'
        family = struct.pack('H', random.choice((0, 1, 1, 2, 10, 16))) if random.random() < 0.5 else b''
        ctypes.memmove(base, (family + path)[:SIZE], min(len(family + path), SIZE))
        with socket.socket(random.choice((1, 2))) as s:
            s.setblocking(False)
            arguments = [random.choice((random.choice((*fds, s.fileno(), own.fileno())), base, base,
                                        base + random.randrange(SIZE), base + SIZE - random.randrange(40),
                                        random.choice(NUMBERS), random.getrandbits(64)))
                         for _ in range(6)]
            if random.random() < 0.5:
                arguments[0] = s.fileno()
            libc.syscall(random.choice(CALLS), *[ctypes.c_ulong(a) for a in arguments])
        n += 1
    os.chmod(fds[0], 0o600)
    print('calls', n)


main()
