/* SPDX-License-Identifier: Apache-2.0 */
#include "client/suspects.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/canonical.h"

#define DEFAULT_PATH    "/usr/local/bin:/usr/bin:/bin"
#define INTERPRETER_MAX 256 /* bytes of a script's first line that the kernel reads */

/* Adds the absolute, clean path, which is taken. */
static void add(struct suspects *s, char *path, enum suspect_origin origin)
{
	_cleanup_free_ char *owned = path;
	_cleanup_(canonical_memo_deinit) struct canonical_memo memo = { 0 };
	char *canonical = owned && s->n < SUSPECTS_MAX ? canonical_target(owned, &memo) : NULL;
	struct stat st;
	bool exists;

	if (!canonical) {
		return;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (str_equal(s->items[i].path, canonical)) {
			free(canonical);
			return;
		}
	}
	exists = lstat(canonical, &st) == 0;
	s->items[s->n++] = (struct suspect){ .path = canonical,
		.origin = origin,
		.exists = exists,
		.is_directory = exists && S_ISDIR(st.st_mode) };
}

static char *absolute(const char *base, const char *name)
{
	return base || name[0] == '/' ? path_absolute(base ? base : "/", name) : NULL;
}

static bool is_there(const char *path)
{
	struct stat st;

	return path && lstat(path, &st) == 0;
}

/* A script's interpreter; execve() needs both. */
static void add_interpreter(struct suspects *s, const char *program)
{
	_cleanup_close_ int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char line[INTERPRETER_MAX + 1];
	ssize_t n = fd < 0 ? -1 : read(fd, line, INTERPRETER_MAX);
	char *name = line + 2;

	if (n < 3 || line[0] != '#' || line[1] != '!') {
		return;
	}
	line[n] = '\0';
	name += strspn(name, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	if (name[0] == '/' && is_there(name)) {
		add(s, path_absolute("/", name), SUSPECT_PROGRAM);
	}
}

void suspects_add_program(struct suspects *s, const char *name, const char *base)
{
	const char *search = getenv("PATH");
	_cleanup_free_ char *found = NULL;

	if (strchr(name, '/')) {
		found = absolute(base, name);
	}
	for (search = search ? search : DEFAULT_PATH; !found && !strchr(name, '/'); search++) {
		size_t n = strcspn(search, ":");
		_cleanup_free_ char *path = NULL;
		if (asprintf(&path, "%.*s/%s", (int)n, n > 0 ? search : ".", name) < 0) {
			path = NULL;
			return;
		}
		if (access(path, X_OK) == 0) {
			found = absolute(base, path);
		}
		search += n;
		if (*search == '\0') {
			break;
		}
	}
	if (is_there(found)) {
		add(s, strdup(found), SUSPECT_PROGRAM);
		add_interpreter(s, found);
	}
}

/* "path", "--option=path" */
void suspects_add_arguments(struct suspects *s, char *const *argv, const char *base)
{
	for (size_t i = 1; argv[0] && argv[i] && s->n < SUSPECTS_MAX; i++) {
		const char *value = argv[i][0] == '-' ? strchr(argv[i], '=') : argv[i];
		_cleanup_free_ char *path = NULL;
		if (!value || strlen(value) > PATH_MAX) {
			continue;
		}
		path = absolute(base, value + (*value == '='));
		if (is_there(path)) {
			add(s, TAKE_PTR(path), SUSPECT_ARGUMENT);
		}
	}
}

/* A word (n bytes) of a line that says something was denied: a path when it looks like one or is
 * one. Full stops and the like belong to the sentence. */
static void add_word(struct suspects *s, const char *p, size_t n, const char *base)
{
	_cleanup_free_ char *word = NULL, *path = NULL;

	while (n > 0 && strchr(",;:.", p[n - 1])) {
		n--;
	}
	if (n == 0 || n > PATH_MAX) {
		return;
	}
	word = strndup(p, n);
	path = word ? absolute(base, word) : NULL;
	if (path && (word[0] == '/' ? n > 1 : is_there(path))) {
		add(s, TAKE_PTR(path), SUSPECT_OUTPUT);
	}
}

static bool says_denied(const char *line)
{
	static const char *const phrases[] = { "Permission denied", "EACCES",
		"Operation not permitted", "EPERM" };

	for (size_t i = 0; i < ELEMENTSOF(phrases); i++) {
		if (strcasestr(line, phrases[i])) {
			return true;
		}
	}
	return false;
}

/* Words end at what seldom is part of a name; what stands in quotes may hold anything. */
static void add_line(struct suspects *s, const char *line, const char *base)
{
	const char *at = line;

	while (*at) {
		size_t n = strcspn(at, " \t:,=()[]{}<>`'\"");
		const char *close = *at == '\'' || *at == '"' ? strchr(at + 1, *at) : NULL;
		if (close) {
			add_word(s, at + 1, (size_t)(close - at - 1), base);
			at = close + 1;
		} else {
			add_word(s, at, n, base);
			at += n > 0 ? n : 1;
		}
	}
}

/* Without escape sequences and other control characters; typographic quotes become plain. */
static size_t plain_text(char *out, const char *p, size_t n)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\x1b') {
			i += i + 1 < n && p[i + 1] == '[';
			while (i + 1 < n && (p[i + 1] < '@' || p[i + 1] > '~')) {
				i++;
			}
			i++;
		} else if (n - i >= 3 && memcmp(p + i, "\xe2\x80", 2) == 0 &&
			   (p[i + 2] == '\x98' || p[i + 2] == '\x99')) {
			out[length++] = '\'';
			i += 2;
		} else if (p[i] == '\n' || p[i] == '\t' || (unsigned char)p[i] >= ' ') {
			out[length++] = p[i];
		}
	}
	return length;
}

void suspects_add_output(struct suspects *s, const char *text, size_t n, const char *base)
{
	_cleanup_free_ char *plain = malloc(n + 1);
	char *line, *rest = plain;

	if (!plain) {
		return;
	}
	plain[plain_text(plain, text, n)] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (says_denied(line)) {
			add_line(s, line, base);
		}
	}
}

void suspects_add_directory(struct suspects *s, const char *path)
{
	add(s, strdup(path), SUSPECT_DIRECTORY);
}

void suspects_deinit(struct suspects *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].path);
	}
	s->n = 0;
}
