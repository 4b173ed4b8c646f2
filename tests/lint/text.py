#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Line-level rules: licence, white space, functions not to call, descriptors, foreign URLs."""
import re

import lint

BINARY = ('.png', '.gz', '.xz', '.bin')
# Test data is what it has to be, byte for byte.
DATA = re.compile(r'tests/(data|fuzz/corpus)/')

# name: what to use instead
FORBIDDEN = {
    'strcpy': 'memcpy with a known length', 'strcat': 'struct buf', 'strncpy': 'memcpy',
    'strncat': 'struct buf', 'sprintf': 'snprintf', 'vsprintf': 'vsnprintf', 'gets': 'getline',
    'alloca': 'malloc', 'strdupa': 'strdup',
    'mktemp': 'mkostemp', 'tmpnam': 'mkostemp', 'tempnam': 'mkostemp', 'rand': 'getrandom',
    'random': 'getrandom', 'strtok': 'strtok_r', 'atoi': 'parse_u64', 'atol': 'parse_u64',
    'readdir_r': 'readdir', 'vfork': 'clone', 'getwd': 'getcwd',
}
# Not outside of tests: a shell in between, or a descriptor that a concurrent exec inherits.
LOOSE = {
    'system': 'posix_spawn', 'popen': 'posix_spawn',
    # dup2 and dup3 give a descriptor a chosen number: that is how standard streams are passed on.
    'pipe': 'pipe2(O_CLOEXEC)', 'dup': 'fcntl(F_DUPFD_CLOEXEC)',
    'accept': 'accept4(SOCK_CLOEXEC)', 'creat': 'open(O_CLOEXEC)', 'epoll_create': 'epoll_create1',
    'inotify_init': 'inotify_init1', 'eventfd2': 'eventfd(EFD_CLOEXEC)',
    'signalfd4': 'signalfd(SFD_CLOEXEC)', 'mkstemp': 'mkostemp(O_CLOEXEC)',
}
# A call of the left has to mention the right among its arguments.
CLOEXEC = {
    'open': 'O_CLOEXEC', 'openat': 'O_CLOEXEC', 'open64': 'O_CLOEXEC', 'pipe2': 'O_CLOEXEC',
    'mkostemp': 'O_CLOEXEC', 'socket': 'SOCK_CLOEXEC',
    'socketpair': 'SOCK_CLOEXEC', 'accept4': 'SOCK_CLOEXEC', 'memfd_create': 'MFD_CLOEXEC',
    'eventfd': 'EFD_CLOEXEC', 'signalfd': 'SFD_CLOEXEC', 'timerfd_create': 'TFD_CLOEXEC',
    'epoll_create1': 'EPOLL_CLOEXEC', 'inotify_init1': 'IN_CLOEXEC', 'fopen': '"[rwa][^"]*e',
}
# Whom the text may point to: specifications and licences, never a host that serves packages. And
# what the network policy names, which is the one place to say what agents talk to.
HOST = re.compile(r'https?://([^/\s:)>\'"\\\]]+)|(?<![\w./-])((?:[a-z0-9-]+\.)+(?:org|com|net))(?![\w.(-])')
ALLOWED = re.compile(
    r'(www\.)?(varlink\.org|uapi-group\.org|landlock\.io|(docs\.|www\.)?kernel\.org|man7\.org|apache\.org|'
    r'spdx\.org|rfc-editor\.org|json-schema\.org|[\w.-]*example\.(org|com|net)|localhost|127\.0\.0\.1)')
POLICY = 'policy/network-policy.jsonc'


def arguments(text, start):
    depth, end = 1, start
    while end < len(text) and depth:
        depth += {'(': 1, ')': -1}.get(text[end], 0)
        end += 1
    return text[start:end - 1]


def check_calls(path, text):
    code = lint.blank_comments(text)
    macros = dict(re.findall(r'^#define (\w+)[ \t]+((?:\\\n|.)*)', code, re.M))
    # Programs made by tests end soon and exec what the test says.
    in_tests = path.parts[0] == 'tests'
    forbidden, rules = (FORBIDDEN, {}) if in_tests else (FORBIDDEN | LOOSE, CLOEXEC)
    own = set(re.findall(r'^static [^;={\n]*?(\w+)\(', code, re.M))
    for match in re.finditer(r'(?<![\w.>])(\w+)\s*\(', code):
        name, line = match.group(1), code.count('\n', 0, match.start()) + 1
        indented = code[code.rfind('\n', 0, match.start()) + 1:match.start()][:1].isspace()
        if name in own:
            continue
        if name in forbidden:
            lint.report(path, line, f'{name}() is not used here; use {forbidden[name]}')
        elif name in rules and indented:  # not indented: a declaration
            call = arguments(text, match.end())
            call += ' '.join(macros.get(word, '') for word in re.findall(r'\w+', call))
            if not re.search(rules[name], call):
                lint.report(path, line, f'{name}() without {rules[name]}')


def policy_hosts():
    return set(re.findall(r'"(?:https://)?((?:[a-z0-9-]+\.)+[a-z]+)[/"]', lint.read(POLICY)))


def check_text(path, text, named):
    for line, content in enumerate(text.splitlines(), 1):
        if content != content.rstrip():
            lint.report(path, line, 'trailing white space')
        if '\r' in content:
            lint.report(path, line, 'carriage return')
    words = lint.prose(text) if path.suffix in ('.c', '.h') else text
    for match in HOST.finditer(words):
        host = match.group(1) or match.group(2)
        if not ALLOWED.fullmatch(host) and host not in named:
            lint.report(path, words.count('\n', 0, match.start()) + 1,
                        f'"{host}" is not among the hosts this tree points to')
    if text and not text.endswith('\n'):
        lint.report(path, len(text.splitlines()), 'no newline at the end')


def main():
    named = policy_hosts()
    for path in lint.files():
        if path.suffix in BINARY or DATA.match(str(path)):
            continue
        try:
            text = lint.read(path)
        except UnicodeDecodeError:
            lint.report(path, 0, 'not UTF-8')
            continue
        check_text(path, text, named)
        if path.suffix in ('.c', '.h'):
            if text.split('\n', 1)[0] != '/* SPDX-License-Identifier: Apache-2.0 */':
                lint.report(path, 1, 'the first line is the SPDX line')
            check_calls(path, text)
    lint.finish()


main()
