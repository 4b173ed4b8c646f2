#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A binary needs no shared library beyond those named: what is not linked costs no start-up.

usage: needed.py BINARY [LIBRARY...]
"""
import re
import subprocess
import sys

import lint

binary, *allowed = sys.argv[1:]
dynamic = subprocess.run([lint.need('readelf'), '-d', binary], capture_output=True, text=True,
                         check=True).stdout
for name in re.findall(r'\(NEEDED\).*\[(.*)\]', dynamic):
    if not any(name.startswith(library + '.so') for library in allowed):
        lint.report(binary, 0, f'needs {name}')
lint.finish()
