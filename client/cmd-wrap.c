/* SPDX-License-Identifier: Apache-2.0 */
/* nono wrap: hands over to the helper that links libnono, so that nono itself stays small. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/say.h"
#include "client/start.h"
#include "libcore/base/cleanup.h"

int command_wrap(const struct arguments *a, char **argv)
{
	_cleanup_free_ char *helper = program_find("nono-wrap", "../libexec/nono", NONO_LIBEXECDIR);

	(void)a;
	if (!helper) {
		say("the helper nono-wrap is neither beside nono nor in %s", NONO_LIBEXECDIR);
		return EXIT_NONO;
	}
	execv(helper, argv);
	say("cannot execute %s: %s", helper, strerror(errno));
	return EXIT_NONO;
}
