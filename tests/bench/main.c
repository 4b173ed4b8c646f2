/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono-bench: options, the two processes (bench.h), and the verdict. A mode that misses a goal by
 * more than a quarter is measured again; only what misses it twice in a row makes the exit status
 * 1. With --smoke everything runs in miniature and only failures count.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "tests/bench/bench.h"

#define STRAY_TRIES 1000 /* of 10 ms */

static const struct {
	const char *name;
	int (*run)(struct bench *b);
} modes[] = {
	{ "launch", mode_launch },
	{ "storm", mode_storm },
	{ "flat", mode_flat },
	{ "open", mode_open },
	{ "workload", mode_workload },
	{ "scale", mode_scale },
};

static volatile pid_t worker;

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("nono-bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p) {
		die("out of memory");
	}
	return p;
}

double now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void make_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_full(fd, text, strlen(text)) < 0) {
		die("cannot write %s: %s", path, strerror(errno));
	}
}

void make_directory(const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		die("cannot make %s: %s", path, strerror(errno));
	}
}

void copy_program(const char *from, const char *to)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char text[65536];
	ssize_t n;

	if (in < 0 || out < 0) {
		die("cannot copy %s to %s: %s", from, to, strerror(errno));
	}
	while ((n = fd_read_full(in, text, sizeof(text))) > 0) {
		if (fd_write_full(out, text, (size_t)n) < 0) {
			die("cannot write %s", to);
		}
	}
}

const char *below(const char *dir, const char *fmt, ...)
{
	static char slots[16][PATH_MAX];
	static unsigned next;
	char *path = slots[next++ % ELEMENTSOF(slots)];
	int n = snprintf(path, PATH_MAX, "%s/", dir);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, (size_t)(PATH_MAX - n), fmt, ap);
	va_end(ap);
	return path;
}

unsigned bench_rounds(const struct bench *b, unsigned full)
{
	return b->smoke ? 2 : b->rounds ? b->rounds : full;
}

static void usage(void)
{
	printf("Usage: nono-bench [OPTION]... MODE...\n"
	       "Measures nono against the same work without it.\n"
	       "\n"
	       "Modes: launch storm flat open workload scale all\n"
	       "\n"
	       "  --nono=PATH      the client (default: of the build tree this program is in)\n"
	       "  --nonod=PATH     the supervisor (the same)\n"
	       "  -n N             live sessions of flat and scale (default 1000)\n"
	       "  --rounds=N       rounds instead of each mode's own number\n"
	       "  --smoke          everything in miniature: does it run?\n"
	       "  --json           results as one JSON object\n"
	       "  --help           show this text\n");
}

static bool number(const char *text, unsigned *ret)
{
	uint64_t v;

	if (str_to_u64(text, &v) < 0 || v == 0 || v > 4000) {
		return false;
	}
	*ret = (unsigned)v;
	return true;
}

/* A kernel without it runs no session; 77 says that a test was skipped. */
static int check_kernel(void)
{
	const char *must_work = getenv("NONO_MUST_WORK");

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0) {
		return 0;
	}
	fprintf(stderr, "nono-bench: this kernel has no Landlock\n");
	return must_work && str_equal(must_work, "1") ? 2 : 77;
}

static void set_path(char *to, const char *path)
{
	if (!realpath(path, to)) {
		fprintf(stderr, "nono-bench: %s: %s\n", path, strerror(errno));
		exit(2);
	}
}

static void defaults(struct bench *b)
{
	ssize_t n = readlink("/proc/self/exe", b->tools, sizeof(b->tools) - 1);

	b->tools[n > 0 ? n : 0] = '\0';
	if (strrchr(b->tools, '/')) {
		*strrchr(b->tools, '/') = '\0';
	}
	b->sessions = 1000;
}

/* 0 to go on; otherwise the exit status plus 1. */
static int parse_options(struct bench *b, int argc, char **argv)
{
	enum { NONO = 256, NONOD, ROUNDS, SMOKE, JSON, HELP };
	static const struct option options[] = {
		{ "nono", required_argument, NULL, NONO },
		{ "nonod", required_argument, NULL, NONOD },
		{ "rounds", required_argument, NULL, ROUNDS },
		{ "smoke", no_argument, NULL, SMOKE },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "n:", options, NULL)) >= 0) {
		bool good = true;
		switch (c) {
		case NONO:
			set_path(b->nono, optarg);
			break;
		case NONOD:
			set_path(b->nonod, optarg);
			break;
		case 'n':
			good = number(optarg, &b->sessions);
			break;
		case ROUNDS:
			good = number(optarg, &b->rounds);
			break;
		case SMOKE:
			b->smoke = true;
			b->sessions = 5;
			break;
		case JSON:
			b->report.json = true;
			break;
		case HELP:
			usage();
			return 1;
		default:
			return 1 + 2;
		}
		if (!good) {
			fprintf(stderr, "nono-bench: a number from 1 to 4000, not %s\n", optarg);
			return 1 + 2;
		}
	}
	if (optind == argc) {
		usage();
		return 1 + 2;
	}
	return 0;
}

