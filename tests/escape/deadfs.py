# SPDX-License-Identifier: Apache-2.0
"""A file system whose server stops answering: descriptors whose every use may block for ever, as
those of a network file system do when its server is gone. Mounted in a mount namespace of its own."""
import ctypes
import os
import struct
import threading

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_REC_PRIVATE = 0x20000, 0x44000
LOOKUP, GETATTR, OPEN, FLUSH, INIT, OPENDIR = 1, 3, 14, 25, 26, 27


def attributes(inode):
    mode = 0o40755 if inode == 1 else 0o100666
    # ino size blocks atime mtime ctime nsecs*3 mode nlink uid gid rdev blksize flags
    return struct.pack('6Q10I', inode, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def serve(device, alive):
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError:
            return
        _, opcode, unique, inode = struct.unpack('IIQQ', request[:24])
        if opcode == INIT:
            body = struct.pack('IIIIHHIIHH8I', 7, 31, 0, 0, 12, 10, 4096, 1, 1, 0, *[0] * 8)
        elif not alive.is_set():
            continue  # what it waits for never comes
        elif opcode == LOOKUP:
            body = struct.pack('QQQQII', 2, 0, 0, 0, 0, 0) + attributes(2)
        elif opcode == GETATTR:
            body = struct.pack('QII', 0, 0, 0) + attributes(inode)
        elif opcode in (OPEN, OPENDIR):
            body = struct.pack('QII', 1, 0, 0)
        else:
            body = b''
        os.write(device, struct.pack('IiQ', 16 + len(body), 0, unique) + body)


class DeadFileSystem:
    """Descriptors of a directory and a file on it; kill() stops the answers, close() frees all who
    wait. The calling thread is left in the mount namespace: call it in a process of its own."""
    def __init__(self, place):
        self.device = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
        options = f'fd={self.device},rootmode=40000,user_id=0,group_id=0,allow_other'
        if libc.unshare(CLONE_NEWNS) < 0 or libc.mount(b'', b'/', b'', MS_REC_PRIVATE, b'') < 0 or \
                libc.mount(b'nono-test', os.fsencode(place), b'fuse', 0, options.encode()) < 0:
            raise OSError(ctypes.get_errno(), 'mount a file system of our own')
        self.alive = threading.Event()
        self.alive.set()
        threading.Thread(target=serve, args=(self.device, self.alive), daemon=True).start()
        self.directory = os.open(place, os.O_PATH | os.O_DIRECTORY)
        self.file = os.open(os.path.join(place, 'file'), os.O_RDWR)

    def kill(self):
        self.alive.clear()

    def close(self):
        os.close(self.device)
