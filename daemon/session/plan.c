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

/* Layout: header, both filters (struct filter as it is in memory), n_grants records, ports to
 * connect to, to listen on and of localhost, then strings, NUL-terminated: the paths of the grants
 * and the lists, in order. */
#define PLAN_MAGIC UINT64_C(0x326e616c706f6e6f) /* "onoplan2" in little endian */

struct plan_header {
	uint64_t magic;
	char session_id[40];
	struct plan_caller caller;
	uint32_t network, flags;
	uint32_t n_grants, n_connect, n_listen, n_localhost;
	uint32_t n_strings[_PLAN_LIST_MAX];
	uint64_t strings_size, filter_size, filter_fds_size; /* bytes */
};
#define FILTER_ALIGN _Alignof(struct filter)
_Static_assert(sizeof(struct plan_header) % FILTER_ALIGN == 0, "the filter is aligned");

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

bool plan_network_is_open(const struct plan *plan)
{
	return plan->network == NONO_NETWORK_OPEN && plan->connect.n == 0 && plan->listen.n == 0 &&
	       plan->localhost.n == 0;
}

static size_t n_strings(const struct plan *plan)
{
	size_t n = 0;

	for (int i = 0; i < _PLAN_LIST_MAX; i++) {
		n += plan->lists[i].n;
	}
	return n;
}

static uint64_t strings_size(const struct plan *plan)
{
	uint64_t size = 0;

	for (size_t i = 0; i < plan->n_grants; i++) {
		size += strlen(plan->grants[i].path) + 1;
	}
	for (int l = 0; l < _PLAN_LIST_MAX; l++) {
		for (size_t i = 0; i < plan->lists[l].n; i++) {
			size += strlen(plan->lists[l].items[i]) + 1;
		}
	}
	return size;
}

static void append_all(struct buf *b, const struct plan *plan, const struct plan_header *h)
{
	buf_append(b, h, sizeof(*h));
	buf_append(b, plan->filter, h->filter_size);
	buf_append(b, plan->filter_fds, h->filter_fds_size);
	for (size_t i = 0; i < plan->n_grants; i++) {
		struct plan_record r = { plan->grants[i].access, plan->grants[i].flags };
		buf_append(b, &r, sizeof(r));
	}
	buf_append(b, plan->connect.items, plan->connect.n * sizeof(uint16_t));
	buf_append(b, plan->listen.items, plan->listen.n * sizeof(uint16_t));
	buf_append(b, plan->localhost.items, plan->localhost.n * sizeof(uint16_t));
	for (size_t i = 0; i < plan->n_grants; i++) {
		buf_append(b, plan->grants[i].path, strlen(plan->grants[i].path) + 1);
	}
	for (int l = 0; l < _PLAN_LIST_MAX; l++) {
		for (size_t i = 0; i < plan->lists[l].n; i++) {
			const char *s = plan->lists[l].items[i];
			buf_append(b, s, strlen(s) + 1);
		}
	}
}

int plan_create(const struct plan *plan, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = PLAN_SIZE_MAX };
	struct plan_header h = { .magic = PLAN_MAGIC,
		.caller = plan->caller,
		.network = plan->network,
		.flags = plan->flags,
		.n_grants = (uint32_t)plan->n_grants,
		.n_connect = (uint32_t)plan->connect.n,
		.n_listen = (uint32_t)plan->listen.n,
		.n_localhost = (uint32_t)plan->localhost.n,
		.filter_size = plan->filter ? filter_size(plan->filter->n) : 0,
		.filter_fds_size = plan->filter_fds ? filter_size(plan->filter_fds->n) : 0 };
	int fd;

	if (plan->n_grants > PLAN_GRANTS_MAX) {
		return error_set(err, NONO_LIMIT, E2BIG,
			"%zu grants are more than the %d one session may have", plan->n_grants,
			PLAN_GRANTS_MAX);
	}
	if (n_strings(plan) > PLAN_STRINGS_MAX || plan->connect.n > PLAN_PORTS_MAX ||
		plan->listen.n > PLAN_PORTS_MAX || plan->localhost.n > PLAN_PORTS_MAX) {
		return error_set(err, NONO_LIMIT, E2BIG,
			"more denied paths, variables or ports than one session may have");
	}
	h.strings_size = strings_size(plan);
	memcpy(h.session_id, plan->session_id, sizeof(h.session_id));
	for (int i = 0; i < _PLAN_LIST_MAX; i++) {
		h.n_strings[i] = (uint32_t)plan->lists[i].n;
	}
	append_all(&b, plan, &h);
	if (buf_error(&b) == -E2BIG) {
		return error_set(err, NONO_LIMIT, E2BIG,
			"the paths granted are longer than %u MiB in all", PLAN_SIZE_MAX >> 20);
	}
	if (buf_error(&b)) {
		return error_oom(err);
	}
	fd = fd_memfd_sealed("nono-plan", b.data, b.len);
	return fd < 0 ? error_errno(err, -fd, "create plan memfd") : fd;
}

static int plan_malformed(struct nono_error *err)
{
	return error_set(err, NONO_INTERNAL, EBADMSG, "malformed plan");
}

/* What is fixed, and that all of it together is exactly n bytes. No sum overflows: each part is
 * bounded first. */
