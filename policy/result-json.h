/* SPDX-License-Identifier: Apache-2.0 */
/* A result as JSON: the type Policy of proto/io.nono.Session.varlink, the same from everybody. */
#pragma once
#include "libcore/base/json-write.h"
#include "policy/resolve.h"

enum policy_detail {
	POLICY_ALL,
	POLICY_CHOSEN, /* without what groups bring, grants and deny rules, and without the summary
			*/
};

/* Appends it as the member name (NULL at the top). Errors stick to the writer's buffer. */
void policy_result_write(struct json_writer *w, const char *name,
	const struct policy_result *result, enum policy_detail detail);
