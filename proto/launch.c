/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"

static uint32_t append_strings(struct buf *b, char *const *strings, uint32_t *ret_size)
{
	size_t before = b->len;
	uint32_t n = 0;

	for (; strings[n]; n++) {
		buf_append(b, strings[n], strlen(strings[n]) + 1);
	}
	*ret_size = (uint32_t)(b->len - before);
	return n;
}

static int has_name(const char *assignment)
{
	const char *eq = strchr(assignment, '=');

	return eq && eq != assignment;
}

int launch_create(char *const *argv, char *const *envp, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { .limit = LAUNCH_SIZE_MAX };
	struct launch_header h = { .magic = LAUNCH_MAGIC };
	int fd;

	if (!argv[0]) {
		return error_set(err, NONO_INVALID, EINVAL, "no command given");
	}
	for (size_t i = 0; envp[i]; i++) {
		if (!has_name(envp[i])) {
			return error_set(err, NONO_INVALID, EINVAL,
				"environment entry '%.64s' has no name", envp[i]);
		}
	}
	buf_append(&b, &h, sizeof(h));
	h.n_args = append_strings(&b, argv, &h.args_size);
	h.n_env = append_strings(&b, envp, &h.env_size);
	if (buf_error(&b) == -E2BIG) {
		return error_set(err, NONO_LIMIT, E2BIG,
			"arguments and environment are larger than %u MiB", LAUNCH_SIZE_MAX >> 20);
	}
	if (buf_error(&b)) {
		return error_oom(err);
	}
	memcpy(b.data, &h, sizeof(h));
	fd = fd_memfd_sealed("nono-launch", b.data, b.len);
	return fd < 0 ? error_errno(err, -fd, "create launch memfd") : fd;
}

/* Points n elements of out at consecutive strings in [p, p + size). False unless they fill it. */
static int split_strings(char **out, uint32_t n, const char *p, uint32_t size)
{
	const char *end = p + size;

	for (uint32_t i = 0; i < n; i++) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		if (!nul) {
			return 0;
		}
		out[i] = (char *)p;
		p = nul + 1;
	}
	return p == end;
}

int launch_parse(struct launch *ret, const void *p, size_t n, struct nono_error *err)
{
	_cleanup_free_ char **strings = NULL;
	struct launch_header h;
	const char *args = (const char *)p + sizeof(h);

	if (n < sizeof(h) || n > LAUNCH_SIZE_MAX) {
		goto malformed;
	}
	memcpy(&h, p, sizeof(h));
	/* A string takes at least its terminator, so the counts are bounded by the sizes. */
	if (h.magic != LAUNCH_MAGIC || (uint64_t)h.args_size + h.env_size != n - sizeof(h) ||
		h.n_args == 0 || h.n_args > h.args_size || h.n_env > h.env_size) {
		goto malformed;
	}
	strings = calloc((size_t)h.n_args + h.n_env + 2, sizeof(*strings));
	if (!strings) {
		return error_oom(err);
	}
	if (!split_strings(strings, h.n_args, args, h.args_size) ||
		!split_strings(strings + h.n_args + 1, h.n_env, args + h.args_size, h.env_size)) {
		goto malformed;
	}
	for (uint32_t i = 0; i < h.n_env; i++) {
		if (!has_name(strings[h.n_args + 1 + i])) {
			goto malformed;
		}
	}
	*ret = (struct launch){ .argv = strings, .envp = strings + h.n_args + 1 };
	strings = NULL;
	return 0;
malformed:
	return error_set(err, NONO_INVALID, EBADMSG, "malformed launch data");
}

int launch_open(struct launch *ret, int fd, struct nono_error *err)
{
	const void *p;
	size_t n;
	int r = fd_map_sealed(fd, LAUNCH_SIZE_MAX, &p, &n);

	if (r < 0) {
		return error_errno(err, -r, "map launch memfd");
	}
	r = launch_parse(ret, p, n, err);
	if (r < 0) {
		munmap((void *)p, n);
		return r;
	}
	ret->map = p;
	ret->map_size = n;
	return 0;
}

void launch_deinit(struct launch *l)
{
	free(l->argv);
	if (l->map) {
		munmap((void *)l->map, l->map_size);
	}
	*l = (struct launch){ 0 };
}
