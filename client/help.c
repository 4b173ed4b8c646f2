/* SPDX-License-Identifier: Apache-2.0 */
#include "client/help.h"

#include <string.h>

#include "libcore/base/json-write.h"
#include "libcore/base/str.h"

#define COLUMN 27 /* where the explanations start */
#define WIDTH  78

static const char section_titles[_SECTION_MAX][24] = {
	[SECTION_FILES] = "Files",
	[SECTION_PROFILE] = "Profiles and commands",
	[SECTION_NETWORK] = "Network",
	[SECTION_SESSION] = "Session",
	[SECTION_QUESTION] = "Question",
	[SECTION_OUTPUT] = "Output",
};

static void append_padded(struct buf *out, size_t begin)
{
	while (buf_error(out) == 0 && out->len - begin < COLUMN) {
		buf_append_char(out, ' ');
	}
}

static void append_verbs(struct buf *out, bool missing)
{
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		const struct verb_spec *s = &verb_specs[v];
		if (!s->missing[0] != missing) {
			buf_printf(out, "  %-18s%s\n", s->name, s->summary);
		}
	}
}

void help_general(struct buf *out)
{
	buf_append_str(out, "Usage: nono VERB [OPTION…] [ARGUMENT…]\n\n"
			    "Runs commands in a sandbox that the kernel enforces.\n\nVerbs:\n");
	append_verbs(out, false);
	buf_append_str(out, "\nNot in this version:\n");
	append_verbs(out, true);
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
		buf_printf(out, "  -%c", s->letter);
	} else {
		buf_append_str(out, "    ");
	}
	for (const char *name = s->names; name; name = spelling_next(name)) {
		if (*name != '!') {
			buf_printf(
				out, "%s --%s", name == s->names && !s->letter ? " " : ",", name);
		}
	}
	if (s->argument[0]) {
		buf_printf(out, " %s", s->argument);
	}
	if (out->len - begin >= COLUMN) {
		buf_append_char(out, '\n');
		begin = out->len;
	}
	append_padded(out, begin);
	buf_printf(out, "%s\n", s->help);
}

static bool in_section(const struct option_spec *s, enum verb verb, enum option_section section)
{
	return (s->verbs & VERB_BIT(verb)) && s->section == section;
}

static void append_section(struct buf *out, enum verb verb, enum option_section section)
{
	bool titled = false;

	for (enum option o = 0; o < _OPTION_MAX; o++) {
		if (!in_section(&option_specs[o], verb, section)) {
			continue;
		}
		if (!titled) {
			buf_printf(out, "\n%s:\n", section_titles[section]);
			titled = true;
		}
		append_option(out, &option_specs[o]);
	}
}

/* Options one needs no explanation of, as running text. */
static void append_names(
	struct buf *out, enum verb verb, enum option_section section, const char *title)
{
	size_t column = 0;

	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		if (!in_section(s, verb, section)) {
			continue;
		}
		if (column == 0) {
			buf_printf(out, "\n%s:\n", title);
			column = WIDTH;
		}
		for (const char *name = s->names; name; name = spelling_next(name)) {
			size_t n = strlen(name) + 3;
			if (*name == '!') {
				continue;
			}
			if (column + n > WIDTH) {
				buf_append_str(out, column == WIDTH ? "" : "\n");
				buf_append_char(out, ' ');
				column = 1;
			}
			buf_printf(out, " --%s", name);
			column += n;
		}
	}
	buf_append_str(out, column ? "\n" : "");
}

void help_verb(struct buf *out, enum verb verb)
{
	const struct verb_spec *v = &verb_specs[verb];
	const char *details = verb_details(verb);

	buf_printf(out, "Usage: nono %s [OPTION…]%s%s\n\n%s\n", v->name, v->operands[0] ? " " : "",
		v->operands, v->summary);
	if (details) {
		buf_printf(out, "\n%s", details);
	}
	if (v->missing[0]) {
		buf_printf(out, "\nThis version has no %s yet.\n", v->missing);
	}
	for (enum option_section s = 0; s < SECTION_IGNORED; s++) {
		append_section(out, verb, s);
	}
	append_names(out, verb, SECTION_IGNORED, "Accepted, and nothing to switch off yet");
	append_names(out, verb, SECTION_MISSING, "Not in this version, and refused");
}

static void dump_spellings(
	struct json_writer *w, const char *name, const char *spellings, bool deprecated)
{
	json_begin_array(w, name);
	for (const char *s = spellings[0] ? spellings : NULL; s; s = spelling_next(s)) {
		if ((*s == '!') == deprecated) {
			json_write_string(w, NULL, s + deprecated);
		}
	}
	json_end(w);
}

static void dump_option(struct json_writer *w, const struct option_spec *s)
{
	char letter[2] = { s->letter, '\0' };

	json_begin_object(w, NULL);
	json_write_string(w, "name", s->names);
	dump_spellings(w, "names", s->names, false);
	dump_spellings(w, "deprecated", s->names, true);
	dump_spellings(w, "variables", s->env, false);
	dump_spellings(w, "deprecatedVariables", s->env, true);
	json_write_string(w, "letter", s->letter ? letter : NULL);
	json_write_string(w, "argument", s->argument[0] ? s->argument : NULL);
	json_write_string(w, "help", s->help);
	json_write_string(w, "missing", s->missing[0] ? s->missing : NULL);
	json_begin_array(w, "verbs");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (s->verbs & VERB_BIT(v)) {
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
		const struct verb_spec *s = &verb_specs[v];
		json_begin_object(&w, NULL);
		json_write_string(&w, "name", s->name);
		json_write_string(&w, "operands", s->operands);
		json_write_string(&w, "summary", s->summary);
		json_write_string(&w, "missing", s->missing[0] ? s->missing : NULL);
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
