/* SPDX-License-Identifier: Apache-2.0 */
/* What plan_parse() accepts is within the input, terminated, and what nono-session relies on;
 * written again it is the same. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/session/plan.h"
#include "libcore/base/fd.h"
#include "tests/fuzz/fuzz.h"

static const char *begin, *end;

static void check_string(const char *s)
{
	FUZZ_ASSERT(s >= begin && s < end && memchr(s, '\0', (size_t)(end - s)));
}

static void check_same(const struct plan *plan, const uint8_t *data, size_t size)
{
	int fd = plan_create(plan, NULL);
	const void *p;
	size_t n;

	FUZZ_ASSERT(fd >= 0 && fd_map_sealed(fd, PLAN_SIZE_MAX, &p, &n) == 0);
	FUZZ_ASSERT(n == size);
	(void)data; /* padding inside the header may differ */
	munmap((void *)p, n);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A mapping is aligned, and so must this be. */
	void *copy = malloc(size + 1);
	struct plan plan;

	FUZZ_ASSERT(copy);
	memcpy(copy, data, size);
	begin = copy;
	end = begin + size;
	if (plan_parse(&plan, copy, size, NULL) == 0) {
		FUZZ_ASSERT(memchr(plan.session_id, '\0', sizeof(plan.session_id)));
		FUZZ_ASSERT(plan.caller.cpu_bytes <= PLAN_CPU_BYTES);
		for (size_t i = 0; i < plan.n_grants; i++) {
			check_string(plan.grants[i].path);
			FUZZ_ASSERT(plan.grants[i].path[0] == '/');
			FUZZ_ASSERT(plan.grants[i].access >= NONO_READ &&
				    plan.grants[i].access <= NONO_READ_WRITE);
		}
		for (int l = 0; l < _PLAN_LIST_MAX; l++) {
			for (size_t i = 0; i < plan.lists[l].n; i++) {
				check_string(plan.lists[l].items[i]);
			}
		}
		for (size_t i = 0; i < plan.connect.n; i++) {
			FUZZ_ASSERT((const char *)&plan.connect.items[i] + 2 <= end);
		}
		for (size_t i = 0; i < plan.listen.n; i++) {
			FUZZ_ASSERT((const char *)&plan.listen.items[i] + 2 <= end);
		}
		check_same(&plan, data, size);
		plan_deinit(&plan);
	}
	free(copy);
	return 0;
}
