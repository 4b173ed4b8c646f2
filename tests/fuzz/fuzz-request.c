/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of Plan, as far as nonod goes with them: checked against the description, taken
 * apart, decided on in every mode with the documents they bring. A result holds no grant that
 * nobody may have, and its JSON is what the description says.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/decide.h"
#include "daemon/manager.h"
#include "libcore/base/cleanup.h"
#include "libcore/caps.h"
#include "proto/idl.h"
#include "proto/json.h"
#include "tests/fuzz/fuzz.h"

static struct manager manager;
static struct rulebook *book;
static struct idl *interface;

static char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static void prepare(void)
{
	static const char *const dirs[] = { "/usr/bin", NULL };
	const struct embedded_file *f = idl_embedded("io.nono.Session");

	if (interface) {
		return;
	}
	FUZZ_ASSERT(f && idl_parse(&interface, f->text, f->size, NULL) == 0);
	FUZZ_ASSERT(places_init(&manager.places, getuid(), no_variable, NULL, NULL) == 0);
	FUZZ_ASSERT(never_new(&manager.never, &manager.places, dirs, NULL) == 0);
	FUZZ_ASSERT(rulebook_new(&book, "/nonexistent", manager.never, &manager.places, NULL) == 0);
}

static void check_result(const struct policy_result *result)
{
	struct json_object *p = json_object_new_object(),
			   *policy = decision_to_json(result, POLICY_ALL);
	const char *hint;
	char path[256];

	FUZZ_ASSERT(policy && json_add(p, "policy", policy) == 0);
	FUZZ_ASSERT(idl_validate(idl_find(interface, IDL_METHOD, "Plan")->out, p, path,
			    sizeof(path)) == 0);
	json_object_put(p);
	for (size_t i = 0; i < result->caps->n_paths; i++) {
		const struct nono_fs_grant *g = &result->caps->paths[i];
		FUZZ_ASSERT(g->resolved[0] == '/');
		FUZZ_ASSERT(never_check(manager.never, g->resolved, g->access, g->is_file, &hint,
				    NULL) == 0);
	}
}

static void decide_all(const struct request *q)
{
	for (enum policy_mode mode = POLICY_START; mode <= POLICY_ASK; mode++) {
		_cleanup_(decision_deinit) struct decision d = { 0 };
		_cleanup_(strlist_deinit) struct strlist missing = { 0 };
		struct nono_error err = { 0 };
		const char *hint = NULL;
		int r = decide(&d, &manager, book, q, mode, &missing, &hint, &err);
		if (r == 0) {
			FUZZ_ASSERT(mode != POLICY_START || decision_result(&d)->needs == 0);
			check_result(decision_result(&d));
		} else {
			FUZZ_ASSERT(r < 0 && err.message[0] != '\0');
			FUZZ_ASSERT(missing.n % 2 == 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(json_object_putp) struct json_object *parameters = NULL;
	_cleanup_(request_deinit) struct request q = { 0 };
	struct nono_error err = { 0 };
	char path[256];
	int r;

	prepare();
	if (json_parse(&parameters, data, size, NULL) < 0 ||
		!json_object_is_type(parameters, json_type_object) ||
		idl_validate(idl_find(interface, IDL_METHOD, "Plan")->in, parameters, path,
			sizeof(path)) < 0) {
		return 0;
	}
	r = request_parse(&q, json_object_of(parameters, "context"), &err);
	if (r < 0) {
		FUZZ_ASSERT(r == -EINVAL && err.message[0] != '\0');
		return 0;
	}
	decide_all(&q);
	return 0;
}
