#!/usr/bin/env python3
"""Turn policy documents into the C source of what policy/document.h declares.

usage: embed-policy.py OUTPUT DOCUMENT...
Texts stay as they are, comments included, so that messages can name a line.
"""
import pathlib
import sys

SINGLE = {'policy': 'embedded_policy', 'network-policy': 'embedded_network'}

out, *inputs = sys.argv[1:]
texts, single, profiles = [], [], []
for number, name in enumerate(inputs):
    path = pathlib.Path(name)
    data = path.read_bytes()
    lines = [','.join(map(str, data[i:i + 24])) + ',' for i in range(0, len(data), 24)]
    texts.append(f'static const char text_{number}[] = {{\n' + '\n'.join(lines) + '0\n};\n')
    jsonc = 'true' if path.suffix == '.jsonc' else 'false'
    row = (f'{{ "{path.stem}", BUILTIN_PREFIX "{path.name}", text_{number}, '
           f'sizeof(text_{number}) - 1, {jsonc} }}')
    if path.stem in SINGLE:
        single.append(f'const struct embedded_document {SINGLE[path.stem]} = {row};\n')
    else:
        profiles.append(f'\t{row},\n')
pathlib.Path(out).write_text(
    '#include "policy/document.h"\n\n' + '\n'.join(texts) + '\n' + ''.join(single)
    + '\nconst struct embedded_document embedded_profiles[] = {\n' + ''.join(profiles)
    + f'}};\nconst size_t embedded_profiles_n = {len(profiles)};\n')
