# SPDX-License-Identifier: Apache-2.0
"""What every check here needs: the files of the tree, and one way to report.

A check prints `file:line: what is wrong` for each finding and exits 1, exits 0 when there is
nothing to say, and exits 77 with a reason when a tool it needs is not installed (1 with
NONO_MUST_WORK=1, so that a machine that should have the tool cannot pass without it).
"""
import os
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
_SKIP = re.compile(r'build.*|\.git|__pycache__|subprojects')
_findings = 0


def files(*suffixes):
    """Paths below the root, relative and sorted, that end in one of the suffixes (all without)."""
    found = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [d for d in subfolders if not _SKIP.fullmatch(d)]
        for name in names:
            path = pathlib.Path(folder, name)
            if name != '.git' and path.is_file() and (not suffixes or name.endswith(suffixes)):
                found.append(path.relative_to(ROOT))
    return sorted(found)


def read(path):
    return (ROOT / path).read_text(encoding='utf-8')


_PROSE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def prose(text):
    """The same text with everything but C comments and literals blanked, line breaks kept."""
    kept = {i for match in _PROSE.finditer(text) for i in range(*match.span())}
    return ''.join(c if c == '\n' or i in kept else ' ' for i, c in enumerate(text))


def blank_comments(text):
    """The same text with C comments and the contents of literals blanked, line breaks kept."""
    def blank(match):
        token = match.group()
        if token.startswith('/'):
            return re.sub(r'[^\n]', ' ', token)
        return token[0] + re.sub(r'[^\n]', ' ', token[1:-1]) + token[-1]
    return _PROSE.sub(blank, text)


def report(path, line, message):
    global _findings
    _findings += 1
    print(f'{path}:{line}: {message}' if line else f'{path}: {message}')


def need(tool):
    """Path of a tool, or the end of this check."""
    path = shutil.which(tool)
    if path is None:
        print(f'{tool} is not installed', file=sys.stderr)
        sys.exit(1 if os.environ.get('NONO_MUST_WORK') == '1' else 77)
    return path


def finish():
    if _findings:
        print(f'{_findings} finding{"s" if _findings > 1 else ""}', file=sys.stderr)
    sys.exit(1 if _findings else 0)
