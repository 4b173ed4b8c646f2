/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/str.h"

#define MANY        UINT32_MAX
#define BIT(v)      (1U << (v))
#define STARTS      (BIT(VERB_RUN) | BIT(VERB_WRAP))
#define ASKS        (BIT(VERB_PS) | BIT(VERB_INSPECT) | BIT(VERB_STOP) | BIT(VERB_STATUS))
#define TIMEOUT_MAX UINT64_C(86400) /* seconds */

const struct verb_spec verb_specs[_VERB_MAX] = {
	[VERB_RUN] = { "run", "[--] COMMAND [ARGUMENT…]", 1, MANY,
		"Run a command in a sandbox, supervised.",
		"The command may read a minimal set of system paths, so that ordinary programs\n"
		"start, and use what the options grant. Profiles, which grant what a known\n"
		"program needs, will come on top of that.\n" },
	[VERB_WRAP] = { "wrap", "[--] COMMAND [ARGUMENT…]", 1, MANY,
		"Restrict this process, then become the command.",
		"As run, but nothing of nono is left while the command runs: no session, no\n"
		"terminal of its own. What only a supervisor can enforce is not there.\n" },
	[VERB_PS] = { "ps", "", 0, 0, "List running sessions.", NULL },
	[VERB_INSPECT] = { "inspect", "SESSION", 1, 1, "Show a session and what it may do.",
		"SESSION is an id, the unambiguous beginning of one, or a name.\n" },
	[VERB_STOP] = { "stop", "SESSION", 1, 1, "End a session and everything in it.",
		"SESSION is an id, the unambiguous beginning of one, or a name.\n" },
	[VERB_STATUS] = { "status", "", 0, 0,
		"Show the supervisor, and what this machine can enforce.", NULL },
	[VERB_HELP] = { "help", "[VERB]", 0, 1, "Show help.", NULL },
};

const struct option_spec option_specs[_OPTION_MAX] = {
	[OPTION_READ] = { "read", NULL, 'r', "DIR", STARTS,
		"grant reading a directory and all below it" },
	[OPTION_WRITE] = { "write", NULL, 'w', "DIR", STARTS,
		"grant changing a directory, without reading" },
	[OPTION_ALLOW] = { "allow", NULL, 'a', "DIR", STARTS,
		"grant reading and changing a directory" },
	[OPTION_READ_FILE] = { "read-file", NULL, 0, "FILE", STARTS, "grant reading one file" },
	[OPTION_WRITE_FILE] = { "write-file", NULL, 0, "FILE", STARTS, "grant writing one file" },
	[OPTION_ALLOW_FILE] = { "allow-file", NULL, 0, "FILE", STARTS,
		"grant reading and writing one file" },
	[OPTION_ALLOW_CWD] = { "allow-cwd", NULL, 0, NULL, STARTS,
		"as --allow with the working directory" },
	[OPTION_WORKDIR] = { "workdir", NULL, 0, "DIR", STARTS,
		"run the command in this directory" },
	[OPTION_BLOCK_NET] = { "net-block", "block-net", 0, NULL, STARTS, "no network" },
	[OPTION_ENV] = { "env", NULL, 0, "NAME[=VALUE]", STARTS,
		"set an environment variable, or pass it on" },
	[OPTION_NAME] = { "name", NULL, 0, "NAME", BIT(VERB_RUN), "name the session" },
	[OPTION_DRY_RUN] = { "dry-run", NULL, 0, NULL, STARTS,
		"show what the command could use, run nothing" },
	[OPTION_TIMEOUT] = { "timeout", NULL, 0, "SECONDS", BIT(VERB_STOP),
		"kill what is left after this time (default 10)" },
	[OPTION_JSON] = { "json", NULL, 0, NULL, ASKS | STARTS,
		"print the result as JSON (of --dry-run, too)" },
	[OPTION_VERBOSE] = { "verbose", NULL, 'v', NULL, STARTS,
		"first say what the command may use" },
	[OPTION_SILENT] = { "silent", NULL, 's', NULL, STARTS | ASKS, "say nothing but errors" },
	[OPTION_HELP] = { "help", NULL, 'h', NULL, BIT(_VERB_MAX) - 1, "show this help" },
};

enum verb verb_from_string(const char *name)
{
	enum verb v = 0;

	while (v < _VERB_MAX && !str_equal(verb_specs[v].name, name)) {
		v++;
	}
	return v;
}

static int add_grant(struct arguments *a, const char *path, enum nono_access access, bool is_file,
	struct nono_error *err)
{
	int r;

