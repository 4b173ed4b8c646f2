#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions that check calls by name
# nonod under a real systemd, as an ordinary user: socket activation, readiness, a session, idle
# exit, the watchdog, the journal, and starting without its units. Boots a systemd of its own.
# usage: systemd.sh BUILD_DIR
set -u

failures=0

# check NAME COMMAND...: the command must succeed.
check() {
	local name=$1
	shift
	if "$@" >/tmp/check.log 2>&1; then
		echo "ok   $name"
	else
		echo "FAIL $name: $*"
		sed 's/^/     /' /tmp/check.log
		failures=$((failures + 1))
	fi
}

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# ---- inside ----

as_user() {
	setpriv --reuid tester --regid tester --init-groups env -i HOME=/home/tester USER=tester \
		PATH=/opt/nono/bin:/usr/bin:/bin XDG_RUNTIME_DIR="/run/user/$uid" "$@"
}

in_project() {
	as_user sh -c 'cd /home/tester/project && exec "$@"' sh "$@"
}

user_systemctl() {
	as_user systemctl --user "$@"
}

property() {
	user_systemctl show -P "$1" nonod.service
}

is_state() {
	[ "$(property ActiveState)" = "$1" ]
}

status_says() {
	as_user nono status --json | jq -e "$1" >/dev/null
}

# has FEATURE...: doctor finds each of them.
has() {
	local feature
	for feature; do
		as_user nono doctor --json | jq -e --arg name "$feature" \
			'.features[] | select(.name == $name) | .available' >/dev/null || return 1
	done
}

# Overrides the service: settings in lines.
override() {
	mkdir -p /etc/systemd/user/nonod.service.d
	printf '[Service]\n%s\n' "$1" >/etc/systemd/user/nonod.service.d/test.conf
	user_systemctl daemon-reload
	user_systemctl --quiet stop nonod.service 2>/dev/null
}

install_programs() {
	local build=$1 source=$2
	mkdir -p /opt/nono/bin /opt/nono/libexec/nono
	cp "$build/client/nono" "$build/daemon/nonod" /opt/nono/bin/
	cp "$build/daemon/session/nono-session" "$build/client/nono-local" /opt/nono/libexec/nono/
	cp "$source/units/nonod.socket" /etc/systemd/user/
	sed 's,^ExecStart=.*,ExecStart=/opt/nono/bin/nonod,' "$build/units/nonod.service" \
		>/etc/systemd/user/nonod.service
}

test_doctor() {
	check "doctor sees what systemd gives" has programs runtime-directory user-manager session-bus
}

test_activation() {
	check "units are valid" as_user systemd-analyze --user --man=no verify \
		/etc/systemd/user/nonod.service /etc/systemd/user/nonod.socket
	check "socket starts" user_systemctl start nonod.socket
	check "service waits" is_state inactive
	check "socket is private" [ "$(stat -c %a "/run/user/$uid/nono/io.nono.Manager")" = 600 ]
	check "directory is private" [ "$(stat -c %a "/run/user/$uid/nono")" = 700 ]
	check "first client starts it" status_says '.startedBy == "systemd"'
	check "service is ready" is_state active
	check "status text" [ "$(property StatusText)" = "Waiting for clients" ]
}

test_session() {
	check "a session runs" in_project nono run --allow-cwd -- sh -c 'echo x >made'
	check "what it made is there" [ -s /home/tester/project/made ]
	check "what was not granted is refused" \
		in_project sh -c '! nono run --allow-cwd -- cat /home/tester/secret'
	check "exit status" in_project sh -c 'nono run -- sh -c "exit 42"; [ $? = 42 ]'
	# A private nonod would have worked as well, but elsewhere.
	check "it was this nonod's" [ "$(journalctl -q -o cat -u "user@$uid.service" \
		_SYSTEMD_USER_UNIT=nonod.service -o json | jq -r '.NONO_SESSION // empty' |
		sort -u | wc -l)" = 3 ]
	check "journal has the priority" [ "$(journalctl -q -o json _SYSTEMD_USER_UNIT=nonod.service |
		jq -r 'select(.NONO_SESSION).PRIORITY' | sort -u)" = 6 ]
}

