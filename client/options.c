/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/option-value.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/str.h"

/* Other first words of verbs. */
static const struct {
	char old[10], now[10];
	bool deprecated;
} verb_words[] = {
	{ "profiles", "profile", false },
	{ "policy", "profile", true },
	{ "pause", "detach", true },
	{ "resume", "attach", true },
	{ "prune", "session", true },
};

const char *spelling_next(const char *s)
{
	s += strlen(s) + 1;
	return *s ? s : NULL;
}

enum verb verb_from_words(const char *a, const char *b)
{
	enum verb v = 0;

	for (; v < _VERB_MAX; v++) {
		const char *rest = str_after(verb_specs[v].name, a);
		if (rest && (*rest == '\0' || (*rest == ' ' && b && str_equal(rest + 1, b)))) {
			break;
		}
	}
	return v;
}

/* The option of this verb that name (n bytes) spells; *ret_spelling as the table has it. */
static enum option find_long(
	const struct arguments *a, const char *name, size_t n, const char **ret_spelling)
{
	enum option o = 0;

	for (; o < _OPTION_MAX; o++) {
		if (!(option_specs[o].verbs & VERB_BIT(a->verb))) {
			continue;
		}
		for (const char *s = option_specs[o].names; s; s = spelling_next(s)) {
			const char *word = s + (*s == '!');
			if (strncmp(word, name, n) == 0 && word[n] == '\0') {
				*ret_spelling = s;
				return o;
			}
		}
	}
	return o;
}

