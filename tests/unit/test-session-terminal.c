/* SPDX-License-Identifier: Apache-2.0 */
/* nono-session's terminals and job control, on the real kernel. */
#include "tests/unit/session-run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/channel.h"
#include "proto/launch.h"

static void run_init_terminal(struct run *r, const char *command, int *ret_master)
{
	struct winsize size = { .ws_row = 31, .ws_col = 97 };
	unsigned device;
	int unlock = 0;

	run_init(r, command);
	*ret_master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*ret_master >= 0);
	assert_int_equal(ioctl(*ret_master, TIOCSPTLCK, &unlock), 0);
	r->terminal_fd = ioctl(*ret_master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(r->terminal_fd >= 0);
	assert_int_equal(ioctl(r->terminal_fd, TIOCSWINSZ, &size), 0);
	assert_int_equal(ioctl(r->terminal_fd, TIOCGDEV, &device), 0);
	r->plan.caller.terminal_device = device;
	r->plan.flags = PLAN_FOREGROUND;
	r->stdin_fd = r->terminal_fd;
}

static void wait_for_text(struct run *r, const char *text)
{
	while (!memmem(r->tty, r->n_tty, text, strlen(text))) {
		if (channel_read(r) == 0) {
			fail_msg("no '%s' in: %.*s %s", text, (int)r->n_tty, r->tty, r->failure);
		}
	}
}

static void terminal_is_its_own(void **state)
{
	struct run r;
	struct channel_window window = { .rows = 40, .columns = 120 };
	int master;

	(void)state;
	run_init_terminal(&r,
		"stty size; test -t 0 && test -t 1 && echo tty; echo via >/dev/tty; read a; "
		"echo \"<$a>\"; stty size; read b; exit 5",
		&master);
	run_start(&r);
	wait_for_text(&r, "31 97\r\ntty\r\nvia\r\n");
	channel_send(&r, CHANNEL_WINDOW, &window, sizeof(window));
	channel_send(&r, CHANNEL_INPUT, "abc\n", 4);
	wait_for_text(&r, "<abc>\r\n40 120\r\n");
	channel_send(&r, CHANNEL_INPUT, "\n", 1);
	run_finish(&r);
	assert_exit(&r, 5);
	close(master);
	close(r.terminal_fd);
}

static void terminal_control_c(void **state)
{
	struct run r;
	int master;

	(void)state;
	run_init_terminal(&r,
		"trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.05; done",
		&master);
	run_start(&r);
	wait_for_text(&r, "ready");
	channel_send(&r, CHANNEL_INPUT, "\x03", 1);
	wait_for_text(&r, "caught");
	run_finish(&r);
	assert_exit(&r, 6);
	close(master);
	close(r.terminal_fd);
}

static void terminal_stop_and_go(void **state)
{
	struct channel_continue go = { .foreground = 1 };
	struct run r;
	int master;

	(void)state;
	run_init_terminal(&r, "echo ready; read a; echo \"<$a>\"", &master);
	run_start(&r);
	wait_for_text(&r, "ready");
	channel_send(&r, CHANNEL_INPUT, "\x1a", 1);
	while (channel_read(&r) != CHANNEL_STOPPED) {
	}
	channel_send(&r, CHANNEL_CONTINUE, &go, sizeof(go));
	channel_send(&r, CHANNEL_INPUT, "on\n", 3);
	wait_for_text(&r, "<on>");
	run_finish(&r);
	assert_exit(&r, 0);
	close(master);
	close(r.terminal_fd);
}

/* Started in the background it runs until it wants the terminal, and then finds the modes of that
 * moment: the shell was editing a line when the session started. */
static void terminal_background(void **state)
{
	struct channel_continue go = { .foreground = 1 };
	struct channel_modes modes;
	struct termios termios;
	struct run r;
	int master, type;

	(void)state;
	run_init_terminal(&r, "echo working; read a; echo \"<$a>\"; stty -a", &master);
	r.plan.flags = 0;
	assert_int_equal(tcgetattr(r.terminal_fd, &termios), 0);
	modes = (struct channel_modes){ .input = termios.c_iflag,
		.output = termios.c_oflag,
		.control = termios.c_cflag,
		.local = termios.c_lflag };
	memcpy(modes.characters, termios.c_cc, sizeof(modes.characters));
	termios.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	termios.c_iflag &= ~(tcflag_t)ICRNL;
	assert_int_equal(tcsetattr(r.terminal_fd, TCSANOW, &termios), 0);
	run_start(&r);
	while ((type = channel_read(&r)) != CHANNEL_STOPPED) {
		assert_int_not_equal(type, 0);
	}
	wait_for_text(&r, "working");
	channel_send(&r, CHANNEL_MODES, &modes, sizeof(modes));
	channel_send(&r, CHANNEL_CONTINUE, &go, sizeof(go));
	channel_send(&r, CHANNEL_INPUT, "fg\r", 3);
	wait_for_text(&r, "<fg>");
	wait_for_text(&r, " icanon ");
	run_finish(&r);
	assert_exit(&r, 0);
	close(master);
	close(r.terminal_fd);
}

/* A client that reads late loses nothing: the session waits for it. */
static void terminal_slow_client(void **state)
{
	struct timespec pause = { .tv_nsec = 300000000 };
	struct run r;
	size_t total = 0;
	int master;

	(void)state;
	run_init_terminal(
		&r, "stty -opost; head -c 3000000 /dev/zero | tr '\\0' x; printf END", &master);
	run_grant(&r, "/dev/zero", NONO_READ, PLAN_GRANT_FILE);
	run_start(&r);
	nanosleep(&pause, NULL);
	for (;;) {
		r.n_tty = 0;
		if (channel_read(&r) == 0) {
			break;
		}
		total += r.n_tty;
	}
	assert_exit(&r, 0);
	assert_int_equal(total, 3000003);
	assert_int_equal(control_read().type, CONTROL_DIED);
	run_close(&r);
	close(master);
	close(r.terminal_fd);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_is_its_own),
		cmocka_unit_test(terminal_control_c),
		cmocka_unit_test(terminal_stop_and_go),
		cmocka_unit_test(terminal_background),
		cmocka_unit_test(terminal_slow_client),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s NONO-SESSION\n", argv[0]);
		return 2;
	}
	session_program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, session_setup, session_teardown);
}
