#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nono prints, and to whom; wrap; signals and pipes without a terminal."""
import json
import os
import signal
import subprocess
import time

import harness


class Verbs(harness.TestCase):
    def session(self, *options):
        """A session that runs until it is ended: its process and what ps says of it."""
        process = self.world.start(self.world.nono_path, 'run', *options, '--', 'sleep', '1000')
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(harness.wait_until(lambda: self.sessions(process.pid) is not None))
        return process, self.sessions(process.pid)

    def sessions(self, pid):
        """The running session that this client started, or None."""
        result = self.world.nono('ps', '--json')
        self.assert_status(0, result)
        for entry in json.loads(result.out)['sessions']:
            if entry['state'] == 'running' and entry['sessionId'].endswith(f'-{pid}'):
                return entry
        running = [s for s in json.loads(result.out)['sessions'] if s['state'] == 'running']
        return running[-1] if running else None

    def test_ps_inspect_stop(self):
        process, entry = self.session('--name', 'my-session', '--allow-cwd')
        table = self.world.nono('ps')
        self.assert_status(0, table)
        self.assertIn(entry['sessionId'], table.out)
        self.assertIn('my-session', table.out)
        for name in ('my-session', entry['sessionId'], entry['sessionId'][:-1]):
            shown = self.world.nono('inspect', name)
            self.assert_status(0, shown)
            self.assertIn('sleep 1000', shown.out)
            self.assertIn(str(self.world.project), shown.out)
        full = json.loads(self.world.nono('inspect', '--json', 'my-session').out)
        self.assertEqual({'runtime', 'context', 'policy'}, set(full))
        self.assertEqual(['sleep', '1000'], full['context']['commandLine'])
        stopped = self.world.nono('stop', 'my-session', '--timeout', '5')
        self.assert_status(0, stopped)
        self.assertEqual('', stopped.out + stopped.err)
        self.assertEqual(128 + signal.SIGTERM, process.wait(10))
        self.assertNotIn('my-session', self.world.nono('ps').out)
        self.assertIn('Exit:       143', self.world.nono('inspect', 'my-session').out)

    def test_stop_at_once(self):
        process, entry = self.session()
        result = self.world.nono('stop', '--json', '--timeout=0', entry['sessionId'])
        self.assert_status(0, result)
        self.assertEqual('exited', json.loads(result.out)['runtime']['state'])
        self.assertEqual(128 + signal.SIGKILL, process.wait(10))

    def test_nothing_runs(self):
        self.assertEqual({'sessions': []}, json.loads(self.world.nono('ps', '--json').out))
        self.assertEqual(1, self.world.nono('ps').out.count('\n'))
        self.assert_refused(self.world.nono('stop', 'x'), "'x'")
        self.assert_refused(self.world.nono('inspect', 'x'), "'x'")
        self.assertEqual([], self.world.daemons(), 'asking started a supervisor')

    def test_status(self):
        result = self.world.nono('status', '--json')
        self.assert_status(0, result)
        status = json.loads(result.out)
        self.assertEqual('onDemand', status['startedBy'])
        text = self.world.nono('status').out
        for gate in status['gates']:
            self.assertIn(gate['name'], text)
            self.assertEqual(not gate['active'], bool(gate.get('reason')))

    def test_status_says_why_there_is_none(self):
        os.chmod(self.world.runtime, 0o500)
        (self.world.root / 'bin/nonod').unlink()
        for name in ('nono', 'systemd'):
            self.assertFalse((self.world.runtime / name).exists())
        os.chmod(self.world.runtime, 0o700)
        self.assert_refused(self.world.nono('status'), 'nonod')

    def test_results_and_talk(self):
        dry = self.world.nono('run', '--allow-cwd', '--dry-run', '--', 'not-looked-at')
        self.assert_status(0, dry)
        self.assertEqual('', dry.err)
        self.assertIn(str(self.world.project), dry.out)
        policy = json.loads(self.world.nono('run', '--dry-run', '--json', '--net-block', 'x').out)
        self.assertEqual('blocked', policy['policy']['network'])
        talk = self.world.nono('run', '-v', '--allow-cwd', '--', 'echo', 'result')
        self.assertEqual('result\n', talk.out)
        self.assertIn(str(self.world.project), talk.err)
        self.assertNotIn('\x1b', talk.err + dry.out)
        silent = self.world.nono('run', '-vs', '--', 'echo', 'result')
        self.assertEqual(('result\n', ''), (silent.out, silent.err))
        self.assert_refused(self.world.nono('run', '--json', '--', 'true'), '--dry-run')

    def test_help(self):
        for args in (['help'], ['--help'], ['-h'], ['help', 'run'], ['run', '--help'],
                     ['wrap', '-h'], ['--version'], ['-V'], ['help', 'profile'],
                     ['help', 'profile', 'list'], ['profile', '-h'], ['rollback', '--help']):
            result = self.world.nono(*args)
            self.assert_status(0, result)
            self.assertEqual('', result.err)
            self.assertTrue(result.out)
        self.assertEqual([], self.world.daemons(), 'help started a supervisor')
        self.assert_refused(self.world.nono('help', 'nothing'), "'nothing'")

    def test_result_that_cannot_be_written(self):
        with open('/dev/full', 'w') as full:
            self.assertEqual(125, self.world.nono('help', stdout=full).status)


