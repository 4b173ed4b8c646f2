/* SPDX-License-Identifier: Apache-2.0 */
/* The network policy: which hosts belong together, and how secrets get to services. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "policy/document.h"
#include "policy/value.h"

#define HOST_MAX 253

static void group_deinit(struct network_group *g)
{
	free(g->name);
	free(g->description);
	strlist_deinit(&g->hosts);
}

static void profile_deinit(struct network_profile *p)
{
	free(p->name);
	free(p->description);
	strlist_deinit(&p->groups);
	strlist_deinit(&p->credentials);
}

static void service_deinit(struct credential_service *s)
{
	free(s->name);
	free(s->upstream);
	free(s->inject_header);
	free(s->credential_format);
	free(s->credential_key);
	free(s->env_var);
}

void network_deinit(struct network_policy *policy)
{
	for (size_t i = 0; i < policy->n_groups; i++) {
		group_deinit(&policy->groups[i]);
	}
	for (size_t i = 0; i < policy->n_profiles; i++) {
		profile_deinit(&policy->profiles[i]);
	}
	for (size_t i = 0; i < policy->n_services; i++) {
		service_deinit(&policy->services[i]);
	}
	free(policy->groups);
	free(policy->profiles);
	free(policy->services);
	*policy = (struct network_policy){ 0 };
}

enum part { PART_GROUPS, PART_PROFILES, PART_SERVICES, _PART_MAX };

static const struct {
	const char *member, *what;
	const struct key_table *keys;
	size_t size; /* of an item; each starts with its name */
} parts[_PART_MAX] = {
	{ "groups", "a host group", &network_group_keys, sizeof(struct network_group) },
	{ "profiles", "a network profile", &network_profile_keys, sizeof(struct network_profile) },
	{ "credentials", "a service", &service_keys, sizeof(struct credential_service) },
};

static void *items_of(const struct network_policy *p, enum part part, size_t *ret_n)
{
	switch (part) {
	case PART_GROUPS:
		*ret_n = p->n_groups;
		return p->groups;
	case PART_PROFILES:
		*ret_n = p->n_profiles;
		return p->profiles;
	case PART_SERVICES:
	case _PART_MAX:
	default:
		*ret_n = p->n_services;
		return p->services;
	}
}

static void set_items(struct network_policy *p, enum part part, void *items, size_t n)
{
	switch (part) {
	case PART_GROUPS:
		p->groups = items;
		p->n_groups = n;
		break;
	case PART_PROFILES:
		p->profiles = items;
		p->n_profiles = n;
		break;
	case PART_SERVICES:
	case _PART_MAX:
	default:
		p->services = items;
		p->n_services = n;
	}
}

static void *find(const struct network_policy *p, enum part part, const char *name)
{
	size_t n;
	char *items = items_of(p, part, &n);

	for (size_t i = 0; i < n; i++) {
		void *item = items + i * parts[part].size;
		if (str_equal(*(char **)item, name)) {
			return item;
		}
	}
	return NULL;
}

static void *append(struct network_policy *p, enum part part)
{
	size_t n, size = parts[part].size;
	void *items = items_of(p, part, &n);

	if (array_grow(&items, n, size) < 0) {
		return NULL;
	}
	set_items(p, part, items, n + 1);
	return memset((char *)items + n * size, 0, size);
}

/* "api.example.org", "*.example.org"; nothing that only looks like a host. */
static bool is_host(const char *s)
{
	size_t n, label = 0;

	s = str_after(s, "*.") ?: s;
	n = strlen(s);
	for (size_t i = 0; i < n; i++) {
		bool word = strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", s[i]) != NULL;
		if (!word && (s[i] != '.' || label == 0)) {
			return false;
		}
		label = word ? label + 1 : 0;
	}
	return label > 0 && n <= HOST_MAX;
}

