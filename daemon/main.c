/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonod: the supervisor of one user's sessions. Started by the service manager with a socket, by a
 * client that found nobody listening (--on-demand), or by a client for itself alone
 * (--connection). It holds no secret and runs nothing of the user's; nono-session does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/manager.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/library-files.h"

#define IDLE_DEFAULT_SEC 60
#define IDLE_MAX_SEC     (24 * 3600)
#define EXIT_USAGE       125

struct options {
	bool on_demand;
	int connection_fd;
	uint64_t idle_sec;
	bool idle_given;
	char *session_program;
	const char *policy_dir;
};

/* The socket of our own: withdrawn before an idle nonod leaves. */
struct own_socket {
	struct listen_sockets sockets;
	struct runtime_dir dir;
};

static void usage(void)
{
	printf("Usage: nonod [OPTION]...\n"
	       "Supervisor of nono's sandboxed sessions. Normally started by the service manager\n"
	       "or by nono itself; started by hand it serves until it is told to leave.\n"
	       "\n"
	       "  --on-demand               leave when idle; used by nono when nobody listens\n"
	       "  --connection=FD           serve only the client connected to descriptor FD\n"
	       "  --idle-timeout=SEC        leave after SEC seconds without clients and sessions\n"
	       "                            (default 60, not when started by hand)\n"
	       "  --session-program=PATH    use this nono-session\n"
	       "  --policy-dir=DIR          the administrator's policy (default /etc/nono)\n"
	       "  -h, --help                show this text\n"
	       "  --version                 show the version\n");
}

static int bad_usage(const char *what)
{
	fprintf(stderr, "nonod: %s (see nonod --help)\n", what);
	return EXIT_USAGE;
}

/* 0 to go on; otherwise the exit status plus 1. */
static int parse_options(struct options *o, int argc, char **argv)
{
	enum { CONNECTION = 1, HELP, IDLE, ON_DEMAND, POLICY, PROGRAM, VERSION };
	static const struct option options[] = {
		{ "connection", required_argument, NULL, CONNECTION },
		{ "help", no_argument, NULL, HELP },
		{ "idle-timeout", required_argument, NULL, IDLE },
		{ "on-demand", no_argument, NULL, ON_DEMAND },
		{ "policy-dir", required_argument, NULL, POLICY },
		{ "session-program", required_argument, NULL, PROGRAM },
		{ "version", no_argument, NULL, VERSION },
		{ 0 },
	};
	uint64_t v;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (c) {
		case CONNECTION:
			if (str_to_u64(optarg, &v) < 0 || v > INT_MAX) {
				return 1 + bad_usage("--connection wants a descriptor");
			}
			o->connection_fd = (int)v;
			break;
		case 'h':
		case HELP:
			usage();
			return 1;
		case IDLE:
			if (str_to_u64(optarg, &o->idle_sec) < 0 || o->idle_sec > IDLE_MAX_SEC) {
				return 1 + bad_usage("--idle-timeout wants seconds, up to a day");
			}
			o->idle_given = true;
			break;
		case ON_DEMAND:
			o->on_demand = true;
			break;
		case POLICY:
			if (optarg[0] != '/') {
				return 1 + bad_usage("--policy-dir wants an absolute path");
			}
			o->policy_dir = optarg;
			break;
		case PROGRAM:
			o->session_program = optarg;
			break;
		case VERSION:
			printf("nonod %s\n", nono_version());
			return 1;
		default:
			return 1 + EXIT_USAGE; /* getopt_long() said what is wrong */
		}
	}
	return optind < argc ? 1 + bad_usage("unexpected argument") : 0;
}

/* nono-session: where it was installed together with this program, or in the build tree. Nothing
 * from the environment decides. */
static int find_session_program(char **ret, struct nono_error *err)
{
	static const char *const names[] = { "../libexec/nono/nono-session", "session/nono-session",
		NONO_LIBEXECDIR "/nono-session" };
	char own[PATH_MAX], *path, *slash;
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n < 0) {
		return error_errno(err, errno, "read /proc/self/exe (is /proc mounted?)");
	}
	own[n] = '\0';
	slash = strrchr(own, '/');
	*slash = '\0';
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		path = path_absolute(own, names[i]);
		if (!path) {
			return error_oom(err);
		}
		if (access(path, X_OK) == 0) {
			*ret = path;
			return 0;
		}
		free(path);
	}
	return error_set(err, NONO_NOT_FOUND, ENOENT, "nono-session is not installed");
}

/* What must hold for every nonod, whoever started it. After manager_new(), which notes the limits
 * we were given: sessions get their callers' and never ours. */
static void harden_process(void)
{
	struct rlimit limit;

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Standard descriptors that a starter closed must not be taken by our sockets. */
static void fill_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO) {
		fcntl(fd, F_SETFD, 0);
	}
	close_fd(&fd);
}

