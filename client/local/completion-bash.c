/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/local/completion.h"
#include "libcore/base/str.h"

static const char *const kinds[] = {
	[COMPLETES_NOTHING] = "nothing",
	[COMPLETES_DIRS] = "dirs",
	[COMPLETES_FILES] = "files",
	[COMPLETES_PROFILES] = "profiles",
	[COMPLETES_SESSIONS] = "sessions",
	[COMPLETES_GROUPS] = "groups",
	[COMPLETES_VERBS] = "verbs",
	[COMPLETES_WORDS] = "words",
	[COMPLETES_COMMAND] = "command",
};

static const char head[] =
	"# Completions of nono for bash. Load them with: source <(nono completion bash)\n"
	"\n"
	"_nono_reply()\n"
	"{\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"# The names in a listing, $1 being what stands before each. Nothing else: the shell expands\n"
	"# what it completes.\n"
	"_nono_names()\n"
	"{\n"
	"\tsed -n \"1d;s/^$1\\\\([A-Za-z0-9][A-Za-z0-9._-]*\\\\) .*/\\\\1/p\"\n"
	"}\n"
	"\n"
	"# A kind of value, with the words it is one of.\n"
	"_nono_kind()\n"
	"{\n"
	"\tlocal kind=$1 names\n"
	"\tshift\n"
	"\tcase $kind in\n"
	"\tdirs) compopt -o filenames 2>/dev/null; _nono_reply -d ;;\n"
	"\tfiles) compopt -o filenames 2>/dev/null; _nono_reply -f ;;\n"
	"\tprofiles)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tnames=$(command nono profile list 2>/dev/null | _nono_names)\n"
	"\t\t_nono_reply -W \"$names\"\n"
	"\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X '!*.json*' -- \"$cur\") ;;\n"
	"\tsessions)\n"
	"\t\tnames=$(command nono ps 2>/dev/null | _nono_names '[^ ]*  *')\n"
	"\t\t_nono_reply -W \"$names\" ;;\n"
	"\tgroups)\n"
	"\t\tnames=$(command nono profile groups 2>/dev/null | _nono_names)\n"
	"\t\t_nono_reply -W \"$names\" ;;\n"
	"\tverbs) _nono_reply -W \"$_nono_verbs\" ;;\n"
	"\twords) _nono_reply -W \"$*\" ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"# The command of run and wrap starts at word $1.\n"
	"_nono_command()\n"
	"{\n"
	"\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t_command_offset \"$1\"\n"
	"\telif (($1 == COMP_CWORD)); then\n"
	"\t\t_nono_reply -c\n"
	"\telse\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t_nono_reply -f\n"
	"\tfi\n"
	"}\n"
	"\n";

static const char tail[] = "_nono()\n"
			   "{\n"
			   "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} i=2 next\n"
			   "\tlocal -a value operand options\n"
			   "\tCOMPREPLY=()\n"
			   "\tif ((COMP_CWORD == 1)); then\n"
			   "\t\t_nono_reply -W \"$_nono_verbs --help --version\"\n"
			   "\t\treturn\n"
			   "\tfi\n"
			   "\tif [[ $_nono_pairs == *\" $verb \"* ]]; then\n"
			   "\t\tif ((COMP_CWORD == 2)); then\n"
			   "\t\t\t_nono_seconds \"$verb\"\n"
			   "\t\t\t_nono_reply -W \"${options[*]}\"\n"
			   "\t\t\treturn\n"
			   "\t\tfi\n"
			   "\t\tverb=\"$verb ${COMP_WORDS[2]}\"\n"
			   "\t\ti=3\n"
			   "\tfi\n"
			   "\t_nono_verb \"$verb\" || return\n"
			   "\twhile ((i < COMP_CWORD)); do\n"
			   "\t\tcase ${COMP_WORDS[i]} in\n"
			   "\t\t--)\n"
			   "\t\t\tif [[ ${operand[0]} == command ]]; then\n"
			   "\t\t\t\t_nono_command $((i + 1))\n"
			   "\t\t\t\treturn\n"
			   "\t\t\tfi ;;\n"
			   "\t\t-*)\n"
			   "\t\t\tif _nono_value \"${COMP_WORDS[i]}\"; then\n"
			   "\t\t\t\tnext=$((i + 1))\n"
			   "\t\t\t\tif [[ ${COMP_WORDS[next]} == = ]]; then\n"
			   "\t\t\t\t\t((next == COMP_CWORD)) && cur= || ((next++))\n"
			   "\t\t\t\tfi\n"
			   "\t\t\t\tif ((next >= COMP_CWORD)); then\n"
			   "\t\t\t\t\t_nono_kind \"${value[@]}\"\n"
			   "\t\t\t\t\treturn\n"
			   "\t\t\t\tfi\n"
			   "\t\t\t\ti=$next\n"
			   "\t\t\tfi ;;\n"
			   "\t\t*)\n"
			   "\t\t\tif [[ ${operand[0]} == command ]]; then\n"
			   "\t\t\t\t_nono_command \"$i\"\n"
			   "\t\t\t\treturn\n"
			   "\t\t\tfi ;;\n"
			   "\t\tesac\n"
			   "\t\t((i++))\n"
			   "\tdone\n"
			   "\tif [[ $cur == -* ]]; then\n"
			   "\t\t_nono_reply -W \"${options[*]}\"\n"
			   "\telif [[ ${operand[0]} == command ]]; then\n"
			   "\t\t_nono_command \"$COMP_CWORD\"\n"
			   "\telse\n"
			   "\t\t_nono_kind \"${operand[@]}\"\n"
			   "\tfi\n"
			   "}\n"
			   "complete -F _nono nono\n";