class Environment(harness.TestCase):
    verb = 'run'

    def variables(self, *options, **kwargs):
        result = self.world.nono(self.verb, *options, '--', 'env', **kwargs)
        self.assert_status(0, result)
        return dict(line.split('=', 1) for line in result.out.splitlines())

    def test_environment(self):
        env = self.variables('--env', 'NEW=a=b', '--env', 'LANG', '--env', 'HOME=/changed',
                             env={'KEPT': 'yes', 'LD_LIBRARY_PATH': '/x', 'GCONV_PATH': '/y'})
        self.assertEqual('a=b', env['NEW'])
        self.assertEqual('yes', env['KEPT'])
        self.assertEqual('/changed', env['HOME'])
        self.assertEqual(self.world.env['LANG'], env['LANG'])
        self.assertFalse({'LD_LIBRARY_PATH', 'GCONV_PATH'} & set(env))
        self.assert_refused(self.world.nono(self.verb, '--env', 'LD_PRELOAD=/x', '--', 'true'),
                            'LD_PRELOAD')

    def test_working_directory(self):
        result = self.world.nono(self.verb, '--workdir', self.world.outside, '--read', '.', '--',
                                 'sh', '-c', 'pwd; ls .. >/dev/null 2>&1 || echo no; '
                                 f'ls {self.world.project} >/dev/null && echo yes')
        self.assertEqual(f'{self.world.outside}\nno\nyes\n', result.out, result)
        self.assertEqual(str(self.world.outside), self.variables('--workdir=../outside')['PWD'])
        self.assert_refused(self.world.nono(self.verb, '--workdir', 'nowhere', '--', 'true'),
                            'nowhere')


class WrapEnvironment(Environment):
    verb = 'wrap'


class Wrap(harness.TestCase):
    def test_becomes_the_command(self):
        process = self.world.start(self.world.nono_path, 'wrap', '--', 'sh', '-c', 'echo $$',
                                   stdout=subprocess.PIPE, text=True)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(str(process.pid), out.strip())
        self.assertEqual([], self.world.daemons(), 'wrap started a supervisor')

    def test_exit_status(self):
        for command, status in (('exit 7', 7), ('kill -9 $$', -9)):
            self.assert_status(status, self.world.nono('wrap', '--', 'sh', '-c', command))
        self.assert_refused(self.world.nono('wrap', '--', 'not-there'), 'not-there', status=127)
        script = self.world.file('project/script', '#!/bin/sh\n', mode=0o755)
        self.assert_refused(self.world.nono('wrap', '--', script), 'script', status=126)

    def test_access(self):
        self.world.file('project/file', 'content\n')
        result = self.world.nono('wrap', '--read', '.', '--', 'sh', '-c',
                                 f'cat file; echo x >>file; cat {self.world.secret}')
        self.assertEqual('content\n', result.out)
        self.assertNotEqual(0, result.status)
        self.assertEqual('content\n', (self.world.project / 'file').read_text())
        self.assert_status(0, self.world.nono('wrap', '--allow-cwd', '--', 'sh', '-c', 'echo x >f'))
        self.assertEqual('x\n', (self.world.project / 'f').read_text())

    def test_network(self):
        code = ('import socket\ns = socket.socket()\ns.bind(("127.0.0.1", 0))\ns.listen()\n'
                'socket.create_connection(s.getsockname())\nprint("connected")')
        self.need('python3')
        result = self.world.nono('wrap', '--', '/usr/bin/python3', '-c', code)
        self.assertEqual('connected\n', result.out, result)
        blocked = self.world.nono('wrap', '--net-block', '--', '/usr/bin/python3', '-c', code)
        self.assertIn('PermissionError', blocked.err)

    def test_refusals(self):
        (self.world.project / 'link').symlink_to(self.world.home / '.ssh')
        (self.world.home / '.ssh').mkdir()
        for words, options in ((('nowhere',), ['--read', 'nowhere']),
                               (('.ssh',), ['--read', 'link']),
                               (('.ssh',), ['--read', self.world.home / '.ssh']),
                               (('outside/secret',), ['--read', '../outside/secret']),
                               (('project',), ['--read-file', '.'])):
            result = self.world.nono('wrap', *options, '--', 'echo', 'ran')
            self.assert_refused(result, *words)
            self.assertEqual('', result.out)
        root = os.open('/', os.O_RDONLY)
        self.addCleanup(os.close, root)
        self.assert_refused(self.world.nono('wrap', '--', 'true', stdin=root), 'directory')

    def test_same_policy_as_run(self):
        options = ['--dry-run', '--json', '--read', '.', '--net-block', '--allow-file', 'x', 'cmd']
        run = json.loads(self.world.nono('run', *options).out)
        wrap = json.loads(self.world.nono('wrap', *options).out)
        for key in ['grants', 'network', 'summary']:
            self.assertEqual(run['policy'][key], wrap['policy'][key])

    def test_stray_descriptors(self):
        with open(self.world.secret) as secret:
            os.set_inheritable(secret.fileno(), True)
            result = self.world.nono('wrap', '--', 'sh', '-c', f'cat <&{secret.fileno()}',
                                     pass_fds=[secret.fileno()])
        self.assertNotEqual(0, result.status)
        self.assertEqual('', result.out)


