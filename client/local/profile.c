/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/local/decision.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/library-files.h"

/* A file's name relative to the current directory, or any other reference as it is. */
static int absolute_ref(char **ret, const char *ref, struct nono_error *err)
{
	_cleanup_free_ char *cwd = NULL;

	if (!profile_ref_is_file(ref) || ref[0] == '/' || str_after(ref, "~/")) {
		*ret = strdup(ref);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			return error_errno(err, errno, "'%.300s': the current directory", ref);
		}
		*ret = path_absolute(cwd, ref);
	}
	return *ret ? 0 : error_oom(err);
}

int profile_set_load(struct profile_set *ret, const char *ref, const char *const *extra,
	size_t n_extra, struct nono_error *err)
{
	_cleanup_(profile_set_deinit) struct profile_set s = { 0 };
	int r = local_places(&s.places, err);

	if (r == 0 && ref) {
		r = absolute_ref(&s.ref, ref, err);
	}
	if (r == 0) {
		r = library_load(&s.library, &s.places, NULL, s.ref, extra, n_extra, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = s;
	s = (struct profile_set){ 0 };
	return 0;
}

void profile_set_deinit(struct profile_set *s)
{
	library_free(s->library);
	places_deinit(&s->places);
	free(s->ref);
	*s = (struct profile_set){ 0 };
}

char *profile_path(const struct policy_places *places, const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/nono/profiles/%s%s", places->config, name, suffix) < 0 ? NULL
											  : path;
}
