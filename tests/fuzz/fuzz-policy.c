/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as policy groups and as a network policy: refused with a place and nothing added, or
 * accepted, and then accepted again as an extension that adds nothing. */
#include <string.h>

#include "libcore/base/cleanup.h"
#include "policy/document.h"
#include "tests/fuzz/fuzz.h"

#define FILE_NAME "fuzz.jsonc"

static void check_error(const struct nono_error *err)
{
	FUZZ_ASSERT(err->code != NONO_OK);
	FUZZ_ASSERT(strncmp(err->message, FILE_NAME ":", strlen(FILE_NAME ":")) == 0);
}

static size_t count_groups(const struct policy_groups *groups)
{
	size_t n = groups->n;

	for (size_t i = 0; i < groups->n; i++) {
		const struct policy_group *g = &groups->items[i];
		FUZZ_ASSERT(groups_find(groups, g->name) == g);
		FUZZ_ASSERT(!g->foreign || g->read.n + g->deny.n + g->deny_commands.n == 0);
		n += g->read.n + g->write.n + g->read_write.n + g->deny.n + g->deny_commands.n;
	}
	return n;
}

static void try_groups(const char *text, size_t size)
{
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };
	struct nono_error err = { 0 };
	size_t n;

	if (groups_parse(&groups, FILE_NAME, text, size, true, false, true, &err) < 0) {
		check_error(&err);
		FUZZ_ASSERT(groups.n == 0);
		return;
	}
	n = count_groups(&groups);
	FUZZ_ASSERT(groups_parse(&groups, FILE_NAME, text, size, true, true, true, &err) == 0);
	FUZZ_ASSERT(count_groups(&groups) == n);
	FUZZ_ASSERT(groups.n == 0 ||
		    groups_parse(&groups, FILE_NAME, text, size, true, false, true, &err) < 0);
}

static size_t count_network(const struct network_policy *p)
{
	size_t n = p->n_groups + p->n_profiles + p->n_services;

	for (size_t i = 0; i < p->n_groups; i++) {
		n += p->groups[i].hosts.n;
	}
	for (size_t i = 0; i < p->n_profiles; i++) {
		n += p->profiles[i].groups.n + p->profiles[i].credentials.n;
	}
	return n;
}

static void try_network(const char *text, size_t size)
{
	_cleanup_(network_deinit) struct network_policy policy = { 0 };
	struct nono_error err = { 0 };
	size_t n;

	if (network_parse(&policy, FILE_NAME, text, size, true, false, &err) < 0) {
		check_error(&err);
		FUZZ_ASSERT(count_network(&policy) == 0);
		return;
	}
	n = count_network(&policy);
	FUZZ_ASSERT(network_parse(&policy, FILE_NAME, text, size, true, true, &err) == 0);
	FUZZ_ASSERT(count_network(&policy) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_groups((const char *)data, size);
	try_network((const char *)data, size);
	return 0;
}
