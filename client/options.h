/* SPDX-License-Identifier: Apache-2.0 */
/* One parsed command line. nono and nono-local link the same parser. */
#pragma once
#include "client/option-table.h"
#include "nono-caps.h"

struct words {
	const char **items;
	size_t n;
};

struct ports {
	uint16_t *items;
	size_t n;
};

struct grant_argument {
	const char *path; /* as typed */
	enum nono_access access;
	bool is_file;
};

/* A deprecated spelling that was used: `old` is the word as typed, `now` what to write. */
struct deprecation {
	const char *old, *now;
	bool is_option;
};

enum given { NOT_GIVEN, GIVEN_BY_WORD, GIVEN_BY_VARIABLE };

/* One parsed command line. Strings belong to argv, the environment, the tables or `owned`. */
struct arguments {
	enum verb verb;
	uint8_t given[_OPTION_MAX]; /* of enum given */
	struct grant_argument *grants;
	size_t n_grants;
	struct words env, extends, bypass, allow_commands, block_commands, allow_domains,
		credentials, groups;
	struct ports open_ports, listen_ports, connect_ports;
	const char *workdir, *name, *profile, *network_profile, *shell;
	const char *path, *op, *host, *command, *session;
	const char *format, *output, *description;
	uint16_t port;
	uint64_t timeout_seconds;
	unsigned verbose;
	bool allow_cwd, net_block, net_allow, dry_run, json, silent, help;
	bool no_diagnostics, diagnostics_json, self, exit_code;
	bool raw, all_platforms, strict, draft, full, force;
	bool show, revoke, yes, check_only, profiles, shell_integration;
	char **operands; /* NULL-terminated */
	size_t n_operands;
	char **gathered; /* they, when they are no command */
	struct deprecation *deprecations;
	size_t n_deprecations;
	char **owned;
	size_t n_owned;
};

/* Parses argv[1] (the verb) and what follows, and takes defaults from env (environ; NULL for none).
 * 0, or -errno with err set: one line that names what is wrong and the nearest thing that would be
 * right. */
int arguments_parse(
	struct arguments *ret, int argc, char **argv, char *const *env, struct nono_error *err);
void arguments_deinit(struct arguments *a);
