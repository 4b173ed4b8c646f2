/* SPDX-License-Identifier: Apache-2.0 */
/* What the findings say to a person and to a program. */
#pragma once
#include <stdbool.h>

#include "client/local/findings.h"
#include "libcore/base/buf.h"

/* All probes. 0 or -errno with err set. */
int doctor_look(struct findings *ret, struct nono_error *err);
/* True when a sandbox can be made here; otherwise *ret_cause is the first reason why not. */
bool doctor_usable(const struct findings *list, const char **ret_cause);

void doctor_text(struct buf *out, const struct findings *list);
void doctor_json(struct buf *out, const struct findings *list);
