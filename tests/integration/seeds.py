#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command line that the project has promised, through a shell, exactly as it was printed.

Stand-ins with the programs' names say that they were started and with what, except python, which is
the real one. /usr/local/bin, /tmp and /data are ours, in a mount namespace, so that a line needs no
other path than the one printed. What needs a part that is not there yet is refused in one line and
starts nothing; when that part comes, its lines move to another table.
"""
import ctypes
import os
import pathlib
import shutil
import sys

import harness

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)

STAND_INS = ('claude', 'codex', 'opencode', 'openclaw', 'npx', 'npm', 'uv', 'cargo', 'go', 'node',
             'pip', 'my-agent', 'new-cool-coding-agent')
STAND_IN = '#!/bin/sh\necho "started ${0##*/} $*"\n'
# What an agent finds out, as the page about Python has it.
AGENT = '''
import os, subprocess
key = os.path.expanduser("~/.ssh/id_rsa")
try:
    print("read", open(key).read())
except PermissionError:
    print("refused")
print("child", subprocess.run(["cat", key], capture_output=True).returncode)
'''
PYTHON_AGENT = '''
{
  "meta": {
    "name": "python-agent",
    "version": "1.0.0",
    "description": "Python AI agent with controlled access"
  },
  "security": {
    "groups": ["python_runtime"]
  },
  "filesystem": {
    "allow": ["$HOME/.cache/pip"],
    "read_file": ["$HOME/.gitconfig"]
  },
  "network": {
    "allow_hosts": ["api.openai.com", "api.anthropic.com"]
  },
  "workdir": { "access": "readwrite" },
  "interactive": false
}
'''
PROFILES = {
    'python-agent': PYTHON_AGENT,
    'custom-profile': '{ "extends": "claude-code" }',
    'my-profile': '{ "security": { "allowed_commands": ["rm"] }, '
                  '"filesystem": { "allow": ["/tmp/files"] } }',
}

# line: what the command says on standard output when it runs
RUNS = {
    'nono run --allow-cwd -- python agent.py': 'refused\nchild 1\n',
    'nono run --allow-cwd -- python3 my_agent.py': 'refused\nchild 1\n',
    'nono run --profile claude-code -- claude': 'started claude \n',
    'nono run --profile codex -- codex': 'started codex \n',
    'nono run --profile opencode -- opencode': 'started opencode \n',
    'nono run --profile openclaw -- openclaw': 'started openclaw \n',
    'nono run --allow-cwd -- npx @anthropic/agent-framework':
        'started npx @anthropic/agent-framework\n',
    'nono run --read /data -- npx @modelcontextprotocol/server-filesystem /data':
        'started npx @modelcontextprotocol/server-filesystem /data\n',
    'nono run --profile pydantic-ai-agent --allow logs/ -- uv run my_agent.py':
        'started uv run my_agent.py\n',
    'nono run --profile custom-profile -- node agent.js': 'started node agent.js\n',
    'nono run --no-audit --allow-cwd -- npm test': 'started npm test\n',
    'nono wrap --read ./src --write ./output -- cargo build': 'started cargo build\n',
    'nono run --read ./src --write ./output -- cargo build': 'started cargo build\n',
    'nono run --profile claude-code --net-allow -- claude': 'started claude \n',
    'nono run --no-rollback --allow . -- npm test': 'started npm test\n',
    'nono run --allow-cwd --allow-command rm -- rm ./temp-file.txt': '',
}

# line: words of the one line that refuses it
NOT_YET = {
    'nono run --allow-cwd --network-profile minimal -- python agent.py': ['network'],
    'nono run --allow-cwd --proxy-credential openai -- python agent.py': ['credential'],
    'nono run --profile python-agent.json --allow-cwd -- python agent.py': ['--net-allow'],
    'nono run --profile python-agent.json --allow-cwd -- pip install -r requirements.txt':
        ['--net-allow'],
    'nono run --rollback --profile claude-code --allow-cwd -- claude': ['--rollback'],
    'nono run --rollback --proxy-allow api.anthropic.ai --allow-port 8000 -- '
    'uv run uvicorn myagent.main:app --port 8000': ['--rollback'],
    'nono run --proxy-allow api.openai.com --proxy-credential openai -- python3 agent.py': ['not'],
    'nono learn -- new-cool-coding-agent': ['learn'],
    'nono run --network-profile claude-code --proxy-credential openai -- my-agent': ['not'],
    'nono run --env-credential openai_api_key --allow-cwd -- my-agent': ['--env-credential'],
    "nono run --env-credential-map 'op://Development/OpenAI/credential' OPENAI_API_KEY "
    '--allow-cwd -- my-agent': ['--env-credential-map'],
    'nono run --proxy-allow api.openai.com --proxy-allow api.anthropic.com -- my-agent': ['not'],
    'nono run --rollback --supervised --profile claude-code --allow-cwd -- claude': ['--rollback'],
    'nono run --rollback --allow . -- npm test': ['--rollback'],
    'nono run --rollback --rollback-include target -- cargo build': ['--rollback'],
    'nono run --rollback --rollback-exclude vendor -- go test ./...': ['--rollback'],
    'nono rollback list': ['rollback'],
    'nono rollback restore': ['rollback'],
    'nono audit list': ['audit'],
    'nono audit show 20260216-193311-20751 --json': ['audit'],
}

WHY = '''DENIED
  Reason: sensitive_path
  Details: Path matches sensitive pattern 'Block access to cryptographic keys, tokens, and cloud \
credentials'. Access blocked by security policy.
'''


def mount(source, target, kind, flags):
    arguments = [None if a is None else os.fsencode(a) for a in (source, target, kind)]
    if libc.mount(*arguments, ctypes.c_ulong(flags), None) != 0:
        raise OSError(ctypes.get_errno(), f'mount {target}: {os.strerror(ctypes.get_errno())}')


def own_root():
    """From here on a root directory of our own: the machine's, with ours in some places."""
    root, uid, gid = os.geteuid() == 0, os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNS if root else CLONE_NEWNS | CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if not root:
        for name, text in ('setgroups', 'deny'), ('uid_map', f'{uid} {uid} 1'), \
                ('gid_map', f'{gid} {gid} 1'):
            pathlib.Path('/proc/self', name).write_text(text, encoding='ascii')
    mount(None, '/', None, MS_REC | MS_PRIVATE)
    new = pathlib.Path('/mnt')
    mount('tmpfs', new, 'tmpfs', 0)
    for name in sorted(os.listdir('/')):
        old, place = pathlib.Path('/', name), new / name
        if old.is_symlink():
            place.symlink_to(os.readlink(old))
        elif old.is_dir() and name not in ('data', 'mnt', 'tmp'):
            place.mkdir()
            mount(old, place, None, MS_BIND | MS_REC)
    for name in 'data', 'mnt':
        (new / name).mkdir()
    (new / 'tmp').mkdir()
    (new / 'tmp').chmod(0o1777)
    mount('tmpfs', new / 'usr/local/bin', 'tmpfs', 0)
    (new / 'usr/local/bin').chmod(0o755)
    os.chroot(new)
    os.chdir('/')
    for name in STAND_INS:
        path = pathlib.Path('/usr/local/bin', name)
        path.write_text(STAND_IN, encoding='ascii')
        path.chmod(0o755)
    pathlib.Path('/usr/local/bin/python').symlink_to(PYTHON)


