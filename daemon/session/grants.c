/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every grant is opened once, O_PATH, following symlinks; from then on only the descriptor counts,
 * so nothing can be swapped between the decision and the rule. The decision was made on a name.
 * Where the kernel's own name for what was opened differs from it (a symlink on the way), the
 * decision is made again on that name, by nonod. Names from our own policy (/lib, which is a
 * symlink almost everywhere) are exempt: the policy means whatever they lead to.
 */
#include "daemon/session/grants.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/directory.h"
#include "libcore/base/error.h"
#include "libcore/landlock.h"

static int check_kind(const struct plan_grant *g, const struct stat *st, struct nono_error *err)
{
	bool is_dir = S_ISDIR(st->st_mode);

	if (is_dir != !!(g->flags & PLAN_GRANT_FILE) ||
		(!is_dir && g->flags & PLAN_GRANT_OPTIONAL)) {
		return 0;
	}
	if (is_dir) {
		return error_set(err, NONO_EXPECTED_FILE, EISDIR,
			"'%.300s' is a directory; to grant it, use the flag without -file",
			g->path);
	}
	return error_set(err, NONO_EXPECTED_DIRECTORY, ENOTDIR,
		"'%.300s' is not a directory; to grant one file, use the flag with -file", g->path);
}

static int find_name(
	const struct plan_grant *g, int fd, char name[PATH_MAX], struct nono_error *err)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, PATH_MAX - 1);
	if (n < 0) {
		return error_errno(err, errno, "find the canonical name of '%.300s'", g->path);
	}
	if (n == PATH_MAX - 1) {
		return error_set(err, NONO_LIMIT, ENAMETOOLONG,
			"the canonical name of '%.300s' is too long", g->path);
	}
	name[n] = '\0';
	return 0;
}

/* The kernel's name for what was opened differs from the one that was decided on: decide on the
 * real one. */
static int check_name(const struct grants_request *q, uint32_t index, const char *name,
	const struct stat *st, struct nono_error *err)
{
	const struct plan_grant *g = &q->plan->grants[index];

	if (strcmp(name, g->path) == 0 && !q->ask_always) {
		return 0;
	}
	if (strcmp(name, g->path) != 0 && g->flags & PLAN_GRANT_RESOLVED) {
		return error_set(err, NONO_REFUSED, EPERM,
			"'%.150s' now leads to '%.150s', which is not what it was when it was asked for",
			g->path, name);
	}
	return q->decide(q->userdata, index, name, g->access, st, err);
}

/* Any kind of object, or none. Not open(), after which musl sets CLOEXEC once more. */
static int add_builtin(int ruleset_fd, int abi, const struct plan_grant *g, struct nono_error *err)
{
	_cleanup_close_ int fd = openat(AT_FDCWD, g->path, O_PATH | O_CLOEXEC);
	int r;

	if (fd < 0) {
		return 0;
	}
	r = landlock_allow_path(ruleset_fd, abi, fd, (enum nono_access)g->access, err);
	return r < 0 ? error_wrap(err, "grant '%.200s'", g->path) : 0;
}

/* Where something inside stays closed, there is no one rule for all of it. */
static int add_rules(const struct grants_request *q, const struct plan_grant *g, int fd,
	const char *name, const struct stat *st, struct nono_error *err)
{
	enum nono_access access = (enum nono_access)g->access;
	bool splits = S_ISDIR(st->st_mode) && split_is_needed(q->split, name);
	int r;

	if (q->split->closed.n > 0 && split_add_grant(q->split, st, g->access, splits) < 0) {
		return error_oom(err);
	}
	r = splits ? split_allow(q->split, q->ruleset_fd, q->abi, fd, name, access, err)
		   : landlock_allow_path(q->ruleset_fd, q->abi, fd, access, err);
	return r;
}