static int unknown_option(
	const struct arguments *a, const char *text, size_t n, struct nono_error *err)
{
	struct nearest nearest = nearest_init(text + 2, n - 2);

	for (enum option o = 0; o < _OPTION_MAX; o++) {
		if (!(option_specs[o].verbs & VERB_BIT(a->verb))) {
			continue;
		}
		for (const char *s = option_specs[o].names; s; s = spelling_next(s)) {
			nearest_offer(&nearest, *s == '!' ? NULL : s);
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
	const char *text = *(*at)++, *spelling = NULL;
	size_t n = strcspn(text, "=");
	enum option o = find_long(a, text + 2, n - 2, &spelling);
	const char *value = text[n] == '=' ? text + n + 1 : NULL;
	const struct option_spec *s = &option_specs[o];
	char label[sizeof(s->names) + 2];

	if (o == _OPTION_MAX) {
		return unknown_option(a, text, n, err);
	}
	if (*spelling == '!' && deprecation_add(a, spelling + 1, s->names, true) < 0) {
		return error_oom(err);
	}
	if (value && (s->argument[0] == '\0' || s->type == TYPE_PAIR)) {
		return error_set(err, NONO_INVALID, EINVAL,
			s->type == TYPE_PAIR ? "'%.*s' takes two words: %s"
					     : "'%.*s' takes no value",
			(int)n, text, s->argument);
	}
	for (int words = s->type == TYPE_PAIR ? 2 : 1; s->argument[0] && !value && words > 0;
		words--) {
		if (!**at) {
			return error_set(
				err, NONO_INVALID, EINVAL, "'%s' needs %s", text, s->argument);
		}
		value = words > 1 ? NULL : **at;
		(*at)++;
	}
	memcpy(label, text, n);
	label[n] = '\0';
	return option_apply(a, o, label, value ? value : "", err);
}

/* Letters behind one dash; the last may take the rest, or the next word, as its value. */
static int parse_short(struct arguments *a, char ***at, struct nono_error *err)
{
	const char *p = *(*at)++ + 1;

	for (; *p; p++) {
		const char label[] = { '-', *p, '\0' };
		const struct option_spec *s;
		const char *value = "";
		enum option o = 0;
		int r;

		while (o < _OPTION_MAX && (option_specs[o].letter != *p ||
						  !(option_specs[o].verbs & VERB_BIT(a->verb)))) {
			o++;
		}
		if (o == _OPTION_MAX) {
			return error_set(err, NONO_INVALID, EINVAL,
				"unknown option '-%c'; 'nono help %s' lists them", *p,
				verb_specs[a->verb].name);
		}
		s = &option_specs[o];
		if (s->argument[0]) {
			value = p[1] ? p + 1 : **at;
			if (!value) {
				return error_set(err, NONO_INVALID, EINVAL, "'-%c' needs %s", *p,
					s->argument);
			}
			*at += !p[1];
			p += strlen(p) - 1;
		}
		r = option_apply(a, o, label, value, err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int check_operands(const struct arguments *a, struct nono_error *err)
{
	const struct verb_spec *v = &verb_specs[a->verb];
	const char *missing = v->max_operands == UINT32_MAX       ? "no command given"
			      : str_equal(v->operands, "SESSION") ? "no session given"
								  : "something is missing";

	if (a->n_operands < v->min_operands) {
		return error_set(err, NONO_INVALID, EINVAL, "%s: nono %s [OPTION…] %s", missing,
			v->name, v->operands);
	}
	if (a->n_operands > v->max_operands) {
		return error_set(err, NONO_INVALID, EINVAL, "unexpected argument '%s' to 'nono %s'",
			a->operands[v->max_operands], v->name);
	}
	if (a->n_operands == 1 && strchr(v->operands, '|') &&
		!choice_has(v->operands, a->operands[0])) {
		return error_set(err, NONO_INVALID, EINVAL, "nono %s: '%s' is none of %s", v->name,
			a->operands[0], v->operands);
	}
	return 0;
}

/* How the user said it, for a message. */
static const char *spelled(const struct arguments *a, enum option o, char label[static 64])
{
	const struct option_spec *s = &option_specs[o];

	if (a->given[o] == GIVEN_BY_VARIABLE) {
		return s->env;
	}
	label[0] = label[1] = '-';
	memcpy(label + 2, s->names, sizeof(s->names));
	return label;
}

static int check_conflicts(const struct arguments *a, struct nono_error *err)
{
	char one[64], other[64];

	for (size_t i = 0; i < n_option_conflicts; i++) {
		const struct option_conflict *c = &option_conflicts[i];
		if (a->given[c->a] && a->given[c->b]) {
			return error_set(err, NONO_INVALID, EINVAL,
				"%s and %s contradict each other; leave one out",
				spelled(a, (enum option)c->a, one),
				spelled(a, (enum option)c->b, other));
		}
	}
	return 0;
}

static int unknown_verb(const char *name, struct nono_error *err)
{
	struct nearest nearest = nearest_init(name, strlen(name));

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

/* first starts verbs of two words, but second is none of theirs. */
static int unknown_second(const char *first, const char *second, struct nono_error *err)
{
	struct nearest nearest = nearest_init(second ? second : "", second ? strlen(second) : 0);
	char list[128] = "";
	size_t n = 0;

	for (enum verb v = 0; v < _VERB_MAX; v++) {
		const char *rest = str_after(verb_specs[v].name, first);
		if (rest && *rest == ' ' && n + strlen(rest) < sizeof(list)) {
			nearest_offer(&nearest, rest + 1);
			memcpy(list + n, rest, strlen(rest) + 1);
			n += strlen(rest);
		}
	}
	if (second && nearest.best) {
		return error_set(err, NONO_INVALID, EINVAL,
			"unknown verb '%s %s'; did you mean '%s'?", first, second, nearest.best);
	}
	return error_set(err, NONO_INVALID, EINVAL, "nono %s needs one of:%s", first, list);
}

bool verb_is_first_word(const char *first)
{
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		const char *rest = str_after(verb_specs[v].name, first);
		if (rest && *rest == ' ') {
			return true;
		}
	}
	return false;
}

/* The words of the verb; *at moves behind them. */
static int parse_verb(struct arguments *a, char ***at, struct nono_error *err)
{
	const char *first = **at, *second = (*at)[1];

	for (size_t i = 0; i < ELEMENTSOF(verb_words); i++) {
		if (str_equal(first, verb_words[i].old)) {
			if (verb_words[i].deprecated &&
				deprecation_add(a, first, verb_words[i].now, false) < 0) {
				return error_oom(err);
			}
			first = verb_words[i].now;
			break;
		}
	}
	a->verb = verb_from_words(first, second);
	if (a->verb < _VERB_MAX) {
		*at += strchr(verb_specs[a->verb].name, ' ') ? 2 : 1;
		return 0;
	}
	if (first[0] == '-') {
		return error_set(err, NONO_INVALID, EINVAL,
			"unknown option '%s'; options follow the verb, see 'nono help'", first);
	}
	if (!verb_is_first_word(first)) {
		return unknown_verb(first, err);
	}
	if (second && (str_equal(second, "--help") || str_equal(second, "-h"))) {
		a->help = true; /* with no verb: the general one */
		return 0;
	}
	return unknown_second(first, second, err);
}

static int add_operand(struct arguments *a, char *operand, struct nono_error *err)
{
	if (array_grow((void **)&a->gathered, a->n_operands, sizeof(*a->gathered)) < 0) {
		return error_oom(err);
	}
	a->gathered[a->n_operands] = operand;
	a->n_operands += operand != NULL;
	return 0;
}

/* The options and operands behind the verb. Options may follow operands, unless these are a
 * command: then all that follows is its own. */
static int parse_rest(struct arguments *a, char **at, struct nono_error *err)
{
	bool is_command = verb_specs[a->verb].max_operands == UINT32_MAX;
	bool options = true;
	int r = 0;

	while (r == 0 && *at && (options || !is_command)) {
		if (options && str_equal(*at, "--")) {
			at++;
			options = false;
		} else if (options && (*at)[0] == '-' && (*at)[1] == '-') {
			r = parse_long(a, &at, err);
		} else if (options && (*at)[0] == '-' && (*at)[1] != '\0') {
			r = parse_short(a, &at, err);
		} else if (is_command) {
			break;
		} else {
			r = add_operand(a, *at++, err);
		}
	}
	if (r < 0) {
		return r;
	}
	if (!is_command) {
		r = add_operand(a, NULL, err);
		a->operands = a->gathered;
		return r;
	}
	a->operands = at;
	while (at[a->n_operands]) {
		a->n_operands++;
	}
	return 0;
}

int arguments_parse(
	struct arguments *ret, int argc, char **argv, char *const *env, struct nono_error *err)
{
	_cleanup_(arguments_deinit) struct arguments a = { 0 };
	char **at = argv + 1;
	int r = argc < 2 ? error_set(err, NONO_INVALID, EINVAL, "no verb given; see 'nono help'")
			 : parse_verb(&a, &at, err);

	if (r == 0 && a.verb < _VERB_MAX && verb_specs[a.verb].missing[0] &&
		!(*at && (str_equal(*at, "--help") || str_equal(*at, "-h")))) {
		r = error_set(err, NONO_UNSUPPORTED, ENOTSUP, "nono %s: this version has no %s yet",
			verb_specs[a.verb].name, verb_specs[a.verb].missing);
	}
	if (r == 0 && a.verb < _VERB_MAX) {
		r = parse_rest(&a, at, err);
		if (r == 0 && !a.help) {
			r = check_operands(&a, err);
		}
		if (r == 0 && !a.help && env) {
			r = options_from_env(&a, env, err);
		}
		r = r == 0 ? check_conflicts(&a, err) : r;
	}
	if (r < 0) {
		return r;
	}
	*ret = a;
	a = (struct arguments){ 0 };
	return 0;
}

void arguments_deinit(struct arguments *a)
{
	struct words *const words[] = { &a->env, &a->extends, &a->bypass, &a->allow_commands,
		&a->block_commands, &a->allow_domains, &a->credentials, &a->groups };
	struct ports *const ports[] = { &a->open_ports, &a->listen_ports, &a->connect_ports };

	for (size_t i = 0; i < ELEMENTSOF(words); i++) {
		free(words[i]->items);
	}
	for (size_t i = 0; i < ELEMENTSOF(ports); i++) {
		free(ports[i]->items);
	}
	for (size_t i = 0; i < a->n_owned; i++) {
		free(a->owned[i]);
	}
	free(a->owned);
	free(a->gathered);
	free(a->grants);
	free(a->deprecations);
	*a = (struct arguments){ 0 };
}
