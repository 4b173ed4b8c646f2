/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/decision.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/session/control.h"
#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"

#define TIMEOUT_MS 10000

/* False when there is no answer. */
static bool ask(int link_fd, const struct buf *question, struct link_decision *ret)
{
	struct pollfd p = { .fd = link_fd, .events = POLLIN };

	return link_fd >= 0 &&
	       fd_send(link_fd, question->data, question->len, NULL, 0, MSG_DONTWAIT) >= 0 &&
	       poll(&p, 1, TIMEOUT_MS) > 0 && recv(link_fd, ret, sizeof(*ret), 0) == sizeof(*ret) &&
	       ret->type == LINK_DECISION;
}

static int obey(struct link_decision *answer, struct nono_error *err)
{
	if (answer->allow) {
		return 0;
	}
	answer->error.message[sizeof(answer->error.message) - 1] = '\0';
	return error_set(err, NONO_REFUSED, EPERM, "%s", answer->error.message);
}

int decision_on_grant(int link_fd, uint32_t grant, const char *path, uint32_t access,
	const struct stat *st, struct nono_error *err)
{
	struct link_resolved question = { .type = LINK_RESOLVED,
		.grant = grant,
		.access = access,
		.is_directory = S_ISDIR(st->st_mode),
		.device = st->st_dev,
		.inode = st->st_ino };
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct link_decision answer;

	buf_append(&b, &question, sizeof(question));
	buf_append(&b, path, strlen(path));
	if (buf_error(&b)) {
		return error_oom(err);
	}
	if (!ask(link_fd, &b, &answer)) {
		return error_set(err, NONO_REFUSED, EPERM,
			"'%.300s' is a symlink, and nonod did not decide on where it leads in time",
			path);
	}
	return obey(&answer, err);
}
