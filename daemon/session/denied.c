/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonod decides by names and never looks into the file system, so a grant of /data would open the
 * ~/.aws that is a symlink into it. Most denied paths do not exist, and hardly any is below a
 * symlink: the kernel tells that in one call each.
 */
#include "daemon/session/denied.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "policy/canonical.h"

/* False when path is its own canonical name, as far as it exists. */
static bool is_behind_symlink(const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES;
}

static int report(
	const struct plan *plan, size_t rule, const char *name, int link_fd, struct nono_error *err)
{
	struct link_denied packet = { .type = LINK_DENIED, .rule = (uint32_t)rule };
	_cleanup_(buf_deinit) struct buf b = { 0 };
	ssize_t n;

	buf_append(&b, &packet, sizeof(packet));
	buf_append(&b, name, strlen(name));
	if (buf_error(&b)) {
		return error_oom(err);
	}
	/* nonod reads always, so this waits for nothing else. */
	n = link_fd < 0 ? -EPIPE : fd_send(link_fd, b.data, b.len, NULL, 0, 0);
	return n < 0 ? error_errno(err, (int)-n, "tell nonod where '%.200s' leads",
			       plan->lists[PLAN_DENIED].items[rule])
		     : 0;
}

/* The names of one rule that nonod does not know. */
static int report_rule(const struct plan *plan, size_t rule, struct canonical_memo *memo,
	int link_fd, bool *any, struct nono_error *err)
{
	const struct strlist *denied = &plan->lists[PLAN_DENIED];
	_cleanup_free_ char *target = canonical_target(denied->items[rule], memo);
	_cleanup_free_ char *name = canonical_name(denied->items[rule], memo);
	int r = 0;

	if (!target || !name) {
		return error_oom(err);
	}
	if (!strlist_has(denied, target)) {
		*any = true;
		r = report(plan, rule, target, link_fd, err);
	}
	if (r == 0 && !str_equal(name, target) && !strlist_has(denied, name)) {
		*any = true;
		r = report(plan, rule, name, link_fd, err);
	}
	return r;
}

int denied_report(const struct plan *plan, int link_fd, bool *ret_any, struct nono_error *err)
{
	_cleanup_(canonical_memo_deinit) struct canonical_memo memo = { 0 };
	const struct strlist *denied = &plan->lists[PLAN_DENIED];
	int r = 0;

	*ret_any = false;
	for (size_t i = 0; i < denied->n && r == 0; i++) {
		if (is_behind_symlink(denied->items[i])) {
			r = report_rule(plan, i, &memo, link_fd, ret_any, err);
		}
	}
	return r;
}
