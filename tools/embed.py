#!/usr/bin/env python3
"""Turn text or JSON files into one C source: a byte array per file and an index table.

usage: embed.py text|json TABLE OUTPUT INPUT...
JSON is re-serialised, so a syntax error breaks the build; text with a carriage return does too.
"""
import json
import pathlib
import sys

kind, table, out, *inputs = sys.argv[1:]
rows, body = [], []
for name in inputs:
    path = pathlib.Path(name)
    data = path.read_bytes()
    if kind == 'json':
        data = json.dumps(json.loads(data), separators=(',', ':')).encode()
    elif b'\r' in data:
        sys.exit(f'{name}: carriage return')
    symbol = f'{table}_{len(rows)}'
    lines = [','.join(str(b) for b in data[i:i + 24]) + ',' for i in range(0, len(data), 24)]
    body.append(f'static const char {symbol}[] = {{\n' + '\n'.join(lines) + '0\n};\n')
    stem = path.name.rsplit('.', 1)[0]
    rows.append(f'\t{{ .name = "{stem}", .text = {symbol}, .size = sizeof({symbol}) - 1 }},')
pathlib.Path(out).write_text(
    '#include "libcore/base/embed.h"\n\n' + '\n'.join(body)
    + f'\nconst struct embedded_file {table}[] = {{\n' + '\n'.join(rows) + '\n\t{ 0 },\n};\n')
