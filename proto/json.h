/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json-c behind a strict front: nothing is parsed that json_check() did not accept, and nothing is
 * built that the other side's json_check() would refuse.
 *
 * Getters are for values that were validated: they answer absent, null and another kind alike with
 * the fallback. Builders return 0, -ENOMEM (also for o == NULL, so that the result of
 * json_object_new_object() need not be checked first) or -EINVAL for text that is not UTF-8.
 */
#pragma once
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/json-scan.h"
#include "nono-error.h"

static inline void json_object_putp(struct json_object **o)
{
	json_object_put(*o);
}

/* Checks and parses n bytes. 0, or -errno with err set. *ret is NULL for a JSON null. */
int json_parse(struct json_object **ret, const void *p, size_t n, struct nono_error *err);
/* Parses a span that json_check() has accepted. 0 or -ENOMEM. */
int json_parse_checked(struct json_object **ret, struct json_span v);

const char *json_string_or(struct json_object *o, const char *name, const char *fallback);
bool json_bool_or(struct json_object *o, const char *name, bool fallback);
int64_t json_int_or(struct json_object *o, const char *name, int64_t fallback);
/* The member when it is an object or an array, else NULL. Borrowed. */
struct json_object *json_object_of(struct json_object *o, const char *name);
struct json_object *json_array_of(struct json_object *o, const char *name);

/* A NULL string adds nothing: the member is absent. */
int json_add_string(struct json_object *o, const char *name, const char *s);
int json_add_int(struct json_object *o, const char *name, int64_t v);
int json_add_bool(struct json_object *o, const char *name, bool v);
/* value is consumed, also on failure; a NULL one is -ENOMEM. */
int json_add(struct json_object *o, const char *name, struct json_object *value);
/* Array elements, as above. */
int json_append(struct json_object *array, struct json_object *value);
int json_append_string(struct json_object *array, const char *s);
