/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capability set from JSON.
 *
 * What is read may come from anybody: the text passes the strict checker first, every key must be
 * known, every value of its kind, and then the set's own functions look each path up again, so
 * that a state can say nothing that a program could not have asked for itself. A path that was
 * asked for relative to a working directory is looked up by its canonical name instead: loading
 * must not mean another directory because it happens elsewhere.
 */
#include "libcore/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-scan.h"
#include "libcore/base/str.h"

#define WORD_MAX 32 /* longer than every word of the enums */

/* Where in the document an error is: "" or an element of a list. */
struct place {
	const char *list; /* NULL at the top */
	size_t index;
};

static int refuse(const struct place *at, const char *key, const char *why, struct nono_error *err)
{
	if (at->list) {
		return error_set(
			err, NONO_INVALID, EINVAL, "%s[%zu].%s: %s", at->list, at->index, key, why);
	}
	return error_set(err, NONO_INVALID, EINVAL, "%s: %s", key, why);
}

struct field {
	const char *name;
	enum json_kind kind;
	bool is_required;
	struct json_span value; /* found, and of that kind; else absent */
};

static const char *const kind_names[] = {
	[JSON_ABSENT] = "nothing",
	[JSON_NULL] = "null",
	[JSON_BOOL] = "true or false",
	[JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string",
	[JSON_ARRAY] = "an array",
	[JSON_OBJECT] = "an object",
};

static int read_field(const struct place *at, struct json_span key, struct json_span value,
	struct field *fields, size_t n, struct nono_error *err)
{
	_cleanup_free_ char *name = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!json_string_equal(key, fields[i].name)) {
			continue;
		}
		if (json_is_null(value)) {
			return 0;
		}
		if (json_kind(value) != fields[i].kind) {
			char why[40];
			snprintf(why, sizeof(why), "must be %s", kind_names[fields[i].kind]);
			return refuse(at, fields[i].name, why, err);
		}
		fields[i].value = value;
		return 0;
	}
	if (json_dup_string(key, &name) < 0) {
		return error_oom(err);
	}
	return refuse(at, name, "unknown key", err);
}