static int add_asked(const struct grants_request *q, uint32_t index, struct nono_error *err)
{
	const struct plan_grant *g = &q->plan->grants[index];
	_cleanup_close_ int fd = openat(AT_FDCWD, g->path, O_PATH | O_CLOEXEC);
	char name[PATH_MAX];
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT && (g->flags & PLAN_GRANT_MADE)) {
		fd = directory_make(g->path);
		errno = fd < 0 ? -fd : 0;
	}
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR) {
			return error_set(err, NONO_PATH_NOT_FOUND, ENOENT,
				"'%.300s' cannot be granted: it does not exist", g->path);
		}
		return error_errno(err, errno, "'%.300s' cannot be granted", g->path);
	}
	if (fstat(fd, &st) < 0) {
		return error_errno(err, errno, "inspect '%.300s'", g->path);
	}
	r = check_kind(g, &st, err);
	if (r == 0) {
		r = find_name(g, fd, name, err);
	}
	if (r == 0) {
		r = check_name(q, index, name, &st, err);
	}
	if (r < 0) {
		return r;
	}
	r = add_rules(q, g, fd, name, &st, err);
	if (r < 0) {
		return error_wrap(err, "grant '%.200s'", g->path);
	}
	if (g->access & NONO_WRITE) {
		return granted_add_writable(q->granted, &st) < 0 ? error_oom(err) : 0;
	}
	/* Below a directory of somebody else's may be ours. */
	q->granted->reads_own |= S_ISDIR(st.st_mode) || st.st_uid == geteuid();
	return 0;
}

/* The session's own terminal and the name by which programs find it. Not /dev/pts: that would open
 * every other terminal of the user. */
static int add_terminal(const struct grants_request *q, struct nono_error *err)
{
	_cleanup_close_ int tty_fd = open("/dev/tty", O_PATH | O_CLOEXEC);
	int r;

	if (tty_fd < 0) {
		return error_errno(err, errno, "open /dev/tty");
	}
	r = landlock_allow_path(q->ruleset_fd, q->abi, tty_fd, NONO_READ_WRITE, err);
	if (r == 0) {
		r = landlock_allow_path(
			q->ruleset_fd, q->abi, q->terminal_fd, NONO_READ_WRITE, err);
	}
	return r < 0 ? error_wrap(err, "grant the terminal") : 0;
}

int grants_base(const struct plan *base, bool network_open, int abi, struct nono_error *err)
{
	struct landlock_domain domain = {
		.restrict_tcp = !network_open && abi >= 4,
		.restrict_udp = !network_open && abi >= 10,
		.restrict_unix = abi >= 9,
		.scope_signal = abi >= 6,
		.scope_abstract = abi >= 6,
	};
	_cleanup_close_ int ruleset_fd = -1;

	if (abi < 1) {
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"this kernel cannot sandbox: Landlock is missing (Linux 5.13) or not enabled "
			"at boot (lsm=landlock,...); 'nono status' says which");
	}
	ruleset_fd = landlock_new(abi, &domain, err);
	if (ruleset_fd < 0) {
		return ruleset_fd;
	}
	for (size_t i = 0; i < base->n_grants; i++) {
		int r = add_builtin(ruleset_fd, abi, &base->grants[i], err);
		if (r < 0) {
			return r;
		}
	}
	return take_fd(&ruleset_fd);
}

static int add_ports(const struct grants_request *q, const struct plan_ports *ports, unsigned kinds,
	struct nono_error *err)
{
	if (ports->n > 0 && q->abi < 4) { /* nonod has asked the same kernel */
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"a grant of single TCP ports needs Landlock ABI 4 (Linux 6.7)");
	}
	for (size_t i = 0; i < ports->n; i++) {
		int r = landlock_allow_port(q->ruleset_fd, ports->items[i], kinds, err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int grants_add(const struct grants_request *q, struct nono_error *err)
{
	const struct strlist *lists = q->plan->lists;
	int r = split_init(q->split, &lists[PLAN_CLOSED], &lists[PLAN_LIFTED], err);

	if (r == 0) {
		r = add_ports(q, &q->plan->connect, LANDLOCK_CONNECT, err);
	}
	if (r == 0) {
		r = add_ports(q, &q->plan->listen, LANDLOCK_BIND, err);
	}
	if (r == 0) {
		/* On which address, nono-session decides. */
		r = add_ports(q, &q->plan->localhost, LANDLOCK_CONNECT | LANDLOCK_BIND, err);
	}
	if (r < 0) {
		return r;
	}
	for (uint32_t i = 0; i < q->plan->n_grants; i++) {
		bool optional = q->plan->grants[i].flags & PLAN_GRANT_OPTIONAL;
		r = add_asked(q, i, optional ? NULL : err);
		if (r < 0 && !optional) {
			return r;
		}
	}
	q->granted->reads_own |= geteuid() == 0; /* as the base, which is the system's */
	return q->terminal_fd >= 0 ? add_terminal(q, err) : 0;
}
