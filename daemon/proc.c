/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"

#define PAGE_BYTES 4096 /* the smallest there is */

ssize_t proc_read_page(int dir_fd, const char *path, char *p, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0) {
		return -errno;
	}
	n = read(fd, p, size - 1);
	if (n < 0) {
		return -errno;
	}
	if ((size_t)n == size - 1 || n >= PAGE_BYTES) {
		return -E2BIG;
	}
	p[n] = '\0';
	return n;
}

int proc_open(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int copy_line(char *ret, size_t size, const char *text)
{
	size_t n = strcspn(text, "\n");

	if (n >= size) {
		return -E2BIG;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
	return 0;
}

int proc_parse_status(struct proc_status *ret, const char *text)
{
	enum { UIDS = 1, GIDS = 2, GROUPS = 4, PARENT = 8, UMASK = 16, NNP = 32, FILTERS = 64 };
	unsigned found = 0;
	int r = 0;

	for (const char *line = text; *line && r == 0;) {
		const char *v, *end = strchr(line, '\n');
		if ((v = str_after(line, "Uid:\t"))) {
			r = copy_line(ret->uids, sizeof(ret->uids), v);
			found |= UIDS;
		} else if ((v = str_after(line, "Gid:\t"))) {
			r = copy_line(ret->gids, sizeof(ret->gids), v);
			found |= GIDS;
		} else if ((v = str_after(line, "Groups:\t"))) {
			r = copy_line(ret->groups, sizeof(ret->groups), v);
			found |= GROUPS;
		} else if ((v = str_after(line, "PPid:\t"))) {
			ret->parent = (pid_t)strtol(v, NULL, 10);
			found |= PARENT;
		} else if ((v = str_after(line, "Umask:\t"))) {
			ret->umask = (unsigned)strtoul(v, NULL, 8);
			found |= UMASK;
		} else if ((v = str_after(line, "NoNewPrivs:\t"))) {
			ret->no_new_privs = v[0] != '0';
			found |= NNP;
		} else if ((v = str_after(line, "Seccomp_filters:\t"))) {
			ret->filters = (unsigned)strtoul(v, NULL, 10);
			found |= FILTERS;
		}
		line = end ? end + 1 : line + strlen(line);
	}
	if (r < 0) {
		return r;
	}
	return found == (UIDS | GIDS | GROUPS | PARENT | UMASK | NNP | FILTERS) ? 0 : -EBADMSG;
}

int proc_read_status(struct proc_status *ret, int proc_fd)
{
	char text[12288];
	ssize_t n = proc_read_page(proc_fd, "status", text, sizeof(text));

	if (n == -E2BIG) { /* hundreds of groups */
		n = fd_read_file_at(proc_fd, "status", text, sizeof(text));
	}
	return n < 0 ? (int)n : proc_parse_status(ret, text);
}

/* pid (comm) state ppid pgrp session tty_nr ...; the name may hold anything but ends at the last
 * parenthesis, and is at most 15 bytes. */
static int read_stat(
	int dir_fd, const char *path, int *ret_parent, unsigned *ret_terminal, char comm[static 16])
{
	char text[1024];
	ssize_t n = proc_read_page(dir_fd, path, text, sizeof(text));
	const char *name, *end;
	int terminal;

	if (n < 0) {
		return (int)n;
	}
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || end - name > 16 ||
		sscanf(end, ") %*c %d %*d %*d %d", ret_parent, &terminal) != 2) {
		return -EBADMSG;
	}
	memcpy(comm, name + 1, (size_t)(end - name - 1));
	comm[end - name - 1] = '\0';
	*ret_terminal = (unsigned)terminal;
	return 0;
}

int proc_terminal(int proc_fd, unsigned *ret)
{
	char comm[16];
	int parent;

	return read_stat(proc_fd, "stat", &parent, ret, comm);
}

pid_t proc_parent(pid_t pid, char comm[static 16])
{
	char path[32];
	unsigned terminal;
	int parent, r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = read_stat(AT_FDCWD, path, &parent, &terminal, comm);
	return r == -ENOENT ? -ESRCH : r < 0 ? r : parent;
}

int proc_hold(pid_t pid, int pidfd, int *ret_own)
{
	if (pidfd >= 0) {
		return pidfd;
	}
	*ret_own = (int)syscall(SYS_pidfd_open, pid, 0);
	return *ret_own < 0 ? -errno : *ret_own;
}

bool proc_is_alive(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}
