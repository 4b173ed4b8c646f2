#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and which folder may use which library (docs/ARCHITECTURE.md, Layers)."""
import re

import lint

PUBLIC = r'nono(-\w+)?\.h'
# First match wins: folder, project headers, libraries.
LAYERS = [
    (r'libcore/base/', r'libcore/base/|nono-error\.h', ''),
    (r'libcore/filter[^/]*\.[ch]$', r'libcore/|' + PUBLIC, 'seccomp'),
    (r'libcore/', r'libcore/|' + PUBLIC, 'openssl'),
    (r'proto/', r'proto/|libcore/base/|nono-error\.h', 'json-c'),
    (r'policy/', r'policy/|libcore/|' + PUBLIC, ''),
    (r'client/', r'client/|proto/|policy/|libcore/base/|' + PUBLIC, ''),
    (r'daemon/loop\.[ch]$', r'daemon/|libcore/base/|' + PUBLIC, 'libevent'),
    (r'daemon/keyring/', r'daemon/|proto/|policy/|libcore/|' + PUBLIC, 'libsecret json-c'),
    (r'daemon/', r'daemon/|proto/|policy/|libcore/|' + PUBLIC, 'libsystemd openssl json-c seccomp'),
    (r'tests/consumer/', r'(?!)', 'libnono'),  # as a stranger: what is installed and libc
    (r'tests/', r'', 'cmocka libevent libsystemd openssl json-c seccomp'),
]
LIBRARIES = [
    ('json-c', r'json-c/'), ('libevent', r'event2/'), ('libsystemd', r'systemd/'),
    ('openssl', r'openssl/'), ('seccomp', r'seccomp\.h'), ('libsecret', r'libsecret/'),
    ('cmocka', r'cmocka\.h'), ('libnono', PUBLIC),
]
LIBC = re.compile(
    r'(sys|linux|asm|net|netinet|arpa)/|(assert|ctype|dirent|dlfcn|endian|errno|fcntl|fnmatch|ftw|getopt|'
    r'grp|inttypes|libgen|limits|link|locale|malloc|math|mntent|netdb|poll|pthread|pty|pwd|regex|sched|search|'
    r'semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|'
    r'stdnoreturn|string|strings|syslog|termios|threads|time|ucontext|unistd|utime|wchar|wordexp|'
    r'elf|mqueue|sanitizer/\w+)\.h')


def wire_half():
    """Sources of proto that the client links: libc only."""
    match = re.search(r'wire_sources = files\((.*?)\)', lint.read('proto/meson.build'), re.S)
    stems = {name.rsplit('.', 1)[0] for name in re.findall(r"'([^']+)'", match.group(1))}
    return re.compile('proto/(' + '|'.join(map(re.escape, sorted(stems))) + r')\.[ch]$')


def library_of(header):
    for name, pattern in LIBRARIES:
        if re.match(pattern, header):
            return name
    return None if LIBC.match(header) else f'unknown library of <{header}>'


def main():
    layers = [(wire_half(), re.compile(r'proto/|libcore/base/|nono-error\.h'), '')]
    layers += [(re.compile(f), re.compile(h), libs) for f, h, libs in LAYERS]
    for path in lint.files('.c', '.h'):
        layer = next(((h, libs) for f, h, libs in layers if f.match(str(path))), None)
        if layer is None:
            lint.report(path, 1, 'belongs to no layer')
            continue
        headers, libraries = layer
        text = lint.read(path)
        own = path.with_suffix('.h')
        includes = [(text.count('\n', 0, m.start()) + 1, *m.groups())
                    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)', text, re.M)]
        for line, quote, name in includes:
            # The one exception: nono-local applies a sandbox in place, as any user of libnono does.
            if quote == '"' and not headers.match(name):
                lint.report(path, line, f'this layer may not include "{name}"')
            elif quote == '"' and str(path).startswith('client/') and name == 'nono.h' \
                    and not str(path).startswith('client/local/'):
                lint.report(path, line, 'only client/local/ uses libnono')
            elif quote == '<':
                library = library_of(name)
                if library and library not in libraries.split():
                    lint.report(path, line, f'this layer may not use {library}')
        if path.suffix == '.c' and (lint.ROOT / own).exists():
            first = next((name for _, quote, name in includes if quote == '"'), None)
            if includes and (includes[0][1] != '"' or first not in (str(own), own.name)):
                lint.report(path, includes[0][0], f'include "{own}" first')
    lint.finish()


main()