class Seeds(harness.TestCase):
    def setUp(self):
        super().setUp()
        world = self.world
        world.env['PATH'] = f'{world.root}/bin:{world.env["PATH"]}'
        world.directory('home/.ssh', 0o700)
        self.canary = 'nobody outside may know'
        world.file('home/.ssh/id_rsa', self.canary, 0o600)
        for name in 'logs', 'src', 'output', 'target', 'vendor':
            world.directory(f'project/{name}')
        for name in 'agent.py', 'my_agent.py':
            world.file(f'project/{name}', AGENT)
        for name in 'temp-file.txt', 'requirements.txt', 'agent.js':
            world.file(f'project/{name}')
        for name in '.config', '.config/nono', '.config/nono/profiles':
            world.directory(f'home/{name}')
        for name, text in PROFILES.items():
            world.file(f'home/.config/nono/profiles/{name}.json', text)
        world.file('project/python-agent.json', PYTHON_AGENT)

    def line(self, line, **options):
        """As typed: a shell, in the project."""
        result = self.world.run('sh', '-c', line, **options)
        self.assertNotIn(self.canary, result.out + result.err)
        return result

    def test_runs(self):
        for line, out in RUNS.items():
            with self.subTest(line):
                result = self.line(line)
                self.assert_status(0, result)
                self.assertEqual(out, result.out, f'\n{result}')
        self.assertFalse((self.world.project / 'temp-file.txt').exists())

    def test_not_yet(self):
        for line, words in NOT_YET.items():
            with self.subTest(line):
                result = self.line(line)
                self.assert_refused(result, *words)
                self.assertEqual('', result.out, f'\n{result}')

    def test_the_way_out(self):
        """What stands in the way of a profile with hosts can be waved away, as its message says."""
        line = 'nono run --profile python-agent.json --allow-cwd --net-allow -- python agent.py'
        result = self.line(line)
        self.assert_status(0, result)
        self.assertEqual('refused\nchild 1\n', result.out, f'\n{result}')

    def test_nothing_granted(self):
        """The command starts, and cannot even read its program."""
        result = self.line('nono run -- python agent.py')
        self.assert_status(2, result)
        self.assertIn('Permission denied', result.err)
        self.assertEqual('', result.out)

    def test_why(self):
        result = self.line('nono why --path ~/.ssh/id_rsa')
        self.assert_status(0, result)
        self.assertEqual(WHY, result.out)

    def test_blocked_command(self):
        result = self.line('nono run --allow-cwd -- rm -rf /')
        self.assert_status(125, result)
        lines = result.err.splitlines()
        self.assertEqual('nono: blocked command: rm', lines[0], f'\n{result}')
        self.assertIn('--allow-command rm', '\n'.join(lines[1:]))
        self.assertEqual(2, len(lines), f'\n{result}')

    def test_command_allowed_by_profile(self):
        """/tmp is nobody's by default: the profile is what lets rm run, a grant what lets it remove."""
        folder = pathlib.Path('/tmp/files')
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        self.world.own(folder)
        files = [pathlib.Path('/tmp/old-file.txt'), folder / 'old-file.txt']
        for path in files:
            path.write_text('', encoding='ascii')
            self.world.own(path)
        self.addCleanup(files[0].unlink)
        result = self.line('nono run --profile my-profile -- rm /tmp/old-file.txt')
        self.assert_status(1, result)
        self.assertRegex(result.err, 'cannot remove .*Permission denied')
        self.assert_status(0, self.line('nono run --profile my-profile -- rm /tmp/files/old-file.txt'))
        self.assertEqual([True, False], [path.exists() for path in files])

    def test_export(self):
        """A way to see exactly which paths are allowed."""
        result = self.line('nono profiles export python-agent')
        self.assert_status(0, result)
        for words in '.pyenv', '.cache/pip', 'api.openai.com', '.gitconfig':
            self.assertIn(words, result.out)


if __name__ == '__main__':
    PYTHON = shutil.which('python3', path='/usr/bin')
    try:
        own_root()
    except OSError as error:
        print(f'no root directory of our own: {error}', file=sys.stderr)
        sys.exit(1 if harness.MUST_WORK else 77)
    harness.main(*harness.for_each_user(Seeds))
