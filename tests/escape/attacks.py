# SPDX-License-Identifier: Apache-2.0
"""The attacker: a real program that tries to get at what it was not granted.

    attacks.py victim DIRECTORY   the process outside: prints what there is to attack, as JSON
    attacks.py ID JSON            one attack on that; exit 0 when it got what it wanted, 1 when it was
                                  refused, 77 when this machine has nothing to attack

Each attack is a function of on_*.py, registered with what it wants; escape.py runs all of them natively
and inside. Only Python's own library and raw system calls (x86-64): inside there is nothing else.
"""
import json
import platform
import subprocess
import sys

import on_closed  # noqa: F401
import on_files  # noqa: F401
import on_kernel  # noqa: F401
import on_metadata  # noqa: F401
import on_processes  # noqa: F401
import on_sockets  # noqa: F401
import on_supervisor  # noqa: F401
import victim
from table import ATTACKS, nothing_here


def main():
    name, argument = sys.argv[1:]
    if name == 'victim':
        victim.be_victim(argument)
        return
    if platform.machine() != 'x86_64':
        nothing_here('the numbers of system calls are those of x86-64')
    try:
        ATTACKS[name]['run'](json.loads(argument))
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        print(error)
        sys.exit(1)


if __name__ == '__main__':
    main()
