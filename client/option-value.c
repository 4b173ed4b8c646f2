/* SPDX-License-Identifier: Apache-2.0 */
#include "client/option-value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

#define SECONDS_MAX UINT64_C(86400)

bool choice_has(const char *choices, const char *value)
{
	size_t n = strlen(value);

	while (n > 0 && *choices) {
		size_t length;
		choices += strspn(choices, "[|]");
		length = strcspn(choices, "|]");
		if (length == n && memcmp(choices, value, n) == 0) {
			return true;
		}
		choices += length;
	}
	return false;
}

static int add_word(struct words *words, const char *word, struct nono_error *err)
{
	if (array_grow((void **)&words->items, words->n, sizeof(*words->items)) < 0) {
		return error_oom(err);
	}
	words->items[words->n++] = word;
	return 0;
}

int commas_split(struct arguments *a, const char *label, const char *value, struct words *into,
	struct nono_error *err)
{
	char *rest, *item;

	if (array_grow((void **)&a->owned, a->n_owned, sizeof(*a->owned)) < 0) {
		return error_oom(err);
	}
	rest = strdup(value);
	if (!rest) {
		return error_oom(err);
	}
	a->owned[a->n_owned++] = rest;
	while ((item = strsep(&rest, ",")) != NULL) {
		int r = *item ? add_word(into, item, err)
			      : error_set(err, NONO_INVALID, EINVAL,
					"%s: an empty entry between commas", label);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int add_grant(struct arguments *a, const char *path, uint16_t what, struct nono_error *err)
{
	if (array_grow((void **)&a->grants, a->n_grants, sizeof(*a->grants)) < 0) {
		return error_oom(err);
	}
	a->grants[a->n_grants++] = (struct grant_argument){
		.path = path, .access = (enum nono_access)(what & 0xff), .is_file = what >> 8
	};
	return 0;
}

static int parse_port(
	const char *label, const char *value, uint16_t *ret_port, struct nono_error *err)
{
	uint64_t port;

	if (str_to_u64(value, &port) < 0 || port < 1 || port > UINT16_MAX) {
		return error_set(err, NONO_INVALID, EINVAL,
			"%s needs a port from 1 to 65535, not '%s'", label, value);
	}
	*ret_port = (uint16_t)port;
	return 0;
}

static int add_port(
	struct ports *ports, const char *label, const char *value, struct nono_error *err)
{
	uint16_t port;
	int r = parse_port(label, value, &port, err);

	if (r < 0) {
		return r;
	}
	if (array_grow((void **)&ports->items, ports->n, sizeof(*ports->items)) < 0) {
		return error_oom(err);
	}
	ports->items[ports->n++] = port;
	return 0;
}

static int set_text(
	const char **field, const char *label, const char *value, struct nono_error *err)
{
	if (*field) {
		return error_set(err, NONO_INVALID, EINVAL, "%s is given twice", label);
	}
	*field = value;
	return 0;
}

/* Every type but the flags. */
static int set_value(struct arguments *a, const struct option_spec *s, const char *label,
	const char *value, struct nono_error *err)
{
	void *field = (char *)a + s->field;
	uint64_t number;

	switch ((enum value_type)s->type) {
	case TYPE_TEXT:
		return set_text(field, label, value, err);
	case TYPE_CHOICE:
		if (!choice_has(s->argument, value)) {
			return error_set(err, NONO_INVALID, EINVAL, "%s is one of %s, not '%s'",
				label, s->argument, value);
		}
		return set_text(field, label, value, err);
	case TYPE_LIST:
		return add_word(field, value, err);
	case TYPE_ENV:
		return *value == '=' ? error_set(err, NONO_INVALID, EINVAL,
					       "%s needs NAME or NAME=VALUE", label)
				     : add_word(field, value, err);
	case TYPE_COMMAS:
		return commas_split(a, label, value, field, err);
	case TYPE_PORT:
		return parse_port(label, value, field, err);
	case TYPE_PORTS:
		return add_port(field, label, value, err);
	case TYPE_SECONDS:
		if (str_to_u64(value, &number) < 0 || number > SECONDS_MAX) {
			return error_set(err, NONO_INVALID, EINVAL,
				"%s needs whole seconds up to a day, not '%s'", label, value);
		}
		*(uint64_t *)field = number;
		return 0;
	case TYPE_GRANT:
		return add_grant(a, value, s->field, err);
	case TYPE_FLAG:
	case TYPE_COUNT:
	case TYPE_PAIR:
	case TYPE_NONE:
	default:
		return 0;
	}
}

int option_apply(struct arguments *a, enum option option, const char *label, const char *value,
	struct nono_error *err)
{
	const struct option_spec *s = &option_specs[option];

	if (s->missing[0]) {
		return error_set(err, NONO_UNSUPPORTED, ENOTSUP,
			"%s: this version has no %s yet; leave it out", label, s->missing);
	}
	if (s->argument[0] && *value == '\0') {
		return error_set(err, NONO_INVALID, EINVAL, "%s needs %s, not an empty value",
			label, s->argument);
	}
	a->given[option] = label[0] == '-' ? GIVEN_BY_WORD : GIVEN_BY_VARIABLE;
	if (s->type == TYPE_FLAG) {
		*(bool *)((char *)a + s->field) = true;
		return 0;
	}
	if (s->type == TYPE_COUNT) {
		++*(unsigned *)((char *)a + s->field);
		return 0;
	}
	return set_value(a, s, label, value, err);
}

int deprecation_add(struct arguments *a, const char *old, const char *now, bool is_option)
{
	if (array_grow((void **)&a->deprecations, a->n_deprecations, sizeof(*a->deprecations)) <
		0) {
		return -ENOMEM;
	}
	a->deprecations[a->n_deprecations++] =
		(struct deprecation){ .old = old, .now = now, .is_option = is_option };
	return 0;
}
