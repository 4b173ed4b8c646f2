/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one table of verbs, one of options. The parser, the help texts, the man page
 * check and the completions all read these tables and nothing else knows an option's spelling.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nono-caps.h"

enum verb {
	VERB_RUN,
	VERB_WRAP,
	VERB_PS,
	VERB_INSPECT,
	VERB_STOP,
	VERB_STATUS,
	VERB_HELP,
	_VERB_MAX,
};

struct verb_spec {
	const char *name;
	const char *operands; /* as usage shows them, "" for none */
	unsigned min_operands, max_operands;
	const char *summary; /* one line */
	const char *details; /* more for the verb's own help, may be NULL */
};
extern const struct verb_spec verb_specs[_VERB_MAX];

enum option {
	OPTION_READ,
	OPTION_WRITE,
	OPTION_ALLOW,
	OPTION_READ_FILE,
	OPTION_WRITE_FILE,
	OPTION_ALLOW_FILE,
	OPTION_ALLOW_CWD,
	OPTION_WORKDIR,
	OPTION_BLOCK_NET,
	OPTION_ENV,
	OPTION_NAME,
	OPTION_DRY_RUN,
	OPTION_TIMEOUT,
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTION_SILENT,
	OPTION_HELP,
	_OPTION_MAX,
};

struct option_spec {
	const char *name;     /* without dashes */
	const char *alias;    /* another spelling of name, may be NULL */
	char letter;          /* short form, 0 for none */
	const char *argument; /* what usage calls its value, NULL when it takes none */
	unsigned verbs;       /* bits 1 << enum verb */
	const char *help;     /* one line */
};
extern const struct option_spec option_specs[_OPTION_MAX];

struct grant_argument {
	const char *path; /* as typed */
	enum nono_access access;
	bool is_file;
};

/* One parsed command line. Strings belong to argv. */
struct arguments {
	enum verb verb;
	struct grant_argument *grants;
	size_t n_grants;
	const char **env; /* NAME or NAME=VALUE */
	size_t n_env;
	const char *workdir, *name;
	bool allow_cwd, block_net, dry_run, json, silent, help;
	unsigned verbose;
	bool has_timeout;
	uint64_t timeout_seconds;
	char **operands; /* NULL-terminated */
	size_t n_operands;
};

/* Parses argv[1] (the verb) and what follows. 0, or -errno with err set: one line that names what
 * is wrong and the nearest thing that would be right. */
int arguments_parse(struct arguments *ret, int argc, char **argv, struct nono_error *err);
void arguments_deinit(struct arguments *a);

/* The verb of this name, or _VERB_MAX. */
enum verb verb_from_string(const char *name);
