#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the agents, in the versions and with the digests of package-lock.json, once.

usage: packages.py DIRECTORY
Where from is npm's configuration. What is in DIRECTORY already is not fetched again.
"""
import contextlib
import fcntl
import hashlib
import pathlib
import platform
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# What npm says when it is the network's fault and not the lock file's.
OFFLINE = ('EAI_AGAIN', 'ENOTFOUND', 'ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED', 'ECONNRESET',
           'ETIMEDOUT', 'ENOTCACHED', 'EIDLETIMEOUT')
# npm leaves these to the user where it does not run what packages bring along.
INSTALLERS = ('@anthropic-ai/claude-code/install.cjs', 'opencode-ai/postinstall.mjs')
PROGRAMS = {'claude': '@anthropic-ai/claude-code/bin/claude.exe',
            'codex': '@openai/codex/bin/codex.js', 'opencode': 'opencode-ai/bin/opencode.exe'}


class Unavailable(Exception):
    """The agents cannot be installed here; the reason."""


def run(*argv, cwd):
    result = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode == 0:
        return
    if any(word in result.stdout for word in OFFLINE):
        raise Unavailable('npm cannot reach its registry')
    raise RuntimeError(f'{argv[0]} {argv[1]} ended with {result.returncode}:\n'
                       f'{result.stdout[:2000]}')


def install(directory):
    """The node_modules below directory, complete."""
    for tool in 'npm', 'node':
        if not shutil.which(tool):
            raise Unavailable(f'{tool} is not installed')
    if platform.machine() not in ('x86_64', 'aarch64'):
        raise Unavailable('the agents are not made for this machine')
    directory = pathlib.Path(directory).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    modules, stamp = directory / 'node_modules', directory / 'installed'
    files = [HERE / 'package.json', HERE / 'package-lock.json']
    digest = hashlib.sha256(b''.join(f.read_bytes() for f in files)).hexdigest()
    with open(directory / 'lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if stamp.read_text(encoding='utf-8') == digest:
                return modules
        for file in files:
            shutil.copy(file, directory)
        # Not ci: it stops when a registry lacks what another kind of machine would need.
        run('npm', 'install', '--cache', directory / 'cache', '--ignore-scripts', '--no-audit',
            '--no-fund', '--fetch-retries=1', cwd=directory)
        for installer in INSTALLERS:
            run('node', modules / installer, cwd=(modules / installer).parent)
        shutil.rmtree(directory / 'cache')
        stamp.write_text(digest, encoding='utf-8')
    return modules


def copy(modules, prefix, path):
    """The same as `npm install --global` with this prefix would make it; with a node of its own when
    there is none in path."""
    (prefix / 'bin').mkdir(parents=True)
    if not shutil.which('node', path=path):
        shutil.copy2(pathlib.Path(shutil.which('node')).resolve(), prefix / 'bin/node')
    (prefix / 'lib').mkdir()
    target = prefix / 'lib/node_modules'
    # Hundreds of megabytes; on one file system links to them are as good.
    if subprocess.run(['cp', '-al', modules, target], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(['cp', '-a', '--reflink=auto', modules, target], check=True)
    for name, path in PROGRAMS.items():
        (prefix / 'bin' / name).symlink_to(pathlib.Path('../lib/node_modules', path))


if __name__ == '__main__':
    try:
        print(install(sys.argv[1]))
    except Unavailable as reason:
        print(reason, file=sys.stderr)
        sys.exit(77)
