# SPDX-License-Identifier: Apache-2.0
"""What all attacks share, and the table they are in."""
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ATTACKS = {}
SECRET = 'do not read me'
AF_VSOCK, AF_ALG, IPPROTO_MPTCP, MSG_FASTOPEN, SOCK_RAW = 40, 38, 262, 0x20000000, 3
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS = 0x10000000, 0x40000000, 0x20000
TIOCSTI, TIOCSCTTY = 0x5412, 0x540e
NR = {'ptrace': 101, 'process_vm_readv': 310, 'kcmp': 312, 'prlimit64': 302,
      'pidfd_open': 434, 'pidfd_getfd': 438, 'pidfd_send_signal': 424, 'tgkill': 234,
      'rt_sigqueueinfo': 129, 'mount': 165, 'chroot': 161, 'unshare': 272, 'setns': 308,
      'clone': 56, 'clone3': 435, 'open_tree': 428, 'fsopen': 430, 'io_uring_setup': 425,
      'keyctl': 250, 'add_key': 248, 'request_key': 249, 'bpf': 321, 'perf_event_open': 298,
      'userfaultfd': 323, 'fanotify_init': 300, 'shmat': 30,
      'shmget': 29, 'msgget': 68, 'mq_open': 240, 'name_to_handle_at': 303,
      'open_by_handle_at': 304, 'openat2': 437, 'move_pages': 279, 'sethostname': 170,
      'process_madvise': 440, 'linkat': 265}


def attack(what, native='works', grants=()):
    """native: 'works', 'root' (works for root only), or why it shows nothing on some machines."""
    def register(function):
        name = function.__name__.strip('_')
        ATTACKS[name] = {'run': function, 'what': what, 'native': native, 'grants': grants}
        return function
    return register


def call(name, *arguments):
    result = libc.syscall(NR[name], *[ctypes.c_long(a) if isinstance(a, int) else a
                                      for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), f'{name}: {os.strerror(ctypes.get_errno())}')
    return result


def nothing_here(why):
    print(why)
    sys.exit(77)


def reads(path):
    with open(path) as file:
        assert SECRET in file.read()
