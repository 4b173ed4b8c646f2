/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/base-rules.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "daemon/session/grants.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"

#define FRESH_USEC 20000 /* a launch takes a tenth of it */

/* A ruleset with what every session gets; only an open network may be used as a whole. */
static int make(int base_fd, bool network_open, int abi, struct nono_error *err)
{
	_cleanup_(plan_deinit) struct plan base = { 0 };
	const void *p;
	size_t n;
	int r = fd_map_sealed(base_fd, PLAN_SIZE_MAX, &p, &n);

	if (r < 0) {
		return error_errno(err, -r, "map the base plan");
	}
	r = plan_parse(&base, p, n, err);
	if (r == 0) {
		r = grants_base(&base, network_open, abi, err);
	}
	munmap((void *)p, n);
	return r;
}

/* A base plan is a sealed memfd: its inode number names its content. 0 for none. */
static ino_t plan_number(int base_fd)
{
	struct stat st;

	return fstat(base_fd, &st) == 0 ? st.st_ino : 0;
}

static bool is_fresh(const struct base_rules *b, int base_fd, uint64_t usec)
{
	return b->fd >= 0 && b->plan != 0 && b->plan == plan_number(base_fd) &&
	       clock_usec() - b->usec < usec;
}

void base_rules_expect(struct base_rules *b, int base_fd, int abi)
{
	if (is_fresh(b, base_fd, FRESH_USEC / 2)) {
		return;
	}
	close_fd(&b->fd);
	b->plan = plan_number(base_fd);
	b->usec = clock_usec(); /* before the first file is looked up */
	b->fd = make(base_fd, true, abi, NULL);
}

int base_rules_take(
	struct base_rules *b, int base_fd, bool network_open, int abi, struct nono_error *err)
{
	/* A session with a base of its own must not get what everybody gets. */
	if (network_open && is_fresh(b, base_fd, FRESH_USEC)) {
		return take_fd(&b->fd);
	}
	close_fd(&b->fd);
	return make(base_fd, network_open, abi, err);
}
