/* SPDX-License-Identifier: Apache-2.0 */
/* Requests out of JSON, the rulebook, and who gets the answer that everybody gets. */
#include "daemon/decide.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/manager.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "proto/idl.h"
#include "proto/json.h"

static struct manager manager;
static char dir[] = "/tmp/nono-test-decide-XXXXXX";

static char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static struct json_object *parse_json(const char *text)
{
	struct json_object *o;

	assert_int_equal(json_parse(&o, text, strlen(text), NULL), 0);
	return o;
}

/* The request and the JSON its strings are in. */
struct asked {
	struct json_object *json;
	struct request request;
};

static void asked_deinit(struct asked *a)
{
	request_deinit(&a->request);
	json_object_put(a->json);
}

static int ask(struct asked *ret, const char *text, struct nono_error *err)
{
	*ret = (struct asked){ .json = parse_json(text) };
	return request_parse(&ret->request, ret->json, err);
}

static void everything_is_taken(void **state)
{
	_cleanup_(asked_deinit) struct asked a;
	const struct policy_request *p = &a.request.policy;

	(void)state;
	assert_int_equal(
		ask(&a,
			"{\"name\":\"n\",\"grants\":[{\"path\":\"/a%FF\",\"escaped\":true,\"access\":\"read\","
			"\"isFile\":true},{\"path\":\"/b%\",\"access\":\"readWrite\",\"isFile\":false}],"
			"\"allowWorkingDirectory\":true,\"workingDirectory\":\"/w%25\","
			"\"workingDirectoryEscaped\":true,\"resolved\":true,\"profile\":\"p\","
			"\"extends\":[\"e\"],\"documents\":[{\"kind\":\"network\",\"origin\":\"project\","
			"\"file\":\"/f\",\"trusted\":true,\"text\":\"{}\"}],"
			"\"bypassProtection\":[{\"path\":\"/c%00\"},{\"path\":\"/d%41\",\"escaped\":true}],"
			"\"allowCommands\":[\"x\",\"y\"],\"blockCommands\":[\"z\"],"
			"\"keepVariables\":[\"V\"],\"network\":\"blocked\",\"networkProfile\":\"np\","
			"\"allowDomains\":[\"h\"],\"credentials\":[\"c\"],\"connectPorts\":[1,65535],"
			"\"listenPorts\":[80],\"localhostPorts\":[3000],\"command\":\"cmd\","
			"\"foreground\":true}",
			NULL),
		0);
	assert_string_equal(a.request.name, "n");
	assert_true(a.request.foreground && a.request.resolved);
	assert_int_equal(p->n_grants, 2);
	assert_string_equal(p->grants[0].path, "/a\xff");
	assert_int_equal(p->grants[0].access, NONO_READ);
	assert_true(p->grants[0].is_file);
	assert_string_equal(p->grants[1].path, "/b%");
	assert_int_equal(p->grants[1].access, NONO_READ_WRITE);
	assert_true(p->allow_cwd);
	assert_string_equal(p->cwd, "/w%");
	assert_string_equal(p->profile, "p");
	assert_string_equal(p->extends.items[0], "e");
	assert_int_equal(p->bypass.n, 2);
	assert_string_equal(p->bypass.items[0], "/c%00");
	assert_string_equal(p->bypass.items[1], "/dA");
	assert_string_equal(p->allow_commands.items[1], "y");
	assert_string_equal(p->block_commands.items[0], "z");
	assert_string_equal(p->keep_variables.items[0], "V");
	assert_int_equal(p->network, NETWORK_BLOCKED);
	assert_string_equal(p->network_profile, "np");
	assert_string_equal(p->allow_domains.items[0], "h");
	assert_string_equal(p->credentials.items[0], "c");
	assert_int_equal(p->connect.items[1], 65535);
	assert_int_equal(p->listen.items[0], 80);
	assert_int_equal(p->localhost.items[0], 3000);
	assert_string_equal(p->command, "cmd");
	assert_int_equal(a.request.n_documents, 1);
	assert_int_equal(a.request.documents[0].kind, DOCUMENT_NETWORK);
	assert_int_equal(a.request.documents[0].origin, ORIGIN_PROJECT);
	assert_true(a.request.documents[0].trusted);
	assert_int_equal(a.request.documents[0].n, 2);
	assert_false(request_is_empty(&a.request));
}

