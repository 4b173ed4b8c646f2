/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds nono: its own programs, the runtime directory, the service manager, namespaces
 * and control groups. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/local/findings.h"
#include "client/local/reach.h"
#include "client/start.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

static void probe_programs(struct finding *f)
{
	static const struct {
		const char *name, *build_dir, *install_dir;
	} programs[] = {
		{ "nonod", "../daemon", NONO_BINDIR },
		{ "nono-session", "../daemon/session", NONO_LIBEXECDIR },
	};

	for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
		_cleanup_free_ char *path = program_find(
			programs[i].name, programs[i].build_dir, programs[i].install_dir);
		if (!path) { /* installed under another prefix: this program is in libexec/nono */
			path = program_find(programs[i].name, "../../bin", programs[i].install_dir);
		}
		if (!path) {
			finding_miss(f, "%s is neither beside nono nor in %s", programs[i].name,
				programs[i].install_dir);
			return;
		}
	}
}

static void probe_runtime_dir(struct finding *f)
{
	const char *path = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (!path || !*path) {
		finding_miss(f, "XDG_RUNTIME_DIR is not set");
	} else if (path[0] != '/') {
		finding_miss(f, "XDG_RUNTIME_DIR is not absolute: '%.150s'", path);
	} else if (stat(path, &st) < 0) {
		finding_miss(f, "XDG_RUNTIME_DIR '%.150s': %s", path, strerror(errno));
	} else if (!S_ISDIR(st.st_mode)) {
		finding_miss(f, "XDG_RUNTIME_DIR '%.150s' is not a directory", path);
	} else if (st.st_uid != geteuid()) {
		finding_miss(f,
			"XDG_RUNTIME_DIR '%.150s' belongs to uid %u (su and sudo -E keep it)", path,
			st.st_uid);
	} else if (st.st_mode & 077) {
		finding_miss(f, "XDG_RUNTIME_DIR '%.150s' is open to others (mode %03o)", path,
			st.st_mode & 0777);
	}
}

static void probe_user_manager(struct finding *f)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *path = NULL;
	int r;

	if (!dir || !*dir) {
		finding_miss(f, "XDG_RUNTIME_DIR is not set");
		return;
	}
	path = path_absolute(dir, "systemd/private");
	r = path ? reach_socket(path) : -ENOMEM;
	if (r < 0 && access("/run/systemd/system", F_OK) < 0) {
		finding_miss(f, "this system was not booted with systemd");
	} else if (r < 0) {
		finding_miss(f, "nobody answers at %.150s: %s", path ? path : "", strerror(-r));
	}
}

static long read_number(const char *path)
{
	char text[32];

	return fd_read_file_at(AT_FDCWD, path, text, sizeof(text)) > 0 ? strtol(text, NULL, 10)
								       : -1;
}

/* Ubuntu lets the namespace be made and takes its capabilities away: only using it shows. */
static int use_namespace(void)
{
	if (unshare(CLONE_NEWUSER) < 0) {
		return errno;
	}
	return unshare(CLONE_NEWNS) < 0 ? errno : 0;
}

static void explain_namespaces(struct finding *f, int errnum)
{
	if (read_number("/proc/sys/user/max_user_namespaces") == 0) {
		finding_miss(f, "/proc/sys/user/max_user_namespaces is 0");
		f->remedy = "sysctl user.max_user_namespaces=10000, as root";
	} else if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
		finding_miss(f, "/proc/sys/kernel/unprivileged_userns_clone is 0");
		f->remedy = "sysctl kernel.unprivileged_userns_clone=1, as root";
	} else if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
		finding_miss(f, "AppArmor restricts them: "
				"/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1");
		f->remedy =
			"an AppArmor profile with the rule 'userns,' for the program that needs "
			"them, as root";
	} else if (access("/proc/self/ns/user", F_OK) < 0) {
		finding_miss(f, "the kernel is built without CONFIG_USER_NS");
		f->remedy = "boot a kernel with CONFIG_USER_NS";
	} else {
		finding_miss(f, "unshare(): %s; a container or a surrounding sandbox may refuse it",
			strerror(errnum));
	}
}

static void probe_namespaces(struct finding *f)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		_exit(use_namespace());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		finding_doubt(f, "the process that was to try it did not get that far");
	} else if (WEXITSTATUS(status) != 0) {
		explain_namespaces(f, WEXITSTATUS(status));
	}
}

static void probe_native(struct finding *f)
{
	struct utsname u;

	if (uname(&u) == 0 &&
		(strcasestr(u.release, "microsoft") || strcasestr(u.release, "wsl"))) {
		finding_miss(f, "this is WSL2 (%s)", u.release);
	}
}

