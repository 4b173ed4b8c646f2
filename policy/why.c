/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/why.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "policy/hosts.h"

const char *why_reason_to_string(enum why_reason r)
{
	static const char *const words[] = {
		[WHY_GRANTED_PATH] = "granted_path",
		[WHY_NETWORK_ALLOWED] = "network_allowed",
		[WHY_PROXY_ALLOWED] = "proxy_allowed",
		[WHY_SENSITIVE_PATH] = "sensitive_path",
		[WHY_NEVER_GRANTABLE] = "never_grantable",
		[WHY_INSUFFICIENT_ACCESS] = "insufficient_access",
		[WHY_PATH_NOT_GRANTED] = "path_not_granted",
		[WHY_NETWORK_BLOCKED] = "network_blocked",
		[WHY_PROXY_FILTERED] = "proxy_filtered",
		[WHY_COMMAND_ALLOWED] = "command_allowed",
		[WHY_COMMAND_BLOCKED] = "command_blocked",
	};

	return (size_t)r < ELEMENTSOF(words) ? words[r] : NULL;
}

void why_answer_deinit(struct why_answer *a)
{
	free(a->details);
	free(a->granted_path);
	free(a->source);
	free(a->policy_source);
	free(a->suggested_flag);
	*a = (struct why_answer){ 0 };
}

/* Formats into a new string; the answer is complete when none of them failed. */
static char *text(bool *failed, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static char *text(bool *failed, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		*failed = true;
		return NULL;
	}
	return s;
}

/* A word for the shell: quoted when it needs to be. */
static char *shell_word(const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_@%+=:,./-";
	_cleanup_(buf_deinit) struct buf out = { 0 };

	if (*s && s[strspn(s, plain)] == '\0') {
		return strdup(s);
	}
	buf_append_char(&out, '\'');
	for (; *s; s++) {
		if (*s == '\'') {
			buf_append_str(&out, "'\\''");
		} else {
			buf_append_char(&out, *s);
		}
	}
	buf_append_char(&out, '\'');
	return buf_take(&out);
}

/* "group NAME" of a rule is "group:NAME" of a grant. */
static char *policy_source(const char *rule_source, bool *failed)
{
	const char *group = str_after(rule_source, "group ");

	return group ? text(failed, "group:%s", group) : text(failed, "%s", rule_source);
}

static char *grant_source(const struct nono_fs_grant *g, bool *failed)
{
	return g->source_name
		       ? text(failed, "%s:%s", nono_source_to_string(g->source), g->source_name)
		       : text(failed, "%s", nono_source_to_string(g->source));
}

/* What the kernel asks for one operation. */
struct need {
	const char *path; /* the object that is asked about */
	unsigned access;  /* enum nono_access */
	bool directory;   /* a grant of a file does not help */
};

/* What grants give for it. */
struct cover {
	unsigned granted;                                 /* all together */
	const struct nono_fs_grant *sufficient, *partial; /* the deepest of each kind */
};

static bool is_deeper(const struct nono_fs_grant *a, const struct nono_fs_grant *b)
{
	return !b || strlen(a->resolved) > strlen(b->resolved);
}

static struct cover find_cover(const struct nono_caps *caps, const struct need *need)
{
	struct cover c = { 0 };

	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		bool covers = g->is_file ? !need->directory && str_equal(need->path, g->resolved)
					 : path_is_below(need->path, g->resolved);
		if (!covers) {
			continue;
		}
		c.granted |= (unsigned)g->access;
		if (((unsigned)g->access & need->access) == need->access &&
			is_deeper(g, c.sufficient)) {
			c.sufficient = g;
		}
		if (is_deeper(g, c.partial)) {
			c.partial = g;
		}
	}
	return c;
}

/* The directory path is in; NULL when out of memory. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* One entry for each object that is asked about: what is at path itself, and its directory. */
static size_t list_needs(const struct why_path *q, const char *directory, struct need needs[3])
{
	unsigned operations = q->operations;
	size_t n = 0;

	if (!q->exists && (operations & WHY_WRITE)) {
		operations = (operations & ~(unsigned)WHY_WRITE) | WHY_CREATE;
	}
	if (operations & (WHY_READ | WHY_EXECUTE)) {
		needs[n++] = (struct need){ q->path, NONO_READ, false };
	}
	if (operations & WHY_WRITE) {
		needs[n++] = (struct need){ q->path, NONO_WRITE, q->is_dir };
	}
	if (operations & (WHY_CREATE | WHY_DELETE)) {
		needs[n++] = (struct need){ directory, NONO_WRITE, true };
	}
	return n;
}

