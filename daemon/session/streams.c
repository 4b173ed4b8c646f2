/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/inherited.h"

static const char *const stream_names[] = { "standard input", "standard output", "standard error" };

static int refuse(int number, struct nono_error *err, const char *what)
{
	return error_set(err, NONO_REFUSED, EPERM, "%s is %s", stream_names[number], what);
}

int stream_classify(int number, int fd, uint32_t terminal_device, bool network_blocked,
	struct stream_kind *ret, struct nono_error *err)
{
	const char *fault;
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
		fault = inherited_socket_fault(fd, network_blocked);
		return fault ? refuse(number, err, fault) : 0;
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

bool stream_reads_own(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY && fstat(fd, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid();
}
