/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer with a hard limit. Errors stick: after the first failed append every
 * later one is a no-op and buf_error() tells, so that a builder checks once at the end.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;   /* NULL while empty; otherwise NUL-terminated behind len */
	size_t len;   /* bytes in use, without the terminator */
	size_t size;  /* bytes allocated */
	size_t limit; /* most bytes that may be in use; 0 means 16 MiB */
	int error;    /* 0, -ENOMEM or -E2BIG */
};

void buf_deinit(struct buf *b);                          /* idempotent */
int buf_reserve(struct buf *b, size_t more);             /* room for more bytes: 0 or the error */
void buf_append(struct buf *b, const void *p, size_t n); /* p may be NULL when n is 0 */
void buf_append_str(struct buf *b, const char *s);
void buf_append_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *b, size_t n); /* drops the first n bytes */
char *buf_take(struct buf *b);             /* moves the bytes out (NULL on error), empties b */

static inline int buf_error(const struct buf *b)
{
	return b->error;
}
