/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/idl.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/json.h"

#define CORPUS TEST_DATA_DIR "/idl"

static char *format(const struct idl *idl)
{
	struct buf b = { 0 };

	idl_format(idl, &b);
	assert_int_equal(buf_error(&b), 0);
	return buf_take(&b);
}

/* What was accepted has a canonical text that is accepted and canonical. */
static void assert_canonical_is_stable(const struct idl *idl)
{
	_cleanup_(idl_freep) struct idl *again = NULL;
	_cleanup_free_ char *first = format(idl), *second = NULL;
	struct nono_error err;

	if (idl_parse(&again, first, strlen(first), &err) < 0) {
		fail_msg("canonical text: %s\n%s", err.message, first);
	}
	second = format(again);
	assert_string_equal(first, second);
	assert_int_equal(again->n_symbols, idl->n_symbols);
}

static void test_corpus(void **state)
{
	DIR *dir = opendir(CORPUS);
	size_t n_files = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		_cleanup_(idl_freep) struct idl *idl = NULL;
		static char bytes[1 << 16];
		struct nono_error err = { 0 };
		ssize_t n;
		int r;
		if (e->d_name[0] == '.') {
			continue;
		}
		n = fd_read_file_at(dirfd(dir), e->d_name, bytes, sizeof(bytes));
		assert_true(n >= 0);
		_cleanup_free_ char *exact = malloc((size_t)n + (n == 0));
		memcpy(exact, bytes, (size_t)n);
		r = idl_parse(&idl, exact, (size_t)n, &err);
		if ((r == 0) != (e->d_name[0] == 'y')) {
			fail_msg("%s: %d %s", e->d_name, r, err.message);
		}
		if (r == 0) {
			assert_canonical_is_stable(idl);
		}
		n_files++;
	}
	closedir(dir);
	assert_true(n_files > 60);
}

static void assert_camel_case(const struct idl_type *t)
{
	for (size_t i = 0; t && i < t->n_fields; i++) {
		assert_true(islower(t->fields[i].name[0]));
		assert_null(strchr(t->fields[i].name, '_'));
		assert_camel_case(t->fields[i].type);
	}
	if (t && t->inner) {
		assert_camel_case(t->inner);
	}
}

/* Our own descriptions are written as the formatter writes them, and every name is camelCase. */
static void test_embedded(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct embedded_file *f = idl_files; f->name; f++, n++) {
		_cleanup_(idl_freep) struct idl *idl = NULL;
		_cleanup_free_ char *text = NULL;
		struct nono_error err;
		if (idl_parse(&idl, f->text, f->size, &err) < 0) {
			fail_msg("%s: %s", f->name, err.message);
		}
		assert_string_equal(idl->name, f->name);
		text = format(idl);
		assert_string_equal(f->text, text);
		for (size_t i = 0; i < idl->n_symbols; i++) {
			assert_camel_case(idl->symbols[i].in);
			assert_camel_case(idl->symbols[i].out);
		}
		assert_ptr_equal(idl_embedded(f->name), f);
	}
	assert_true(n >= 3);
	assert_null(idl_embedded("io.nono.Nothing"));
}

static void test_error_position(void **state)
{
	const char *text = "interface a.b\n\ntype T (\n  a: int,\n  b int\n)\n";
	struct nono_error err;
	struct idl *idl;

	(void)state;
	assert_int_equal(idl_parse(&idl, text, strlen(text), &err), -EBADMSG);
	assert_string_equal(
		err.message, "line 5, column 5: fields with and without a type in one list");
}

static void test_canonical_layout(void **state)
{
	const char *text = "#c\n\n#d\ninterface a.b\n#m\nmethod M(a:int,\n\n b:?[]string)->()\n"
			   "type T (#x\n a:(one,two))\nerror E()\nmethod "
			   "Long(someParameter: string, anotherParameter: string, third: "
			   "(nested: int, another: float)) -> (something: string)\n#end\n";
	_cleanup_(idl_freep) struct idl *idl = NULL;
	_cleanup_free_ char *out = NULL;

	(void)state;
	assert_int_equal(idl_parse(&idl, text, strlen(text), NULL), 0);
	out = format(idl);
	assert_string_equal(out,
		"#c\n#d\ninterface a.b\n\n#m\nmethod M(a: int, b: ?[]string) -> ()\n\n"
		"type T (\n  #x\n  a: (one, two)\n)\n\nerror E ()\n\n"
		"method Long(\n  someParameter: string,\n  anotherParameter: string,\n"
		"  third: (nested: int, another: float)\n) -> (something: string)\n\n#end\n");
}

