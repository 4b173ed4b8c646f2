/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "proto/conn-private.h"
#include "proto/idl.h"
#include "proto/json.h"

#define SERVICE        "org.varlink.service"
#define INTERFACES_MAX 64

struct interface {
	struct idl *idl;
	const char *text;
	size_t n;
	const struct vl_method *methods;
	void *userdata;
};

struct vl_server {
	struct vl_server_config config;
	struct interface interfaces[INTERFACES_MAX]; /* by name */
	size_t n_interfaces;
	struct vl_conn *conns;
	unsigned n_conns;
	unsigned fds_max; /* of all methods: nobody needs more with one call */
	size_t buffered;
	uint64_t n_holds; /* how often a connection began to hold something */
};

static struct interface *find_interface(struct vl_server *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->n_interfaces; i++) {
		const char *candidate = s->interfaces[i].idl->name;
		if (strlen(candidate) == n && memcmp(candidate, name, n) == 0) {
			return &s->interfaces[i];
		}
	}
	return NULL;
}

/* ---- org.varlink.service ---- */

static int error_naming(
	struct vl_call *call, const char *error, const char *field, const char *value)
{
	struct json_object *o = json_object_new_object();

	json_add_string(o, field, value);
	return vl_call_error(call, error, o);
}

static int get_info(struct vl_call *call, void *userdata)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array();
	const struct vl_server *s = userdata;
	const struct vl_server_config *c = &s->config;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_interfaces; i++) {
		r = json_append_string(names, s->interfaces[i].idl->name);
	}
	/* names is consumed by either way out of this condition. */
	r = r < 0 ? (json_object_put(names), r) : json_add(o, "interfaces", names);
	if (r < 0 || json_add_string(o, "vendor", c->vendor ? c->vendor : "") < 0 ||
		json_add_string(o, "product", c->product ? c->product : "") < 0 ||
		json_add_string(o, "version", c->version ? c->version : "") < 0 ||
		json_add_string(o, "url", c->url ? c->url : "") < 0) {
		return -ENOMEM;
	}
	return vl_call_reply(call, TAKE_PTR(o));
}

static int get_description(struct vl_call *call, void *userdata)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	const char *name = json_string_or(vl_call_parameters(call), "interface", "");
	const struct interface *i = find_interface(userdata, name, strlen(name));

	if (!i) {
		return error_naming(call, SERVICE ".InterfaceNotFound", "interface", name);
	}
	if (json_add(o, "description", json_object_new_string_len(i->text, (int)i->n)) < 0) {
		return -ENOMEM;
	}
	return vl_call_reply(call, TAKE_PTR(o));
}

static const struct vl_method service_methods[] = {
	{ "GetInfo", .call = get_info },
	{ "GetInterfaceDescription", .call = get_description },
	{ 0 },
};

/* ---- dispatch ---- */

static int check_flags(struct vl_call *call)
{
	unsigned given = call->envelope.flags, wanted = call->method->flags;

	if ((wanted & VL_NEEDS_MORE) && !(given & VL_MORE)) {
		return vl_call_error(call, SERVICE ".ExpectedMore", NULL);
	}
	if ((wanted & VL_NEEDS_UPGRADE) && !(given & VL_UPGRADE)) {
		return vl_call_error(call, SERVICE ".ExpectedUpgrade", NULL);
	}
	if ((given & VL_UPGRADE) && !(wanted & VL_NEEDS_UPGRADE)) {
		/* A plain reply would make the caller believe that the protocol has changed. */
		return vl_call_invalid_parameter(call, "upgrade");
	}
	if (call->message.fds_lost || call->message.n_fds < call->method->fds_min ||
		call->message.n_fds > call->method->fds_max) {
		return vl_call_invalid_parameter(call, "fileDescriptors");
	}
	return 0;
}

static int parse_parameters(struct vl_server *s, struct vl_call *call)
{
	struct json_span span = call->envelope.parameters;
	int r = 0;

	if (json_count(span) > s->config.limits.values_max) {
		return vl_call_invalid_parameter(call, "parameters");
	}
	if (span.p) {
		r = json_parse_checked(&call->parameters, span);
	} else {
		call->parameters = json_object_new_object();
	}
	return r < 0 || !call->parameters ? -ENOMEM : 0;
}

/* Runs what the checks left to run. They answer by themselves when they find something. */
static int run_method(struct vl_server *s, struct vl_call *call, const struct interface *i,
	const struct idl_symbol *symbol)
{
	char path[256];
	int r;

	if (s->config.authorize && !str_equal(i->idl->name, SERVICE)) {
		r = s->config.authorize(call, call->method, s->config.userdata);
		if (r < 0 || call->answered) {
			return r < 0 ? r : 0;
		}
	}
	r = check_flags(call);
	if (r < 0 || call->answered) {
		return r;
	}
	r = parse_parameters(s, call);
	if (r < 0 || call->answered) {
		return r;
	}
	r = idl_validate(symbol->in, call->parameters, path, sizeof(path));
	if (r < 0) {
		return vl_call_invalid_parameter(call, path);
	}
	return call->method->call(call, i->userdata);
}

