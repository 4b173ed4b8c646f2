/* SPDX-License-Identifier: Apache-2.0 */
/* Text: numbers, prefixes, NULL-terminated string vectors. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What follows prefix in s, or NULL when s does not start with it. */
static inline const char *str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* A whole non-negative decimal number without sign, space or leading zeros. 0, -EINVAL, -ERANGE. */
int str_to_u64(const char *s, uint64_t *ret);

/* Decodes the UTF-8 character that s starts with: its length in bytes (1 to 4), or 0 when there is
 * none: end of text, a stray or missing continuation, an overlong form, a surrogate. */
size_t str_utf8_char(const char *s, size_t n, uint32_t *ret);

/* True when s is valid UTF-8 without overlong forms and surrogates (n bytes, may hold NUL). */
bool str_is_utf8(const char *s, size_t n);

/* Grows by doubling: makes room for one more element behind n, for arrays that start as NULL and
 * 0. Call with *n == capacity only known as the next power of two. 0 or -ENOMEM. */
int array_grow(void **items, size_t n, size_t item_size);
