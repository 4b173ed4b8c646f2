/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts and the machine-readable form of the tables of client/options.h. */
#pragma once
#include "client/options.h"
#include "libcore/base/buf.h"

void help_general(struct buf *out);
void help_verb(struct buf *out, enum verb verb);
/* Both tables as JSON, for the checks of help and man page and for completions. */
void help_dump(struct buf *out);
