/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the known word with the fewest edits from what was typed. */
#pragma once
#include <stddef.h>

struct nearest {
	const char *word; /* what was typed */
	size_t n;
	size_t distance;  /* of best, or more than what is still called near */
	const char *best; /* NULL while nothing is near */
};

struct nearest nearest_init(const char *word, size_t n);
void nearest_offer(struct nearest *s, const char *candidate); /* may be NULL */
