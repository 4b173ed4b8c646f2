/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/hosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

#define HOST_MAX 253

static bool is_ipv6(const char *s)
{
	struct in6_addr v6;

	return inet_pton(AF_INET6, s, &v6) == 1;
}

/* Letters, digits, '-', '_' and dots with something on both sides. */
static bool is_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > HOST_MAX || s[0] == '.' || s[n - 1] == '.') {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' ? s[i + 1] == '.'
				: !isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_') {
			return false;
		}
	}
	return true;
}

/* Cuts ":PORT" off; true when what follows the colon is a port, or there is none. */
static bool cut_port(char *host)
{
	char *colon = strrchr(host, ':');
	uint64_t port;

	if (!colon || is_ipv6(host)) {
		return true;
	}
	if (str_to_u64(colon + 1, &port) < 0 || port == 0 || port > 65535) {
		return false;
	}
	*colon = '\0';
	return true;
}

static int refuse(const char *text, struct nono_error *err)
{
	return error_set(err, NONO_INVALID, EINVAL,
		"'%s' is not the name of a host, such as api.example.org or *.example.org", text);
}

int host_pattern(char **ret, const char *text, struct nono_error *err)
{
	const char *https = str_after(text, "https://"), *http = str_after(text, "http://");
	_cleanup_free_ char *host = strdup(https ? https : http ? http : text);
	const char *below;
	char *slash;
	size_t n;

	if (!host) {
		return error_oom(err);
	}
	slash = strchr(host, '/');
	if (slash && (https || http) && slash[1] == '\0') {
		*slash = '\0';
	}
	n = strlen(host);
	if (n > 1 && host[n - 1] == '.') {
		host[n - 1] = '\0';
	}
	if (!cut_port(host)) {
		return refuse(text, err);
	}
	n = strlen(host);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		memmove(host, host + 1, n - 2);
		host[n - 2] = '\0';
	}
	below = str_after(host, "*.");
	if (!is_name(below ? below : host) && !is_ipv6(host)) {
		return refuse(text, err);
	}
	for (char *c = host; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	if (host_is_metadata(host)) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%s hands out the machine's own credentials: no session may reach it",
			host);
	}
	*ret = TAKE_PTR(host);
	return 0;
}

int host_of_url(char **ret, const char *url, struct nono_error *err)
{
	const char *colon = strstr(url, "://");
	const char *host = colon ? colon + 3 : url;
	_cleanup_free_ char *alone = strndup(host, strcspn(host, "/?#"));

	return alone ? host_pattern(ret, alone, err) : error_oom(err);
}

bool host_matches(const char *pattern, const char *host)
{
	const char *suffix = str_after(pattern, "*");
	size_t n = strlen(host), m;

	if (n > 1 && host[n - 1] == '.') {
		n--;
	}
	if (!suffix) {
		return strlen(pattern) == n && strncasecmp(pattern, host, n) == 0;
	}
	m = strlen(suffix);
	return n > m && strncasecmp(host + n - m, suffix, m) == 0;
}

static bool is_link_local(const struct in6_addr *v6)
{
	if (IN6_IS_ADDR_V4MAPPED(v6)) {
		return v6->s6_addr[12] == 169 && v6->s6_addr[13] == 254;
	}
	return IN6_IS_ADDR_LINKLOCAL(v6);
}

bool host_is_metadata(const char *host)
{
	static const char *const names[] = { "metadata.google.internal",
		"metadata.azure.internal" };
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		return ntohl(v4.s_addr) >> 16 == 0xa9fe;
	}
	if (inet_pton(AF_INET6, host, &v6) == 1) {
		return is_link_local(&v6);
	}
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		if (host_matches(names[i], host)) {
			return true;
		}
	}
	return false;
}
