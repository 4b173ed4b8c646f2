/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/json-lex.h"

#include <string.h>

#include "libcore/base/str.h"

static int hex_value(char ch)
{
	if (json_is_digit(ch)) {
		return ch - '0';
	}
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* The four digits behind \u; -1 when they are not there. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4) {
		return -1;
	}
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);
		if (digit < 0) {
			return -1;
		}
		v = v << 4 | digit;
	}
	return v;
}

/* A backslash and what belongs to it; returns what json_decode_char() does. */
static int decode_escape(const char **p, const char *end, char out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p + 1, *simple;
	int32_t c, low;

	if (at >= end) {
		return -1;
	}
	if (*at != 'u') {
		simple = *at ? strchr(from, *at) : NULL;
		if (!simple) {
			return -1;
		}
		out[0] = to[simple - from];
		*p = at + 1;
		return 1;
	}
	c = hex4(at + 1, end);
	at += 5;
	if (c < 0 || (c >= 0xdc00 && c <= 0xdfff)) {
		return -1;
	}
	if (c == 0) {
		return -2;
	}
	if (c >= 0xd800 && c <= 0xdbff) {
		if (end - at < 6 || at[0] != '\\' || at[1] != 'u') {
			return -1;
		}
		low = hex4(at + 2, end);
		if (low < 0xdc00 || low > 0xdfff) {
			return -1;
		}
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		at += 6;
	}
	*p = at;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

int json_decode_char(const char **p, const char *end, char out[4])
{
	uint32_t c;
	size_t n;

	if (*p >= end) {
		return -1;
	}
	if (**p == '"') {
		return 0;
	}
	if (**p == '\\') {
		return decode_escape(p, end, out);
	}
	if ((unsigned char)**p < 0x20) {
		return -1;
	}
	if ((unsigned char)**p < 0x80) {
		out[0] = *(*p)++;
		return 1;
	}
	n = str_utf8_char(*p, (size_t)(end - *p), &c);
	if (n == 0) {
		return -1;
	}
	memcpy(out, *p, n);
	*p += n;
	return (int)n;
}

bool json_integer_fits(const char *p, const char *end, bool negative, uint64_t *ret)
{
	uint64_t v = 0;

	for (; p < end; p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*p - '0'), &v)) {
			return false;
		}
	}
	*ret = v;
	return !negative || v <= (uint64_t)INT64_MAX + 1;
}
