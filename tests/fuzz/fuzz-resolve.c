/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the document of a project. As long as nobody trusts it a session has at most what
 * it would have without; and when it is trusted, nothing that nobody may have.
 */
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/caps.h"
#include "policy/resolve.h"
#include "tests/fuzz/fuzz.h"

static const struct policy_places places = {
	.home = (char *)"/home/u",
	.config = (char *)"/home/u/.config",
	.state = (char *)"/home/u/.local/state",
	.data = (char *)"/home/u/.local/share",
	.cache = (char *)"/home/u/.cache",
};
static const struct policy_grant cwd = { "/home/u/p", NONO_READ_WRITE, false };
static const struct policy_request request = { .grants = &cwd, .n_grants = 1, .cwd = "/home/u/p" };
static struct library *builtin;
static struct never *never;
static struct policy_result base;

static void prepare(void)
{
	static const char *const programs[] = { "/usr/bin", NULL };
	const char *hint;

	if (base.caps) {
		return;
	}
	FUZZ_ASSERT(library_new(&builtin, NULL) == 0);
	FUZZ_ASSERT(never_new(&never, &places, programs, NULL) == 0);
	FUZZ_ASSERT(policy_resolve(&base, &request, builtin, never, &places, POLICY_ASK, NULL,
			    &hint, NULL) == 0);
}

static bool has_grant(const struct nono_fs_grant *g)
{
	for (size_t i = 0; i < base.caps->n_paths; i++) {
		const struct nono_fs_grant *b = &base.caps->paths[i];
		if (strcmp(b->resolved, g->resolved) == 0 && b->access == g->access) {
			return true;
		}
	}
	return false;
}

static void check_less(const struct policy_result *r)
{
	for (size_t i = 0; i < r->caps->n_paths; i++) {
		FUZZ_ASSERT(has_grant(&r->caps->paths[i]));
	}
	for (size_t i = 0; i < base.deny.n; i++) {
		FUZZ_ASSERT(deny_check(&r->deny, base.deny.rules[i].path, NULL) == DENY_COVERS);
	}
	for (size_t i = 0; i < base.caps->blocked_commands.n; i++) {
		FUZZ_ASSERT(
			nono_caps_command_blocked(r->caps, base.caps->blocked_commands.items[i]));
	}
	FUZZ_ASSERT(r->deny.bypass.n == 0 && r->environment.set.n == 0);
	FUZZ_ASSERT(r->environment.keep.n == 0 && !r->environment.has_allow);
	FUZZ_ASSERT(!r->proxied && r->hosts.n == 0 && r->credentials.n == 0);
	FUZZ_ASSERT(r->caps->signal_mode == base.caps->signal_mode);
	FUZZ_ASSERT(r->caps->ipc_mode == base.caps->ipc_mode);
	FUZZ_ASSERT(!r->capability_elevation && !r->interactive);
	FUZZ_ASSERT(r->caps->connect.n + r->caps->bind.n + r->caps->localhost.n == 0);
}

static void check_sound(const struct policy_result *r)
{
	const char *hint;

	for (size_t i = 0; i < r->caps->n_paths; i++) {
		const struct nono_fs_grant *g = &r->caps->paths[i];
		FUZZ_ASSERT(g->resolved[0] == '/');
		FUZZ_ASSERT(deny_check(&r->deny, g->resolved, NULL) != DENY_COVERS);
		FUZZ_ASSERT(
			never_check(never, g->resolved, g->access, g->is_file, &hint, NULL) == 0);
	}
}

static void try(const uint8_t *data, size_t size, bool trusted)
{
	const struct policy_document d = {
		.kind = DOCUMENT_PROFILE,
		.origin = ORIGIN_PROJECT,
		.trusted = trusted,
		.name = "project",
		.file = "/home/u/p/.nono.jsonc",
		.text = (const char *)data,
		.n = size,
	};
	_cleanup_(library_freep) struct library *l = NULL;
	_cleanup_(strlist_deinit) struct strlist missing = { 0 };
	_cleanup_(policy_result_deinit) struct policy_result r = { 0 };
	struct nono_error err = { 0 };
	const char *hint;

	FUZZ_ASSERT(library_extend(&l, builtin, &err) == 0);
	if (library_add(l, &d, &err) < 0) {
		FUZZ_ASSERT(err.code != NONO_OK);
		return;
	}
	if (policy_resolve(&r, &request, l, never, &places, POLICY_ASK, &missing, &hint, &err) <
		0) {
		FUZZ_ASSERT(!r.caps && err.message[0]);
		return;
	}
	check_sound(&r);
	if (!trusted) {
		check_less(&r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	prepare();
	try(data, size, false);
	try(data, size, true);
	return 0;
}
