#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shellcheck has nothing to say about any shell script, and Python files compile."""
import re
import subprocess

import lint

scripts = [path for path in lint.files()
           if re.match(rb'#!/(usr/)?bin/(env )?(ba)?sh\b', (lint.ROOT / path).read_bytes()[:64])]
tool = lint.need('shellcheck')
if scripts:
    done = subprocess.run([tool, '--format=gcc', *map(str, scripts)], cwd=lint.ROOT,
                          capture_output=True, text=True)
    for line in done.stdout.splitlines():
        path, number, rest = line.split(':', 2)
        lint.report(path, number, rest)
for path in lint.files('.py'):
    try:
        compile(lint.read(path), str(path), 'exec')
    except SyntaxError as error:
        lint.report(path, error.lineno, error.msg)
lint.finish()