	if (*path == '\0') {
		return error_set(err, NONO_INVALID, EINVAL, "an empty path cannot be granted");
	}
	r = array_grow((void **)&a->grants, a->n_grants, sizeof(*a->grants));
	if (r < 0) {
		return error_oom(err);
	}
	a->grants[a->n_grants++] =
		(struct grant_argument){ .path = path, .access = access, .is_file = is_file };
	return 0;
}

static int add_env(struct arguments *a, const char *value, struct nono_error *err)
{
	if (*value == '\0' || *value == '=') {
		return error_set(err, NONO_INVALID, EINVAL, "--env needs NAME or NAME=VALUE");
	}
	if (array_grow((void **)&a->env, a->n_env, sizeof(*a->env)) < 0) {
		return error_oom(err);
	}
	a->env[a->n_env++] = value;
	return 0;
}

static int set_once(
	const char **field, const char *option, const char *value, struct nono_error *err)
{
	if (*field) {
		return error_set(err, NONO_INVALID, EINVAL, "--%s is given twice", option);
	}
	if (*value == '\0') {
		return error_set(err, NONO_INVALID, EINVAL, "--%s needs a value", option);
	}
	*field = value;
	return 0;
}

static int set_timeout(struct arguments *a, const char *value, struct nono_error *err)
{
	if (str_to_u64(value, &a->timeout_seconds) < 0 || a->timeout_seconds > TIMEOUT_MAX) {
		return error_set(err, NONO_INVALID, EINVAL,
			"--timeout needs whole seconds up to a day, not '%s'", value);
	}
	a->has_timeout = true;
	return 0;
}

static int apply(struct arguments *a, enum option option, const char *value, struct nono_error *err)
{
	switch (option) {
	case OPTION_READ:
		return add_grant(a, value, NONO_READ, false, err);
	case OPTION_WRITE:
		return add_grant(a, value, NONO_WRITE, false, err);
	case OPTION_ALLOW:
		return add_grant(a, value, NONO_READ_WRITE, false, err);
	case OPTION_READ_FILE:
		return add_grant(a, value, NONO_READ, true, err);
	case OPTION_WRITE_FILE:
		return add_grant(a, value, NONO_WRITE, true, err);
	case OPTION_ALLOW_FILE:
		return add_grant(a, value, NONO_READ_WRITE, true, err);
	case OPTION_WORKDIR:
		return set_once(&a->workdir, "workdir", value, err);
	case OPTION_NAME:
		return set_once(&a->name, "name", value, err);
	case OPTION_ENV:
		return add_env(a, value, err);
	case OPTION_TIMEOUT:
		return set_timeout(a, value, err);
	case OPTION_ALLOW_CWD:
		a->allow_cwd = true;
		return 0;
	case OPTION_BLOCK_NET:
		a->block_net = true;
		return 0;
	case OPTION_DRY_RUN:
		a->dry_run = true;
		return 0;
	case OPTION_JSON:
		a->json = true;
		return 0;
	case OPTION_VERBOSE:
		a->verbose++;
		return 0;
	case OPTION_SILENT:
		a->silent = true;
		return 0;
	case OPTION_HELP:
		a->help = true;
		return 0;
	case _OPTION_MAX:
		break;
	}
	return -EINVAL;
}

static enum option find_long(const struct arguments *a, const char *name, size_t n)
{
	enum option o = 0;

	for (; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		if ((s->verbs & BIT(a->verb)) &&
			((strncmp(s->name, name, n) == 0 && s->name[n] == '\0') ||
				(s->alias && strncmp(s->alias, name, n) == 0 &&
					s->alias[n] == '\0'))) {
			break;
		}
	}
	return o;
}

static int unknown_option(
	const struct arguments *a, const char *text, size_t n, struct nono_error *err)
{
	struct nearest nearest = nearest_init(text + 2, n - 2);

	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		if (s->verbs & BIT(a->verb)) {
			nearest_offer(&nearest, s->name);
			nearest_offer(&nearest, s->alias);
		}
	}
	if (!nearest.best) {
		return error_set(err, NONO_INVALID, EINVAL,
			"unknown option '%.*s'; 'nono help %s' lists them", (int)n, text,
			verb_specs[a->verb].name);
	}
	return error_set(err, NONO_INVALID, EINVAL, "unknown option '%.*s'; did you mean '--%s'?",
		(int)n, text, nearest.best);
}

