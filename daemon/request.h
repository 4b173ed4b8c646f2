/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asked for, out of JSON. */
#pragma once
#include <json-c/json.h>

#include "nono.h"
#include "policy/resolve.h"

/* A Context of io.nono.Session, validated against its description. Strings point into the JSON
 * object or into the request itself. */
struct request {
	const char *name; /* NULL for none */
	bool foreground, resolved;
	struct json_object *places; /* NULL for none */
	struct policy_request policy;
	struct policy_document *documents; /* the user's and the project's */
	size_t n_documents;
	void **owned; /* unescaped paths, and the arrays of all of it */
	size_t n_owned;
};

/* 0, or -errno with err set: -EINVAL for a path whose escapes are malformed, a port that is none, a
 * document without the name it needs. */
int request_parse(struct request *ret, struct json_object *context, struct nono_error *err);
void request_deinit(struct request *q);

/* The bytes of a Path of io.nono.Session: a new string. 0 or -errno with err set. */
int request_path(char **ret, struct json_object *path, struct nono_error *err);

/* Which of the client's places is another than ours, or NULL; static. */
const char *request_other_place(const struct request *q, const struct policy_places *ours);

/* True when it asks for what everybody gets: nothing at all. */
bool request_is_empty(const struct request *q);
