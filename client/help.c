/* SPDX-License-Identifier: Apache-2.0 */
#include "client/help.h"

#include <string.h>

#include "libcore/base/json-write.h"

#define COLUMN 27 /* where the explanations start */

static void append_padded(struct buf *out, size_t begin)
{
	while (out->len - begin < COLUMN) {
		buf_append_char(out, ' ');
	}
}

void help_general(struct buf *out)
{
	buf_append_str(out, "Usage: nono VERB [OPTION…] [ARGUMENT…]\n\n"
			    "Runs commands in a sandbox that the kernel enforces.\n\nVerbs:\n");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		buf_printf(out, "  %-10s%s\n", verb_specs[v].name, verb_specs[v].summary);
	}
	buf_append_str(out,
		"\nOptions:\n"
		"  -h, --help     show this help; 'nono VERB --help' shows a verb's options\n"
		"  -V, --version  show the version\n"
		"\nExit status: the command's, or 128 + N when signal N ended it. 125 when nono\n"
		"refuses or fails, 126 when the command cannot be executed, 127 when there is no\n"
		"such command.\n");
}

static void append_option(struct buf *out, const struct option_spec *s)
{
	size_t begin = out->len;

	if (s->letter) {
		buf_printf(out, "  -%c, --%s", s->letter, s->name);
	} else {
		buf_printf(out, "      --%s", s->name);
	}
	if (s->argument) {
		buf_printf(out, " %s", s->argument);
	}
	if (out->len - begin >= COLUMN) {
		buf_append_char(out, '\n');
		begin = out->len;
	}
	append_padded(out, begin);
	buf_append_str(out, s->help);
	if (s->alias) {
		buf_printf(out, " (or --%s)", s->alias);
	}
	buf_append_char(out, '\n');
}

void help_verb(struct buf *out, enum verb verb)
{
	const struct verb_spec *v = &verb_specs[verb];

	buf_printf(out, "Usage: nono %s [OPTION…] %s\n\n%s\n", v->name, v->operands, v->summary);
	if (v->details) {
		buf_printf(out, "\n%s", v->details);
	}
	buf_append_str(out, "\nOptions:\n");
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		if (option_specs[o].verbs & (1U << verb)) {
			append_option(out, &option_specs[o]);
		}
	}
}

static void dump_option(struct json_writer *w, const struct option_spec *s)
{
	char letter[2] = { s->letter, '\0' };

	json_begin_object(w, NULL);
	json_write_string(w, "name", s->name);
	json_write_string(w, "alias", s->alias);
	json_write_string(w, "letter", s->letter ? letter : NULL);
	json_write_string(w, "argument", s->argument);
	json_write_string(w, "help", s->help);
	json_begin_array(w, "verbs");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (s->verbs & (1U << v)) {
			json_write_string(w, NULL, verb_specs[v].name);
		}
	}
	json_end(w);
	json_end(w);
}

void help_dump(struct buf *out)
{
	struct json_writer w = { .buf = out };

	json_begin_object(&w, NULL);
	json_begin_array(&w, "verbs");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		json_begin_object(&w, NULL);
		json_write_string(&w, "name", verb_specs[v].name);
		json_write_string(&w, "operands", verb_specs[v].operands);
		json_write_string(&w, "summary", verb_specs[v].summary);
		json_end(&w);
	}
	json_end(&w);
	json_begin_array(&w, "options");
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		dump_option(&w, &option_specs[o]);
	}
	json_end(&w);
	json_end(&w);
	buf_append_char(out, '\n');
}