static bool is_sound(const struct plan_header *h, const struct filter *filter, size_t n)
{
	uint64_t size = sizeof(*h) + h->filter_size + h->filter_fds_size + h->strings_size;
	const char *filter_fds = (const char *)filter + h->filter_size;
	uint64_t strings = 0;

	if (h->magic != PLAN_MAGIC || h->n_grants > PLAN_GRANTS_MAX ||
		h->n_connect > PLAN_PORTS_MAX || h->n_listen > PLAN_PORTS_MAX ||
		h->n_localhost > PLAN_PORTS_MAX || h->filter_size > PLAN_SIZE_MAX ||
		h->filter_fds_size > PLAN_SIZE_MAX || h->strings_size > PLAN_SIZE_MAX ||
		h->caller.cpu_bytes > PLAN_CPU_BYTES ||
		!memchr(h->session_id, '\0', sizeof(h->session_id))) {
		return false;
	}
	for (int i = 0; i < _PLAN_LIST_MAX; i++) {
		strings += h->n_strings[i];
	}
	size += (uint64_t)h->n_grants * sizeof(struct plan_record);
	size += ((uint64_t)h->n_connect + h->n_listen + h->n_localhost) * sizeof(uint16_t);
	return size == n && strings <= PLAN_STRINGS_MAX && h->filter_size % FILTER_ALIGN == 0 &&
	       is_filter(filter, h->filter_size) &&
	       is_filter((const void *)filter_fds, h->filter_fds_size);
}

/* The next string before end, or NULL; *at goes behind it. */
static const char *next_string(const char **at, const char *end)
{
	const char *s = *at, *nul = memchr(s, '\0', (size_t)(end - s));

	*at = nul ? nul + 1 : s;
	return nul ? s : NULL;
}

static bool parse_grants(struct plan *p, const char *records, const char **at, const char *end)
{
	for (size_t i = 0; i < p->n_grants; i++) {
		const char *path = next_string(at, end);
		struct plan_record r;
		memcpy(&r, records + i * sizeof(r), sizeof(r));
		if (!path || path[0] != '/' || r.access < NONO_READ || r.access > NONO_READ_WRITE) {
			return false;
		}
		p->grants[i] = (struct plan_grant){ path, r.access, r.flags };
	}
	return true;
}

static bool is_paths(int list)
{
	return list == PLAN_DENIED || list == PLAN_CLOSED || list == PLAN_LIFTED;
}

static bool parse_lists(struct plan *p, const char **at, const char *end)
{
	for (int l = 0; l < _PLAN_LIST_MAX; l++) {
		for (size_t i = 0; i < p->lists[l].n; i++) {
			const char *s = next_string(at, end);
			if (!s || (is_paths(l) && s[0] != '/') ||
				(l == PLAN_ENV_SET && (s[0] == '=' || !strchr(s, '=')))) {
				return false;
			}
			p->lists[l].items[i] = (char *)s;
		}
	}
	return true;
}

int plan_parse(struct plan *ret, const void *p, size_t n, struct nono_error *err)
{
	_cleanup_(plan_deinit) struct plan plan = { 0 };
	const struct filter *filter = (const void *)((const char *)p + sizeof(struct plan_header));
	const char *at, *records, *end = (const char *)p + n;
	struct plan_header h;
	char **items;

	if (n < sizeof(h) || n > PLAN_SIZE_MAX) {
		return plan_malformed(err);
	}
	memcpy(&h, p, sizeof(h));
	if (!is_sound(&h, filter, n)) {
		return plan_malformed(err);
	}
	plan = (struct plan){ .caller = h.caller,
		.network = h.network,
		.flags = h.flags,
		.filter = h.filter_size > 0 ? filter : NULL,
		.filter_fds = h.filter_fds_size > 0
				      ? (const void *)((const char *)filter + h.filter_size)
				      : NULL,
		.n_grants = h.n_grants,
		.connect = { .n = h.n_connect },
		.listen = { .n = h.n_listen },
		.localhost = { .n = h.n_localhost } };
	memcpy(plan.session_id, h.session_id, sizeof(plan.session_id));
	for (int l = 0; l < _PLAN_LIST_MAX; l++) {
		plan.lists[l].n = h.n_strings[l];
	}
	plan.grants = calloc(plan.n_grants + 1, sizeof(*plan.grants));
	plan.lists[0].items = items = calloc(n_strings(&plan) + 1, sizeof(*items));
	if (!plan.grants || !items) {
		return error_oom(err);
	}
	for (int l = 1; l < _PLAN_LIST_MAX; l++) {
		plan.lists[l].items = plan.lists[l - 1].items + plan.lists[l - 1].n;
	}
	records = (const char *)filter + h.filter_size + h.filter_fds_size;
	plan.connect.items = (const void *)(records + h.n_grants * sizeof(struct plan_record));
	plan.listen.items = plan.connect.items + h.n_connect;
	plan.localhost.items = plan.listen.items + h.n_listen;
	at = (const char *)(plan.localhost.items + h.n_localhost);
	if (!parse_grants(&plan, records, &at, end) || !parse_lists(&plan, &at, end) || at != end) {
		return plan_malformed(err);
	}
	*ret = plan;
	plan = (struct plan){ 0 };
	return 0;
}

void plan_deinit(struct plan *plan)
{
	free(plan->grants);
	free(plan->lists[0].items);
	*plan = (struct plan){ 0 };
}
