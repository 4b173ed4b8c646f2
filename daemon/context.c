/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/context.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"

/* A file below /proc/PID/ns that this kernel lacks reads as empty for both sides. */
static const struct {
	const char *path, *name;
} namespaces[CONTEXT_NAMESPACES] = {
	{ "ns/user", "user namespace" },
	{ "ns/mnt", "mount namespace" },
	{ "ns/pid", "pid namespace" },
	{ "ns/pid_for_children", "pid namespace of children" },
	{ "ns/net", "network namespace" },
	{ "ns/ipc", "ipc namespace" },
	{ "ns/uts", "uts namespace" },
	{ "ns/cgroup", "cgroup namespace" },
};

static const char *const rlimit_names[PLAN_RLIMITS] = { "CPU limit", "FSIZE limit", "DATA limit",
	"STACK limit", "CORE limit", "RSS limit", "NPROC limit", "NOFILE limit", "MEMLOCK limit",
	"AS limit", "LOCKS limit", "SIGPENDING limit", "MSGQUEUE limit", "NICE limit",
	"RTPRIO limit", "RTTIME limit" };

/* Fails with -EINVAL, or is not there, where no security module has labels: then no process has. */
static int read_label(struct context *ret, int proc_fd)
{
	ssize_t n = proc_read_page(proc_fd, "attr/current", ret->label, sizeof(ret->label));

	if (n == -EINVAL || n == -ENOENT) {
		ret->label[0] = '\0';
		return 0;
	}
	return n < 0 ? (int)n : 0;
}

int context_read(struct context *ret, pid_t pid, int proc_fd, const struct proc_status *status,
	const struct context *own, struct nono_error *err)
{
	struct stat st;
	ssize_t n;
	int r;

	if (status) {
		ret->status = *status;
	} else {
		r = proc_read_status(&ret->status, proc_fd);
		if (r < 0) {
			return error_errno(err, -r, "read status of process %d", (int)pid);
		}
	}
	for (size_t i = 0; i < CONTEXT_NAMESPACES; i++) {
		char *link = ret->namespaces[i];
		n = readlinkat(proc_fd, namespaces[i].path, link, sizeof(ret->namespaces[i]) - 1);
		if (n < 0 && errno != ENOENT) {
			return error_errno(
				err, errno, "read %s of process %d", namespaces[i].name, (int)pid);
		}
		link[n < 0 ? 0 : n] = '\0';
	}
	if (fstatat(proc_fd, "root", &st, 0) < 0) {
		return error_errno(err, errno, "read root directory of process %d", (int)pid);
	}
	ret->root_device = st.st_dev;
	ret->root_inode = st.st_ino;
	ret->scheduler = sched_getscheduler(pid);
	if (ret->scheduler < 0) {
		return error_errno(err, errno, "read scheduling policy of process %d", (int)pid);
	}
	ret->label[0] = '\0';
	r = own && own->label[0] == '\0' ? 0 : read_label(ret, proc_fd);
	if (r < 0) {
		return error_errno(err, -r, "read security label of process %d", (int)pid);
	}
	return 0;
}

const char *context_difference(const struct context *a, const struct context *b)
{
	if (!str_equal(a->status.uids, b->status.uids)) {
		return "user ids";
	}
	if (!str_equal(a->status.gids, b->status.gids)) {
		return "group ids";
	}
	if (!str_equal(a->status.groups, b->status.groups)) {
		return "supplementary groups";
	}
	for (size_t i = 0; i < CONTEXT_NAMESPACES; i++) {
		if (!str_equal(a->namespaces[i], b->namespaces[i])) {
			return namespaces[i].name;
		}
	}
	if (a->root_device != b->root_device || a->root_inode != b->root_inode) {
		return "root directory";
	}
	if (a->scheduler != b->scheduler) {
		return "scheduling policy";
	}
	if (!str_equal(a->label, b->label)) {
		return "security label";
	}
	return NULL;
}

static int read_oom_score_adj(int proc_fd, int32_t *ret)
{
	char text[32];
	ssize_t n = proc_read_page(proc_fd, "oom_score_adj", text, sizeof(text));

	if (n < 0) {
		return (int)n;
	}
	*ret = (int32_t)strtol(text, NULL, 10);
	return 0;
}

int context_read_caller(struct plan_caller *ret, pid_t pid, int proc_fd,
	const struct proc_status *status, bool terminal, struct nono_error *err)
{
	unsigned device = 0;
	long n;
	int r;

	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < PLAN_RLIMITS; i++) {
		if (prlimit(pid, (__rlimit_resource_t)i, NULL, &ret->rlimits[i]) < 0) {
			return error_errno(
				err, errno, "read %s of process %d", rlimit_names[i], (int)pid);
		}
	}
	ret->umask = status->umask;
	/* The raw call: 20 - nice, so that it has no value that looks like an error. */
	n = syscall(SYS_getpriority, PRIO_PROCESS, pid);
	if (n < 0) {
		return error_errno(err, errno, "read nice value of process %d", (int)pid);
	}
	ret->nice = (int32_t)(20 - n);
	n = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid);
	if (n < 0) {
		return error_errno(err, errno, "read I/O priority of process %d", (int)pid);
	}
	ret->io_priority = (int32_t)n;
	n = syscall(SYS_sched_getaffinity, pid, sizeof(ret->cpus), ret->cpus);
	if (n < 0) {
		return error_errno(err, errno, "read processors of process %d", (int)pid);
	}
	ret->cpu_bytes = (uint32_t)n;
	r = read_oom_score_adj(proc_fd, &ret->oom_score_adj);
	if (r == 0 && terminal) {
		r = proc_terminal(proc_fd, &device);
	}
	if (r < 0) {
		return error_errno(err, -r, "read attributes of process %d", (int)pid);
	}
	ret->terminal_device = device;
	return 0;
}

const char *context_excess(const struct plan_caller *caller, const struct plan_caller *own)
{
	/* RLIMIT_NICE n allows nice values down to 20 - n. */
	int64_t nice_floor = 20 - (int64_t)(own->rlimits[RLIMIT_NICE].rlim_cur < 40
						    ? own->rlimits[RLIMIT_NICE].rlim_cur
						    : 40);

	for (int i = 0; i < PLAN_RLIMITS; i++) {
		if (caller->rlimits[i].rlim_max > own->rlimits[i].rlim_max) {
			return rlimit_names[i];
		}
	}
	if (caller->nice < own->nice && caller->nice < nice_floor) {
		return "nice value";
	}
	if (IOPRIO_PRIO_CLASS(caller->io_priority) == IOPRIO_CLASS_RT) {
		return "I/O priority";
	}
	return NULL;
}

void context_clamp(struct plan_caller *caller, const struct plan_caller *own)
{
	if (caller->oom_score_adj < own->oom_score_adj) {
		caller->oom_score_adj = own->oom_score_adj;
	}
}
