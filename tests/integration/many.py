#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many sessions at once through one nonod: each gets its own output, status and end."""
import subprocess
import threading

import harness

SESSIONS = 250  # more than a user may have keyrings, for one


class Many(harness.TestCase):
    def test_all_at_once(self):
        # All are inside before the first may leave: each waits for the end of its standard input.
        script = 'echo up $1; cat >/dev/null; echo bye $1 >&2; exit $(($1 % 90))'
        started = [self.world.start(self.world.nono_path, 'run', '--', 'sh', '-c', script, 'sh',
                                    str(i), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE) for i in range(SESSIONS)]
        for i, process in enumerate(started):
            self.assertEqual(b'up %d\n' % i, process.stdout.readline())
        self.assertEqual(1, len(self.world.daemons()))
        listed = self.world.nono('ps', '--json')
        self.assertEqual(SESSIONS, listed.out.count('"running"'), listed)
        results = [None] * SESSIONS

        def finish(i):
            out, err = started[i].communicate()
            results[i] = (started[i].returncode, out, err)

        threads = [threading.Thread(target=finish, args=(i,)) for i in range(SESSIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for i, result in enumerate(results):
            self.assertEqual((i % 90, b'', b'bye %d\n' % i), result)
        self.assertTrue(harness.wait_until(
            lambda: self.world.nono('ps', '--json').out.count('"sessionId"') == 0))
        supervisors = [line for line in harness.children().values()
                       if line.startswith('nono-session')]
        self.assertEqual(2, len(supervisors), 'the template and its spare')


harness.main(*harness.for_each_user(Many))
