/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile: who runs, and what that needs. One table of keys (policy/keys.c) decides what a
 * profile may say: the parser, the merge of bases, the JSON schema, `nono profile show` and the
 * manual page check all read it, and nothing else knows a key's name.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/strlist.h"
#include "nono-error.h"

enum profile_key {
	KEY_EXTENDS,
	KEY_NAME,
	KEY_VERSION,
	KEY_DESCRIPTION,
	KEY_AUTHOR,
	KEY_GROUPS_INCLUDE,
	KEY_GROUPS_EXCLUDE,
	KEY_COMMANDS_ALLOW,
	KEY_COMMANDS_DENY,
	KEY_SIGNAL_MODE,
	KEY_IPC_MODE,
	KEY_CAPABILITY_ELEVATION,
	KEY_ALLOW,
	KEY_READ,
	KEY_WRITE,
	KEY_ALLOW_FILE,
	KEY_READ_FILE,
	KEY_WRITE_FILE,
	KEY_UNIX_SOCKET,
	KEY_UNIX_SOCKET_BIND,
	KEY_UNIX_SOCKET_DIR,
	KEY_UNIX_SOCKET_DIR_BIND,
	KEY_UNIX_SOCKET_SUBTREE,
	KEY_UNIX_SOCKET_SUBTREE_BIND,
	KEY_DENY,
	KEY_BYPASS_PROTECTION,
	KEY_SUPPRESS_SAVE_PROMPT,
	KEY_NET_BLOCK,
	KEY_NET_PROFILE,
	KEY_NET_ALLOW_DOMAIN,
	KEY_NET_CREDENTIALS,
	KEY_NET_CUSTOM_CREDENTIALS,
	KEY_NET_OPEN_PORT,
	KEY_NET_LISTEN_PORT,
	KEY_NET_CONNECT_PORT,
	KEY_NET_UPSTREAM_PROXY,
	KEY_NET_UPSTREAM_BYPASS,
	KEY_ENV_CREDENTIALS,
	KEY_ENV_ALLOW,
	KEY_ENV_DENY,
	KEY_ENV_SET,
	KEY_ENV_STRIP_SECRETS,
	KEY_WORKDIR,
	KEY_ROLLBACK_EXCLUDE_PATTERNS,
	KEY_ROLLBACK_EXCLUDE_GLOBS,
	KEY_INTERACTIVE,
	KEY_BINARY,
	_KEY_MAX,
};

enum value_kind {
	VALUE_BOOL,
	VALUE_STRING,
	VALUE_WORD,    /* one of key_spec.words */
	VALUE_STRINGS, /* an array of strings; a single string where key_spec.single allows it */
	VALUE_PATHS,   /* the same; variables are expanded when it is resolved */
	VALUE_PORTS,   /* an array of integers 1…65535, kept as decimal text */
	VALUE_MAP,     /* an object of strings */
	VALUE_OBJECTS, /* an object of objects, each kept as JSON text for whoever will read it */
};

enum merge_rule {
	MERGE_NEVER,  /* the profile's own only, nothing is inherited */
	MERGE_CHILD,  /* the nearest profile that says it */
	MERGE_APPEND, /* bases first, without doubles */
	MERGE_OR,     /* true when any says true */
	MERGE_MAP,    /* name by name, the nearest wins */
};

struct key_spec {
	const char *path;           /* "filesystem.allow" */
	const char *const *aliases; /* older and shorter spellings, NULL-terminated, may be NULL */
	const char *const *deprecated; /* the same, with a warning */
	enum value_kind kind;
	enum merge_rule merge;
	const char *const *words; /* VALUE_WORD: NULL-terminated */
	const char *item;         /* an element may be an object: {item: its text, "when": …} */
	bool nullable;            /* null, or an empty list, clears what bases say */
	bool single;              /* a plain string stands for a list of one */
	bool narrows;             /* can only take away: a project nobody trusts may say it */
	const char *help;         /* one line */
};
extern const struct key_spec key_specs[_KEY_MAX];

/* One element of a list or a map, and which profile says so: "FILE:LINE", or "profile NAME" of a
 * built-in one. */
struct profile_item {
	char *text;  /* the element; the name of a map's member */
	char *value; /* of a map's member, else NULL */
	char *from;
};

struct profile_value {
	bool present; /* also when it is null or empty */
	bool sealed;  /* null or empty where that clears: nothing comes from bases further away */
	bool boolean;
	char *string; /* STRING, WORD; NULL when null */
	char *from;
	struct profile_item *items; /* STRINGS, PATHS, PORTS, MAP, OBJECTS */
	size_t n;
};

struct profile {
	char *name; /* by which it is found: file name or built-in, not meta.name */
	char *file; /* as messages name it */
	struct profile_value values[_KEY_MAX];
};

/* Parses one profile document: n bytes of strict JSON; with jsonc also comments and trailing
 * commas. What loads but should be written otherwise is a line in warnings. 0, or -errno with err
 * set: -EINVAL for whatever is wrong in it (NONO_INVALID "FILE:LINE:COLUMN: …, did you mean …";
 * NONO_LIMIT beyond 1 MiB, too many members, too deep), -ENOMEM. */
int profile_parse(struct profile **ret, const char *name, const char *file, const char *text,
	size_t n, bool jsonc, struct strlist *warnings, struct nono_error *err);
void profile_free(struct profile *p);
static inline void profile_freep(struct profile **p)
{
	profile_free(*p);
}

/* A copy of all of it; NULL when out of memory. */
struct profile *profile_clone(const struct profile *p);

/* Completes child with what base says, by the keys' merge rules: base is behind child and before
 * whatever was merged into child later. KEY_EXTENDS is left alone. 0 or -ENOMEM. */
int profile_merge(struct profile *child, const struct profile *base);

/* The profile as a JSON document in the documented spelling, two spaces, keys in table order. A
 * new string, or NULL when out of memory. */
char *profile_to_json(const struct profile *p);

/* The JSON schema (draft 2020-12) of each document, made from the tables. */
char *profile_schema(void);
char *policy_schema(void);
char *network_schema(void);
