#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of keys, manual pages, schemas and the documents that are compiled in say the same.

usage: policy.py DESCRIBE
"""
import json
import re
import subprocess
import sys

import lint

PROFILE, POLICY = 'man/nono-profile.5.scd', 'man/nono-policy.5.scd'


def describe(program, what):
    text = subprocess.run([program, what], capture_output=True, text=True, check=True,
                          timeout=60).stdout
    return json.loads(text)


def parse(text):
    """A document; comments in ours are whole lines."""
    text = re.sub(r'^\s*//.*$', '', text, flags=re.M)
    return json.loads(re.sub(r',(\s*[]}])', r'\1', text))


def load(path):
    return parse(lint.read(path))


def examples(page):
    """What stands between ``` in a manual page and is a document."""
    blocks = re.findall(r'^```\n(.*?)^```$', lint.read(page), re.M | re.S)
    return [parse(block) for block in blocks if block.rstrip().endswith('}')]


def check_manual(page, sections, tables):
    """Every spelling is in bold in its part of the page, and nothing else that looks like one."""
    text = lint.read(page).replace('\\', '')
    for heading, table in zip(sections, tables):
        part = text
        if heading:
            part = re.split(r'^# ', text.split(f'\n{heading}\n', 1)[1], flags=re.M)[0]
        bold = set(re.findall(r'\*([a-z][a-z0-9_.]*)\*', part))
        for key in table['keys']:
            for name in [key['path'], *key['aliases'], *key['deprecated'], *key['words']]:
                if name not in bold:
                    lint.report(page, 1, f'does not describe {name}')
        for name in table['aside']:
            if name not in bold:
                lint.report(page, 1, f'does not mention {name}')


def spellings(table):
    for key in table['keys']:
        yield from [key['path'], *key['aliases'], *key['deprecated']]
    yield from table['aside']


def check_invented(page, tables):
    """A dotted name in bold is a key."""
    known = {name for table in tables for name in spellings(table)}
    sections = {name.split('.')[0] for name in known if '.' in name}
    for name in re.findall(r'\*([a-z_]+\.[a-z_0-9]+)\*', lint.read(page).replace('\\', '')):
        if name.split('.')[0] in sections and name not in known:
            lint.report(page, 1, f'describes {name}, which is no key')


def schema_paths(schema, prefix=''):
    for name, value in schema['properties'].items():
        if 'properties' in value:
            yield from schema_paths(value, prefix + name + '.')
        elif name != '$schema':
            yield prefix + name


def check_schema(name, schema, table):
    listed, known = sorted(schema_paths(schema)), sorted(spellings(table))
    if listed != known:
        lint.report(name, 0, f'schema and table differ: {set(listed) ^ set(known)}')


def validate(value, schema, root, where):
    """The part of draft 2020-12 that our schemas use. Yields what is wrong."""
    if '$ref' in schema:
        schema = root['$defs'][schema['$ref'].rsplit('/', 1)[1]]
    kinds = {dict: 'object', list: 'array', str: 'string', bool: 'boolean', int: 'integer',
             type(None): 'null'}
    types = schema.get('type', [])
    if types and kinds[type(value)] not in ([types] if isinstance(types, str) else types):
        yield f'{where}: {kinds[type(value)]}, not {types}'
        return
    if 'enum' in schema and value not in schema['enum']:
        yield f'{where}: {value}'
    if 'anyOf' in schema and all(list(validate(value, s, root, where)) for s in schema['anyOf']):
        yield f'{where}: none of the alternatives'
    if isinstance(value, list) and 'items' in schema:
        for i, element in enumerate(value):
            yield from validate(element, schema['items'], root, f'{where}[{i}]')
    if isinstance(value, int) and not schema.get('minimum', value) <= value <= schema.get('maximum', value):
        yield f'{where}: {value}'
    if isinstance(value, dict):
        for name, member in value.items():
            rule = schema.get('properties', {}).get(name, schema.get('additionalProperties', True))
            if rule is False:
                yield f'{where}: {name} is not allowed'
            elif rule is not True:
                yield from validate(member, rule, root, f'{where}.{name}')


def check_hosts(path):
    """Registries come from what package clients are configured for, never from us."""
    labels = {'container', 'containers', 'docker', 'index', 'mirror', 'packages', 'registry', 'repo'}
    for name, group in load(path)['groups'].items():
        for host in group.get('hosts', []) + group.get('suffixes', []):
            if labels & set(host.split('.')):
                lint.report(path, 1, f'{name}: {host} looks like a package registry')
        if group.get('composed') and len(group) > 2:
            lint.report(path, 1, f'{name}: composed, and names hosts')


def main():
    program = sys.argv[1]
    tables = describe(program, 'keys')
    schemas = {name: describe(program, name) for name in ('profile', 'policy', 'network')}
    network = [tables[name] for name in ('hosts', 'network', 'service')]
    check_manual(PROFILE, [None], [tables['profile']])
    check_manual(POLICY, ['# POLICY GROUPS', '# NETWORK POLICY', '# NETWORK POLICY', '# NETWORK POLICY'],
                 [tables['group'], *network])
    check_invented(PROFILE, [tables['profile']])
    check_invented(POLICY, [tables['group'], tables['profile']])
    check_schema('profile schema', schemas['profile'], tables['profile'])
    inner = schemas['policy']['properties']['groups']['additionalProperties']
    check_schema('policy schema', inner, {**tables['group']})
    for name, table in zip(('groups', 'profiles', 'credentials'), network):
        check_schema('network schema', schemas['network']['properties'][name]['additionalProperties'], table)
    check_hosts('policy/network-policy.jsonc')
    documents = [('policy/policy.jsonc', 'policy'), ('policy/network-policy.jsonc', 'network')]
    documents += [(str(p.relative_to(lint.ROOT)), 'profile')
                  for p in sorted((lint.ROOT / 'policy/profiles').glob('*.json*'))]
    checked = [(path, kind, load(path)) for path, kind in documents]
    groups, hosts = examples(POLICY)
    checked += [(POLICY, 'policy', groups), (POLICY, 'network', hosts)]
    checked += [(PROFILE, 'profile', example) for example in examples(PROFILE)]
    for path, kind, document in checked:
        for wrong in validate(document, schemas[kind], schemas[kind], '$'):
            lint.report(path, 1, f'against the schema: {wrong}')
    lint.finish()


main()
