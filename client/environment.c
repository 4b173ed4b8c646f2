/* SPDX-License-Identifier: Apache-2.0 */
#include "client/environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/env.h"
#include "libcore/base/error.h"

static size_t name_length(const char *s)
{
	return strcspn(s, "=");
}

/* Replaces the variable that has the name of s, or appends s. */
static void put(char **vector, size_t *n, char *s)
{
	size_t len = name_length(s);

	for (size_t i = 0; i < *n; i++) {
		if (strncmp(vector[i], s, len) == 0 && vector[i][len] == '=') {
			vector[i] = s;
			return;
		}
	}
	vector[(*n)++] = s;
}

static int check_additions(const char *const *additions, size_t n, struct nono_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (env_is_loader_variable(additions[i])) {
			return error_set(err, NONO_REFUSED, EPERM,
				"--env %.*s: the dynamic loader would run code of its choice in every "
				"program; set it inside, for example with env(1)",
				(int)name_length(additions[i]), additions[i]);
		}
	}
	return 0;
}

int environment_build(struct environment *ret, char *const *from, const char *const *additions,
	size_t n_additions, const char *pwd, struct nono_error *err)
{
	_cleanup_(environment_deinit) struct environment e = { 0 };
	size_t n = 0, n_from = 0;
	int r = check_additions(additions, n_additions, err);

	if (r < 0) {
		return r;
	}
	while (from[n_from]) {
		n_from++;
	}
	e.vector = calloc(n_from + n_additions + 2, sizeof(*e.vector));
	if (!e.vector || (pwd && asprintf(&e.pwd, "PWD=%s", pwd) < 0)) {
		return error_oom(err);
	}
	for (size_t i = 0; i < n_from; i++) {
		size_t len = name_length(from[i]);
		if (len == 0 || from[i][len] == '\0') {
			continue; /* no name or no value: nothing a program could ask for */
		}
		if (env_is_loader_variable(from[i])) {
			e.dropped = e.dropped ? e.dropped : from[i];
			continue;
		}
		e.vector[n++] = from[i];
	}
	if (e.pwd) {
		put(e.vector, &n, e.pwd);
	}
	for (size_t i = 0; i < n_additions; i++) {
		/* What is only named is in the vector already, if it is set at all. */
		if (strchr(additions[i], '=')) {
			put(e.vector, &n, (char *)additions[i]);
		}
	}
	*ret = e;
	e = (struct environment){ 0 };
	return 0;
}

void environment_deinit(struct environment *e)
{
	free(e->vector);
	free(e->pwd);
	*e = (struct environment){ 0 };
}
