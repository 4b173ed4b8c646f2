/* SPDX-License-Identifier: Apache-2.0 */
/* The capability set, continued: network, commands, modes and limits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"

#define COMMAND_NAME_MAX 255 /* NAME_MAX: a longer one names no file */

static int no_caps(struct nono_error *err)
{
	return error_set(err, NONO_INVALID, EINVAL, "no capability set");
}

bool caps_restricts_network(const struct nono_caps *caps)
{
	return caps->network == NONO_NETWORK_BLOCKED || caps->connect.n > 0 || caps->bind.n > 0 ||
	       caps->localhost.n > 0;
}

int nono_caps_block_network(struct nono_caps *caps, struct nono_error *err)
{
	return nono_caps_set_network_mode(caps, NONO_NETWORK_BLOCKED, err);
}

int nono_caps_set_network_mode(
	struct nono_caps *caps, enum nono_network_mode mode, struct nono_error *err)
{
	if (!caps) {
		return no_caps(err);
	}
	if (!nono_network_mode_to_string(mode)) {
		return error_set(err, NONO_INVALID, EINVAL, "no such network mode: %d", (int)mode);
	}
	caps->network = mode;
	return 0;
}

enum nono_network_mode nono_caps_network_mode(const struct nono_caps *caps)
{
	return caps ? caps->network : NONO_NETWORK_BLOCKED;
}

bool caps_has_port(const struct caps_ports *ports, uint16_t port)
{
	for (size_t i = 0; i < ports->n; i++) {
		if (ports->items[i] == port) {
			return true;
		}
	}
	return false;
}

static int add_port(struct caps_ports *ports, uint16_t port, struct nono_error *err)
{
	if (caps_has_port(ports, port)) {
		return 0;
	}
	if (ports->n >= CAPS_LIST_MAX) {
		return error_set(err, NONO_LIMIT, E2BIG, "more than %d ports", CAPS_LIST_MAX);
	}
	if (array_grow((void **)&ports->items, ports->n, sizeof(*ports->items)) < 0) {
		return error_oom(err);
	}
	ports->items[ports->n++] = port;
	return 0;
}

static int no_port_zero(struct nono_error *err)
{
	return error_set(err, NONO_INVALID, EINVAL, "port 0 can only be bound");
}

int nono_caps_allow_tcp_connect(struct nono_caps *caps, uint16_t port, struct nono_error *err)
{
	if (!caps) {
		return no_caps(err);
	}
	return port == 0 ? no_port_zero(err) : add_port(&caps->connect, port, err);
}

int nono_caps_allow_tcp_bind(struct nono_caps *caps, uint16_t port, struct nono_error *err)
{
	return caps ? add_port(&caps->bind, port, err) : no_caps(err);
}

int nono_caps_allow_localhost_port(struct nono_caps *caps, uint16_t port, struct nono_error *err)
{
	if (!caps) {
		return no_caps(err);
	}
	return port == 0 ? no_port_zero(err) : add_port(&caps->localhost, port, err);
}

long nono_caps_port(const struct nono_caps *caps, enum nono_port_list list, size_t index)
{
	const struct caps_ports *ports = NULL;

	if (!caps) {
		return -1;
	}
	switch (list) {
	case NONO_PORTS_CONNECT:
		ports = &caps->connect;
		break;
	case NONO_PORTS_BIND:
		ports = &caps->bind;
		break;
	case NONO_PORTS_LOCALHOST:
		ports = &caps->localhost;
		break;
	}
	return ports && index < ports->n ? ports->items[index] : -1;
}

static bool has_name(const struct caps_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_equal(names->items[i], name)) {
			return true;
		}
	}
	return false;
}

static int append_name(struct caps_names *names, const char *name)
{
	char *copy;

	if (array_grow((void **)&names->items, names->n, sizeof(*names->items)) < 0) {
		return -ENOMEM;
	}
	copy = strdup(name);
	if (!copy) {
		return -ENOMEM;
	}
	names->items[names->n++] = copy;
	return 0;
}