static void prepare(struct bench *b)
{
	static const char *const programs[] = { "true", "pause", "inside" };
	struct rlimit files;

	if (!b->nono[0]) {
		set_path(b->nono, below(b->tools, "../../client/nono"));
	}
	if (!b->nonod[0]) {
		set_path(b->nonod, below(b->tools, "../../daemon/nonod"));
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	make_directory(below(b->dir, "tmp"));
	snprintf(b->programs, sizeof(b->programs), "%s", below(b->dir, "programs"));
	make_directory(b->programs);
	for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
		copy_program(below(b->tools, "bench-%s", programs[i]),
			below(b->programs, "%s", programs[i]));
	}
}

/* How many rows are far from their goals, twice in a row. */
static size_t run_mode(struct bench *b, size_t i)
{
	size_t first = b->report.n, middle;

	b->report.mode = modes[i].name;
	if (modes[i].run(b) < 0) {
		die("%s failed", modes[i].name);
	}
	middle = b->report.n;
	if (b->smoke || report_far(&b->report, first, middle) == 0) {
		return 0;
	}
	report_say(&b->report, "%-9s far from a goal: measuring again", modes[i].name);
	modes[i].run(b);
	return report_far(&b->report, first, middle);
}

static int run_modes(struct bench *b, char **names)
{
	size_t far = 0;

	for (char **name = names; *name; name++) {
		bool known = str_equal(*name, "all");
		for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
			known |= str_equal(*name, modes[i].name);
		}
		if (!known) {
			die("there is no mode %s", *name);
		}
	}
	prepare(b);
	machine_print(&b->report);
	report_heading(&b->report);
	for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
		bool wanted = false;
		for (char **name = names; *name; name++) {
			wanted |= str_equal(*name, "all") || str_equal(*name, modes[i].name);
		}
		far += wanted ? run_mode(b, i) : 0;
	}
	if (b->report.json) {
		report_print_json(&b->report);
	}
	if (far > 0) {
		report_say(&b->report, "%zu goals missed by more than a quarter, twice", far);
	}
	return far > 0;
}

static void on_signal(int sig)
{
	(void)sig;
	kill(worker, SIGKILL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* What the worker left is ours: we are the subreaper. True when it all ends by itself. */
static bool reap_strays(void)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	pid_t pid;
	bool clean = true;

	for (int i = 0; (pid = waitpid(-1, NULL, WNOHANG)) >= 0; i++) {
		pid_t pids[64];
		if (pid > 0) {
			continue;
		}
		if (i >= STRAY_TRIES) {
			size_t n = proc_children(getpid(), pids, ELEMENTSOF(pids));
			for (size_t k = 0; k < n && k < ELEMENTSOF(pids); k++) {
				kill(pids[k], SIGKILL);
			}
			clean = false;
		}
		nanosleep(&pause, NULL);
	}
	return clean;
}

static int supervise(struct bench *b)
{
	struct sigaction action = { .sa_handler = on_signal };
	int status = 0;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	while (waitpid(worker, &status, 0) < 0 && errno == EINTR) {
	}
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
	if (!reap_strays()) {
		fprintf(stderr, "nono-bench: processes were left behind\n");
		status = 2;
	}
	nftw(b->dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	return status;
}

int main(int argc, char **argv)
{
	static struct bench b;
	const char *tmp = getenv("TMPDIR");
	int r;

	defaults(&b);
	r = parse_options(&b, argc, argv);
	if (r > 0) {
		return r - 1;
	}
	r = check_kernel();
	if (r > 0) {
		return r;
	}
	snprintf(b.dir, sizeof(b.dir), "%s/nono-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(b.dir)) {
		die("cannot make %s: %s", b.dir, strerror(errno));
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(stdout);
	worker = fork();
	if (worker < 0) {
		die("fork: %s", strerror(errno));
	}
	if (worker == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		exit(run_modes(&b, argv + optind));
	}
	return supervise(&b);
}