/* The line "0::PATH" of /proc/self/cgroup, without what is before the path. NULL when there is no
 * version 2 group. */
static char *own_group(char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (str_after(line, "0::")) {
			return line + 3;
		}
	}
	return NULL;
}

/* Where cgroup2 is mounted: the fifth field of its line in mountinfo. */
static bool group_mount(char *ret, size_t size)
{
	_cleanup_(buf_deinit) struct buf text = { 0 };
	bool found = false;
	char *save = NULL;

	if (reach_read("/proc/self/mountinfo", &text) < 0 || !text.data) {
		return false;
	}
	for (char *line = strtok_r(text.data, "\n", &save); line && !found;
		line = strtok_r(NULL, "\n", &save)) {
		char root[256], where[512];
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*s %*s %*s %255s %511s", root, where) == 2 &&
			snprintf(ret, size, "%s", where) < (int)size;
	}
	return found;
}

static void probe_cgroup(struct finding *f)
{
	char text[4096], mount[512], dir[4096 + 512], controllers[256];
	const char *group = NULL;

	if (fd_read_file_at(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) > 0) {
		group = own_group(text);
	}
	if (!group || !group_mount(mount, sizeof(mount))) {
		finding_miss(f, "cgroup version 2 is not mounted");
		return;
	}
	snprintf(dir, sizeof(dir), "%s%s", mount, str_equal(group, "/") ? "" : group);
	if (access(dir, W_OK) < 0) {
		finding_miss(
			f, "%.150s: %s; it is not delegated to this user", dir, strerror(errno));
		return;
	}
	snprintf(text, sizeof(text), "%.4000s/cgroup.controllers", dir);
	if (fd_read_file_at(AT_FDCWD, text, controllers, sizeof(controllers)) < 0) {
		finding_doubt(f, "%.150s/cgroup.controllers: %s", dir, strerror(errno));
		return;
	}
	controllers[strcspn(controllers, "\n")] = '\0';
	if (!strstr(controllers, "memory") || !strstr(controllers, "pids")) {
		finding_miss(f, "the controllers memory and pids are not in %.100s (there: %.60s)",
			dir, *controllers ? controllers : "none");
		return;
	}
	finding_note(f, "%.60s: %.60s", dir, controllers);
}

#define GROUP "system"

static const struct probe probes[] = {
	{ { .group = GROUP,
		  .name = "programs",
		  .what = "nonod and nono-session are installed",
		  .lost = "nono run; nono wrap still works",
		  .remedy = "install nono completely" },
		probe_programs },
	{ { .group = GROUP,
		  .name = "runtime-directory",
		  .what = "A directory of the user's own for sockets: XDG_RUNTIME_DIR",
		  .lost = "nonod listens in /tmp/nono-UID instead (root: /run/nono), and the service "
			  "manager and the session bus are not found",
		  .remedy = "log in through PAM (ssh, machinectl shell, su -l), or set it to a "
			    "directory of your own with mode 0700" },
		probe_runtime_dir },
	{ { .group = GROUP,
		  .name = "user-manager",
		  .what = "systemd's user instance starts nonod, restarts it, keeps its journal",
		  .lost = "nono starts nonod by itself; there is no journal and no restart",
		  .remedy = "log in through PAM with systemd-logind, or loginctl enable-linger; "
			    "none is needed in containers and CI" },
		probe_user_manager },
	{ { .group = GROUP,
		  .name = "user-namespaces",
		  .what = "Unprivileged user namespaces can be made and used",
		  .lost = "Nothing of nono's: it needs none and allows none inside",
		  .remedy = "see user_namespaces(7)" },
		probe_namespaces },
	{ { .group = GROUP,
		  .name = "native-linux",
		  .what = "The kernel is not Windows' own",
		  .lost = "Windows drives (/mnt/c) are 9p mounts, which Landlock may not guard",
		  .remedy = "keep secrets and projects in the distribution's own file system" },
		probe_native },
	{ { .group = GROUP,
		  .name = "cgroup-delegation",
		  .what = "A control group of version 2 that this user may divide",
		  .lost = "Nothing yet; limits for a whole session will need it",
		  .remedy =
			  "a login session of systemd with cgroup version 2 alone; in a container, "
			  "delegate a group" },
		probe_cgroup },
};

int probe_system(struct findings *into, struct nono_error *err)
{
	return findings_run(into, probes, ELEMENTSOF(probes), err);
}