static const char *flag_for(unsigned access, bool directory)
{
	switch (access) {
	case NONO_READ:
		return directory ? "--read" : "--read-file";
	case NONO_WRITE:
		return directory ? "--write" : "--write-file";
	default:
		return directory ? "--allow" : "--allow-file";
	}
}

/* Whether a session could be given this. */
static bool is_grantable(const struct policy_result *policy, const struct never *never,
	const char *path, unsigned access, bool directory)
{
	const char *hint;

	return never_check(never, path, (enum nono_access)access, !directory, &hint, NULL) == 0 &&
	       deny_check(&policy->deny, path, NULL) != DENY_COVERS;
}

/* The flag that would give what is asked: for the object when it is there, else for the nearest
 * directory that is. NULL when there is none that could be had. */
static char *suggest(const struct why_path *q, const struct policy_result *policy,
	const struct never *never, const char *directory, bool *failed)
{
	struct need needs[3];
	size_t n = list_needs(q, directory, needs);
	const char *path = q->path;
	_cleanup_free_ char *word = NULL;
	bool is_dir = q->is_dir;
	unsigned access = 0;

	for (size_t i = 0; i < n; i++) {
		access |= needs[i].access;
		if (needs[i].path == directory) {
			path = directory;
			is_dir = true;
		}
	}
	if (!q->exists) {
		path = q->parent ? q->parent : directory;
		is_dir = true;
	}
	if (!is_grantable(policy, never, path, access, is_dir)) {
		return NULL;
	}
	word = shell_word(path);
	if (!word) {
		*failed = true;
		return NULL;
	}
	return text(failed, "%s %s", flag_for(access, is_dir), word);
}

static void answer_covered(
	struct why_answer *a, const struct need *need, const struct cover *c, bool *failed)
{
	const struct nono_fs_grant *g = c->sufficient ? c->sufficient : c->partial;

	if (!g) {
		return;
	}
	a->granted_path = text(failed, "%s", g->resolved);
	a->source = grant_source(g, failed);
	a->access = g->access;
	if (a->allowed && !c->sufficient) {
		/* Only several grants together give it. */
		a->access = (enum nono_access)(c->granted & need->access);
	}
}

static void answer_uncovered(struct why_answer *a, const struct why_path *q,
	const struct need *need, const struct cover *c, bool *failed)
{
	bool about_directory = need->path != q->path;

	if (c->granted == 0) {
		a->reason = WHY_PATH_NOT_GRANTED;
		a->details = about_directory
				     ? text(failed, "No grant covers %s, the directory of %s",
					       need->path, q->path)
				     : text(failed, "No grant covers %s", q->path);
		return;
	}
	a->reason = WHY_INSUFFICIENT_ACCESS;
	a->details = text(failed, "%s is granted for %s, and %s is needed", need->path,
		nono_access_to_string((enum nono_access)c->granted),
		nono_access_to_string((enum nono_access)need->access));
}

static void answer_grants(struct why_answer *a, const struct policy_result *policy,
	const struct never *never, const struct why_path *q, const char *directory, bool *failed)
{
	struct need needs[3];
	size_t n = list_needs(q, directory, needs);
	struct cover c = { 0 };

	a->allowed = true;
	a->reason = WHY_GRANTED_PATH;
	for (size_t i = 0; i < n && a->allowed; i++) {
		c = find_cover(policy->caps, &needs[i]);
		a->allowed = (c.granted & needs[i].access) == needs[i].access;
		if (!a->allowed) {
			answer_uncovered(a, q, &needs[i], &c, failed);
			a->suggested_flag = suggest(q, policy, never, directory, failed);
		}
		if (!a->allowed || i == n - 1) {
			answer_covered(a, &needs[i], &c, failed);
		}
	}
}

static bool is_writing(const struct why_path *q)
{
	return q->operations & (WHY_WRITE | WHY_CREATE | WHY_DELETE);
}

