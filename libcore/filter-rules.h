/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the seccomp filter as data: what filter.c builds, the tests evaluate and
 * docs/ENFORCEMENT.md lists. A rule refuses, or hands the call to the supervisor where there is
 * one; what no rule is about is allowed and left to Landlock and to the ordinary permissions of the
 * kernel.
 *
 * Invariant: values the kernel takes as int are compared in their low 32 bits only. A comparison
 * of all 64 is passed by setting a high bit the kernel then ignores.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/filter.h"

/* The newest system call somebody looked at: file_setattr, Linux 6.17. Numbers above it do not
 * exist inside (ENOSYS), so that a new kernel opens no door nobody has judged. */
#define FILTER_LAST_REVIEWED 469

/* When a rule is part of the filter, by shape. */
enum filter_when {
	FILTER_ALWAYS,
	FILTER_NETWORK, /* not blocked */
	FILTER_NETWORK_BLOCKED,
	FILTER_NETWORK_TCP,
	FILTER_NETWORK_OPEN, /* neither of the two */
	FILTER_NO_LISTEN,    /* network_tcp without listen_allowed */
	FILTER_UNIX,
	FILTER_NO_UNIX,
	FILTER_NO_IPC,
	FILTER_DENY_TRUNCATE,
	FILTER_SUPERVISED,
	FILTER_SUPERVISED_TCP,
	FILTER_SUPERVISED_FDS, /* metadata_fds */
	FILTER_OPENS,
	FILTER_OPENS_TRUNCATE, /* and truncate by path is Landlock's */
};

enum filter_test {
	FILTER_TEST_NONE,    /* end of the conditions */
	FILTER_TEST_EQUAL,   /* (argument & mask) == values[0]; mask 0 means all 32 bits */
	FILTER_TEST_ANY_BIT, /* argument & mask is not 0 */
	FILTER_TEST_IN,      /* argument is one of values */
	FILTER_TEST_NOT_IN,  /* (argument & mask) is none of values. mask is 2^n - 1; without
				ignore_high everything above mask is none of them either */
	FILTER_TEST_NONZERO, /* all 64 bits: a pointer. For an int it refuses more, never less */
};

/* Instead of an error: the supervisor answers. */
#define FILTER_ASK (-1)

#define FILTER_CONDITIONS 3
#define FILTER_VALUES     8

/* A rule applies when all its conditions hold. */
struct filter_condition {
	enum filter_test test;
	unsigned argument;
	uint32_t mask;
	bool ignore_high; /* NOT_IN: bits above mask are flags */
	unsigned n_values;
	uint32_t values[FILTER_VALUES];
};

struct filter_rule {
	const char *calls; /* names separated by spaces */
	enum filter_when when;
	int error; /* positive errno, or FILTER_ASK */
	struct filter_condition conditions[FILTER_CONDITIONS];
	const char *what;   /* what is refused or asked about */
	const char *reason; /* and why */
};

extern const struct filter_rule filter_rules[];
extern const size_t filter_n_rules;

/* Whether rules of that kind belong to the filter of shape. */
bool filter_applies(enum filter_when when, const struct filter_shape *shape);