/* The starter's pipe and its standard error, set aside until it is settled whether we serve
 * (proto/runtime.h): nothing that we start may hold them open. */
struct starter {
	int out_fd, err_fd;
};

static void set_starter_aside(struct starter *starter)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	starter->out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	starter->err_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++) {
		dup3(null, fd, 0);
	}
	close_fd(&null);
}

/* What a first client had that later ones need not have. */
static void leave_starter_behind(void)
{
	cpu_set_t all;
	sigset_t none;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
}

static bool withdraw(void *userdata)
{
	struct own_socket *own = userdata;

	return listen_withdraw(&own->sockets, &own->dir);
}

/* 1 with sockets to serve, 0 when another nonod serves, or -errno with err set. */
static int open_sockets(struct own_socket *own, const struct options *o,
	struct manager_config *config, struct nono_error *err)
{
	int r;

	if (o->connection_fd >= 0) {
		own->sockets.connection_fd = o->connection_fd;
		config->started_by = STARTED_PRIVATE;
		config->keep = false;
		if (fcntl(o->connection_fd, F_SETFD, FD_CLOEXEC) < 0) {
			return error_errno(err, errno, "use descriptor %d", o->connection_fd);
		}
		return 1;
	}
	r = listen_from_manager(&own->sockets, err);
	if (r != 0) {
		config->started_by =
			own->sockets.listen_fd >= 0 ? STARTED_BY_SYSTEMD : STARTED_PRIVATE;
		config->keep = false;
		return r;
	}
	config->started_by = STARTED_ON_DEMAND;
	r = runtime_dir_open(&own->dir, getenv("XDG_RUNTIME_DIR"), geteuid(), true, err);
	if (r == 0) {
		r = listen_bind(&own->sockets, &own->dir, err);
	}
	if (r == 1) {
		config->withdraw = withdraw;
		config->userdata = own;
	}
	return r;
}

static int serve(const struct options *o, struct own_socket *own, struct starter *starter,
	struct nono_error *err)
{
	_cleanup_(manager_freep) struct manager *m = NULL;
	_cleanup_free_ char *program = NULL;
	struct manager_config config = { .keep = !o->on_demand && !o->idle_given,
		.idle_usec = o->idle_sec * 1000000,
		.policy_dir = o->policy_dir ? o->policy_dir : SYSTEM_POLICY_DIR };
	int r;

	r = o->session_program ? 0 : find_session_program(&program, err);
	if (r < 0) {
		return r;
	}
	config.session_program = o->session_program ? o->session_program : program;
	r = open_sockets(own, o, &config, err);
	if (r <= 0) {
		return r;
	}
	if (config.started_by == STARTED_PRIVATE && !o->idle_given) {
		config.idle_usec = 0;
	}
	if (own->dir.fd < 0 && runtime_dir_open(&own->dir, getenv("XDG_RUNTIME_DIR"), geteuid(),
				       false, NULL) < 0) {
		own->dir.path[0] = '\0'; /* a private one may do without */
	}
	config.runtime_path = own->dir.path[0] ? own->dir.path : NULL;
	r = manager_new(&m, &config, err);
	if (r < 0) {
		return r;
	}
	harden_process();
	/* Whoever started us may connect now. */
	close_fd(&starter->out_fd);
	close_fd(&starter->err_fd);
	return manager_run(m, own->sockets.listen_fd, own->sockets.connection_fd, err);
}

int main(int argc, char **argv)
{
	struct options o = { .connection_fd = -1, .idle_sec = IDLE_DEFAULT_SEC };
	struct own_socket own = {
		.sockets = { .listen_fd = -1, .connection_fd = -1, .lock_fd = -1 },
		.dir = { .fd = -1 },
	};
	struct starter starter = { -1, -1 };
	struct nono_error err = { 0 };
	int r = parse_options(&o, argc, argv);

	if (r > 0) {
		return r - 1;
	}
	fill_standard_descriptors();
	if (o.on_demand) {
		set_starter_aside(&starter);
		leave_starter_behind();
	}
	log_init(o.on_demand);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	if (chdir("/") < 0) {
		return 1;
	}
	r = serve(&o, &own, &starter, &err);
	if (own.sockets.bound) { /* no client is led to a socket that nobody serves */
		unlinkat(own.dir.fd, RUNTIME_SOCKET, 0);
	}
	if (r < 0) {
		if (log_is_journal()) {
			log_plain(LOG_ERR, "%s", err.message);
		}
		if (starter.err_fd >= 0 || !log_is_journal()) {
			dprintf(starter.err_fd >= 0 ? starter.err_fd : STDERR_FILENO, "nonod: %s\n",
				err.message);
		}
	}
	return r < 0 ? 1 : 0;
}
