/* SPDX-License-Identifier: Apache-2.0 */
/* Everything in a decision that is neither a path nor the network. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/env.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "policy/resolve-private.h"

static int block(struct resolution *s, const char *name, const char *source)
{
	struct nono_caps *caps = s->result.caps;
	size_t n = caps->blocked_commands.n;
	int r = nono_caps_block_command(caps, name, s->err);

	if (r < 0) {
		return error_wrap(s->err, "%s", source);
	}
	if (caps->blocked_commands.n > n && strlist_add(&s->result.command_sources, source) < 0) {
		return error_oom(s->err);
	}
	return 0;
}

static int lock(struct resolution *s, const char *name)
{
	return strlist_add_once(&s->result.locked_commands, name) < 0 ? error_oom(s->err) : 0;
}

/* The group of an administrator that blocks it, or NULL. */
static const struct policy_group *locked_by(const struct resolution *s, const char *name)
{
	for (size_t i = 0; i < s->n_groups; i++) {
		if (s->groups[i]->locked && strlist_has(&s->groups[i]->deny_commands, name)) {
			return s->groups[i];
		}
	}
	return NULL;
}

static int block_all(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_COMMANDS_DENY];
	int r = 0;

	for (size_t i = 0; i < s->n_groups; i++) {
		const struct strlist *names = &s->groups[i]->deny_commands;
		char source[300];
		snprintf(source, sizeof(source), "group %s", s->groups[i]->name);
		for (size_t k = 0; r == 0 && k < names->n; k++) {
			r = block(s, names->items[k], source);
			if (r == 0 && s->groups[i]->locked) {
				r = lock(s, names->items[k]);
			}
		}
	}
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		r = block(s, v->items[i].text, v->items[i].from);
	}
	for (size_t i = 0; r == 0 && i < s->request->block_commands.n; i++) {
		r = block(s, s->request->block_commands.items[i], "--block-command");
	}
	return r;
}

/* An administrator's block stays whatever a profile says; a flag is told so. */
static int allow_all(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_COMMANDS_ALLOW];
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++) {
		if (!locked_by(s, v->items[i].text)) {
			r = nono_caps_allow_command(s->result.caps, v->items[i].text, s->err);
			r = r < 0 ? error_wrap(s->err, "%s", v->items[i].from) : 0;
		}
	}
	for (size_t i = 0; r == 0 && i < s->request->allow_commands.n; i++) {
		const char *name = s->request->allow_commands.items[i];
		const struct policy_group *g = locked_by(s, name);
		if (g) {
			*s->ret_hint = "The rule is the administrator's; nothing lifts it.";
			return error_set(s->err, NONO_REFUSED, EPERM,
				"--allow-command %s: group %s blocks it, and is locked (%s)", name,
				g->name, g->file);
		}
		r = nono_caps_allow_command(s->result.caps, name, s->err);
		r = r < 0 ? error_wrap(s->err, "--allow-command") : 0;
	}
	return r;
}

int resolution_commands(struct resolution *s)
{
	const char *command = s->request->command;
	const char *slash = command ? strrchr(command, '/') : NULL;
	int r = block_all(s);

	if (r == 0) {
		r = allow_all(s);
	}
	if (r < 0 || !command || s->mode != POLICY_START ||
		!nono_caps_command_blocked(s->result.caps, command)) {
		return r;
	}
	command = slash ? slash + 1 : command;
	if (!locked_by(s, command)) {
		*s->ret_hint = "--allow-command with its name allows it for this run.";
	}
	return error_set(s->err, NONO_REFUSED, EPERM, "blocked command: %s", command);
}

static int add_items(struct strlist *to, const struct profile_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (strlist_add_once(to, v->items[i].text) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int check_set(struct resolution *s, const struct profile_item *item)
{
	const char *name = item->text;

	if (name[0] == '\0' || strchr(name, '=')) {
		return error_set(s->err, NONO_INVALID, EINVAL, "%s: '%s' is no name for a variable",
			item->from, name);
	}
	if (str_equal(name, "PATH") || str_after(name, "NONO_") || env_is_loader_variable(name)) {
		return error_set(s->err, NONO_REFUSED, EPERM, "%s: a profile cannot set %s",
			item->from, name);
	}
	return 0;
}

static int set_variables(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_ENV_SET];

	for (size_t i = 0; i < v->n; i++) {
		const struct profile_item *item = &v->items[i];
		_cleanup_free_ char *value = NULL;
		char *entry;
		int r = check_set(s, item);
		if (r < 0) {
			return r;
		}
		r = variables_expand(&value, item->value ? item->value : "", &s->variables, s->err);
		if (r != 0) {
			error_wrap(s->err, "%s: %s", item->from, item->text);
			return r == VARIABLE_UNSET ? -EINVAL : r;
		}
		if (asprintf(&entry, "%s=%s", item->text, value) < 0) {
			entry = NULL;
		}
		if (strlist_take(&s->result.environment.set, entry) < 0) {
			return error_oom(s->err);
		}
	}
	return 0;
}

int resolution_environment(struct resolution *s)
{
	const struct profile_value *values = s->profile->values;
	struct environment_rules *rules = &s->result.environment;
	int r;

	rules->has_allow = values[KEY_ENV_ALLOW].present;
	rules->strip_secrets = values[KEY_ENV_STRIP_SECRETS].boolean;
	r = add_items(&rules->allow, &values[KEY_ENV_ALLOW]);
	if (r == 0) {
		r = add_items(&rules->deny, &values[KEY_ENV_DENY]);
	}
	for (size_t i = 0; r == 0 && i < s->request->keep_variables.n; i++) {
		r = strlist_add_once(&rules->keep, s->request->keep_variables.items[i]);
	}
	return r < 0 ? error_oom(s->err) : set_variables(s);
}

static int need_unix_sockets(struct resolution *s)
{
	for (int k = KEY_UNIX_SOCKET; k <= KEY_UNIX_SOCKET_SUBTREE_BIND; k++) {
		const struct profile_value *v = &s->profile->values[k];
		if (v->n > 0) {
			return resolution_need(s, NEED_UNIX_SOCKETS,
				"%s: %s cannot be kept to single sockets by this version: take the "
				"key out of the profile",
				v->items[0].from, key_specs[k].path);
		}
	}
	return 0;
}

int resolution_settings(struct resolution *s)
{
	const struct profile_value *values = s->profile->values;
	struct policy_result *r = &s->result;
	int q = need_unix_sockets(s);

	r->interactive = values[KEY_INTERACTIVE].boolean;
	r->capability_elevation = values[KEY_CAPABILITY_ELEVATION].boolean;
	if (q == 0 && r->capability_elevation) {
		q = resolution_need(s, NEED_SUPERVISED,
			"%s: this version cannot ask while a command runs: set "
			"security.capability_elevation to false, and grant what is needed",
			values[KEY_CAPABILITY_ELEVATION].from);
	}
	if (q == 0 && values[KEY_ENV_CREDENTIALS].n > 0) {
		q = resolution_need(s, NEED_KEYRING,
			"%s: this version cannot load credentials: take env_credentials out of the "
			"profile, and pass the variable with --env",
			values[KEY_ENV_CREDENTIALS].items[0].from);
	}
	/* The parser knows the words; what a profile does not say is the default. */
	if (values[KEY_SIGNAL_MODE].string) {
		nono_signal_mode_from_string(values[KEY_SIGNAL_MODE].string, &r->caps->signal_mode);
	}
	if (values[KEY_IPC_MODE].string) {
		nono_ipc_mode_from_string(values[KEY_IPC_MODE].string, &r->caps->ipc_mode);
	}
	return q;
}
