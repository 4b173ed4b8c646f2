/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A description, and behind the first NUL a JSON value that is checked against every type of it.
 * The canonical text of what was accepted is accepted and canonical.
 */
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"
#include "proto/idl.h"
#include "proto/json.h"
#include "tests/fuzz/fuzz.h"

static void check_value(const struct idl *idl, const uint8_t *data, size_t size)
{
	_cleanup_(json_object_putp) struct json_object *o = NULL;
	char path[16];

	if (json_parse(&o, data, size, NULL) < 0) {
		return;
	}
	for (size_t i = 0; i < idl->n_symbols; i++) {
		const struct idl_symbol *s = &idl->symbols[i];
		idl_validate(s->in, o, path, sizeof(path));
		FUZZ_ASSERT(strlen(path) < sizeof(path) && str_is_utf8(path, strlen(path)));
		if (s->out && idl_validate(s->out, o, path, sizeof(path)) == 0) {
			FUZZ_ASSERT(path[0] == '\0');
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(idl_freep) struct idl *idl = NULL, *again = NULL;
	_cleanup_(buf_deinit) struct buf first = { 0 }, second = { 0 };
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size;
	struct nono_error err = { 0 };

	if (idl_parse(&idl, (const char *)data, n, &err) < 0) {
		FUZZ_ASSERT(err.message[0]);
		return 0;
	}
	idl_format(idl, &first);
	if (buf_error(&first)) {
		return 0;
	}
	FUZZ_ASSERT(
		idl_parse(&again, first.data, first.len, &err) == 0 || first.len > IDL_SIZE_MAX);
	if (again) {
		idl_format(again, &second);
		FUZZ_ASSERT(
			first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	}
	if (nul) {
		check_value(idl, nul + 1, size - n - 1);
	}
	return 0;
}
