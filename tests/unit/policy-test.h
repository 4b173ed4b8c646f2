/* SPDX-License-Identifier: Apache-2.0 */
/* A user /home/u, a library to add documents to, and requests to resolve with it. */
#pragma once
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/caps.h"
#include "policy/resolve.h"

struct policy_test {
	struct policy_places places;
	struct library *library;
	struct never *never;
	struct policy_result result; /* of the last resolve() */
	struct nono_error err;
	const char *hint;
};

static inline struct policy_test *test_of(void **state)
{
	return *state;
}

static inline int policy_test_setup(void **state)
{
	static const char *const programs[] = { "/usr/bin", NULL };
	struct policy_test *t = calloc(1, sizeof(*t));

	if (!t) {
		return -1;
	}
	t->places = (struct policy_places){
		.home = (char *)"/home/u",
		.config = (char *)"/home/u/.config",
		.state = (char *)"/home/u/.local/state",
		.data = (char *)"/home/u/.local/share",
		.cache = (char *)"/home/u/.cache",
	};
	*state = t;
	if (never_new(&t->never, &t->places, programs, &t->err) < 0 ||
		library_new(&t->library, &t->err) < 0) {
		print_error("%s\n", t->err.message);
		return -1;
	}
	return 0;
}

static inline int policy_test_teardown(void **state)
{
	struct policy_test *t = *state;

	policy_result_deinit(&t->result);
	library_free(t->library);
	never_free(t->never);
	free(t);
	return 0;
}

#define POLICY_TEST(f) cmocka_unit_test_setup_teardown(f, policy_test_setup, policy_test_teardown)

static inline void add_document(void **state, enum document_kind kind, enum policy_origin origin,
	const char *name, const char *file, const char *text)
{
	const struct policy_document d = { .kind = kind,
		.origin = origin,
		.name = name,
		.file = file,
		.text = text,
		.n = strlen(text) };
	struct policy_test *t = *state;

	if (library_add(t->library, &d, &t->err) < 0) {
		fail_msg("%s", t->err.message);
	}
}

/* One of the user's. */
static inline void add_profile(void **state, const char *name, const char *text)
{
	char file[256];

	snprintf(file, sizeof(file), "/home/u/.config/nono/profiles/%s.json", name);
	add_document(state, DOCUMENT_PROFILE, ORIGIN_USER, name, file, text);
}

static inline int try_resolve(void **state, const struct policy_request *q, enum policy_mode mode)
{
	struct policy_test *t = *state;

	policy_result_deinit(&t->result);
	t->err = (struct nono_error){ 0 };
	return policy_resolve(
		&t->result, q, t->library, t->never, &t->places, mode, NULL, &t->hint, &t->err);
}

/* The result belongs to the test and lives until the next one. */
static inline const struct policy_result *resolve_in(
	void **state, const struct policy_request *q, enum policy_mode mode)
{
	struct policy_test *t = *state;

	if (try_resolve(state, q, mode) < 0) {
		fail_msg("%s", t->err.message);
	}
	return &t->result;
}

static inline const struct policy_result *resolve(void **state, const struct policy_request *q)
{
	return resolve_in(state, q, POLICY_START);
}

static inline void refuse(void **state, const struct policy_request *q, int code, const char *part)
{
	struct policy_test *t = *state;

	assert_int_equal(try_resolve(state, q, POLICY_START), code);
	if (!strstr(t->err.message, part)) {
		fail_msg("'%s' is not in: %s", part, t->err.message);
	}
}

static inline const struct policy_result *resolve_grant(
	void **state, const char *path, enum nono_access access, bool is_file)
{
	const struct policy_grant g = { path, access, is_file };

	return resolve(state, &(struct policy_request){ .grants = &g, .n_grants = 1 });
}

static inline void refuse_grant(
	void **state, const char *path, enum nono_access access, int code, const char *part)
{
	const struct policy_grant g = { path, access, false };

	refuse(state, &(struct policy_request){ .grants = &g, .n_grants = 1 }, code, part);
}

static inline void refuse_file(void **state, const char *path, int code, const char *part)
{
	const struct policy_grant g = { path, NONO_READ, true };

	refuse(state, &(struct policy_request){ .grants = &g, .n_grants = 1 }, code, part);
}

static inline bool has_grant(
	const struct policy_result *r, const char *path, enum nono_access access)
{
	for (size_t i = 0; i < r->caps->n_paths; i++) {
		if (strcmp(r->caps->paths[i].resolved, path) == 0 &&
			r->caps->paths[i].access == access) {
			return true;
		}
	}
	return false;
}
