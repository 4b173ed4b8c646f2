#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The completions, in the shells they are for: what Tab offers behind a command line."""
import os
import pty
import re
import select
import time

import harness

BASH = '''
source <(nono completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_nono
printf '%s\\n' "${COMPREPLY[@]}"
'''


class Completion(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.world.env['PATH'] = f'{self.world.root}/bin:{harness.PATH}'
        self.world.directory('project/source')
        self.world.file('project/source.txt')
        self.world.file('project/my profile.json', '{}')

    def check(self, offered):
        """offered(words) is what the shell under test offers for the last word."""
        self.assertLessEqual({'run', 'why', 'profile', 'doctor', 'completion'}, offered('nono', ''))
        self.assertEqual({'completion'}, offered('nono', 'comp'))
        self.assertLessEqual({'list', 'show', 'validate'}, offered('nono', 'profile', ''))
        self.assertEqual({'validate'}, offered('nono', 'profile', 'val'))
        self.assertLessEqual({'--allow', '--allow-cwd', '--allow-file'},
                             offered('nono', 'run', '--allow'))
        self.assertNotIn('--path', offered('nono', 'run', '--'))
        self.assertIn('--path', offered('nono', 'why', '--'))
        self.assertEqual({'--exit-code'}, offered('nono', 'why', '--path', 'x', '--exi'))
        self.assertEqual({'read', 'readwrite'}, offered('nono', 'why', '--op', 'read'))
        self.assertEqual({'bash', 'zsh', 'fish'}, offered('nono', 'completion', ''))
        self.assertEqual({'--raw'}, offered('nono', 'profile', 'show', '--ra'))
        # What this version lacks is not offered, nor are spellings of the past.
        self.assertEqual(set(), offered('nono', 'run', '--roll'))
        self.assertEqual(set(), offered('nono', 'run', '--override-d'))

    def check_paths(self, offered):
        self.assertEqual({'source'}, {p.rstrip('/') for p in offered('nono', 'run', '--read', 'sou')})
        self.assertEqual({'source', 'source.txt'},
                         {p.rstrip('/') for p in offered('nono', 'why', '--path', 'sou')})

    def check_names(self, offered):
        """Names come from listings; one that the shell would run is not among them."""
        for folder in '.config', '.config/nono', '.config/nono/profiles':
            (self.world.home / folder).mkdir(exist_ok=True)
            self.world.own(self.world.home / folder)
        for name in 'my-tool', '$(touch run)', 'x;touch run', '-p':
            self.world.file(f'home/.config/nono/profiles/{name}.json', '{}')
        self.assertEqual({'my-tool'}, offered('nono', 'run', '--profile', 'my-t'))
        everything = offered('nono', 'profile', 'show', '')
        self.assertLessEqual({'my-tool', 'python-dev', 'default'}, everything)
        self.assertFalse([word for word in everything if 'touch' in word], everything)
        self.assertEqual({'python_runtime'}, offered('nono', 'profile', 'groups', 'python'))
        self.assertFalse((self.world.project / 'run').exists())

    def check_commands(self, offered):
        """Behind the options stands a command of the system, with its own arguments."""
        self.assertIn('printenv', offered('nono', 'run', '--allow-cwd', '--', 'printe'))
        self.assertIn('printenv', offered('nono', 'wrap', '--read', '/usr', 'printe'))
        self.assertEqual({'source', 'source.txt'},
                         {p.rstrip('/') for p in offered('nono', 'run', '--', 'cat', 'sou')})

    def test_bash(self):
        self.need('bash')

        def offered(*words):
            result = self.world.run('bash', '--norc', '-c', BASH, 'bash', *words)
            self.assert_status(0, result)
            self.assertEqual('', result.err)
            return set(result.out.split('\n')) - {''}
        self.check(offered)
        self.check_paths(offered)
        self.check_names(offered)
        self.check_commands(offered)
        # Readline breaks words at '='.
        self.assertEqual({'readwrite', 'read'}, offered('nono', 'why', '--op', '=', 'read'))
        self.assertEqual({'source', 'source.txt', 'my profile.json'},
                         offered('nono', 'why', '--path', '='))

    def test_fish(self):
        self.need('fish')

        def offered(*words):
            line = ' '.join(words)
            result = self.world.run('fish', '--no-config', '-c',
                                    f'nono completion fish | source; complete -C "{line}"')
            self.assert_status(0, result)
            self.assertEqual('', result.err)
            found = {row.split('\t')[0] for row in result.out.split('\n')} - {''}
            return {word for word in found if word.startswith(words[-1])}
        self.check(offered)
        self.check_paths(offered)
        self.check_names(offered)
        self.check_commands(offered)

    def test_zsh(self):
        self.need('zsh')
        zsh = Zsh(self.world)
        self.addCleanup(zsh.close)
        self.check(zsh.offered)
        self.check_paths(zsh.offered)
        self.check_names(zsh.offered)
        self.check_commands(zsh.offered)


class Zsh:
    """Completion only lives in zsh's line editor, so it gets a terminal and a widget that prints
    what it would show."""
    SETUP = r'''
PS1= PS2= RPS1=; unsetopt prompt_cr prompt_sp zle_bracketed_paste 2>/dev/null
stty -echo; autoload -U compinit; compinit -u -D
source <(nono completion zsh)
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A found "$@"
  local item; for item in $found; do print -r -- "<$item>" >>$REPORT; done
  builtin compadd "$@"
}
list() { : >$REPORT; zle complete-word; print -r -- "<<end>>" >>$REPORT; BUFFER= }
zle -C complete-word complete-word _main_complete
zle -N list; bindkey '^I' list
print ready
'''

    def __init__(self, world):
        self.report = world.file('tmp/report')
        script = world.file('setup.zsh', self.SETUP)
        self.master, slave = pty.openpty()
        self.process = world.start('zsh', '-f', '-i', stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True,
                                   env={'REPORT': str(self.report), 'TERM': 'dumb'})
        os.close(slave)
        self.send(f'source {script}\n')
        self.wait_for('ready')

    def send(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, word):
        seen, end = '', time.monotonic() + 20
        while not re.search(rf'^{word}', seen, re.M):
            if time.monotonic() > end:
                raise AssertionError(f'zsh said {seen!r}')
            if select.select([self.master], [], [], 0.1)[0]:
                seen += os.read(self.master, 4096).decode(errors='replace')

    def offered(self, *words):
        self.report.write_text('')
        self.send(' '.join(words) + '\t')
        if not harness.wait_until(lambda: '<<end>>' in self.report.read_text(), 20):
            raise AssertionError(f'zsh did not answer for {words}')
        return set(re.findall(r'^<(?!<)(.*)>$', self.report.read_text(), re.M))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        self.report.unlink(missing_ok=True)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Completion))
