/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of io.nono.Session that are not in api-session.c, and what all of them share. */
#pragma once
#include <json-c/json.h>

#include "daemon/api.h"

struct decision;
struct session;

/* Answers with one object under one name. value is taken; NULL is out of memory. */
int api_reply_with(struct vl_call *call, const char *name, struct json_object *value);

/* The session a call names, or NULL after it was answered that there is none or several. */
struct session *api_find(struct manager *m, struct vl_call *call, int *ret_r);
/* What it was asked for. The policy is a function of that, so it is made again instead of being
 * kept; by what was in force then, and with its TMPDIR. 0 or -errno. */
int api_context_of(struct json_object **ret, const struct session *s);
int api_policy_of(struct decision *ret, struct manager *m, const struct session *s,
	struct json_object *context, struct nono_error *err);

int api_list(struct vl_call *call, void *userdata);
int api_get(struct vl_call *call, void *userdata);
int api_stop(struct vl_call *call, void *userdata);
int api_why(struct vl_call *call, void *userdata);
/* The same for a question that was not validated: the Answer about s in *ret, or *ret_wrong set to
 * the parameter that is wrong. 0, or -errno with err set. */
int api_why_about(struct json_object **ret, struct manager *m, const struct session *s,
	struct json_object *question, const char **ret_wrong, struct nono_error *err);
