#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real agents do a whole turn under their profile, against a model of our own on the loopback.

The model makes the agent write a file in the project and read a private key, with the agent's shell
and with its own tool. Without nono the key reaches the model: what is tested for can happen. With
nono the file is written, the key is nowhere, the kernel's refusal is what the model is told, and
whatever else was refused to the agent is on a list that says why that is right.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import secrets
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness
import model_server
import packages
import terminal
import trace

SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41
WRITTEN = 'written by an agent\n'
# What a runtime does all the time and no sandbox refuses: not to be stopped at.
NEVER_REFUSED = ('read,write,close,lseek,fstat,futex,madvise,mmap,munmap,poll,epoll_wait,epoll_pwait,'
                 'epoll_pwait2,epoll_ctl,sched_yield,rt_sigprocmask,clock_nanosleep')

# What is in a home besides the key, and no business of an agent's.
HOME_FILES = ('.bash_history', '.bashrc', '.netrc', '.npmrc', '.profile', '.zshenv', '.zshrc')

SKILL = '---\nname: idle\ndescription: does nothing\n---\nDo nothing.\n'

# Regular expressions on "CALL WHAT ERROR", and why the agent is none the worse for it.
EVERYWHERE = {
    r'open(at)? ~/\.ssh/id_rsa EACCES': 'the key: what all of this is about',
    r'clone3 .* ENOSYS': 'the filter cannot look into its argument; libc goes on with clone',
    r'socket AF_UNIX EACCES': 'libc asks nscd first, then reads /etc/passwd and resolves by itself',
    r'open(at)? /sys/fs/cgroup/.* EACCES':
        'runtimes ask for limits of their container and go on with what the machine has; no session '
        'may touch the control groups, which hold the sessions',
    r'open(at)? ~/\.(profile|bashrc|zshenv|zshrc) EACCES':
        'shells start without the files of the user, which hold secrets',
    r'openat ~/\.(netrc|npmrc) EACCES': 'passwords of curl, tokens of npm: git and Bun do without',
}


