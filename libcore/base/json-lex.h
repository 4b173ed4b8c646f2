/* SPDX-License-Identifier: Apache-2.0 */
/* The lexical half of JSON, for json-check.c and json-scan.c only. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

static inline bool json_is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static inline const char *json_skip_space(const char *p, const char *end)
{
	while (p < end && json_is_space(*p)) {
		p++;
	}
	return p;
}

static inline bool json_is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* Where a run of characters that stand for themselves, printable ASCII, ends. Nearly every string
 * is one such run. */
static inline const char *json_skip_plain(const char *p, const char *end)
{
	while (p < end && *p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\') {
		p++;
	}
	return p;
}

/* Decodes one character inside a string into at most four bytes of UTF-8 and moves *p behind it.
 * The number of bytes, 0 at the closing quote (*p stays), -1 when malformed, -2 on a NUL. */
int json_decode_char(const char **p, const char *end, char out[4]);

/* The value of digits [p, end); false when it lies outside int64 (negative) or uint64. */
bool json_integer_fits(const char *p, const char *end, bool negative, uint64_t *ret);
