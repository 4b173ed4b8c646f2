# SPDX-License-Identifier: Apache-2.0
"""Attacks on what files look like: mode, owner, times, flags, extended attributes. Outside the grants
and in what may only be read."""
import ctypes
import fcntl
import os
import struct
import threading
import time

from table import attack, libc

EMPTY_PATH, SETFLAGS = 0x1000, 0x40086602
READABLE = ('--read', '{outside}')


def number(nr, *arguments):
    result = libc.syscall(nr, *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def attribute(value):
    text = ctypes.create_string_buffer(value)
    return ctypes.create_string_buffer(struct.pack('QII', ctypes.addressof(text), len(value), 0))


@attack('change the mode of a file outside')
def chmod(v):
    os.chmod(v['victim'], 0o666)


@attack('change it from its directory')
def chmod_at(v):
    os.chmod('victim', 0o666, dir_fd=os.open(v['outside'], os.O_PATH))


@attack('change it through a symlink inside')
def chmod_symlink(v):
    os.symlink(v['victim'], 'victim-link')
    try:
        os.chmod('victim-link', 0o666)
    finally:
        os.unlink('victim-link')


@attack('change it through a descriptor that was opened with O_PATH')
def chmod_descriptor(v):
    os.chmod(f'/proc/self/fd/{os.open(v["victim"], os.O_PATH)}', 0o666)


@attack('change it with fchmodat2', native='Linux 6.6')
def chmod_fchmodat2(v):
    number(452, os.open(v['victim'], os.O_PATH), b'', 0o666, EMPTY_PATH)


@attack('change the mode of a file that may be read', grants=READABLE)
def chmod_readable(v):
    os.fchmod(os.open(v['victim'], os.O_RDONLY), 0o666)


@attack('change the mode of a directory outside')
def chmod_directory(v):
    os.chmod(v['outside'], 0o755)


@attack('change the mode of a device that may be written', native='root')
def chmod_device(v):
    fd = os.open('/dev/full', os.O_RDWR)
    os.fchmod(fd, 0o666)


@attack('give a file outside to somebody')
def chown(v):
    os.chown(v['victim'], os.getuid(), os.getgid())


@attack('give a symlink or a descriptor outside to somebody')
def chown_empty_path(v):
    number(260, os.open(v['victim'], os.O_PATH), b'', os.getuid(), -1, EMPTY_PATH)


@attack('give a file that may be read to somebody', grants=READABLE)
def chown_readable(v):
    os.fchown(os.open(v['victim'], os.O_RDONLY), os.getuid(), -1)


@attack('change the times of a file outside')
def utime(v):
    os.utime(v['victim'], (1, 2))


@attack('change the times of a file that may be read', grants=READABLE)
def utime_readable(v):
    os.utime(os.open(v['victim'], os.O_RDONLY), (1, 2))


@attack('set an extended attribute of a file outside', native='a file system with user attributes')
def setxattr(v):
    os.setxattr(v['victim'], 'user.nono', b'x')


@attack('set one of a file that may be read', grants=READABLE, native='a file system with user attributes')
def setxattr_readable(v):
    os.setxattr(os.open(v['victim'], os.O_RDONLY), 'user.nono', b'x')


@attack('set one with setxattrat', native='Linux 6.13')
def setxattrat(v):
    number(463, -100, v['victim'].encode(), 0, b'user.nono', attribute(b'x'), 16)


@attack('remove one', native='a file system with user attributes')
def removexattr(v):
    try:
        os.removexattr(v['victim'], 'user.nono')
    except OSError as error:
        if error.errno != 61:  # none there: that would have been allowed
            raise


@attack('change the flags of a file that may be read', grants=READABLE, native='a file system with flags')
def set_flags(v):
    fcntl.ioctl(os.open(v['victim'], os.O_RDONLY), SETFLAGS, struct.pack('l', 0))


@attack('change them with file_setattr', native='Linux 6.17')
def file_setattr(v):
    number(469, -100, v['victim'].encode(), ctypes.create_string_buffer(24), 24, 0)


@attack('change the mode of a file outside while a name in the grant leads there and back')
def race_chmod(v):
    before = os.stat(v['victim']).st_mode & 0o777
    with open('mode-own', 'w'):
        pass
    os.symlink('mode-own', 'mode-a'), os.symlink(v['victim'], 'mode-b')
    stop = []

    def swap():
        while not stop:
            os.rename('mode-a', 'mode-x'), os.rename('mode-b', 'mode-a')
            os.rename('mode-x', 'mode-b')

    thread = threading.Thread(target=swap)
    thread.start()
    end, wanted = time.monotonic() + 1.5, before ^ 0o010
    while time.monotonic() < end and os.stat(v['victim']).st_mode & 0o777 != wanted:
        try:
            os.chmod('mode-a', wanted)
        except OSError:
            pass
    stop.append(1)
    thread.join()
    for name in 'mode-a', 'mode-b', 'mode-x', 'mode-own':
        try:
            os.unlink(name)
        except OSError:
            pass
    if os.stat(v['victim']).st_mode & 0o777 != wanted:
        raise PermissionError('never got there')
