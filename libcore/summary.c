/* SPDX-License-Identifier: Apache-2.0 */
/* The capability set for people. */
#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/visible.h"
#include "libcore/caps.h"

static void append_source(struct buf *b, enum nono_source source, const char *name)
{
	if (source == NONO_SOURCE_USER) {
		return;
	}
	buf_printf(b, " %s", nono_source_to_string(source));
	if (name) {
		buf_append_char(b, ':');
		visible_append(b, name);
	}
}

static void append_paths(struct buf *b, const struct nono_caps *caps)
{
	buf_append_str(b, "Files:\n");
	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		buf_append_str(b, "  ");
		visible_append(b, g->resolved);
		buf_printf(b, " [%s] (%s)", nono_access_to_string(g->access),
			g->is_file ? "file" : "dir");
		append_source(b, g->source, g->source_name);
		buf_append_char(b, '\n');
	}
	if (caps->n_paths == 0) {
		buf_append_str(b, "  none\n");
	}
}

static void append_sockets(struct buf *b, const struct nono_caps *caps)
{
	static const char *const scopes[] = {
		[NONO_UNIX_FILE] = "socket",
		[NONO_UNIX_DIR_CHILDREN] = "sockets in it",
		[NONO_UNIX_DIR_SUBTREE] = "sockets below it",
	};

	if (caps->n_unix_sockets > 0) {
		buf_append_str(b, "Unix sockets:\n");
	}
	for (size_t i = 0; i < caps->n_unix_sockets; i++) {
		const struct nono_unix_grant *g = &caps->unix_sockets[i];
		buf_append_str(b, "  ");
		visible_append(b, g->resolved);
		buf_printf(b, " [%s] (%s)", nono_unix_mode_to_string(g->mode), scopes[g->scope]);
		append_source(b, g->source, g->source_name);
		buf_append_char(b, '\n');
	}
}

static void append_ports(struct buf *b, const char *what, const struct caps_ports *ports)
{
	if (ports->n == 0) {
		return;
	}
	buf_printf(b, "  %s:", what);
	for (size_t i = 0; i < ports->n; i++) {
		buf_printf(b, "%s %u", i > 0 ? "," : "", ports->items[i]);
	}
	buf_append_char(b, '\n');
}

static void append_network(struct buf *b, const struct nono_caps *caps)
{
	bool ports = caps->connect.n > 0 || caps->localhost.n > 0;

	buf_append_str(b, "Network:\n");
	if (!caps_restricts_network(caps)) {
		buf_append_str(b, "  outbound: allowed\n");
	} else {
		buf_printf(b, "  outbound: blocked%s\n", ports ? ", except" : "");
	}
	append_ports(b, "connect to TCP ports", &caps->connect);
	append_ports(b, "connect and bind on localhost", &caps->localhost);
	append_ports(b, "bind TCP ports", &caps->bind);
}

static void append_names(struct buf *b, const char *what, const struct caps_names *names)
{
	if (names->n == 0) {
		return;
	}
	buf_printf(b, "  %s:", what);
	for (size_t i = 0; i < names->n; i++) {
		buf_append_str(b, i > 0 ? ", " : " ");
		visible_append(b, names->items[i]);
	}
	buf_append_char(b, '\n');
}

static void append_rest(struct buf *b, const struct nono_caps *caps)
{
	if (caps->allowed_commands.n > 0 || caps->blocked_commands.n > 0) {
		buf_append_str(b, "Commands:\n");
	}
	append_names(b, "blocked", &caps->blocked_commands);
	append_names(b, "allowed", &caps->allowed_commands);
	if (caps->signal_mode != NONO_SIGNAL_ISOLATED ||
		caps->ipc_mode != NONO_IPC_SHARED_MEMORY_ONLY) {
		buf_printf(b, "Processes:\n  signals: %s\n  IPC: %s\n",
			nono_signal_mode_to_string(caps->signal_mode),
			nono_ipc_mode_to_string(caps->ipc_mode));
	}
	for (size_t i = 0, any = 0; i < CAPS_LIMITS; i++) {
		if (caps->limits[i] != 0) {
			buf_printf(b, "%s  %s: %llu\n", any++ ? "" : "Limits:\n",
				nono_limit_to_string((enum nono_limit)i),
				(unsigned long long)caps->limits[i]);
		}
	}
}

char *nono_caps_summary(const struct nono_caps *caps)
{
	/* 65536 paths of 4095 bytes, each as \xNN: beyond any default. */
	_cleanup_(buf_deinit) struct buf b = { .limit = SIZE_MAX / 2 };

	if (!caps) {
		return NULL;
	}
	append_paths(&b, caps);
	append_sockets(&b, caps);
	append_network(&b, caps);
	append_rest(&b, caps);
	return buf_take(&b);
}
