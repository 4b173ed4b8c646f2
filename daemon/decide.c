/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/decide.h"

#include <errno.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/log.h"
#include "daemon/manager.h"
#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "proto/json.h"

/* Beyond these nothing more is started: the grants a client may name are bounded by the message,
 * these by what a session may have. */
#define GRANTS_MAX (PLAN_GRANTS_MAX - 1024)

void decision_deinit(struct decision *d)
{
	policy_result_deinit(&d->own);
	rulebook_unref(d->book);
	*d = (struct decision){ 0 };
}

const struct policy_result *decision_result(const struct decision *d)
{
	return d->is_standard ? &d->book->standard : &d->own;
}

/* A blocked command is refused by policy_resolve(), with all that belongs in the message. */
static bool may_be_blocked(const struct nono_caps *caps, const char *command)
{
	const char *slash = command ? strrchr(command, '/') : NULL;
	const char *name = slash ? slash + 1 : command;

	for (size_t i = 0; name && i < caps->blocked_commands.n; i++) {
		if (str_equal(caps->blocked_commands.items[i], name)) {
			return true;
		}
	}
	return false;
}

/* The answer is known: no profile, no flag, no document. That of a question depends on the working
 * directory too. */
static bool is_standard(const struct rulebook *book, const struct request *q, enum policy_mode mode)
{
	return mode == POLICY_START && request_is_empty(q) && book->standard.needs == 0 &&
	       !may_be_blocked(book->standard.caps, q->policy.command);
}

int decide(struct decision *ret, struct manager *m, struct rulebook *book, const struct request *q,
	enum policy_mode mode, struct strlist *ret_missing, const char **ret_hint,
	struct nono_error *err)
{
	_cleanup_(library_freep) struct library *own = NULL;
	const struct library *library = book->library;
	struct policy_result result;
	int r = 0;

	*ret_hint = NULL;
	if (is_standard(book, q, mode)) {
		*ret = (struct decision){ .book = rulebook_ref(book), .is_standard = true };
		return 0;
	}
	if (q->n_documents > 0) {
		r = library_extend(&own, library, err);
		library = own;
	}
	for (size_t i = 0; i < q->n_documents && r == 0; i++) {
		r = library_add(own, &q->documents[i], err);
	}
	if (r == 0) {
		r = policy_resolve(&result, &q->policy, library, m->never, &m->places, mode,
			ret_missing, ret_hint, err);
	}
	if (r == 0) {
		*ret = (struct decision){ .book = rulebook_ref(book), .own = result };
	}
	return r;
}

/* missing has two strings for each. */
static int answer_documents_needed(
	struct vl_call *call, const struct strlist *missing, const struct nono_error *err)
{
	struct json_object *p = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i + 1 < missing->n; i += 2) {
		struct json_object *o = json_object_new_object();
		json_add_string(o, "name", missing->items[i]);
		json_add_string(
			o, "referredToBy", missing->items[i + 1][0] ? missing->items[i + 1] : NULL);
		json_append(array, o);
	}
	json_add(p, "documents", array);
	json_add_string(p, "message", err->message);
	return vl_call_error(call, "io.nono.Session.DocumentsNeeded", p);
}

/* The one in force, after the administrator's files were looked at again. Made when it is needed
 * first: who only asks who is there need not wait for it. */
static int current_rulebook(struct manager *m, struct rulebook **ret, struct nono_error *err)
{
	struct rulebook *book;
	int r;

	if (m->rulebook && rulebook_is_current(m->rulebook)) {
		*ret = m->rulebook;
		return 0;
	}
	r = rulebook_new(&book, m->config.policy_dir, m->never, &m->places, err);
	if (r < 0) {
		/* Not by the old ones: what is wrong may be what shuts something. */
		rulebook_unref(m->rulebook);
		m->rulebook = NULL;
		return r;
	}
	if (m->rulebook) {
		log_plain(LOG_INFO, "read %s again", m->config.policy_dir);
	}
	rulebook_unref(m->rulebook);
	m->rulebook = *ret = book;
	return 0;
}

int decide_or_answer(struct decision *ret, struct manager *m, struct vl_call *call,
	const struct request *q, enum policy_mode mode)
{
	_cleanup_(strlist_deinit) struct strlist missing = { 0 };
	const char *hint = NULL, *place = request_other_place(q, &m->places);
	struct rulebook *book;
	struct nono_error err;
	int r;

	if (place) {
		return api_context_mismatch(call, place);
	}
	if (q->policy.n_grants > GRANTS_MAX) {
		return api_limit_reached(call, "grants", "too many grants for one session");
	}
	r = current_rulebook(m, &book, &err);
	if (r == 0) {
		r = decide(ret, m, book, q, mode, &missing, &hint, &err);
	}
	if (r == -ENOENT && missing.n > 0) {
		return answer_documents_needed(call, &missing, &err);
	}
	if (r < 0 && r != -ENOMEM) {
		return api_refused(call, &err, hint);
	}
	return r;
}

struct json_object *decision_to_json(const struct policy_result *result, enum policy_detail detail)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };
	struct json_object *ret = NULL;

	policy_result_write(&w, NULL, result, detail);
	if (json_writer_error(&w) < 0 || json_parse(&ret, b.data, b.len, NULL) < 0) {
		return NULL;
	}
	return ret;
}
