/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every decision of nonod starts from: the documents that are built in and the
 * administrator's, and what they make of an empty request, as a base plan that all sessions share.
 *
 * Made for the first request, and again when the administrator's files have changed. Sessions keep
 * the one they were decided by. Never looks at a user's files.
 */
#pragma once
#include <stdbool.h>

#include "policy/never.h"
#include "policy/places.h"
#include "policy/resolve.h"

struct watched;

struct rulebook {
	unsigned references;
	const struct policy_places *places; /* borrowed */
	struct library *library;
	struct policy_result standard; /* of an empty request */
	int base_fd;                   /* plan with what every session gets and no user can move */
	int empty_fd;                  /* plan without grants: for who excluded some of that */
	struct watched *watched;
	size_t n_watched;
};

/* dir is the administrator's directory; places outlives the book. 0 or -errno with err set. */
int rulebook_new(struct rulebook **ret, const char *dir, const struct never *never,
	const struct policy_places *places, struct nono_error *err);
struct rulebook *rulebook_ref(struct rulebook *book);
void rulebook_unref(struct rulebook *book); /* NULL is accepted */

/* False when the files it was made from are not as they were. A few stat() calls below dir. */
bool rulebook_is_current(const struct rulebook *book);

/* True when the base plan has this grant. *at (0 at first) is where to look first: the grants of a
 * result are asked about in order. */
bool rulebook_has(const struct rulebook *book, const struct nono_fs_grant *grant, size_t *at);
