#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libnono.so exports exactly what its version script lists and its public headers declare.

usage: exports.py libnono.so
A symbol once released stays, so adding one is a deliberate act: a line in libcore/libnono.sym.
"""
import re
import subprocess
import sys

import lint

SCRIPT = 'libcore/libnono.sym'
listed = set(re.findall(r'^\s+([\w*]+);', lint.read(SCRIPT), re.M)) - {'*'}
declared = set()
for header in lint.files('.h'):
    if re.fullmatch(r'libcore/nono(-\w+)?\.h', str(header)):
        declared |= set(re.findall(r'^NONO_PUBLIC\b[^;(]*?(\w+)\(',
                                   lint.blank_comments(lint.read(header)), re.M))
symbols = subprocess.run([lint.need('nm'), '-D', '--defined-only', sys.argv[1]],
                         capture_output=True, text=True, check=True).stdout
exported = {line.split()[2].split('@')[0] for line in symbols.splitlines()
            if line.split()[1] != 'A'}
for name in sorted(exported | declared | listed):
    if not name.startswith('nono_'):
        lint.report(SCRIPT, 1, f'{name}: only nono_ names are exported')
    elif name not in listed:
        lint.report(SCRIPT, 1, f'{name} is declared or exported but not listed')
    elif name not in declared:
        lint.report('libcore/nono.h', 1, f'{name} is listed in {SCRIPT} but not declared')
    elif name not in exported:
        lint.report(SCRIPT, 1, f'{name} is listed but does not exist')
lint.finish()
