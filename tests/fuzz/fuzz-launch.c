/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "proto/launch.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct launch_header h;
	struct launch l;
	size_t total = 0, n;

	if (launch_parse(&l, data, size, NULL) < 0) {
		return 0;
	}
	memcpy(&h, data, sizeof(h));
	for (n = 0; l.argv[n]; n++) {
		total += strlen(l.argv[n]) + 1;
	}
	FUZZ_ASSERT(n == h.n_args && total == h.args_size);
	total = 0;
	for (n = 0; l.envp[n]; n++) {
		FUZZ_ASSERT(strchr(l.envp[n], '=') > l.envp[n]);
		total += strlen(l.envp[n]) + 1;
	}
	FUZZ_ASSERT(n == h.n_env && total == h.env_size);
	launch_deinit(&l);
	return 0;
}
