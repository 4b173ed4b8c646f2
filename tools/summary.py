#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Add up meson's test logs into one line: `N passed, N failed`, and skips when there are any.

usage: summary.py JOB=LOG|JOB=...
A job without a log of its own (it did not build, say) counts as one failure; a log holds one JSON
object per test. Failures and skips are named above the closing line. Exit status 1 on failure.
"""
import json
import pathlib
import sys

PASSED = {'OK', 'EXPECTEDFAIL'}
SKIPPED = {'SKIP', 'IGNORED'}

passed = failed = skipped = 0
for argument in sys.argv[1:]:
    job, _, log = argument.partition('=')
    results = []
    if log and pathlib.Path(log).exists():
        results = [json.loads(line) for line in pathlib.Path(log).read_text().splitlines()]
    if not results:
        print(f'failed: {job}: did not build, or ran no test')
        failed += 1
    for result in results:
        if result['result'] in PASSED:
            passed += 1
        elif result['result'] in SKIPPED:
            skipped += 1
            reason = (result.get('stderr') or result.get('stdout') or '').strip().split('\n')[-1]
            print(f'skipped: {job}: {result["name"]}: {reason}')
        else:
            failed += 1
            print(f'failed: {job}: {result["name"]} ({result["result"]}), see {log}')
print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''))
sys.exit(1 if failed else 0)
