/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel lets this process do. Standard input is a list of questions, standard output has
 * one byte of errno for each (0: it worked).
 *
 *	question: one letter, the path, NUL; for a move the second path and NUL
 *
 * Nothing that is asked changes the answer to a later question, as long as deletes and moves come
 * last: what a question creates it takes away again. It stands alone (static, nothing of the
 * project), because nobody knows what the sandbox will let it load.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_MAX (16U << 20)
/* Allowed, but what was made could not be taken away: later answers are worth nothing. */
#define STUCK 255

static int open_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0700);

	if (fd < 0) {
		return errno;
	}
	close(fd);
	return 0;
}

static int list(const char *path)
{
	char entries[4096];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0) {
		return errno;
	}
	if (syscall(SYS_getdents64, fd, entries, sizeof(entries)) < 0) {
		r = errno;
	}
	close(fd);
	return r;
}

static int read_one(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = 0;

	if (fd < 0) {
		return errno;
	}
	if (read(fd, &byte, 1) < 0) {
		r = errno;
	}
	close(fd);
	return r;
}

/* Makes the directories that path needs, the outermost that was missing last in *ret_made. */
static int make_parents(char *path, char **ret_made)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;
		*slash = '\0';
		r = mkdir(path, 0700) < 0 ? errno : 0;
		if (r == 0 && !*ret_made) {
			*ret_made = slash;
		}
		*slash = '/';
		/* What is there answers EEXIST before anybody asks for rights. */
		if (r != 0 && r != EEXIST) {
			return r;
		}
	}
	return 0;
}

static int make_one(char kind, const char *path)
{
	switch (kind) {
	case 'k':
		return mkdir(path, 0700) < 0 ? errno : 0;
	case 's':
		return symlink("anywhere", path) < 0 ? errno : 0;
	case 'p':
		return mkfifo(path, 0600) < 0 ? errno : 0;
	case 'o': /* follows a symlink that leads nowhere, as shells do */
		return open_close(path, O_WRONLY | O_CREAT);
	default:
		return open_close(path, O_WRONLY | O_CREAT | O_EXCL);
	}
}

static int unmake_one(char kind, const char *path)
{
	char target[PATH_MAX];
	ssize_t n;

	if (kind == 'o') {
		n = readlink(path, target, sizeof(target) - 1);
		if (n > 0 && target[0] == '/') {
			target[n] = '\0';
			return unlink(target);
		}
	}
	return kind == 'k' ? rmdir(path) : unlink(path);
}

static int create(char kind, const char *name)
{
	char path[2 * PATH_MAX], *made = NULL;
	size_t n = strlen(name);
	int r;

	if (n >= sizeof(path)) {
		return ENAMETOOLONG;
	}
	memcpy(path, name, n + 1);
	r = make_parents(path, &made);
	if (r == 0) {
		r = make_one(kind, path);
		if (r == 0 && unmake_one(kind, path) < 0) {
			return STUCK;
		}
	}
	while (made) {
		char *slash = strrchr(path, '/');
		int last = slash == made;
		*slash = '\0';
		if (rmdir(path) < 0 && errno != ENOENT) {
			return STUCK;
		}
		if (last) {
			break;
		}
	}
	return r;
}

static int execute(const char *path)
{
	char *const argv[] = { (char *)path, NULL }, *const envp[] = { NULL };
	int status, r;
	pid_t pid;

	r = posix_spawn(&pid, path, NULL, NULL, argv, envp);
	if (r == 0 && waitpid(pid, &status, 0) != pid) {
		return STUCK;
	}
	return r;
}

static int remove_one(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		return errno;
	}
	return (S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path)) < 0 ? errno : 0;
}

static int answer(char kind, const char *path, const char *second)
{
	switch (kind) {
	case 'r':
		return read_one(path);
	case 'l':
		return list(path);
	case 'w':
		return open_close(path, O_WRONLY);
	case 'a':
		return open_close(path, O_WRONLY | O_APPEND);
	case 'b':
		return open_close(path, O_RDWR);
	case 't':
		return truncate(path, 1) < 0 ? errno : 0;
	case 'c':
	case 'o':
	case 'k':
	case 's':
	case 'p':
		return create(kind, path);
	case 'x':
		return execute(path);
	case 'd':
		return remove_one(path);
	case 'm':
		return rename(path, second) < 0 ? errno : 0;
	default:
		return STUCK;
	}
}

int main(void)
{
	char *input = malloc(INPUT_MAX);
	size_t n = 0, at = 0;
	ssize_t got;

	if (!input) {
		return 1;
	}
	while ((got = read(STDIN_FILENO, input + n, INPUT_MAX - n)) > 0) {
		n += (size_t)got;
	}
	while (at < n) {
		char kind = input[at];
		const char *path = input + at + 1, *second = NULL;
		at += strlen(path) + 2;
		if (kind == 'm') {
			second = input + at;
			at += strlen(second) + 1;
		}
		putchar(answer(kind, path, second));
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
