#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nonod decides by: documents that a varlink client sends, the administrator's directory, names
that lead elsewhere. Once per user."""
import json
import os
import pathlib
import socket
import subprocess
import time

import harness


class CallError(Exception):
    def __init__(self, reply):
        super().__init__(reply['error'], reply.get('parameters'))
        self.name, self.parameters = reply['error'], reply.get('parameters', {})


class Base(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.policy_dir = self.world.root / 'etc-nono'
        self.policy_dir.mkdir()
        self.nonod = self.world.start(self.world.root / 'bin/nonod',
                                      f'--policy-dir={self.policy_dir}', stderr=subprocess.DEVNULL)
        self.addCleanup(self.nonod.wait)
        self.addCleanup(self.nonod.terminate)
        self.socket = self.world.runtime / 'nono/io.nono.Manager'
        self.assertTrue(harness.wait_until(self.is_listening))

    def is_listening(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self.socket)) == 0

    def call(self, method, **parameters):
        with socket.socket(socket.AF_UNIX) as s:
            if self.world.uid != os.geteuid():
                return self.call_as_user(method, parameters)
            s.connect(str(self.socket))
            s.sendall(json.dumps({'method': f'io.nono.Session.{method}',
                                  'parameters': parameters}).encode() + b'\0')
            text = b''
            while not text.endswith(b'\0'):
                more = s.recv(65536)
                self.assertTrue(more, 'nonod hung up')
                text += more
        return self.unpack(text[:-1])

    def call_as_user(self, method, parameters):
        """nonod serves its own user only, so another process asks."""
        script = ('import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n'
                  's.sendall(sys.stdin.buffer.read() + bytes(1)); t = b""\n'
                  'while not t.endswith(bytes(1)): t += s.recv(65536) or sys.exit("hung up")\n'
                  'sys.stdout.buffer.write(t[:-1])')
        request = json.dumps({'method': f'io.nono.Session.{method}', 'parameters': parameters})
        result = self.world.run('/usr/bin/python3', '-c', script, self.socket, input=request)
        self.assert_status(0, result)
        return self.unpack(result.out)

    def unpack(self, text):
        reply = json.loads(text)
        if 'error' in reply:
            raise CallError(reply)
        return reply.get('parameters', {})

    def plan(self, **context):
        return self.call('Plan', context=context)['policy']

    def error(self, name, **context):
        with self.assertRaises(CallError) as caught:
            self.call('Plan', context=context)
        self.assertEqual(f'io.nono.Session.{name}', caught.exception.name, caught.exception)
        return caught.exception.parameters

    def profile(self, name, content, **more):
        text = content if isinstance(content, str) else json.dumps(content)
        return {'kind': 'profile', 'origin': 'user', 'name': name,
                'file': f'{self.world.home}/.config/nono/profiles/{name}.json', 'text': text} | more

    def paths(self, policy, source=None):
        return {g['path']: g['access'] for g in policy['grants']
                if source in (None, g['source'])}


class Documents(Base):
    def test_profile(self):
        policy = self.plan(profile='mine', documents=[self.profile('mine', {
            'meta': {'name': 'mine'}, 'filesystem': {'read': ['/srv/data'], 'allow': ['~/work']},
            'environment': {'deny_vars': ['DENIED_*'], 'set_vars': {'NAME': 'secret value'}}})])
        self.assertEqual('mine', policy['profile'])
        self.assertEqual({'/srv/data': 'read', f'{self.world.home}/work': 'readWrite'},
                         self.paths(policy, 'profile'))
        self.assertIn('/usr', self.paths(policy))
        self.assertEqual(['DENIED_*'], policy['environment']['deny'])
        self.assertEqual(['NAME'], policy['environment']['set'])
        self.assertNotIn('secret value', json.dumps(policy))

    def test_tmpdir_in_a_profile(self):
        directory = self.world.directory('home/.config/nono/profiles')
        profile = self.world.file('home/.config/nono/profiles/t.json', json.dumps({
            'meta': {'name': 't'}, 'filesystem': {'allow': ['$TMPDIR/cache', '$TMPDIR']},
            'environment': {'set_vars': {'CACHE': '$TMPDIR/cache'}}}))
        for path in directory, *directory.parents[:2]:
            self.world.own(path)
        result = self.world.nono('run', '-s', '--profile', profile, '--', 'sh', '-c',
                                 'test $CACHE = $TMPDIR/cache && mkdir $CACHE && echo made; ls /tmp')
        self.assertEqual('made\n', result.out, result)

    def test_group(self):
        group = {'kind': 'groups', 'origin': 'user', 'file': '/x/mine.json', 'text': json.dumps(
            {'groups': {'my_tool': {'description': 'mine', 'allow': {'read': ['/opt/tool']}}}})}
        policy = self.plan(profile='p', documents=[group, self.profile('p', {
            'meta': {'name': 'p'}, 'groups': {'include': ['my_tool']}})])
        self.assertEqual({'/opt/tool': 'read'}, self.paths(policy, 'group:my_tool'))

    def test_needed(self):
        mine = self.profile('mine', {'meta': {'name': 'mine'}, 'extends': ['base-of-mine']})
        needed = self.error('DocumentsNeeded', profile='mine', documents=[mine])
        self.assertEqual([{'name': 'base-of-mine', 'referredToBy': mine['file']}],
                         needed['documents'])
        base = self.profile('base-of-mine', {'meta': {'name': 'b'},
                                             'filesystem': {'read': ['/from/base']}})
        policy = self.plan(profile='mine', documents=[mine, base])
        self.assertEqual({'/from/base': 'read'}, self.paths(policy, 'profile'))
        # The user has none of that name.
        refused = self.error('Refused', profile='mine', documents=[
            mine, self.profile('base-of-mine', '', file=mine['file'])])
        self.assertIn('base-of-mine', refused['message'])

    def test_bad_documents(self):
        for text, word in (('{"meta": {"name": "x"}, "filesytem": {}}', 'filesystem'),
                           ('{', ':1:'), ('[]', ''), ('{"meta": 1}', 'meta'),
                           ('{"a": {}, "a": {}}', ''), ('{"x":' * 100 + '1' + '}' * 100, '')):
            refused = self.error('Refused', profile='x', documents=[self.profile('x', text)])
            self.assertIn(word, refused['message'])
            self.assertIn('profiles/x.json', refused['message'])
        refused = self.error('Refused', profile='x', documents=[
            self.profile('x', ' ' * (1 << 20) + '{}')])
        self.assertIn('profiles/x.json', refused['message'])
        self.error('Refused', profile='x', documents=[
            {'kind': 'profile', 'origin': 'user', 'file': '/x.json', 'text': '{}'}])
        self.plan()  # still there

    def test_bad_words(self):
        for ports in ([0], [65536], [-1]):
            self.assertIn('port', self.error('Refused', connectPorts=ports)['message'])
        self.assertIn('%', self.error('Refused', bypassProtection=[
            {'path': '/a%zz', 'escaped': True}])['message'])

    def test_project_only_narrows(self):
        project = {'kind': 'profile', 'origin': 'project', 'file': '/p/.nono.json', 'text': json.dumps(
            {'filesystem': {'allow': ['/wide'], 'deny': ['/p/private']}})}
        policy = self.plan(documents=[project])
        self.assertNotIn('/wide', self.paths(policy))
        self.assertIn('/p/private', [d['path'] for d in policy['deny']])
        self.assertEqual(1, len(policy['warnings']))
        policy = self.plan(documents=[project | {'trusted': True}])
        self.assertIn('/wide', self.paths(policy))


class Administrator(Base):
    def write(self, text, name='policy.d/site.json'):
        path = self.policy_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        # Two writes within one tick of the file system's clock, of the same length, look the same.
        time.sleep(0.02)
        return path

    def test_locked_group(self):
        store = self.world.directory('store')
        self.write({'groups': {'site': {'description': 'not for agents', 'locked': True,
                                        'deny': {'access': [str(store)]}}}})
        policy = self.plan()
        self.assertIn({'path': str(store), 'source': 'group site', 'locked': True,
                       'description': 'not for agents'}, policy['deny'])
        for options in (['--allow', store], ['--allow', store, '--bypass-protection', store],
                        ['--allow', store, '--profile', 'claude-code']):
            result = self.world.nono('run', *options, '--', 'true')
            self.assert_status(125, result)
            self.assertIn(str(store), result.err)
        self.assert_status(0, self.world.nono('run', '--', 'true'))

    def test_changes_are_seen(self):
        self.assertNotIn('/srv/site', self.paths(self.plan()))
        path = self.write({'groups': {'system_read_linux_core': {
            'allow': {'read': ['/srv/site']}}}})
        self.assertIn('/srv/site', self.paths(self.plan()))
        path.write_text('{"groups": {"system_')
        time.sleep(0.02)
        refused = self.error('Refused')
        self.assertIn('site.json', refused['message'])
        # No session by rules that are not known.
        result = self.world.nono('run', '--', 'true')
        self.assert_status(125, result)
        self.assertIn('site.json', result.err)
        path.unlink()
        self.assertNotIn('/srv/site', self.paths(self.plan()))
        self.assert_status(0, self.world.nono('run', '--', 'true'))

    def test_base_is_what_is_enforced(self):
        data = self.world.file('store/data', 'site data\n') if self.world.directory('store') else None
        self.write({'groups': {'system_read_linux_core': {
            'allow': {'read': [str(data.parent)]}}}})
        result = self.world.nono('run', '--', 'cat', data)
        self.assert_status(0, result)
        self.assertEqual('site data\n', result.out)

    def test_files_of_others_are_refused(self):
        path = self.write({'groups': {}})
        path.chmod(0o666)
        self.assertIn('site.json', self.error('Refused')['message'])

    def test_profile_of_the_system(self):
        self.write({'meta': {'name': 'site'}, 'filesystem': {'read': ['/srv/site']}},
                   'profiles/site.json')
        self.assertEqual({'/srv/site': 'read'},
                         self.paths(self.plan(profile='site'), 'profile'))

    def test_sessions_keep_what_they_were_decided_by(self):
        with self.world.start(self.world.nono_path, 'run', '--name', 'kept', '--', 'sleep', '1000',
                              stderr=subprocess.DEVNULL) as process:
            self.assertTrue(harness.wait_until(lambda: self.is_running('kept')))
            self.write({'groups': {'system_read_linux_core': {
                'allow': {'read': ['/srv/site']}}}})
            self.assertIn('/srv/site', self.paths(self.plan()))
            self.assertNotIn('/srv/site', self.paths(self.call('Get', session='kept')['policy']))
            self.call('Stop', session='kept', timeoutUSec=0)
            process.wait()

    def is_running(self, name):
        try:
            return self.call('Get', session=name)['runtime']['state'] == 'running'
        except CallError:
            return False


class Names(Base):
    """What is denied by one name is denied by every other."""

    def setUp(self):
        super().setUp()
        self.store = self.world.directory('dotfiles/aws')
        self.world.file('dotfiles/aws/credentials', 'key\n')
        (self.world.home / '.aws').symlink_to(self.store)
        self.world.directory('home/plain')

    def run_with(self, *options):
        return self.world.nono('run', *options, '--', 'cat', self.store / 'credentials')

    def test_target(self):
        for grant in (self.store, self.store / 'credentials', self.store.parent,
                      self.world.home / '.aws'):
            flag = '--read-file' if grant.is_file() else '--read'
            result = self.run_with(flag, grant)
            self.assert_status(125, result)
            self.assertNotIn('key', result.out)
            self.assertIn('deny_credentials', result.err)

    def test_others_are_not_concerned(self):
        result = self.world.nono('run', '--allow', self.world.home / 'plain', '--', 'true')
        self.assert_status(0, result)

    def test_bypass(self):
        for grant in self.store, self.world.home / '.aws':
            result = self.run_with('--read', grant, '--bypass-protection', self.world.home / '.aws')
            self.assert_status(0, result)
            self.assertEqual('key\n', result.out)

    def test_home_behind_a_symlink(self):
        moved = self.world.root / 'moved'
        self.world.home.rename(moved)
        self.world.home.symlink_to(moved)
        self.world.own(self.world.home)
        ssh = moved / '.ssh'
        ssh.mkdir()
        self.world.own(ssh)
        result = self.world.nono('run', '--read', ssh, '--', 'true')
        self.assert_status(125, result)
        self.assertIn('.ssh', result.err)


class Why(Base):
    """Answers about a session that runs."""

    def setUp(self):
        super().setUp()
        self.granted = self.world.directory('granted')
        self.process = self.world.start(
            self.world.nono_path, 'run', '--name', 'asked', '--read', self.granted, '--net-block',
            '--', 'sh', '-c', 'echo x > $TMPDIR/file; sleep 1000', stderr=subprocess.DEVNULL)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.assertTrue(harness.wait_until(self.is_running))

    def is_running(self):
        try:
            runtime = self.call('Get', session='asked')['runtime']
        except CallError:
            return False
        return runtime['state'] == 'running'

    def ask(self, **question):
        return self.call('Why', session='asked', **question)['answer']

    def test_path(self):
        path = {'path': f'{self.granted}/file'}
        self.assertEqual(('granted_path', {'path': str(self.granted)}, 'user'),
                         tuple(map(self.ask(path=path).get, ('reason', 'grantedPath', 'source'))))
        answer = self.ask(path=path, operations=['read', 'write'])
        self.assertEqual((False, 'insufficient_access'), (answer['allowed'], answer['reason']))
        self.assertIn('--', answer['suggestedFlag'])
        answer = self.ask(path={'path': f'{self.world.home}/.ssh/id_rsa'})
        self.assertFalse(answer['allowed'])
        answer = self.ask(path={'path': f'{self.world.home}/.aws/x'}, exists=False)
        self.assertEqual('sensitive_path', answer['reason'])
        self.assertEqual('path_not_granted', self.ask(path={'path': '/srv/x'})['reason'])

    def test_tmpdir(self):
        tmpdir = self.call('Get', session='asked')['runtime']['temporaryDirectory']
        self.assertTrue(os.path.isdir(tmpdir))
        answer = self.ask(path={'path': f'{tmpdir}/new'}, operations=['create'], exists=False)
        self.assertEqual((True, 'system'), (answer['allowed'], answer['source']))
        self.assertFalse(self.ask(path={'path': '/tmp/other'}, operations=['create'],
                                  exists=False)['allowed'])

    def test_host_and_command(self):
        self.assertEqual('network_blocked', self.ask(host='example.com')['reason'])
        self.assertEqual('command_blocked', self.ask(command='rm')['reason'])
        self.assertEqual('command_allowed', self.ask(command='ls')['reason'])

    def test_bad_questions(self):
        for question in ({}, {'host': 'a', 'command': 'b'}, {'path': {'path': 'relative'}},
                         {'path': {'path': '/a/../b'}}, {'host': 'a', 'port': 0},
                         {'path': {'path': '/%zz', 'escaped': True}}):
            with self.assertRaises(CallError) as caught:
                self.ask(**question)
            self.assertEqual('org.varlink.service.InvalidParameter', caught.exception.name)
        with self.assertRaises(CallError) as caught:
            self.call('Why', session='nobody', command='ls')
        self.assertEqual('io.nono.Session.NoSuchSession', caught.exception.name)


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Documents, Administrator, Names, Why))
