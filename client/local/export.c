/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/local/decision.h"
#include "client/local/local.h"
#include "client/local/show.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

#define MANIFEST_VERSION "0.1.0"
#define PATH_WIDTH       52

static const char *source_words(const struct nono_fs_grant *g, char *p, size_t size)
{
	if (g->source != NONO_SOURCE_GROUP) {
		return nono_source_to_string(g->source);
	}
	snprintf(p, size, "group:%s", g->source_name);
	return p;
}

static const char *access_word(enum nono_access access)
{
	return access == NONO_READ_WRITE ? "readwrite" : nono_access_to_string(access);
}

/* A file in what is there, or said to be one. */
static bool is_file(const struct nono_fs_grant *g, bool *ret_exists)
{
	struct stat st;

	*ret_exists = stat(g->resolved, &st) == 0;
	return *ret_exists ? !S_ISDIR(st.st_mode) : g->is_file;
}

static void append_path(struct buf *out, const char *path, const char *source, bool exists)
{
	const char *in_tmpdir = str_after(path, TMPDIR_STANDIN);
	size_t begin = out->len;

	if (in_tmpdir) {
		buf_append_str(out, "$TMPDIR");
	}
	visible_append(out, in_tmpdir ? in_tmpdir : path);
	do {
		buf_append_char(out, ' ');
	} while (buf_error(out) == 0 && out->len - begin < PATH_WIDTH);
	visible_append(out, source);
	buf_append_str(out, exists ? "\n" : ", not there\n");
}

static void append_list(struct buf *out, const char *title, const struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++) {
		buf_append_str(out, i == 0 ? title : ", ");
		visible_append(out, list->items[i]);
	}
	if (list->n > 0) {
		buf_append_char(out, '\n');
	}
}

static void append_ports(struct buf *out, const struct nono_caps *caps)
{
	static const char *const titles[] = {
		[NONO_PORTS_CONNECT] = "Ports to connect to:",
		[NONO_PORTS_BIND] = "Ports to listen on:",
		[NONO_PORTS_LOCALHOST] = "Ports of this machine:",
	};

	for (size_t list = 0; list < ELEMENTSOF(titles); list++) {
		long port;
		for (size_t i = 0; (port = nono_caps_port(caps, (enum nono_port_list)list, i)) >= 0;
			i++) {
			buf_printf(out, "%s %ld", i == 0 ? titles[list] : "", port);
		}
		if (nono_caps_port(caps, (enum nono_port_list)list, 0) >= 0) {
			buf_append_char(out, '\n');
		}
	}
}

static const char *network_word(const struct policy_result *r)
{
	return r->proxied                                                ? "proxy"
	       : nono_caps_network_mode(r->caps) == NONO_NETWORK_BLOCKED ? "blocked"
									 : "unrestricted";
}

static void append_lines(struct buf *out, const char *title, const struct strlist *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		buf_append_str(out, i == 0 ? title : "  ");
		visible_append(out, lines->items[i]);
		buf_append_char(out, '\n');
	}
}

static void append_rest(struct buf *out, const struct policy_result *r)
{
	const char *command;

	buf_printf(out, "\nNetwork: %s\n", network_word(r));
	append_list(out, "Hosts: ", &r->hosts);
	append_list(out, "Credentials: ", &r->credentials);
	append_ports(out, r->caps);
	if (r->workdir) {
		buf_printf(
			out, "Working directory: %s, with --allow-cwd\n", access_word(r->workdir));
	}
	for (size_t i = 0; (command = nono_caps_command(r->caps, NONO_COMMANDS_BLOCKED, i)) != NULL;
		i++) {
		buf_append_str(out, i == 0 ? "Blocked commands: " : " ");
		visible_append(out, command);
	}
	if (nono_caps_command(r->caps, NONO_COMMANDS_BLOCKED, 0)) {
		buf_append_char(out, '\n');
	}
	append_list(out, "Variables passed on: ", &r->environment.allow);
	append_list(out, "Variables not passed on: ", &r->environment.deny);
	if (r->environment.strip_secrets) {
		buf_append_str(out, "Variables known to hold secrets are not passed on.\n");
	}
	append_lines(out, "\nSupervised:\n  ", &r->closed_reasons);
	append_lines(out, "\nNot there yet:\n  ", &r->need_reasons);
}

static void print_text(struct buf *out, const struct policy_result *r)
{
	const struct nono_fs_grant *g;
	struct stat st;

	buf_append_str(out, "Profile: ");
	visible_append(out, r->profile);
	buf_append_str(out, "\n\nAllowed:\n");
	for (size_t i = 0; (g = nono_caps_fs_grant(r->caps, i)) != NULL; i++) {
		char source[256];
		bool exists;
		bool file = is_file(g, &exists);
		buf_printf(out, "  %-10s %-5s ", access_word(g->access),
			file     ? "file"
			: exists ? "dir"
				 : "-");
		append_path(out, g->resolved, source_words(g, source, sizeof(source)), exists);
	}
	buf_append_str(out, "\nDenied, with everything below:\n");
	for (size_t i = 0; i < r->deny.n; i++) {
		const struct deny_rule *rule = &r->deny.rules[i];
		buf_append_str(out, "  ");
		append_path(out, rule->path, rule->source, lstat(rule->path, &st) == 0);
	}
	append_list(out, "Lifted: ", &r->deny.bypass);
	append_rest(out, r);
}

