/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/doctor.h"

#include <sys/utsname.h>

#include "client/local/show.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

#define NAME_WIDTH 25

static const char *const state_words[] = {
	[FINDING_YES] = "yes",
	[FINDING_NO] = "NO",
	[FINDING_UNKNOWN] = "?",
};

/* Without any of these there is no sandbox. In the order in which one causes the next. */
static const char *const required[] = { "landlock", "seccomp-filter", "no-new-privs", "sandbox" };

int doctor_look(struct findings *ret, struct nono_error *err)
{
	_cleanup_(findings_deinit) struct findings list = { 0 };
	int r = probe_kernel(&list, err);

	if (r == 0) {
		r = probe_system(&list, err);
	}
	if (r == 0) {
		r = probe_desktop(&list, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = list;
	list = (struct findings){ 0 };
	return 0;
}

bool doctor_usable(const struct findings *list, const char **ret_cause)
{
	for (size_t i = 0; i < ELEMENTSOF(required); i++) {
		const struct finding *f = findings_find(list, required[i]);
		if (f && f->state == FINDING_NO) {
			*ret_cause = f->cause;
			return false;
		}
	}
	return true;
}

static const char *kernel_release(void)
{
	static struct utsname u;

	return uname(&u) == 0 ? u.release : "?";
}

static void append_fact(struct buf *out, const char *label, const char *text)
{
	buf_printf(out, "       %-8s", label);
	visible_append(out, text);
	buf_append_char(out, '\n');
}

static void append_finding(struct buf *out, const struct finding *f)
{
	buf_printf(out, "  %-4s %-*s%s", state_words[f->state], NAME_WIDTH, f->name, f->what);
	if (f->state == FINDING_YES && *f->detail) {
		buf_append_str(out, " (");
		visible_append(out, f->detail);
		buf_append_char(out, ')');
	}
	buf_append_char(out, '\n');
	if (f->state != FINDING_YES) {
		append_fact(out, "Why:", f->cause);
		append_fact(out, "Lost:", f->lost);
		append_fact(out, "Get it:", f->remedy);
	}
}

void doctor_text(struct buf *out, const struct findings *list)
{
	const char *group = "", *cause;
	size_t missing = 0;

	buf_printf(out, "nono " NONO_VERSION " on Linux ");
	visible_append(out, kernel_release());
	buf_append_char(out, '\n');
	for (size_t i = 0; i < list->n; i++) {
		const struct finding *f = &list->items[i];
		if (!str_equal(group, f->group)) {
			group = f->group;
			buf_printf(out, "\n%s\n", group);
		}
		append_finding(out, f);
		missing += f->state != FINDING_YES;
	}
	if (!doctor_usable(list, &cause)) {
		buf_append_str(out, "\nNothing can be enforced here: ");
		visible_append(out, cause);
		buf_append_char(out, '\n');
	} else if (missing > 0) {
		buf_printf(out, "\nSandboxes work here. %zu feature%s missing, as said above.\n",
			missing, missing == 1 ? " is" : "s are");
	} else {
		buf_append_str(out, "\nSandboxes work here, and nothing is missing.\n");
	}
}

static void write_finding(struct json_writer *w, const struct finding *f)
{
	json_begin_object(w, NULL);
	json_write_string(w, "name", f->name);
	json_write_string(w, "group", f->group);
	if (f->state == FINDING_UNKNOWN) {
		json_write_null(w, "available");
	} else {
		json_write_bool(w, "available", f->state == FINDING_YES);
	}
	json_write_string(w, "description", f->what);
	if (f->state != FINDING_YES) {
		show_text(w, "cause", f->cause);
		json_write_string(w, "lost", f->lost);
		json_write_string(w, "remedy", f->remedy);
	} else if (*f->detail) {
		show_text(w, "detail", f->detail);
	}
	json_end(w);
}

void doctor_json(struct buf *out, const struct findings *list)
{
	struct json_writer w = { .buf = out };
	const char *cause;

	json_begin_object(&w, NULL);
	json_write_string(&w, "version", NONO_VERSION);
	json_write_string(&w, "kernel", kernel_release());
	json_write_bool(&w, "usable", doctor_usable(list, &cause));
	json_begin_array(&w, "features");
	for (size_t i = 0; i < list->n; i++) {
		write_finding(&w, &list->items[i]);
	}
	json_end(&w);
	json_end(&w);
}