class Streams(harness.TestCase):
    def start(self, command, **options):
        process = self.world.start(self.world.nono_path, 'run', '--', 'sh', '-c', command,
                                   stdout=subprocess.PIPE, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_signals_are_forwarded(self):
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
            process = self.start('trap "echo got; exit 3" TERM INT QUIT USR1 USR2; echo up; '
                                 'while :; do sleep 0.05; done')
            self.assertEqual(b'up\n', process.stdout.readline())
            process.send_signal(sig)
            self.assertEqual(b'got\n', process.stdout.readline(), sig)
            self.assertEqual(3, process.wait(20))

    def test_stop_and_continue(self):
        # A process group of its own: in an orphaned one, which ours may be, nothing stops by SIGTSTP.
        process = self.start('echo $$; while :; do sleep 0.05; done', process_group=0)
        command = int(process.stdout.readline())
        process.send_signal(signal.SIGTSTP)
        self.assertTrue(harness.wait_until(lambda: self.state(process.pid) == 'T'))
        # D: a shell that was just starting a program waits for that, which is stopped.
        self.assertTrue(harness.wait_until(lambda: self.state(command) in 'TD'))
        process.send_signal(signal.SIGCONT)
        self.assertTrue(harness.wait_until(lambda: self.state(command) in 'SR'))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(128 + signal.SIGTERM, process.wait(20))

    def state(self, pid):
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rpartition(')')[2].split()[0]

    def test_supervisor_that_hangs(self):
        self.assert_status(0, self.world.nono('run', '--', 'true'))
        for pid in self.world.daemons():
            os.kill(pid, signal.SIGSTOP)
        process = self.start('echo never')
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(-signal.SIGINT, process.wait(20))
        for pid in self.world.daemons():
            os.kill(pid, signal.SIGCONT)

    def test_no_signal_state_is_inherited(self):
        result = self.world.nono('run', '--', 'cat', '/proc/self/status')
        self.assert_status(0, result)
        for name in ('SigBlk', 'SigIgn', 'SigPnd', 'ShdPnd'):
            self.assertIn(f'{name}:\t{0:016x}\n', result.out)

    def test_hangup_ends_the_session(self):
        process = self.start('echo up; sleep 54321')
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        self.assertEqual(-signal.SIGHUP, process.wait(20))
        self.assertTrue(harness.wait_until(
            lambda: not any('54321' in line for line in harness.children().values())))

    def test_ignored_hangup_stays_ignored(self):
        process = self.start('echo up; sleep 0.5; echo done',
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        self.assertEqual(b'done\n', process.stdout.readline())
        self.assertEqual(0, process.wait(20))

    def test_end_of_output_is_the_commands(self):
        process = self.start('exec >&-; sleep 3')
        begin = time.monotonic()
        self.assertEqual(b'', process.stdout.read())
        self.assertLess(time.monotonic() - begin, 2.5)
        self.assertEqual(0, process.wait(20))

    def test_broken_pipe_reaches_the_command(self):
        process = self.start('yes; echo $? >&2', stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(str(128 + signal.SIGPIPE), process.stderr.readline().decode().strip())

    def test_other_context_gets_its_own_supervisor(self):
        self.need('unshare')
        own_net = ('unshare', '-n') if self.world.uid == 0 else ('unshare', '-n', '-c')
        if self.world.run(*own_net, 'true').status != 0:
            self.skipTest('no namespaces here')
        self.assert_status(0, self.world.nono('run', '--', 'true'))
        result = self.world.run(*own_net, self.world.nono_path, 'run', '-v', '--', 'cat',
                                '/proc/self/net/dev')
        self.assert_status(0, result)
        self.assertIn('private', result.err)
        self.assertNotIn('eth', result.out)
        self.assertEqual(1, len(self.world.daemons()))


if __name__ == '__main__':
    harness.main(*harness.for_each_user(Verbs, Environment, WrapEnvironment, Wrap, Streams))
