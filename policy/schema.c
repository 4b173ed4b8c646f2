/* SPDX-License-Identifier: Apache-2.0 */
/* JSON schemas (draft 2020-12) for editors, made from the tables the parsers read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-pretty.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
#include "policy/keys.h"

/* What an element of a list or a map may be. */
static void write_element(struct json_writer *w, const char *name, const struct key_spec *spec)
{
	json_begin_object(w, name);
	switch (spec->kind) {
	case VALUE_PORTS:
		json_write_string(w, "type", "integer");
		json_write_int64(w, "minimum", 1);
		json_write_int64(w, "maximum", UINT16_MAX);
		break;
	case VALUE_OBJECTS:
		json_write_string(w, "type", "object");
		break;
	case VALUE_BOOL:
	case VALUE_STRING:
	case VALUE_WORD:
	case VALUE_STRINGS:
	case VALUE_PATHS:
	case VALUE_MAP:
	default:
		if (!spec->item) {
			json_write_string(w, "type", "string");
			break;
		}
		json_begin_array(w, "anyOf");
		json_begin_object(w, NULL);
		json_write_string(w, "type", "string");
		json_end(w);
		json_begin_object(w, NULL);
		json_write_string(w, "type", "object");
		json_begin_object(w, "properties");
		json_begin_object(w, spec->item);
		json_write_string(w, "type", "string");
		json_end(w);
		json_begin_object(w, "when");
		json_write_string(w, "$ref", "#/$defs/when");
		json_end(w);
		json_end(w);
		json_begin_array(w, "required");
		json_write_string(w, NULL, spec->item);
		json_end(w);
		json_write_bool(w, "additionalProperties", false);
		json_end(w);
		json_end(w);
	}
	json_end(w);
}

static void write_type(struct json_writer *w, const struct key_spec *spec, const char *type)
{
	if (!spec->nullable && !spec->single) {
		json_write_string(w, "type", type);
		return;
	}
	json_begin_array(w, "type");
	json_write_string(w, NULL, type);
	json_write_string(w, NULL, spec->single ? "string" : "null");
	json_end(w);
}

static void write_key(
	struct json_writer *w, const char *name, const struct key_spec *spec, bool deprecated)
{
	json_begin_object(w, name);
	json_write_string(w, "description", spec->help);
	if (deprecated) {
		json_write_bool(w, "deprecated", true);
	}
	switch (spec->kind) {
	case VALUE_BOOL:
		write_type(w, spec, "boolean");
		break;
	case VALUE_STRING:
		write_type(w, spec, "string");
		break;
	case VALUE_WORD:
		json_begin_array(w, "enum");
		for (const char *const *word = spec->words; *word; word++) {
			json_write_string(w, NULL, *word);
		}
		json_end(w);
		break;
	case VALUE_MAP:
	case VALUE_OBJECTS:
		write_type(w, spec, "object");
		write_element(w, "additionalProperties", spec);
		break;
	case VALUE_STRINGS:
	case VALUE_PATHS:
	case VALUE_PORTS:
	default:
		write_type(w, spec, "array");
		write_element(w, "items", spec);
	}
	json_end(w);
}

/* A spelling of a key, and what the schema says about it. */
struct entry {
	const char *path;
	const struct key_spec *spec; /* NULL for a key that is set aside */
	bool deprecated;
};

struct entries {
	struct entry *items;
	size_t n;
};

static void entries_deinit(struct entries *e)
{
	free(e->items);
}

static int add(struct entries *e, const char *path, const struct key_spec *spec, bool deprecated)
{
	void *items = e->items;

	if (array_grow(&items, e->n, sizeof(*e->items)) < 0) {
		return -1;
	}
	e->items = items;
	e->items[e->n++] = (struct entry){ path, spec, deprecated };
	return 0;
}

static int collect(struct entries *e, const struct key_table *t)
{
	int r = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct key_spec *spec = &t->specs[i];
		r |= add(e, spec->path, spec, false);
		for (const char *const *s = spec->aliases; s && *s; s++) {
			r |= add(e, *s, spec, false);
		}
		for (const char *const *s = spec->deprecated; s && *s; s++) {
			r |= add(e, *s, spec, true);
		}
	}
	for (size_t i = 0; i < t->n_aside; i++) {
		r |= add(e, t->aside[i].path, NULL, true);
	}
	return r;
}

/* The part of path before its dot; 0 when it has none. */
static size_t section_length(const char *path)
{
	const char *dot = strchr(path, '.');

	return dot ? (size_t)(dot - path) : 0;
}

static bool in_section(const char *path, const char *section, size_t n)
{
	return section_length(path) == n && strncmp(path, section, n) == 0;
}

