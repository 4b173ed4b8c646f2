/* SPDX-License-Identifier: Apache-2.0 */
#include "client/before.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/say.h"
#include "client/summary.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"
#include "policy/environment.h"

#define SECRETS_NAMED 8

void before_hint(const struct arguments *a)
{
	static const struct {
		char command[12], profile[12];
	} agents[] = {
		{ "claude", "claude-code" },
		{ "codex", "codex" },
		{ "opencode", "opencode" },
		{ "openclaw", "openclaw" },
	};
	const char *slash = strrchr(a->operands[0], '/');
	const char *name = slash ? slash + 1 : a->operands[0];

	for (size_t i = 0; !a->profile && !a->silent && i < ELEMENTSOF(agents); i++) {
		if (str_equal(name, agents[i].command)) {
			say("%s needs more than the default profile gives: "
			    "nono run --profile %s -- %s",
				name, agents[i].profile, name);
		}
	}
}

void before_warnings(const struct arguments *a, struct json_span policy)
{
	struct json_iter it = json_iter(json_member(policy, "warnings"));
	struct json_span line;

	while (!a->silent && json_next(&it, NULL, &line)) {
		_cleanup_free_ char *text = NULL;
		if (json_dup_string(line, &text) == 0) {
			say("warning: %s", text);
		}
	}
}

/* The strings of an array; without what does not fit into memory, which errs on the loud side. */
static void read_strings(struct strlist *into, struct json_span array)
{
	struct json_iter it = json_iter(array);
	struct json_span v;

	while (json_next(&it, NULL, &v)) {
		char *text;
		if (json_dup_string(v, &text) == 0) {
			strlist_take(into, text);
		}
	}
}

static bool is_asked_for(const struct arguments *a, const char *variable)
{
	size_t n = strcspn(variable, "=");

	for (size_t i = 0; i < a->env.n; i++) {
		if (strncmp(a->env.items[i], variable, n) == 0 &&
			(a->env.items[i][n] == '=' || a->env.items[i][n] == '\0')) {
			return true;
		}
	}
	return false;
}

void before_secrets(const struct arguments *a, struct json_span policy, char *const *env)
{
	_cleanup_(environment_rules_deinit) struct environment_rules rules = { 0 };
	struct json_span p = json_member(policy, "environment");
	_cleanup_(buf_deinit) struct buf names = { 0 };
	size_t n = 0;

	if (a->silent) {
		return;
	}
	read_strings(&rules.allow, json_member(p, "allow"));
	read_strings(&rules.deny, json_member(p, "deny"));
	rules.has_allow = !json_is_null(json_member(p, "allow"));
	json_get_bool(json_member(p, "stripSecrets"), &rules.strip_secrets);
	for (; *env; env++) {
		if (!environment_is_secret(*env) || is_asked_for(a, *env) ||
			environment_check(&rules, *env) != ENVIRONMENT_PASSES) {
			continue;
		}
		if (n++ < SECRETS_NAMED) {
			buf_append_str(&names, n > 1 ? ", " : "");
			buf_append(&names, *env, strcspn(*env, "="));
		}
	}
	if (n > 0 && buf_error(&names) == 0) {
		buf_append_str(&names, n > SECRETS_NAMED ? ", …" : "");
		say("warning: the command gets secrets from the environment: %.*s "
		    "(\"strip_secrets\" in a profile keeps them; --env NAME says it is meant)",
			(int)names.len, names.data);
	}
}

int before_summary(struct json_span policy, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	int r;

	summary_append(&b, policy, true);
	r = buf_error(&b);
	if (r == 0) {
		r = fd_write_full(STDERR_FILENO, b.data, b.len);
	}
	return r < 0 ? error_errno(err, -r, "write to standard error") : 0;
}

void before_summary_short(struct buf *out, const struct arguments *a, const struct workdir *w,
	struct json_span policy)
{
	if (!json_is_null(policy)) {
		summary_append_short(out, policy);
		return;
	}
	buf_printf(out, "nono: default profile%s (-v shows all, -s nothing)\r\n",
		a->net_block ? ", no network" : "");
	for (size_t i = 0; i < a->n_grants; i++) {
		_cleanup_free_ char *path = request_path(w, a->grants[i].path, NULL);
		if (path) {
			summary_append_row(out, path, a->grants[i].access, a->grants[i].is_file);
		}
	}
	if (a->allow_cwd && w->path) {
		summary_append_row(out, w->path, NONO_READ_WRITE, false);
	}
}

bool before_wants_workdir(const struct arguments *a, struct json_span policy)
{
	bool granted = false;

	json_get_bool(json_member(policy, "workingDirectoryGranted"), &granted);
	return !a->allow_cwd && !granted &&
	       !json_is_null(json_member(policy, "workingDirectoryAccess"));
}

bool before_ask_workdir(const struct tty *tty, const char *path, struct json_span policy)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	char answer[256];
	ssize_t n;

	buf_append_str(&b, "nono: Share ");
	visible_append(&b, path);
	buf_printf(&b, " with %s access? [y/N] ",
		summary_access(json_member(policy, "workingDirectoryAccess")));
	if (buf_error(&b) < 0 || fd_write_full(tty->fd, b.data, b.len) < 0) {
		return false;
	}
	/* A terminal gives a line at a time; what does not fit can be no yes. */
	do {
		n = read(STDIN_FILENO, answer, sizeof(answer));
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		(void)fd_write_full(tty->fd, "\n", 1);
		return false;
	}
	answer[n - 1] = '\0'; /* the end of the line */
	return str_equal(answer, "y") || str_equal(answer, "Y") || str_equal(answer, "yes") ||
	       str_equal(answer, "Yes");
}