static void test_lookup(void **state)
{
	const char *text =
		"interface a.b\n# about M\nmethod M(x: T) -> (y: int)\ntype T (one, two)\n"
		"error E (t: T)\n";
	_cleanup_(idl_freep) struct idl *idl = NULL;
	const struct idl_symbol *m, *t;

	(void)state;
	assert_int_equal(idl_parse(&idl, text, strlen(text), NULL), 0);
	m = idl_find(idl, IDL_METHOD, "M");
	t = idl_find(idl, IDL_TYPE, "T");
	assert_non_null(m);
	assert_string_equal(m->comment, "# about M");
	assert_ptr_equal(m->in->fields[0].type->target, t);
	assert_null(idl_find(idl, IDL_METHOD, "T"));
	assert_null(idl_find(idl, IDL_TYPE, "M"));
	assert_non_null(idl_find(idl, IDL_ERROR, "E"));
}

/* The whole matrix of kinds and values; what the server does with it is test-server's. */
static void test_validate_matrix(void **state)
{
	static const char *const types[] = { "bool", "int", "float", "string", "object", "any",
		"(x: int)", "(one, two)", "[]int", "[string]int", "?int", "[string]()" };
	static const struct {
		const char *value, *accepted_by; /* one digit or letter per type, above */
	} cases[] = {
		{ "true", "05" },
		{ "1", "125a" },
		{ "18446744073709551615", "125a" },
		{ "1.5", "25" },
		{ "1.0", "25" },
		{ "1e3", "25" },
		{ "\"one\"", "357" },
		{ "\"three\"", "35" },
		{ "\"\"", "35" },
		{ "{}", "459b" },
		{ "{\"x\":1}", "4569" },
		{ "{\"x\":null}", "45" },
		{ "{\"x\":{}}", "45b" },
		{ "{\"x\":{\"y\":1}}", "45" },
		{ "{\"x\":1,\"y\":2}", "459" },
		{ "[]", "58" },
		{ "[1]", "58" },
		{ "[null]", "5" },
		{ "[\"a\"]", "5" },
		{ "null", "a" },
	};
	static const char digits[] = "0123456789ab";

	(void)state;
	for (size_t t = 0; t < ELEMENTSOF(types); t++) {
		_cleanup_(idl_freep) struct idl *idl = NULL;
		_cleanup_(buf_deinit) struct buf b = { 0 };
		buf_printf(&b, "interface a.b\ntype T (v: %s)\n", types[t]);
		assert_int_equal(idl_parse(&idl, b.data, b.len, NULL), 0);
		for (size_t c = 0; c < ELEMENTSOF(cases); c++) {
			_cleanup_(json_object_putp) struct json_object *o = NULL;
			_cleanup_(buf_deinit) struct buf text = { 0 };
			char path[64];
			int want = strchr(cases[c].accepted_by, digits[t]) ? 0 : -EINVAL, got;
			buf_printf(&text, "{\"v\":%s}", cases[c].value);
			assert_int_equal(json_parse(&o, text.data, text.len, NULL), 0);
			got = idl_validate(idl->symbols[0].in, o, path, sizeof(path));
			if (got != want) {
				fail_msg("%s as %s: %d", cases[c].value, types[t], got);
			}
			assert_true(got == 0 ? path[0] == '\0' : path[0] == 'v');
		}
	}
}

static void test_path_is_cut_between_characters(void **state)
{
	const char *text = "interface a.b\ntype T (m: [string]int)\n";
	const char *value = "{\"m\":{\"\xc3\xa9\xc3\xa9\xc3\xa9\":null}}";
	_cleanup_(idl_freep) struct idl *idl = NULL;
	_cleanup_(json_object_putp) struct json_object *o = NULL;
	char path[8];

	(void)state;
	assert_int_equal(idl_parse(&idl, text, strlen(text), NULL), 0);
	assert_int_equal(json_parse(&o, value, strlen(value), NULL), 0);
	assert_int_equal(idl_validate(idl->symbols[0].in, o, path, sizeof(path)), -EINVAL);
	assert_string_equal(path, "m.\xc3\xa9\xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_error_position),
		cmocka_unit_test(test_canonical_layout),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_validate_matrix),
		cmocka_unit_test(test_path_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
