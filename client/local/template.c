/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/template.h"

#include "libcore/base/cleanup.h"
#include "libcore/base/json-write.h"
#include "policy/profile.h"

/* A string as JSON has it. */
static void append_string(struct buf *out, const char *s)
{
	struct json_writer w = { .buf = out };

	json_write_string(&w, NULL, s);
}

/* ["a", "b"] */
static void append_strings(struct buf *out, const char *const *items, size_t n)
{
	buf_append_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_append_str(out, i > 0 ? ", " : "");
		append_string(out, items[i]);
	}
	buf_append_char(out, ']');
}

static void append_head(struct buf *out, const struct template *t)
{
	buf_printf(out,
		"// The profile %s of nono. nono-profile(5) explains every key.\n"
		"//\n"
		"//   nono profile export %s               what it gives, and what it denies\n"
		"//   nono run --profile %s --allow-cwd -- COMMAND\n"
		"//   nono why --profile %s --path PATH    why something is denied\n"
		"{\n"
		"  \"meta\": {\n"
		"    \"name\": ",
		t->name, t->name, t->name, t->name);
	append_string(out, t->name);
	buf_append_str(out, ",\n    \"description\": ");
	append_string(out, t->description ? t->description : "");
	buf_append_str(out, "\n  },\n\n");
}

static void append_bases(struct buf *out, const struct template *t)
{
	buf_append_str(out, "  // Profiles to build on: nono profile list. Every profile has what "
			    "default gives.\n  \"extends\": ");
	append_strings(out, t->extends, t->n_extends);
	buf_append_str(out,
		",\n\n"
		"  // Ready-made sets of paths, such as python_runtime or git_config: nono "
		"profile groups\n"
		"  \"groups\": {\n    \"include\": ");
	append_strings(out, t->groups, t->n_groups);
	buf_append_str(out, "\n  },\n\n");
}

static void append_files(struct buf *out, const struct template *t)
{
	buf_append_str(out,
		"  // What the program needs besides. ~, $WORKDIR, $TMPDIR, $XDG_CONFIG_HOME,\n"
		"  // $XDG_CACHE_HOME, $XDG_DATA_HOME and $XDG_STATE_HOME stand for the user's own.\n"
		"  // What is not there is left out.\n"
		"  \"filesystem\": {\n"
		"    // directories with everything in them, to read and to change\n"
		"    \"allow\": ");
	append_strings(out, t->allow, t->n_allow);
	buf_append_str(out, ",\n"
			    "    // directories with everything in them, to read\n"
			    "    \"read\": [],\n"
			    "    // single files, to read and to change\n"
			    "    \"allow_file\": [],\n"
			    "    // single files, to read\n"
			    "    \"read_file\": [],\n"
			    "    // what no grant may reach, also none of the command line\n"
			    "    \"deny\": []\n"
			    "  },\n\n");
}

static void append_rest(struct buf *out, const struct template *t)
{
	buf_printf(out,
		"  // With true: no network at all.\n"
		"  \"network\": {\n    \"block\": %s\n  },\n\n"
		"  // With true: variables that are known to hold secrets stay outside.\n"
		"  \"environment\": {\n    \"strip_secrets\": false\n  },\n\n"
		"  // What --allow-cwd means: none, read, write or readwrite.\n"
		"  \"workdir\": {\n    \"access\": \"readwrite\"\n  }\n}\n",
		t->block_network ? "true" : "false");
}

static const enum profile_key written[] = { KEY_EXTENDS, KEY_NAME, KEY_DESCRIPTION,
	KEY_GROUPS_INCLUDE, KEY_ALLOW, KEY_READ, KEY_ALLOW_FILE, KEY_READ_FILE, KEY_DENY,
	KEY_NET_BLOCK, KEY_ENV_STRIP_SECRETS, KEY_WORKDIR };

static bool is_written(enum profile_key key)
{
	size_t i = 0;

	while (i < ELEMENTSOF(written) && written[i] != key) {
		i++;
	}
	return i < ELEMENTSOF(written);
}

/* The keys that are not in the text, as comments behind it. */
static void append_other_keys(struct buf *out)
{
	buf_append_str(out, "\n// What else a profile may say; a.b is b inside the object a.\n");
	for (enum profile_key key = 0; key < _KEY_MAX; key++) {
		if (!is_written(key)) {
			buf_printf(
				out, "//   %-36s %s\n", key_specs[key].path, key_specs[key].help);
		}
	}
}

void template_write(struct buf *out, const struct template *t)
{
	append_head(out, t);
	append_bases(out, t);
	append_files(out, t);
	append_rest(out, t);
	if (t->full) {
		append_other_keys(out);
	}
}
