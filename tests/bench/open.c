/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an access check costs a program that runs inside: one open of a file ten directories deep,
 * with the few grants of an ordinary session and with ten thousand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

#define DEPTH      10
#define MANY       10000
#define PER_FOLDER 500

enum figure { FIGURE_OPEN, FIGURE_STAT, FIGURE_CALL, _FIGURE_MAX };

struct figures {
	struct samples v[_FIGURE_MAX];
};

static void measure(const struct program *p, struct figures *f)
{
	double v[_FIGURE_MAX];

	program_time(p);
	if (sscanf(p->out, "%lf %lf %lf", &v[FIGURE_OPEN], &v[FIGURE_STAT], &v[FIGURE_CALL]) !=
		_FIGURE_MAX) {
		die("unexpected output: %s", p->out);
	}
	for (int i = 0; i < _FIGURE_MAX; i++) {
		samples_add(&f->v[i], v[i]);
	}
}

static void figures_deinit(struct figures *f)
{
	for (int i = 0; i < _FIGURE_MAX; i++) {
		samples_deinit(&f->v[i]);
	}
}

static const char many_option[] = "--read-file";

/* argv of `nono run` with a grant for every one of n new files. */
static const char **many_grants(const struct bench *b, const char *name, unsigned n,
	const char *const *before, const char *const *command)
{
	char dir[PATH_MAX];
	const char **argv = xcalloc((size_t)2 * n + 32, sizeof(*argv));
	size_t k = 0;

	snprintf(dir, sizeof(dir), "%s", below(b->dir, "%s", name));
	make_directory(dir);
	argv[k++] = b->nono;
	argv[k++] = "run";
	for (size_t i = 0; before[i]; i++) {
		argv[k++] = before[i];
	}
	for (unsigned i = 0; i < n; i++) {
		const char *folder = below(dir, "%u", i / PER_FOLDER);
		char *file;
		if (i % PER_FOLDER == 0) {
			make_directory(folder);
		}
		if (asprintf(&file, "%s/%u", folder, i) < 0) {
			die("out of memory");
		}
		make_file(file, "");
		argv[k++] = many_option;
		argv[k++] = file;
	}
	argv[k++] = "--";
	for (size_t i = 0; command[i]; i++) {
		argv[k++] = command[i];
	}
	return argv;
}

static void free_grants(const char **argv)
{
	for (size_t i = 0; argv[i]; i++) {
		if (argv[i] == many_option) {
			free((char *)argv[++i]);
		}
	}
	free(argv);
}

static void report(struct bench *b, const struct figures *bare, const struct figures *few,
	const struct figures *many)
{
	struct report *r = &b->report;

	report_ratio(r, "open+close ten deep, inside / bare", "ns", &few->v[FIGURE_OPEN],
		&bare->v[FIGURE_OPEN], 2.0);
	report_ratio(r, "fstatat ten deep, inside / bare", "ns", &few->v[FIGURE_STAT],
		&bare->v[FIGURE_STAT], NO_GOAL);
	report_ratio(r, "getppid, inside / bare", "ns", &few->v[FIGURE_CALL], &bare->v[FIGURE_CALL],
		NO_GOAL);
	report_ratio(r, "open+close, 10,000 grants / few", "ns", &many->v[FIGURE_OPEN],
		&few->v[FIGURE_OPEN], 1.1);
}

int mode_open(struct bench *b)
{
	char tree[PATH_MAX], deep[PATH_MAX], secret[PATH_MAX], tool[PATH_MAX], out[3][256];
	const char *n = b->smoke ? "1000" : "20000";
	struct figures bare = { 0 }, few = { 0 }, many = { 0 };
	struct daemon d;

	snprintf(tree, sizeof(tree), "%s", below(b->dir, "deep"));
	snprintf(deep, sizeof(deep), "%s", tree);
	make_directory(tree);
	for (size_t i = 1; i < DEPTH; i++) {
		snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "/d%zu", i);
		make_directory(deep);
	}
	snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "/file");
	make_file(deep, "x");
	snprintf(secret, sizeof(secret), "%s", below(b->dir, "secret"));
	make_file(secret, "x");
	snprintf(tool, sizeof(tool), "%s", below(b->programs, "inside"));
	daemon_start(&d, b, "open");
	{
		const char *const before[] = { "--read", b->programs, "--read", tree, NULL };
		const char *const inside[] = { tool, "open", deep, n, secret, NULL };
		const char *const outside[] = { tool, "open", deep, n, NULL };
		const char **argv_few = many_grants(b, "none", 0, before, inside);
		const char **argv_many =
			many_grants(b, "many", b->smoke ? 100 : MANY, before, inside);
		struct program p[3] = { { .argv = outside }, { .argv = argv_few },
			{ .argv = argv_many } };
		struct figures *f[3] = { &bare, &few, &many };
		for (size_t i = 0; i < 3; i++) {
			p[i].env = d.env;
			p[i].stdio = -1;
			p[i].out = out[i];
			p[i].out_size = sizeof(out[i]);
		}
		for (unsigned i = 0; i < bench_rounds(b, 21); i++) {
			for (size_t k = 0; k < 3; k++) {
				measure(&p[k], f[k]);
			}
		}
		free_grants(argv_few);
		free_grants(argv_many);
	}
	report(b, &bare, &few, &many);
	figures_deinit(&bare);
	figures_deinit(&few);
	figures_deinit(&many);
	daemon_close(&d);
	return 0;
}
