/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from inside a session (daemon/session/question.h): io.nono.Session.Why and nothing
 * else, about that session and no other. */
#pragma once
#include "libcore/base/buf.h"

struct session;

/* The reply to the call of n bytes, without a terminator: always one, unless buf_error(). */
void question_answer(const struct session *s, const char *call, size_t n, struct buf *ret);
