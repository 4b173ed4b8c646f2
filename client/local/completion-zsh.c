/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/local/completion.h"

/* What _arguments calls to complete a value. */
static const char *const actions[] = {
	[COMPLETES_NOTHING] = " ",
	[COMPLETES_DIRS] = "_files -/",
	[COMPLETES_FILES] = "_files",
	[COMPLETES_PROFILES] = "_nono_profiles",
	[COMPLETES_SESSIONS] = "_nono_sessions",
	[COMPLETES_GROUPS] = "_nono_groups",
	[COMPLETES_VERBS] = "_nono_verbs",
};

static const char head[] =
	"#compdef nono\n"
	"# Completions of nono for zsh: into a file _nono of $fpath, or\n"
	"# source <(nono completion zsh) behind compinit.\n"
	"\n"
	"# The names in a listing, $1 being what stands before each.\n"
	"_nono_names()\n"
	"{\n"
	"\tsed -n \"1d;s/^$1\\\\([A-Za-z0-9][A-Za-z0-9._-]*\\\\) .*/\\\\1/p\"\n"
	"}\n"
	"\n"
	"_nono_profiles()\n"
	"{\n"
	"\tlocal -a names\n"
	"\tnames=(${(f)\"$(command nono profile list 2>/dev/null | _nono_names)\"})\n"
	"\t_describe -t profiles profile names\n"
	"\t_files -g '*.json(|c)'\n"
	"}\n"
	"\n"
	"_nono_sessions()\n"
	"{\n"
	"\tlocal -a names\n"
	"\tnames=(${(f)\"$(command nono ps 2>/dev/null | _nono_names '[^ ]*  *')\"})\n"
	"\t_describe -t sessions session names\n"
	"}\n"
	"\n"
	"_nono_groups()\n"
	"{\n"
	"\tlocal -a names\n"
	"\tnames=(${(f)\"$(command nono profile groups 2>/dev/null | _nono_names)\"})\n"
	"\t_describe -t groups group names\n"
	"}\n"
	"\n";

static const char tail[] = "_nono()\n"
			   "{\n"
			   "\tlocal verb=$words[2]\n"
			   "\tif ((CURRENT == 2)); then\n"
			   "\t\t_nono_verbs\n"
			   "\t\treturn\n"
			   "\tfi\n"
			   "\tif (( ${+_nono_pairs[$verb]} )); then\n"
			   "\t\tif ((CURRENT == 3)); then\n"
			   "\t\t\tlocal -a seconds=(${(f)_nono_pairs[$verb]})\n"
			   "\t\t\t_describe -t verbs verb seconds\n"
			   "\t\t\treturn\n"
			   "\t\tfi\n"
			   "\t\tverb=\"$verb $words[3]\"\n"
			   "\t\tshift words\n"
			   "\t\t((CURRENT--))\n"
			   "\tfi\n"
			   "\tshift words\n"
			   "\t((CURRENT--))\n"
			   "\t_nono_arguments \"$verb\"\n"
			   "}\n"
			   "\n"
			   "if [[ $funcstack[1] == _nono ]]; then\n"
			   "\t_nono \"$@\"\n"
			   "else\n"
			   "\tcompdef _nono nono\n"
			   "fi\n";

/* Text inside '…', where special has a meaning for the function that reads it. */
static void append_quoted(struct buf *out, const char *text, const char *special)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\'') {
			buf_append_str(out, "'\\''");
		} else if (strchr(special, *p)) {
			buf_append_char(out, '\\');
			buf_append_char(out, *p);
		} else {
			buf_append_char(out, *p);
		}
	}
}

static void append_action(struct buf *out, const char *usage)
{
	enum completes what = completes(usage);

	buf_append_char(out, ':');
	append_quoted(out, usage, ":[]\\");
	buf_append_char(out, ':');
	if (what == COMPLETES_WORDS) {
		buf_append_char(out, '(');
		append_words(out, usage);
		buf_append_char(out, ')');
	} else {
		buf_append_str(out, actions[what]);
	}
}

/* '*-r[help]:DIR:_files -/' and '*--read=[help]:DIR:_files -/' */
static void append_option(struct buf *out, const struct option_spec *s)
{
	char letter[2] = { s->letter, '\0' };
	const char *names[] = { letter, s->names };

	for (size_t i = s->letter ? 0 : 1; i < 2; i++) {
		buf_printf(out, " \\\n\t\t\t'*%s%s%s[", i ? "--" : "-", names[i],
			!s->argument[0] ? ""
			: i             ? "="
					: "+");
		append_quoted(out, s->help, ":[]\\");
		buf_append_char(out, ']');
		if (s->argument[0]) {
			append_action(out, s->argument);
		}
		buf_append_char(out, '\'');
	}
}

static void append_operands(struct buf *out, const struct verb_spec *v)
{
	if (completes(v->operands) == COMPLETES_COMMAND) {
		buf_append_str(out, " \\\n\t\t\t'(-)1:command:_command_names -e' \\\n"
				    "\t\t\t'*::argument:_normal'");
	} else if (v->operands[0]) {
		buf_append_str(out, " \\\n\t\t\t'*");
		append_action(out, v->operands);
		buf_append_char(out, '\'');
	}
}

/* 'name:summary' */
static void append_verb_entry(struct buf *out, const char *name, size_t n, const char *summary)
{
	buf_printf(out, "'%.*s:", (int)n, name);
	append_quoted(out, summary, ":\\");
	buf_append_str(out, "'\n");
}

/* One entry for each word a verb starts with; those of two words have a list of their own. */
static void append_verbs(struct buf *out)
{
	const char *pair = NULL;

	buf_append_str(out, "_nono_verbs()\n{\n\tlocal -a verbs\n\tverbs=(\n");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		const char *name = verb_specs[v].name;
		size_t n = strcspn(name, " ");
		if (!verb_is_offered(v) || (name[n] && pair && strncmp(pair, name, n + 1) == 0)) {
			continue;
		}
		pair = name[n] ? name : pair;
		buf_append_str(out, "\t\t");
		append_verb_entry(
			out, name, n, name[n] ? "Look after the profiles." : verb_specs[v].summary);
	}
	buf_append_str(out,
		"\t)\n\t_describe -t verbs verb verbs\n}\n\ntypeset -gA _nono_pairs\n_nono_pairs=()\n");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		const char *name = verb_specs[v].name;
		size_t n = strcspn(name, " ");
		if (verb_is_offered(v) && name[n]) {
			buf_printf(out, "_nono_pairs[%.*s]+=$'\\n'", (int)n, name);
			append_verb_entry(
				out, name + n + 1, strlen(name + n + 1), verb_specs[v].summary);
		}
	}
}

void completion_zsh(struct buf *out)
{
	buf_append_str(out, head);
	append_verbs(out);
	buf_append_str(out, "\n_nono_arguments()\n{\n\tcase $1 in\n");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (!verb_is_offered(v)) {
			continue;
		}
		buf_printf(out, "\t('%s')\n\t\t_arguments -s -S", verb_specs[v].name);
		for (enum option o = 0; o < _OPTION_MAX; o++) {
			if (option_is_offered(o) && (option_specs[o].verbs & VERB_BIT(v))) {
				append_option(out, &option_specs[o]);
			}
		}
		append_operands(out, &verb_specs[v]);
		buf_append_str(out, "\n\t\t;;\n");
	}
	buf_append_str(out, "\tesac\n}\n\n");
	buf_append_str(out, tail);
}
