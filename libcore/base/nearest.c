/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/nearest.h"

#include <string.h>

#define WORD_MAX 31 /* longer words are never near anything we know */

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. Both words are at most WORD_MAX long. */
static size_t edits(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= n_b; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= n_a; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = min2(replace, min2(row[j], row[j - 1]) + 1);
		}
	}
	return row[n_b];
}

struct nearest nearest_init(const char *word, size_t n)
{
	/* A third of the letters wrong, but at least one typo, still counts as near. */
	return (struct nearest){ .word = word, .n = n, .distance = n / 3 + 2 };
}

void nearest_offer(struct nearest *s, const char *candidate)
{
	size_t n = candidate ? strlen(candidate) : 0, d;

	if (n == 0 || n > WORD_MAX || s->n > WORD_MAX) {
		return;
	}
	d = edits(s->word, s->n, candidate, n);
	if (d < s->distance) {
		s->distance = d;
		s->best = candidate;
	}
}
