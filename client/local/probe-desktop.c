/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a desktop offers: the session bus, a keyring, notifications. This program speaks no D-Bus;
 * systemd's busctl, where it is installed, asks for it, and starts nothing by asking.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/local/findings.h"
#include "client/local/reach.h"
#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

#define BUSCTL      "/usr/bin/busctl"
#define BUS_SECONDS 3

/* The path in "unix:path=PATH[,…][;…]", or the usual one. NULL for other kinds of address (with
 * *ret_other) and when there is none. */
static char *bus_socket(const char **ret_other)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *dir = getenv("XDG_RUNTIME_DIR");
	const char *path = address ? str_after(address, "unix:path=") : NULL;

	*ret_other = NULL;
	if (path) {
		return strndup(path, strcspn(path, ",;"));
	}
	if (address && *address) {
		*ret_other = address;
		return NULL;
	}
	return dir && dir[0] == '/' ? path_absolute(dir, "bus") : NULL;
}

/* Asks the bus. 1 with its answer in out, 0 when the bus or the service does not answer, -errno
 * when it cannot be asked. */
static int ask(struct buf *out, const char *destination, const char *object, const char *method,
	const char *argument)
{
	const char *argv[] = { BUSCTL, "--user", "--no-pager", "--auto-start=no", "--timeout=2",
		"call", destination, object, destination, method, argument ? "s" : NULL, argument,
		NULL };
	int r = access(BUSCTL, X_OK) < 0 ? -errno : reach_run(argv, BUS_SECONDS, out);

	return r < 0 ? r : r == 0;
}

static int ask_bus(struct buf *out, const char *method, const char *argument)
{
	return ask(out, "org.freedesktop.DBus", "/org/freedesktop/DBus", method, argument);
}

static void probe_bus(struct finding *f)
{
	_cleanup_(buf_deinit) struct buf id = { 0 };
	const char *other;
	_cleanup_free_ char *path = bus_socket(&other);
	int r;

	if (other) {
		finding_doubt(f, "cannot try the address %.150s", other);
		return;
	}
	if (!path) {
		finding_miss(f, "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
		return;
	}
	r = reach_socket(path);
	if (r < 0) {
		finding_miss(f, "%.150s: %s", path, strerror(-r));
	} else if (ask_bus(&id, "GetId", NULL) == 0) {
		finding_miss(f, "%.150s: nobody answers there", path);
	} else {
		finding_note(f, "%.100s", path);
	}
}

/* Is name on the bus, or would a call start what owns it? Says so in f when not. True when it
 * runs. */
static bool look_for(struct finding *f, const struct finding *bus, const char *name)
{
	_cleanup_(buf_deinit) struct buf owner = { 0 }, names = { 0 };
	char quoted[64];
	int r;

	if (bus->state == FINDING_NO) {
		finding_miss(f, "no session bus: %.200s", bus->cause);
		return false;
	}
	r = ask_bus(&owner, "NameHasOwner", name);
	if (r <= 0) {
		finding_doubt(f, "only " BUSCTL " could tell: %s",
			r < 0 ? strerror(-r) : "the bus does not answer it");
		return false;
	}
	if (strstr(owner.data, "true")) {
		return true;
	}
	snprintf(quoted, sizeof(quoted), "\"%s\"", name);
	if (ask_bus(&names, "ListActivatableNames", NULL) == 1 && strstr(names.data, quoted)) {
		finding_note(f, "starts on first use");
	} else {
		finding_miss(f, "nobody on the session bus is %s", name);
	}
	return false;
}

static void probe_keyring(struct finding *f, const struct finding *bus)
{
	(void)look_for(f, bus, "org.freedesktop.secrets");
}

/* The answer of GetCapabilities: as 3 "body" "actions" "persistence" */
static void probe_notifications(struct finding *f, const struct finding *bus)
{
	static const char name[] = "org.freedesktop.Notifications";
	_cleanup_(buf_deinit) struct buf caps = { 0 };

	if (!look_for(f, bus, name)) {
		return;
	}
	if (ask(&caps, name, "/org/freedesktop/Notifications", "GetCapabilities", NULL) != 1) {
		finding_doubt(f, "%s does not say what it can do", name);
	} else if (!strstr(caps.data, "\"actions\"")) {
		finding_miss(f, "it shows text, but no buttons (the capability 'actions')");
	} else {
		const char *words = strchr(caps.data, '"');
		finding_note(f, "%.*s", (int)strcspn(words, "\n"), words);
	}
}

#define GROUP "desktop"

static const struct finding session_bus = { .group = GROUP,
	.name = "session-bus",
	.what = "The D-Bus of this login session can be reached",
	.lost = "No keyring and no notifications; nothing that exists today needs them",
	.remedy = "log in through PAM with systemd-logind (dbus-user-session), or "
		  "dbus-run-session; none is needed in containers and CI" };

/* What can be asked over it. */
static const struct {
	struct finding finding;
	void (*run)(struct finding *f, const struct finding *bus);
} services[] = {
	{ { .group = GROUP,
		  .name = "keyring",
		  .what = "A Secret Service keeps credentials out of files and environment",
		  .lost = "Nothing yet; credentials from the keyring will need it",
		  .remedy = "gnome-keyring, KWallet or KeePassXC, running in this login session" },
		probe_keyring },
	{ { .group = GROUP,
		  .name = "notifications",
		  .what = "A notification daemon can show a question with buttons",
		  .lost = "Nothing yet; questions will be asked in terminals only",
		  .remedy = "a notification daemon that has actions (dunst, mako, xfce4-notifyd, "
			    "GNOME and KDE have them)" },
		probe_notifications },
};

int probe_desktop(struct findings *into, struct nono_error *err)
{
	struct finding bus = session_bus;
	int r;

	probe_bus(&bus);
	r = findings_add(into, &bus, err);
	for (size_t i = 0; r == 0 && i < ELEMENTSOF(services); i++) {
		struct finding f = services[i].finding;
		services[i].run(&f, &bus);
		r = findings_add(into, &f, err);
	}
	return r;
}
