/* SPDX-License-Identifier: Apache-2.0 */
#include "client/request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-write.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

/* The command line for listings: a taste of it, not a copy of 2 MiB. */
#define COMMAND_LINE_ARGUMENTS 64
#define COMMAND_LINE_BYTES     4096

/* In the order of the descriptors of io.nono.Session.Run. */
static const char *const fd_names[] = {
	"launchFileDescriptor",
	"workingDirectoryFileDescriptor",
	"standardInputFileDescriptor",
	"standardOutputFileDescriptor",
	"standardErrorFileDescriptor",
	"channelFileDescriptor",
	"terminalFileDescriptor",
};

int workdir_open(struct workdir *ret, const struct arguments *a, struct nono_error *err)
{
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	char cwd[PATH_MAX];

	/* Fails when the directory was deleted or is unreachable: no error while nobody needs its
	 * name. */
	if (getcwd(cwd, sizeof(cwd))) {
		w.base = strdup(cwd);
		if (!w.base) {
			return error_oom(err);
		}
	}
	w.fd = open(a->workdir ? a->workdir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0) {
		return error_errno(
			err, errno, "working directory '%.300s'", a->workdir ? a->workdir : ".");
	}
	if (a->workdir) {
		w.path = request_path(&w, a->workdir, err);
		if (!w.path) {
			return -EINVAL;
		}
	} else if (w.base) {
		w.path = strdup(w.base);
		if (!w.path) {
			return error_oom(err);
		}
	}
	*ret = w;
	w = (struct workdir){ .fd = -1 };
	return 0;
}

void workdir_deinit(struct workdir *w)
{
	close_fd(&w->fd);
	free(w->base);
	free(w->path);
	*w = (struct workdir){ .fd = -1 };
}

char *request_path(const struct workdir *w, const char *path, struct nono_error *err)
{
	char *absolute;

	if (path[0] != '/' && !w->base) {
		error_set(err, NONO_PATH_NOT_FOUND, ENOENT,
			"'%.300s' is relative, and the current directory no longer has a name",
			path);
		return NULL;
	}
	absolute = path_absolute(w->base ? w->base : "/", path);
	if (!absolute) {
		error_oom(err);
	}
	return absolute;
}

/* The name without symlinks, so that what is shown and decided on is what is opened. What cannot be
 * looked up keeps its name: the refusal shall name what the user typed. Takes path. */
static char *resolve(char *path)
{
	char *resolved = path ? realpath(path, NULL) : NULL;

	if (!resolved) {
		return path;
	}
	free(path);
	return resolved;
}

/* Errors stick to the writer's buffer. */
static void write_path(
	struct json_writer *w, const char *name, const char *escaped_name, const char *path)
{
	_cleanup_free_ char *text = NULL;
	bool escaped = false;

	if (escape_path(path, &text, &escaped) < 0) {
		w->buf->error = -ENOMEM;
		return;
	}
	json_write_string(w, name, text);
	if (escaped && escaped_name) {
		json_write_bool(w, escaped_name, true);
	}
}

static const char *access_word(enum nono_access access)
{
	switch (access) {
	case NONO_READ:
		return "read";
	case NONO_WRITE:
		return "write";
	case NONO_READ_WRITE:
	default:
		return "readWrite";
	}
}

static int write_grants(struct json_writer *w, const struct arguments *a,
	const struct workdir *workdir, struct nono_error *err)
{
	json_begin_array(w, "grants");
	for (size_t i = 0; i < a->n_grants; i++) {
		const struct grant_argument *g = &a->grants[i];
		_cleanup_free_ char *path = resolve(request_path(workdir, g->path, err));
		if (!path) {
			return -EINVAL;
		}
		json_begin_object(w, NULL);
		write_path(w, "path", "escaped", path);
		json_write_string(w, "access", access_word(g->access));
		json_write_bool(w, "isFile", g->is_file);
		json_end(w);
	}
	json_end(w);
	return 0;
}

static void write_command_line(struct json_writer *w, char *const *argv)
{
	size_t bytes = 0;

	json_begin_array(w, "commandLine");
	for (size_t i = 0; argv[i]; i++) {
		_cleanup_free_ char *text = NULL;
		bool escaped;
		bytes += strlen(argv[i]);
		if (i == COMMAND_LINE_ARGUMENTS || bytes > COMMAND_LINE_BYTES) {
			json_write_string(w, NULL, "…");
			break;
		}
		if (escape_path(argv[i], &text, &escaped) < 0) {
			w->buf->error = -ENOMEM;
			return;
		}
		json_write_string(w, NULL, text);
	}
	json_end(w);
}

