#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C code is exactly as clang-format 14 with the tree's .clang-format leaves it."""
import re
import shutil
import subprocess

import lint

# Other versions break other lines: only this one decides.
tool = shutil.which('clang-format-14') or lint.need('clang-format')
version = subprocess.run([tool, '--version'], capture_output=True, text=True, check=True).stdout
if not re.search(r'version 14\.', version):
    lint.need('clang-format-14')
sources = [str(path) for path in lint.files('.c', '.h')]
done = subprocess.run([tool, '--dry-run', '-Werror', '--style=file', *sources], cwd=lint.ROOT,
                      capture_output=True, text=True)
for match in re.finditer(r'^(\S+?):(\d+):\d+: error', done.stderr, re.M):
    lint.report(match.group(1), match.group(2), f'run {tool} -i {match.group(1)}')
if done.returncode and 'error:' not in done.stderr:
    lint.report('.clang-format', 1, done.stderr)
lint.finish()
