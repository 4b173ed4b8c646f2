/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/inherited.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int option(int fd, int name)
{
	int value = -1;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &n) < 0 ? -1 : value;
}

/* Neither connected nor listening: connect() would lead it to any socket of the user. */
static bool is_idle(int fd)
{
	struct sockaddr_un peer;
	socklen_t n = sizeof(peer);

	return option(fd, SO_ACCEPTCONN) != 1 && getpeername(fd, (struct sockaddr *)&peer, &n) < 0;
}

const char *inherited_socket_fault(int fd, bool network_blocked)
{
	int type = option(fd, SO_TYPE);

	switch (option(fd, SO_DOMAIN)) {
	case AF_UNIX:
		if (type != SOCK_STREAM && type != SOCK_SEQPACKET) {
			return "a Unix datagram socket, which could be re-addressed from inside the "
			       "sandbox; use a pipe or a stream socket";
		}
		return is_idle(fd)
			       ? "a Unix socket that is not connected, which could be connected "
				 "to anything from inside the sandbox"
			       : NULL;
	case AF_INET:
	case AF_INET6:
		if (network_blocked) {
			return "a network socket, and the network is blocked; use a pipe (for "
			       "example '| cat')";
		}
		return type == SOCK_STREAM || type == SOCK_DGRAM
			       ? NULL
			       : "a raw network socket, which no sandbox may have";
	default:
		return "a socket of a family that no sandbox may have";
	}
}