/* Words that travel as they were typed. */
static int write_text(struct json_writer *w, const char *name, enum option option, const char *text,
	struct nono_error *err)
{
	if (text && !str_is_utf8(text, strlen(text))) {
		return error_set(err, NONO_INVALID, EINVAL, "--%s must be valid UTF-8",
			option_specs[option].names);
	}
	if (text) {
		json_write_string(w, name, text);
	}
	return 0;
}

static int write_words(struct json_writer *w, const char *name, enum option option,
	const struct words *words, struct nono_error *err)
{
	int r = 0;

	if (words->n == 0) {
		return 0;
	}
	json_begin_array(w, name);
	for (size_t i = 0; r == 0 && i < words->n; i++) {
		r = write_text(w, NULL, option, words->items[i], err);
	}
	json_end(w);
	return r;
}

static void write_ports(struct json_writer *w, const char *name, const struct ports *ports)
{
	if (ports->n == 0) {
		return;
	}
	json_begin_array(w, name);
	for (size_t i = 0; i < ports->n; i++) {
		json_write_uint64(w, NULL, ports->items[i]);
	}
	json_end(w);
}

/* Under its canonical name, as the grants are. */
static int write_bypass(struct json_writer *w, const struct arguments *a,
	const struct workdir *workdir, struct nono_error *err)
{
	if (a->bypass.n == 0) {
		return 0;
	}
	json_begin_array(w, "bypassProtection");
	for (size_t i = 0; i < a->bypass.n; i++) {
		_cleanup_free_ char *path = resolve(request_path(workdir, a->bypass.items[i], err));
		if (!path) {
			return -EINVAL;
		}
		json_begin_object(w, NULL);
		write_path(w, "path", "escaped", path);
		json_end(w);
	}
	json_end(w);
	return 0;
}

/* The names in --env: whoever asks for a variable gets it. */
static int write_kept_variables(
	struct json_writer *w, const struct arguments *a, struct nono_error *err)
{
	if (a->env.n == 0) {
		return 0;
	}
	json_begin_array(w, "keepVariables");
	for (size_t i = 0; i < a->env.n; i++) {
		size_t n = strcspn(a->env.items[i], "=");
		if (!str_is_utf8(a->env.items[i], n)) {
			return error_set(err, NONO_INVALID, EINVAL,
				"--env: the name of a variable must be valid UTF-8");
		}
		json_write_string_n(w, NULL, a->env.items[i], n);
	}
	json_end(w);
	return 0;
}

/* A message carries text. Whoever reads the document would say the same, and where. */
static int check_text(const struct policy_document *d, struct nono_error *err)
{
	size_t line = 1, column = 1, n;
	uint32_t c;

	for (size_t i = 0; i < d->n; i += n) {
		n = str_utf8_char(d->text + i, d->n - i, &c);
		if (n == 0 || c == 0) {
			return error_set(err, NONO_INVALID, EINVAL, "%.300s:%zu:%zu: %s", d->file,
				line, column, n == 0 ? "invalid UTF-8" : "NUL byte");
		}
		line += c == '\n';
		column = c == '\n' ? 1 : column + n;
	}
	return 0;
}

static int write_document(
	struct json_writer *w, const struct policy_document *d, struct nono_error *err)
{
	static const char *const kinds[] = {
		[DOCUMENT_GROUPS] = "groups",
		[DOCUMENT_NETWORK] = "network",
		[DOCUMENT_PROFILE] = "profile",
	};
	_cleanup_free_ char *file = NULL;
	bool escaped;
	int r = check_text(d, err);

	if (r < 0) {
		return r;
	}
	if (d->name && !str_is_utf8(d->name, strlen(d->name))) {
		return error_set(err, NONO_INVALID, EINVAL,
			"the name of a profile must be valid UTF-8: '%.300s'", d->name);
	}
	if (escape_path(d->file ? d->file : "", &file, &escaped) < 0) {
		return error_oom(err);
	}
	json_begin_object(w, NULL);
	json_write_string(w, "kind", kinds[d->kind]);
	json_write_string(w, "origin", d->origin == ORIGIN_PROJECT ? "project" : "user");
	if (d->name) {
		json_write_string(w, "name", d->name);
	}
	json_write_string(w, "file", file);
	if (d->origin == ORIGIN_PROJECT) {
		json_write_bool(w, "trusted", d->trusted);
	}
	json_write_string_n(w, "text", d->n > 0 ? d->text : "", d->n);
	json_end(w);
	return 0;
}

static int write_documents(
	struct json_writer *w, const struct document_files *documents, struct nono_error *err)
{
	int r = 0;

	if (!documents || documents->n == 0) {
		return 0;
	}
	json_begin_array(w, "documents");
	for (size_t i = 0; r == 0 && i < documents->n; i++) {
		r = write_document(w, &documents->items[i], err);
	}
	json_end(w);
	return r;
}

