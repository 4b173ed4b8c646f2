/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of keys, for the parsers, the schemas and the tests. */
#pragma once
#include "policy/profile.h"

/* What other versions of nono know and this one does not. */
enum aside {
	ASIDE_FOREIGN, /* for another platform: ignored, with a warning */
	ASIDE_LATER,   /* would only give more: ignored, with a warning */
	ASIDE_REFUSED, /* would take something away: an error, so that nobody relies on it */
};

struct set_aside {
	const char *path; /* the key and everything in it */
	enum aside aside;
	const char *idle; /* ASIDE_REFUSED: JSON text of the value that changes nothing */
};

struct key_table {
	const struct key_spec *specs;
	size_t n;
	const struct set_aside *aside;
	size_t n_aside;
};

enum group_key {
	GROUP_DESCRIPTION,
	GROUP_PLATFORM,
	GROUP_REQUIRED,
	GROUP_LOCKED,
	GROUP_READ,
	GROUP_READ_FILE,
	GROUP_WRITE,
	GROUP_READ_WRITE,
	GROUP_DENY,
	GROUP_DENY_COMMANDS,
	GROUP_DENY_UNLINK,
	_GROUP_MAX,
};

enum network_group_key {
	HOSTS_DESCRIPTION,
	HOSTS_HOSTS,
	HOSTS_SUFFIXES,
	HOSTS_COMPOSED,
	_HOSTS_MAX,
};

enum network_profile_key {
	NETWORK_DESCRIPTION,
	NETWORK_GROUPS,
	NETWORK_CREDENTIALS,
	_NETWORK_MAX,
};

enum service_key {
	SERVICE_UPSTREAM,
	SERVICE_INJECT_HEADER,
	SERVICE_CREDENTIAL_FORMAT,
	SERVICE_CREDENTIAL_KEY,
	SERVICE_ENV_VAR,
	_SERVICE_MAX,
};

extern const struct key_table profile_keys, group_keys, network_group_keys, network_profile_keys,
	service_keys;
