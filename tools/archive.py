#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One static archive out of several, with everything but the public symbols local.

usage: archive.py OUTPUT LINKER OBJCOPY AR ARCHIVE...
A static library has no version script: without this, its internal names would meet those of the
program it is linked into.
"""
import os
import subprocess
import sys
import tempfile

output, linker, objcopy, ar, *archives = sys.argv[1:]
with tempfile.TemporaryDirectory() as scratch:
    merged = os.path.join(scratch, 'nono.o')
    subprocess.run([linker, '-r', '-o', merged, '--whole-archive', *archives], check=True)
    subprocess.run([objcopy, '--localize-hidden', merged], check=True)
    if os.path.exists(output):
        os.unlink(output)
    subprocess.run([ar, 'rcsD', output, merged], check=True)