def rest(screen, seconds):
    """Shows what the agent draws meanwhile to nobody."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and screen.read(left) != '':
        pass


def interrupted(screen):
    """Ctrl-C, once more; true when the agent has gone."""
    with contextlib.suppress(OSError):
        screen.write('\x03')
    rest(screen, 0.5)
    return os.waitpid(screen.pid, os.WNOHANG)[0] != 0


def holds(path, data):
    """True for a file with these bytes in it; the agent may be about to remove it."""
    with contextlib.suppress(OSError):
        return path.is_file() and data in path.read_bytes()
    return False


def plain(screen):
    """What can be read on the screen, for messages."""
    return re.sub(r'\s+', ' ', re.sub(r'\x1b(\[[0-9;?<>=]*\w|\][^\x07\x1b]*|.)', ' ', screen.all))


class Turn(harness.TestCase):
    """What all agents have in common. A subclass says how its agent is started."""
    profile = None
    settled = ()  # directories below the home that exist once the agent has been run
    files = {}  # below the home: what it reads, of its own or shared with other agents
    state = None  # below the home: what it keeps of a turn
    justified = {}  # as EVERYWHERE
    prompt = None  # on the screen when the agent waits

    def setUp(self):
        super().setUp()
        self.need('git', 'strace')
        world = self.world
        os.chmod(world.home, 0o700)
        world.directory('home/.ssh', 0o700)
        self.canary = secrets.token_hex(32)
        for name in HOME_FILES:
            world.file(f'home/{name}', f'# {self.canary}\n', 0o600)
        self.key = world.file('home/.ssh/id_rsa', self.canary + '\n', 0o600)
        self.traces = world.directory('traces')
        packages.copy(MODULES, world.home / PREFIX, world.env['PATH'])
        world.env['PATH'] = f'{world.home / PREFIX}/bin:{world.env["PATH"]}'
        for name in self.settled:
            self.make(name)
        for name in self.files:
            self.make(os.path.dirname(name))
            world.file(f'home/{name}', self.files[name])
        self.assert_status(0, world.run('git', 'init', '-q', '.'))

    def make(self, name):
        """A directory below the home, and those above it, of the user."""
        for path in reversed([pathlib.Path(name), *pathlib.Path(name).parents][:-1]):
            if not (self.world.home / path).exists():
                self.world.directory(f'home/{path}', 0o700)

    def script(self):
        """What the model tells the agent to do."""
        return [model_server.shell(f'printf "{WRITTEN[:-1]}\\n" >made.txt; cat {self.key}'),
                model_server.read(str(self.key))]

    def serve(self):
        server = model_server.ModelServer(self.script())
        self.addCleanup(server.close)
        return server

    def command(self, server):
        """argv and variables for a whole turn; settings the agent reads are written here."""
        raise NotImplementedError

    def interactive(self, server):
        """The same as command(), for an agent on a terminal that waits to be told what to do."""
        raise NotImplementedError

    def traced_run(self):
        """nono run under the agent's profile, up to the agent."""
        return [self.world.nono_path, 'run', '--profile', self.profile, '--allow-cwd',
                '--write', self.traces, '--', 'strace', '-f', '-y', '-Z', '--seccomp-bpf',
                '-e', f'trace=!{NEVER_REFUSED}', '-o', self.traces / 'trace']

    def in_answers(self, server, text):
        return [text in answer for answer in server.answers]

    def seen(self, server, result):
        """Everywhere the key has come out."""
        places = [f'request {method} {path}' for method, path, headers, body in server.requests
                  if self.canary in headers or self.canary.encode() in body]
        places += [name for name in ('out', 'err') if self.canary in getattr(result, name)]
        folders = [self.world.project, *(self.world.home / name for name in self.settled)]
        return places + [str(path) for folder in folders for path in folder.rglob('*')
                         if holds(path, self.canary.encode())]

    def told(self, server, result):
        """What happened, for messages."""
        requests = '\n'.join(f'{method} {path}: {len(body)} bytes'
                             for method, path, _, body in server.requests)
        return f'\n{result}\n{requests}\ntools: {server.tools()}\nanswers: {server.answers}'

    def check(self, server, result):
        """The file is there, the key is nowhere, and the model knows why."""
        told = self.told(server, result)
        self.assertEqual(WRITTEN, (self.world.project / 'made.txt').read_text(), told)
        self.assertEqual([], self.seen(server, result), told)
        self.assertTrue((self.world.home / self.state).exists(), told)
        calls = [call for call in self.script() if call.of(server.tools())]
        self.assertEqual(len(calls), len(server.answers), told)
        for answer in server.answers:
            self.assertRegex(answer, r'(?i)id_rsa.*permission ?denied|permission ?denied.*id_rsa', told)

    def check_refusals(self):
        """Nothing was refused that is not on the lists."""
        with open(self.traces / 'trace', encoding='utf-8', errors='replace') as lines:
            refused = trace.refusals(lines, self.places())
        self.assertIn('~/.ssh/id_rsa EACCES', ' '.join(refused))
        rules = EVERYWHERE | self.justified
        unexpected = [f'{n} times {what}' for what, n in sorted(refused.items())
                      if not any(re.fullmatch(rule, what) for rule in rules)]
        self.assertFalse(unexpected, 'refused, and nobody said why that is right:\n' +
                         '\n'.join(unexpected))

    def test_without_nono(self):
        """The same turn, free: everything that is refused below would have happened."""
        server = self.serve()
        argv, variables = self.command(server)
        # What agents leave in TMPDIR is no concern of ours here.
        variables = variables | {'TMPDIR': str(self.world.directory('scratch', 0o700))}
        result = self.world.run(*argv, env=variables, timeout=120)
        told = self.told(server, result)
        self.assertEqual(0, result.status, told)
        self.assertIn(model_server.CLOSING, result.out, told)
        self.assertEqual(WRITTEN, (self.world.project / 'made.txt').read_text(), told)
        self.assertTrue(server.answers and all(self.in_answers(server, self.canary)), told)

    def test_in_nono(self):
        server = self.serve()
        argv, variables = self.command(server)
        result = self.world.run(*self.traced_run(), *argv, env=variables, timeout=240)
        told = self.told(server, result)
        self.assertEqual(0, result.status, told)
        self.assertIn(model_server.CLOSING, result.out, told)
        self.check(server, result)
        self.check_refusals()

    def test_on_a_terminal(self):
        """As people use it: the agent draws its screen, is typed to, and is interrupted."""
        server = self.serve()
        argv, variables = self.interactive(server)
        self.world.env |= variables
        screen = terminal.Terminal(self.world, [*map(str, self.traced_run()), *argv])
        self.addCleanup(screen.close)
        screen.resize(40, 120)
        screen.expect(self.prompt, 60)
        # Pauses, because what comes all at once counts as pasted and is not sent.
        rest(screen, 1)
        screen.write('go on')
        self.assertTrue(harness.wait_until(lambda: self.sent(screen, server), 60), plain(screen))
        self.assertTrue(harness.wait_until(lambda: not rest(screen, 0.2) and server.is_over, 60),
                        plain(screen))
        screen.expect(model_server.CLOSING)
        self.check(server, harness.Result(0, screen.all, ''))
        self.assertTrue(harness.wait_until(lambda: interrupted(screen), 30), plain(screen))
        self.check_refusals()

    def sent(self, screen, server):
        """Return, once more; true when the model has heard of it."""
        rest(screen, 1)
        if not server.answers:
            screen.write('\r')
        rest(screen, 1)
        return server.answers

    def places(self):
        return {'PROJECT': str(self.world.project), '~': str(self.world.home),
                'WORLD': str(self.world.root)}