static void bad_values(void **state)
{
	static const char *const texts[] = {
		"{\"grants\":[{\"path\":\"/%zz\",\"escaped\":true}]}",
		"{\"grants\":[{\"path\":\"/a%00\",\"escaped\":true}]}",
		"{\"workingDirectory\":\"/%\",\"workingDirectoryEscaped\":true}",
		"{\"bypassProtection\":[{\"path\":\"/%4\",\"escaped\":true}]}",
		"{\"connectPorts\":[0]}",
		"{\"listenPorts\":[65536]}",
		"{\"localhostPorts\":[-9223372036854775808]}",
		"{\"documents\":[{\"kind\":\"profile\",\"origin\":\"user\",\"text\":\"{}\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
		_cleanup_(asked_deinit) struct asked a;
		struct nono_error err = { 0 };
		assert_int_equal(ask(&a, texts[i], &err), -EINVAL);
		assert_int_equal(err.code, NONO_INVALID);
		assert_int_not_equal(err.message[0], 0);
	}
}

/* What does not change what a session may do. */
static bool is_neutral(const char *field)
{
	static const char *const neutral[] = { "name", "workingDirectory",
		"workingDirectoryEscaped", "resolved", "command", "commandLine", "foreground",
		"places" };

	for (size_t i = 0; i < ELEMENTSOF(neutral); i++) {
		if (str_equal(neutral[i], field)) {
			return true;
		}
	}
	return false;
}

static const char *sample_of(const struct idl_type *type)
{
	switch (type->kind) {
	case IDL_NULLABLE:
		return sample_of(type->inner);
	case IDL_ARRAY:
		return type->inner->kind == IDL_INT ? "[1]"
		       : type->inner->kind == IDL_STRING
			       ? "[\"x\"]"
			       : "[{\"path\":\"/x\",\"kind\":\"groups\"}]";
	case IDL_BOOL:
		return "true";
	case IDL_STRING:
		return "\"x\"";
	case IDL_REFERENCE:
		return "\"open\"";
	case IDL_INT:
	case IDL_FLOAT:
	case IDL_OBJECT:
	case IDL_ANY:
	case IDL_STRUCT:
	case IDL_ENUM:
	case IDL_MAP:
	default:
		fail_msg("no sample of kind %d", (int)type->kind);
		return NULL;
	}
}

/* A field that this forgets would be ignored: each of the description is tried. */
static void empty_is_empty(void **state)
{
	const struct embedded_file *f = idl_embedded("io.nono.Session");
	_cleanup_(idl_freep) struct idl *idl = NULL;
	const struct idl_type *context;

	(void)state;
	assert_int_equal(idl_parse(&idl, f->text, f->size, NULL), 0);
	context = idl_find(idl, IDL_TYPE, "Context")->in;
	assert_true(context->n_fields > 15);
	for (size_t i = 0; i < context->n_fields; i++) {
		const struct idl_field *field = &context->fields[i];
		_cleanup_(asked_deinit) struct asked a;
		char text[200];
		snprintf(text, sizeof(text), "{\"%s\":%s}", field->name, sample_of(field->type));
		assert_int_equal(ask(&a, text, NULL), 0);
		if (request_is_empty(&a.request) != is_neutral(field->name)) {
			fail_msg("%s", text);
		}
	}
}

static void write_policy(const char *text)
{
	const struct timespec tick = { .tv_nsec = 20000000 };
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/policy.d", dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/policy.d/site.json", dir);
	if (!text) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	nanosleep(&tick, NULL);
}

static struct rulebook *new_book(struct nono_error *err)
{
	struct rulebook *book = NULL;

	return rulebook_new(&book, dir, manager.never, &manager.places, err) < 0 ? NULL : book;
}

