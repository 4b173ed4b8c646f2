/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program that measures nono against the same work without it.
 *
 * Only ratios count: every mode runs baseline and ours alternately in one process, so that a busy
 * or slow machine hits both, and compares round by round. A row has a goal or has none; a row
 * whose baseline spreads is called noisy, whatever it shows.
 *
 * The worker is a child of main(), in a session of its own without a terminal, and everything it
 * starts dies with it: the parent only cleans up. So the modes may die() anywhere.
 */
#pragma once
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcore/base/json-scan.h"
#include "proto/client.h"

#define CALL_TIMEOUT_MS 30000

void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void *xcalloc(size_t n, size_t size);
double now_usec(void);
/* A file of this text; a directory (its parent exists). */
void make_file(const char *path, const char *text);
void make_directory(const char *path);
void copy_program(const char *from, const char *to);
/* A path below dir in static storage of 16 slots: for arguments, not to be kept. */
const char *below(const char *dir, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* stats.c: values in the order of the rounds. */
struct samples {
	double *v;
	size_t n;
};

void samples_add(struct samples *s, double v);
void samples_deinit(struct samples *s);
double samples_quantile(const struct samples *s, double q); /* 0 is the smallest, 0.5 the median */
/* Median of ours[i] / base[i]: what a round shared cancels out. */
double samples_paired(const struct samples *ours, const struct samples *base);
bool samples_noisy(const struct samples *base); /* p90 / p10 above 1.6 */

/* report.c */
#define NO_GOAL NAN

struct row {
	char mode[16], name[48], unit[16];
	double ours, base, ratio, ratio_min, goal; /* NAN for what a row has not */
	bool noisy;
};

struct report {
	bool json;
	const char *mode;
	struct row *rows;
	size_t n;
};

/* Smaller is better in every row. Prints it unless the report is JSON. */
void report_ratio(struct report *r, const char *name, const char *unit, const struct samples *ours,
	const struct samples *base, double goal);
/* A ratio that is not one of medians. */
void report_pair(struct report *r, const char *name, const char *unit, double ours, double base,
	double goal);
/* A value without a baseline; the goal is in the same unit. */
void report_value(struct report *r, const char *name, const char *unit, double value, double goal);
void report_say(const struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_heading(const struct report *r);
void report_print_json(const struct report *r);
/* How many rows of the same mode and name exceed their goal by more than a quarter both in
 * [first, middle) and in [middle, n). With middle == n: in [first, n) alone. */
size_t report_far(const struct report *r, size_t first, size_t middle);

/* machine.c: what the reader has to know to judge the rest. */
void machine_print(const struct report *r);
double machine_cpuid_usec(void); /* NAN where there is no such instruction */

struct bench {
	struct report report;
	bool smoke;
	unsigned rounds;   /* 0 for each mode's own */
	unsigned sessions; /* of scale and flat */
	char dir[PATH_MAX];
	char nono[PATH_MAX], nonod[PATH_MAX];
	char tools[PATH_MAX];    /* where our own small programs were built */
	char programs[PATH_MAX]; /* where they are copied to: what a sandbox is granted */
};

/* n of a full run, or a few. */
unsigned bench_rounds(const struct bench *b, unsigned full);

int mode_launch(struct bench *b);
int mode_storm(struct bench *b);
int mode_flat(struct bench *b);
int mode_open(struct bench *b);
int mode_workload(struct bench *b);
int mode_scale(struct bench *b);

/* programs.c: whole processes. */
struct program {
	const char *const *argv; /* argv[0] is a path */
	char *const *env;
	const char *cwd; /* NULL for the directory of the bench */
	int expected;    /* exit status; anything else ends the bench */
	int stdio;       /* descriptor for all three streams; -1 for /dev/null */
	char *out;       /* where standard output goes as text; NULL for nowhere */
	size_t out_size;
};

/* Runs it to its end: microseconds from the spawn to its exit status. */
double program_time(const struct program *p);
pid_t program_start(const struct program *p);                 /* for those that stay */
bool program_find(const char *name, char *path, size_t size); /* on PATH */

/* A terminal of our own as our controlling one, until it is left. False with errno set. */
struct terminal {
	int master, slave;
};
bool terminal_take(struct terminal *t);
void terminal_leave(struct terminal *t);

/* daemon.c: a nonod of our own, started as a service manager does. */
struct daemon {
	pid_t pid;
	char runtime[PATH_MAX], socket[PATH_MAX];
	char *env[8]; /* of programs that shall find it */
	int listen_fd;
	struct vl_client *keep; /* so that it does not leave for being idle */
};

/* A runtime directory and a listening socket, and nobody behind it. */
void daemon_prepare(struct daemon *d, const struct bench *b, const char *name);
void daemon_spawn(struct daemon *d, const struct bench *b);
void daemon_start(struct daemon *d, const struct bench *b, const char *name); /* and answers */
void daemon_end(struct daemon *d);                                            /* the process only */
void daemon_close(struct daemon *d);                                          /* all of it */
struct vl_client *daemon_connect(const struct daemon *d);
/* How many are alive; fills in the processes that supervise up to max of them. */
size_t daemon_sessions(const struct daemon *d, pid_t *supervisors, size_t max);

/* session.c: sessions without a client process. */
struct request {
	int fds[7];
	size_t n_fds;
	char *parameters;
};

struct job {
	struct vl_client *client;
	int channel;
	pid_t pid;  /* of the command, once it started */
	int status; /* wait status */
	bool ended;
	double started; /* now_usec() of the request */
};

/* argv runs in dir, which it may read; streams are stdin, stdout and stderr. terminal is -1 for
 * none. The descriptors that are given stay the caller's. */
void request_init(struct request *q, const char *dir, const char *const *argv, const int *streams,
	int terminal);
void request_deinit(struct request *q);
void job_start(struct job *j, const struct daemon *d, const struct request *q);
void job_process(struct job *j);      /* takes what is on the channel */
void job_wait_started(struct job *j); /* and lets the connection go */
void job_wait_ended(struct job *j);
void job_close(struct job *j);
/* One after the other from request to exit status, microseconds. */
double job_time(const struct daemon *d, const struct request *q);

/* proc.c: what /proc says about other processes. -1 for a process that is gone. */
long proc_status_value(pid_t pid, const char *field); /* "VmRSS:", in kB as written there */
long proc_pss_kb(pid_t pid);
long proc_switches(pid_t pid); /* context switches so far */
long proc_count_fds(pid_t pid);
/* Direct children; returns how many there are, fills in up to max. */
size_t proc_children(pid_t parent, pid_t *pids, size_t max);
