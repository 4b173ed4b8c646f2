/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcore/base/buf.h"
#include "libcore/base/fd.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
#include "tests/bench/bench.h"

#define FAR 1.25 /* times the goal: more than a bad day */

void report_say(const struct report *r, const char *fmt, ...)
{
	va_list ap;

	if (r->json) {
		return;
	}
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void report_heading(const struct report *r)
{
	report_say(r, "%-9s %-40s %10s %10s %-5s %7s %7s %7s %s", "mode", "name", "ours", "base",
		"", "ratio", "r(min)", "goal", "verdict");
}

/* What is held against the goal. */
static double judged(const struct row *row)
{
	return isnan(row->base) ? row->ours : row->ratio;
}

static const char *verdict(const struct row *row)
{
	if (isnan(row->goal)) {
		return "-";
	}
	return row->noisy ? "noisy" : judged(row) <= row->goal ? "ok" : "miss";
}

static const char *number(char *p, size_t n, double v, const char *fmt)
{
	if (isnan(v)) {
		return "-";
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(p, n, fmt, v);
#pragma GCC diagnostic pop
	return p;
}

static void add(struct report *r, const char *name, const char *unit, struct row row)
{
	char text[5][32];
	void *items = r->rows;

	snprintf(row.mode, sizeof(row.mode), "%s", r->mode);
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.unit, sizeof(row.unit), "%s", unit);
	if (array_grow(&items, r->n, sizeof(*r->rows)) < 0) {
		die("out of memory");
	}
	r->rows = items;
	r->rows[r->n++] = row;
	report_say(r, "%-9s %-40s %10s %10s %-5s %7s %7s %7s %s", row.mode, row.name,
		number(text[0], sizeof(text[0]), row.ours, row.ours < 100 ? "%.2f" : "%.0f"),
		number(text[1], sizeof(text[1]), row.base, row.base < 100 ? "%.2f" : "%.0f"),
		row.unit, number(text[2], sizeof(text[2]), row.ratio, "%.2f"),
		number(text[3], sizeof(text[3]), row.ratio_min, "%.2f"),
		number(text[4], sizeof(text[4]), row.goal, "%.2f"), verdict(&row));
}

void report_ratio(struct report *r, const char *name, const char *unit, const struct samples *ours,
	const struct samples *base, double goal)
{
	add(r, name, unit,
		(struct row){ .ours = samples_quantile(ours, 0.5),
			.base = samples_quantile(base, 0.5),
			.ratio = samples_paired(ours, base),
			.ratio_min = samples_quantile(ours, 0) / samples_quantile(base, 0),
			.goal = goal,
			.noisy = samples_noisy(base) });
}

void report_pair(
	struct report *r, const char *name, const char *unit, double ours, double base, double goal)
{
	add(r, name, unit,
		(struct row){ .ours = ours,
			.base = base,
			.ratio = ours / base,
			.ratio_min = NAN,
			.goal = goal });
}

void report_value(struct report *r, const char *name, const char *unit, double value, double goal)
{
	add(r, name, unit,
		(struct row){
			.ours = value, .base = NAN, .ratio = NAN, .ratio_min = NAN, .goal = goal });
}

static bool is_far(const struct row *row)
{
	return !isnan(row->goal) && judged(row) > row->goal * FAR;
}

size_t report_far(const struct report *r, size_t first, size_t middle)
{
	size_t n = 0;

	for (size_t i = first; i < middle; i++) {
		bool far = is_far(&r->rows[i]);
		for (size_t k = middle; far && k < r->n; k++) {
			if (str_equal(r->rows[i].name, r->rows[k].name)) {
				far = is_far(&r->rows[k]);
			}
		}
		n += far;
	}
	return n;
}

/* A number with what precision a reader can use; null for none. */
static void write_number(struct json_writer *w, const char *name, double v)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%.3f", v);

	json_write_span(w, name,
		isnan(v) ? (struct json_span){ "null", 4 } : (struct json_span){ text, (size_t)n });
}

static void write_machine(struct json_writer *w)
{
	double load[3] = { NAN, NAN, NAN };
	struct utsname u;

	uname(&u);
	getloadavg(load, 3);
	json_begin_object(w, "machine");
	json_write_string(w, "kernel", u.release);
	json_write_string(w, "architecture", u.machine);
	json_write_int64(w, "cores", sysconf(_SC_NPROCESSORS_ONLN));
	json_write_int64(w, "openFiles", sysconf(_SC_OPEN_MAX));
	write_number(w, "load", load[0]);
	write_number(w, "cpuidUSec", machine_cpuid_usec());
	json_end(w);
}

void report_print_json(const struct report *r)
{
	struct buf b = { 0 };
	struct json_writer w = { .buf = &b };

	json_begin_object(&w, NULL);
	write_machine(&w);
	json_begin_array(&w, "rows");
	for (size_t i = 0; i < r->n; i++) {
		const struct row *row = &r->rows[i];
		json_begin_object(&w, NULL);
		json_write_string(&w, "mode", row->mode);
		json_write_string(&w, "name", row->name);
		json_write_string(&w, "unit", row->unit);
		write_number(&w, "ours", row->ours);
		write_number(&w, "base", row->base);
		write_number(&w, "ratio", row->ratio);
		write_number(&w, "ratioOfMinima", row->ratio_min);
		write_number(&w, "goal", row->goal);
		json_write_string(&w, "verdict", verdict(row));
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
	buf_append_char(&b, '\n');
	if (json_writer_error(&w) < 0 || fd_write_full(STDOUT_FILENO, b.data, b.len) < 0) {
		die("cannot write the report");
	}
	buf_deinit(&b);
}
