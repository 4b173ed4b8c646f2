/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/str.h"

#include <errno.h>
#include <stdlib.h>

int str_to_u64(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0')) {
		return -EINVAL;
	}
	for (; *s; s++) {
		if (*s < '0' || *s > '9') {
			return -EINVAL;
		}
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*s - '0'), &v)) {
			return -ERANGE;
		}
	}
	*ret = v;
	return 0;
}

size_t str_utf8_char(const char *s, size_t n, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c, min;
	size_t len;

	if (n == 0) {
		return 0;
	}
	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0) {
		len = 2, min = 0x80, c = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		len = 3, min = 0x800, c = p[0] & 0x0f;
	} else if ((p[0] & 0xf8) == 0xf0) {
		len = 4, min = 0x10000, c = p[0] & 0x07;
	} else {
		return 0;
	}
	if (n < len) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
		return 0;
	}
	*ret = c;
	return len;
}

bool str_is_utf8(const char *s, size_t n)
{
	uint32_t c;

	while (n > 0) {
		size_t k = str_utf8_char(s, n, &c);
		if (k == 0) {
			return false;
		}
		s += k;
		n -= k;
	}
	return true;
}

int array_grow(void **items, size_t n, size_t item_size)
{
	size_t size, bytes;
	void *p;

	/* Full exactly when n is 0 or a power of two of at least 8. */
	if (n != 0 && (n < 8 || (n & (n - 1)) != 0)) {
		return 0;
	}
	size = n == 0 ? 8 : n * 2;
	if (__builtin_mul_overflow(size, item_size, &bytes)) {
		return -ENOMEM;
	}
	p = realloc(*items, bytes);
	if (!p) {
		return -ENOMEM;
	}
	*items = p;
	return 0;
}
