/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono-local: the verbs of nono that need no supervisor. nono hands over its own command line, so
 * there is one parser and one table of options. What runs here has the user's full rights, and
 * reads files that others wrote: nothing is believed, executed, or shown unescaped.
 */
#include <errno.h>
#include <unistd.h>

#include "client/local/local.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

static const struct {
	enum verb verb;
	int (*run)(const struct arguments *a, struct nono_error *err);
} verbs[] = {
	{ VERB_WRAP, local_wrap },
	{ VERB_WHY, local_why },
	{ VERB_PROFILE_LIST, local_profile_list },
	{ VERB_PROFILE_SHOW, local_profile_show },
	{ VERB_PROFILE_EXPORT, local_profile_export },
	{ VERB_PROFILE_GROUPS, local_profile_groups },
	{ VERB_PROFILE_DIFF, local_profile_diff },
	{ VERB_PROFILE_VALIDATE, local_profile_validate },
	{ VERB_PROFILE_INIT, local_profile_init },
	{ VERB_PROFILE_SCHEMA, local_profile_schema },
	{ VERB_TRUST_PROJECT, local_trust_project },
	{ VERB_SETUP, local_setup },
	{ VERB_DOCTOR, local_doctor },
	{ VERB_COMPLETION, local_completion },
};

static int dispatch(const struct arguments *a, struct nono_error *err)
{
	for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
		if (verbs[i].verb == a->verb) {
			return verbs[i].run(a, err);
		}
	}
	return error_set(err, NONO_INVALID, EINVAL,
		"this program is started by nono, for verbs other than '%s'",
		verb_specs[a->verb].name);
}

int main(int argc, char **argv)
{
	_cleanup_(arguments_deinit) struct arguments a = { 0 };
	struct nono_error err = { 0 };
	int r = arguments_parse(&a, argc, argv, environ, &err);

	if (r == 0) {
		say_deprecations(&a);
		r = dispatch(&a, &err);
	}
	if (r < 0) {
		say("%s", err.message);
		return EXIT_NONO;
	}
	return r;
}
