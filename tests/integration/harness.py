# SPDX-License-Identifier: Apache-2.0
"""Starts nono's programs in a world of their own and sees that nothing of it is left.

A World has a private home, runtime directory and project below one temporary directory, its own
copies of the programs, and one user (the caller, or an ordinary one when the caller is root). This
process is a subreaper, so whatever a test starts, nonod included, stays its descendant: at the end
of a World there must be no process, no socket and no file that the test did not ask for.

Exit codes: 0 passed, 1 failed, 77 when everything was skipped (1 with NONO_MUST_WORK=1).
"""
import contextlib
import ctypes
import dataclasses
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ.get('NONO_BUILD', '.')).resolve()
PROGRAMS = {'bin/nono': 'client/nono', 'bin/nonod': 'daemon/nonod',
            'libexec/nono/nono-session': 'daemon/session/nono-session',
            'libexec/nono/nono-local': 'client/nono-local'}
MUST_WORK = os.environ.get('NONO_MUST_WORK') == '1'
# What the tests run must be the distribution's, where the sandbox can read it.
PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'
PR_SET_CHILD_SUBREAPER, CLONE_NEWUSER, CLONE_NEWNET = 36, 0x10000000, 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
# Whoever started the tests with nohup or in the background would hand down what is ignored.
for _number in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT:
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)


@dataclasses.dataclass
class Result:
    status: int
    out: str
    err: str

    def __str__(self):
        return f'status {self.status}\nstdout: {self.out}\nstderr: {self.err}'


def users():
    """Whom to run as: the caller, and an ordinary user when the caller is root."""
    return ['self', 'nobody'] if os.geteuid() == 0 else ['self']