static void write_entry(struct json_writer *w, const struct entry *entry)
{
	size_t n = section_length(entry->path);
	const char *name = entry->path + (n > 0 ? n + 1 : 0);

	if (entry->spec) {
		write_key(w, name, entry->spec, entry->deprecated);
		return;
	}
	json_begin_object(w, name);
	json_write_string(w, "description", "known, and without effect here");
	json_write_bool(w, "deprecated", true);
	json_end(w);
}

static void write_section(struct json_writer *w, const struct entries *e, size_t first)
{
	const char *section = e->items[first].path;
	size_t n = section_length(section);
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)n, section);
	json_begin_object(w, name);
	json_write_string(w, "type", "object");
	json_write_bool(w, "additionalProperties", false);
	json_begin_object(w, "properties");
	for (size_t i = first; i < e->n; i++) {
		if (in_section(e->items[i].path, section, n)) {
			write_entry(w, &e->items[i]);
		}
	}
	json_end(w);
	json_end(w);
}

/* The members of an object that t describes: "type", "properties" … */
static int write_table(struct json_writer *w, const struct key_table *t, bool top)
{
	_cleanup_(entries_deinit) struct entries e = { 0 };

	if (collect(&e, t) != 0) {
		return -1;
	}
	json_write_string(w, "type", "object");
	json_write_bool(w, "additionalProperties", false);
	json_begin_object(w, "properties");
	if (top) {
		json_begin_object(w, "$schema");
		json_write_string(w, "type", "string");
		json_end(w);
	}
	for (size_t i = 0; i < e.n; i++) {
		const char *path = e.items[i].path;
		size_t n = section_length(path), before = 0;
		if (n == 0) {
			write_entry(w, &e.items[i]);
			continue;
		}
		while (before < i && !in_section(e.items[before].path, path, n)) {
			before++;
		}
		if (before == i) {
			write_section(w, &e, i);
		}
	}
	json_end(w);
	return 0;
}

static void begin_schema(struct json_writer *w, const char *title)
{
	json_begin_object(w, NULL);
	json_write_string(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_write_string(w, "title", title);
}

static char *end_schema(struct json_writer *w)
{
	_cleanup_(buf_deinit) struct buf pretty = { 0 };

	json_end(w);
	if (json_writer_error(w) < 0) {
		return NULL;
	}
	json_pretty(&pretty, (struct json_span){ .p = w->buf->data, .n = w->buf->len });
	buf_append_char(&pretty, '\n');
	return buf_take(&pretty);
}

/* A condition is a word or a list of words. */
static void write_when(struct json_writer *w)
{
	static const char words[] = "{\"enum\":[\"linux\",\"!linux\",\"macos\",\"!macos\"]}";
	const struct json_span word = { words, sizeof(words) - 1 };

	json_begin_object(w, "$defs");
	json_begin_object(w, "when");
	json_begin_array(w, "anyOf");
	json_write_span(w, NULL, word);
	json_begin_object(w, NULL);
	json_write_string(w, "type", "array");
	json_write_span(w, "items", word);
	json_end(w);
	json_end(w);
	json_end(w);
	json_end(w);
}

char *profile_schema(void)
{
	_cleanup_(buf_deinit) struct buf flat = { 0 };
	struct json_writer w = { .buf = &flat };

	begin_schema(&w, "nono profile");
	if (write_table(&w, &profile_keys, true) < 0) {
		return NULL;
	}
	write_when(&w);
	return end_schema(&w);
}

/* An object whose members are all described by t. */
static int write_map(struct json_writer *w, const char *name, const struct key_table *t)
{
	int r;

	json_begin_object(w, name);
	json_write_string(w, "type", "object");
	json_begin_object(w, "additionalProperties");
	r = write_table(w, t, false);
	json_end(w);
	json_end(w);
	return r;
}

static void begin_document(struct json_writer *w, const char *title)
{
	begin_schema(w, title);
	json_write_string(w, "type", "object");
	json_write_bool(w, "additionalProperties", false);
	json_begin_object(w, "properties");
	json_begin_object(w, "$schema");
	json_write_string(w, "type", "string");
	json_end(w);
	json_begin_object(w, "meta");
	json_write_string(w, "type", "object");
	json_end(w);
}

char *policy_schema(void)
{
	_cleanup_(buf_deinit) struct buf flat = { 0 };
	struct json_writer w = { .buf = &flat };

	begin_document(&w, "nono policy groups");
	if (write_map(&w, "groups", &group_keys) < 0) {
		return NULL;
	}
	json_end(&w);
	return end_schema(&w);
}

char *network_schema(void)
{
	_cleanup_(buf_deinit) struct buf flat = { 0 };
	struct json_writer w = { .buf = &flat };

	begin_document(&w, "nono network policy");
	if (write_map(&w, "groups", &network_group_keys) < 0 ||
		write_map(&w, "profiles", &network_profile_keys) < 0 ||
		write_map(&w, "credentials", &service_keys) < 0) {
		return NULL;
	}
	json_end(&w);
	return end_schema(&w);
}
