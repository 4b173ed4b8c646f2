/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real work inside and outside: reading a tree of 8,000 files with grep (the worst case: hardly
 * anything but opens), compiling a C project, git, Python. The start of the session is included,
 * as its user waits for that too; the work is long enough for it to be a small part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

#define FILES      8000
#define PER_FOLDER 100
#define FILE_SIZE  4096
#define SOURCES    30
#define GRANTS_MAX 6

struct workload {
	const char *name, *tool; /* tool is needed on PATH */
	double goal;
	int expected;
	const char *script; /* for /bin/sh, in dir */
	char dir[PATH_MAX];
	const char *grants[GRANTS_MAX]; /* of nono run */
};

static void make_tree(const char *dir, unsigned files)
{
	char *text = xcalloc(1, FILE_SIZE + 1);

	for (size_t i = 0; i < FILE_SIZE; i++) {
		text[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 23);
	}
	make_directory(dir);
	for (unsigned i = 0; i < files; i++) {
		const char *folder = below(dir, "%u", i / PER_FOLDER);
		if (i % PER_FOLDER == 0) {
			make_directory(folder);
		}
		snprintf(text, 32, "file %u", i);
		text[strlen(text)] = ' ';
		make_file(below(folder, "%u.txt", i), text);
	}
	free(text);
}

static void make_project(const char *dir, unsigned sources)
{
	static const char header[] =
		"#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
		"#include <unistd.h>\n#include <sys/socket.h>\n";
	char text[4096];

	make_directory(dir);
	make_file(below(dir, "all.h"), header);
	for (unsigned i = 0; i < sources; i++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "#include \"all.h\"\n");
		for (unsigned k = 0; k < 12; k++) {
			n += (size_t)snprintf(text + n, sizeof(text) - n,
				"int f%u_%u(const char *s, int n)\n{\n\tint v = %u;\n"
				"\tfor (int i = 0; i < n && s[i]; i++) {\n"
				"\t\tv = v * 31 + s[i];\n\t}\n\treturn v ^ (int)strlen(s);\n}\n",
				i, k, k);
		}
		make_file(below(dir, "s%u.c", i), text);
	}
	make_file(below(dir, "main.c"), "int f0_0(const char *s, int n);\n"
					"int main(void)\n{\n\treturn f0_0(\"x\", 1) == 7;\n}\n");
}

static void measure(struct bench *b, const struct daemon *d, const struct workload *w)
{
	const char *const bare[] = { "/bin/sh", "-c", w->script, NULL };
	const char *argv[GRANTS_MAX + 8] = { b->nono, "run" };
	struct program base, ours;
	struct samples ours_usec = { 0 }, base_usec = { 0 };
	char path[PATH_MAX];
	size_t n = 2;

	if (!program_find(w->tool, path, sizeof(path))) {
		report_say(&b->report, "workload  %s: there is no %s", w->name, w->tool);
		return;
	}
	for (size_t i = 0; w->grants[i]; i++) {
		argv[n++] = w->grants[i];
	}
	argv[n++] = "--";
	memcpy(argv + n, bare, sizeof(bare));
	base = (struct program){
		.argv = bare, .env = d->env, .cwd = w->dir, .expected = w->expected, .stdio = -1
	};
	ours = base;
	ours.argv = argv;
	if (!b->smoke) { /* the page cache is warm from here on */
		program_time(&base);
		program_time(&ours);
	}
	for (unsigned i = 0; i < bench_rounds(b, 11) && !(b->smoke && i); i++) {
		samples_add(&base_usec, program_time(&base) / 1000);
		samples_add(&ours_usec, program_time(&ours) / 1000);
	}
	report_ratio(&b->report, w->name, "ms", &ours_usec, &base_usec, w->goal);
	samples_deinit(&ours_usec);
	samples_deinit(&base_usec);
}

static void measure_git(struct bench *b, const struct daemon *d, struct workload *w)
{
	static const char *const init[] = { "/bin/sh", "-c",
		"test -d .git || git init -q . && git add . && git -c user.name=b -c user.email=b@localhost "
		"commit -qm all --allow-empty",
		NULL };
	char path[PATH_MAX];

	if (program_find("git", path, sizeof(path))) {
		program_time(&(struct program){
			.argv = init, .env = d->env, .cwd = w->dir, .stdio = -1 });
	}
	measure(b, d, w);
}

int mode_workload(struct bench *b)
{
	/* A read-only grant costs more than one that lets write: the kernel also asks whether the
	 * opened file may be truncated, and looks for the answer up to the root. */
	struct workload grep = { .name = "grep through 8,000 files, thrice",
		.tool = "grep",
		.goal = 1.20,
		.expected = 1,
		.script = "grep -r nosuchword .; grep -r nosuchword .; grep -r nosuchword ." };
	struct workload grep_read;
	struct workload git = { .name = "git status of 8,000 files, five times",
		.tool = "git",
		.goal = 1.05,
		.script = "for i in 1 2 3 4 5; do git status --porcelain || exit 1; done" };
	struct workload cc = { .name = "compile and link 30 C files",
		.tool = "cc",
		.goal = 1.05,
		.script = "for f in *.c; do cc -O1 -c $f || exit 1; done; cc -o program *.o" };
	struct workload python = { .name = "python3, many imports",
		.tool = "python3",
		.goal = 1.05,
		.script =
			"python3 -B -c 'import asyncio, email.message, http.client, json, logging, "
			"multiprocessing, sqlite3, unittest, urllib.request, xml.dom.minidom'" };
	char temporary[PATH_MAX];
	struct daemon d;

	snprintf(temporary, sizeof(temporary), "%s", below(b->dir, "tmp"));
	snprintf(grep.dir, sizeof(grep.dir), "%s", below(b->dir, "tree"));
	snprintf(git.dir, sizeof(git.dir), "%s", below(b->dir, "tree"));
	snprintf(cc.dir, sizeof(cc.dir), "%s", below(b->dir, "project"));
	snprintf(python.dir, sizeof(python.dir), "%s", b->programs);
	make_tree(grep.dir, b->smoke ? 50 : FILES);
	make_project(cc.dir, b->smoke ? 1 : SOURCES);
	grep_read = grep;
	grep_read.name = "the same, granted for reading only";
	grep_read.goal = NO_GOAL;
	grep_read.grants[0] = python.grants[0] = "--read";
	grep.grants[0] = "--allow";
	grep.grants[1] = grep_read.grants[1] = grep.dir;
	python.grants[1] = python.dir;
	git.grants[0] = cc.grants[0] = cc.grants[2] = "--allow";
	git.grants[1] = git.dir;
	cc.grants[1] = cc.dir;
	cc.grants[3] = temporary;
	daemon_start(&d, b, "workload");
	measure(b, &d, &grep);
	measure(b, &d, &grep_read);
	measure(b, &d, &cc);
	measure(b, &d, &python);
	measure_git(b, &d, &git);
	daemon_close(&d);
	return 0;
}
