/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of a session. --net-block wins over everything; --net-allow drops what the profile
 * filters; a profile that blocks wins over hosts that it or a base of it names. Any host, network
 * profile or credential means a proxy and nothing beside it: a credential alone opens its own
 * service only.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/json-scan.h"
#include "libcore/base/nearest.h"
#include "libcore/base/str.h"
#include "policy/hosts.h"
#include "policy/resolve-private.h"

static int add_host(struct resolution *s, const char *text, const char *from)
{
	_cleanup_free_ char *host = NULL;
	int r = host_pattern(&host, text, s->err);

	if (r < 0) {
		return from ? error_wrap(s->err, "%s", from) : r;
	}
	return strlist_add_once(&s->result.hosts, host) < 0 ? error_oom(s->err) : 0;
}

static int add_group(struct resolution *s, const struct network_group *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->hosts.n; i++) {
		r = add_host(s, g->hosts.items[i], g->name);
	}
	return r;
}

/* A host, or the name of a host group. */
static int add_domain(struct resolution *s, const char *text, const char *from)
{
	const struct network_group *g = library_network_group(s->library, text);

	return g ? add_group(s, g) : add_host(s, text, from);
}

static int unknown(struct resolution *s, const char *from, const char *what, const char *name,
	struct nearest nearest)
{
	return error_set(s->err, NONO_NOT_FOUND, ENOENT, "%s: there is no %s '%s'%s%s%s", from,
		what, name, nearest.best ? " (did you mean '" : "",
		nearest.best ? nearest.best : "", nearest.best ? "'?)" : "");
}

static const struct profile_item *find_custom(const struct resolution *s, const char *name)
{
	const struct profile_value *v = &s->profile->values[KEY_NET_CUSTOM_CREDENTIALS];

	for (size_t i = 0; i < v->n; i++) {
		if (str_equal(v->items[i].text, name)) {
			return &v->items[i];
		}
	}
	return NULL;
}

static int add_upstream(struct resolution *s, const char *upstream, const char *service)
{
	_cleanup_free_ char *host = NULL;
	int r = host_of_url(&host, upstream, s->err);

	if (r < 0) {
		return error_wrap(s->err, "service '%s'", service);
	}
	return strlist_add_once(&s->result.hosts, host) < 0 ? error_oom(s->err) : 0;
}

/* Of a service of the profile's own only the host matters here. */
static int add_custom(struct resolution *s, const struct profile_item *custom)
{
	const char *text = custom->value ? custom->value : "";
	_cleanup_free_ char *upstream = NULL;
	struct json_span root, v = { 0 };
	struct json_fault fault;

	if (json_check_at(text, strlen(text), &root, &fault) == 0) {
		v = json_member(root, "upstream");
	}
	if (json_kind(v) != JSON_STRING) {
		return error_set(s->err, NONO_INVALID, EINVAL, "%s: service '%s' has no upstream",
			custom->from, custom->text);
	}
	if (json_dup_string(v, &upstream) < 0) {
		return error_oom(s->err);
	}
	return add_upstream(s, upstream, custom->text);
}

static int add_credential(struct resolution *s, const char *name, const char *from)
{
	const struct credential_service *service = library_service(s->library, name);
	const struct profile_item *custom = find_custom(s, name);
	struct nearest nearest = nearest_init(name, strlen(name));
	const struct network_policy *n;

	if (strlist_add_once(&s->result.credentials, name) < 0) {
		return error_oom(s->err);
	}
	/* The profile's own service of a name comes before everybody's. */
	if (custom) {
		return add_custom(s, custom);
	}
	if (service) {
		return service->upstream ? add_upstream(s, service->upstream, name) : 0;
	}
	for (size_t l = 0; (n = library_network(s->library, l)); l++) {
		for (size_t i = 0; i < n->n_services; i++) {
			nearest_offer(&nearest, n->services[i].name);
		}
	}
	return unknown(s, from, "credential service", name, nearest);
}

static int add_network_profile(struct resolution *s, const char *name, const char *from)
{
	const struct network_profile *p = library_network_profile(s->library, name);
	struct nearest nearest = nearest_init(name, strlen(name));
	const struct network_policy *n;
	int r = 0;

	if (!p) {
		for (size_t l = 0; (n = library_network(s->library, l)); l++) {
			for (size_t i = 0; i < n->n_profiles; i++) {
				nearest_offer(&nearest, n->profiles[i].name);
			}
		}
		return unknown(s, from, "network profile", name, nearest);
	}
	for (size_t i = 0; r == 0 && i < p->groups.n; i++) {
		const struct network_group *g =
			library_network_group(s->library, p->groups.items[i]);
		r = g ? add_group(s, g)
		      : error_set(s->err, NONO_NOT_FOUND, ENOENT,
				"network profile '%s': there is no host group '%s'", name,
				p->groups.items[i]);
	}
	for (size_t i = 0; r == 0 && i < p->credentials.n; i++) {
		r = add_credential(s, p->credentials.items[i], name);
	}
	return r;
}

/* Which of the flags asks for hosts, or NULL. */
static const char *flag_for_hosts(const struct policy_request *q)
{
	if (q->network_profile) {
		return "--network-profile";
	}
	if (q->allow_domains.n > 0) {
		return "--allow-domain";
	}
	return q->credentials.n > 0 ? "--credential" : NULL;
}

