# SPDX-License-Identifier: Apache-2.0
"""What was refused to a traced program: reads the output of `strace -f -y`."""
import collections
import os
import re

REFUSALS = ('EACCES', 'EPERM', 'EROFS', 'EXDEV', 'ENOSYS', 'EAFNOSUPPORT')
# Before the command is read: line of a thread, its call, the end of one that was interrupted.
LINE = re.compile(r'(\d+) +(.*)')
RESUMED = re.compile(r'<\.\.\. (\w+) resumed>(.*)')
FAILED = re.compile(r'(\w+)\((.*)\) += -1 (E\w+)')
# The directory an *at call starts from and its path, or just a path.
PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


def calls(lines):
    """The calls in lines, each on one line of its own again."""
    unfinished = {}
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        thread, text = match.groups()
        if text.endswith('<unfinished ...>'):
            unfinished[thread] = text[:-len('<unfinished ...>')]
            continue
        rest = RESUMED.match(text)
        yield unfinished.pop(thread, f'{rest[1]}(') + rest[2] if rest else text


def refusals(lines, places):
    """Counts "CALL WHAT ERROR", with the names of places (name: path) in the paths."""
    found = collections.Counter()
    for call in calls(lines):
        match = FAILED.match(call)
        if not match or match[3] not in REFUSALS:
            continue
        path = PATH.search(match[2])
        if path:
            what = os.path.normpath(os.path.join(path[1] or '/', path[2]))
            for name, place in places.items():
                if what == place or what.startswith(f'{place}/'):
                    what = name + what[len(place):]
                    break
            what = re.sub(r'^/proc/\d+(?=/|$)', '/proc/PID', what)
        else:
            what = match[2].split(',')[0].lstrip('{')
        found[f'{match[1]} {what} {match[3]}'] += 1
    return found
