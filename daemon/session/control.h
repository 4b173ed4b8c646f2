/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between nonod and its nono-session processes. Two kinds of SOCK_SEQPACKET socketpairs:
 *
 *   control  nonod <-> template: "be a session with these descriptors". The template forks
 *            processes that wait for such a request; who reads it is the session.
 *   link     nonod <-> one session: what it resolved, that it started, that it ended; stop it
 *
 * Both ends are of the same build (the template is replaced with nonod), so packets are plain
 * structs (of our own types: the ends may be linked with different C libraries); a packet of
 * unexpected size ends the conversation. End of file on a link means: nonod side, the session is
 * gone (lost, unless LINK_ENDED or LINK_FAILED came before); session side, nonod is gone and the
 * session goes on by itself.
 */
#pragma once
#include <stdint.h>

#include "nono-error.h"

/* Descriptors of the spawn packet, in this order; the terminal is left out when there is none. */
enum control_fd {
	CONTROL_FD_PLAN,   /* daemon/session/plan.h: what this session was asked for */
	CONTROL_FD_BASE,   /* a plan too: what every session gets, without a filter */
	CONTROL_FD_LAUNCH, /* proto/launch.h */
	CONTROL_FD_CWD,    /* O_PATH */
	CONTROL_FD_STDIN,
	CONTROL_FD_STDOUT,
	CONTROL_FD_STDERR,
	CONTROL_FD_CHANNEL, /* nono-session's end of the client's channel */
	CONTROL_FD_LINK,    /* nono-session's end of the link */
	CONTROL_FD_TERMINAL,
	_CONTROL_FD_MAX,
};

/* nonod to template, or rather to whichever process waits there to be a session. With serial 0 and
 * only the base: a client has connected. While nonod looks at it, the rules that every session gets
 * can be made. */
struct control_spawn {
	uint64_t serial; /* nonod's name for this session in control_event */
};

/* template to nonod */
enum control_event_type {
	CONTROL_READY = 1, /* the template can spawn; serial is 0 */
	CONTROL_SPAWNED,   /* pid is the new nono-session */
	CONTROL_FAILED,    /* no process could be made: value is errno */
	CONTROL_DIED,      /* nono-session pid ended: value is its wait status; serial is 0 when it
			    * had not become a session yet */
};
struct control_event {
	uint32_t type;
	int32_t value;
	uint64_t serial;
	int32_t pid;
};

/* session to nonod; a packet starts with its type */
enum link_type {
	LINK_RESOLVED = 1, /* struct link_resolved + canonical path: decide again */
	LINK_STARTED,      /* struct link_started */
	LINK_FAILED,       /* struct link_failed: nothing runs; the last packet */
	LINK_ENDED,        /* struct link_ended: nothing is left running; the last packet */
	LINK_DENIED,       /* struct link_denied + another name of a denied path: decide with it */
	LINK_QUESTION,     /* struct link_question + a varlink call, from inside the session */
	/* nonod to session */
	LINK_DECISION, /* struct link_decision: answers LINK_RESOLVED, one at a time */
	LINK_STOP,     /* struct link_stop */
	LINK_ANSWER,   /* struct link_question, its serial, + the reply */
};
struct link_resolved {
	uint32_t type;
	uint32_t grant;  /* index in the plan */
	uint32_t access; /* enum nono_access */
	uint32_t is_directory;
	uint64_t device, inode;
	/* then the canonical path, not terminated, to the end of the packet */
};
struct link_denied {
	uint32_t type;
	uint32_t rule; /* index in PLAN_DENIED */
		       /* then the name, not terminated, to the end of the packet */
};
struct link_decision {
	uint32_t type;
	uint32_t allow;
	struct nono_error error; /* why not */
};
struct link_started {
	uint32_t type;
	int32_t pid;     /* the command */
	char tmpdir[40]; /* its private TMPDIR, empty without one */
};
struct link_failed {
	uint32_t type;
	uint32_t exit_code; /* 125, 126 or 127 */
	struct nono_error error;
};
struct link_ended {
	uint32_t type;
	int32_t wait_status;
};
#define LINK_QUESTION_MAX 8192 /* bytes of the call */
#define LINK_ANSWER_MAX   16384
struct link_question {
	uint32_t type;
	uint32_t serial;
	/* then the text without a terminator, to the end of the packet */
};
struct link_stop {
	uint32_t type;
	uint64_t timeout_usec; /* SIGTERM now and SIGKILL after this; 0 kills at once */
};
