/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over every file of the directories given, so that what a fuzzer once found
 * stays found with any compiler. Each file is also tried cut short and with single bytes changed.
 */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "tests/fuzz/fuzz.h"

#define VARIANTS 8

/* Exactly as large as it is, for sanitizers. */
static void run(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = calloc(1, size + (size == 0));

	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
}

static void run_file(int dir_fd, const char *name)
{
	static char bytes[1 << 20];
	ssize_t n = fd_read_file_at(dir_fd, name, bytes, sizeof(bytes));
	uint32_t random = 1;

	FUZZ_ASSERT(n >= 0);
	run((uint8_t *)bytes, (size_t)n);
	for (int i = 0; n > 0 && i < VARIANTS; i++) {
		size_t at = fuzz_random(&random) % (size_t)n;
		char old = bytes[at];
		run((uint8_t *)bytes, at);
		bytes[at] = (char)fuzz_random(&random);
		run((uint8_t *)bytes, (size_t)n);
		bytes[at] = old;
	}
}

int main(int argc, char **argv)
{
	size_t n_files = 0;

	run((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		FUZZ_ASSERT(dir);
		for (struct dirent *e; (e = readdir(dir));) {
			if (e->d_name[0] != '.') {
				run_file(dirfd(dir), e->d_name);
				n_files++;
			}
		}
		closedir(dir);
	}
	printf("%zu files\n", n_files);
	return n_files > 0 ? 0 : 1;
}
