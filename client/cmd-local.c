/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that need no supervisor: handed over, with the command line as it was typed, to the
 * helper that links policy and libnono, so that nono itself stays small. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/say.h"
#include "client/start.h"
#include "libcore/base/cleanup.h"

int command_local(char **argv)
{
	_cleanup_free_ char *helper =
		program_find("nono-local", "../libexec/nono", NONO_LIBEXECDIR);

	if (!helper) {
		say("the helper nono-local is neither beside nono nor in %s", NONO_LIBEXECDIR);
		return EXIT_NONO;
	}
	execv(helper, argv);
	say("cannot execute %s: %s", helper, strerror(errno));
	return EXIT_NONO;
}
