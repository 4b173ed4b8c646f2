/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's policy documents for a request. nonod opens no user's file: the client reads what is
 * there, and whatever else nonod finds that it needs.
 */
#pragma once
#include "client/options.h"
#include "client/request.h"
#include "libcore/base/json-scan.h"
#include "policy/library-files.h"
#include "policy/places.h"

#define DOCUMENT_ROUNDS 24 /* profiles may extend each other ten levels deep */

struct user_documents {
	struct document_files files;
	struct policy_places places;
	const char *cwd; /* borrowed */
};

/* Reads what belongs to every request of this command line. 0, or -errno with err set. */
int user_documents_read(struct user_documents *ret, const struct arguments *a,
	const struct workdir *w, struct nono_error *err);
/* Adds what nonod asks for; parameters of io.nono.Session.DocumentsNeeded. 0, or -errno with err
 * set: also when it asks for nothing that was not sent. */
int user_documents_add_needed(
	struct user_documents *d, struct json_span parameters, struct nono_error *err);
void user_documents_deinit(struct user_documents *d);
