/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/proxy-config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "policy/hosts.h"

/* What is handed out comes first, so that its address is that of the whole. */
struct config {
	struct nono_proxy_config view;
	struct strlist hosts;
	struct nono_proxy_route *routes;
	size_t n_routes;
	const struct network_policy *network; /* while it is made */
	struct nono_error *err;
};

static void config_free(struct config *c)
{
	if (!c) {
		return;
	}
	strlist_deinit(&c->hosts);
	for (size_t i = 0; i < c->n_routes; i++) {
		struct nono_proxy_route *r = &c->routes[i];
		free((char *)r->name);
		free((char *)r->upstream);
		free((char *)r->inject_header);
		free((char *)r->credential_format);
		free((char *)r->credential_key);
		free((char *)r->env_var);
	}
	free(c->routes);
	free(c);
}

static void config_freep(struct config **c)
{
	config_free(*c);
}

void nono_proxy_config_free(struct nono_proxy_config *config)
{
	config_free((struct config *)config);
}

static int add_host(struct config *c, const char *text)
{
	_cleanup_free_ char *host = NULL;
	int r = host_pattern(&host, text, c->err);

	if (r < 0) {
		return r;
	}
	return strlist_add_once(&c->hosts, host) < 0 ? error_oom(c->err) : 0;
}

static const struct network_group *find_group(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->network->n_groups; i++) {
		if (str_equal(c->network->groups[i].name, name)) {
			return &c->network->groups[i];
		}
	}
	return NULL;
}

static int add_group(struct config *c, const struct network_group *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->hosts.n; i++) {
		r = add_host(c, g->hosts.items[i]);
	}
	return r;
}

static const char *copy(const char *s, int *failed)
{
	char *p = s ? strdup(s) : NULL;

	*failed |= s && !p;
	return p;
}

static int add_route(struct config *c, const struct credential_service *s)
{
	struct nono_proxy_route *route;
	int failed = 0;

	for (size_t i = 0; i < c->n_routes; i++) {
		if (str_equal(c->routes[i].name, s->name)) {
			return 0;
		}
	}
	if (array_grow((void **)&c->routes, c->n_routes, sizeof(*c->routes)) < 0) {
		return error_oom(c->err);
	}
	route = &c->routes[c->n_routes++];
	*route = (struct nono_proxy_route){
		.name = copy(s->name, &failed),
		.upstream = copy(s->upstream, &failed),
		.inject_header = copy(s->inject_header, &failed),
		.credential_format = copy(s->credential_format, &failed),
		.credential_key = copy(s->credential_key, &failed),
		.env_var = copy(s->env_var, &failed),
	};
	return failed ? error_oom(c->err) : 0;
}

static int add_credential(struct config *c, const char *name)
{
	for (size_t i = 0; i < c->network->n_services; i++) {
		const struct credential_service *s = &c->network->services[i];
		_cleanup_free_ char *host = NULL;
		int r;
		if (!str_equal(s->name, name)) {
			continue;
		}
		r = s->upstream ? host_of_url(&host, s->upstream, c->err) : 0;
		if (r < 0) {
			return r;
		}
		if (host && strlist_add_once(&c->hosts, host) < 0) {
			return error_oom(c->err);
		}
		return add_route(c, s);
	}
	return error_set(
		c->err, NONO_NOT_FOUND, ENOENT, "there is no credential service '%s'", name);
}

static int add_profile(struct config *c, const char *name)
{
	for (size_t i = 0; i < c->network->n_profiles; i++) {
		const struct network_profile *p = &c->network->profiles[i];
		int r = 0;
		if (!str_equal(p->name, name)) {
			continue;
		}
		for (size_t k = 0; r == 0 && k < p->groups.n; k++) {
			const struct network_group *g = find_group(c, p->groups.items[k]);
			r = g ? add_group(c, g)
			      : error_set(c->err, NONO_NOT_FOUND, ENOENT,
					"there is no host group '%s'", p->groups.items[k]);
		}
		for (size_t k = 0; r == 0 && k < p->credentials.n; k++) {
			r = add_credential(c, p->credentials.items[k]);
		}
		return r;
	}
	return error_set(c->err, NONO_NOT_FOUND, ENOENT, "there is no network profile '%s'", name);
}

int proxy_config_new(struct nono_proxy_config **ret, const struct network_policy *network,
	const char *network_profile, const char *const *hosts, size_t n_hosts,
	const char *const *credentials, size_t n_credentials, struct nono_error *err)
{
	_cleanup_(config_freep) struct config *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		return error_oom(err);
	}
	c->network = network;
	c->err = err;
	r = network_profile ? add_profile(c, network_profile) : 0;
	for (size_t i = 0; r == 0 && i < n_hosts; i++) {
		const struct network_group *g = hosts[i] ? find_group(c, hosts[i]) : NULL;
		r = g ? add_group(c, g) : add_host(c, hosts[i] ? hosts[i] : "");
	}
	for (size_t i = 0; r == 0 && i < n_credentials; i++) {
		r = add_credential(c, credentials[i] ? credentials[i] : "");
	}
	if (r < 0) {
		return r;
	}
	c->view = (struct nono_proxy_config){ c->hosts.n, (const char *const *)c->hosts.items,
		c->n_routes, c->routes };
	c->network = NULL;
	c->err = NULL;
	*ret = &TAKE_PTR(c)->view;
	return 0;
}
