/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line asks for, as parameters of io.nono.Session.Run and Plan. */
#pragma once
#include <stdbool.h>

#include "client/options.h"
#include "libcore/base/buf.h"
#include "policy/library-files.h"
#include "policy/places.h"

/* The working directory of the command: --workdir, or our own. */
struct workdir {
	int fd;     /* O_PATH */
	char *base; /* our own, which relative names start from; NULL when it cannot be named */
	char *path; /* the command's, absolute and clean; NULL when it cannot be named */
};
/* 0, or -errno with err set. */
int workdir_open(struct workdir *ret, const struct arguments *a, struct nono_error *err);
void workdir_deinit(struct workdir *w);

/* The absolute clean form of a path as typed: a new string, or NULL with err set. */
char *request_path(const struct workdir *w, const char *path, struct nono_error *err);

/* What a request says beyond the command line. */
struct request_form {
	const struct document_files *documents; /* may be NULL */
	const struct policy_places *places;     /* may be NULL */
	bool foreground;
	bool want_policy;
	size_t n_fds; /* of Run */
};
/* Appends {"context":{…}} to out, and with n_fds the indices of Run's descriptors. 0, or -errno
 * with err set. */
int request_parameters(struct buf *out, const struct arguments *a, const struct workdir *w,
	const struct request_form *form, struct nono_error *err);
