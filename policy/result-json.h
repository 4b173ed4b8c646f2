/* SPDX-License-Identifier: Apache-2.0 */
/* A result as JSON: the type Policy of proto/io.nono.Session.varlink, the same from everybody. */
#pragma once
#include "libcore/base/json-write.h"
#include "policy/resolve.h"

/* Appends it as the member name (NULL at the top). Errors stick to the writer's buffer. */
void policy_result_write(
	struct json_writer *w, const char *name, const struct policy_result *result);
