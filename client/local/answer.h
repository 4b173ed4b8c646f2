/* SPDX-License-Identifier: Apache-2.0 */
/* How the answer to a question of `why` is printed. */
#pragma once
#include "libcore/base/buf.h"
#include "policy/why.h"

void answer_text(struct buf *out, const struct why_answer *answer);
void answer_json(struct buf *out, const struct why_answer *answer);
