/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile gives in the end, here and for this user: every path, and who says so. */
#pragma once
#include "nono-error.h"

enum export_form {
	EXPORT_TEXT,
	EXPORT_JSON,     /* the manifest, and where each of its entries comes from */
	EXPORT_MANIFEST, /* a capability manifest, version 0.1.0 */
};

/* The exit status, or -errno with err set. */
int export_print(const char *ref, enum export_form form, struct nono_error *err);
