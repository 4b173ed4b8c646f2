/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a profile: refused with a place, or written and read without change, and merging a
 * profile with itself adds nothing. */
#include <string.h>

#include "libcore/base/cleanup.h"
#include "policy/profile.h"
#include "tests/fuzz/fuzz.h"

#define FILE_NAME "fuzz.json"

static struct profile *parse(const char *text, size_t size, bool jsonc)
{
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	struct profile *p = NULL;
	struct nono_error err = { 0 };

	if (profile_parse(&p, "fuzz", FILE_NAME, text, size, jsonc, &warnings, &err) < 0) {
		FUZZ_ASSERT(!p && err.code != NONO_OK);
		FUZZ_ASSERT(strncmp(err.message, FILE_NAME ":", strlen(FILE_NAME ":")) == 0);
		return NULL;
	}
	for (size_t i = 0; i < warnings.n; i++) {
		FUZZ_ASSERT(strncmp(warnings.items[i], FILE_NAME ":", strlen(FILE_NAME ":")) == 0);
	}
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(profile_freep) struct profile *p = parse((const char *)data, size, true);
	_cleanup_(profile_freep) struct profile *strict = parse((const char *)data, size, false);
	_cleanup_(profile_freep) struct profile *again = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *second = NULL;
	_cleanup_free_ char *merged = NULL;

	FUZZ_ASSERT(p || !strict);
	if (!p) {
		return 0;
	}
	text = profile_to_json(p);
	FUZZ_ASSERT(text);
	again = parse(text, strlen(text), false);
	FUZZ_ASSERT(again);
	second = profile_to_json(again);
	FUZZ_ASSERT(second && strcmp(text, second) == 0);
	FUZZ_ASSERT(profile_merge(p, again) == 0);
	merged = profile_to_json(p);
	FUZZ_ASSERT(merged && strcmp(text, merged) == 0);
	return 0;
}