static void append_kind(struct buf *out, const char *usage)
{
	enum completes what = completes(usage);

	buf_append_str(out, kinds[what]);
	if (what == COMPLETES_WORDS) {
		buf_append_char(out, ' ');
		append_words(out, usage);
	}
}

/* Length of the first word of a verb's name; all of it when there is one word only. */
static size_t first_word(enum verb v)
{
	return strcspn(verb_specs[v].name, " ");
}

static bool is_pair(enum verb v)
{
	return verb_specs[v].name[first_word(v)] == ' ';
}

/* True for the first of the verbs that begin with the same word. */
static bool begins_first(enum verb v)
{
	size_t n = first_word(v);

	for (enum verb other = 0; other < v; other++) {
		if (verb_is_offered(other) && first_word(other) == n &&
			strncmp(verb_specs[other].name, verb_specs[v].name, n) == 0) {
			return false;
		}
	}
	return true;
}

static void append_verbs(struct buf *out)
{
	buf_append_str(out, "_nono_verbs='");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && begins_first(v)) {
			buf_printf(out, "%s%.*s", v ? " " : "", (int)first_word(v),
				verb_specs[v].name);
		}
	}
	buf_append_str(out, "'\n_nono_pairs='");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && is_pair(v) && begins_first(v)) {
			buf_printf(out, " %.*s ", (int)first_word(v), verb_specs[v].name);
		}
	}
	buf_append_str(out, "'\n\n# The second words of verb $1, into options.\n"
			    "_nono_seconds()\n{\n\toptions=()\n\tcase $1 in\n");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && is_pair(v)) {
			buf_printf(out, "\t%.*s) options+=(%s) ;;&\n", (int)first_word(v),
				verb_specs[v].name, verb_specs[v].name + first_word(v) + 1);
		}
	}
	buf_append_str(out, "\tesac\n}\n\n");
}

static void append_tables(struct buf *out)
{
	buf_append_str(out, "# Options and operand of verb $1.\n_nono_verb()\n{\n\tcase $1 in\n");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (!verb_is_offered(v)) {
			continue;
		}
		buf_printf(out, "\t'%s')\n\t\toperand=(", verb_specs[v].name);
		append_kind(out, verb_specs[v].operands);
		buf_append_str(out, ")\n\t\toptions=(");
		for (enum option o = 0; o < _OPTION_MAX; o++) {
			if (option_is_offered(o) && (option_specs[o].verbs & VERB_BIT(v))) {
				buf_printf(out, "--%s ", option_specs[o].names);
			}
		}
		buf_append_str(out, ") ;;\n");
	}
	buf_append_str(out, "\t*) return 1 ;;\n\tesac\n}\n\n"
			    "# The kind of value option $1 takes; fails when it takes none.\n"
			    "_nono_value()\n{\n\tcase $1 in\n");
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		if (!option_is_offered(o) || !s->argument[0]) {
			continue;
		}
		buf_append_char(out, '\t');
		if (s->letter) {
			buf_printf(out, "-%c|", s->letter);
		}
		for (const char *n = s->names; n; n = option_spelling(s, n)) {
			buf_printf(out, "%s--%s", n == s->names ? "" : "|", n);
		}
		buf_append_str(out, ") value=(");
		append_kind(out, s->argument);
		buf_append_str(out, ") ;;\n");
	}
	buf_append_str(out, "\t*) return 1 ;;\n\tesac\n}\n\n");
}

void completion_bash(struct buf *out)
{
	buf_append_str(out, head);
	append_verbs(out);
	append_tables(out);
	buf_append_str(out, tail);
}
