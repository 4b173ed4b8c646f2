# SPDX-License-Identifier: Apache-2.0
"""Random trees to grant parts of: a home with what people have in one, and two folders elsewhere.

Names are str with surrogates for bytes that are no text, as everywhere in Python. Everything
belongs to whoever runs this and has mode 0700, so that only the sandbox can say no.
"""
import os
import shutil

# Whole names next to names that begin with them, and what a careless reader takes for something else.
NAMES = ['a', 'b', 'ab', 'a.b', 'src', 'src2', 'lib', '.hidden', 'node_modules', 'x' * 180,
         'with space', 'new\nline', '*', 'q?[x]', '$HOME', '${HOME}', '$WORKDIR', '~', '~root', '-dash',
         '--read', '%41', 'per%cent', 'ünïcode', 'back\\slash', 'quote"\'', 'dots...', '...', 'tab\t', '#',
         '{', '\udcff\udcfe', 'caf\udce9', 'ctl\x01', 'nono', '.ssh', 'id_rsa', 'null', 'true']

# Below home: what is never granted, what is denied until somebody lifts it, and what is harmless.
HOME = ['.ssh/config', '.ssh/id_rsa', '.ssh/known_hosts', '.ssh/keys/inner', '.aws/credentials',
        '.aws/cli/cache/one', '.netrc', '.bashrc', '.bash_history', '.zshrc', '.profile', '.npmrc',
        '.gnupg/private', '.kube/config', '.docker/config.json', '.config/op/secret',
        '.config/app/settings', '.config/gcloud/token', '.config/systemd/user/x.service',
        '.config/autostart/x.desktop', '.config/fish/config.fish', '.config/git/config', '.gitconfig',
        '.local/bin/tool', '.local/share/keyrings/login', '.local/share/app/data', '.local/state/app/log',
        '.cache/pip/wheel', '.cache/app/one', '.npm/cache', '.cargo/bin/tool', '.env', '.envrc',
        '.mozilla/firefox/profile', 'project/main.c', 'project/.env', 'project/sub/deep/file', 'notes']
# People keep these somewhere else.
MOVED = ['.config', '.local', '.ssh', '.aws', '.cache', '.netrc', '.bashrc', '.config/app', '.config/op']
EVERYWHERE = ['/etc/passwd', '/usr', '/', '/etc', '/dev/null']


def write(path, content, mode=0o700):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.write(descriptor, content)
    os.close(descriptor)


class Tree:
    """What is below base: kinds maps every path to 'd', 'f' or 'l'."""

    def __init__(self, base, random, program):
        self.base, self.random = base, random
        self.home, self.data, self.work = (f'{base}/{name}' for name in ('home', 'data', 'work'))
        self.kinds = {}
        for top in (self.home, self.data, self.work):
            self.clear(top)
            self.kinds[top] = 'd'
        for name in HOME:
            if random.random() < 0.55:
                self.add_file(f'{self.home}/{name}')
        for top, dirs, files in (self.data, random.randint(3, 7), 7), (self.work, 3, 4), (self.home, 2, 1):
            self.grow(top, dirs, files)
        self.move_away()
        for _ in range(random.randint(5, 11)):
            self.add_link()
        self.program = self.free_name(self.data)
        shutil.copy2(program, self.program)
        os.chmod(self.program, 0o700)
        self.kinds[self.program] = 'f'

    @staticmethod
    def clear(top):
        if os.path.isdir(top):
            shutil.rmtree(top)
        os.mkdir(top, 0o700)

    def add_dir(self, path):
        if path not in self.kinds:
            self.add_dir(os.path.dirname(path))
            os.mkdir(path, 0o700)
            self.kinds[path] = 'd'

    def add_file(self, path):
        self.add_dir(os.path.dirname(path))
        # No program: executing it is ENOEXEC, which nobody says before access was checked.
        write(path, b'x')
        self.kinds[path] = 'f'

    def free_name(self, folder):
        while True:
            path = f'{folder}/{self.random.choice(NAMES)}'
            if not os.path.lexists(path):
                return path

    def grow(self, top, dirs, files):
        folders = [top]
        for _ in range(dirs):
            folders.append(self.free_name(self.random.choice(folders)))
            self.add_dir(folders[-1])
        for _ in range(files):
            self.add_file(self.free_name(self.random.choice(folders)))

    def move_away(self):
        """Sometimes a directory of home is a link to where it really is."""
        for name in MOVED:
            path = f'{self.home}/{name}'
            if self.kinds.get(path, 'l') == 'l' or self.random.random() > 0.08:
                continue
            target = self.free_name(self.random.choice([self.data, self.work, f'{self.home}']))
            os.rename(path, target)
            for old in [k for k in self.kinds if k == path or k.startswith(path + '/')]:
                self.kinds[target + old[len(path):]] = self.kinds.pop(old)
            self.make_link(path, target)

    def make_link(self, path, target):
        if self.random.random() < 0.5 and target.startswith('/'):
            target = os.path.relpath(target, os.path.realpath(os.path.dirname(path)))
        os.symlink(target, path)
        self.kinds[path] = 'l'

    def add_link(self):
        r = self.random.random()
        folder = self.random.choice(self.dirs())
        path = self.free_name(folder)
        if r < 0.6:
            self.make_link(path, self.random.choice(list(self.kinds)))
        elif r < 0.68:
            self.make_link(path, self.random.choice(EVERYWHERE))
        elif r < 0.72:
            self.make_link(path, os.path.basename(path))  # to itself
        else:
            # Nowhere yet; absolute, so that the probe can take away what it makes through it.
            os.symlink(self.free_name(self.random.choice(self.dirs())), path)
            self.kinds[path] = 'l'

    def dirs(self):
        return [path for path, kind in self.kinds.items() if kind == 'd']

    def other_name(self, path, typed=False):
        """path, or another name of the same thing: through a link to a directory, or with dots. typed is
        for what nono takes apart by itself: it goes up by name, and the kernel where a link led."""
        r = self.random.random()
        if r < 0.5:
            return path
        folder, name = os.path.split(path)
        if r < 0.57 and not typed:
            # Up from where a link leads is not where the link is.
            beside = [link for link, kind in self.kinds.items() if kind == 'l' and os.path.isdir(link) and
                      os.path.dirname(os.path.realpath(link)) == folder]
            return f'{self.random.choice(beside)}/../{name}' if beside else path
        if r < 0.65:
            return self.random.choice([f'{folder}/./{name}', f'{folder}//{name}', f'{folder}/../' +
                                       f'{os.path.basename(folder)}/{name}'])
        aliases = [link for link, kind in self.kinds.items() if kind == 'l' and os.path.isdir(link) and
                   path.startswith(os.path.realpath(link) + '/')]
        if not aliases:
            return path
        alias = self.random.choice(aliases)
        return alias + path[len(os.path.realpath(alias)):]
