/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one table of verbs, one of options (option-table.c). The parser, the help
 * texts, the manual page check and the completions all read these tables, and nothing else knows an
 * option's spelling. nono and nono-local link the same ones.
 *
 * nono starts once per command, so the tables hold their strings inside: no pointer in them needs a
 * relocation, and what a launch does not look at is never read from disk.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb {
	VERB_RUN,
	VERB_SHELL,
	VERB_WRAP,
	VERB_WHY,
	VERB_PS,
	VERB_INSPECT,
	VERB_STOP,
	VERB_STATUS,
	VERB_PROFILE_LIST,
	VERB_PROFILE_SHOW,
	VERB_PROFILE_EXPORT,
	VERB_PROFILE_GROUPS,
	VERB_PROFILE_DIFF,
	VERB_PROFILE_VALIDATE,
	VERB_PROFILE_INIT,
	VERB_PROFILE_SCHEMA,
	VERB_TRUST_PROJECT,
	VERB_SETUP,
	VERB_DOCTOR,
	VERB_COMPLETION,
	VERB_LEARN,
	VERB_ATTACH,
	VERB_DETACH,
	VERB_LOGS,
	VERB_SESSION,
	VERB_ROLLBACK,
	VERB_AUDIT,
	VERB_TRUST,
	VERB_HELP,
	_VERB_MAX,
};

#define VERB_BIT(v) (UINT64_C(1) << (v))

struct verb_spec {
	char name[20];     /* one word, or two ("profile list") */
	char operands[32]; /* as usage shows them, "" for none */
	char summary[56];  /* one line */
	char missing[24];  /* what this version lacks for it, "" when it works */
	uint32_t min_operands, max_operands;
	bool local; /* needs no supervisor: nono-local does it */
};
extern const struct verb_spec verb_specs[_VERB_MAX];

/* More for the verb's own help; NULL for nothing. */
const char *verb_details(enum verb verb);

enum option {
	OPTION_READ,
	OPTION_WRITE,
	OPTION_ALLOW,
	OPTION_READ_FILE,
	OPTION_WRITE_FILE,
	OPTION_ALLOW_FILE,
	OPTION_ALLOW_CWD,
	OPTION_BYPASS_PROTECTION,
	OPTION_WORKDIR,
	OPTION_PROFILE,
	OPTION_EXTENDS,
	OPTION_ALLOW_COMMAND,
	OPTION_BLOCK_COMMAND,
	OPTION_NET_BLOCK,
	OPTION_NET_ALLOW,
	OPTION_NETWORK_PROFILE,
	OPTION_ALLOW_DOMAIN,
	OPTION_CREDENTIAL,
	OPTION_OPEN_PORT,
	OPTION_LISTEN_PORT,
	OPTION_CONNECT_PORT,
	OPTION_ENV,
	OPTION_NAME,
	OPTION_SHELL,
	OPTION_PATH,
	OPTION_OP,
	OPTION_HOST,
	OPTION_PORT,
	OPTION_COMMAND,
	OPTION_SELF,
	OPTION_SESSION,
	OPTION_EXIT_CODE,
	OPTION_TIMEOUT,
	OPTION_RAW,
	OPTION_FORMAT,
	OPTION_ALL_PLATFORMS,
	OPTION_STRICT,
	OPTION_DRAFT,
	OPTION_GROUPS,
	OPTION_DESCRIPTION,
	OPTION_FULL,
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_SHOW,
	OPTION_REVOKE,
	OPTION_YES,
	OPTION_CHECK_ONLY,
	OPTION_PROFILES,
	OPTION_SHELL_INTEGRATION,
	OPTION_DRY_RUN,
	OPTION_JSON,
	OPTION_NO_DIAGNOSTICS,
	OPTION_DIAGNOSTICS_JSON,
	OPTION_VERBOSE,
	OPTION_SILENT,
	OPTION_HELP,
	OPTION_NO_ROLLBACK,
	OPTION_NO_ROLLBACK_PROMPT,
	OPTION_NO_AUDIT,
	OPTION_NO_AUDIT_INTEGRITY,
	OPTION_SUPPRESS_SAVE_PROMPT,
	OPTION_TRUST_OVERRIDE,
	OPTION_CAPABILITY_ELEVATION,
	OPTION_ENV_CREDENTIAL,
	OPTION_ENV_CREDENTIAL_MAP,
	OPTION_UPSTREAM_PROXY,
	OPTION_UPSTREAM_BYPASS,
	OPTION_ROLLBACK,
	OPTION_ROLLBACK_INCLUDE,
	OPTION_ROLLBACK_EXCLUDE,
	OPTION_ROLLBACK_ALL,
	OPTION_ROLLBACK_DEST,
	OPTION_AUDIT_INTEGRITY,
	OPTION_AUDIT_SIGN_KEY,
	OPTION_DETACHED,
	OPTION_DETACH_TIMEOUT,
	OPTION_STARTUP_TIMEOUT,
	OPTION_MEMORY,
	OPTION_ALL,
	_OPTION_MAX,
};

/* What an option's value is, and so where in struct arguments it goes. */
enum value_type {
	TYPE_FLAG,    /* bool */
	TYPE_COUNT,   /* unsigned: how often */
	TYPE_TEXT,    /* const char *, once */
	TYPE_CHOICE,  /* the same, one of what `argument` lists between '|' */
	TYPE_LIST,    /* struct words */
	TYPE_COMMAS,  /* struct words; a value may hold several */
	TYPE_PORT,    /* uint16_t, once */
	TYPE_PORTS,   /* struct ports */
	TYPE_SECONDS, /* uint64_t, up to a day */
	TYPE_GRANT,   /* grants */
	TYPE_ENV,     /* struct words of NAME or NAME=VALUE */
	TYPE_PAIR,    /* two values */
	TYPE_NONE,    /* accepted: it switches off, or would restrict, what is not there */
};

enum option_section {
	SECTION_FILES,
	SECTION_PROFILE,
	SECTION_NETWORK,
	SECTION_SESSION,
	SECTION_QUESTION,
	SECTION_OUTPUT,
	SECTION_IGNORED,
	SECTION_MISSING,
	_SECTION_MAX,
};

/* Lists of spellings: one behind the other, each ended by NUL, an empty one at the end. The first
 * is the documented one; '!' before one means that it is deprecated. */
struct option_spec {
	char names[56];    /* without dashes */
	char argument[56]; /* what usage calls its value, "" when it takes none */
	char env[60];      /* variables that it can be defaulted from, may be empty */
	char help[64];     /* one line */
	char missing[24];  /* what this version lacks for it: it is refused; "" when it works */
	uint64_t verbs;    /* of VERB_BIT */
	uint16_t field;    /* offset in struct arguments */
	uint8_t type, section;
	char letter; /* short form, 0 for none */
};
extern const struct option_spec option_specs[_OPTION_MAX];

/* The spelling behind s, or NULL after the last. */
const char *spelling_next(const char *s);

/* Contradictions; both given is an error. */
struct option_conflict {
	uint8_t a, b;
};
extern const struct option_conflict option_conflicts[];
extern const size_t n_option_conflicts;

/* True for "profile", with which several verbs of two words start. */
bool verb_is_first_word(const char *first);
/* The verb of these words (b NULL for one word), or _VERB_MAX. */
enum verb verb_from_words(const char *a, const char *b);
