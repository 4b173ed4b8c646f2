/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Defaults from NONO_* variables. The command line wins: a variable counts only for an option that
 * was not given, and not when it contradicts one that was. An empty variable is as good as none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/option-value.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

/* The value of name in env, NULL when it is unset or empty. */
static const char *env_value(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++) {
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=' && (*env)[n + 1] != '\0') {
			return *env + n + 1;
		}
	}
	return NULL;
}

/* 1 yes, 0 no, -1 neither. */
static int truth(const char *value)
{
	static const char yes[][5] = { "1", "true", "yes", "on", "y", "t" };
	static const char no[][6] = { "0", "false", "no", "off", "n", "f" };

	for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
		if (strcasecmp(value, yes[i]) == 0) {
			return 1;
		}
		if (strcasecmp(value, no[i]) == 0) {
			return 0;
		}
	}
	return -1;
}

static bool contradicts(enum option option, const uint8_t *given)
{
	for (size_t i = 0; i < n_option_conflicts; i++) {
		const struct option_conflict *c = &option_conflicts[i];
		if ((c->a == option && given[c->b]) || (c->b == option && given[c->a])) {
			return true;
		}
	}
	return false;
}

/* A variable may hold several values of an option that can be given several times. */
static int apply_list(struct arguments *a, enum option option, const char *name, const char *value,
	struct nono_error *err)
{
	struct words items = { 0 };
	int r = commas_split(a, name, value, &items, err);

	for (size_t i = 0; r == 0 && i < items.n; i++) {
		r = option_apply(a, option, name, items.items[i], err);
	}
	free(items.items);
	return r;
}

static int apply_variable(struct arguments *a, enum option option, const char *name,
	const char *value, struct nono_error *err)
{
	const struct option_spec *s = &option_specs[option];
	int yes;

	switch ((enum value_type)s->type) {
	case TYPE_FLAG:
		yes = truth(value);
		if (yes < 0) {
			return error_set(err, NONO_INVALID, EINVAL,
				"%s is neither true nor false: '%s'", name, value);
		}
		return yes ? option_apply(a, option, name, "", err) : 0;
	case TYPE_GRANT:
	case TYPE_LIST:
		return apply_list(a, option, name, value, err);
	case TYPE_NONE:
		return 0;
	case TYPE_COUNT:
	case TYPE_TEXT:
	case TYPE_CHOICE:
	case TYPE_COMMAS:
	case TYPE_PORT:
	case TYPE_PORTS:
	case TYPE_SECONDS:
	case TYPE_ENV:
	case TYPE_PAIR:
	default:
		return option_apply(a, option, name, value, err);
	}
}

/* The first of the option's variables that is set. */
static int default_option(
	struct arguments *a, enum option option, char *const *env, struct nono_error *err)
{
	const struct option_spec *s = &option_specs[option];
	const char *name = s->env[0] ? s->env : NULL;

	for (; name; name = spelling_next(name)) {
		bool deprecated = *name == '!';
		const char *value = env_value(env, name + deprecated);
		if (!value) {
			continue;
		}
		if (deprecated && deprecation_add(a, name + 1, s->env, false) < 0) {
			return error_oom(err);
		}
		return apply_variable(a, option, name + deprecated, value, err);
	}
	return 0;
}

int options_from_env(struct arguments *a, char *const *env, struct nono_error *err)
{
	uint8_t on_command_line[_OPTION_MAX];
	char *const *p = env;
	int r = 0;

	while (*p && !str_after(*p, "NONO_")) {
		p++;
	}
	if (!*p) {
		return 0; /* as nearly always */
	}
	memcpy(on_command_line, a->given, sizeof(on_command_line));
	for (enum option o = 0; r == 0 && o < _OPTION_MAX; o++) {
		if ((option_specs[o].verbs & VERB_BIT(a->verb)) && !on_command_line[o] &&
			!contradicts(o, on_command_line)) {
			r = default_option(a, o, env, err);
		}
	}
	return r;
}
