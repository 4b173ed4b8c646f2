/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths a command that failed may have failed for. Nothing is known here about what it was denied:
 * these are the paths worth asking nonod about.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define SUSPECTS_MAX 16

enum suspect_origin {
	SUSPECT_PROGRAM,   /* it is the command, or the interpreter that one names */
	SUSPECT_ARGUMENT,  /* the command line names it */
	SUSPECT_OUTPUT,    /* the command's output says that it was denied */
	SUSPECT_DIRECTORY, /* it is the working directory */
};

struct suspect {
	char *path; /* canonical, as far as it exists */
	enum suspect_origin origin;
	bool exists, is_directory;
};

struct suspects {
	struct suspect items[SUSPECTS_MAX];
	size_t n;
};

/* Each adds what is new; beyond SUSPECTS_MAX, and without memory, nothing. base is where relative
 * names start, NULL when that is not known. */
void suspects_add_program(struct suspects *s, const char *name, const char *base);
void suspects_add_arguments(struct suspects *s, char *const *argv, const char *base);
void suspects_add_output(struct suspects *s, const char *text, size_t n, const char *base);
void suspects_add_directory(struct suspects *s, const char *path);
void suspects_deinit(struct suspects *s);
