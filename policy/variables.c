/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/variables.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

#define EXPANDED_MAX (64U << 10)

enum variable {
	VARIABLE_HOME,
	VARIABLE_NONO_CONFIG,
	VARIABLE_TMPDIR,
	VARIABLE_UID,
	VARIABLE_WORKDIR,
	VARIABLE_XDG_CACHE_HOME,
	VARIABLE_XDG_CONFIG_HOME,
	VARIABLE_XDG_DATA_HOME,
	VARIABLE_XDG_RUNTIME_DIR,
	VARIABLE_XDG_STATE_HOME,
	_VARIABLE_MAX,
};

static const char *const names[_VARIABLE_MAX] = {
	[VARIABLE_HOME] = "HOME",
	[VARIABLE_NONO_CONFIG] = "NONO_CONFIG",
	[VARIABLE_TMPDIR] = "TMPDIR",
	[VARIABLE_UID] = "UID",
	[VARIABLE_WORKDIR] = "WORKDIR",
	[VARIABLE_XDG_CACHE_HOME] = "XDG_CACHE_HOME",
	[VARIABLE_XDG_CONFIG_HOME] = "XDG_CONFIG_HOME",
	[VARIABLE_XDG_DATA_HOME] = "XDG_DATA_HOME",
	[VARIABLE_XDG_RUNTIME_DIR] = "XDG_RUNTIME_DIR",
	[VARIABLE_XDG_STATE_HOME] = "XDG_STATE_HOME",
};

static int find(const char *name, size_t n)
{
	for (int i = 0; i < _VARIABLE_MAX; i++) {
		if (strncmp(names[i], name, n) == 0 && names[i][n] == '\0') {
			return i;
		}
	}
	return -1;
}

/* NULL when it is not set; what is made is in *made. */
static const char *value_of(int variable, const struct policy_variables *v, char made[PATH_MAX])
{
	const struct policy_places *p = v->places;

	switch ((enum variable)variable) {
	case VARIABLE_HOME:
		return p->home;
	case VARIABLE_NONO_CONFIG:
		if (!p->config) {
			return NULL;
		}
		snprintf(made, PATH_MAX, "%s/nono", p->config);
		return made;
	case VARIABLE_TMPDIR:
		return v->tmpdir ? v->tmpdir : "/tmp";
	case VARIABLE_UID:
		snprintf(made, PATH_MAX, "%u", v->uid);
		return made;
	case VARIABLE_WORKDIR:
		return v->workdir;
	case VARIABLE_XDG_CACHE_HOME:
		return p->cache;
	case VARIABLE_XDG_CONFIG_HOME:
		return p->config;
	case VARIABLE_XDG_DATA_HOME:
		return p->data;
	case VARIABLE_XDG_RUNTIME_DIR:
		return p->runtime;
	case VARIABLE_XDG_STATE_HOME:
		return p->state;
	case _VARIABLE_MAX:
	default:
		return NULL;
	}
}

static size_t name_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
}

static int unknown(const char *text, const char *name, size_t n, struct nono_error *err)
{
	struct nearest nearest = nearest_init(name, n);

	for (int i = 0; i < _VARIABLE_MAX; i++) {
		nearest_offer(&nearest, names[i]);
	}
	return error_set(err, NONO_INVALID, EINVAL, "%s: there is no variable $%.*s%s%s%s", text,
		(int)n, name, nearest.best ? " (did you mean $" : "",
		nearest.best ? nearest.best : "", nearest.best ? "?)" : "");
}

/* The variable that text, at its '$', names, and how long that is. */
static int parse(
	const char *text, const char *at, int *ret, size_t *ret_len, struct nono_error *err)
{
	bool braces = at[1] == '{';
	const char *name = at + (braces ? 2 : 1);
	size_t n = name_length(name);

	if (braces && (n == 0 || name[n] != '}')) {
		return error_set(
			err, NONO_INVALID, EINVAL, "%s: ${ needs a name and a closing brace", text);
	}
	if (n == 0) {
		return error_set(err, NONO_INVALID, EINVAL,
			"%s: a name must follow $ (write $$ for a dollar sign)", text);
	}
	*ret = find(name, n);
	if (*ret < 0) {
		return unknown(text, name, n, err);
	}
	*ret_len = (size_t)(name - at) + n + braces;
	return 0;
}

static int add_variable(struct buf *out, int variable, const char *text,
	const struct policy_variables *variables, struct nono_error *err)
{
	char made[PATH_MAX];
	const char *value = value_of(variable, variables, made);

	if (!value) {
		error_set(err, NONO_INVALID, EINVAL, "%s: $%s is not set", text, names[variable]);
		return VARIABLE_UNSET;
	}
	buf_append_str(out, value);
	return 0;
}

int variables_expand(char **ret, const char *text, const struct policy_variables *variables,
	struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf out = { .limit = EXPANDED_MAX };
	const char *at = text;
	size_t n;
	int r, variable = -1;

	if (at[0] == '~') {
		if (at[1] != '/' && at[1] != '\0') {
			return error_set(err, NONO_INVALID, EINVAL,
				"%s: only one's own home can be written ~", text);
		}
		r = add_variable(&out, VARIABLE_HOME, text, variables, err);
		if (r != 0) {
			return r;
		}
		at++;
	}
	for (;;) {
		n = strcspn(at, "$");
		buf_append(&out, at, n);
		at += n;
		if (*at == '\0') {
			break;
		}
		if (at[1] == '$') {
			buf_append_char(&out, '$');
			at += 2;
			continue;
		}
		r = parse(text, at, &variable, &n, err);
		if (r == 0) {
			r = add_variable(&out, variable, text, variables, err);
		}
		if (r != 0) {
			return r;
		}
		at += n;
	}
	if (buf_error(&out) == -E2BIG) {
		return error_set(
			err, NONO_LIMIT, E2BIG, "%s: longer than %u bytes", text, EXPANDED_MAX);
	}
	*ret = buf_take(&out);
	return *ret ? 0 : error_oom(err);
}

int variables_path(char **ret, const char *text, const struct policy_variables *variables,
	struct nono_error *err)
{
	_cleanup_free_ char *expanded = NULL, *path = NULL;
	int r;

	if (text[0] == '\0') {
		return error_set(err, NONO_INVALID, EINVAL, "a path is empty");
	}
	r = variables_expand(&expanded, text, variables, err);
	if (r != 0) {
		return r;
	}
	if (expanded[0] != '/' && !variables->workdir) {
		error_set(err, NONO_INVALID, EINVAL,
			"%s is relative, and the working directory is not known", text);
		return VARIABLE_UNSET;
	}
	path = path_absolute(variables->workdir ? variables->workdir : "/", expanded);
	if (!path) {
		return error_oom(err);
	}
	if (strlen(path) >= PATH_MAX) {
		return error_set(err, NONO_INVALID, EINVAL, "a path is longer than %d bytes: %s",
			PATH_MAX - 1, text);
	}
	*ret = TAKE_PTR(path);
	return 0;
}
