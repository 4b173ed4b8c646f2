/* SPDX-License-Identifier: Apache-2.0 */
/* From inside a session: the one question there is, io.nono.Session.Why about the own session. */
#pragma once
#include "proto/client.h"

/* A connection for one call. nono-session answers it in the place of a supervisor that is out of
 * reach in here. 0, or -errno with err set. */
int self_connect(struct vl_client **ret, struct nono_error *err);
