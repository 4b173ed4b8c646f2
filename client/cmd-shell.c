/* SPDX-License-Identifier: Apache-2.0 */
/* nono shell: run, with a shell for the command. */
#include <stdlib.h>

#include "client/commands.h"

int command_shell(const struct arguments *a)
{
	const char *from_env = getenv("SHELL");
	const char *fallback = from_env && *from_env ? from_env : "/bin/sh";
	char *argv[] = { (char *)(a->shell ? a->shell : fallback), NULL };
	struct arguments shell = *a;

	shell.operands = argv;
	shell.n_operands = 1;
	shell.no_diagnostics = true; /* a shell's status is that of whatever ran in it last */
	return command_run(&shell);
}
