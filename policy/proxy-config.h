/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts and credential routes out of one network policy, for the public API. */
#pragma once
#include "nono-policy.h"
#include "policy/document.h"

/* nono_policy_proxy_config() with its arguments checked; NULL among the names is malformed. */
int proxy_config_new(struct nono_proxy_config **ret, const struct network_policy *network,
	const char *network_profile, const char *const *hosts, size_t n_hosts,
	const char *const *credentials, size_t n_credentials, struct nono_error *err);
