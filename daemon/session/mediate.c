/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/mediate.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemon/session/calls.h"
#include "daemon/session/listener.h"
#include "libcore/base/cleanup.h"

void mediator_init(struct mediator *m)
{
	*m = (struct mediator){ .ruleset_fd = -1 };
	granted_init(&m->granted);
	questions_init(&m->questions);
}

void mediator_start(
	struct mediator *m, const struct plan *plan, int abi, int ruleset_fd, int listener_fd)
{
	m->plan = plan;
	m->abi = abi;
	m->ruleset_fd = ruleset_fd;
	m->listener = listener_new(listener_fd, m);
	/* Without anybody to answer its calls they fail. */
	if (!m->listener) {
		close(listener_fd);
	}
}

int mediator_poll_fd(const struct mediator *m)
{
	return m->listener ? listener_poll_fd(m->listener) : -1;
}

void mediator_dispatch(struct mediator *m, int link_fd)
{
	questions_link(&m->questions, link_fd);
	listener_dispatch(m->listener);
}

#define MASTER_DEVICE makedev(5, 2) /* ptmx, wherever it is */

/* Opens the other end of a terminal the asker has made: who holds the one end may have the other,
 * and the kernel says which it is without a name. */
int64_t mediate_terminal(struct call *c)
{
	_cleanup_close_ int master_fd = asker_fd(&c->asker, (int)c->data.args[0]);
	_cleanup_close_ int slave_fd = -1;
	int flags = (int)c->data.args[2];
	struct stat st;

	if (master_fd < 0) {
		return master_fd;
	}
	/* To another driver the number could mean something that Landlock refuses the asker. */
	if (fstat(master_fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != MASTER_DEVICE) {
		return -ENOTTY;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	/* It must not become ours. */
	slave_fd = ioctl(master_fd, TIOCGPTPEER, flags | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0) {
		return -errno;
	}
	return asker_inject(&c->asker, slave_fd, -1, flags & O_CLOEXEC);
}

int mediate_take_umask(struct call *c)
{
	static _Thread_local bool is_own;
	int mask = asker_umask(&c->asker);

	if (mask < 0) {
		return mask;
	}
	if (!is_own && unshare(CLONE_FS) < 0) {
		return -errno;
	}
	is_own = true;
	umask((mode_t)mask);
	return 0;
}

static int64_t answer(struct call *c)
{
	switch (c->data.nr) {
	case SYS_connect:
		return mediate_connect(c);
	case SYS_bind:
		return mediate_bind(c);
	case SYS_listen:
		return mediate_listen(c);
	case SYS_ioctl:
		if ((uint32_t)c->data.args[1] == TIOCGPTPEER) {
			return mediate_terminal(c);
		}
		return mediate_attributes(c);
	case SYS_OPEN:
	case SYS_openat:
	case SYS_CREAT:
		return mediate_open(c);
	case SYS_MKDIR:
	case SYS_mkdirat:
	case SYS_RMDIR:
	case SYS_UNLINK:
	case SYS_unlinkat:
	case SYS_RENAME:
	case SYS_RENAMEAT:
	case SYS_renameat2:
	case SYS_LINK:
	case SYS_linkat:
	case SYS_SYMLINK:
	case SYS_symlinkat:
	case SYS_MKNOD:
	case SYS_mknodat:
	case SYS_truncate:
		return mediate_entry(c);
	default:
		return mediate_attributes(c); /* the filter hands over nothing else */
	}
}

int64_t mediate(struct call *c)
{
	int64_t r = answer(c);

	asker_release(&c->asker);
	return r;
}
