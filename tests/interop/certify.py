#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run our certification server and client against each other and against foreign ones.

usage: certify.py ours|go-client|go-server|varlinkctl OUR-SERVER OUR-CLIENT
Exit status 77: the foreign tool is not installed (a failure with NONO_MUST_WORK=1).
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time


def need(tool):
    path = shutil.which(tool)
    if not path:
        print(f'skipped: {tool} is not installed', file=sys.stderr)
        # varlinkctl comes with systemd 255: the oldest distribution we build on has none.
        must_work = os.environ.get('NONO_MUST_WORK') == '1' and tool != 'varlinkctl'
        sys.exit(1 if must_work else 77)
    return path


def start(argv, path):
    process = subprocess.Popen(argv, stdin=subprocess.PIPE)
    for _ in range(500):
        if os.path.exists(path):
            time.sleep(0.05)
            return process
        if process.poll() is not None:
            sys.exit(f'{argv[0]} ended: {process.returncode}')
        time.sleep(0.02)
    sys.exit(f'{argv[0]} makes no socket')


def stop(process):
    process.stdin.close()
    try:
        return process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def run(argv, **kw):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                            text=True, **kw)
    print(' '.join(argv), '->', result.returncode)
    print(result.stdout)
    return result


def varlinkctl(tool, address):
    def expect(words, *argv):
        result = run([tool, *argv])
        assert result.returncode == 0, result
        for word in words:
            assert word in result.stdout, (word, result)
    expect(['certification', 'io.nono.Test', 'org.varlink.service'], 'info', address)
    expect(['io.nono.Test'], 'list-interfaces', address)
    expect(['method Echo', 'type Kind'], 'introspect', address, 'io.nono.Test')
    expect(['"name"'], 'call', address, 'io.nono.Test.Echo', '{"item":{"name":"a"}}')
    expect(['"i"'], 'call', '--more', address, 'io.nono.Test.Count', '{"upTo":3}')
    expect([], 'call', '--oneway', address, 'io.nono.Test.Echo', '{"item":{"name":"a"}}')
    result = run([tool, 'call', address, 'io.nono.Test.Fail', '{"number":2}'])
    assert result.returncode != 0, result


def main():
    what, server, client = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix='nono-cert.') as directory:
        path = directory + '/s'
        if what == 'go-server':
            process = start([need('varlink-go-certification'), '-varlink', 'unix:' + path], path)
        else:
            tool = {'go-client': 'varlink-go-certification', 'varlinkctl': 'varlinkctl'}.get(what)
            tool = tool and need(tool)
            process = start([server, path], path)
        try:
            if what == 'varlinkctl':
                varlinkctl(tool, 'unix:' + path)
            elif what == 'go-client':
                result = run([tool, '-client', '-varlink', 'unix:' + path])
                # It exits with 0 whatever happens: only what it prints tells.
                assert result.returncode == 0 and "End: 'true'" in result.stdout, result
            else:
                assert run([client, path]).returncode == 0
        finally:
            status = stop(process)
        if what != 'go-server':
            assert status == 0, status


main()
