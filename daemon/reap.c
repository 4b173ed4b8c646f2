/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/manager.h"
#include "daemon/template.h"
#include "libcore/base/fd.h"

#define CHILDREN_BYTES 65536 /* of the kernel's list; more are taken in the next round */

void reap_children(struct manager *m)
{
	bool unknown = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!template_reaped(m->template, pid, status) &&
			(WIFSIGNALED(status) || !registry_by_supervisor(m->registry, pid))) {
			unknown = true;
		}
	}
	/* What it had started is ours now. */
	if (unknown) {
		reap_leftovers(m);
	}
}

void reap_leftovers(struct manager *m)
{
	static char text[CHILDREN_BYTES];
	char path[64], *end;
	unsigned killed = 0;
	ssize_t n;
	int fd;

	/* Single-threaded: the children of our thread are all there are. They cannot be other
	 * processes by the time they are killed, for nobody but us reaps them. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	if (fd >= 0) {
		close(fd);
	}
	if (n <= 0) {
		return;
	}
	text[n] = '\0';
	for (char *p = text;; p = end) {
		pid_t pid = (pid_t)strtol(p, &end, 10);
		if (end == p || (*end == '\0' && (size_t)n == sizeof(text) - 1)) {
			break; /* the last one may be cut off */
		}
		if (!template_is(m->template, pid) && !registry_by_supervisor(m->registry, pid) &&
			kill(pid, SIGKILL) == 0) {
			killed++;
		}
	}
	if (killed > 0) {
		log_plain(
			LOG_WARNING, "killed %u processes that a lost session left behind", killed);
	}
}
