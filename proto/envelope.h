/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands around parameters on the wire: the call object and the reply object of varlink.
 * Strict as the specification wants: whatever is refused here closes the connection.
 */
#pragma once
#include <stdbool.h>

#include "libcore/base/buf.h"
#include "libcore/base/json-scan.h"
#include "nono-error.h"

#define VL_NAME_MAX 255 /* bytes of a qualified method or error name */

enum vl_call_flags {
	VL_ONEWAY = 1 << 0,  /* no reply of any kind */
	VL_MORE = 1 << 1,    /* the caller takes several replies */
	VL_UPGRADE = 1 << 2, /* the socket leaves varlink after the reply */
};

struct vl_envelope {
	char name[VL_NAME_MAX + 1];  /* call: the method; reply: the error, "" for none */
	unsigned flags;              /* calls: enum vl_call_flags */
	bool continues;              /* replies: more will follow */
	struct json_span parameters; /* an object, or absent; points into the message */
};

/* 0, or -EBADMSG (-EMSGSIZE) with err saying what is wrong. n bytes of text stay the caller's. */
int vl_parse_call(struct vl_envelope *ret, const char *text, size_t n, struct nono_error *err);
int vl_parse_reply(struct vl_envelope *ret, const char *text, size_t n, struct nono_error *err);

/* Append one object's text, without the NUL. parameters is JSON that is trusted to be an object,
 * absent for none. Errors stick to b. */
void vl_write_call(struct buf *b, const char *method, unsigned flags, struct json_span parameters);
void vl_write_reply(struct buf *b, const char *error, bool continues, struct json_span parameters);
