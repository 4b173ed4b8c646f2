# SPDX-License-Identifier: Apache-2.0
"""A client that is not nono: speaks the protocol itself, to send what nono never would."""
import array
import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

F_ADD_SEALS, SEALS, LAUNCH_MAGIC = 1033, 0xf, 0x316e75616c6f6e6f  # proto/launch.h


class Client:
    def __init__(self, runtime):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(runtime + '/nono/io.nono.Manager')

    def call(self, method, parameters=None, fds=()):
        self.send(method, parameters, fds)
        return self.reply()

    def send(self, method, parameters=None, fds=()):
        message = json.dumps({'method': method, 'parameters': parameters or {}}).encode() + b'\0'
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.socket.sendmsg([message], rights)

    def reply(self):
        data = b''
        while not data.endswith(b'\0'):
            got = self.socket.recv(65536)
            if not got:
                raise EOFError('nonod closed the connection')
            data += got
        return json.loads(data[:-1])

    def run(self, *argv, cwd='/', stdio=(0, 1, 2), network='open', grants=(), wait=True, **context):
        """Calls Run. The reply and our end of the channel."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(20)
        launch = self.launch(argv)
        directory = os.open(cwd, os.O_PATH | os.O_DIRECTORY) if isinstance(cwd, str) else cwd
        names = ('launch', 'workingDirectory', 'standardInput', 'standardOutput', 'standardError',
                 'channel')
        parameters = {name + 'FileDescriptor': i for i, name in enumerate(names)}
        parameters['context'] = {'network': network, 'grants': list(grants), 'commandLine': [],
                                 **context}
        self.send('io.nono.Session.Run', parameters,
                  (launch, directory, *stdio, theirs.fileno()))
        theirs.close()
        os.close(launch)
        return (self.reply() if wait else None), ours

    @staticmethod
    def launch(argv):
        arguments = b''.join(a.encode() + b'\0' for a in argv)
        environment = b'PATH=/usr/bin:/bin\0'
        header = struct.pack('QIIII', LAUNCH_MAGIC, len(argv), 1, len(arguments),
                             len(environment))
        fd = os.memfd_create('launch', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.write(fd, header + arguments + environment)
        fcntl.fcntl(fd, F_ADD_SEALS, SEALS)
        return fd


def as_user(world, function):
    """function() in a child with the ids of the world's user: a client that is not nono."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if world.uid != os.geteuid():
                os.setgroups([])
                os.setresgid(*[world.gid] * 3)
                os.setresuid(*[world.uid] * 3)
                ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # or nonod could not look at it
            status = function() or 0
        except BaseException as error:  # whatever it is, this process must not go on
            print(f'as user: {error!r}', file=sys.stderr)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
