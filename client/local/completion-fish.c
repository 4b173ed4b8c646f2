/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/local/completion.h"

/* What complete(1) of fish is told about a value. */
static const char *const actions[] = {
	[COMPLETES_NOTHING] = "-x",
	[COMPLETES_DIRS] = "-x -a '(__fish_complete_directories)'",
	[COMPLETES_FILES] = "-r -F",
	[COMPLETES_PROFILES] = "-r -F -a '(__nono_profiles)'",
	[COMPLETES_SESSIONS] = "-x -a '(__nono_sessions)'",
	[COMPLETES_GROUPS] = "-x -a '(__nono_groups)'",
	[COMPLETES_VERBS] = "-x -a '$__nono_verbs'",
};

static const char head[] =
	"# Completions of nono for fish: nono completion fish | source\n"
	"\n"
	"function __nono_profiles\n"
	"\tcommand nono profile list 2>/dev/null | string replace -rf '^([A-Za-z0-9][\\w.-]*) .*' '$1' | tail -n +2\n"
	"end\n"
	"\n"
	"function __nono_groups\n"
	"\tcommand nono profile groups 2>/dev/null | string replace -rf '^([A-Za-z0-9][\\w.-]*) .*' '$1' | tail -n "
	"+2\n"
	"end\n"
	"\n"
	"function __nono_sessions\n"
	"\tcommand nono ps 2>/dev/null | string replace -rf '^\\S+ +([A-Za-z0-9][\\w.-]*) .*' '$1' | tail -n +2\n"
	"end\n"
	"\n"
	"# Prints the verb and, behind it, the words of a command that has begun, one per line.\n"
	"function __nono_line\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -e words[1]\n"
	"\tset -q words[1]; or return\n"
	"\tset -l verb $words[1]\n"
	"\tset -e words[1]\n"
	"\tif contains -- $verb $__nono_pairs\n"
	"\t\tset -q words[1]; and set verb $verb-$words[1]\n"
	"\t\tset -e words[1]\n"
	"\tend\n"
	"\techo -- $verb\n"
	"\tcontains -- $verb $__nono_runners; or return\n"
	"\twhile set -q words[1]\n"
	"\t\tset -l word $words[1]\n"
	"\t\tset -e words[1]\n"
	"\t\tif test \"$word\" = --\n"
	"\t\t\techo command\n"
	"\t\t\tstring join -- \\n $words\n"
	"\t\t\treturn\n"
	"\t\telse if contains -- $word $__nono_valued\n"
	"\t\t\tset -e words[1]\n"
	"\t\telse if not string match -q -- '-*' $word\n"
	"\t\t\techo command\n"
	"\t\t\tstring join -- \\n $word $words\n"
	"\t\t\treturn\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"\n"
	"# True when the verb is one of the arguments and its command has not begun.\n"
	"function __nono_is\n"
	"\tset -l line (__nono_line)\n"
	"\ttest (count $line) -le 1; and contains -- \"$line[1]\" $argv\n"
	"end\n"
	"\n"
	"function __nono_in_command\n"
	"\tset -l line (__nono_line)\n"
	"\tcontains -- \"$line[1]\" $__nono_runners\n"
	"end\n"
	"\n"
	"# As the shell would complete the command by itself.\n"
	"function __nono_command\n"
	"\tset -l line (__nono_line)\n"
	"\tset -l token (commandline -ct)\n"
	"\tstring match -q -- '-*' \"$token\"; and test (count $line) -le 1; and return\n"
	"\tcomplete -C (string join ' ' -- (string escape -- $line[3..-1]) \"$token\")\n"
	"end\n"
	"\n"
	"complete -c nono -f\n";

/* Text inside '…'. */
static void append_quoted(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\'' || *p == '\\') {
			buf_append_char(out, '\\');
		}
		buf_append_char(out, *p);
	}
}

static void append_action(struct buf *out, const char *usage)
{
	enum completes what = completes(usage);

	if (what == COMPLETES_WORDS) {
		buf_append_str(out, "-x -a '");
		append_words(out, usage);
		buf_append_char(out, '\'');
	} else {
		buf_append_str(out, actions[what]);
	}
}

/* The verb as one word. */
static void append_verb(struct buf *out, enum verb v)
{
	for (const char *p = verb_specs[v].name; *p; p++) {
		buf_append_char(out, *p == ' ' ? '-' : *p);
	}
}

static void append_option(struct buf *out, const struct option_spec *s)
{
	buf_append_str(out, "complete -c nono -n '__nono_is");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && (s->verbs & VERB_BIT(v))) {
			buf_append_char(out, ' ');
			append_verb(out, v);
		}
	}
	buf_printf(out, "' -l %s", s->names);
	if (s->letter) {
		buf_printf(out, " -s %c", s->letter);
	}
	if (s->argument[0]) {
		buf_append_char(out, ' ');
		append_action(out, s->argument);
	}
	buf_append_str(out, " -d '");
	append_quoted(out, s->help);
	buf_append_str(out, "'\n");
}

static void append_lists(struct buf *out)
{
	buf_append_str(out, "set -g __nono_verbs");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && !strchr(verb_specs[v].name, ' ')) {
			buf_printf(out, " %s", verb_specs[v].name);
		}
	}
	buf_append_str(out, " profile\nset -g __nono_pairs");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && strchr(verb_specs[v].name, ' ')) {
			buf_printf(out, " %.*s", (int)strcspn(verb_specs[v].name, " "),
				verb_specs[v].name);
		}
	}
	buf_append_str(out, "\nset -g __nono_runners");
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		if (verb_is_offered(v) && verb_completes(v) == COMPLETES_COMMAND) {
			buf_printf(out, " %s", verb_specs[v].name);
		}
	}
	buf_append_str(out, "\nset -g __nono_valued");
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		if (option_is_offered(o) && s->argument[0]) {
			for (const char *n = option_spelling(s, NULL); n;
				n = option_spelling(s, n)) {
				buf_printf(out, " --%s", n);
			}
			if (s->letter) {
				buf_printf(out, " -%c", s->letter);
			}
		}
	}
	buf_append_char(out, '\n');
}

static void append_verb_entries(struct buf *out)
{
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		const char *name = verb_specs[v].name;
		size_t n = strcspn(name, " ");
		if (!verb_is_offered(v)) {
			continue;
		}
		if (name[n]) {
			buf_printf(out,
				"complete -c nono -n 'test (count (commandline -opc)) -eq 1' "
				"-a %.*s\ncomplete -c nono -n '__nono_is %.*s' -a %s -d '",
				(int)n, name, (int)n, name, name + n + 1);
		} else {
			buf_printf(out,
				"complete -c nono -n 'test (count (commandline -opc)) -eq 1' "
				"-a %s -d '",
				name);
		}
		append_quoted(out, verb_specs[v].summary);
		buf_append_str(out, "'\n");
	}
}

void completion_fish(struct buf *out)
{
	buf_append_str(out, head);
	append_lists(out);
	append_verb_entries(out);
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		if (option_is_offered(o)) {
			append_option(out, &option_specs[o]);
		}
	}
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		enum completes what = verb_completes(v);
		if (!verb_is_offered(v) || what == COMPLETES_NOTHING) {
			continue;
		}
		if (what == COMPLETES_COMMAND) {
			buf_printf(out, "complete -c nono -n '__nono_in_command' -a "
					"'(__nono_command)'\n");
			continue;
		}
		buf_append_str(out, "complete -c nono -n '__nono_is ");
		append_verb(out, v);
		buf_append_str(out, "' ");
		append_action(out, verb_specs[v].operands);
		buf_append_char(out, '\n');
	}
}
