/* SPDX-License-Identifier: Apache-2.0 */
/* A server that answers anything at all, in any pieces. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "proto/client.h"
#include "tests/fuzz/fuzz.h"

static void check_reply(const struct vl_reply *r)
{
	struct json_iter it = json_iter(r->parameters);
	struct json_span key, value;

	FUZZ_ASSERT(!(r->error && r->continues));
	FUZZ_ASSERT(json_is_null(r->parameters) || json_kind(r->parameters) == JSON_OBJECT);
	while (json_next(&it, &key, &value)) {
		_cleanup_free_ char *name = NULL;
		FUZZ_ASSERT(json_dup_string(key, &name) == 0);
		FUZZ_ASSERT(json_member(r->parameters, name).p == value.p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vl_client *c;
	struct vl_reply reply;
	uint32_t random;
	int fds[2], r = 0;

	if (size < 1 || size > 60000) {
		return 0;
	}
	random = data[0];
	FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_ASSERT(vl_client_adopt(&c, fds[0]) == 0);
	for (size_t at = 1; at < size && r >= 0;) {
		size_t n = 1 + fuzz_random(&random) % 200;
		n = n < size - at ? n : size - at;
		FUZZ_ASSERT(send(fds[1], data + at, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n);
		at += n;
		while ((r = vl_client_process(c, &reply, NULL)) > 0) {
			check_reply(&reply);
		}
	}
	close(fds[1]);
	if (r >= 0) {
		r = vl_client_process(c, &reply, NULL);
	}
	FUZZ_ASSERT(r == -EPIPE || r == -ECONNRESET || r == -EBADMSG || r == -EMSGSIZE);
	vl_client_free(c);
	return 0;
}
