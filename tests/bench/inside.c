/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs inside and outside alike, libc only. `open PATH N [DENIED]` prints nanoseconds per
 * open+close, fstatat and getppid; with DENIED it first makes sure that it is inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_open(const char *path, int n)
{
	double start = now_nsec();

	for (int i = 0; i < n; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			perror(path);
			exit(1);
		}
		close(fd);
	}
	return (now_nsec() - start) / n;
}

static double time_stat(const char *path, int n)
{
	double start = now_nsec();
	struct stat st;

	for (int i = 0; i < n; i++) {
		if (fstatat(AT_FDCWD, path, &st, 0) < 0) {
			perror(path);
			exit(1);
		}
	}
	return (now_nsec() - start) / n;
}

static double time_call(int n)
{
	double start = now_nsec();

	for (int i = 0; i < n; i++) {
		syscall(SYS_getppid);
	}
	return (now_nsec() - start) / n;
}

int main(int argc, char **argv)
{
	int n;

	if (argc < 4 || strcmp(argv[1], "open") != 0) {
		fprintf(stderr, "usage: %s open PATH N [DENIED]\n", argv[0]);
		return 2;
	}
	n = (int)strtol(argv[3], NULL, 10);
	if (argc > 4 && (open(argv[4], O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)) {
		fprintf(stderr, "%s can be opened: this is no sandbox\n", argv[4]);
		return 3;
	}
	time_open(argv[2], n / 10 + 1);
	printf("%.1f %.1f %.1f\n", time_open(argv[2], n), time_stat(argv[2], n), time_call(n));
	return 0;
}