/* Fills the values of fields in from an object that may have no other members. */
static int read_fields(const struct place *at, struct json_span object, struct field *fields,
	size_t n, struct nono_error *err)
{
	struct json_iter it = json_iter(object);
	struct json_span key, value;

	if (json_kind(object) != JSON_OBJECT) {
		return error_set(err, NONO_INVALID, EINVAL, "%s: must be an object",
			at->list ? at->list : "the state");
	}
	while (json_next(&it, &key, &value)) {
		int r = read_field(at, key, value, fields, n, err);
		if (r < 0) {
			return r;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (fields[i].is_required && !fields[i].value.p) {
			return refuse(at, fields[i].name, "missing", err);
		}
	}
	return 0;
}

/* A word of an enum; an absent one leaves *ret alone. */
#define READ_WORD(at, field, type, ret, err)                                                       \
	({                                                                                         \
		char _word[WORD_MAX] = "";                                                         \
		int _r = 0;                                                                        \
		if ((field)->value.p &&                                                            \
			(json_get_string((field)->value, _word, sizeof(_word)) < 0 ||              \
				nono_##type##_from_string(_word, (ret)) < 0)) {                    \
			_r = refuse((at), (field)->name, "no such value", (err));                  \
		}                                                                                  \
		_r;                                                                                \
	})

static bool is_true(struct json_span v)
{
	bool b = false;

	(void)json_get_bool(v, &b);
	return b;
}

static int read_path(const struct place *at, const struct field *text, const struct field *escaped,
	char **ret, struct nono_error *err)
{
	_cleanup_free_ char *s = NULL;
	int r;

	if (json_dup_string(text->value, &s) < 0) {
		return error_oom(err);
	}
	if (!is_true(escaped->value)) {
		*ret = TAKE_PTR(s);
		return 0;
	}
	r = unescape_path(s, ret);
	return r == -EINVAL ? refuse(at, text->name, "bad escape", err)
			    : (r < 0 ? error_oom(err) : 0);
}

/* "user", "profile", "system" or "group:NAME"; absent means user. *ret_group is a new string. */
static int read_source(const struct place *at, const struct field *f, enum nono_source *ret,
	char **ret_group, struct nono_error *err)
{
	_cleanup_free_ char *s = NULL;
	const char *group;

	*ret = NONO_SOURCE_USER;
	if (!f->value.p) {
		return 0;
	}
	if (json_dup_string(f->value, &s) < 0) {
		return error_oom(err);
	}
	group = str_after(s, "group:");
	if (group) {
		*ret = NONO_SOURCE_GROUP;
		*ret_group = strdup(group);
		return *ret_group ? 0 : error_oom(err);
	}
	if (nono_source_from_string(s, ret) < 0 || *ret == NONO_SOURCE_GROUP) {
		return refuse(at, f->name, "no such value", err);
	}
	return 0;
}

static int in_place(const struct place *at, int r, struct nono_error *err)
{
	return r < 0 ? error_wrap(err, "%s[%zu]", at->list, at->index), r : 0;
}

static int read_fs_grant(struct nono_caps *caps, const struct place *at, struct json_span object,
	struct nono_error *err)
{
	enum { ORIGINAL, RESOLVED, ACCESS, IS_FILE, SOURCE, ORIGINAL_ESCAPED, RESOLVED_ESCAPED };
	struct field f[] = {
		[ORIGINAL] = { "original", JSON_STRING, true },
		[RESOLVED] = { "resolved", JSON_STRING, true },
		[ACCESS] = { "access", JSON_STRING, true },
		[IS_FILE] = { "is_file", JSON_BOOL, true },
		[SOURCE] = { "source", JSON_STRING, false },
		[ORIGINAL_ESCAPED] = { "original_escaped", JSON_BOOL, false },
		[RESOLVED_ESCAPED] = { "resolved_escaped", JSON_BOOL, false },
	};
	_cleanup_free_ char *original = NULL, *resolved = NULL, *group = NULL;
	enum nono_access access = NONO_READ;
	enum nono_source source;
	const char *path;
	int r = read_fields(at, object, f, ELEMENTSOF(f), err);

	r = r ? r : read_path(at, &f[ORIGINAL], &f[ORIGINAL_ESCAPED], &original, err);
	r = r ? r : read_path(at, &f[RESOLVED], &f[RESOLVED_ESCAPED], &resolved, err);
	r = r ? r : READ_WORD(at, &f[ACCESS], access, &access, err);
	r = r ? r : read_source(at, &f[SOURCE], &source, &group, err);
	if (r < 0) {
		return r;
	}
	if (resolved[0] != '/') {
		return refuse(at, "resolved", "not absolute", err);
	}
	path = original[0] == '/' ? original : resolved;
	if (is_true(f[IS_FILE].value)) {
		r = nono_caps_allow_file_from(caps, path, access, source, group, err);
	} else {
		r = nono_caps_allow_path_from(caps, path, access, source, group, err);
	}
	return in_place(at, r, err);
}

static int read_unix_grant(struct nono_caps *caps, const struct place *at, struct json_span object,
	struct nono_error *err)
{
	enum {
		ORIGINAL,
		RESOLVED,
		SCOPE,
		MODE,
		SOURCE,
		ORIGINAL_ESCAPED,
		RESOLVED_ESCAPED,
		IS_DIR
	};
	struct field f[] = {
		[ORIGINAL] = { "original", JSON_STRING, true },
		[RESOLVED] = { "resolved", JSON_STRING, true },
		[SCOPE] = { "scope", JSON_STRING, false },
		[MODE] = { "mode", JSON_STRING, true },
		[SOURCE] = { "source", JSON_STRING, false },
		[ORIGINAL_ESCAPED] = { "original_escaped", JSON_BOOL, false },
		[RESOLVED_ESCAPED] = { "resolved_escaped", JSON_BOOL, false },
		[IS_DIR] = { "is_directory", JSON_BOOL,
			false }, /* what older states say for scope */
	};
	_cleanup_free_ char *original = NULL, *resolved = NULL, *group = NULL;
	enum nono_unix_mode mode = NONO_UNIX_CONNECT;
	enum nono_unix_scope scope;
	enum nono_source source;
	int r = read_fields(at, object, f, ELEMENTSOF(f), err);

	r = r ? r : read_path(at, &f[ORIGINAL], &f[ORIGINAL_ESCAPED], &original, err);
	r = r ? r : read_path(at, &f[RESOLVED], &f[RESOLVED_ESCAPED], &resolved, err);
	scope = is_true(f[IS_DIR].value) ? NONO_UNIX_DIR_CHILDREN : NONO_UNIX_FILE;
	r = r ? r : READ_WORD(at, &f[SCOPE], unix_scope, &scope, err);
	r = r ? r : READ_WORD(at, &f[MODE], unix_mode, &mode, err);
	r = r ? r : read_source(at, &f[SOURCE], &source, &group, err);
	if (r < 0) {
		return r;
	}
	if (!f[SCOPE].value.p == !f[IS_DIR].value.p) {
		return refuse(at, "scope", "must be there, and without is_directory", err);
	}
	r = nono_caps_allow_unix_socket_from(
		caps, original[0] == '/' ? original : resolved, scope, mode, source, group, err);
	if (r == 0 && !str_equal(caps->unix_sockets[caps->n_unix_sockets - 1].resolved, resolved)) {
		r = error_set(err, NONO_REFUSED, EPERM, "%s is %s now and no longer %s", original,
			caps->unix_sockets[caps->n_unix_sockets - 1].resolved, resolved);
	}
	return in_place(at, r, err);
}

/* Doubles are dropped when they are added: this bounds the text, not the set. */
static int too_long(const struct place *at, struct nono_error *err)
{
	return error_set(err, NONO_LIMIT, E2BIG, "%s: more than %d", at->list, CAPS_LIST_MAX);
}

/* Calls read for every element of an array, which may be absent. */
static int read_list(struct nono_caps *caps, const struct field *f,
	int (*read)(
		struct nono_caps *, const struct place *, struct json_span, struct nono_error *),
	struct nono_error *err)
{
	struct json_iter it = json_iter(f->value);
	struct place at = { .list = f->name };
	struct json_span value;
	int r = 0;

	for (; r == 0 && json_next(&it, NULL, &value); at.index++) {
		r = read(caps, &at, value, err);
	}
	return r;
}

static int read_ports(struct nono_caps *caps, const struct field *f,
	int (*allow)(struct nono_caps *, uint16_t, struct nono_error *), struct nono_error *err)
{
	struct json_iter it = json_iter(f->value);
	struct place at = { .list = f->name };
	struct json_span value;
	uint64_t port = 0;
	int r = 0;

	for (; r == 0 && json_next(&it, NULL, &value); at.index++) {
		if (at.index >= CAPS_LIST_MAX) {
			return too_long(&at, err);
		}
		if (json_get_uint64(value, &port) < 0 || port > UINT16_MAX) {
			return error_set(err, NONO_INVALID, EINVAL, "%s[%zu]: not a port", at.list,
				at.index);
		}
		r = in_place(&at, allow(caps, (uint16_t)port, err), err);
	}
	return r;
}

static int read_names(struct nono_caps *caps, const struct field *f,
	int (*add)(struct nono_caps *, const char *, struct nono_error *), struct nono_error *err)
{
	struct json_iter it = json_iter(f->value);
	struct place at = { .list = f->name };
	struct json_span value;
	int r = 0;

	for (; r == 0 && json_next(&it, NULL, &value); at.index++) {
		_cleanup_free_ char *name = NULL;
		if (at.index >= CAPS_LIST_MAX) {
			return too_long(&at, err);
		}
		r = json_dup_string(value, &name);
		if (r == -ENOMEM) {
			return error_oom(err);
		}
		r = in_place(&at, add(caps, name, err), err);
	}
	return r;
}

static int read_limits(struct nono_caps *caps, const struct field *f, struct nono_error *err)
{
	const struct place at = { 0 };
	struct field limits[CAPS_LIMITS] = { 0 };
	int r = 0;

	if (!f->value.p) {
		return 0;
	}
	for (size_t i = 0; i < CAPS_LIMITS; i++) {
		limits[i].name = nono_limit_to_string((enum nono_limit)i);
		limits[i].kind = JSON_NUMBER;
	}
	r = read_fields(&at, f->value, limits, CAPS_LIMITS, err);
	for (size_t i = 0; r == 0 && i < CAPS_LIMITS; i++) {
		uint64_t v = 0;
		if (!limits[i].value.p) {
			continue;
		}
		if (json_get_uint64(limits[i].value, &v) < 0 || v == 0) {
			return refuse(&at, limits[i].name, "must be a positive integer", err);
		}
		r = nono_caps_set_limit(caps, (enum nono_limit)i, v, err);
	}
	return r;
}

static int read_state(struct nono_caps *caps, struct json_span state, struct nono_error *err)
{
	enum {
		FS,
		UNIX,
		BLOCKED,
		NETWORK,
		CONNECT,
		BIND,
		LOCALHOST,
		ALLOWED,
		REFUSED,
		SIGNAL,
		IPC,
		LIMITS
	};
	struct field f[] = {
		[FS] = { "fs", JSON_ARRAY, true },
		[UNIX] = { "unix_sockets", JSON_ARRAY, false },
		[BLOCKED] = { "net_blocked", JSON_BOOL, true },
		[NETWORK] = { "network_mode", JSON_STRING, false },
		[CONNECT] = { "tcp_connect_ports", JSON_ARRAY, false },
		[BIND] = { "tcp_bind_ports", JSON_ARRAY, false },
		[LOCALHOST] = { "localhost_ports", JSON_ARRAY, false },
		[ALLOWED] = { "allowed_commands", JSON_ARRAY, false },
		[REFUSED] = { "blocked_commands", JSON_ARRAY, false },
		[SIGNAL] = { "signal_mode", JSON_STRING, false },
		[IPC] = { "ipc_mode", JSON_STRING, false },
		[LIMITS] = { "resource_limits", JSON_OBJECT, false },
	};
	const struct place at = { 0 };
	int r = read_fields(&at, state, f, ELEMENTSOF(f), err);

	if (r < 0) {
		return r;
	}
	caps->network = is_true(f[BLOCKED].value) ? NONO_NETWORK_BLOCKED : NONO_NETWORK_OPEN;
	r = READ_WORD(&at, &f[NETWORK], network_mode, &caps->network, err);
	if (r == 0 && (caps->network == NONO_NETWORK_BLOCKED) != is_true(f[BLOCKED].value)) {
		r = refuse(&at, "network_mode", "contradicts net_blocked", err);
	}
	r = r ? r : READ_WORD(&at, &f[SIGNAL], signal_mode, &caps->signal_mode, err);
	r = r ? r : READ_WORD(&at, &f[IPC], ipc_mode, &caps->ipc_mode, err);
	r = r ? r : read_ports(caps, &f[CONNECT], nono_caps_allow_tcp_connect, err);
	r = r ? r : read_ports(caps, &f[BIND], nono_caps_allow_tcp_bind, err);
	r = r ? r : read_ports(caps, &f[LOCALHOST], nono_caps_allow_localhost_port, err);
	r = r ? r : read_names(caps, &f[ALLOWED], nono_caps_allow_command, err);
	r = r ? r : read_names(caps, &f[REFUSED], nono_caps_block_command, err);
	r = r ? r : read_limits(caps, &f[LIMITS], err);
	r = r ? r : read_list(caps, &f[FS], read_fs_grant, err);
	return r ? r : read_list(caps, &f[UNIX], read_unix_grant, err);
}

int nono_caps_from_json(const char *json, size_t n, struct nono_caps **ret, struct nono_error *err)
{
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;
	struct json_span state;
	int r;

	if (!json || !ret) {
		return error_set(err, NONO_INVALID, EINVAL, "no text or result");
	}
	if (n > STATE_SIZE_MAX) {
		return error_set(err, NONO_LIMIT, E2BIG, "a state has at most 16 MiB");
	}
	r = json_check(json, n, &state, err);
	if (r < 0) {
		return r;
	}
	r = nono_caps_new(&caps);
	if (r < 0) {
		return error_oom(err);
	}
	r = read_state(caps, state, err);
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(caps);
	return 0;
}
