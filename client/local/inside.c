/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/fd.h"

#define CHAIN_MAX    256
#define SESSION_NAME "Name:\tnono-session\n"

/* The number behind label in a status file of /proc, or -1. */
static long field(const char *status, const char *label)
{
	const char *at = strstr(status, label);

	return at ? strtol(at + strlen(label), NULL, 10) : -1;
}

static bool read_status(long pid, char *p, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	return fd_read_file_at(AT_FDCWD, path, p, size) > 0;
}

static bool is_below_session(long pid)
{
	char status[4096];

	for (unsigned i = 0; i < CHAIN_MAX && pid > 1 && read_status(pid, status, sizeof(status));
		i++) {
		if (strncmp(status, SESSION_NAME, strlen(SESSION_NAME)) == 0) {
			return true;
		}
		pid = field(status, "\nPPid:\t");
	}
	return false;
}

/* Landlock says EACCES where the mode bits of one's own directory do not. */
static bool is_home_shut(void)
{
	const char *home = getenv("HOME");
	int fd = home ? open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		close(fd);
		return false;
	}
	return home && errno == EACCES && access(home, R_OK) == 0;
}

bool inside_sandbox(void)
{
	char status[4096];

	if (!read_status(getpid(), status, sizeof(status)) ||
		field(status, "\nNoNewPrivs:\t") != 1 || field(status, "\nSeccomp:\t") != 2) {
		return false;
	}
	return is_below_session(getpid()) || is_home_shut();
}
