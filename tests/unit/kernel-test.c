/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/kernel-test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
