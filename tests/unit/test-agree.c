/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a query answers must be what the kernel does. Many random sets over one small tree: for
 * each the answers are taken first, then a child enters the sandbox and tries the same.
 */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "libcore/base/cleanup.h"
#include "nono.h"

#define ROUNDS 150

static const char *const dirs[] = { "a", "a/b", "a/b/c", "d" };
static const char *const files[] = { "a/f", "a/b/f", "a/b/c/f", "d/f", "f" };
/* Through links a name is somewhere else than it looks. */
static const char *const links[][2] = { { "a/to-d", "../d" }, { "d/to-f", "../a/b/f" } };
static const char *const tried[] = { "a/f", "a/b/f", "a/b/c/f", "d/f", "f", "a/to-d/f", "d/to-f",
	"a/b/../f" };

static uint32_t random_state;

static uint32_t pick(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 16) % n;
}

static int setup(void **state)
{
	if (scratch_setup(state) != 0) {
		return -1;
	}
	for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
		scratch_dir(dirs[i]);
	}
	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		scratch_file(files[i], "x");
	}
	for (size_t i = 0; i < ELEMENTSOF(links); i++) {
		scratch_link(links[i][0], links[i][1]);
	}
	return 0;
}

static struct nono_caps *random_set(void)
{
	static const enum nono_access accesses[] = { NONO_READ, NONO_WRITE, NONO_READ_WRITE };
	struct nono_error err;
	struct nono_caps *caps;

	assert_int_equal(nono_caps_new(&caps), 0);
	for (uint32_t n = pick(5); n > 0; n--) {
		enum nono_access access = accesses[pick(ELEMENTSOF(accesses))];
		int r;
		if (pick(2)) {
			r = nono_caps_allow_path(
				caps, scratch_path(dirs[pick(ELEMENTSOF(dirs))]), access, &err);
		} else {
			r = nono_caps_allow_file(
				caps, scratch_path(files[pick(ELEMENTSOF(files))]), access, &err);
		}
		assert_int_equal(r, 0);
	}
	return caps;
}

static bool may(const struct nono_caps *caps, const char *path, enum nono_access access)
{
	struct nono_query_result result;

	assert_int_equal(nono_query_path(caps, path, access, &result, NULL), 0);
	return result.status == NONO_ALLOWED;
}

static bool can(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

struct answers {
	bool read[ELEMENTSOF(tried)], write[ELEMENTSOF(tried)], both[ELEMENTSOF(tried)];
	bool list[ELEMENTSOF(dirs)], create[ELEMENTSOF(dirs)];
};

static void ask(const struct nono_caps *caps, struct answers *ret)
{
	char path[4096];

	for (size_t i = 0; i < ELEMENTSOF(tried); i++) {
		ret->read[i] = may(caps, scratch_path(tried[i]), NONO_READ);
		ret->write[i] = may(caps, scratch_path(tried[i]), NONO_WRITE);
		ret->both[i] = may(caps, scratch_path(tried[i]), NONO_READ_WRITE);
	}
	for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
		snprintf(path, sizeof(path), "%s/new", scratch_path(dirs[i]));
		ret->list[i] = may(caps, scratch_path(dirs[i]), NONO_READ);
		ret->create[i] = may(caps, path, NONO_WRITE);
	}
}

/* In the sandbox: the first disagreement goes to stderr, opened before. */
static int try(const struct answers *want)
{
	char path[4096];

	for (size_t i = 0; i < ELEMENTSOF(tried); i++) {
		const char *p = scratch_path(tried[i]);
		if (can(p, O_RDONLY) != want->read[i] || can(p, O_WRONLY) != want->write[i] ||
			can(p, O_RDWR) != want->both[i]) {
			fprintf(stderr, "%s: a query says r %d w %d rw %d\n", tried[i],
				want->read[i], want->write[i], want->both[i]);
			return 1;
		}
	}
	for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
		bool created;
		snprintf(path, sizeof(path), "%s/new", scratch_path(dirs[i]));
		created = can(path, O_WRONLY | O_CREAT | O_EXCL);
		if (created != want->create[i] || (created && unlink(path) < 0) ||
			can(scratch_path(dirs[i]), O_RDONLY | O_DIRECTORY) != want->list[i]) {
			fprintf(stderr, "%s: a query says list %d create %d\n", dirs[i],
				want->list[i], want->create[i]);
			return 1;
		}
	}
	return 0;
}

static void test_queries_agree_with_the_kernel(void **state)
{
	unsigned allowed = 0;

	(void)state;
	if (!nono_is_supported()) {
		fputs("no Landlock or seccomp here\n", stderr);
		assert_null(getenv("NONO_MUST_WORK"));
		skip();
	}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct nono_error err = { 0 };
		struct answers answers;
		struct nono_caps *caps;
		int status;
		pid_t pid;
		random_state = round;
		caps = random_set();
		ask(caps, &answers);
		for (size_t i = 0; i < ELEMENTSOF(tried); i++) {
			allowed += answers.read[i];
		}
		pid = fork();
		if (pid == 0) {
			if (nono_apply(caps, &err) < 0) {
				fprintf(stderr, "apply: %s\n", err.message);
				_exit(2);
			}
			_exit(try(&answers));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			char *text = nono_caps_summary(caps);
			fail_msg("round %u, status %#x\n%s", round, (unsigned)status, text);
		}
		nono_caps_free(caps);
	}
	/* Neither all nor nothing, else nothing was compared. */
	assert_in_range(allowed, ROUNDS / 2, ROUNDS * ELEMENTSOF(tried) - ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_queries_agree_with_the_kernel, setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
