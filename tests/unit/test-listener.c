/* SPDX-License-Identifier: Apache-2.0 */
/* The calls nono-session answers, from a command that means harm. */
#include "tests/unit/session-run.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"

static char program[PATH_MAX]; /* mediated.c */

/* Descriptors that the parent of the command has: its nono-session. */
static int count_descriptors(pid_t command)
{
	char path[64], line[256];
	int parent = 0, n = 0;
	FILE *status;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/status", command);
	status = fopen(path, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status)) {
		sscanf(line, "PPid: %d", &parent);
	}
	fclose(status);
	snprintf(path, sizeof(path), "/proc/%d/fd", parent);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir)) {
		n++;
	}
	closedir(dir);
	return n;
}

/* Starts it with its words, lets it come to its end and expects it to be content. */
static void run_hostile(const char *words)
{
	_cleanup_free_ char *directory = strdup(program);
	char command[PATH_MAX + 100];
	struct run r;

	snprintf(command, sizeof(command), "%s %s", program, words);
	run_init(&r, command);
	run_grant(&r, dirname(directory), NONO_READ, 0);
	run_grant(&r, scratch, NONO_READ_WRITE, 0);
	run_shell(&r);
	if (r.has_exited && r.exited.wait_status == 77 << 8) {
		print_message("%s", r.output);
		skip();
	}
	if (!strstr(r.output, "done\n")) {
		fail_msg("%s: %s%s", words, r.output, r.failure);
	}
	assert_exit(&r, 0);
}

#define HOSTILE(name, words)                                                                       \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		run_hostile(words);                                                                \
	}
HOSTILE(arguments, "arguments")
HOSTILE(interrupted, "interrupted")
HOSTILE(dying, "dying")
HOSTILE(storm, "storm")
HOSTILE(vanishing, "vanishing")
HOSTILE(undumpable, "undumpable")
HOSTILE(many_bound, "many-bound")
HOSTILE(vforked, "vforked")

/* Reads what it says until it ends with this word. */
static void expect_said(const struct run *r, const char *word)
{
	char text[4096] = "";
	size_t n = 0;

	while (!strstr(text, word)) {
		ssize_t got = read(r->stdout_fd, text + n, sizeof(text) - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
		text[n] = '\0';
	}
}

/* What was taken for an answer is given back after it. */
static void descriptors(void **state)
{
	_cleanup_free_ char *directory = strdup(program);
	char command[4 * PATH_MAX + 100], packet[64];
	struct channel_started started;
	int before, after, pipes[2];
	struct run r;

	(void)state;
	snprintf(command, sizeof(command),
		"%s vforked; echo one; read x; %s dying; %s arguments; %s vanishing; echo two; read x",
		program, program, program, program);
	run_init(&r, command);
	run_grant(&r, dirname(directory), NONO_READ, 0);
	run_grant(&r, scratch, NONO_READ_WRITE, 0);
	assert_int_equal(pipe(pipes), 0);
	r.stdin_fd = pipes[0];
	run_start(&r);
	assert_int_equal(recv(r.channel_fd, packet, sizeof(packet), 0), 1 + sizeof(started));
	memcpy(&started, packet + 1, sizeof(started));
	expect_said(&r, "one\n");
	before = count_descriptors((pid_t)started.pid);
	assert_int_equal(write(pipes[1], "\n", 1), 1);
	expect_said(&r, "two\n");
	after = count_descriptors((pid_t)started.pid);
	assert_int_equal(write(pipes[1], "\n", 1), 1);
	close(pipes[0]);
	close(pipes[1]);
	run_finish(&r);
	/* The sockets it bound and left are kept. */
	assert_in_range(after, before, before + 6);
}

/* The next question on the link; what else comes is not looked at. */
static struct link_question next_question(const struct run *r, const char *text)
{
	char packet[sizeof(struct link_question) + LINK_QUESTION_MAX];
	struct link_question q = { 0 };
	ssize_t n = 0;

	while (q.type != LINK_QUESTION) {
		n = recv(r->link_fd, packet, sizeof(packet), 0);
		assert_true(n >= (ssize_t)sizeof(q));
		memcpy(&q, packet, sizeof(q));
	}
	assert_int_equal((size_t)n, sizeof(q) + strlen(text));
	assert_memory_equal(packet + sizeof(q), text, strlen(text));
	return q;
}

/* What is asked inside comes to us as it is, and our answer goes back; without us it says so. */
static void questions(void **state)
{
	_cleanup_free_ char *directory = strdup(program);
	char command[2 * PATH_MAX + 100], packet[64];
	struct link_question q;
	struct run r;

	(void)state;
	snprintf(command, sizeof(command), "%s ask first; %s ask second", program, program);
	run_init(&r, command);
	run_grant(&r, dirname(directory), NONO_READ, 0);
	run_start(&r);
	q = next_question(&r, "first");
	q.serial += 7; /* nobody's */
	q.type = LINK_ANSWER;
	memcpy(packet, &q, sizeof(q));
	memcpy(packet + sizeof(q), "wrong", 5);
	assert_int_equal(send(r.link_fd, packet, sizeof(q) + 5, 0), sizeof(q) + 5);
	q.serial -= 7;
	memcpy(packet, &q, sizeof(q));
	memcpy(packet + sizeof(q), "right", 5);
	assert_int_equal(send(r.link_fd, packet, sizeof(q) + 5, 0), sizeof(q) + 5);
	next_question(&r, "second");
	close(r.link_fd);
	r.link_fd = -1;
	run_finish(&r);
	assert_exit(&r, 0);
	assert_ptr_equal(strstr(r.output, "right\ndone\n{\"error\":"), r.output);
	assert_non_null(strstr(r.output, "is gone"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(dying),
		cmocka_unit_test(storm),
		cmocka_unit_test(vanishing),
		cmocka_unit_test(undumpable),
		cmocka_unit_test(many_bound),
		cmocka_unit_test(vforked),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(questions),
	};

	if (argc < 3 || !realpath(argv[2], program)) {
		fprintf(stderr, "usage: test-listener NONO-SESSION MEDIATED\n");
		return 1;
	}
	session_program = argv[1];
	return cmocka_run_group_tests(tests, session_setup, session_teardown);
}