/* One "--name", "--name=value" or "--name value". *at moves behind what was used. */
static int parse_long(struct arguments *a, char ***at, struct nono_error *err)
{
	const char *text = *(*at)++;
	size_t n = strcspn(text, "=");
	enum option o = find_long(a, text + 2, n - 2);
	const char *value = text[n] == '=' ? text + n + 1 : NULL;

	if (o == _OPTION_MAX) {
		return unknown_option(a, text, n, err);
	}
	if (!option_specs[o].argument && value) {
		return error_set(err, NONO_INVALID, EINVAL, "'%.*s' takes no value", (int)n, text);
	}
	if (option_specs[o].argument && !value) {
		value = **at;
		if (!value) {
			return error_set(err, NONO_INVALID, EINVAL, "'%s' needs %s", text,
				option_specs[o].argument);
		}
		(*at)++;
	}
	return apply(a, o, value ? value : "", err);
}

/* Letters behind one dash; the last may take the rest, or the next word, as its value. */
static int parse_short(struct arguments *a, char ***at, struct nono_error *err)
{
	const char *p = *(*at)++ + 1;

	for (; *p; p++) {
		const struct option_spec *s;
		const char *value = "";
		enum option o = 0;
		int r;

		while (o < _OPTION_MAX &&
			(option_specs[o].letter != *p || !(option_specs[o].verbs & BIT(a->verb)))) {
			o++;
		}
		if (o == _OPTION_MAX) {
			return error_set(err, NONO_INVALID, EINVAL,
				"unknown option '-%c'; 'nono help %s' lists them", *p,
				verb_specs[a->verb].name);
		}
		s = &option_specs[o];
		if (s->argument) {
			value = p[1] ? p + 1 : **at;
			if (!value) {
				return error_set(err, NONO_INVALID, EINVAL, "'-%c' needs %s", *p,
					s->argument);
			}
			*at += !p[1];
			p += strlen(p) - 1;
		}
		r = apply(a, o, value, err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int check_operands(const struct arguments *a, struct nono_error *err)
{
	const struct verb_spec *v = &verb_specs[a->verb];

	if (a->help || (a->n_operands >= v->min_operands && a->n_operands <= v->max_operands)) {
		return 0;
	}
	if (a->n_operands < v->min_operands) {
		return error_set(err, NONO_INVALID, EINVAL, "%s: nono %s [OPTION…] %s",
			v->max_operands == MANY ? "no command given" : "no session given", v->name,
			v->operands);
	}
	return error_set(err, NONO_INVALID, EINVAL, "unexpected argument '%s' to 'nono %s'",
		a->operands[v->max_operands], v->name);
}

static int parse_verb(struct arguments *a, const char *name, struct nono_error *err)
{
	struct nearest nearest = nearest_init(name, strlen(name));

	a->verb = verb_from_string(name);
	if (a->verb < _VERB_MAX) {
		return 0;
	}
	if (name[0] == '-') {
		return error_set(err, NONO_INVALID, EINVAL,
			"unknown option '%s'; options follow the verb, see 'nono help'", name);
	}
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		nearest_offer(&nearest, verb_specs[v].name);
	}
	if (nearest.best) {
		return error_set(err, NONO_INVALID, EINVAL, "unknown verb '%s'; did you mean '%s'?",
			name, nearest.best);
	}
	return error_set(err, NONO_INVALID, EINVAL,
		"unknown verb '%s'; to run a command: nono run -- %s", name, name);
}

int arguments_parse(struct arguments *ret, int argc, char **argv, struct nono_error *err)
{
	_cleanup_(arguments_deinit) struct arguments a = { 0 };
	char **at = argv + 2, **kept = argv + 2;
	int r = argc < 2 ? error_set(err, NONO_INVALID, EINVAL, "no verb given; see 'nono help'")
			 : parse_verb(&a, argv[1], err);

	while (r == 0 && *at) {
		if (str_equal(*at, "--")) {
			at++;
			break;
		}
		if ((*at)[0] == '-' && (*at)[1] == '-') {
			r = parse_long(&a, &at, err);
		} else if ((*at)[0] == '-' && (*at)[1] != '\0') {
			r = parse_short(&a, &at, err);
		} else if (verb_specs[a.verb].max_operands == MANY) {
			break; /* the command: all that follows is its own */
		} else {
			*kept++ = *at++; /* options may follow an operand */
		}
	}
	if (r < 0) {
		return r;
	}
	a.operands = argv + 2;
	if (verb_specs[a.verb].max_operands == MANY) {
		a.operands = at;
		kept = at;
	}
	while (*at) {
		*kept++ = *at++;
	}
	*kept = NULL;
	a.n_operands = (size_t)(kept - a.operands);
	r = check_operands(&a, err);
	if (r < 0) {
		return r;
	}
	*ret = a;
	a = (struct arguments){ 0 };
	return 0;
}

void arguments_deinit(struct arguments *a)
{
	free(a->grants);
	free(a->env);
	*a = (struct arguments){ 0 };
}
