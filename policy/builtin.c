/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chosen by what programs break without, and kept short: each row that exists costs a launch a few
 * microseconds. Directories rather than files where files are replaced by rename while a session
 * runs (a rule belongs to an inode). Never all of /etc: a session of root could read host keys,
 * private TLS keys and password hashes there.
 */
#include "policy/builtin.h"

#include "libcore/base/cleanup.h"

#define PROGRAMS "programs, their libraries and data"
#define LOADER   "the dynamic loader"
#define NAMES    "names of users, hosts and services"
#define TLS      "certificates to check servers with"
#define LOCALE   "time zone, language, terminal"
#define DISTRO   "which distribution this is"
#define SHELL    "start-up files of shells"
#define DEVICE   "devices without state"
#define CPU      "number of processors; allocators and language runtimes size themselves by it"

const struct builtin_grant builtin_grants[] = {
	{ "/usr", NONO_READ, PROGRAMS },
	{ "/bin", NONO_READ, PROGRAMS },
	{ "/sbin", NONO_READ, PROGRAMS },
	{ "/lib", NONO_READ, PROGRAMS },
	{ "/lib32", NONO_READ, PROGRAMS },
	{ "/lib64", NONO_READ, PROGRAMS },
	{ "/libx32", NONO_READ, PROGRAMS },
	{ "/nix/store", NONO_READ, PROGRAMS },
	{ "/etc/alternatives", NONO_READ, PROGRAMS },

	{ "/etc/ld.so.cache", NONO_READ, LOADER },
	{ "/etc/ld.so.conf", NONO_READ, LOADER },
	{ "/etc/ld.so.conf.d", NONO_READ, LOADER },
	{ "/etc/ld.so.preload", NONO_READ, LOADER },

	{ "/etc/passwd", NONO_READ, NAMES },
	{ "/etc/group", NONO_READ, NAMES },
	{ "/etc/nsswitch.conf", NONO_READ, NAMES },
	{ "/etc/hosts", NONO_READ, NAMES },
	{ "/etc/host.conf", NONO_READ, NAMES },
	{ "/etc/hostname", NONO_READ, NAMES },
	{ "/etc/resolv.conf", NONO_READ, NAMES },
	{ "/run/systemd/resolve", NONO_READ, NAMES },
	{ "/run/resolvconf", NONO_READ, NAMES },
	{ "/etc/gai.conf", NONO_READ, NAMES },
	{ "/etc/services", NONO_READ, NAMES },
	{ "/etc/protocols", NONO_READ, NAMES },
	{ "/etc/networks", NONO_READ, NAMES },

	{ "/etc/ssl/certs", NONO_READ, TLS },
	{ "/etc/ssl/cert.pem", NONO_READ, TLS },
	{ "/etc/ssl/openssl.cnf", NONO_READ, TLS },
	{ "/etc/ca-certificates", NONO_READ, TLS },
	{ "/etc/pki/tls/certs", NONO_READ, TLS },
	{ "/etc/pki/tls/openssl.cnf", NONO_READ, TLS },
	{ "/etc/pki/ca-trust", NONO_READ, TLS },
	{ "/etc/crypto-policies", NONO_READ, TLS },
	{ "/etc/gnutls", NONO_READ, TLS },

	{ "/etc/localtime", NONO_READ, LOCALE },
	{ "/etc/timezone", NONO_READ, LOCALE },
	{ "/etc/locale.conf", NONO_READ, LOCALE },
	{ "/etc/locale.alias", NONO_READ, LOCALE },
	{ "/etc/terminfo", NONO_READ, LOCALE },
	{ "/etc/inputrc", NONO_READ, LOCALE },

	{ "/etc/os-release", NONO_READ, DISTRO },
	{ "/etc/lsb-release", NONO_READ, DISTRO },
	{ "/etc/debian_version", NONO_READ, DISTRO },

	{ "/etc/profile", NONO_READ, SHELL },
	{ "/etc/profile.d", NONO_READ, SHELL },
	{ "/etc/bash.bashrc", NONO_READ, SHELL },
	{ "/etc/environment", NONO_READ, SHELL },

	{ "/etc/gitconfig", NONO_READ, "git stops when it cannot read its settings" },
	{ "~/.gitconfig", NONO_READ, "git stops when it cannot read its settings" },
	{ "~/.config/git/config", NONO_READ, "git stops when it cannot read its settings" },
	{ "~/.config/git/ignore", NONO_READ, "git stops when it cannot read its settings" },
	{ "~/.config/git/attributes", NONO_READ, "git stops when it cannot read its settings" },
	{ "/etc/ssh/ssh_config", NONO_READ, "ssh stops when it cannot read its settings" },
	{ "/etc/ssh/ssh_config.d", NONO_READ, "ssh stops when it cannot read its settings" },
	{ "/etc/perl", NONO_READ, "perl stops at a module path it cannot read" },
	{ "/etc/python3", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/python3.9", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/python3.10", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/python3.11", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/python3.12", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/python3.13", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/python3.14", NONO_READ, "python complains about sitecustomize" },
	{ "/etc/xattr.conf", NONO_READ, "cp and install read it to copy attributes" },
	{ "/etc/magic", NONO_READ, "file types" },
	{ "/etc/mime.types", NONO_READ, "file types" },

	/* A rule on /proc/PID would not reach the command's children, so it is all of it. What
	 * belongs to processes outside (memory, environment, descriptors) stays shut by Landlock's
	 * ptrace check; their command lines and status can be read. */
	{ "/proc", NONO_READ, "a process's view of itself; command lines of others show" },
	{ "/sys/devices/system/cpu", NONO_READ, CPU },
	{ "/sys/devices/system/node", NONO_READ, CPU },
	{ "/sys/kernel/mm/transparent_hugepage", NONO_READ, CPU },

	{ "/dev/null", NONO_READ_WRITE, DEVICE },
	{ "/dev/zero", NONO_READ_WRITE, DEVICE },
	{ "/dev/full", NONO_READ_WRITE, DEVICE },
	{ "/dev/random", NONO_READ, DEVICE },
	{ "/dev/urandom", NONO_READ, DEVICE },
	{ "/dev/tty", NONO_READ_WRITE, "the session's own terminal" },
	{ "/dev/ptmx", NONO_READ_WRITE, "new terminals (script, tmux); others' stay shut" },
};

const size_t builtin_grants_n = ELEMENTSOF(builtin_grants);
