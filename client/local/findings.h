/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine has of what nono can use: a list of features, each tried out. A feature that is
 * missing says why (the first cause, not what follows from it), what is lost, and the way to get
 * it. A probe that cannot tell says so too.
 */
#pragma once
#include <stddef.h>

#include "nono-error.h"

enum finding_state { FINDING_YES, FINDING_NO, FINDING_UNKNOWN };

struct finding {
	const char *group, *name;
	const char *what;         /* what it is good for */
	const char *lost;         /* without it */
	const char *remedy;       /* the way to get it; a probe may know a better one */
	enum finding_state state; /* as the probe left it */
	char cause[256];          /* first cause of NO and UNKNOWN */
	char detail[128];         /* worth knowing about YES, "" for nothing */
};

struct findings {
	struct finding *items;
	size_t n;
};

/* One row of a table of probes: state starts as FINDING_YES, and the probe objects. */
struct probe {
	struct finding finding;
	void (*run)(struct finding *f);
};

/* For probes: not there, or no way to tell, and why. */
void finding_miss(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_doubt(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_note(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Each appends what it finds. 0 or -ENOMEM with err set. */
int probe_kernel(struct findings *into, struct nono_error *err);
int probe_system(struct findings *into, struct nono_error *err);
int probe_desktop(struct findings *into, struct nono_error *err);

/* For them: runs every row. */
int findings_run(struct findings *into, const struct probe *rows, size_t n, struct nono_error *err);
int findings_add(struct findings *into, const struct finding *f, struct nono_error *err);
const struct finding *findings_find(const struct findings *list, const char *name);
void findings_deinit(struct findings *list);
