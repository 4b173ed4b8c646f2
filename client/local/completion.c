/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/completion.h"

#include <errno.h>
#include <string.h>

#include "client/local/local.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

static const struct {
	const char *usage;
	enum completes what;
} usages[] = {
	{ "DIR", COMPLETES_DIRS },
	{ "FILE", COMPLETES_FILES },
	{ "PATH", COMPLETES_FILES },
	{ "PROFILE", COMPLETES_PROFILES },
	{ "SESSION", COMPLETES_SESSIONS },
	{ "GROUP", COMPLETES_GROUPS },
	{ "VERB", COMPLETES_VERBS },
	{ "[--]", COMPLETES_COMMAND },
};

enum completes completes(const char *usage)
{
	for (size_t i = 0; i < ELEMENTSOF(usages); i++) {
		const char *u = usages[i].usage;
		const char *rest = str_after(usage[0] == '[' && u[0] != '[' ? usage + 1 : usage, u);
		if (rest && (*rest == '\0' || *rest == ']' || *rest == ' ')) {
			return usages[i].what;
		}
	}
	return strchr(usage, '|') ? COMPLETES_WORDS : COMPLETES_NOTHING;
}

void append_words(struct buf *out, const char *usage)
{
	for (const char *p = usage + (*usage == '['); *p && *p != ']'; p++) {
		buf_append_char(out, *p == '|' ? ' ' : *p);
	}
}

bool verb_is_offered(enum verb verb)
{
	return verb_specs[verb].missing[0] == '\0';
}

bool option_is_offered(enum option option)
{
	return option_specs[option].missing[0] == '\0' && option_specs[option].help[0] != '\0';
}

enum completes verb_completes(enum verb verb)
{
	return completes(verb_specs[verb].operands);
}

const char *option_spelling(const struct option_spec *s, const char *after)
{
	const char *next = after ? spelling_next(after) : s->names;

	while (next && *next == '!') {
		next = spelling_next(next);
	}
	return next;
}

static const struct {
	const char *name;
	void (*print)(struct buf *out);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

int local_completion(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };

	for (size_t i = 0; i < ELEMENTSOF(shells); i++) {
		if (str_equal(shells[i].name, a->operands[0])) {
			shells[i].print(&out);
			return say_result(&out);
		}
	}
	return error_set(err, NONO_INVALID, EINVAL,
		"there are completions for bash, zsh and fish, not for '%.100s'", a->operands[0]);
}
