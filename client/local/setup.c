/* SPDX-License-Identifier: Apache-2.0 */
/* nono setup, nono doctor: does it work here, and what would make it work better. */
#include "client/local/doctor.h"
#include "client/local/local.h"
#include "client/local/show.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"

#define EXIT_UNUSABLE 1 /* nothing can be enforced here */

int local_doctor(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(findings_deinit) struct findings list = { 0 };
	_cleanup_(buf_deinit) struct buf out = { 0 };
	const char *cause;
	int r = doctor_look(&list, err);

	if (r < 0) {
		return r;
	}
	if (a->json) {
		doctor_json(&out, &list);
		r = show_json(&out);
	} else {
		doctor_text(&out, &list);
		r = say_result(&out);
	}
	return r == 0 && !doctor_usable(&list, &cause) ? EXIT_UNUSABLE : r;
}