static int on_call(struct vl_call *call, void *owner)
{
	struct vl_server *s = owner;
	const char *name = call->envelope.name, *dot = strrchr(name, '.');
	const struct idl_symbol *symbol;
	const struct interface *i;

	if (!dot) {
		return vl_call_invalid_parameter(call, "method");
	}
	i = find_interface(s, name, (size_t)(dot - name));
	if (!i) {
		_cleanup_free_ char *interface = strndup(name, (size_t)(dot - name));
		if (!interface) {
			return -ENOMEM;
		}
		return error_naming(call, SERVICE ".InterfaceNotFound", "interface", interface);
	}
	symbol = idl_find(i->idl, IDL_METHOD, dot + 1);
	if (!symbol) {
		return error_naming(call, SERVICE ".MethodNotFound", "method", name);
	}
	for (const struct vl_method *m = i->methods; m->name; m++) {
		if (str_equal(m->name, dot + 1)) {
			call->method = m;
			return run_method(s, call, i, symbol);
		}
	}
	return error_naming(call, SERVICE ".MethodNotImplemented", "method", name);
}

#ifndef NDEBUG
/* The type an answer has to have, NULL when nobody here describes it. */
static const struct idl_type *answer_type(
	struct vl_server *s, const struct vl_call *call, const char *error)
{
	const char *name = error ? error : call->envelope.name, *dot = strrchr(name, '.');
	const struct interface *i = dot ? find_interface(s, name, (size_t)(dot - name)) : NULL;
	const struct idl_symbol *symbol =
		i ? idl_find(i->idl, error ? IDL_ERROR : IDL_METHOD, dot + 1) : NULL;

	if (!symbol) {
		return NULL;
	}
	return error ? symbol->in : symbol->out;
}

static int on_answer(struct vl_call *call, const char *error, struct json_object *parameters,
	char *path, size_t path_size, void *owner)
{
	_cleanup_(json_object_putp) struct json_object *none = NULL;
	const struct idl_type *type = answer_type(owner, call, error);
	const char *dot = error ? strrchr(error, '.') : NULL;

	path[0] = '\0';
	if (!type) {
		/* An error that its own interface does not know is a slip; a foreign one is not. */
		return dot && find_interface(owner, error, (size_t)(dot - error)) ? -EINVAL : 0;
	}
	if (!parameters) {
		parameters = none = json_object_new_object();
	}
	return idl_validate(type, parameters, path, path_size);
}
#endif

/* ---- connections ---- */

/*
 * Who has been holding something for longest pays. Ordinary clients hold something for
 * milliseconds, so it is one that stalls, however little each of its connections holds; taking the
 * largest instead would hit whoever comes with an honest large call.
 */
static void enforce_buffered_max(struct vl_server *s)
{
	struct vl_conn *oldest = NULL;

	if (s->buffered <= s->config.limits.buffered_max) {
		return;
	}
	for (struct vl_conn *c = s->conns; c; c = c->next) {
		if (c->accounted > 0 && !c->dead &&
			(!oldest || c->holding_since < oldest->holding_since)) {
			oldest = c;
		}
	}
	if (oldest) {
		/* Comes back here, until enough are on their way out. */
		s->buffered -= oldest->accounted;
		oldest->accounted = 0;
		vl_conn_kill(oldest, -ENOBUFS);
	}
}

static void on_changed(struct vl_conn *conn, void *owner)
{
	struct vl_server *s = owner;
	/* What a dead one holds is as good as free: it goes before anything else is read. */
	size_t now = conn->dead ? 0 : stream_buffered(conn->stream);

	if (conn->accounted == 0 && now > 0) {
		conn->holding_since = ++s->n_holds;
	}
	s->buffered += now - conn->accounted;
	conn->accounted = now;
	enforce_buffered_max(s);
	if (s->config.rearm) {
		s->config.rearm(conn, s->config.userdata);
	}
}

static void on_gone(struct vl_conn *conn, void *owner)
{
	struct vl_server *s = owner;

	if (conn->prev) {
		conn->prev->next = conn->next;
	} else {
		s->conns = conn->next;
	}
	if (conn->next) {
		conn->next->prev = conn->prev;
	}
	s->n_conns--;
	s->buffered -= conn->accounted;
	if (s->config.disconnected) {
		s->config.disconnected(conn, s->config.userdata);
	}
}

static const struct vl_conn_ops conn_ops = {
	.call = on_call,
#ifndef NDEBUG
	.check_answer = on_answer,
#endif
	.changed = on_changed,
	.gone = on_gone,
};

static int check_conn_limits(const struct vl_server *s, uid_t uid, struct nono_error *err)
{
	unsigned n = 0;

	if (s->n_conns >= s->config.limits.conns_max) {
		return error_set(err, NONO_LIMIT, EMFILE, "%u connections are open", s->n_conns);
	}
	/* Below the limit of one uid nobody can have reached it: no need to count. */
	for (const struct vl_conn *c = s->conns; c && s->n_conns >= s->config.limits.conns_uid_max;
		c = c->next) {
		n += c->peer.uid == uid;
	}
	if (n >= s->config.limits.conns_uid_max) {
		return error_set(err, NONO_LIMIT, EUSERS, "uid %u has %u connections open",
			(unsigned)uid, n);
	}
	return 0;
}