static int add_host(
	struct reader *r, struct network_group *g, struct json_span at, const char *host)
{
	if (!is_host(host)) {
		return reader_fail(
			r, at, "'%.64s' is no host in lower case, nor *. and a domain", host);
	}
	return strlist_add_once(&g->hosts, host) < 0 ? error_oom(r->err) : 0;
}

static int fill_group(struct reader *r, struct json_span at, size_t line,
	struct profile_value *values, void *item)
{
	struct network_group *g = item;
	const struct profile_value *hosts = &values[HOSTS_HOSTS], *below = &values[HOSTS_SUFFIXES];
	char pattern[HOST_MAX + 8];
	int q = 0;

	g->line = line;
	g->description = TAKE_PTR(values[HOSTS_DESCRIPTION].string);
	g->composed = values[HOSTS_COMPOSED].boolean;
	for (size_t i = 0; q == 0 && i < hosts->n; i++) {
		q = add_host(r, g, at, hosts->items[i].text);
	}
	for (size_t i = 0; q == 0 && i < below->n; i++) {
		snprintf(pattern, sizeof(pattern), "*%s%s", *below->items[i].text == '.' ? "" : ".",
			below->items[i].text);
		q = add_host(r, g, at, pattern);
	}
	return q;
}

static int fill_profile(struct reader *r, struct json_span at, size_t line,
	struct profile_value *values, void *item)
{
	struct network_profile *p = item;

	(void)at;
	p->line = line;
	p->description = TAKE_PTR(values[NETWORK_DESCRIPTION].string);
	return value_to_list(&values[NETWORK_GROUPS], &p->groups) < 0 ||
			       value_to_list(&values[NETWORK_CREDENTIALS], &p->credentials) < 0
		       ? error_oom(r->err)
		       : 0;
}

static int fill_service(struct reader *r, struct json_span at, size_t line,
	struct profile_value *values, void *item)
{
	struct credential_service *s = item;

	(void)r;
	(void)at;
	s->line = line;
	s->upstream = TAKE_PTR(values[SERVICE_UPSTREAM].string);
	s->inject_header = TAKE_PTR(values[SERVICE_INJECT_HEADER].string);
	s->credential_format = TAKE_PTR(values[SERVICE_CREDENTIAL_FORMAT].string);
	s->credential_key = TAKE_PTR(values[SERVICE_CREDENTIAL_KEY].string);
	s->env_var = TAKE_PTR(values[SERVICE_ENV_VAR].string);
	return 0;
}

static int (*const fills[_PART_MAX])(struct reader *r, struct json_span at, size_t line,
	struct profile_value *values, void *item) = { fill_group, fill_profile, fill_service };

#define PART_KEYS_MAX 8
_Static_assert((int)_HOSTS_MAX <= PART_KEYS_MAX && (int)_NETWORK_MAX <= PART_KEYS_MAX &&
		       (int)_SERVICE_MAX <= PART_KEYS_MAX,
	"room for every table");

/* known is NULL when names may be there already. */
static int read_item(struct reader *r, struct network_policy *into, enum part part,
	const struct network_policy *known, struct json_span key, struct json_span v)
{
	struct profile_value values[PART_KEYS_MAX] = { 0 };
	void *item = append(into, part);
	char **name = item;
	size_t line = reader_line(r, key);
	int q;

	if (!item) {
		return error_oom(r->err);
	}
	q = reader_name(r, key, parts[part].what, name);
	if (q < 0) {
		return q;
	}
	if (json_kind(v) != JSON_OBJECT) {
		return reader_fail(r, v, "'%s' must be an object", *name);
	}
	if (known && find(known, part, *name)) {
		return reader_fail(r, key, "there is '%s' already; choose another name", *name);
	}
	q = reader_members(r, parts[part].keys, v, values);
	if (q == 0) {
		q = fills[part](r, key, line, values, item);
	}
	for (size_t i = 0; i < PART_KEYS_MAX; i++) {
		value_deinit(&values[i]);
	}
	return q;
}

