/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run by the build on every document that is to be compiled in: one that does not parse, or names
 * a group, profile or service that is not there, fails the build with its place.
 *
 * usage: check-documents STAMP GROUPS NETWORK PROFILE…
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "policy/document.h"
#include "policy/profile.h"

static char text[DOCUMENT_SIZE_MAX + 1];

static ssize_t load(const char *path)
{
	ssize_t n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text));

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror((int)-n));
	}
	return n;
}

static bool is_jsonc(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && str_equal(dot, ".jsonc");
}

static bool is_among(const char *name, char **profiles, int n)
{
	for (int i = 0; i < n; i++) {
		const char *rest = str_after(basename(profiles[i]), name);
		if (rest && *rest == '.') {
			return true;
		}
	}
	return false;
}

struct library {
	struct policy_groups groups;
	struct network_policy network;
	char **profiles;
	int n_profiles;
};

static bool known(const struct library *l, enum profile_key key, const char *name)
{
	if (key == KEY_EXTENDS) {
		return is_among(name, l->profiles, l->n_profiles);
	}
	if (key == KEY_NET_PROFILE) {
		for (size_t i = 0; i < l->network.n_profiles; i++) {
			if (str_equal(l->network.profiles[i].name, name)) {
				return true;
			}
		}
		return false;
	}
	return groups_find(&l->groups, name) != NULL;
}

/* How many names mean nothing. */
static int check_names(const struct library *l, const struct profile *p)
{
	const enum profile_key keys[] = { KEY_EXTENDS, KEY_GROUPS_INCLUDE, KEY_GROUPS_EXCLUDE };
	const struct profile_value *network = &p->values[KEY_NET_PROFILE];
	int wrong = 0;

	for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
		const struct profile_value *v = &p->values[keys[i]];
		for (size_t k = 0; k < v->n; k++) {
			if (!known(l, keys[i], v->items[k].text)) {
				fprintf(stderr, "%s: '%s' in %s does not exist\n", v->items[k].from,
					v->items[k].text, key_specs[keys[i]].path);
				wrong++;
			}
		}
	}
	if (network->string && !known(l, KEY_NET_PROFILE, network->string)) {
		fprintf(stderr, "%s: network profile '%s' does not exist\n", network->from,
			network->string);
		wrong++;
	}
	return wrong;
}

static int check_network(const struct network_policy *network)
{
	int wrong = 0;

	for (size_t i = 0; i < network->n_profiles; i++) {
		const struct network_profile *p = &network->profiles[i];
		for (size_t k = 0; k < p->groups.n; k++) {
			bool found = false;
			for (size_t j = 0; j < network->n_groups; j++) {
				found |= str_equal(network->groups[j].name, p->groups.items[k]);
			}
			if (!found) {
				fprintf(stderr, "network profile '%s': no host group '%s'\n",
					p->name, p->groups.items[k]);
				wrong++;
			}
		}
	}
	return wrong;
}

static int check_profile(const struct library *l, const char *path)
{
	_cleanup_(profile_freep) struct profile *p = NULL;
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	struct nono_error err = { 0 };
	ssize_t n = load(path);

	if (n < 0) {
		return 1;
	}
	if (profile_parse(&p, path, path, text, (size_t)n, is_jsonc(path), &warnings, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	for (size_t i = 0; i < warnings.n; i++) {
		fprintf(stderr, "%s\n", warnings.items[i]);
	}
	return (int)warnings.n + check_names(l, p);
}

static int check(struct library *l, const char *groups, const char *network)
{
	struct nono_error err = { 0 };
	ssize_t n = load(groups);
	int wrong;

	if (n < 0) {
		return 1;
	}
	if (groups_parse(&l->groups, groups, text, (size_t)n, is_jsonc(groups), false, false,
		    &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	n = load(network);
	if (n < 0) {
		return 1;
	}
	if (network_parse(&l->network, network, text, (size_t)n, is_jsonc(network), false, &err) <
		0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	wrong = check_network(&l->network);
	for (int i = 0; i < l->n_profiles; i++) {
		wrong += check_profile(l, l->profiles[i]);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	struct library l = { .profiles = argv + 4, .n_profiles = argc - 4 };
	_cleanup_close_ int stamp = -1;
	int wrong;

	if (argc < 4) {
		fprintf(stderr, "usage: check-documents STAMP GROUPS NETWORK PROFILE…\n");
		return 2;
	}
	wrong = check(&l, argv[2], argv[3]);
	groups_deinit(&l.groups);
	network_deinit(&l.network);
	if (wrong > 0) {
		return 1;
	}
	stamp = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return stamp < 0;
}
