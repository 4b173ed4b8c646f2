/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts in policies: "api.example.org", or "*.example.org" for every host below it (but
 * not example.org itself). */
#pragma once
#include <stdbool.h>

#include "nono-error.h"

/* What an entry of an allow list means, in lower case: a host, a pattern, or the URL of one without
 * a path; a port is left out, as every port of a host is meant. A new string. 0, -EINVAL
 * (NONO_INVALID), -EPERM (NONO_REFUSED) for what no session may reach, -ENOMEM. */
int host_pattern(char **ret, const char *text, struct nono_error *err);

/* The same for the host of a URL, whatever path it has. */
int host_of_url(char **ret, const char *url, struct nono_error *err);

/* True when pattern, as host_pattern() made it, means host (in any case). */
bool host_matches(const char *pattern, const char *host);

/* True for the metadata services of clouds and for link-local addresses, which hand out the
 * machine's own credentials: never through the proxy. */
bool host_is_metadata(const char *host);
