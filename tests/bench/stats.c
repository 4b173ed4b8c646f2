/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "libcore/base/str.h"
#include "tests/bench/bench.h"

void samples_add(struct samples *s, double v)
{
	void *items = s->v;

	if (array_grow(&items, s->n, sizeof(*s->v)) < 0) {
		die("out of memory");
	}
	s->v = items;
	s->v[s->n++] = v;
}

void samples_deinit(struct samples *s)
{
	free(s->v);
	*s = (struct samples){ 0 };
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_quantile(const struct samples *s, double q)
{
	double *sorted, v;

	if (s->n == 0) {
		return NAN;
	}
	sorted = xcalloc(s->n, sizeof(*sorted));
	memcpy(sorted, s->v, s->n * sizeof(*sorted));
	qsort(sorted, s->n, sizeof(*sorted), compare);
	v = sorted[(size_t)(q * (double)(s->n - 1) + 0.5)];
	free(sorted);
	return v;
}

double samples_paired(const struct samples *ours, const struct samples *base)
{
	struct samples ratios = { 0 };
	double v;

	for (size_t i = 0; i < ours->n && i < base->n; i++) {
		samples_add(&ratios, ours->v[i] / base->v[i]);
	}
	v = samples_quantile(&ratios, 0.5);
	samples_deinit(&ratios);
	return v;
}

bool samples_noisy(const struct samples *base)
{
	return samples_quantile(base, 0.9) > 1.6 * samples_quantile(base, 0.1);
}