static int add_hosts(struct resolution *s)
{
	const struct profile_value *values = s->profile->values;
	const struct profile_value *named = &values[KEY_NET_PROFILE];
	const struct policy_request *q = s->request;
	int r = 0;

	if (q->network_profile) {
		r = add_network_profile(s, q->network_profile, "--network-profile");
	} else if (named->string) {
		r = add_network_profile(s, named->string, named->from);
	}
	for (size_t i = 0; r == 0 && i < values[KEY_NET_ALLOW_DOMAIN].n; i++) {
		const struct profile_item *item = &values[KEY_NET_ALLOW_DOMAIN].items[i];
		r = add_domain(s, item->text, item->from);
	}
	for (size_t i = 0; r == 0 && i < q->allow_domains.n; i++) {
		r = add_domain(s, q->allow_domains.items[i], "--allow-domain");
	}
	for (size_t i = 0; r == 0 && i < values[KEY_NET_CREDENTIALS].n; i++) {
		const struct profile_item *item = &values[KEY_NET_CREDENTIALS].items[i];
		r = add_credential(s, item->text, item->from);
	}
	for (size_t i = 0; r == 0 && i < q->credentials.n; i++) {
		r = add_credential(s, q->credentials.items[i], "--credential");
	}
	return r;
}

static bool wants_hosts(const struct resolution *s)
{
	const struct profile_value *values = s->profile->values;

	return flag_for_hosts(s->request) || values[KEY_NET_PROFILE].string ||
	       values[KEY_NET_ALLOW_DOMAIN].n > 0 || values[KEY_NET_CREDENTIALS].n > 0 ||
	       values[KEY_NET_UPSTREAM_PROXY].string;
}

static int need_proxy(struct resolution *s)
{
	const char *flag = flag_for_hosts(s->request);
	int r = add_hosts(s);

	if (r < 0) {
		return r;
	}
	s->result.proxied = true;
	s->result.caps->network = NONO_NETWORK_BLOCKED;
	return flag ? resolution_need(s, NEED_PROXY,
			      "%s: this version cannot yet limit the network to some hosts; leave "
			      "it out for an open network, or use --net-block for none",
			      flag)
		    : resolution_need(s, NEED_PROXY,
			      "profile %s limits the network to some hosts, which this version "
			      "cannot do yet: add --net-allow for an unfiltered network, or "
			      "--net-block for none",
			      s->result.profile);
}

/* What the user asks for; what the profile says unless the user has shut the network. */
static int add_ports(struct resolution *s, const struct policy_ports *asked, enum profile_key key,
	int (*add)(struct nono_caps *, uint16_t, struct nono_error *))
{
	const struct profile_value *v = &s->profile->values[key];
	uint64_t port;
	int r = 0;

	for (size_t i = 0; r == 0 && i < asked->n; i++) {
		r = add(s->result.caps, asked->items[i], s->err);
	}
	for (size_t i = 0; r == 0 && i < v->n && s->request->network != NETWORK_BLOCKED; i++) {
		/* The parser let numbers from 1 to 65535 through. */
		r = str_to_u64(v->items[i].text, &port);
		if (r == 0) {
			r = add(s->result.caps, (uint16_t)port, s->err);
		}
	}
	return r;
}

/* With an open network every port is open, and to list one would close the others. */
static int resolve_ports(struct resolution *s)
{
	struct nono_caps *caps = s->result.caps;
	int r;

	if (caps->network == NONO_NETWORK_OPEN) {
		bool closes_nothing = s->request->connect.n > 0;
		return closes_nothing &&
				       strlist_add(&s->result.warnings,
					       "--allow-connect-port changes nothing while the network "
					       "is open; --net-block closes the rest") < 0
			       ? error_oom(s->err)
			       : 0;
	}
	r = add_ports(s, &s->request->connect, KEY_NET_CONNECT_PORT, nono_caps_allow_tcp_connect);
	if (r == 0) {
		r = add_ports(
			s, &s->request->listen, KEY_NET_LISTEN_PORT, nono_caps_allow_tcp_bind);
	}
	if (r == 0) {
		r = add_ports(s, &s->request->localhost, KEY_NET_OPEN_PORT,
			nono_caps_allow_localhost_port);
	}
	if (r == 0 && caps->localhost.n > 0 && !s->request->supervised) {
		r = resolution_need(s, NEED_LOCALHOST_PORTS,
			"port %u of this machine cannot be opened by itself in a blocked network "
			"without a supervisor: use nono run, or --listen-port %u and --allow-connect-port %u, which "
			"hold for every address, or leave the network open",
			caps->localhost.items[0], caps->localhost.items[0],
			caps->localhost.items[0]);
	}
	return r;
}

int resolution_network(struct resolution *s)
{
	const struct profile_value *block = &s->profile->values[KEY_NET_BLOCK];
	const char *flag = flag_for_hosts(s->request);
	int r = 0;

	switch (s->request->network) {
	case NETWORK_BLOCKED:
		s->result.caps->network = NONO_NETWORK_BLOCKED;
		break;
	case NETWORK_OPEN:
		if (flag) {
			return error_set(s->err, NONO_INVALID, EINVAL,
				"--net-allow and %s contradict each other", flag);
		}
		break;
	case NETWORK_AS_PROFILE:
	default:
		if (block->boolean && flag) {
			return error_set(s->err, NONO_INVALID, EINVAL,
				"%s blocks the network, and %s contradicts it", block->from, flag);
		}
		if (block->boolean) {
			s->result.caps->network = NONO_NETWORK_BLOCKED;
		} else if (wants_hosts(s)) {
			r = need_proxy(s);
		}
		break;
	}
	return r < 0 ? r : resolve_ports(s);
}
