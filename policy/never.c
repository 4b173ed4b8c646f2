/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/never.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/canonical.h"

enum never_base {
	BASE_ROOT,
	BASE_HOME,
	BASE_CONFIG,
	BASE_STATE,
	BASE_DATA,
	BASE_RUNTIME,
	BASE_NONO
};

static const struct {
	enum never_base base;
	const char *path;
	enum never_rule rule;
	const char *what;
} rows[] = {
	{ BASE_CONFIG, "nono", NEVER_ACCESS, "nono's configuration" },
	{ BASE_STATE, "nono", NEVER_ACCESS, "nono's state" },
	{ BASE_DATA, "nono", NEVER_ACCESS, "nono's data" },
	{ BASE_HOME, ".nono", NEVER_ACCESS, "nono's state" },
	{ BASE_NONO, ".", NEVER_ACCESS, "nono's runtime directory" },
	{ BASE_ROOT, "/etc/nono", NEVER_WRITE, "nono's configuration" },

	{ BASE_HOME, ".ssh/id_rsa", NEVER_ACCESS, "a private key" },
	{ BASE_HOME, ".ssh/id_dsa", NEVER_ACCESS, "a private key" },
	{ BASE_HOME, ".ssh/id_ecdsa", NEVER_ACCESS, "a private key" },
	{ BASE_HOME, ".ssh/id_ecdsa_sk", NEVER_ACCESS, "a private key" },
	{ BASE_HOME, ".ssh/id_ed25519", NEVER_ACCESS, "a private key" },
	{ BASE_HOME, ".ssh/id_ed25519_sk", NEVER_ACCESS, "a private key" },
	{ BASE_HOME, ".ssh/authorized_keys", NEVER_ACCESS, "who may log in" },
	{ BASE_HOME, ".gnupg", NEVER_ACCESS, "private keys" },
	{ BASE_DATA, "keyrings", NEVER_ACCESS, "a keyring" },
	{ BASE_DATA, "kwalletd", NEVER_ACCESS, "a keyring" },
	{ BASE_RUNTIME, "keyring", NEVER_ACCESS, "the keyring's sockets" },
	{ BASE_RUNTIME, "gnupg", NEVER_ACCESS, "the key agent's sockets" },

	/* What the user's service manager and desktop run later, without a sandbox. */
	{ BASE_CONFIG, "systemd", NEVER_ACCESS, "the user's service units" },
	{ BASE_DATA, "systemd", NEVER_ACCESS, "the user's service units" },
	{ BASE_RUNTIME, "systemd", NEVER_ACCESS, "the user's service manager" },
	{ BASE_CONFIG, "environment.d", NEVER_ACCESS, "the environment of the user's services" },
	{ BASE_CONFIG, "autostart", NEVER_ACCESS, "what starts with the desktop" },
	{ BASE_ROOT, "/etc/systemd", NEVER_WRITE, "service units" },
	{ BASE_ROOT, "/run/systemd", NEVER_WRITE, "the service manager's files" },
	{ BASE_ROOT, "/usr/lib/systemd", NEVER_WRITE, "service units" },
	{ BASE_ROOT, "/lib/systemd", NEVER_WRITE, "service units" },
	{ BASE_ROOT, "/usr/local/lib/systemd", NEVER_WRITE, "service units" },
	{ BASE_ROOT, "/etc/xdg/autostart", NEVER_WRITE, "what starts with the desktop" },
	{ BASE_ROOT, "/etc/crontab", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/etc/cron.d", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/etc/cron.hourly", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/etc/cron.daily", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/etc/cron.weekly", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/etc/cron.monthly", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/var/spool/cron", NEVER_WRITE, "scheduled jobs" },
	{ BASE_ROOT, "/etc/ld.so.preload", NEVER_WRITE, "code loaded into every program" },

	{ BASE_ROOT, "/etc/shadow", NEVER_ACCESS, "passwords" },
	{ BASE_ROOT, "/etc/shadow-", NEVER_ACCESS, "passwords" },
	{ BASE_ROOT, "/etc/gshadow", NEVER_ACCESS, "passwords" },
	{ BASE_ROOT, "/etc/gshadow-", NEVER_ACCESS, "passwords" },
	{ BASE_ROOT, "/etc/security/opasswd", NEVER_ACCESS, "passwords" },
	{ BASE_ROOT, "/etc/sudoers", NEVER_ACCESS, "who may become root" },
	{ BASE_ROOT, "/etc/sudoers.d", NEVER_ACCESS, "who may become root" },
	{ BASE_ROOT, "/boot", NEVER_ACCESS, "what the machine boots" },
	{ BASE_ROOT, "/sys/fs/cgroup", NEVER_ACCESS, "the control groups that hold the sessions" },
	{ BASE_ROOT, "/proc/kcore", NEVER_NAMED, "the kernel's memory" },
	{ BASE_ROOT, "/proc/kmem", NEVER_NAMED, "the kernel's memory" },
	{ BASE_ROOT, "/dev/mem", NEVER_NAMED, "the machine's memory" },
	{ BASE_ROOT, "/dev/kmem", NEVER_NAMED, "the kernel's memory" },
	{ BASE_ROOT, "/dev/port", NEVER_NAMED, "the machine's ports" },
};

struct entry {
	char *path;
	enum never_rule rule;
	const char *what; /* static */
	bool below_home;
};

struct never {
	struct entry *entries;
	size_t n;
};

static const char *base_path(const struct policy_places *p, enum never_base base)
{
	switch (base) {
	case BASE_HOME:
		return p->home;
	case BASE_CONFIG:
		return p->config;
	case BASE_STATE:
		return p->state;
	case BASE_DATA:
		return p->data;
	case BASE_RUNTIME:
		return p->runtime;
	case BASE_NONO:
		return p->nono;
	case BASE_ROOT:
	default:
		return "/";
	}
}

