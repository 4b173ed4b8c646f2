/* SPDX-License-Identifier: Apache-2.0 */
/* Completions for shells, made from the tables of client/options.h. */
#pragma once
#include <stdbool.h>

#include "client/options.h"
#include "libcore/base/buf.h"

/* What can stand for a value or an operand, by the word that usage has for it. */
enum completes {
	COMPLETES_NOTHING,
	COMPLETES_DIRS,
	COMPLETES_FILES,
	COMPLETES_PROFILES,
	COMPLETES_SESSIONS,
	COMPLETES_GROUPS,
	COMPLETES_VERBS,
	COMPLETES_WORDS, /* one of a list between '|' */
	COMPLETES_COMMAND,
};
enum completes completes(const char *usage);
/* Appends the words of "a|b" or "[a|b]" with blanks between them. */
void append_words(struct buf *out, const char *usage);

/* What of the tables is offered: not what is refused, ignored or deprecated. */
bool verb_is_offered(enum verb verb);
bool option_is_offered(enum option option);
enum completes verb_completes(enum verb verb);
/* The next spelling that is not deprecated: starts with NULL, NULL behind the last. */
const char *option_spelling(const struct option_spec *s, const char *after);

void completion_bash(struct buf *out);
void completion_zsh(struct buf *out);
void completion_fish(struct buf *out);
