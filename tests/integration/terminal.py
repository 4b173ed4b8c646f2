#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nono run on a terminal, under a real shell with job control: everything as without nono."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import harness

PROMPT = 'ready> '
WAIT = 20


class Terminal:
    """A pseudo terminal with an interactive bash on it, driven like expect(1)."""

    def __init__(self, world, argv=('bash', '--norc', '--noprofile', '--noediting', '-i')):
        self.seen, self.all = '', ''
        env = world.env | {'PS1': PROMPT, 'TERM': 'xterm', 'HISTFILE': '/dev/null',
                           'NONO': str(world.nono_path)}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if world.uid != os.geteuid():
                    os.setgroups([])
                    os.setgid(world.gid)
                    os.setuid(world.uid)
                os.chdir(world.project)
                os.execvpe(argv[0], argv, env)
            finally:
                os._exit(1)
        os.set_blocking(self.fd, False)

    def read(self, timeout):
        """What comes within the time, '' at the end of the terminal."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return None
        try:
            text = os.read(self.fd, 65536).decode(errors='replace')
        except OSError:
            return ''
        self.seen += text
        self.all += text
        return text

    def expect(self, pattern, timeout=WAIT):
        """Waits for the pattern behind what was expected before."""
        end = time.monotonic() + timeout
        while not (match := re.search(pattern, self.seen)):
            left = end - time.monotonic()
            if left < 0 or self.read(left) == '':
                raise AssertionError(f'{pattern!r} did not come; the terminal:\n{self.all}')
        self.seen = self.seen[match.end():]
        return match

    def write(self, text):
        data = text.encode()
        while data:
            select.select([], [self.fd], [], WAIT)
            data = data[os.write(self.fd, data):]

    def line(self, text):
        self.write(text + '\n')
        self.expect(re.escape(text[-20:]) + r'\r+\n')  # the echo, so that it is not taken for output

    def command(self, text, pattern=None):
        """Runs a shell command up to the next prompt; its output must match."""
        self.line(text)
        if pattern:
            self.expect(pattern)
        self.expect(PROMPT)

    def modes(self):
        return termios.tcgetattr(self.fd)

    def is_raw(self):
        return not self.modes()[3] & termios.ICANON

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def close(self):
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGHUP)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


class OnTerminal(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.need('bash', 'less', 'stty', 'od')
        self.terminal = t = Terminal(self.world)
        self.addCleanup(t.close)
        t.expect(PROMPT)
        t.command('stty -echoctl')
        self.modes = t.modes()

    def run_in_shell(self, command, started, raw=True, before='', after=''):
        """Starts nono run in the shell and waits until the command says so."""
        self.terminal.line(f'{before}$NONO run -- sh -c \'{command}\'{after}')
        self.terminal.expect(started)
        if raw:
            self.assertTrue(harness.wait_until(self.terminal.is_raw), 'not raw while it runs')

    def wait_for_sleep(self):
        """A shell that is interrupted between two commands may lose that (dash does)."""
        self.assertTrue(harness.wait_until(
            lambda: any(line.startswith('sleep') for line in harness.children().values())))

    def job_state(self, state):
        """Waits until jobs(1) says so."""
        def said():
            before = len(self.terminal.all)
            self.terminal.command('jobs')
            return state in self.terminal.all[before:]
        self.assertTrue(harness.wait_until(said), self.terminal.all)

    def assert_restored(self):
        # bash without line editing leaves the modes alone, so these are what nono left.
        self.assertEqual(self.modes, self.terminal.modes())

    def gone(self, marker):
        """No process with this word in its command line is left."""
        return not any(marker in line for line in harness.children().values()
                       if 'bash --norc' not in line)


class Interactive(OnTerminal):
    def test_streams_are_a_terminal(self):
        self.terminal.command(
            "$NONO run -- sh -c 'test -t 0 && test -t 1 && test -t 2 && tty && echo yes'",
            r'/dev/pts/\d+\r\nyes\r\n')
        self.assert_restored()

    def test_only_the_terminal_is_replaced(self):
        self.terminal.command("$NONO run -- sh -c 'test -t 0; echo $?; test -t 1; echo $? >&2' "
                              '</dev/null >out; cat out', r'1\r\n1\r\n')

    def test_interrupt(self):
        self.run_in_shell('echo up; sleep 100', r'\bup\r\n')
        self.wait_for_sleep()
        self.terminal.write('\x03')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 130\r\n')
        self.assert_restored()

    def test_interrupt_ends_a_loop(self):
        self.terminal.line('for i in 1 2 3; do $NONO run -- sh -c "echo r""ound $i; sleep 100"; done')
        self.terminal.expect(r'round 1\r\n')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.wait_for_sleep()
        self.terminal.write('\x03')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 130\r\n')
        self.assertNotIn('round 2', self.terminal.all)

    def test_interrupt_that_is_handled(self):
        self.run_in_shell('trap "echo ca""ught; exit 9" INT; echo up; while :; do sleep 0.1; done',
                          r'\bup\r\n')
        self.terminal.write('\x03')
        self.terminal.expect(r'caught\r\n')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 9\r\n')

    def test_quit(self):
        self.run_in_shell('ulimit -c 0; echo up; sleep 100', r'\bup\r\n')
        self.wait_for_sleep()
        self.terminal.write('\x1c')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 131\r\n')
        self.assert_restored()

    def test_stop_and_foreground(self):
        self.run_in_shell('echo up; read x; echo got $x', r'\bup\r\n')
        self.terminal.write('\x1a')
        self.terminal.expect(r'Stopped')
        self.terminal.expect(PROMPT)
        self.assert_restored()
        self.terminal.line('fg')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.terminal.write('word\n')
        self.terminal.expect(r'got word\r\n')
        self.terminal.expect(PROMPT)
        self.assert_restored()

    def test_stop_and_background(self):
        self.run_in_shell('echo up; sleep 2; echo done | tr d D', r'\bup\r\n')
        self.wait_for_sleep()
        self.terminal.write('\x1a')
        self.terminal.expect(r'Stopped')
        self.terminal.expect(PROMPT)
        self.terminal.line('bg')
        self.terminal.expect(r'Done\r\n')
        self.terminal.command('wait; echo status $?', r'status 0\r\n')
        self.assert_restored()

    def test_background_reader_stops(self):
        self.run_in_shell('echo up; sleep 3; read x; echo got $x', r'\bup\r\n')
        self.wait_for_sleep()
        self.terminal.write('\x1a')
        self.terminal.expect(r'Stopped')
        self.terminal.expect(PROMPT)
        self.terminal.command('bg')
        self.job_state('Stopped')
        self.assert_restored()
        self.terminal.line('fg')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.terminal.write('word\n')
        self.terminal.expect(r'got word\r\n')
        self.terminal.expect(PROMPT)

    def test_started_in_background(self):
        self.terminal.line('$NONO run -- cat &')
        self.terminal.expect(PROMPT)
        self.job_state('Stopped')
        self.terminal.line('fg')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.terminal.write('word\n')
        self.terminal.expect(r'word\r\nword\r\n')
        self.terminal.write('\x04')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 0\r\n')
        self.assert_restored()

    def test_background_writer_goes_on(self):
        self.terminal.line("$NONO run -- sh -c 'sleep 0.2; echo he''llo' &")
        self.terminal.expect(r'hello\r\n')
        self.terminal.command('wait; echo status $?', r'status 0\r\n')

    def test_orphaned_background_reader_ends(self):
        self.terminal.command('(sh -c "$NONO run -- cat; echo st""atus \\$?" &)')
        self.terminal.expect(r'status \d+\r\n')

    def test_raw_command_gets_every_byte(self):
        self.run_in_shell('stty raw -echo; echo up; dd bs=1 count=4 2>/dev/null | od -An -c; '
                          'stty sane', r'\bup\r?\n')
        self.terminal.write('\x03\x1a\x1c\x11')
        self.terminal.expect(r'003 032 034 021')
        self.terminal.expect(PROMPT)
        self.assert_restored()

    def test_window_size(self):
        self.terminal.resize(40, 90)
        self.run_in_shell('trap "stty size; exit" WINCH; stty size; while :; do sleep 0.1; done',
                          r'40 90\r\n')
        self.terminal.resize(41, 91)
        self.terminal.expect(r'41 91\r\n')
        self.terminal.expect(PROMPT)

    def test_window_size_changed_while_stopped(self):
        self.terminal.resize(40, 90)
        self.run_in_shell('echo up; read x; stty size', r'\bup\r\n')
        self.terminal.write('\x1a')
        self.terminal.expect(PROMPT)
        self.terminal.resize(42, 92)
        self.terminal.line('fg')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.terminal.write('\n')
        self.terminal.expect(r'42 92\r\n')
        self.terminal.expect(PROMPT)

    def test_much_output_to_a_slow_terminal(self):
        self.terminal.line('$NONO run -- seq 100000; echo e""nd')
        time.sleep(1)  # the terminal's buffer is full long before
        self.terminal.expect(r'\nend\r\n', timeout=60)
        lines = self.terminal.all.replace('\r', '').split('\n')
        first = lines.index('1')
        self.assertEqual([str(n) for n in range(1, 100001)], lines[first:first + 100000])

    def test_much_input(self):
        self.run_in_shell('stty raw -echo; echo up; head -c 200000 | cksum; stty sane',
                          r'\bup\r?\n')
        self.terminal.write('x' * 200000)
        self.terminal.expect(r'3018728591 200000|\d+ 200000')
        self.terminal.expect(PROMPT)

    def test_shell_inside_has_job_control(self):
        self.terminal.line('$NONO run -- bash --norc --noediting -i')
        self.terminal.expect(PROMPT)
        self.terminal.line("sh -c 'echo up; sleep 100'")
        self.terminal.expect(r'\bup\r\n')
        self.wait_for_sleep()
        self.terminal.write('\x1a')
        self.terminal.expect(r'Stopped')
        self.terminal.expect(PROMPT)
        self.terminal.line('fg')
        self.terminal.expect(r'sleep 100')
        time.sleep(0.3)
        self.terminal.write('\x03')
        self.terminal.expect(PROMPT)
        self.terminal.command('exit 7')
        self.terminal.command('echo status $?', r'status 7\r\n')
        self.assert_restored()

    def test_suspend_of_a_shell_inside(self):
        self.terminal.line('$NONO run -- bash --norc --noediting -i')
        self.terminal.expect(PROMPT)
        self.terminal.line('suspend -f')
        self.terminal.expect(r'Stopped')
        self.terminal.expect(PROMPT)
        self.assert_restored()
        self.terminal.line('fg')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.terminal.command('echo in""side', r'inside\r\n')
        self.terminal.command('exit')
        self.assert_restored()


class InPipelines(OnTerminal):
    def test_pager(self):
        self.terminal.line('$NONO run -- seq 5000 | less')
        self.terminal.expect(r'\b20\r?\n')
        self.terminal.write('G')
        self.terminal.expect(r'5000')
        self.terminal.write('q')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status ${PIPESTATUS[0]}')
        self.assert_restored()

    def test_reader_at_the_head(self):
        self.terminal.line('$NONO run -- cat | tr a-z A-Z')
        self.assertTrue(harness.wait_until(self.terminal.is_raw))
        self.terminal.write('word\n')
        # The echo and what tr writes come by different ways, in either order.
        self.terminal.expect(r'word\r+\n[^$]*WORD\r+\n|WORD\r+\n[^$]*word\r+\n')
        self.terminal.write('\x04')
        self.terminal.expect(PROMPT)
        self.assert_restored()

    def test_interrupt(self):
        self.run_in_shell('trap "echo ca""ught >&2; exit 9" INT; echo up >&2; '
                          'while :; do sleep 0.1; done', r'\bup\r\n', raw=False, after=' | cat')
        self.terminal.write('\x03')
        self.terminal.expect(r'caught\r\n')
        self.terminal.expect(PROMPT)
        self.assert_restored()

    def test_stop_and_foreground(self):
        self.run_in_shell('echo up >&2; while :; do sleep 0.1; done', r'\bup\r\n', raw=False,
                          after=' | cat')
        self.terminal.write('\x1a')
        self.terminal.expect(r'Stopped')
        self.terminal.expect(PROMPT)
        self.assertTrue(harness.wait_until(lambda: 'T' in self.state('while :')), 'still runs')
        self.terminal.line('fg')
        self.assertTrue(harness.wait_until(lambda: 'T' not in self.state('while :')), 'stays stopped')
        self.terminal.write('\x03')
        self.terminal.expect(PROMPT)

    def state(self, marker):
        states = ''
        for pid, line in harness.children().items():
            if marker in line and line.startswith('sh -c'):
                with open(f'/proc/{pid}/stat') as f:
                    states += f.read().rpartition(')')[2].split()[0]
        return states

    def test_password_prompt(self):
        self.terminal.line("$NONO run -- sh -c 'stty -echo </dev/tty; printf \"pa\"\"ss: \" >/dev/tty; "
                           "read x </dev/tty; stty echo </dev/tty; echo \"[$x]\"' </dev/null 2>&1 | cat")
        self.terminal.expect(r'pass: ')
        self.terminal.write('secret\n')
        self.terminal.expect(r'\[secret\]\r\n')
        self.terminal.expect(PROMPT)
        self.assertEqual(1, self.terminal.all.count('secret'), 'the password was shown')
        self.assert_restored()

    def test_closed_streams(self):
        self.terminal.command('$NONO run -- cat <&-; echo status $?', r'status 0\r\n')
        self.terminal.command('$NONO run -- echo x >&-; echo status $?', r'status \d\r\n')
        self.terminal.command("$NONO run -- sh -c 'echo he''re' 2>&-", r'here\r\n')


class Ending(OnTerminal):
    def nono_pid(self):
        return next(pid for pid, line in harness.children().items()
                    if line.startswith(f'{self.world.nono_path} run'))

    def test_terminate_is_forwarded(self):
        self.run_in_shell('trap "echo ca""ught; exit 9" TERM; echo up; while :; do sleep 0.1; done',
                          r'\bup\r\n')
        os.kill(self.nono_pid(), signal.SIGTERM)
        self.terminal.expect(r'caught\r\n')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 9\r\n')
        self.assert_restored()

    def test_client_killed(self):
        self.run_in_shell('echo up; sleep 98765', r'\bup\r\n')
        os.kill(self.nono_pid(), signal.SIGKILL)
        self.assertTrue(harness.wait_until(lambda: self.gone('98765')), 'the command lives on')

    def test_hangup(self):
        self.run_in_shell('echo up; sleep 98766', r'\bup\r\n')
        os.close(self.terminal.fd)
        self.terminal.fd = os.open('/dev/null', os.O_RDWR)
        self.assertTrue(harness.wait_until(lambda: self.gone('98766')), 'the command lives on')

    def test_supervisor_killed(self):
        self.run_in_shell('echo up; sleep 98767', r'\bup\r\n')
        parents = {pid: line for pid, line in harness.children().items() if 'sleep 98767' in line}
        command = next(pid for pid, line in parents.items() if line.startswith('sh -c'))
        with open(f'/proc/{command}/stat') as f:
            supervisor = int(f.read().rpartition(')')[2].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        self.terminal.expect(r'nono: the session was lost')
        self.terminal.expect(PROMPT)
        self.terminal.command('echo status $?', r'status 125\r\n')
        self.assert_restored()

    def test_crash_restores(self):
        self.run_in_shell('echo up; sleep 98768', r'\bup\r\n')
        os.kill(self.nono_pid(), signal.SIGSEGV)
        self.terminal.expect(PROMPT)
        self.assert_restored()


if __name__ == '__main__':
    if not os.path.exists('/dev/ptmx'):
        print('skipped: no /dev/ptmx', file=sys.stderr)
        sys.exit(1 if harness.MUST_WORK else 77)
    harness.main(*harness.for_each_user(Interactive, InPipelines, Ending))