# A caller with more than nonod has gets a private one, which inherits the caller's.
test_limits() {
	local limit
	override 'LimitNOFILE=1000'
	check "starts with lower limits" status_says '.startedBy == "systemd"'
	limit=$(as_user sh -c "ulimit -Hn")
	check "ours are higher" [ "$limit" -gt 1000 ]
	check "and a session keeps them" in_project nono run -- sh -c "[ \$(ulimit -Hn) = $limit ]"
}

test_varlinkctl() {
	if ! varlinkctl --version >/dev/null 2>&1; then
		echo "skip varlinkctl: needs systemd 255"
		return
	fi
	check "varlinkctl calls it" as_user varlinkctl call \
		"unix:/run/user/$uid/nono/io.nono.Manager" io.nono.Manager.GetStatus '{}'
}

test_idle() {
	local first
	override $'ExecStart=\nExecStart=/opt/nono/bin/nonod --idle-timeout=1'
	check "starts again" status_says '.startedBy == "systemd"'
	first=$(property MainPID)
	check "leaves when idle" until_true 10 is_state inactive
	check "without complaint" [ "$(property Result)" = success ]
	check "the socket stays" [ "$(user_systemctl is-active nonod.socket)" = active ]
	check "comes back" status_says ".processId != $first"
	in_project nono run -- sleep 3 &
	sleep 2
	check "stays while a session runs" is_state active
	check "says so" [ "$(property StatusText)" = "Looking after sessions" ]
	wait $!
	check "and leaves afterwards" until_true 10 is_state inactive
}

test_watchdog() {
	local first
	override 'WatchdogSec=1'
	check "starts with a watchdog" status_says '.sessions == 0'
	first=$(property MainPID)
	sleep 2
	check "feeds it" [ "$(property MainPID)" = "$first" ]
	kill -STOP "$first"
	check "is restarted when it hangs" until_true 15 sh -c \
		"[ \$(setpriv --reuid tester --regid tester --init-groups env -i \
		XDG_RUNTIME_DIR=/run/user/$uid systemctl --user show -P NRestarts nonod.service) = 1 ]"
	check "and answers" until_true 10 status_says ".processId != $first"
}

# What a restart, and a crash, must not do to a session.
test_restart() {
	local session status
	override ''
	for how in restart "kill --signal=KILL --kill-whom=main"; do
		check "a nonod is there" status_says '.startedBy == "systemd"'
		in_project nono run -- sh -c 'sleep 3; exit 7' &
		session=$!
		until_true 10 status_says '.sessions == 1'
		# shellcheck disable=SC2086 # options
		check "service takes: $how" user_systemctl ${how%% *} nonod.service ${how#"${how%% *}"}
		wait $session
		status=$?
		check "the session went on and told its client" [ $status = 7 ]
		check "a new one runs" in_project nono run -- true
	done
}

test_without_units() {
	user_systemctl --quiet stop nonod.socket nonod.service 2>/dev/null
	rm -r /etc/systemd/user/nonod.*
	user_systemctl daemon-reload
	check "socket is gone" [ ! -e "/run/user/$uid/nono/io.nono.Manager" ]
	check "starts on demand" in_project nono run -- true
	check "says so" status_says '.startedBy == "onDemand"'
}

inside() {
	rm -f /run/nologin
	useradd --create-home tester
	uid=$(id -u tester)
	as_user mkdir /home/tester/project
	as_user sh -c 'echo secret >/home/tester/secret'
	install_programs "$1" "$2"
	loginctl enable-linger tester
	check "user manager" until_true 20 [ -S "/run/user/$uid/systemd/private" ]
	test_doctor
	test_activation
	test_session
	test_varlinkctl
	test_limits
	test_idle
	test_watchdog
	test_restart
	test_without_units
	[ $failures = 0 ]
}

if [ "${1-}" = --inside ]; then
	inside "$2" "$3"
	exit
fi

# ---- outside ----

build=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
skip() {
	echo "$*" >&2
	[ "${NONO_MUST_WORK-}" = 1 ] && exit 1
	exit 77
}
for program in jq useradd loginctl journalctl; do
	command -v $program >/dev/null || skip "$program is not installed"
done
"$source/tests/tools/sdboot" --bind "$build" --bind "$source" \
	"$source/tests/integration/systemd.sh" --inside "$build" "$source"
status=$?
[ $status != 77 ] || skip "this machine cannot boot a systemd"
exit $status
