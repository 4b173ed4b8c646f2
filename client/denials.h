/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the suspects the session was really not allowed to use, by nonod's answers. */
#pragma once
#include "client/connect.h"
#include "client/suspects.h"

struct denial {
	const struct suspect *suspect;
	const char *operation; /* of io.nono.Session: "read", "write", "create", "execute" */
	char *answer;          /* JSON text of its type Answer */
	struct json_span json; /* the same to look into */
};

struct denials {
	struct denial items[SUSPECTS_MAX];
	size_t n;
};

/* Asks about all of them. When nonod cannot be asked (any longer), there is nothing to say. */
void denials_ask(struct denials *ret, struct connection *c, const char *session,
	const struct suspects *suspects);
/* Something can be said about the cause. The working directory alone is no cause. */
bool denials_have_cause(const struct denials *d);
void denials_deinit(struct denials *d);
