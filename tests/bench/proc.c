/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/fd.h"
#include "tests/bench/bench.h"

/* The number behind field at the start of a line of a file of /proc/PID. */
static long value_in(pid_t pid, const char *file, const char *field)
{
	char path[64], text[8192], *at;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (fd_read_file_at(-1, path, text, sizeof(text)) < 0) {
		return -1;
	}
	at = strstr(text, field);
	return at ? strtol(at + strlen(field), NULL, 10) : -1;
}

long proc_status_value(pid_t pid, const char *field)
{
	return value_in(pid, "status", field);
}

long proc_pss_kb(pid_t pid)
{
	return value_in(pid, "smaps_rollup", "\nPss:");
}

long proc_switches(pid_t pid)
{
	long a = proc_status_value(pid, "\nvoluntary_ctxt_switches:");
	long b = proc_status_value(pid, "\nnonvoluntary_ctxt_switches:");

	return a < 0 || b < 0 ? -1 : a + b;
}

long proc_count_fds(pid_t pid)
{
	char path[64];
	long n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (!d) {
		return -1;
	}
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		n += e->d_name[0] != '.';
	}
	closedir(d);
	return n;
}

static pid_t parent_of(const char *pid)
{
	char path[300], text[512], *end;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (fd_read_file_at(-1, path, text, sizeof(text)) < 0) {
		return -1;
	}
	end = strrchr(text, ')'); /* the name in front of it can hold anything */
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : -1;
}

size_t proc_children(pid_t parent, pid_t *pids, size_t max)
{
	DIR *d = opendir("/proc");
	size_t n = 0;

	if (!d) {
		die("there is no /proc");
	}
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && parent_of(e->d_name) == parent) {
			if (n < max) {
				pids[n] = (pid_t)strtol(e->d_name, NULL, 10);
			}
			n++;
		}
	}
	closedir(d);
	return n;
}
