/* SPDX-License-Identifier: Apache-2.0 */
/* What is said and asked before a command starts. All of it on standard error or the terminal, and
 * nothing of it with --silent. `policy` is the one of io.nono.Session; it may be absent. */
#pragma once
#include "client/options.h"
#include "client/request.h"
#include "client/tty.h"
#include "libcore/base/json-scan.h"

/* A known agent without a profile: it will not get far. */
void before_hint(const struct arguments *a);
/* What nonod has to say about the documents. */
void before_warnings(const struct arguments *a, struct json_span policy);
/* Names of variables that are known to hold secrets and that the command will get. */
void before_secrets(const struct arguments *a, struct json_span policy, char *const *env);
/* All capabilities, with --verbose. */
int before_summary(struct json_span policy, struct nono_error *err);

/* The capabilities in short, for the terminal. Without a policy (nothing but the command line says
 * what the command may use) what was asked for is what it gets. */
void before_summary_short(struct buf *out, const struct arguments *a, const struct workdir *w,
	struct json_span policy);

/* True when the profile wants the working directory and the command would not get it. */
bool before_wants_workdir(const struct arguments *a, struct json_span policy);
/* Asks whether it may have it; tty is the terminal, path the directory. True for yes. */
bool before_ask_workdir(const struct tty *tty, const char *path, struct json_span policy);
