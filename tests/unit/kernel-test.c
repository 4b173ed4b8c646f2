/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/kernel-test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/landlock.h"

void require_landlock(int abi)
{
	int have = landlock_abi(NULL);

	if (have >= abi) {
		return;
	}
	fprintf(stderr, "needs Landlock ABI %d, this kernel has %d\n", abi, have);
	exit(getenv("NONO_MUST_WORK") ? 1 : 77);
}

char *temp_dir(void)
{
	char *dir = strdup("/tmp/nono-test-XXXXXX");

	if (!dir || !mkdtemp(dir) || chmod(dir, 0755) < 0) {
		perror("cannot make a directory in /tmp");
		exit(1);
	}
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void remove_tree(char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

void wait_for_content(const char *path)
{
	struct stat st;

	for (int i = 0; i < 1000 && (stat(path, &st) < 0 || st.st_size == 0); i++) {
		usleep(10000);
	}
}

bool process_in_file_is_alive(const char *path)
{
	FILE *f = fopen(path, "re");
	char name[64], line[512];
	const char *state;
	long pid = 0;

	if (!f) {
		return false;
	}
	if (fscanf(f, "%ld", &pid) != 1) {
		pid = 0;
	}
	fclose(f);
	snprintf(name, sizeof(name), "/proc/%ld/stat", pid);
	f = pid > 0 ? fopen(name, "re") : NULL;
	if (!f) {
		return false;
	}
	if (!fgets(line, sizeof(line), f)) {
		line[0] = '\0';
	}
	fclose(f);
	state = strrchr(line, ')');
	return state && state[1] && state[2] != 'Z' && state[2] != 'X';
}

static void become_ordinary(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) < 0 ||
		setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) < 0) {
		perror("cannot become an ordinary user");
		_exit(255);
	}
	/* Changing the user made it undumpable: /proc/self would belong to root. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

int in_child(bool ordinary, int (*body)(void *), void *arg)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(30);
		setsid();
		if (ordinary && getuid() == 0) {
			become_ordinary();
		}
		_exit(body(arg));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

int outcome(long result)
{
	return result < 0 ? errno : 0;
}

int filtered_body(void *filtered)
{
	const struct filtered *f = filtered;

	if (f->filter) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (filter_install(f->filter, false) < 0) {
			return 254;
		}
	}
	return outcome(f->op());
}

int filtered_in_place(void *filtered)
{
	char *dir = temp_dir();
	int result, fd;

	if (chdir(dir) < 0 || (fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600)) < 0) {
		return 253;
	}
	close(fd);
	umask(0);
	result = in_child(false, filtered_body, filtered);
	remove_tree(dir);
	return result;
}

struct filter *filter_for(const struct filter_shape *shape)
{
	struct nono_error err = { 0 };
	struct filter *filter = NULL;

	if (filter_build(shape, &filter, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	return filter;
}
