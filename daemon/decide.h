/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to what a session may do: the rulebook, the user's documents, policy_resolve(). */
#pragma once
#include "daemon/request.h"
#include "daemon/rulebook.h"
#include "policy/resolve.h"
#include "policy/result-json.h"
#include "proto/conn.h"

struct manager;

struct decision {
	struct rulebook *book;    /* a reference of its own; NULL for no decision */
	struct policy_result own; /* when the request asks for more than everybody gets */
	bool is_standard;
};
void decision_deinit(struct decision *d);
const struct policy_result *decision_result(const struct decision *d);

/* Decides by book. As policy_resolve(): also -ENOENT with ret_missing filled. */
int decide(struct decision *ret, struct manager *m, struct rulebook *book, const struct request *q,
	enum policy_mode mode, struct strlist *ret_missing, const char **ret_hint,
	struct nono_error *err);

/* Decides by what is in force now, or answers the call with why not: then ret->book is NULL. 0 or
 * -errno. */
int decide_or_answer(struct decision *ret, struct manager *m, struct vl_call *call,
	const struct request *q, enum policy_mode mode);

/* The Policy of io.nono.Session. A new object, or NULL when out of memory. */
struct json_object *decision_to_json(const struct policy_result *result, enum policy_detail detail);