static void changes_are_seen(void **state)
{
	struct rulebook *book = new_book(NULL), *other;
	struct nono_error err = { 0 };

	(void)state;
	assert_non_null(book);
	assert_true(rulebook_is_current(book));
	write_policy("{\"groups\":{\"site\":{\"description\":\"d\",\"locked\":true,"
		     "\"deny\":{\"access\":[\"/srv/secret\"]}}}}");
	assert_false(rulebook_is_current(book));
	other = new_book(NULL);
	assert_non_null(other);
	assert_true(rulebook_is_current(other));
	assert_int_equal(deny_check(&other->standard.deny, "/srv/secret/x", NULL), DENY_COVERS);
	assert_int_equal(deny_check(&book->standard.deny, "/srv/secret/x", NULL), DENY_NONE);
	rulebook_unref(other);
	write_policy("{\"groups\":");
	assert_null(new_book(&err));
	assert_non_null(strstr(err.message, "site.json"));
	write_policy(NULL);
	other = new_book(NULL);
	assert_non_null(other);
	rulebook_unref(rulebook_ref(other));
	rulebook_unref(other);
	rulebook_unref(book);
	rulebook_unref(NULL);
}

static void base_is_shared(void **state)
{
	struct rulebook *book = new_book(NULL);
	const struct nono_caps *caps;
	size_t at = 0, in_base = 0;

	(void)state;
	if (!book) {
		fail_msg("no rulebook");
		return;
	}
	caps = book->standard.caps;
	for (size_t i = 0; i < caps->n_paths; i++) {
		struct nono_fs_grant g = caps->paths[i];
		bool has = rulebook_has(book, &g, &at);
		in_base += has;
		/* What is below home is looked at for each session. */
		assert_int_equal(has, !str_after(g.resolved, manager.places.home));
		g.access = NONO_WRITE;
		assert_false(rulebook_has(book, &g, &at));
		g = caps->paths[i];
		g.source = NONO_SOURCE_USER;
		assert_false(rulebook_has(book, &g, &at));
	}
	assert_true(in_base > 20);
	rulebook_unref(book);
}

static int decide_text(
	struct decision *ret, struct rulebook *book, const char *text, enum policy_mode mode)
{
	_cleanup_(asked_deinit) struct asked a;
	const char *hint;

	assert_int_equal(ask(&a, text, NULL), 0);
	return decide(ret, &manager, book, &a.request, mode, NULL, &hint, NULL);
}

static void who_gets_the_standard(void **state)
{
	static const struct {
		const char *text;
		enum policy_mode mode;
		int r;
		bool standard;
	} cases[] = {
		{ "{}", POLICY_START, 0, true },
		{ "{\"command\":\"/usr/bin/ls\",\"workingDirectory\":\"/w\"}", POLICY_START, 0,
			true },
		/* The answer depends on the working directory. */
		{ "{}", POLICY_PLAN, 0, false },
		{ "{\"network\":\"blocked\"}", POLICY_START, 0, false },
		{ "{\"command\":\"rm\"}", POLICY_START, -EPERM, false },
		{ "{\"command\":\"/bin/rm\"}", POLICY_START, -EPERM, false },
		{ "{\"command\":\"rm\",\"allowCommands\":[\"rm\"]}", POLICY_START, 0, false },
	};
	struct rulebook *book = new_book(NULL);

	(void)state;
	assert_non_null(book);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(decision_deinit) struct decision d = { 0 };
		assert_int_equal(decide_text(&d, book, cases[i].text, cases[i].mode), cases[i].r);
		assert_int_equal(d.is_standard, cases[i].standard);
		if (cases[i].r == 0) {
			struct json_object *o =
				decision_to_json(decision_result(&d), (enum policy_detail)(i % 2));
			assert_non_null(o);
			json_object_put(o);
		}
	}
	assert_int_equal(book->references, 1);
	rulebook_unref(book);
}

static int setup(void **state)
{
	static const char *const dirs[] = { "/usr/bin", NULL };

	(void)state;
	if (!mkdtemp(dir) || places_init(&manager.places, getuid(), no_variable, NULL, NULL) < 0) {
		return -1;
	}
	return never_new(&manager.never, &manager.places, dirs, NULL);
}

static int teardown(void **state)
{
	char path[80];

	(void)state;
	never_free(manager.never);
	places_deinit(&manager.places);
	snprintf(path, sizeof(path), "%s/policy.d", dir);
	return rmdir(path) == 0 && rmdir(dir) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_taken),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(empty_is_empty),
		cmocka_unit_test(changes_are_seen),
		cmocka_unit_test(base_is_shared),
		cmocka_unit_test(who_gets_the_standard),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
