/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono-session: started once by nonod as the template (control socket on descriptor 3), forked by
 * itself for every session. It gives up every privilege first, so that nothing it ever does on
 * behalf of a sandboxed program is more than the program's user may do, and so that nonod's gate
 * recognises everything below it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/session/template.h"
#include "libcore/privileges.h"

#define CONTROL_FD 3

static int fail(const char *what)
{
	fprintf(stderr, "<3>nono-session: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct rlimit core;
	struct stat st;
	int r;

	if (argc != 2 || strcmp(argv[1], "--template") != 0 || fstat(CONTROL_FD, &st) < 0 ||
		!S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "nono-session: this program is started by nonod only\n");
		return 125;
	}
	if (syscall(SYS_close_range, CONTROL_FD + 1, ~0U, 0) < 0 ||
		fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0) {
		return fail("close inherited descriptors");
	}
	r = privileges_drop();
	if (r < 0) {
		errno = -r;
		return fail("give up privileges");
	}
	/* Not the login's, which holds its keys. One for all sessions: a user may have 200
	 * keyrings, and inside nobody can put anything into this one. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS) {
		return fail("make a keyring");
	}
	/* The soft limit only: the command gets its caller's, hard and soft. */
	if (getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &core);
	}
	signal(SIGPIPE, SIG_IGN);
	r = template_serve(CONTROL_FD);
	if (r < 0) {
		errno = -r;
		return fail("begin");
	}
	return 0;
}
