/* SPDX-License-Identifier: Apache-2.0 */
/* A path as `why` is asked about it: where the kernel would end up, and what is there. */
#pragma once
#include "client/request.h"
#include "policy/why.h"

struct question {
	char *path, *parent; /* what why points to */
	struct why_path why;
};

/* op is a word of --op, or NULL for read. 0, or -errno with err set. */
int question_init(struct question *ret, const struct workdir *w, const char *path, const char *op,
	struct nono_error *err);
void question_deinit(struct question *q);
