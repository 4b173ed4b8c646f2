/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this user's own things are. The environment is believed only where the directory it names
 * belongs to the user: su and sudo -E keep somebody else's HOME and XDG_*.
 */
#pragma once
#include <sys/types.h>

#include "nono-error.h"

struct policy_places {
	char *home;    /* absolute and clean, like all of them */
	char *account; /* home according to the account, whatever the environment says */
	char *config;  /* XDG_CONFIG_HOME */
	char *state;   /* XDG_STATE_HOME */
	char *data;    /* XDG_DATA_HOME */
	char *cache;   /* XDG_CACHE_HOME */
	char *runtime; /* XDG_RUNTIME_DIR, NULL when there is none */
	char *nono;    /* nono's own runtime directory, NULL while there is none */
};

/* get is getenv(), or a stand-in for it. nono_runtime (may be NULL) is what runtime_dir_open()
 * found. Looks at the directories, so it may block when they are on a dead network mount: call it
 * at the start, not in a callback. 0, or -errno with err set. */
int places_init(struct policy_places *ret, uid_t uid, char *(*get)(const char *name),
	const char *nono_runtime, struct nono_error *err);
/* The same without account, runtime and nono, for who only reads the user's documents: looking the
 * account up would be a good part of starting a program. */
int places_init_documents(struct policy_places *ret, uid_t uid, char *(*get)(const char *name),
	struct nono_error *err);
void places_deinit(struct policy_places *p);