/* Takes path, also when it fails. */
static int add(struct never *never, char *path, enum never_rule rule, const char *what,
	struct nono_error *err)
{
	void *items = never->entries;

	if (!path || array_grow(&items, never->n, sizeof(*never->entries)) < 0) {
		free(path);
		return error_oom(err);
	}
	never->entries = items;
	never->entries[never->n++] = (struct entry){ .path = path, .rule = rule, .what = what };
	return 0;
}

static bool has(const struct never *never, const char *path, enum never_rule rule)
{
	for (size_t i = 0; path && i < never->n; i++) {
		if (never->entries[i].rule == rule && str_equal(never->entries[i].path, path)) {
			return true;
		}
	}
	return false;
}

static int add_rows(struct never *never, const struct policy_places *places, struct nono_error *err)
{
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const char *base = base_path(places, rows[i].base);
		char *path = base ? path_absolute(base, rows[i].path) : NULL;
		int r;
		if (!base || has(never, path, rows[i].rule)) {
			free(path);
			continue;
		}
		r = add(never, path, rows[i].rule, rows[i].what, err);
		if (r < 0) {
			return r;
		}
		never->entries[never->n - 1].below_home =
			rows[i].base != BASE_ROOT && rows[i].base != BASE_RUNTIME &&
			rows[i].base != BASE_NONO && rows[i].rule == NEVER_ACCESS;
	}
	return 0;
}

/* The environment of whoever started us may name other places than that of the service manager, the
 * desktop and the shells, which use the usual ones. */
static int add_usual(struct never *never, const char *home, struct nono_error *err)
{
	_cleanup_free_ char *config = path_absolute(home, ".config");
	_cleanup_free_ char *state = path_absolute(home, ".local/state");
	_cleanup_free_ char *data = path_absolute(home, ".local/share");
	const struct policy_places usual = {
		.home = (char *)home, .config = config, .state = state, .data = data
	};

	return config && state && data ? add_rows(never, &usual, err) : error_oom(err);
}

int never_new(struct never **ret, const struct policy_places *places,
	const char *const *program_dirs, struct nono_error *err)
{
	_cleanup_(never_freep) struct never *never = calloc(1, sizeof(*never));
	int r;

	if (!never) {
		return error_oom(err);
	}
	r = add_rows(never, places, err);
	if (r == 0) {
		r = add_usual(never, places->home, err);
	}
	if (r == 0 && places->account && !str_equal(places->account, places->home)) {
		r = add_usual(never, places->account, err);
	}
	if (r < 0) {
		return r;
	}
	for (; *program_dirs; program_dirs++) {
		r = add(never, path_absolute("/", *program_dirs), NEVER_WRITE,
			"where nono's own programs are", err);
		if (r < 0) {
			return r;
		}
	}
	*ret = TAKE_PTR(never);
	return 0;
}

void never_free(struct never *never)
{
	if (!never) {
		return;
	}
	for (size_t i = 0; i < never->n; i++) {
		free(never->entries[i].path);
	}
	free(never->entries);
	free(never);
}

/* Takes path. Adds what e means under that name, unless it is known. */
static int add_other(struct never *never, char *path, const struct entry *e, struct nono_error *err)
{
	if (has(never, path, e->rule)) {
		free(path);
		return 0;
	}
	return add(never, path, e->rule, e->what, err);
}

int never_add_canonical(struct never *never, struct nono_error *err)
{
	_cleanup_(canonical_memo_deinit) struct canonical_memo memo = { 0 };
	size_t n = never->n;

	for (size_t i = 0; i < n; i++) {
		const struct entry e = never->entries[i];
		int r = add_other(never, canonical_target(e.path, &memo), &e, err);
		if (r == 0) {
			r = add_other(never, canonical_name(e.path, &memo), &e, err);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int never_check(const struct never *never, const char *path, enum nono_access access, bool is_file,
	const char **ret_hint, struct nono_error *err)
{
	for (size_t i = 0; i < never->n; i++) {
		const struct entry *e = &never->entries[i];
		const char *verb = e->rule == NEVER_WRITE ? "write" : "use";
		enum path_relation relation = path_relate(path, e->path);
		if (relation == PATH_APART ||
			(e->rule == NEVER_WRITE && (access & NONO_WRITE) == 0)) {
			continue;
		}
		if (relation == PATH_BELOW) {
			*ret_hint =
				e->rule == NEVER_WRITE
					? "It can be granted for reading."
					: "Nothing can grant it; do this part outside the sandbox.";
			return str_equal(path, e->path)
				       ? error_set(err, NONO_REFUSED, EPERM,
						 "no session may %s %s (%s)", verb, path, e->what)
				       : error_set(err, NONO_REFUSED, EPERM,
						 "no session may %s %s: it is inside %s (%s)", verb,
						 path, e->path, e->what);
		}
		if (!is_file && e->rule != NEVER_NAMED) {
			*ret_hint =
				e->rule == NEVER_WRITE
					? "Grant it for reading, or grant only the directories inside it that are needed."
					: "Grant only the directories inside it that are needed.";
			return error_set(err, NONO_REFUSED, EPERM,
				"%s cannot be granted as a whole: it contains %s (%s), which no "
				"session may %s",
				path, e->path, e->what, verb);
		}
	}
	return 0;
}

const char *never_below_home(const struct never *never, size_t index, const char **ret_what)
{
	for (size_t i = 0; i < never->n; i++) {
		if (never->entries[i].below_home && index-- == 0) {
			*ret_what = never->entries[i].what;
			return never->entries[i].path;
		}
	}
	return NULL;
}
