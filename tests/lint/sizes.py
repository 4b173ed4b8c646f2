#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No file and no function too long to hold in the head. There is no list of exceptions."""
import lint

MAX_LINES = {'.c': 700, '.h': 250, '.py': 500}
MAX_FUNCTION = 80  # both braces included; they stand alone in column 0 (.clang-format)

for path in lint.files(*MAX_LINES):
    lines = lint.read(path).splitlines()
    if len(lines) > MAX_LINES[path.suffix]:
        lint.report(path, len(lines), f'{len(lines)} lines, at most {MAX_LINES[path.suffix]}')
    start = None
    for number, line in enumerate(lines, 1):
        if path.suffix == '.py':
            break
        if line == '{':
            start = number
        elif line == '}' and start is not None:
            if number - start + 1 > MAX_FUNCTION:
                lint.report(path, start,
                            f'function of {number - start + 1} lines, at most {MAX_FUNCTION}')
            start = None
lint.finish()
