/* SPDX-License-Identifier: Apache-2.0 */
#include "client/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/escape.h"
#include "libcore/base/path.h"
#include "libcore/base/visible.h"

#define SHORT_MAX 12 /* grants that are listed without -v */
#define RULE      "  ────────────────────────────────────────────────────\n"

static bool is_true(struct json_span object, const char *name)
{
	bool value = false;

	json_get_bool(json_member(object, name), &value);
	return value;
}

/* A string of the protocol on somebody's screen. */
static void append_text(struct buf *out, struct json_span v)
{
	_cleanup_free_ char *text = NULL;

	if (json_dup_string(v, &text) == 0) {
		visible_append(out, text);
	}
}

/* A new string, or NULL. */
static char *path_of(struct json_span object)
{
	_cleanup_free_ char *text = NULL;
	char *path = NULL;

	if (json_dup_string(json_member(object, "path"), &text) < 0) {
		return NULL;
	}
	if (is_true(object, "escaped") && unescape_path(text, &path) == 0) {
		return path;
	}
	return TAKE_PTR(text);
}

void summary_append_path(struct buf *out, struct json_span object)
{
	_cleanup_free_ char *path = path_of(object);

	if (path) {
		visible_append(out, path);
	}
}

const char *summary_access(struct json_span access)
{
	return json_string_equal(access, "read")    ? "read"
	       : json_string_equal(access, "write") ? "write"
						    : "read+write";
}

static const char *badge(struct json_span access)
{
	return json_string_equal(access, "read")    ? "  r  "
	       : json_string_equal(access, "write") ? "  w  "
						    : " r+w ";
}

/* The user's own grants and the profile's: what somebody decided on for this command. */
static bool is_chosen(struct json_span grant)
{
	struct json_span source = json_member(grant, "source");

	return json_is_null(source) || json_string_equal(source, "user") ||
	       json_string_equal(source, "profile");
}

/* Nono makes it when the session starts (policy_grant_is_made()). */
static bool is_made(struct json_span grant, const char *path)
{
	const char *home = getenv("HOME");

	return home && json_string_equal(json_member(grant, "source"), "profile") &&
	       !json_string_equal(json_member(grant, "access"), "read") &&
	       path_is_below(path, home);
}

/* What the path is: a policy's grant is of either kind, and what is not there when a session starts
 * is not granted, whatever is made there later. */
static const char *kind_of(struct json_span grant)
{
	_cleanup_free_ char *path = path_of(grant);
	bool is_file = is_true(grant, "isFile");
	struct stat st;

	if (path && stat(path, &st) == 0) {
		return S_ISDIR(st.st_mode) ? "dir" : "file";
	}
	if (!path || errno != ENOENT) {
		return is_file ? "file" : "dir";
	}
	if (is_file) {
		return "file, not there";
	}
	return is_made(grant, path) ? "dir, to be made" : "not there";
}

static void append_grant(
	struct buf *out, struct json_span grant, const char *newline, bool with_source)
{
	buf_printf(out, "  %s ", badge(json_member(grant, "access")));
	summary_append_path(out, grant);
	buf_printf(out, " (%s)", kind_of(grant));
	if (with_source) {
		buf_append_str(out, " [");
		append_text(out, json_member(grant, "source"));
		buf_append_char(out, ']');
	}
	buf_append_str(out, newline);
}

static void append_grants(struct buf *out, struct json_span policy, bool all)
{
	struct json_iter it = json_iter(json_member(policy, "grants"));
	struct json_span grant;
	size_t others = 0;

	while (json_next(&it, NULL, &grant)) {
		if (all || is_chosen(grant)) {
			append_grant(out, grant, "\n", all);
		} else {
			others++;
		}
	}
	if (others > 0) {
		buf_printf(out, "        + %zu system/group paths (-v to show)\n", others);
	}
}

static void append_denied(struct buf *out, struct json_span policy, bool all)
{
	struct json_iter it = json_iter(json_member(policy, "deny"));
	struct json_span rule;
	size_t n = 0;

	while (json_next(&it, NULL, &rule)) {
		n++;
		if (all) {
			buf_append_str(out, "  deny  ");
			summary_append_path(out, rule);
			buf_append_str(out, " [");
			append_text(out, json_member(rule, "source"));
			buf_append_str(out, "]\n");
		}
	}
	if (n > 0 && !all) {
		buf_printf(out, "  deny  %zu protected paths\n", n);
	}
}

void summary_append(struct buf *out, struct json_span policy, bool all)
{
	bool blocked = json_string_equal(json_member(policy, "network"), "blocked");

	buf_append_str(out, "  Capabilities: profile ");
	append_text(out, json_member(policy, "profile"));
	buf_append_str(out, "\n" RULE);
	append_grants(out, policy, all);
	append_denied(out, policy, all);
	if (!json_is_null(json_member(policy, "workingDirectoryAccess")) &&
		!is_true(policy, "workingDirectoryGranted")) {
		buf_printf(out, "   cwd  not included; the profile wants %s: --allow-cwd\n",
			summary_access(json_member(policy, "workingDirectoryAccess")));
	}
	buf_printf(out, "   net  outbound %s\n", blocked ? "blocked" : "allowed");
	buf_append_str(out, RULE);
}

void summary_append_short(struct buf *out, struct json_span policy)
{
	bool blocked = json_string_equal(json_member(policy, "network"), "blocked");
	struct json_iter it = json_iter(json_member(policy, "grants"));
	struct json_span grant;
	size_t n = 0;

	buf_append_str(out, "nono: profile ");
	append_text(out, json_member(policy, "profile"));
	buf_printf(out, ", network %s (-v shows all, -s nothing)\r\n",
		blocked ? "blocked" : "allowed");
	while (json_next(&it, NULL, &grant)) {
		if (is_chosen(grant) && ++n <= SHORT_MAX) {
			append_grant(out, grant, "\r\n", false);
		}
	}
	if (n > SHORT_MAX) {
		buf_printf(out, "        … and %zu more\r\n", n - SHORT_MAX);
	}
}

void summary_append_row(struct buf *out, const char *path, enum nono_access access, bool is_file)
{
	buf_printf(out, "  %s ",
		access == NONO_READ    ? "  r  "
		: access == NONO_WRITE ? "  w  "
				       : " r+w ");
	visible_append(out, path);
	buf_append_str(out, is_file ? " (file)\r\n" : " (dir)\r\n");
}

static void append_supervised(struct buf *out, struct json_span policy)
{
	struct json_iter it = json_iter(json_member(policy, "supervised"));
	struct json_span reason;

	while (json_next(&it, NULL, &reason)) {
		buf_append_str(out, "  supervised ");
		append_text(out, reason);
		buf_append_char(out, '\n');
	}
}

void summary_append_dry_run(struct buf *out, struct json_span policy, char *const *argv)
{
	struct json_iter it = json_iter(json_member(policy, "missing"));
	struct json_span reason;
	bool refused = false;

	append_supervised(out, policy);
	while (json_next(&it, NULL, &reason)) {
		buf_append_str(
			out, refused ? "    " : "  dry-run the session would be refused:\n    ");
		append_text(out, reason);
		buf_append_char(out, '\n');
		refused = true;
	}
	if (!refused) {
		buf_append_str(out, "  dry-run sandbox would be applied with above capabilities\n");
	}
	buf_append_str(out, "  $");
	for (; *argv; argv++) {
		buf_append_char(out, ' ');
		visible_append(out, *argv);
	}
	buf_append_char(out, '\n');
}
