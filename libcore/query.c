/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a set. Landlock unites the rights of all rules between the root and an object, so the
 * answer must not depend on the order of the grants nor stop at the first one that covers the
 * path: rights are collected over all of them.
 */
#include "libcore/query.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/resolve.h"

static bool covers(const struct nono_fs_grant *g, const char *path)
{
	return g->is_file ? str_equal(g->resolved, path) : path_is_below(path, g->resolved);
}

/* Every grant that covers a path lies on the way to it, so the longest name is the deepest. */
static bool is_deeper(const struct nono_fs_grant *a, const struct nono_fs_grant *b)
{
	return !b || strlen(a->resolved) > strlen(b->resolved);
}

void query_canonical(const struct nono_caps *caps, const char *path, enum nono_access access,
	struct nono_query_result *ret)
{
	const struct nono_fs_grant *sufficient = NULL, *partial = NULL;
	int granted = 0;

	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		if (!covers(g, path)) {
			continue;
		}
		granted |= (int)g->access;
		if (((int)g->access & (int)access) == (int)access && is_deeper(g, sufficient)) {
			sufficient = g;
		}
		if (is_deeper(g, partial)) {
			partial = g;
		}
	}
	*ret = (struct nono_query_result){
		.status = (granted & (int)access) == (int)access ? NONO_ALLOWED : NONO_DENIED,
		.grant = sufficient ? sufficient : partial,
		.granted = granted,
		.requested = access,
	};
	if (ret->status == NONO_ALLOWED) {
		ret->reason = NONO_REASON_GRANTED_PATH;
	} else {
		ret->reason =
			granted ? NONO_REASON_INSUFFICIENT_ACCESS : NONO_REASON_PATH_NOT_GRANTED;
	}
}

int nono_query_path(const struct nono_caps *caps, const char *path, enum nono_access access,
	struct nono_query_result *ret, struct nono_error *err)
{
	_cleanup_free_ char *canonical = NULL;
	int r;

	if (!caps || !ret || !nono_access_to_string(access)) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set, access or result");
	}
	r = resolve_prefix(path, &canonical, err);
	if (r < 0) {
		return r;
	}
	query_canonical(caps, canonical, access, ret);
	return 0;
}

static bool is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;
	size_t n = strlen(host);

	if (inet_pton(AF_INET, host, &v4) == 1) {
		return ntohl(v4.s_addr) >> 24 == 127;
	}
	if (inet_pton(AF_INET6, host, &v6) == 1) {
		return IN6_IS_ADDR_LOOPBACK(&v6) ||
		       (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
	}
	if (n > 0 && host[n - 1] == '.') {
		n--;
	}
	if (n == strlen("localhost")) {
		return strncasecmp(host, "localhost", n) == 0;
	}
	return n > strlen(".localhost") && strncasecmp(host + n - strlen(".localhost"),
						   ".localhost", strlen(".localhost")) == 0;
}

int nono_query_network(const struct nono_caps *caps, const char *host, uint16_t port,
	struct nono_query_result *ret, struct nono_error *err)
{
	bool allowed;

	if (!caps || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set or result");
	}
	allowed = !caps_restricts_network(caps) ||
		  (port != 0 && (caps_has_port(&caps->connect, port) ||
					(host && is_loopback(host) &&
						caps_has_port(&caps->localhost, port))));
	*ret = (struct nono_query_result){
		.status = allowed ? NONO_ALLOWED : NONO_DENIED,
		.reason = allowed ? NONO_REASON_NETWORK_ALLOWED : NONO_REASON_NETWORK_BLOCKED,
	};
	return 0;
}

/* Rights that directories granted above path give together. */
static int rights_of_directories(const struct nono_caps *caps, const char *path)
{
	_cleanup_free_ char *clean = NULL, *cwd = NULL;
	int rights = 0;

	if (!caps || !path || path[0] == '\0') {
		return 0;
	}
	if (path[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			return 0;
		}
	}
	clean = path_absolute(cwd ? cwd : "/", path);
	for (size_t i = 0; clean && i < caps->n_paths; i++) {
		if (!caps->paths[i].is_file && covers(&caps->paths[i], clean)) {
			rights |= (int)caps->paths[i].access;
		}
	}
	return rights;
}

int nono_caps_path_covered(const struct nono_caps *caps, const char *path)
{
	return rights_of_directories(caps, path) != 0;
}

int nono_caps_path_covered_with_access(
	const struct nono_caps *caps, const char *path, enum nono_access access)
{
	return nono_access_to_string(access) &&
	       (rights_of_directories(caps, path) & (int)access) == (int)access;
}
