# SPDX-License-Identifier: Apache-2.0
"""What is asked about one request: of the code that decides, and of the kernel through probe.c.

A question is (kind, path) or ('m', path, new path). kind is the probe's letter, OPERATIONS says which
of why's operations it is. What never changes a later answer comes first, then deletes or moves.
"""
import errno
import os

OPERATIONS = {'r': 'read', 'l': 'read', 'w': 'write', 'a': 'write', 't': 'write', 'b': 'readwrite',
              'x': 'execute', 'c': 'create', 'o': 'create', 'k': 'create', 's': 'create', 'p': 'create',
              'd': 'delete'}
# A directory that is not empty, or busy, is one whose removal was allowed.
YES = {0: True, errno.ENOEXEC: True, errno.ENOTEMPTY: True, errno.EACCES: False}
STUCK = 255
# Outside the tree. Readable by everybody, so that only the sandbox can refuse.
SYSTEM = [('r', '/etc/passwd'), ('r', '/usr/bin/env'), ('l', '/usr/bin'), ('l', '/'), ('l', '/etc'),
          ('b', '/dev/null'), ('r', '/dev/zero'), ('l', '/tmp'), ('l', '/var'), ('r', '/proc/self/status'),
          ('x', '/bin/true'), ('l', '/sys'), ('c', '/tmp/nono-x/y')]


def of_tree(tree, random):
    """Everything about every entry, under its name and sometimes another."""
    asked = []
    for path, kind in tree.kinds.items():
        for name in sorted({path, tree.other_name(path), tree.other_name(path), tree.other_name(path)}):
            if kind == 'f':
                asked += [(k, name) for k in 'rwabtx']
            elif kind == 'd':
                asked += [('l', name)] + [(random.choice('ckkspc'), tree.free_name(path)) for _ in 'ab']
                asked.append((random.choice('ck'), f'{name}/{random.choice(["new", "new/er", "n/e/w"])}'))
            else:
                asked += about_link(name)
    asked += SYSTEM
    random.shuffle(asked)
    return asked


def about_link(name):
    if not os.path.exists(name):
        target = os.readlink(name)
        nowhere = target.startswith('/') and not os.path.lexists(target)
        return [('o', name)] if nowhere and os.path.isdir(os.path.dirname(target)) else []
    target = os.path.realpath(name)
    if target.startswith(('/etc', '/usr', '/dev')) or target == '/':
        return [('l' if os.path.isdir(target) else 'r', name)]
    if os.path.isdir(target):
        return [('l', name), ('c', f'{name}/through'), ('k', f'{name}/through')]
    return [(k, name) for k in 'rwabtx']


def deletes(tree, random):
    """Each entry once, links as such, what is inside first."""
    paths = sorted(tree.kinds, key=lambda p: -p.count('/'))
    return [('d', p) for p in paths if p not in (tree.home, tree.data, tree.work)]


def moves(tree, random):
    """Files and links to fresh names, each once; directories would take others with them."""
    asked, new = [], set()
    for path, kind in tree.kinds.items():
        if kind != 'd' and path != tree.program:
            folder = os.path.dirname(path) if random.random() < 0.4 else random.choice(tree.dirs())
            target = f'{folder}/moved{len(new)}'
            new.add(target)
            asked.append(('m', path, target))
    leaves = [d for d in tree.dirs() if not any(k.startswith(d + '/') for k in tree.kinds)]
    for i, path in enumerate(random.sample(leaves, min(3, len(leaves)))):
        others = [d for d in tree.dirs() if d not in leaves]
        if others and path not in (tree.home, tree.data, tree.work):
            asked.append(('m', path, f'{random.choice(others)}/moved-dir{i}'))
    return asked


def encode(questions):
    return b''.join(q[0].encode() + b''.join(os.fsencode(part) + b'\0' for part in q[1:])
                    for q in questions)


def expand(question):
    """The (operations, path) that have to be known to predict what the kernel does."""
    if question[0] != 'm':
        return [(OPERATIONS[question[0]], question[1])]
    old, new = question[1:]
    # By place: a link moves as itself.
    places = [(op, path) for op in ('read-place', 'write-place', 'execute-place') for path in (old, new)]
    return [('delete', old), ('create', new)] + places


def predict(question, known):
    """Allowed, from what is known about expand(question)."""
    if question[0] != 'm':
        return known[0]
    # Leaving a directory takes the right to move things on; and nothing may gain rights by it.
    delete, create, *rights = known
    same = os.path.dirname(question[1]) == os.path.dirname(question[2])
    gains = any(new and not old for old, new in zip(rights[::2], rights[1::2]))
    return delete and create and (same or not gains)


def observed(question, number):
    """What the kernel said: True, False, or None when it was not the sandbox that decided."""
    if question[0] == 'm' and number == errno.EXDEV:
        return False
    return YES.get(number)
