/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_DEFAULT_LIMIT (16U << 20)

void buf_deinit(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .limit = b->limit };
}

int buf_reserve(struct buf *b, size_t more)
{
	size_t limit = b->limit ? b->limit : BUF_DEFAULT_LIMIT;
	size_t need, size;
	char *data;

	if (b->error) {
		return b->error;
	}
	if (more > limit || b->len > limit - more) {
		return b->error = -E2BIG;
	}
	need = b->len + more + 1;
	if (need <= b->size) {
		return 0;
	}
	size = b->size < 128 ? 128 : b->size;
	while (size < need) {
		size *= 2;
	}
	data = realloc(b->data, size);
	if (!data) {
		return b->error = -ENOMEM;
	}
	b->data = data;
	b->size = size;
	return 0;
}

void buf_append(struct buf *b, const void *p, size_t n)
{
	if (buf_reserve(b, n) < 0) {
		return;
	}
	if (n > 0) {
		memcpy(b->data + b->len, p, n);
	}
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_append_char(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->error = -EINVAL;
		return;
	}
	if (buf_reserve(b, (size_t)n) < 0) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n > b->len) {
		n = b->len;
	}
	if (n > 0) {
		memmove(b->data, b->data + n, b->len - n + 1);
		b->len -= n;
	}
}

char *buf_take(struct buf *b)
{
	char *data = NULL;

	if (buf_reserve(b, 0) == 0) {
		data = b->data;
		data[b->len] = '\0';
		b->data = NULL;
	}
	buf_deinit(b);
	return data;
}
