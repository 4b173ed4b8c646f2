#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Help, manual page and the option table say the same.

usage: cli.py PROGRAM MANUAL [DUMP-OPTION]
With a dump option the program prints its verbs and options as JSON; without one its --help is
taken at its word. Deprecated spellings are in the manual page alone. Help goes to standard output, fits in 80 columns and does not depend on how it is
asked for; an unknown option is one line on standard error and exit status 125.
"""
import json
import re
import subprocess
import sys

import lint

OPTION = re.compile(r'(?<![\w-])(--[a-z][a-z-]*[a-z])')


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


def check_help(program, verb):
    """The text of one help page, checked."""
    asked = ' '.join([*verb, '--help'])
    long, short = run(program, *verb, '--help'), run(program, *verb, '-h')
    if long.returncode != 0 or long.stderr or not long.stdout:
        lint.report(program, 0, f'{asked}: status {long.returncode}, on stderr: {long.stderr!r}')
    if (long.stdout, long.returncode) != (short.stdout, short.returncode):
        lint.report(program, 0, f'{asked} differs from -h')
    for line in long.stdout.splitlines():
        if len(line) > 80:
            lint.report(program, 0, f'{asked}: {len(line)} columns: {line}')
    wrong = run(program, *verb, '--no-such-option')
    if wrong.returncode != 125 or wrong.stdout or wrong.stderr.count('\n') != 1:
        lint.report(program, 0, f'{" ".join(verb)} --no-such-option: status {wrong.returncode}, '
                    f'stdout {wrong.stdout!r}, stderr {wrong.stderr!r}')
    return long.stdout


def main():
    program, manual = sys.argv[1:3]
    page = ''
    if (lint.ROOT / manual).exists():
        page = lint.read(manual).replace('\\', '')
    else:
        lint.report(manual, 0, 'does not exist')
    documented = set(OPTION.findall(page))
    general = check_help(program, [])
    options = set(OPTION.findall(general))
    if len(sys.argv) > 3:
        table = json.loads(run(program, sys.argv[3]).stdout)
        pages = {verb['name']: check_help(program, verb['name'].split()) for verb in table['verbs']}
        for verb in pages:
            if not re.search(rf'^ +{verb}\b', general, re.M):
                lint.report(program, 0, f'--help does not list the verb {verb}')
            if not re.search(rf'\*{verb}\*|nono {verb}\b', page):
                lint.report(manual, 1, f'does not describe the verb {verb}')
        for row in table['options']:
            spellings = ['--' + name for name in row['names']]
            spellings += ['-' + row['letter']] if row.get('letter') else []
            options.update(spellings)
            for verb in row['verbs']:
                for spelling in spellings:
                    if not re.search(rf'(?<![\w-]){spelling}(?![\w-])', pages[verb]):
                        lint.report(program, 0, f'{verb} --help does not show {spelling}')
            old = ['--' + name for name in row['deprecated']]
            options.update(old)
            for word in [*spellings, *old, *row['variables'], *row['deprecatedVariables']]:
                if not re.search(rf'(?<![\w-]){word}(?![\w-])', page):
                    lint.report(manual, 1, f'does not describe {word}')
    for name in sorted(options - documented):
        if name.startswith('--'):
            lint.report(manual, 1, f'does not describe {name}')
    for name in sorted(documented - options):
        lint.report(manual, 1, f'describes {name}, which {program} does not have')
    lint.finish()


main()