class Claude(Turn):
    profile = 'claude-code'
    prompt = 'shortcuts'
    settled = ('.claude',)
    state = '.claude/.claude.json'
    justified = {
        r'openat (/etc|/var/lib/dbus)/machine-id EACCES':
            'a name of this machine for statistics; it makes one up and keeps it in its state',
        r'openat /proc/PID/environ EACCES':
            'it looks for the editor it was started from in the environments of all processes; what '
            'others have in theirs is theirs',
        r'mkdir ~/\.local EACCES': 'it would make the desktop open links with it',
        r'openat WORLD EACCES': 'zsh looks for the name of the working directory above it, and '
                                'takes it from PWD',
    }

    def command(self, server):
        variables = {
            'ANTHROPIC_BASE_URL': server.url, 'ANTHROPIC_API_KEY': 'phantom',
            'DISABLE_AUTOUPDATER': '1', 'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC': '1'}
        return ['claude', '-p', 'do it', '--allowedTools', 'Bash', 'Read'], variables

    def interactive(self, server):
        # Asked and answered before.
        self.world.file('home/.claude/.claude.json', json.dumps({
            'hasCompletedOnboarding': True, 'customApiKeyResponses': {'approved': ['phantom']},
            'projects': {str(self.world.project): {'hasTrustDialogAccepted': True}}}), 0o600)
        _, variables = self.command(server)
        return ['claude', '--allowedTools', 'Bash', 'Read'], variables


class Codex(Turn):
    profile = 'codex'
    prompt = 'YOLO'
    settled = ('.codex',)
    files = {'.agents/skills/idle/SKILL.md': SKILL}
    state = '.codex/sessions'

    def command(self, server):
        self.world.file('home/.codex/config.toml', f'''
model = "test"
model_provider = "test"
[model_providers.test]
name = "test"
base_url = "{server.url}/v1"
env_key = "TEST_KEY"
wire_api = "responses"
[projects."{self.world.project}"]
trust_level = "trusted"
''')
        return ['codex', 'exec', '--sandbox', 'danger-full-access', 'do it'], \
            {'TEST_KEY': 'phantom'}

    def interactive(self, server):
        _, variables = self.command(server)
        return ['codex', '--no-daemon', '--sandbox', 'danger-full-access',
                '--ask-for-approval', 'never'], variables


class Opencode(Turn):
    profile = 'opencode'
    prompt = 'anything'
    settled = ('.config/opencode', '.cache/opencode', '.local/share/opencode',
               '.local/share/opentui', '.local/state/opencode')
    files = {'.agents/skills/idle/SKILL.md': SKILL, '.claude/CLAUDE.md': 'Do as you are told.\n',
             '.claude/skills/idle/SKILL.md': SKILL,
             # Without the name of a schema it adds one, and here it cannot.
             '.opencode/opencode.json': '{"$schema": "none"}\n'}
    state = '.local/share/opencode/opencode.db'
    justified = {
        r'openat (/|/var|/var/tmp|WORLD) EACCES':
            'it looks for settings and packages in every directory above the project',
        r'openat ~/\.opencode/\.gitignore EACCES':
            'it would keep out of git what it never puts into this directory',
    }

    def command(self, server):
        # Its own rules would ask before a path outside of the project is read.
        allowed = {'bash': 'allow', 'read': 'allow', 'external_directory': 'allow'}
        options = {'baseURL': f'{server.url}/v1', 'apiKey': 'phantom'}
        self.world.file('project/opencode.json', json.dumps({
            'provider': {'anthropic': {'options': options}}, 'permission': allowed,
            'model': 'anthropic/claude-sonnet-4-5', 'autoupdate': False}))
        return ['opencode', 'run', 'do it'], \
            {'OPENCODE_DISABLE_MODELS_FETCH': '1', 'OPENCODE_DISABLE_AUTOUPDATE': '1'}

    def interactive(self, server):
        _, variables = self.command(server)
        return ['opencode'], variables


def own_loopback():
    """A network with nothing in it but ourselves."""
    harness.own_network()
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack('16sH14x', b'lo', IFF_UP_RUNNING))


# Where nvm puts what is installed globally: one of the places that node_runtime grants.
PREFIX = '.nvm/versions/node/v20.0.0'
if __name__ == '__main__':
    try:
        MODULES = packages.install(harness.BUILD / 'agents')
    except packages.Unavailable as reason:
        print(f'skipped: {reason}', file=sys.stderr)
        sys.exit(77)
    own_loopback()
    harness.main(*harness.for_each_user(Claude, Codex, Opencode))
