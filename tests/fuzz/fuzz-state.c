/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a state: refused with a reason, or a set that survives being saved and loaded. */
#include <string.h>

#include "libcore/caps.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nono_error err = { 0 };
	struct nono_caps *caps, *again;
	char *text, *second, *summary;

	if (nono_caps_from_json((const char *)data, size, &caps, &err) < 0) {
		FUZZ_ASSERT(err.code != NONO_OK && err.message[0] != '\0');
		return 0;
	}
	FUZZ_ASSERT(nono_caps_to_json(caps, &text, &err) == 0);
	FUZZ_ASSERT(nono_caps_from_json(text, strlen(text), &again, &err) == 0);
	FUZZ_ASSERT(nono_caps_to_json(again, &second, &err) == 0);
	FUZZ_ASSERT(strcmp(text, second) == 0);
	summary = nono_caps_summary(caps);
	FUZZ_ASSERT(summary != NULL);
	nono_caps_deduplicate(caps);
	free(summary);
	free(second);
	free(text);
	nono_caps_free(again);
	nono_caps_free(caps);
	return 0;
}
