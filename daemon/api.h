/* SPDX-License-Identifier: Apache-2.0 */
/* What nonod answers: one method table per interface. Handlers unpack, ask a module, reply. */
#pragma once
#include "proto/server.h"

struct manager;
struct nono_error;

/* userdata of all of them is the manager. */
extern const struct vl_method api_manager_methods[];
extern const struct vl_method api_session_methods[];

/* io.nono.Manager.ContextMismatch: attribute is what differs, in words. */
int api_context_mismatch(struct vl_call *call, const char *attribute);
/* io.nono.Manager.LimitReached */
int api_limit_reached(struct vl_call *call, const char *limit, const char *message);
/* io.nono.Session.Refused; hint may be NULL. */
int api_refused(struct vl_call *call, const struct nono_error *err, const char *hint);
