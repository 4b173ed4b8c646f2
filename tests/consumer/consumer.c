/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger's program: sees nothing of the project but what is installed. Compiled as C89 and as
 * C++98, pedantic, linked with the shared and the static library. It has threads, its own signal
 * handlers, locale and environment, and none of these may change under it.
 */
#include <locale.h>
#include <nono-policy.h>
#include <nono.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4

/* A name the library uses inside: linking both must not clash. */
int buf_append(int x);
int buf_append(int x)
{
	return x + 1;
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, err.message);  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static void on_signal(int number)
{
	(void)number;
}

static void use_policy(struct nono_caps *caps)
{
	static const char *const names[] = { "deny_credentials", "system_read_linux_core" };
	static const char *const hosts[] = { "api.example.org" };
	struct nono_policy_resolved *resolved;
	struct nono_proxy_config *config;
	struct nono_policy *policy;
	struct nono_error err;

	CHECK(nono_policy_load_embedded(&policy, &err) == 0);
	CHECK(nono_policy_group_required(policy, names[0]) == 1);
	CHECK(nono_policy_resolve_groups(policy, names, 2, caps, &resolved, &err) == 0);
	CHECK(nono_policy_resolved_deny_path(resolved, 0) != NULL);
	CHECK(nono_policy_check_deny(resolved, caps, &err) == 0);
	nono_policy_resolved_free(resolved);
	CHECK(nono_policy_resolve_groups(policy, hosts, 1, caps, &resolved, &err) < 0);
	CHECK(err.code == NONO_NOT_FOUND);
	CHECK(nono_policy_proxy_config(policy, "minimal", hosts, 1, NULL, 0, &config, &err) == 0);
	CHECK(config->n_hosts > 1);
	nono_proxy_config_free(config);
	nono_policy_free(policy);
}

/* Uses of everything that needs no sandbox, with a set of the thread's own. */
static void *use(void *unused)
{
	struct nono_error err;
	struct nono_caps *caps, *loaded;
	struct nono_query_result result;
	struct nono_support_info *info;
	char *text;
	int i;

	(void)unused;
	for (i = 0; i < 50; i++) {
		CHECK(nono_caps_new(&caps) == 0);
		CHECK(nono_caps_allow_path(caps, "/usr", NONO_READ, &err) == 0);
		CHECK(nono_caps_allow_path(caps, "/no/such/path", NONO_READ, &err) < 0);
		CHECK(err.code == NONO_PATH_NOT_FOUND);
		CHECK(nono_caps_block_network(caps, &err) == 0);
		CHECK(nono_query_path(caps, "/usr/bin/x", NONO_READ, &result, &err) == 0);
		CHECK(result.status == NONO_ALLOWED);
		CHECK(strcmp(result.grant->resolved, "/usr") == 0);
		CHECK(nono_query_path(caps, "/var/x", NONO_WRITE, &result, &err) == 0);
		CHECK(result.status == NONO_DENIED);
		use_policy(caps);
		CHECK(nono_caps_to_json(caps, &text, &err) == 0);
		CHECK(nono_caps_from_json(text, strlen(text), &loaded, &err) == 0);
		free(text);
		nono_caps_deduplicate(loaded);
		text = nono_caps_summary(loaded);
		CHECK(text != NULL && strstr(text, "outbound: blocked") != NULL);
		free(text);
		CHECK(nono_support_info(&info, &err) == 0);
		CHECK(info->supported == nono_is_supported());
		nono_support_info_free(info);
		nono_caps_free(loaded);
		nono_caps_free(caps);
	}
	return NULL;
}

static void use_in_threads(void)
{
	struct nono_error err;
	pthread_t threads[THREADS];
	int i;

	memset(&err, 0, sizeof(err));
	for (i = 0; i < THREADS; i++) {
		CHECK(pthread_create(&threads[i], NULL, use, NULL) == 0);
	}
	for (i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
	}
}

static void set_dispositions(struct sigaction *before)
{
	int number;

	for (number = 1; number < 32; number++) {
		if (number != SIGKILL && number != SIGSTOP) {
			signal(number, number % 2 ? on_signal : SIG_DFL);
		}
		sigaction(number, NULL, &before[number]);
	}
}

int main(int argc, char *argv[])
{
	struct sigaction before[32], now;
	struct nono_error err;
	char *locale;
	int number;

	if (argc > 1 && strcmp(argv[1], "supported") == 0) {
		return nono_is_supported() ? 0 : 1;
	}
	memset(&err, 0, sizeof(err));
	CHECK(buf_append(1) == 2);
	CHECK(strcmp(nono_version(), EXPECTED_VERSION) == 0);
	CHECK(setenv("NONO_CONSUMER", "1", 1) == 0);
	locale = strdup(setlocale(LC_ALL, ""));
	CHECK(locale != NULL);
	set_dispositions(before);

	use_in_threads();

	for (number = 1; number < 32; number++) {
		sigaction(number, NULL, &now);
		CHECK(now.sa_handler == before[number].sa_handler);
	}
	CHECK(strcmp(setlocale(LC_ALL, NULL), locale) == 0);
	CHECK(strcmp(getenv("NONO_CONSUMER"), "1") == 0);
	free(locale);
	puts("consumer: ok");
	return 0;
}
