/* SPDX-License-Identifier: Apache-2.0 */
/* nono setup and nono doctor: does it work here, and what would make it work better. */
#include <errno.h>
#include <unistd.h>

#include "client/local/doctor.h"
#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/local/show.h"
#include "client/local/template.h"
#include "client/local/write-file.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/visible.h"

#define EXIT_UNUSABLE 1 /* nothing can be enforced here */
#define LIST(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct template examples[] = {
	{ .name = "example-agent",
		.description = "An agent with a directory of settings of its own",
		.extends = LIST("node-dev"),
		.n_extends = 1,
		.groups = LIST("git_config"),
		.n_groups = 1,
		.allow = LIST("~/.config/example-agent"),
		.n_allow = 1 },
	{ .name = "offline-build",
		.description = "Builds that must not reach the network",
		.block_network = true },
	{ .name = "data-processing",
		.description = "Python without network, over the data of one directory",
		.groups = LIST("python_runtime"),
		.n_groups = 1,
		.allow = LIST("~/data"),
		.n_allow = 1,
		.block_network = true },
};

static const char aliases[] =
	"# Into the start-up file of the shell: known agents always run in their sandbox.\n"
	"alias claude='nono run --profile claude-code --allow-cwd -- claude'\n"
	"alias codex='nono run --profile codex --allow-cwd -- codex'\n"
	"alias opencode='nono run --profile opencode --allow-cwd -- opencode'\n"
	"# An alias does not end in one: 'command claude' is the agent without a sandbox.\n";

static int report(const struct arguments *a, bool *ret_usable, struct nono_error *err)
{
	_cleanup_(findings_deinit) struct findings list = { 0 };
	_cleanup_(buf_deinit) struct buf out = { 0 };
	const char *cause;
	int r = doctor_look(&list, err);

	if (r < 0) {
		return r;
	}
	*ret_usable = doctor_usable(&list, &cause);
	if (a->json) {
		doctor_json(&out, &list);
		return show_json(&out);
	}
	doctor_text(&out, &list);
	return say_result(&out);
}

int local_doctor(const struct arguments *a, struct nono_error *err)
{
	bool usable = false;
	int r = report(a, &usable, err);

	return r == 0 && !usable ? EXIT_UNUSABLE : r;
}

static void append_counts(struct buf *out, const struct library *l)
{
	const struct policy_group *g;
	enum policy_origin origin;
	const struct profile *p;
	size_t paths = 0, commands = 0;

	for (size_t i = 0; (g = library_group_at(l, i)) != NULL; i++) {
		paths += g->foreign ? 0 : g->deny.n;
		commands += g->foreign ? 0 : g->deny_commands.n;
	}
	buf_printf(out,
		"\nprotections\n  %zu sensitive paths are denied to every command, %zu dangerous "
		"commands are not started\n"
		"  nono profile groups deny_credentials lists some of them\n\nprofiles\n",
		paths, commands);
	for (size_t i = 0; (p = library_profile_at(l, i, &origin)) != NULL; i++) {
		const char *description = p->values[KEY_DESCRIPTION].string;
		buf_append_str(out, "  ");
		visible_append(out, p->name);
		buf_append_str(out, " - ");
		visible_append(out, description ? description : "");
		buf_append_char(out, '\n');
	}
}

static int write_example(const struct profile_set *s, const struct template *t, struct buf *out,
	struct nono_error *err)
{
	_cleanup_free_ char *path = profile_path(&s->places, t->name, ".jsonc");
	_cleanup_free_ char *plain = profile_path(&s->places, t->name, ".json");
	_cleanup_(buf_deinit) struct buf text = { 0 };
	int r;

	template_write(&text, t);
	if (!path || !plain || buf_error(&text) < 0) {
		return error_oom(err);
	}
	r = access(plain, F_OK) == 0 ? -EEXIST : write_file(path, text.data, text.len, false, err);
	if (r < 0 && r != -EEXIST) {
		return r;
	}
	buf_append_str(out, r == 0 ? "  wrote " : "  there already: ");
	visible_append(out, path);
	buf_append_char(out, '\n');
	return 0;
}

/* What setup says and does beyond doctor. */
static int set_up(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(profile_set_deinit) struct profile_set s = { 0 };
	_cleanup_(buf_deinit) struct buf out = { 0 };
	int r = profile_set_load(&s, NULL, NULL, 0, err);

	if (r < 0) {
		return r;
	}
	append_counts(&out, s.library);
	if (a->profiles) {
		buf_append_str(&out, "\nexample profiles\n");
	}
	for (size_t i = 0; r == 0 && a->profiles && i < ELEMENTSOF(examples); i++) {
		r = write_example(&s, &examples[i], &out, err);
	}
	if (r < 0) {
		return r;
	}
	if (a->shell_integration) {
		buf_append_str(&out, "\nshell integration\n");
		buf_append_str(&out, aliases);
	}
	buf_append_str(&out, "\nInstallation verified!\n");
	return say_result(&out);
}

int local_setup(const struct arguments *a, struct nono_error *err)
{
	bool usable = false;
	int r;

	if (a->json && (a->profiles || a->shell_integration)) {
		return error_set(err, NONO_INVALID, EINVAL,
			"--json is about what this machine has: leave out --%s",
			a->profiles ? "profiles" : "shell-integration");
	}
	r = report(a, &usable, err);
	if (r != 0 || !usable) {
		return r == 0 ? EXIT_UNUSABLE : r;
	}
	return a->json ? 0 : set_up(a, err);
}