static void write_list(struct json_writer *w, const char *name, const struct strlist *list)
{
	json_begin_array(w, name);
	for (size_t i = 0; i < list->n; i++) {
		show_text(w, NULL, list->items[i]);
	}
	json_end(w);
}

static void write_files(struct json_writer *w, const struct policy_result *r, bool sources)
{
	const struct nono_fs_grant *g;

	json_begin_object(w, "filesystem");
	json_begin_array(w, "grants");
	for (size_t i = 0; (g = nono_caps_fs_grant(r->caps, i)) != NULL; i++) {
		char source[256];
		bool exists;
		bool file = is_file(g, &exists);
		json_begin_object(w, NULL);
		show_path(w, "path", g->resolved);
		json_write_string(w, "access", access_word(g->access));
		json_write_string(w, "type", file ? "file" : "directory");
		if (sources) {
			show_text(w, "source", source_words(g, source, sizeof(source)));
			json_write_bool(w, "exists", exists);
		}
		json_end(w);
	}
	json_end(w);
	json_begin_array(w, "deny");
	for (size_t i = 0; i < r->deny.n; i++) {
		json_begin_object(w, NULL);
		show_path(w, "path", r->deny.rules[i].path);
		if (sources) {
			show_text(w, "source", r->deny.rules[i].source);
		}
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void write_network(struct json_writer *w, const struct policy_result *r)
{
	static const char *const names[] = {
		[NONO_PORTS_CONNECT] = "connect",
		[NONO_PORTS_BIND] = "bind",
		[NONO_PORTS_LOCALHOST] = "localhost",
	};

	json_begin_object(w, "network");
	json_write_string(w, "mode", network_word(r));
	write_list(w, "allow_domains", &r->hosts);
	json_begin_object(w, "ports");
	for (size_t list = 0; list < ELEMENTSOF(names); list++) {
		long port;
		json_begin_array(w, names[list]);
		for (size_t i = 0;
			(port = nono_caps_port(r->caps, (enum nono_port_list)list, i)) >= 0; i++) {
			json_write_int64(w, NULL, port);
		}
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void write_process(struct json_writer *w, const struct policy_result *r)
{
	static const char *const names[] = {
		[NONO_COMMANDS_ALLOWED] = "allowed_commands",
		[NONO_COMMANDS_BLOCKED] = "blocked_commands",
	};

	json_begin_object(w, "process");
	for (size_t list = 0; list < ELEMENTSOF(names); list++) {
		const char *command;
		json_begin_array(w, names[list]);
		for (size_t i = 0; (command = nono_caps_command(
					    r->caps, (enum nono_command_list)list, i)) != NULL;
			i++) {
			show_text(w, NULL, command);
		}
		json_end(w);
	}
	json_write_string(
		w, "signal_mode", nono_signal_mode_to_string(nono_caps_signal_mode(r->caps)));
	json_write_string(w, "ipc_mode", nono_ipc_mode_to_string(nono_caps_ipc_mode(r->caps)));
	json_end(w);
}

static void print_manifest(struct buf *out, const struct policy_result *r, bool sources)
{
	struct json_writer w = { .buf = out };

	json_begin_object(&w, NULL);
	if (sources) {
		show_text(&w, "name", r->profile);
	}
	json_write_string(&w, "version", MANIFEST_VERSION);
	write_files(&w, r, sources);
	write_network(&w, r);
	write_process(&w, r);
	json_begin_array(&w, "credentials");
	for (size_t i = 0; i < r->credentials.n; i++) {
		json_begin_object(&w, NULL);
		show_text(&w, "name", r->credentials.items[i]);
		json_end(&w);
	}
	json_end(&w);
	if (sources) {
		json_write_string(&w, "workdir", r->workdir ? access_word(r->workdir) : "none");
		write_list(&w, "missing", &r->need_reasons);
		write_list(&w, "supervised", &r->closed_reasons);
		write_list(&w, "warnings", &r->warnings);
	}
	json_end(&w);
}

int export_print(const char *ref, enum export_form form, struct nono_error *err)
{
	const struct arguments a = { .profile = ref };
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	_cleanup_(decision_deinit) struct decision d = { 0 };
	_cleanup_(buf_deinit) struct buf out = { 0 };
	int r = workdir_open(&w, &a, err);

	if (r == 0) {
		r = decision_make(&d, &a, &w, NULL, POLICY_ASK, err);
	}
	if (r < 0) {
		return r;
	}
	if (form == EXPORT_TEXT) {
		decision_warn(&d);
		print_text(&out, &d.result);
		return say_result(&out);
	}
	print_manifest(&out, &d.result, form == EXPORT_JSON);
	return show_json(&out);
}

int local_profile_export(const struct arguments *a, struct nono_error *err)
{
	if (a->format) {
		return str_equal(a->format, "manifest")
			       ? export_print(a->operands[0], EXPORT_MANIFEST, err)
			       : local_profile_show(a, err);
	}
	return export_print(a->operands[0], a->json ? EXPORT_JSON : EXPORT_TEXT, err);
}