int why_path(struct why_answer *ret, const struct policy_result *policy, const struct never *never,
	const struct why_path *q, struct nono_error *err)
{
	_cleanup_(why_answer_deinit) struct why_answer a = { 0 };
	enum nono_access access = is_writing(q) ? NONO_READ_WRITE : NONO_READ;
	_cleanup_free_ char *directory = NULL;
	const struct deny_rule *rule;
	struct nono_error reason;
	const char *hint;
	bool failed = false;

	if (q->path[0] != '/' || q->operations == 0) {
		return error_set(err, NONO_INVALID, EINVAL,
			"a question needs an absolute path and an operation");
	}
	directory = directory_of(q->path);
	if (!directory) {
		return error_oom(err);
	}
	if (deny_check(&policy->deny, q->path, &rule) == DENY_COVERS) {
		a.reason = WHY_SENSITIVE_PATH;
		a.details = text(&failed,
			"Path matches sensitive pattern '%s'. Access blocked by security policy.",
			rule->description ? rule->description : rule->path);
		a.policy_source = policy_source(rule->source, &failed);
	} else if (never_check(never, q->path, access, true, &hint, &reason) < 0) {
		a.reason = WHY_NEVER_GRANTABLE;
		a.details = text(&failed, "%s. %s", reason.message, hint ? hint : "");
		a.policy_source = text(&failed, "built-in");
	} else {
		answer_grants(&a, policy, never, q, directory, &failed);
	}
	if (failed) {
		return error_oom(err);
	}
	*ret = a;
	a = (struct why_answer){ 0 };
	return 0;
}

static bool is_listed(const struct policy_result *policy, const char *host)
{
	for (size_t i = 0; i < policy->hosts.n; i++) {
		if (host_matches(policy->hosts.items[i], host)) {
			return !host_is_metadata(host);
		}
	}
	return false;
}

static void answer_proxied(
	struct why_answer *a, const struct policy_result *policy, const char *host, bool *failed)
{
	_cleanup_free_ char *word = NULL;

	a->allowed = is_listed(policy, host);
	a->reason = a->allowed ? WHY_PROXY_ALLOWED : WHY_PROXY_FILTERED;
	if (a->allowed) {
		return;
	}
	if (host_is_metadata(host)) {
		a->details = text(failed,
			"%s hands out the machine's own credentials: no session reaches it through "
			"the proxy",
			host);
		return;
	}
	word = shell_word(host);
	a->details = text(
		failed, "%s is not among the %zu hosts that may be reached", host, policy->hosts.n);
	a->suggested_flag = word ? text(failed, "--allow-domain %s", word) : NULL;
	*failed |= !word;
}

int why_host(struct why_answer *ret, const struct policy_result *policy, const char *host,
	uint16_t port, struct nono_error *err)
{
	_cleanup_(why_answer_deinit) struct why_answer a = { 0 };
	struct nono_query_result direct;
	bool failed = false;
	int r = nono_query_network(policy->caps, host, port, &direct, err);

	if (r < 0) {
		return r;
	}
	if (direct.status == NONO_ALLOWED) {
		a.allowed = true;
		a.reason = WHY_NETWORK_ALLOWED;
	} else if (policy->proxied) {
		answer_proxied(&a, policy, host, &failed);
	} else {
		a.reason = WHY_NETWORK_BLOCKED;
		a.details = text(&failed, "The network is blocked");
		a.suggested_flag = text(&failed, "--allow-connect-port %u", port);
	}
	if (failed) {
		return error_oom(err);
	}
	*ret = a;
	a = (struct why_answer){ 0 };
	return 0;
}

int why_command(struct why_answer *ret, const struct policy_result *policy, const char *command,
	struct nono_error *err)
{
	_cleanup_(why_answer_deinit) struct why_answer a = { .reason = WHY_COMMAND_ALLOWED };
	const struct caps_names *blocked = &policy->caps->blocked_commands;
	const char *slash = strrchr(command, '/');
	const char *name = slash ? slash + 1 : command;
	_cleanup_free_ char *word = shell_word(name);
	bool failed = !word;

	a.allowed = !nono_caps_command_blocked(policy->caps, command);
	for (size_t i = 0; !a.allowed && i < blocked->n; i++) {
		if (!str_equal(blocked->items[i], name)) {
			continue;
		}
		a.reason = WHY_COMMAND_BLOCKED;
		a.details = text(&failed, "%s blocks the command %s",
			policy->command_sources.items[i], name);
		a.policy_source = policy_source(policy->command_sources.items[i], &failed);
		if (word && !strlist_has(&policy->locked_commands, name)) {
			a.suggested_flag = text(&failed, "--allow-command %s", word);
		}
	}
	if (failed) {
		return error_oom(err);
	}
	*ret = a;
	a = (struct why_answer){ 0 };
	return 0;
}