static int add_command(struct caps_names *names, const char *name, struct nono_error *err)
{
	size_t n = name ? strlen(name) : 0;

	if (n == 0 || n > COMMAND_NAME_MAX || strchr(name, '/') || !str_is_utf8(name, n)) {
		return error_set(
			err, NONO_INVALID, EINVAL, "a command is named by its base name, in UTF-8");
	}
	if (has_name(names, name)) {
		return 0;
	}
	if (names->n >= CAPS_LIST_MAX) {
		return error_set(err, NONO_LIMIT, E2BIG, "more than %d commands", CAPS_LIST_MAX);
	}
	return append_name(names, name) < 0 ? error_oom(err) : 0;
}

int nono_caps_allow_command(struct nono_caps *caps, const char *name, struct nono_error *err)
{
	return caps ? add_command(&caps->allowed_commands, name, err) : no_caps(err);
}

int nono_caps_block_command(struct nono_caps *caps, const char *name, struct nono_error *err)
{
	return caps ? add_command(&caps->blocked_commands, name, err) : no_caps(err);
}

int nono_caps_command_blocked(const struct nono_caps *caps, const char *command)
{
	const char *slash, *name;

	if (!caps || !command) {
		return 0;
	}
	slash = strrchr(command, '/');
	name = slash ? slash + 1 : command;
	return has_name(&caps->blocked_commands, name) && !has_name(&caps->allowed_commands, name);
}

const char *nono_caps_command(
	const struct nono_caps *caps, enum nono_command_list list, size_t index)
{
	const struct caps_names *names;

	if (!caps || (list != NONO_COMMANDS_ALLOWED && list != NONO_COMMANDS_BLOCKED)) {
		return NULL;
	}
	names = list == NONO_COMMANDS_ALLOWED ? &caps->allowed_commands : &caps->blocked_commands;
	return index < names->n ? names->items[index] : NULL;
}

int nono_caps_set_signal_mode(
	struct nono_caps *caps, enum nono_signal_mode mode, struct nono_error *err)
{
	if (!caps) {
		return no_caps(err);
	}
	if (!nono_signal_mode_to_string(mode)) {
		return error_set(err, NONO_INVALID, EINVAL, "no such signal mode: %d", (int)mode);
	}
	caps->signal_mode = mode;
	return 0;
}

enum nono_signal_mode nono_caps_signal_mode(const struct nono_caps *caps)
{
	return caps ? caps->signal_mode : NONO_SIGNAL_ISOLATED;
}

int nono_caps_set_ipc_mode(struct nono_caps *caps, enum nono_ipc_mode mode, struct nono_error *err)
{
	if (!caps) {
		return no_caps(err);
	}
	if (!nono_ipc_mode_to_string(mode)) {
		return error_set(err, NONO_INVALID, EINVAL, "no such IPC mode: %d", (int)mode);
	}
	caps->ipc_mode = mode;
	return 0;
}

enum nono_ipc_mode nono_caps_ipc_mode(const struct nono_caps *caps)
{
	return caps ? caps->ipc_mode : NONO_IPC_SHARED_MEMORY_ONLY;
}

int nono_caps_set_limit(
	struct nono_caps *caps, enum nono_limit limit, uint64_t value, struct nono_error *err)
{
	if (!caps) {
		return no_caps(err);
	}
	if (!nono_limit_to_string(limit)) {
		return error_set(err, NONO_INVALID, EINVAL, "no such limit: %d", (int)limit);
	}
	caps->limits[limit] = value;
	return 0;
}

uint64_t nono_caps_limit(const struct nono_caps *caps, enum nono_limit limit)
{
	return caps && nono_limit_to_string(limit) ? caps->limits[limit] : 0;
}

static int copy_ports(struct caps_ports *to, const struct caps_ports *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (add_port(to, from->items[i], NULL) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int copy_names(struct caps_names *to, const struct caps_names *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (append_name(to, from->items[i]) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

int caps_copy_settings(struct nono_caps *to, const struct nono_caps *from)
{
	to->network = from->network;
	to->signal_mode = from->signal_mode;
	to->ipc_mode = from->ipc_mode;
	memcpy(to->limits, from->limits, sizeof(to->limits));
	if (copy_ports(&to->connect, &from->connect) < 0 ||
		copy_ports(&to->bind, &from->bind) < 0 ||
		copy_ports(&to->localhost, &from->localhost) < 0 ||
		copy_names(&to->allowed_commands, &from->allowed_commands) < 0 ||
		copy_names(&to->blocked_commands, &from->blocked_commands) < 0) {
		return -ENOMEM;
	}
	return 0;
}
