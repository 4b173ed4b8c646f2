/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/streams.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

static const char *const stream_names[] = { "standard input", "standard output", "standard error" };

static int refuse(int number, struct nono_error *err, const char *what)
{
	return error_set(err, NONO_REFUSED, EPERM, "%s is %s", stream_names[number], what);
}

static int classify_socket(int number, int fd, struct nono_error *err)
{
	int domain, type;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0) {
		return error_errno(err, errno, "inspect %s", stream_names[number]);
	}
	if (domain == AF_UNIX && type != SOCK_STREAM && type != SOCK_SEQPACKET) {
		return refuse(number, err,
			"a Unix datagram socket, which could be re-addressed from inside the sandbox; "
			"use a pipe or a stream socket");
	}
	return 0;
}

int stream_classify(int number, int fd, uint32_t terminal_device, struct stream_kind *ret,
	struct nono_error *err)
{
	struct stat st;
	unsigned device;

	if (fstat(fd, &st) < 0) {
		return error_errno(err, errno, "inspect %s", stream_names[number]);
	}
	*ret = (struct stream_kind){ 0 };
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return refuse(number, err, "a directory, which would open it to the sandbox");
	case S_IFSOCK:
		return classify_socket(number, fd, err);
	case S_IFCHR:
		if (!isatty(fd)) {
			return 0;
		}
		/* TIOCGDEV sees through /dev/tty to the real device. */
		if (terminal_device == 0 || ioctl(fd, TIOCGDEV, &device) < 0 ||
			device != terminal_device) {
			return refuse(number, err,
				"a terminal that is not the one nono was started on; run nono there, or "
				"redirect it through a pipe (for example '| cat')");
		}
		ret->is_terminal = true;
		return 0;
	case S_IFREG:
	case S_IFIFO:
	case S_IFBLK:
		return 0;
	default:
		return refuse(number, err, "of a kind that cannot be handed into a sandbox");
	}
}