int vl_server_add_connection(
	struct vl_server *s, int fd, struct vl_conn **ret, struct nono_error *err)
{
	_cleanup_(peer_deinit) struct peer peer = { .pidfd = -1 };
	const struct stream_limits limits = {
		.message_max = s->config.limits.message_max,
		.queue_max = s->config.limits.queue_max,
		.fds_max = s->fds_max,
	};
	struct vl_conn *conn;
	int r;

	r = peer_init(&peer, fd, err);
	if (r == 0) {
		r = check_conn_limits(s, peer.uid, err);
	}
	if (r < 0) {
		return r;
	}
	r = vl_conn_new(&conn, fd, &peer, &limits, s->config.limits.stall_usec, &conn_ops, s);
	if (r < 0) {
		return error_oom(err);
	}
	conn->next = s->conns;
	if (s->conns) {
		s->conns->prev = conn;
	}
	s->conns = conn;
	s->n_conns++;
	*ret = conn;
	return 0;
}

unsigned vl_server_n_connections(const struct vl_server *s)
{
	return s->n_conns;
}

/* ---- the server ---- */

static void default_limits(struct vl_server_limits *l)
{
	const struct vl_server_limits defaults = {
		.message_max = 4U << 20,
		.values_max = 65536,
		.queue_max = 4U << 20,
		.buffered_max = 32U << 20,
		.conns_max = 1024,
		.conns_uid_max = 256,
		.stall_usec = 30 * UINT64_C(1000000),
	};

	l->message_max = l->message_max ? l->message_max : defaults.message_max;
	l->values_max = l->values_max ? l->values_max : defaults.values_max;
	l->queue_max = l->queue_max ? l->queue_max : defaults.queue_max;
	l->buffered_max = l->buffered_max ? l->buffered_max : defaults.buffered_max;
	l->conns_max = l->conns_max ? l->conns_max : defaults.conns_max;
	l->conns_uid_max = l->conns_uid_max ? l->conns_uid_max : defaults.conns_uid_max;
	l->stall_usec = l->stall_usec ? l->stall_usec : defaults.stall_usec;
}

int vl_server_new(
	struct vl_server **ret, const struct vl_server_config *config, struct nono_error *err)
{
	_cleanup_(vl_server_freep) struct vl_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		return error_oom(err);
	}
	s->config = *config;
	default_limits(&s->config.limits);
	r = vl_server_add_embedded(s, SERVICE, service_methods, s, err);
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(s);
	return 0;
}

struct vl_server *vl_server_free(struct vl_server *s)
{
	if (!s) {
		return NULL;
	}
	while (s->conns) {
		vl_conn_free(s->conns);
	}
	for (size_t i = 0; i < s->n_interfaces; i++) {
		idl_free(s->interfaces[i].idl);
	}
	free(s);
	return NULL;
}

int vl_server_add_interface(struct vl_server *s, const char *text, size_t n,
	const struct vl_method *methods, void *userdata, struct nono_error *err)
{
	_cleanup_(idl_freep) struct idl *idl = NULL;
	size_t at;
	int r;

	r = idl_parse(&idl, text, n, err);
	if (r < 0) {
		error_wrap(err, "interface description");
		return r;
	}
	for (const struct vl_method *m = methods; m->name; m++) {
		if (!idl_find(idl, IDL_METHOD, m->name)) {
			return error_set(err, NONO_INTERNAL, EINVAL, "%s has no method %s",
				idl->name, m->name);
		}
	}
	if (find_interface(s, idl->name, strlen(idl->name))) {
		return error_set(err, NONO_INTERNAL, EEXIST, "%s is there already", idl->name);
	}
	if (s->n_interfaces == INTERFACES_MAX) {
		return error_set(err, NONO_LIMIT, ENOSPC, "too many interfaces");
	}
	for (at = s->n_interfaces; at > 0 && strcmp(s->interfaces[at - 1].idl->name, idl->name) > 0;
		at--) {
		s->interfaces[at] = s->interfaces[at - 1];
	}
	s->interfaces[at] = (struct interface){
		.idl = TAKE_PTR(idl), .text = text, .n = n, .methods = methods, .userdata = userdata
	};
	s->n_interfaces++;
	for (const struct vl_method *m = methods; m->name; m++) {
		s->fds_max = m->fds_max > s->fds_max ? m->fds_max : s->fds_max;
	}
	return 0;
}

int vl_server_add_embedded(struct vl_server *s, const char *name, const struct vl_method *methods,
	void *userdata, struct nono_error *err)
{
	const struct embedded_file *f = idl_embedded(name);

	if (!f) {
		return error_set(err, NONO_INTERNAL, ENOENT, "no description of %s", name);
	}
	return vl_server_add_interface(s, f->text, f->size, methods, userdata, err);
}
