#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nono doctor: what there is, what is missing, and the first cause of it. Once per user."""
import json
import os
import socket

import harness
from faults import LANDLOCK_CREATE_RULESET, SECCOMP, without_syscall

PIDFD_OPEN = 434
# As long as nono has neither a keyring nor prompts, these only inform.
DESKTOP = {'session-bus', 'keyring', 'notifications'}


class Doctor(harness.TestCase):
    def doctor(self, *argv, status=0, **options):
        """The features as {name: row} of --json; the text must say the same."""
        text = self.world.nono('doctor', *argv, **options)
        result = self.world.nono('doctor', '--json', *argv, **options)
        self.assert_status(status, result)
        self.assert_status(status, text)
        self.assertEqual('', result.err + text.err)
        report = json.loads(result.out)
        self.assertEqual(status == 0, report['usable'])
        features = {row['name']: row for row in report['features']}
        self.assertEqual(len(features), len(report['features']))
        for name, row in features.items():
            word = {True: 'yes', False: 'NO', None: '?'}[row['available']]
            self.assertRegex(text.out, rf'(?m)^  {word.replace("?", "[?]")} +{name} ')
            for member in ('cause', 'lost', 'remedy'):
                self.assertEqual(row['available'] is not True, bool(row.get(member)), row)
            self.assertIn(row.get('cause', ''), text.out)
        return features

    def assert_missing(self, features, name, *words):
        self.assertIs(features[name]['available'], False, features[name])
        for word in words:
            self.assertIn(word, features[name]['cause'])

    def test_here(self):
        features = self.doctor()
        for name in ('landlock', 'seccomp-filter', 'seccomp-notify', 'sandbox', 'pidfd',
                     'guarded-directories', 'programs', 'runtime-directory'):
            self.assertIs(features[name]['available'], True, features[name])
        self.assertLessEqual(DESKTOP, set(features))
        status = json.loads(self.world.nono('status', '--json').out)
        for gate in status['gates']:
            self.assertEqual(gate['active'], features[gate['name']]['available'])

    def test_layout(self):
        text = self.world.nono('doctor', '--json').out
        self.assertIn('\n  "usable": true,\n', text)
        self.assertEqual([], self.world.daemons(), 'looking started a supervisor')

    def test_without_landlock(self):
        lacking = without_syscall(LANDLOCK_CREATE_RULESET)
        features = self.doctor(status=1, preexec_fn=lacking)
        for name, row in features.items():
            if name.startswith('landlock'):  # one first cause, not ten
                self.assert_missing(features, name, 'Landlock not available', 'too old')
        self.assert_missing(features, 'sandbox', 'Landlock')
        self.assertIsNone(features['guarded-directories']['available'])
        text = self.world.nono('doctor', preexec_fn=lacking)
        self.assertIn('\nNothing can be enforced here: Landlock not available', text.out)

    def test_without_seccomp(self):
        features = self.doctor(status=1, preexec_fn=without_syscall(SECCOMP))
        self.assert_missing(features, 'seccomp-filter')
        self.assertIs(features['landlock']['available'], True)

    def test_without_pidfd(self):
        features = self.doctor(preexec_fn=without_syscall(PIDFD_OPEN))
        self.assert_missing(features, 'pidfd', 'pidfd_open()')

    def test_runtime_directory(self):
        w = self.world
        os.chmod(w.runtime, 0o755)
        self.assert_missing(self.doctor(), 'runtime-directory', 'open to others', '755')
        os.chmod(w.runtime, 0o700)
        for value, word in (('', 'not set'), ('relative', 'not absolute'),
                            (str(w.secret), 'not a directory'),
                            (str(w.root / 'missing'), 'No such file')):
            features = self.doctor(env={'XDG_RUNTIME_DIR': value})
            self.assert_missing(features, 'runtime-directory', word)
        hostile = {'XDG_RUNTIME_DIR': str(w.root / '\x1b[31m')}
        for argv in ('doctor',), ('doctor', '--json'):
            self.assertNotIn('\x1b', w.nono(*argv, env=hostile).out)

    def test_foreign_runtime_directory(self):
        self.need_root('to give a directory away')
        w = self.world
        os.chown(w.runtime, 4711, 4711)
        if w.user == 'self':  # root may look anyway
            self.assert_missing(self.doctor(), 'runtime-directory', '4711')
        os.chown(w.runtime, w.uid, w.gid)

    def test_user_namespaces(self):
        script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
        result = self.world.run('unshare', '-Ur', 'sh', '-c', script, 'sh', self.world.nono_path,
                                'doctor', '--json')
        if 'unshare' in result.err:
            self.skipTest(result.err.strip())
        features = {row['name']: row for row in json.loads(result.out)['features']}
        self.assert_missing(features, 'user-namespaces', 'max_user_namespaces is 0')
        self.assertIn('sysctl', features['user-namespaces']['remedy'])

    def test_bus_that_is_not_there(self):
        w = self.world
        features = self.doctor()
        self.assert_missing(features, 'session-bus', str(w.runtime / 'bus'), 'No such file')
        for name in ('keyring', 'notifications'):  # the first cause, not what follows from it
            self.assert_missing(features, name, 'no session bus', 'No such file')
        address = f'unix:path={w.runtime}/other,guid=1;unix:path=/nowhere'
        features = self.doctor(env={'DBUS_SESSION_BUS_ADDRESS': address})
        self.assert_missing(features, 'session-bus', str(w.runtime / 'other'))
        features = self.doctor(env={'DBUS_SESSION_BUS_ADDRESS': 'tcp:host=x'})
        self.assertIsNone(features['session-bus']['available'])

    def test_bus_that_is_silent(self):
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(self.world.runtime / 'bus'))
            self.world.own(self.world.runtime / 'bus')
            silent.listen()
            features = self.doctor()
        (self.world.runtime / 'bus').unlink()
        for name in 'session-bus', 'keyring', 'notifications':
            self.assert_missing(features, name, 'nobody answers')

    def test_bus_without_services(self):
        self.need('dbus-run-session', 'busctl')
        services = self.world.directory('services')
        config = self.world.file('bus.conf', f'''<busconfig><type>session</type>
            <listen>unix:dir={self.world.temporary}</listen><servicedir>{services}</servicedir>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/><allow own="*"/></policy>
            </busconfig>''')
        ask = ('dbus-run-session', '--config-file', config, '--', self.world.nono_path, 'doctor',
               '--json')
        result = self.world.run(*ask)
        self.assert_status(0, result)
        features = {row['name']: row for row in json.loads(result.out)['features']}
        self.assertIs(features['session-bus']['available'], True)
        self.assert_missing(features, 'keyring', 'org.freedesktop.secrets')
        self.assert_missing(features, 'notifications', 'org.freedesktop.Notifications')
        # One that the bus would start counts, and is not started to find out.
        self.world.file('services/x.service', '[D-BUS Service]\nName=org.freedesktop.secrets\n'
                        f'Exec=/bin/touch {self.world.project}/started\n')
        result = self.world.run(*ask)
        features = {row['name']: row for row in json.loads(result.out)['features']}
        self.assertEqual('starts on first use', features['keyring'].get('detail'))
        self.assertFalse((self.world.project / 'started').exists())

    def test_programs_missing(self):
        (self.world.root / 'libexec/nono/nono-session').unlink()
        self.assert_missing(self.doctor(), 'programs', 'nono-session')


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Doctor))