static int read_part(struct reader *r, struct network_policy *into, enum part part,
	const struct network_policy *known, struct json_span v)
{
	struct json_iter it = json_iter(v);
	struct json_span key, item;
	int q = 0;

	if (json_kind(v) != JSON_OBJECT) {
		return reader_fail(r, v, "'%s' must be an object", parts[part].member);
	}
	while (q == 0 && json_next(&it, &key, &item)) {
		q = read_item(r, into, part, known, key, item);
	}
	return q;
}

static int read_policy(
	struct reader *r, struct network_policy *into, const struct network_policy *known)
{
	struct json_iter it = json_iter(r->root);
	struct json_span key, v;
	int q = 0;

	while (q == 0 && json_next(&it, &key, &v)) {
		enum part part = PART_GROUPS;
		if (json_string_equal(key, "$schema") || json_string_equal(key, "meta")) {
			continue;
		}
		while (part < _PART_MAX && !json_string_equal(key, parts[part].member)) {
			part++;
		}
		q = part < _PART_MAX
			    ? read_part(r, into, part, known, v)
			    : reader_fail(r, key,
				      "a network policy has groups, profiles, credentials and "
				      "meta only");
	}
	return q;
}

static void replace(char **s, char **by)
{
	if (*by) {
		free(*s);
		*s = TAKE_PTR(*by);
	}
}

static int add_group(struct network_policy *into, struct network_group *g)
{
	struct network_group *there = find(into, PART_GROUPS, g->name);

	if (there) {
		there->composed |= g->composed;
		replace(&there->description, &g->description);
		return strlist_add_all_once(&there->hosts, &g->hosts);
	}
	there = append(into, PART_GROUPS);
	if (!there) {
		return -ENOMEM;
	}
	*there = *g;
	*g = (struct network_group){ 0 };
	return 0;
}

static int add_profile(struct network_policy *into, struct network_profile *p)
{
	struct network_profile *there = find(into, PART_PROFILES, p->name);

	if (there) {
		replace(&there->description, &p->description);
		return strlist_add_all_once(&there->groups, &p->groups) < 0 ||
				       strlist_add_all_once(&there->credentials, &p->credentials) <
					       0
			       ? -ENOMEM
			       : 0;
	}
	there = append(into, PART_PROFILES);
	if (!there) {
		return -ENOMEM;
	}
	*there = *p;
	*p = (struct network_profile){ 0 };
	return 0;
}

static int add_service(struct network_policy *into, struct credential_service *s)
{
	struct credential_service *there = find(into, PART_SERVICES, s->name);

	if (there) {
		replace(&there->upstream, &s->upstream);
		replace(&there->inject_header, &s->inject_header);
		replace(&there->credential_format, &s->credential_format);
		replace(&there->credential_key, &s->credential_key);
		replace(&there->env_var, &s->env_var);
		return 0;
	}
	there = append(into, PART_SERVICES);
	if (!there) {
		return -ENOMEM;
	}
	*there = *s;
	*s = (struct credential_service){ 0 };
	return 0;
}

int network_parse(struct network_policy *into, const char *file, const char *text, size_t n,
	bool jsonc, bool extends, struct nono_error *err)
{
	_cleanup_(reader_deinit) struct reader r = { .file = file, .err = err };
	_cleanup_(network_deinit) struct network_policy policy = { 0 };
	int q, failed = 0;

	q = reader_init(&r, text, n, jsonc);
	if (q == 0) {
		q = read_policy(&r, &policy, extends ? NULL : into);
	}
	if (q < 0) {
		return q;
	}
	for (size_t i = 0; i < policy.n_groups; i++) {
		failed |= add_group(into, &policy.groups[i]);
	}
	for (size_t i = 0; i < policy.n_profiles; i++) {
		failed |= add_profile(into, &policy.profiles[i]);
	}
	for (size_t i = 0; i < policy.n_services; i++) {
		failed |= add_service(into, &policy.services[i]);
	}
	return failed ? error_oom(err) : 0;
}
