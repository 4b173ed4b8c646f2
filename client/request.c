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
	if (escaped) {
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

static int write_context(struct json_writer *w, const struct arguments *a,
	const struct workdir *workdir, bool foreground, struct nono_error *err)
{
	json_begin_object(w, "context");
	if (a->name) {
		json_write_string(w, "name", a->name);
	}
	if (a->n_grants > 0) {
		int r = write_grants(w, a, workdir, err);
		if (r < 0) {
			return r;
		}
	}
	if (a->allow_cwd) {
		if (!workdir->path) {
			return error_set(err, NONO_PATH_NOT_FOUND, ENOENT,
				"--allow-cwd: the current directory no longer has a name");
		}
		json_write_bool(w, "allowWorkingDirectory", true);
	}
	if (workdir->path) {
		_cleanup_free_ char *path = resolve(strdup(workdir->path));
		if (!path) {
			return error_oom(err);
		}
		write_path(w, "workingDirectory", "workingDirectoryEscaped", path);
	}
	json_write_bool(w, "resolved", true);
	json_write_string(w, "network", a->block_net ? "blocked" : "open");
	write_command_line(w, a->operands);
	if (foreground) {
		json_write_bool(w, "foreground", true);
	}
	json_end(w);
	return 0;
}

int request_parameters(struct buf *out, const struct arguments *a, const struct workdir *w,
	bool foreground, size_t n_fds, struct nono_error *err)
{
	struct json_writer writer = { .buf = out };
	int r;

	json_begin_object(&writer, NULL);
	r = write_context(&writer, a, w, foreground, err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < n_fds; i++) {
		json_write_uint64(&writer, fd_names[i], i);
	}
	json_end(&writer);
	r = json_writer_error(&writer);
	if (r == -EINVAL) {
		return error_set(err, NONO_INVALID, EINVAL, "--name must be valid UTF-8");
	}
	if (r == -E2BIG) {
		return error_set(err, NONO_LIMIT, E2BIG, "too many grants for one request");
	}
	return r < 0 ? error_oom(err) : 0;
}
