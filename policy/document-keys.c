/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy group, a host group, a network profile and a credential service may say. */
#include "libcore/base/cleanup.h"
#include "policy/keys.h"

#define LIST(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static const struct key_spec group_specs[_GROUP_MAX] = {
	[GROUP_DESCRIPTION] = { .path = "description",
		.kind = VALUE_STRING,
		.help = "what the group is for; shown when one of its rules decides" },
	[GROUP_PLATFORM] = { .path = "platform",
		.kind = VALUE_WORD,
		.words = LIST("linux", "macos"),
		.help = "where the group applies; elsewhere it contributes nothing" },
	[GROUP_REQUIRED] = { .path = "required",
		.kind = VALUE_BOOL,
		.help = "no profile can exclude the group" },
	[GROUP_LOCKED] = { .path = "locked",
		.kind = VALUE_BOOL,
		.help = "in every session, and nothing it denies can be lifted (administrators only)" },
	[GROUP_READ] = { .path = "allow.read",
		.kind = VALUE_PATHS,
		.help = "directories or files, for reading and executing" },
	[GROUP_READ_FILE] = { .path = "allow.read_file",
		.kind = VALUE_PATHS,
		.help = "files, for reading; where there is a directory instead, nothing" },
	[GROUP_WRITE] = { .path = "allow.write",
		.kind = VALUE_PATHS,
		.help = "directories or files, for writing only" },
	[GROUP_READ_WRITE] = { .path = "allow.readwrite",
		.kind = VALUE_PATHS,
		.help = "directories or files, for reading and writing" },
	[GROUP_DENY] = { .path = "deny.access",
		.kind = VALUE_PATHS,
		.help = "paths nothing may be granted at or below" },
	[GROUP_DENY_COMMANDS] = { .path = "deny.commands",
		.kind = VALUE_STRINGS,
		.help = "commands that may not be started" },
	[GROUP_DENY_UNLINK] = { .path = "deny.unlink",
		.kind = VALUE_BOOL,
		.help = "no deletion outside what is granted for writing; always so on Linux" },
};

static const struct set_aside group_aside[] = {
	{ "deny.unlink_override_for_user_writable", ASIDE_FOREIGN, NULL },
	{ "symlink_pairs", ASIDE_FOREIGN, NULL },
};

const struct key_table group_keys = {
	.specs = group_specs,
	.n = _GROUP_MAX,
	.aside = group_aside,
	.n_aside = ELEMENTSOF(group_aside),
};

static const struct key_spec network_group_specs[_HOSTS_MAX] = {
	[HOSTS_DESCRIPTION] = { .path = "description", .kind = VALUE_STRING, .help = "for people" },
	[HOSTS_HOSTS] = { .path = "hosts",
		.kind = VALUE_STRINGS,
		.help = "names of hosts, or *.example.org for all below it" },
	[HOSTS_SUFFIXES] = { .path = "suffixes",
		.kind = VALUE_STRINGS,
		.help = "the same as *.example.org, written .example.org" },
	[HOSTS_COMPOSED] = { .path = "composed",
		.kind = VALUE_BOOL,
		.help = "hosts come from what the package clients are configured for" },
};

const struct key_table network_group_keys = { .specs = network_group_specs, .n = _HOSTS_MAX };

static const struct key_spec network_profile_specs[_NETWORK_MAX] = {
	[NETWORK_DESCRIPTION] = { .path = "description",
		.kind = VALUE_STRING,
		.help = "for people" },
	[NETWORK_GROUPS] = { .path = "groups",
		.kind = VALUE_STRINGS,
		.help = "host groups that may be reached" },
	[NETWORK_CREDENTIALS] = { .path = "credentials",
		.kind = VALUE_STRINGS,
		.help = "services whose secrets are added outside the session" },
};

const struct key_table network_profile_keys = { .specs = network_profile_specs, .n = _NETWORK_MAX };

static const struct key_spec service_specs[_SERVICE_MAX] = {
	[SERVICE_UPSTREAM] = { .path = "upstream",
		.kind = VALUE_STRING,
		.help = "URL of the service; https, or http on this machine" },
	[SERVICE_INJECT_HEADER] = { .path = "inject_header",
		.kind = VALUE_STRING,
		.help = "the header the secret goes into" },
	[SERVICE_CREDENTIAL_FORMAT] = { .path = "credential_format",
		.kind = VALUE_STRING,
		.help = "the header's value, with {} for the secret" },
	[SERVICE_CREDENTIAL_KEY] = { .path = "credential_key",
		.kind = VALUE_STRING,
		.help = "where the secret is kept: a name in the keyring, or env://NAME" },
	[SERVICE_ENV_VAR] = { .path = "env_var",
		.kind = VALUE_STRING,
		.help = "the variable in which the command expects the secret" },
};

const struct key_table service_keys = { .specs = service_specs, .n = _SERVICE_MAX };
