/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel enforces: libnono's gates, and whether a sandbox made of them holds. libnono says
 * what is missing; this table adds what that costs and where it comes from. A gate that needs
 * Landlock itself has that as its first cause, whatever its own ABI.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/local/findings.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/compat.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "nono.h"

#define NEWER(version) "boot Linux " version " or later"

static const struct {
	const char *gate, *lost, *remedy;
} rows[] = {
	{ "landlock", "Everything: nono runs nothing without it",
		"boot Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK, and with landlock in the "
		"lsm= kernel parameter; in a container, allow the landlock_* system calls" },
	{ "landlock-refer", "Moving and linking files between directories fails with EXDEV",
		NEWER("5.19") },
	{ "landlock-truncate", "truncate() by path is refused everywhere", NEWER("6.2") },
	{ "landlock-tcp", "Granting single TCP ports is an error; --net-block still works",
		NEWER("6.7") },
	{ "landlock-ioctl-dev", "Devices that were opened inside take any ioctl", NEWER("6.10") },
	{ "landlock-scope-abstract",
		"Unix sockets are refused where abstract ones must be kept out", NEWER("6.12") },
	{ "landlock-scope-signal",
		"A command can signal the user's other processes, and ending a session is slower",
		NEWER("6.12") },
	{ "landlock-tsync",
		"Programs with several threads cannot use nono_apply(); nono run and "
		"nono wrap are not concerned",
		NEWER("7.0") },
	{ "landlock-resolve-unix", "No unix socket can be made below nono wrap", NEWER("7.1") },
	{ "landlock-udp", "No UDP where only single ports are granted", NEWER("7.2") },
	{ "seccomp-filter", "Everything: nono runs nothing without it",
		"boot a kernel with CONFIG_SECCOMP_FILTER; in a container, allow seccomp()" },
	{ "seccomp-notify",
		"No unix sockets and no single ports of this machine in a session: "
		"nono-session answers for them",
		NEWER("5.0") },
	{ "seccomp-wait-killable",
		"A call that is interrupted while it waits for a decision is "
		"asked about twice",
		NEWER("5.19") },
	{ "no-new-privs", "Everything: nono runs nothing without it", NEWER("3.5") },
};

static void describe_gate(struct finding *f)
{
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		if (str_equal(rows[i].gate, f->name)) {
			f->lost = rows[i].lost;
			f->remedy = rows[i].remedy;
		}
	}
}

static int add_gates(struct findings *into, struct nono_error *err)
{
	struct nono_support_info *info;
	int r = nono_support_info(&info, err);

	for (size_t i = 0; r == 0 && i < info->n_gates; i++) {
		const struct nono_gate *g = &info->gates[i];
		struct finding f = { .group = "kernel", .name = g->name, .what = g->description };
		describe_gate(&f);
		if (!g->active && info->landlock_abi == 0 && str_after(g->name, "landlock")) {
			finding_miss(&f, "%s", info->details);
		} else if (!g->active) {
			finding_miss(&f, "%.*s", (int)strcspn(g->reason, ";"), g->reason);
		} else if (str_equal(g->name, "landlock")) {
			finding_note(&f, "ABI %d", info->landlock_abi);
		}
		r = findings_add(into, &f, err);
	}
	if (r == 0) {
		nono_support_info_free(info);
	}
	return r;
}

/* What a child that restricted itself saw: 0, or which step went wrong. */
enum trial { TRIAL_HELD, TRIAL_NOT_APPLIED, TRIAL_GRANT_FAILED, TRIAL_OPEN, TRIAL_BROKEN };

