/* SPDX-License-Identifier: Apache-2.0 */
/* nono profile show and nono profile schema: profiles as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/local/export.h"
#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/local/write-file.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

static int print(const char *json)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };

	visible_append_json(&out, json, strlen(json));
	if (out.len == 0 || out.data[out.len - 1] != '\n') {
		buf_append_char(&out, '\n');
	}
	return say_result(&out);
}

int local_profile_show(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(profile_set_deinit) struct profile_set s = { 0 };
	_cleanup_(profile_freep) struct profile *merged = NULL;
	_cleanup_free_ char *json = NULL;
	const struct profile *p = NULL;
	int r = profile_set_load(&s, a->operands[0], NULL, 0, err);

	if (r < 0) {
		return r;
	}
	if (a->format && str_equal(a->format, "manifest")) {
		return export_print(s.ref, EXPORT_MANIFEST, err);
	}
	/* Also with --raw: it says what is wrong with the reference. */
	r = library_compose(&merged, s.library, s.ref, NULL, 0, NULL, err);
	if (r < 0) {
		return r;
	}
	p = a->raw ? library_profile(s.library, s.ref, NULL) : merged;
	json = p ? profile_to_json(p) : NULL;
	return json ? print(json) : error_oom(err);
}

static const struct {
	const char *name;
	char *(*make)(void);
} schemas[] = {
	{ "profile", profile_schema },
	{ "policy", policy_schema },
	{ "network", network_schema },
};

int local_profile_schema(const struct arguments *a, struct nono_error *err)
{
	const char *name = a->n_operands > 0 ? a->operands[0] : "profile";

	for (size_t i = 0; i < ELEMENTSOF(schemas); i++) {
		if (str_equal(schemas[i].name, name)) {
			_cleanup_free_ char *json = schemas[i].make();
			if (!json) {
				return error_oom(err);
			}
			return a->output ? write_output(a->output, json, false, err) : print(json);
		}
	}
	return error_set(err, NONO_INVALID, EINVAL,
		"there are schemas of profile, policy and network, not of '%.100s'", name);
}
