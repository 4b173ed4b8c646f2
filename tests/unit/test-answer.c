/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-scan.h"

static const struct why_answer granted = {
	.allowed = true,
	.reason = WHY_GRANTED_PATH,
	.granted_path = (char *)"/work",
	.access = NONO_READ_WRITE,
	.source = (char *)"user",
};

static const struct why_answer sensitive = {
	.reason = WHY_SENSITIVE_PATH,
	.details = (char *)"Path matches sensitive pattern 'Keys'.",
	.policy_source = (char *)"group:deny_credentials",
};

static const struct why_answer too_little = {
	.reason = WHY_INSUFFICIENT_ACCESS,
	.details = (char *)"It may be read.",
	.granted_path = (char *)"/work/a\x1b[2J\xff",
	.access = NONO_READ,
	.source = (char *)"group:git_config",
	.suggested_flag = (char *)"--write /work",
};

static void expect(void (*print)(struct buf *, const struct why_answer *),
	const struct why_answer *answer, const char *wanted)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	print(&b, answer);
	assert_int_equal(0, buf_error(&b));
	assert_string_equal(wanted, b.data);
}

static void test_text(void **state)
{
	(void)state;
	expect(answer_text, &granted,
		"ALLOWED\n"
		"  Reason: granted_path\n"
		"  Granted by: /work\n"
		"  Access: read+write\n"
		"  Source: user\n");
	expect(answer_text, &sensitive,
		"DENIED\n"
		"  Reason: sensitive_path\n"
		"  Details: Path matches sensitive pattern 'Keys'.\n");
	expect(answer_text,
		&(struct why_answer){
			.reason = WHY_SENSITIVE_PATH, .policy_source = (char *)"profile work" },
		"DENIED\n  Reason: sensitive_path\n  Policy: profile work\n");
	/* Whatever a path is called, it cannot act on the terminal. */
	expect(answer_text, &too_little,
		"DENIED\n"
		"  Reason: insufficient_access\n"
		"  Details: It may be read.\n"
		"  Closest match: /work/a\\x1b[2J\\xff (read, group:git_config)\n"
		"  Suggested fix: --write /work\n");
	expect(answer_text, &(struct why_answer){ .allowed = true, .reason = WHY_NETWORK_ALLOWED },
		"ALLOWED\n  Reason: network_allowed\n");
}

static void test_json(void **state)
{
	(void)state;
	expect(answer_json, &granted,
		"{\"status\":\"allowed\",\"reason\":\"granted_path\",\"granted_path\":\"/work\","
		"\"access\":\"read+write\",\"source\":\"user\"}");
	expect(answer_json, &sensitive,
		"{\"status\":\"denied\",\"reason\":\"sensitive_path\",\"details\":"
		"\"Path matches sensitive pattern 'Keys'.\","
		"\"policy_source\":\"group:deny_credentials\"}");
	expect(answer_json, &too_little,
		"{\"status\":\"denied\",\"reason\":\"insufficient_access\",\"details\":"
		"\"It may be read.\",\"matching_capability\":{\"path\":\"/work/a\\u001b[2J%FF\","
		"\"escaped\":true,\"access\":\"read\",\"source\":\"group:git_config\"},"
		"\"suggested_flag\":\"--write /work\"}");
	expect(answer_json, &(struct why_answer){ .allowed = true, .reason = WHY_NETWORK_ALLOWED },
		"{\"status\":\"allowed\",\"reason\":\"network_allowed\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