static int write_working_directory(struct json_writer *w, const struct arguments *a,
	const struct workdir *workdir, struct nono_error *err)
{
	_cleanup_free_ char *path = NULL;

	if (a->allow_cwd) {
		if (!workdir->path) {
			return error_set(err, NONO_PATH_NOT_FOUND, ENOENT,
				"--allow-cwd: the current directory no longer has a name");
		}
		json_write_bool(w, "allowWorkingDirectory", true);
	}
	if (workdir->path) {
		path = resolve(strdup(workdir->path));
		if (!path) {
			return error_oom(err);
		}
		write_path(w, "workingDirectory", "workingDirectoryEscaped", path);
	}
	return 0;
}

static void write_places(struct json_writer *w, const struct policy_places *places)
{
	json_begin_object(w, "places");
	write_path(w, "home", NULL, places->home);
	write_path(w, "config", NULL, places->config);
	write_path(w, "state", NULL, places->state);
	write_path(w, "data", NULL, places->data);
	write_path(w, "cache", NULL, places->cache);
	json_end(w);
}

static int write_policy(struct json_writer *w, const struct arguments *a,
	const struct workdir *workdir, const struct document_files *documents,
	struct nono_error *err)
{
	int r = write_text(w, "profile", OPTION_PROFILE, a->profile, err);

	if (r == 0) {
		r = write_words(w, "extends", OPTION_EXTENDS, &a->extends, err);
	}
	if (r == 0) {
		r = write_documents(w, documents, err);
	}
	if (r == 0) {
		r = write_bypass(w, a, workdir, err);
	}
	if (r == 0) {
		r = write_words(w, "allowCommands", OPTION_ALLOW_COMMAND, &a->allow_commands, err);
	}
	if (r == 0) {
		r = write_words(w, "blockCommands", OPTION_BLOCK_COMMAND, &a->block_commands, err);
	}
	if (r == 0) {
		r = write_kept_variables(w, a, err);
	}
	return r;
}

static int write_network(struct json_writer *w, const struct arguments *a, struct nono_error *err)
{
	int r;

	if (a->net_block || a->net_allow) {
		json_write_string(w, "network", a->net_block ? "blocked" : "open");
	}
	r = write_text(w, "networkProfile", OPTION_NETWORK_PROFILE, a->network_profile, err);
	if (r == 0) {
		r = write_words(w, "allowDomains", OPTION_ALLOW_DOMAIN, &a->allow_domains, err);
	}
	if (r == 0) {
		r = write_words(w, "credentials", OPTION_CREDENTIAL, &a->credentials, err);
	}
	write_ports(w, "connectPorts", &a->connect_ports);
	write_ports(w, "listenPorts", &a->listen_ports);
	write_ports(w, "localhostPorts", &a->open_ports);
	return r;
}

static int write_command(struct json_writer *w, char *const *argv, struct nono_error *err)
{
	_cleanup_free_ char *command = NULL;
	bool escaped;

	if (argv[0]) {
		if (escape_path(argv[0], &command, &escaped) < 0) {
			return error_oom(err);
		}
		json_write_string(w, "command", command);
	}
	write_command_line(w, argv);
	return 0;
}

static int write_context(struct json_writer *w, const struct arguments *a,
	const struct workdir *workdir, const struct request_form *form, struct nono_error *err)
{
	int r;

	json_begin_object(w, "context");
	r = write_text(w, "name", OPTION_NAME, a->name, err);
	if (r == 0 && a->n_grants > 0) {
		r = write_grants(w, a, workdir, err);
	}
	if (r == 0) {
		r = write_working_directory(w, a, workdir, err);
	}
	json_write_bool(w, "resolved", true);
	if (form->places) {
		write_places(w, form->places);
	}
	if (r == 0) {
		r = write_policy(w, a, workdir, form->documents, err);
	}
	if (r == 0) {
		r = write_network(w, a, err);
	}
	if (r == 0) {
		r = write_command(w, a->operands, err);
	}
	if (form->foreground) {
		json_write_bool(w, "foreground", true);
	}
	json_end(w);
	return r;
}

int request_parameters(struct buf *out, const struct arguments *a, const struct workdir *w,
	const struct request_form *form, struct nono_error *err)
{
	struct json_writer writer = { .buf = out };
	int r;

	json_begin_object(&writer, NULL);
	r = write_context(&writer, a, w, form, err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < form->n_fds; i++) {
		json_write_uint64(&writer, fd_names[i], i);
	}
	if (form->want_policy) {
		json_write_bool(&writer, "wantPolicy", true);
	}
	json_end(&writer);
	r = json_writer_error(&writer);
	if (r == -E2BIG) {
		return error_set(err, NONO_LIMIT, E2BIG, "too much for one request");
	}
	return r < 0 ? error_oom(err) : 0;
}
