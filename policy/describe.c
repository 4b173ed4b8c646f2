/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run by the build: prints the schema of one kind of document, to be installed for editors, or all
 * tables of keys, for the check that compares them with the manual.
 *
 * usage: describe profile|policy|network|keys
 */
#include <stdio.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
#include "policy/keys.h"

static void write_names(struct json_writer *w, const char *name, const char *const *names)
{
	json_begin_array(w, name);
	for (; names && *names; names++) {
		json_write_string(w, NULL, *names);
	}
	json_end(w);
}

static void write_table(struct json_writer *w, const char *name, const struct key_table *t)
{
	json_begin_object(w, name);
	json_begin_array(w, "keys");
	for (size_t i = 0; i < t->n; i++) {
		json_begin_object(w, NULL);
		json_write_string(w, "path", t->specs[i].path);
		json_write_bool(w, "narrows", t->specs[i].narrows);
		json_write_bool(w, "nullable", t->specs[i].nullable);
		write_names(w, "words", t->specs[i].words);
		write_names(w, "aliases", t->specs[i].aliases);
		write_names(w, "deprecated", t->specs[i].deprecated);
		json_end(w);
	}
	json_end(w);
	json_begin_array(w, "aside");
	for (size_t i = 0; i < t->n_aside; i++) {
		json_write_string(w, NULL, t->aside[i].path);
	}
	json_end(w);
	json_end(w);
}

static char *keys(void)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };

	json_begin_object(&w, NULL);
	write_table(&w, "profile", &profile_keys);
	write_table(&w, "group", &group_keys);
	write_table(&w, "hosts", &network_group_keys);
	write_table(&w, "network", &network_profile_keys);
	write_table(&w, "service", &service_keys);
	json_end(&w);
	buf_append_char(&b, '\n');
	return json_writer_error(&w) < 0 ? NULL : buf_take(&b);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		char *(*make)(void);
	} words[] = {
		{ "profile", profile_schema },
		{ "policy", policy_schema },
		{ "network", network_schema },
		{ "keys", keys },
	};

	for (size_t i = 0; argc == 2 && i < ELEMENTSOF(words); i++) {
		if (str_equal(argv[1], words[i].word)) {
			_cleanup_free_ char *text = words[i].make();
			return text && fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
		}
	}
	fprintf(stderr, "usage: describe profile|policy|network|keys\n");
	return 2;
}
