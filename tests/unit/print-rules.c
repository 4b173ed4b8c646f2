/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the rules of the system call filter as the table docs/ENFORCEMENT.md holds. */
#include <stdio.h>
#include <string.h>

#include "libcore/filter-rules.h"

static const char *when_to_string(enum filter_when when)
{
	switch (when) {
	case FILTER_ALWAYS:
		return "always";
	case FILTER_NETWORK:
		return "unless the network is blocked";
	case FILTER_NETWORK_BLOCKED:
		return "network blocked";
	case FILTER_NETWORK_TCP:
		return "network by port";
	case FILTER_NETWORK_OPEN:
		return "network open";
	case FILTER_NO_LISTEN:
		return "network by port, no bind port, not supervised";
	case FILTER_UNIX:
		return "unix sockets allowed";
	case FILTER_NO_UNIX:
		return "no unix sockets";
	case FILTER_NO_IPC:
		return "unless IPC is full";
	case FILTER_DENY_TRUNCATE:
		return "below Landlock ABI 3";
	case FILTER_SUPERVISED:
		return "supervised";
	case FILTER_SUPERVISED_FDS:
		return "supervised, own files readable";
	case FILTER_OPENS:
		return "a deny inside a grant";
	case FILTER_OPENS_TRUNCATE:
		return "a deny inside a grant, from ABI 3";
	case FILTER_SUPERVISED_TCP:
		return "supervised, network by port";
	}
	return "?";
}

static void print_calls(const char *calls)
{
	while (*calls) {
		size_t n = strcspn(calls, " ");
		printf("`%.*s`%s", (int)n, calls, calls[n] ? ", " : "");
		calls += n + (calls[n] == ' ');
	}
}

int main(void)
{
	printf("| when | what | calls | answer | because |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < filter_n_rules; i++) {
		const struct filter_rule *r = &filter_rules[i];
		printf("| %s | %s | ", when_to_string(r->when), r->what);
		print_calls(r->calls);
		printf(" | %s | %s |\n",
			r->error == FILTER_ASK ? "nono-session answers" : strerrorname_np(r->error),
			r->reason);
	}
	printf("| always | every call with a number above %d | | ENOSYS | nobody has judged it "
	       "yet |\n",
		FILTER_LAST_REVIEWED);
	printf("| always | every call through another architecture's entry (i386, x32) | | kills "
	       "the process | it would pass every rule above |\n");
	return 0;
}
