/* SPDX-License-Identifier: Apache-2.0 */
#include "client/self.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

/* An abstract name. Inside nobody can listen on one, so who answers is nono-session. */
static const char address_name[] = "\0io.nono.self";

int self_connect(struct vl_client **ret, struct nono_error *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(address_name) - 1);
	int r;

	memcpy(address.sun_path, address_name, sizeof(address_name) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0) {
		if (errno == EAGAIN) {
			return error_errno(err, EAGAIN, "this session asks too much at once");
		}
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"this process is in a sandbox that has no supervisor to ask (nono wrap)");
	}
	r = vl_client_adopt(ret, fd);
	if (r < 0) {
		return error_oom(err);
	}
	take_fd(&fd);
	return 0;
}
