#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when the kernel headers know a system call that nobody has looked at yet.

usage: reviewed.py FILTER-RULES.H COMPILER...

What to do then: read what the new calls can do past the rules, add rules where it needs some,
and raise FILTER_LAST_REVIEWED."""
import re
import subprocess
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        reviewed = int(re.search(r"#define FILTER_LAST_REVIEWED (\d+)", f.read()).group(1))
    macros = subprocess.run(sys.argv[2:] + ["-E", "-dM", "-x", "c", "-"], check=True, text=True,
                            input="#include <asm/unistd.h>\n", capture_output=True).stdout
    calls = {name: int(n) for name, n in re.findall(r"#define __NR_(\w+) (\d+)\n", macros)
             if name != "syscalls"}
    if len(calls) < 200:
        sys.exit(f"only {len(calls)} system calls found in the headers")
    new = {name: n for name, n in calls.items() if reviewed < n < 0x40000000}
    if new:
        sys.exit(f"system calls newer than {reviewed}, the last one reviewed: {new}")
    print(f"newest in the headers {max(calls.values())}, reviewed up to {reviewed}")


main()
