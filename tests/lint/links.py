#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file and heading that the documentation points to is there."""
import re

import lint


def anchors(text):
    """The names a heading gets: lower case, no punctuation, spaces become dashes."""
    return {re.sub(r'\s', '-', re.sub(r'[^\w\s-]', '', title.strip().lower()))
            for title in re.findall(r'^#+ (.*)', text, re.M)}


def exists(path, name):
    """A path named in backticks, relative to the root; a trailing {a,b} or * is a pattern."""
    pattern = re.sub(r'\{[^}]*\}|<[^>]*>|[A-Z]{4,}', '*', name).rstrip('/')
    return any(lint.ROOT.glob(pattern))


TOP = '|'.join(sorted(p.name for p in lint.ROOT.iterdir()
                      if p.is_dir() and not p.name.startswith(('.git', 'build'))))
for path in lint.files('.md'):
    text = lint.read(path)
    prose = re.sub(r'^```.*?^```', lambda m: '\n' * m.group().count('\n'), text, flags=re.M | re.S)
    for match in re.finditer(r'\]\(([^)\s]+)\)', prose):
        line = prose.count('\n', 0, match.start()) + 1
        target, _, anchor = match.group(1).partition('#')
        if re.match(r'[a-z]+:', target):
            continue
        file = (lint.ROOT / path).parent / target if target else lint.ROOT / path
        if not file.exists():
            lint.report(path, line, f'{target} does not exist')
        elif anchor and anchor not in anchors(file.read_text(encoding='utf-8')):
            lint.report(path, line, f'{match.group(1)}: no such heading')
    for match in re.finditer(rf'`((?:{TOP})/[\w./*{{}},<>+-]*)`', prose):
        if not exists(path, match.group(1)):
            line = prose.count('\n', 0, match.start()) + 1
            lint.report(path, line, f'{match.group(1)} does not exist')
lint.finish()
