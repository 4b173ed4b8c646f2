#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/PROFILES.md, as printed: files are written, commands run, output compared.

A block of sh or jsonc behind a line `~/NAME`: is that file. In a console block, lines that start with
"$ " are commands, and the others what they print; "…" stands for anything. The home in the page is
/home/you.
"""
import pathlib
import re

import harness

PAGE = pathlib.Path(__file__).resolve().parents[2] / 'docs/PROFILES.md'
HOME = '/home/you'
BLOCK = re.compile(r'(?:^`~/(?P<file>[^`]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$', re.M | re.S)


def commands(text):
    """[command, expected output] of a console block."""
    found = []
    for line in text.splitlines(keepends=True):
        if line.startswith('$ '):
            found.append([line[2:].rstrip('\n'), ''])
        else:
            found[-1][1] += line
    return found


class Newcomer(harness.TestCase):
    def run_printed(self, command, expected):
        w = self.world
        result = w.run('sh', '-c', f'exec 2>&1\n{command.replace(HOME, str(w.home))}')
        output = result.out.replace(str(w.home), HOME)
        pattern = '.*'.join(re.escape(part) for part in expected.split('…'))
        self.assertTrue(re.fullmatch(pattern, output, re.S),
                        f'$ {command}\nexpected:\n{expected}\nprinted:\n{output}')

    def test_page(self):
        w = self.world
        w.env['PATH'] = f'{w.home}/.local/bin:{w.nono_path.parent}:{harness.PATH}'
        ran = 0
        for block in BLOCK.finditer(PAGE.read_text()):
            if block['file']:
                path = w.home / block['file']
                w.run('mkdir', '-p', path.parent)
                w.file(path.relative_to(w.root), block['text'])
            elif block['kind'] == 'console':
                for command, expected in commands(block['text']):
                    self.run_printed(command, expected)
                    ran += 1
        self.assertGreater(ran, 10)


harness.main(*harness.for_each_user(Newcomer))
