/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/filter.h"

/* Layout: header, filter (a struct filter as it is in memory), n_grants records, then the paths,
 * NUL-terminated, in the same order. */
#define PLAN_MAGIC UINT64_C(0x316e616c706f6e6f) /* "onoplan1" in little endian */

struct plan_header {
	uint64_t magic;
	char session_id[40];
	struct plan_caller caller;
	uint32_t network, foreground;
	uint32_t n_grants, paths_size;
	uint64_t filter_size; /* bytes */
};
_Static_assert(sizeof(struct plan_header) % _Alignof(struct filter) == 0, "the filter is aligned");

struct plan_record {
	uint32_t access, flags;
};

static size_t filter_size(size_t n)
{
	return sizeof(struct filter) + n * sizeof(struct sock_filter);
}

/* size is that of what is there. */
static bool is_filter(const struct filter *filter, size_t size)
{
	return size == 0 || (size > sizeof(*filter) && filter->n <= BPF_MAXINSNS &&
				    size == filter_size(filter->n));
}

int plan_create(const struct plan *plan, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = PLAN_SIZE_MAX };
	struct plan_header h = { .magic = PLAN_MAGIC,
		.caller = plan->caller,
		.network = plan->network,
		.foreground = plan->foreground,
		.n_grants = (uint32_t)plan->n_grants,
		.filter_size = plan->filter ? filter_size(plan->filter->n) : 0 };
	int fd;

	if (plan->n_grants > PLAN_GRANTS_MAX) {
		return error_set(err, NONO_LIMIT, E2BIG,
			"%zu grants are more than the %d one session may have", plan->n_grants,
			PLAN_GRANTS_MAX);
	}
	memcpy(h.session_id, plan->session_id, sizeof(h.session_id));
	for (size_t i = 0; i < plan->n_grants; i++) {
		h.paths_size += (uint32_t)strlen(plan->grants[i].path) + 1;
		if (h.paths_size > PLAN_SIZE_MAX) {
			goto too_large;
		}
	}
	buf_append(&b, &h, sizeof(h));
	buf_append(&b, plan->filter, h.filter_size);
	for (size_t i = 0; i < plan->n_grants; i++) {
		struct plan_record r = { plan->grants[i].access, plan->grants[i].flags };
		buf_append(&b, &r, sizeof(r));
	}
	for (size_t i = 0; i < plan->n_grants; i++) {
		buf_append(&b, plan->grants[i].path, strlen(plan->grants[i].path) + 1);
	}
	if (buf_error(&b) == -E2BIG) {
		goto too_large;
	}
	if (buf_error(&b)) {
		return error_oom(err);
	}
	fd = fd_memfd_sealed("nono-plan", b.data, b.len);
	return fd < 0 ? error_errno(err, -fd, "create plan memfd") : fd;
too_large:
	return error_set(err, NONO_LIMIT, E2BIG, "the paths granted are longer than %u MiB in all",
		PLAN_SIZE_MAX >> 20);
}

static int plan_malformed(struct nono_error *err)
{
	return error_set(err, NONO_INTERNAL, EBADMSG, "malformed plan");
}

int plan_parse(struct plan *ret, const void *p, size_t n, struct nono_error *err)
{
	_cleanup_free_ struct plan_grant *grants = NULL;
	const char *path, *records, *end = (const char *)p + n;
	const struct filter *filter = (const void *)((const char *)p + sizeof(struct plan_header));
	struct plan_header h;

	if (n < sizeof(h) || n > PLAN_SIZE_MAX) {
		return plan_malformed(err);
	}
	memcpy(&h, p, sizeof(h));
	if (h.magic != PLAN_MAGIC || h.n_grants > PLAN_GRANTS_MAX ||
		h.filter_size > PLAN_SIZE_MAX ||
		sizeof(h) + h.filter_size + (uint64_t)h.n_grants * sizeof(struct plan_record) +
				h.paths_size !=
			n ||
		!is_filter(filter, h.filter_size) || h.caller.cpu_bytes > PLAN_CPU_BYTES ||
		memchr(h.session_id, '\0', sizeof(h.session_id)) == NULL) {
		return plan_malformed(err);
	}
	grants = calloc(h.n_grants + 1, sizeof(*grants));
	if (!grants) {
		return error_oom(err);
	}
	records = (const char *)filter + h.filter_size;
	path = records + h.n_grants * sizeof(struct plan_record);
	for (uint32_t i = 0; i < h.n_grants; i++) {
		const char *nul = memchr(path, '\0', (size_t)(end - path));
		struct plan_record r;
		memcpy(&r, records + i * sizeof(r), sizeof(r));
		if (!nul || path[0] != '/' || r.access < NONO_READ || r.access > NONO_READ_WRITE) {
			return plan_malformed(err);
		}
		grants[i] = (struct plan_grant){ path, r.access, r.flags };
		path = nul + 1;
	}
	if (path != end) {
		return plan_malformed(err);
	}
	*ret = (struct plan){ .caller = h.caller,
		.network = h.network,
		.foreground = h.foreground,
		.filter = h.filter_size > 0 ? filter : NULL,
		.n_grants = h.n_grants,
		.grants = TAKE_PTR(grants) };
	memcpy(ret->session_id, h.session_id, sizeof(ret->session_id));
	return 0;
}

void plan_deinit(struct plan *plan)
{
	free(plan->grants);
	*plan = (struct plan){ 0 };
}
