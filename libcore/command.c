/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/env.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

void command_strv_free(char **strv)
{
	for (size_t i = 0; strv && strv[i]; i++) {
		free(strv[i]);
	}
	free(strv);
}

static size_t count(const char *const *strv)
{
	size_t n = 0;

	while (strv && strv[n]) {
		n++;
	}
	return n;
}

/* True when one of the n strings of envp sets the name that variable sets. */
static bool sets_name(char *const *envp, size_t n, const char *variable)
{
	size_t length = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < n; i++) {
		if (strncmp(envp[i], variable, length) == 0) {
			return true;
		}
	}
	return false;
}

static int check_variable(const char *variable, struct nono_error *err)
{
	size_t length = strcspn(variable, "=");

	if (length == 0 || variable[length] == '\0') {
		return error_set(err, NONO_INVALID, EINVAL,
			"environment entry \"%.100s\" is not NAME=value", variable);
	}
	if (env_is_loader_variable(variable)) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%.*s decides which code every program loads and is not passed on",
			(int)length, variable);
	}
	return 0;
}

int command_environment(
	const char *const *env, const char *const *inherited, char ***ret, struct nono_error *err)
{
	_cleanup_(command_strv_freep) char **envp = NULL;
	size_t n = 0, n_env = count(env), n_inherited = count(inherited);

	envp = calloc(n_env + n_inherited + 1, sizeof(*envp));
	if (!envp) {
		return error_oom(err);
	}
	for (size_t i = 0; i < n_env; i++) {
		int r = check_variable(env[i], err);
		if (r < 0) {
			return r;
		}
		envp[n] = strdup(env[i]);
		if (!envp[n++]) {
			return error_oom(err);
		}
	}
	for (size_t i = 0; i < n_inherited; i++) {
		if (!strchr(inherited[i], '=') || env_is_loader_variable(inherited[i]) ||
			sets_name(envp, n_env, inherited[i])) {
			continue;
		}
		envp[n] = strdup(inherited[i]);
		if (!envp[n++]) {
			return error_oom(err);
		}
	}
	*ret = TAKE_PTR(envp);
	return 0;
}

static const char *path_of(char *const *envp)
{
	for (size_t i = 0; envp[i]; i++) {
		const char *value = str_after(envp[i], "PATH=");
		if (value) {
			return value;
		}
	}
	return COMMAND_DEFAULT_PATH;
}

/* A new string: name in the directory that is the first n bytes of path. */
static char *in_directory(const char *path, size_t n, const char *name)
{
	size_t length = strlen(name);
	char *s = malloc(n + length + 3);

	if (!s) {
		return NULL;
	}
	if (n == 0) {
		s[n++] = '.';
	} else {
		memcpy(s, path, n);
	}
	s[n++] = '/';
	memcpy(s + n, name, length + 1);
	return s;
}

int command_candidates(const char *name, char *const *envp, char ***ret, struct nono_error *err)
{
	_cleanup_(command_strv_freep) char **candidates = NULL;
	const char *path = path_of(envp);
	size_t n = 0, most = 1;

	for (const char *at = path; *at; at++) {
		most += *at == ':';
	}
	candidates = calloc(most + 1, sizeof(*candidates));
	if (!candidates) {
		return error_oom(err);
	}
	if (strchr(name, '/')) {
		candidates[0] = strdup(name);
		if (!candidates[0]) {
			return error_oom(err);
		}
		*ret = TAKE_PTR(candidates);
		return 0;
	}
	for (;;) {
		size_t length = strcspn(path, ":");
		candidates[n] = in_directory(path, length, name);
		if (!candidates[n++]) {
			return error_oom(err);
		}
		if (path[length] == '\0') {
			break;
		}
		path += length + 1;
	}
	*ret = TAKE_PTR(candidates);
	return 0;
}
