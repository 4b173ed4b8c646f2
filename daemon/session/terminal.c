/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

/* The modes a person set on their terminal are the ones the command starts with. A client that is
 * already in raw mode would pass that on: it sends the terminal before it changes anything. */
static int copy_settings(int from_fd, int to_fd)
{
	struct termios modes;
	struct winsize size;

	if (tcgetattr(from_fd, &modes) < 0 || tcsetattr(to_fd, TCSANOW, &modes) < 0) {
		return -errno;
	}
	if (ioctl(from_fd, TIOCGWINSZ, &size) == 0) {
		ioctl(to_fd, TIOCSWINSZ, &size);
	}
	return 0;
}

int terminal_open(struct terminal *t, int model_fd, struct nono_error *err)
{
	_cleanup_close_ int master_fd =
		open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_close_ int slave_fd = -1;
	int unlock = 0, r;

	if (master_fd < 0) {
		return error_errno(err, errno, "open /dev/ptmx");
	}
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0) {
		return error_errno(err, errno, "unlock the terminal");
	}
	/* Not by name: TIOCGPTPEER (Linux 4.13) works whatever is mounted on /dev/pts. */
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0) {
		return error_errno(err, errno, "open the terminal");
	}
	r = copy_settings(model_fd, slave_fd);
	if (r < 0) {
		return error_errno(err, -r, "copy the settings of the terminal");
	}
	if (ioctl(slave_fd, TIOCSCTTY, 0) < 0) {
		return error_errno(err, errno, "make the terminal the controlling one");
	}
	*t = (struct terminal){ .master_fd = take_fd(&master_fd),
		.slave_fd = take_fd(&slave_fd),
		.input = { .limit = TERMINAL_INPUT_MAX + CHANNEL_PACKET_MAX } };
	return 0;
}

void terminal_close(struct terminal *t)
{
	close_fd(&t->master_fd);
	close_fd(&t->slave_fd);
	buf_deinit(&t->input);
}

ssize_t terminal_read(struct terminal *t, void *p, size_t size)
{
	ssize_t n = read(t->master_fd, p, size);

	if (n > 0) {
		return n;
	}
	/* EIO is how the master says that no slave is open any more. */
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		t->ended = true;
	}
	return 0;
}

void terminal_flush(struct terminal *t)
{
	ssize_t n;

	if (t->input.len == 0) {
		return;
	}
	n = write(t->master_fd, t->input.data, t->input.len);
	if (n > 0) {
		buf_consume(&t->input, (size_t)n);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		buf_consume(&t->input, t->input.len); /* nobody is left to read it */
	}
}

void terminal_input(struct terminal *t, const void *p, size_t n)
{
	buf_append(&t->input, p, n);
	terminal_flush(t);
}

void terminal_set_modes(struct terminal *t, const struct channel_modes *modes)
{
	struct termios termios;

	/* The rest, such as the speed, stays. */
	if (tcgetattr(t->slave_fd, &termios) == 0) {
		termios.c_iflag = modes->input;
		termios.c_oflag = modes->output;
		termios.c_cflag = modes->control;
		termios.c_lflag = modes->local;
		_Static_assert(sizeof(termios.c_cc) == sizeof(modes->characters), "the same array");
		memcpy(termios.c_cc, modes->characters, sizeof(termios.c_cc));
		tcsetattr(t->slave_fd, TCSANOW, &termios);
	}
}

void terminal_resize(struct terminal *t, const struct channel_window *window)
{
	struct winsize size = { .ws_row = window->rows,
		.ws_col = window->columns,
		.ws_xpixel = window->x_pixels,
		.ws_ypixel = window->y_pixels };

	ioctl(t->master_fd, TIOCSWINSZ, &size);
}

pid_t terminal_foreground(const struct terminal *t)
{
	pid_t group;

	/* On the master this asks for the slave, which is our controlling terminal. */
	return t->master_fd >= 0 && ioctl(t->master_fd, TIOCGPGRP, &group) == 0 && group > 0 ? group
											     : -1;
}

void terminal_set_foreground(struct terminal *t, pid_t group)
{
	if (t->master_fd >= 0) {
		ioctl(t->master_fd, TIOCSPGRP, &group);
	}
}
