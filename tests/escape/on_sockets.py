# SPDX-License-Identifier: Apache-2.0
"""Attacks through sockets."""
import os
import socket

from table import AF_ALG, AF_VSOCK, IPPROTO_MPTCP, MSG_FASTOPEN, SOCK_RAW, attack


def connects(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as s:
        s.settimeout(5)
        s.connect(address)


@attack('connect to a unix socket outside')
def unix_stream(v):
    connects(socket.AF_UNIX, v['stream'])


@attack('send to a unix datagram socket outside')
def unix_datagram(v):
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', v['datagram'])


@attack('send to it from an end of a socket pair')
def unix_pair(v):
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', v['datagram'])


@attack('send to it from an end of a raw socket pair')
def unix_raw_pair(v):
    socket.socketpair(socket.AF_UNIX, SOCK_RAW)[0].sendto(b'x', v['datagram'])


@attack('connect to an abstract unix socket outside')
def unix_abstract(v):
    connects(socket.AF_UNIX, '\0' + v['abstract'])


@attack('ask nonod')
def nonod_socket(v):
    connects(socket.AF_UNIX, v['runtime'] + '/nono/io.nono.Manager')


@attack('bind a unix socket outside')
def unix_bind(v):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(v['outside'] + '/bound')
    os.unlink(v['outside'] + '/bound')


@attack('talk to the host of a virtual machine', native='vsock in the kernel')
def vsock(v):
    socket.socket(AF_VSOCK, socket.SOCK_STREAM)


@attack('use the kernel\'s cryptography', native='AF_ALG in the kernel')
def af_alg(v):
    socket.socket(AF_ALG, socket.SOCK_SEQPACKET)


@attack('see every packet', native='root')
def packet(v):
    socket.socket(socket.AF_PACKET, SOCK_RAW, 0x0300)


@attack('make packets', native='root')
def raw(v):
    socket.socket(socket.AF_INET, SOCK_RAW, 1)


@attack('ask the kernel about sockets of others')
def netlink_diag(v):
    socket.socket(socket.AF_NETLINK, SOCK_RAW, 4)


@attack('listen to the kernel\'s device events')
def netlink_uevent(v):
    socket.socket(socket.AF_NETLINK, SOCK_RAW, 15)


BLOCKED = ('--net-block',)


@attack('TCP in a blocked network', grants=BLOCKED)
def tcp(v):
    connects(socket.AF_INET, ('127.0.0.1', v['tcp']))


@attack('listen in a blocked network', grants=BLOCKED)
def tcp_listen(v):
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).listen()


@attack('UDP in a blocked network', grants=BLOCKED)
def udp(v):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', v['udp']))


@attack('IPv6 in a blocked network', grants=BLOCKED, native='IPv6')
def udp6(v):
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)


@attack('MPTCP in a blocked network', grants=BLOCKED, native='MPTCP in the kernel')
def mptcp(v):
    socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)


@attack('data in the first packet in a blocked network', grants=BLOCKED, native='TCP Fast Open')
def fast_open(v):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.sendto(b'x', MSG_FASTOPEN, ('127.0.0.1', v['tcp']))


@attack('ping in a blocked network', grants=BLOCKED, native='ping sockets for this group')
def ping(v):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)


@attack('netlink in a blocked network', grants=BLOCKED)
def netlink_route(v):
    socket.socket(socket.AF_NETLINK, SOCK_RAW, 0)