static bool can_list(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

static enum trial try_inside(const char *granted, const char *denied, int err_fd)
{
	struct nono_caps *caps;
	struct nono_error err = { 0 };
	int r = nono_caps_new(&caps);

	if (r < 0 || nono_caps_allow_path(caps, granted, NONO_READ, &err) < 0) {
		return TRIAL_BROKEN;
	}
	r = nono_apply(caps, &err);
	nono_caps_free(caps);
	if (r < 0) {
		fd_write_full(err_fd, err.message, strlen(err.message));
		return TRIAL_NOT_APPLIED;
	}
	if (!can_list(granted)) {
		return TRIAL_GRANT_FAILED;
	}
	return can_list(denied) ? TRIAL_OPEN : TRIAL_HELD;
}

/* Does a sandbox that grants one directory keep denied shut? In a child, because it is for good. */
static enum trial try_sandbox(const char *granted, const char *denied, char *text, size_t size)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return TRIAL_BROKEN;
	}
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid == 0) {
		_exit(try_inside(granted, denied, out));
	}
	close_fd(&out);
	n = pid > 0 ? fd_read_full(in, text, size - 1) : 0;
	text[n > 0 ? n : 0] = '\0';
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		return TRIAL_BROKEN;
	}
	return (enum trial)WEXITSTATUS(status);
}

static void probe_sandbox(struct finding *f)
{
	char text[200];

	switch (try_sandbox("/usr", "/", text, sizeof(text))) {
	case TRIAL_HELD:
		return;
	case TRIAL_NOT_APPLIED:
		finding_miss(f, "%s", text);
		return;
	case TRIAL_GRANT_FAILED:
		finding_miss(f, "/usr, which was granted, cannot be read in a sandbox");
		return;
	case TRIAL_OPEN:
		finding_miss(f, "a sandbox was applied, and / can still be read in it");
		return;
	case TRIAL_BROKEN:
	default:
		finding_doubt(f, "the process that was to try it did not get that far");
		return;
	}
}

/* Landlock decides on inodes; some file systems, 9p before all, make new ones for the same file. */
static void check_guarded(struct finding *f, const char *path)
{
	char text[200];

	if (f->state == FINDING_YES && can_list(path) &&
		try_sandbox("/usr", path, text, sizeof(text)) == TRIAL_OPEN) {
		finding_miss(f, "%.150s can be read in a sandbox that does not grant it", path);
	}
}

static void probe_guarded(struct finding *f)
{
	char cwd[PATH_MAX];
	const char *home = getenv("HOME");

	if (!nono_is_supported()) {
		finding_doubt(f, "there is no sandbox to try it in");
		return;
	}
	if (home && home[0] == '/') {
		check_guarded(f, home);
	}
	if (getcwd(cwd, sizeof(cwd)) && !str_after(cwd, "/usr")) {
		check_guarded(f, cwd);
	}
}

static void probe_pidfd(struct finding *f)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0) {
		finding_miss(f, "pidfd_open(): %s", strerror(errno));
	}
}

static void probe_peer_pidfd(struct finding *f)
{
	int pair[2], fd = -1;
	socklen_t len = sizeof(fd);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		finding_doubt(f, "socketpair(): %s", strerror(errno));
		return;
	}
	if (getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &fd, &len) < 0) {
		finding_miss(f, "SO_PEERPIDFD: %s", strerror(errno));
	}
	close_fd(&fd);
	close(pair[0]);
	close(pair[1]);
}

static const struct probe probes[] = {
	{ { .group = "kernel",
		  .name = "sandbox",
		  .what = "A sandbox was tried out: what it grants opens, the rest does not",
		  .lost = "Everything: nono runs nothing without it",
		  .remedy = "see the restrictions above that are missing" },
		probe_sandbox },
	{ { .group = "kernel",
		  .name = "guarded-directories",
		  .what = "Home and the current directory are shut to a sandbox",
		  .lost = "What is on that file system cannot be protected; a mounted Windows drive "
			  "or another 9p mount is the usual case",
		  .remedy = "keep secrets and projects on a Linux file system" },
		probe_guarded },
	{ { .group = "kernel",
		  .name = "pidfd",
		  .what = "Processes are named without mistaking one for another",
		  .lost = "nonod cannot tell its callers apart reliably and refuses them",
		  .remedy = NEWER("5.3") },
		probe_pidfd },
	{ { .group = "kernel",
		  .name = "peer-pidfd",
		  .what = "The process at the other end of a socket is known for certain",
		  .lost = "nonod compares process ids and start times instead",
		  .remedy = NEWER("6.5") },
		probe_peer_pidfd },
};

int probe_kernel(struct findings *into, struct nono_error *err)
{
	int r = add_gates(into, err);

	return r < 0 ? r : findings_run(into, probes, ELEMENTSOF(probes), err);
}