def children():
    """Descendants of this process that are alive, as {pid: command line}."""
    parents, names = {}, {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                stat = pathlib.Path('/proc', entry, 'stat').read_text()
                line = pathlib.Path('/proc', entry, 'cmdline').read_bytes()
            except OSError:
                continue
            state, parent = stat.rpartition(')')[2].split()[:2]
            if state not in 'ZX':
                parents[int(entry)] = int(parent)
                names[int(entry)] = line.replace(b'\0', b' ').decode(errors='replace').strip()
    found, frontier = {}, {os.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier}
        found |= {pid: names[pid] for pid in frontier}
    return found


def reap():
    """Takes the exit status of orphans. Only between runs: it would steal subprocess's."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def wait_until(condition, timeout=10):
    """True as soon as condition() is, False when it does not become so in time."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def own_network():
    """From here on no network at all, not even a configured loopback."""
    uid, gid, root = os.getuid(), os.getgid(), os.geteuid() == 0
    if _libc.unshare(CLONE_NEWNET if root else CLONE_NEWNET | CLONE_NEWUSER) != 0:
        print(f'no namespaces here: {os.strerror(ctypes.get_errno())}', file=sys.stderr)
        sys.exit(1 if MUST_WORK else 77)
    if not root:
        for name, text in ('setgroups', 'deny'), ('uid_map', f'{uid} {uid} 1'), \
                ('gid_map', f'{gid} {gid} 1'):
            pathlib.Path('/proc/self', name).write_text(text)


class World:
    def __init__(self, user='self'):
        self.user = user
        self.uid, self.gid = os.geteuid(), os.getegid()
        if user != 'self':
            entry = pwd.getpwnam(user)
            self.uid, self.gid = entry.pw_uid, entry.pw_gid
        # Not in /tmp: some tests put another file system there.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='nono-test-', dir='/var/tmp'))
        os.chmod(self.root, 0o755)
        for target, source in PROGRAMS.items():
            (self.root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BUILD / source, self.root / target)
        self.home, self.runtime = self.directory('home'), self.directory('runtime', 0o700)
        self.project, self.outside = self.directory('project'), self.directory('outside')
        self.temporary = self.directory('tmp')
        self.secret = self.file('outside/secret', 'do not read me\n')
        self.nono_path = self.root / 'bin/nono'
        self.env = {
            'HOME': str(self.home), 'XDG_RUNTIME_DIR': str(self.runtime), 'PATH': PATH,
            'TMPDIR': str(self.temporary), 'LANG': 'C.UTF-8', 'USER': pwd.getpwuid(self.uid).pw_name,
        }
        for name, value in os.environ.items():
            if name.endswith('SAN_OPTIONS'):
                self.env[name] = value
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def own(self, path):
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        return path

    def directory(self, name, mode=0o755):
        path = self.root / name
        path.mkdir(parents=True)
        path.chmod(mode)
        return self.own(path)

    def file(self, name, content='', mode=0o644):
        path = self.root / name
        path.write_text(content)
        path.chmod(mode)
        return self.own(path)

    def start(self, *argv, cwd=None, env=None, **options):
        """subprocess.Popen as the user of this world (unless user= says otherwise), in its environment
        and its project."""
        if self.uid != os.geteuid() and 'user' not in options:
            options |= {'user': self.uid, 'group': self.gid, 'extra_groups': []}
        options.setdefault('stdin', subprocess.DEVNULL)
        return subprocess.Popen([os.fspath(a) for a in argv], cwd=cwd or self.project,
                                env=self.env | (env or {}), **options)

    def run(self, *argv, input=None, timeout=60, **options):
        """Runs to the end. Output goes through files: a daemon that kept a pipe would hang us."""
        if input is not None:
            options['stdin'] = tempfile.TemporaryFile()
            options['stdin'].write(input.encode())
            options['stdin'].seek(0)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            options = {'stdout': out, 'stderr': err} | options
            process = self.start(*argv, **options)
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            out.seek(0), err.seek(0)
            return Result(status, out.read().decode(errors='replace'),
                          err.read().decode(errors='replace'))

    def nono(self, *argv, **options):
        return self.run(self.nono_path, *argv, **options)

    def sandbox(self, *command, grants=('--allow-cwd',), **options):
        """nono run with a grant for the project alone."""
        return self.nono('run', *grants, '--', *command, **options)

    def daemons(self):
        """Process ids of the nonods of this world."""
        return [pid for pid, line in children().items() if line.split(' ')[0].endswith('nonod')]

    def close(self):
        """Ends nonod and gives what is left: a list of complaints, empty when all is well."""
        left = []
        for pid in self.daemons():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if not wait_until(lambda: reap() or not children()):
            left += [f'process {pid}: {line}' for pid, line in children().items()]
            for pid in children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            wait_until(lambda: reap() or not children())
        for folder in (self.runtime, self.temporary):
            for path in sorted(folder.rglob('*')):
                # The lock's file stays: removing it would let two starters hold two locks.
                if not path.is_dir() and path.name != 'nonod.lock':
                    left.append(f'file {path}')
        shutil.rmtree(self.root, ignore_errors=True)
        return left


class TestCase(unittest.TestCase):
    """A test with one World; subclasses run once per user through for_each_user()."""
    user = 'self'

    def setUp(self):
        self.world = World(self.user)
        self.addCleanup(self._close)

    def _close(self):
        left = self.world.close()
        if left:
            self.fail('left behind:\n' + '\n'.join(left))

    def need_root(self, why):
        if os.geteuid() != 0:
            self.skipTest(f'needs root {why}')

    def need(self, *tools):
        for tool in tools:
            if not shutil.which(tool, path=PATH):
                self.skipTest(f'{tool} is not installed')

    def assert_status(self, expected, result):
        self.assertEqual(expected, result.status, f'\n{result}')

    def assert_refused(self, result, *words, status=125):
        """nono itself refuses: its exit status, and one line that says why."""
        self.assert_status(status, result)
        lines = result.err.strip().splitlines()
        self.assertEqual(1, len(lines), f'not one line\n{result}')
        self.assertTrue(lines[0].startswith('nono: '), f'\n{result}')
        for word in words:
            self.assertIn(word, lines[0])


def for_each_user(*cases):
    """Test cases that run once per user, for main()."""
    return [type(f'{case.__name__}_{user}', (case,), {'user': user})
            for case in cases for user in users()]


def main(*cases):
    """Runs them all, or those whose name contains an argument; --netns: without a network."""
    wanted = [argument for argument in sys.argv[1:] if argument != '--netns']
    if '--netns' in sys.argv:
        try:
            own_network()
        except PermissionError as error:
            print(f'no network namespace for us: {error}', file=sys.stderr)
            sys.exit(1 if MUST_WORK else 77)
    suite = unittest.TestSuite()
    for case in cases:
        suite.addTest(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    if wanted:
        cases = [case for group in suite for case in group]
        suite = unittest.TestSuite(c for c in cases if any(word in c.id() for word in wanted))
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    for test, reason in result.skipped:
        print(f'skipped {test.id()}: {reason}', file=sys.stderr)
    if not result.wasSuccessful() or (MUST_WORK and result.skipped) or not result.testsRun:
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
