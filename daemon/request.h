/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asked for, out of JSON; and the policy that came of it, into JSON. */
#pragma once
#include <json-c/json.h>

#include "nono.h"
#include "policy/resolve.h"

/* A Context of io.nono.Session, validated against its description. Strings point into the JSON
 * object or into the request itself. */
struct request {
	const char *name; /* NULL for none */
	bool foreground, resolved;
	struct policy_request policy;
	struct policy_grant *grants; /* policy.grants */
	char **owned;                /* unescaped paths */
	size_t n_owned;
};

/* 0, or -errno with err set: -EINVAL for a path whose escapes are malformed. */
int request_parse(struct request *ret, struct json_object *context, struct nono_error *err);
void request_deinit(struct request *q);

/* A Policy of io.nono.Session. A new object, or NULL when out of memory. */
struct json_object *request_policy_to_json(const struct nono_caps *caps);
