# SPDX-License-Identifier: Apache-2.0
"""Random requests over a Tree: what somebody could type, and the profiles and groups it refers to."""
import json
import os

ACCESS = ['read', 'write', 'allow', 'allow']
BUILT_IN = ['default', 'python-dev', 'node-dev', 'rust-dev', 'claude-code', 'linux-host-compat']
GROUPS = ['python_runtime', 'node_runtime', 'rust_runtime', 'user_tools', 'git_config', 'linux_sysfs_read',
          'user_caches_linux', 'nix_runtime', 'unlink_protection']
REQUIRED = ['deny_credentials', 'deny_shell_configs', 'deny_shell_history']


def is_text(path):
    return not any('\udc80' <= c <= '\udcff' for c in path)


class Request:
    """argv holds the flags, between the verb and the command; cwd is where they are typed."""

    def __init__(self, tree, random):
        self.tree, self.random = tree, random
        self.argv, self.files = [], []
        self.cwd = random.choice(tree.dirs() if random.random() < 0.1 else self.ordinary(tree.dirs()))
        self.groups = []
        # A link may be where nono's own settings should be.
        documents = os.path.isdir(self.config()) or not os.path.lexists(self.config())
        if documents and random.random() < 0.3:
            self.write_groups()
        if random.random() < 0.7:
            self.write_profiles(documents)
        for _ in range(random.choice([0, 1, 1, 2, 2, 3, 5])):
            self.add_grant(self.pick())
        if random.random() < 0.4:
            self.add_grant(random.choice([tree.data, tree.work]))
        if random.random() < 0.3:
            self.argv.append('--allow-cwd')
        if random.random() < 0.1:
            self.argv += ['--workdir', random.choice(tree.dirs())]
        if random.random() < 0.25:
            lifted = self.tempting()
            self.argv += ['--bypass-protection', self.spell(lifted)]
            # Lifting alone is an error.
            self.add_grant(lifted if random.random() < 0.9 else self.pick())
        # Profiles that want some hosts only cannot be had yet.
        self.argv += random.choice([[], ['--net-block'], ['--net-allow'], ['--net-allow']])

    def ordinary(self, paths):
        """Those which no rule of nono's own is about."""
        home = self.tree.home
        return [path for path in paths if not path.startswith(f'{home}/.') and path != home]

    def tempting(self):
        """Mostly something that a rule could deny."""
        denied = [p for p in self.tree.kinds if p.startswith(self.tree.home + '/.')]
        return self.random.choice(denied if denied and self.random.random() < 0.7 else list(self.tree.kinds))

    def pick(self):
        """A path to grant: mostly an ordinary one, else hardly any request would be accepted."""
        tree, r = self.tree, self.random.random()
        if r < 0.05:
            return self.tempting()
        if r < 0.06:
            return self.random.choice(['/usr/share', '/etc/hosts', '/tmp', '/', '/etc', tree.base])
        ordinary = self.ordinary(tree.kinds)
        if r < 0.55:
            # With much below it: most names are leaves, and most answers would be no.
            ordinary = [p for p in tree.dirs() if p in ordinary and p.count('/') <= tree.data.count('/') + 1]
        return self.random.choice(ordinary)

    def pick_denied(self):
        """A path to deny. Not a link to what every session gets (/dev/null, /etc/passwd): run shares that
        among all sessions and goes by the rule's own name there, while wrap goes by both."""
        return next(path for path in iter(self.pick, None)
                    if not os.path.exists(path) or os.path.realpath(path).startswith(self.tree.base + '/'))

    def spell(self, path):
        """path as somebody could type it."""
        path = self.tree.other_name(path, typed=True)
        if self.random.random() < 0.2:
            # From a real directory a lexical way up is a real one.
            path = os.path.relpath(path, self.cwd)
        if path.startswith('-'):
            path = './' + path
        return path

    def add_grant(self, path):
        access = self.random.choice(ACCESS)
        if os.path.isdir(path):
            flag = f'--{access}'
        elif os.path.exists(path):
            flag = f'--{access}-file'
        else:
            return
        spelled = self.spell(path)
        self.argv += [f'{flag}={spelled}'] if self.random.random() < 0.2 else [flag, spelled]

    def in_document(self, path):
        """path as a document could name it."""
        tree = self.tree
        if not is_text(path):
            return None
        if not path.startswith(tree.home + '/'):
            return path.replace('$', '$$')
        prefix = self.random.choice([tree.home, '~', '$HOME', '${HOME}'])
        return prefix + path[len(tree.home):].replace('$', '$$')

    def paths(self, most, pick):
        found = [self.in_document(self.tree.other_name(pick(), typed=True)) for _ in range(self.random.randint(0, most))]
        return [path for path in found if path]

    def save(self, path, document):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(document, file)
        os.chmod(path, 0o600)
        self.files.append(path)

    def config(self):
        return f'{self.tree.home}/.config/nono'

    def write_groups(self):
        groups = {}
        for i in range(self.random.randint(1, 3)):
            name = f'own_group_{i}'
            self.groups.append(name)
            group = {'description': 'of a test', 'allow': {}, 'deny': {}}
            for key in 'read', 'write', 'readwrite':
                group['allow'][key] = self.paths(1, self.pick)
            group['deny']['access'] = self.paths(1, self.pick_denied)
            groups[name] = group
        self.save(f'{self.config()}/policy.d/own.json', {'groups': groups})

    def profile(self, bases):
        random = self.random
        filesystem = {}
        for key in 'allow', 'read', 'write', 'allow_file', 'read_file', 'write_file':
            if random.random() < 0.3:
                wanted = os.path.isfile if key.endswith('file') else os.path.isdir
                filesystem[key] = self.paths(2, lambda: next(
                    p for p in iter(self.pick, None) if wanted(p)))
        if random.random() < 0.2:
            filesystem['deny'] = self.paths(2, self.pick_denied)
        if random.random() < 0.1:
            filesystem['bypass_protection'] = self.paths(1, self.tempting)
        document = {'filesystem': filesystem}
        if random.random() < 0.5:
            document['groups'] = {'include': random.sample(GROUPS + self.groups * 3, random.randint(0, 2))}
            if random.random() < 0.1:
                document['groups']['exclude'] = [random.choice(GROUPS + self.groups + REQUIRED[:1])]
        if random.random() < 0.3:
            document['workdir'] = {'access': random.choice(['none', 'read', 'write', 'readwrite'])}
        if bases and random.random() < 0.6:
            names = random.sample(bases, random.randint(1, min(2, len(bases))))
            document['extends'] = names if len(names) > 1 or random.random() < 0.5 else names[0]
        return document

    def write_profiles(self, in_config):
        random = self.random
        bases = list(BUILT_IN[:1])
        folder = f'{self.config()}/profiles' if in_config and random.random() < 0.5 else f'{self.tree.base}/policies'
        for i in range(random.randint(1, 3)):
            name = f'own-{i}'
            self.save(f'{folder}/{name}.json', self.profile(bases))
            bases.append(name)
        last = bases[-1] if folder.startswith(self.config()) else f'{folder}/{bases[-1]}.json'
        self.argv += ['--profile', last if random.random() < 0.9 else random.choice(BUILT_IN)]
