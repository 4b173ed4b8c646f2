# SPDX-License-Identifier: Apache-2.0
"""A model that does as it is told: the two APIs the agents speak, streaming, on the loopback.

It answers the turn of an agent with the tool calls of a script, one after the other, and when these
have run with a closing text. Every request is kept: what an agent got to know shows in them.
"""
import http.server
import json
import re
import threading

CLOSING = 'the-scripted-turn-is-over'  # one word: that is how it can be found on a screen


class Call:
    """One tool call: the first tool whose name is in names is called with what make() gives for it."""

    def __init__(self, names, make):
        self.names, self.make = names, make

    def of(self, offered):
        for name in self.names:
            if name in offered:
                return name, self.make(name)
        return None


def shell(command):
    """The agents' ways to run a line of shell."""
    def make(name):
        if name == 'exec_command':
            return {'cmd': command}
        if name == 'shell':
            return {'command': ['bash', '-c', command]}
        return {'command': command, 'description': 'scripted'}
    return Call(['Bash', 'bash', 'exec_command', 'shell_command', 'shell'], make)


def read(path):
    """The agents' own tool to read a file, in their process instead of in a child."""
    return Call(['Read', 'read'], lambda name: {'file_path' if name == 'Read' else 'filePath': path})


def texts(content):
    """All text below a value of a request."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        content = list(content.values())
    return [text for item in content or [] for text in texts(item)] \
        if isinstance(content, list) else []


class Turn:
    """What one request says about the turn so far, in either API."""

    def __init__(self, body):
        self.offered, self.results = set(), []
        for tool in body.get('tools') or []:
            self.offered.add(tool.get('name') or tool.get('type'))
        for message in body.get('messages') or []:
            if isinstance(message.get('content'), list):
                self.results += [part for part in message['content']
                                 if part.get('type') == 'tool_result']
        if isinstance(body.get('input'), list):
            self.results += [item for item in body['input']
                             if item.get('type') in ('function_call_output',
                                                     'custom_tool_call_output')]

    def answers(self):
        return ['\n'.join(texts(result.get('content', result.get('output'))))
                for result in self.results]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.server.keep(self, b'')
        self.plain(404 if self.command == 'GET' else 200, {'error': {'type': 'not_found'}})

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get('content-length') or 0))
        self.server.keep(self, data)
        path = self.path.split('?')[0]
        try:
            body = json.loads(data)
        except ValueError:
            return self.plain(400, {'error': {'type': 'invalid_request_error'}})
        turn = Turn(body)
        call = self.server.next_call(turn)
        if path.endswith('/messages'):
            return self.answer_messages(body, call)
        if path.endswith('/responses'):
            return self.answer_responses(body, call)
        return self.plain(404, {'error': {'type': 'not_found'}})

    def plain(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def stream(self, events):
        data = ''.join(f'event: {event["type"]}\ndata: {json.dumps(event)}\n\n'
                       for event in events).encode()
        self.send_response(200)
        self.send_header('content-type', 'text/event-stream')
        self.send_header('content-length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer_messages(self, body, call):
        usage = {'input_tokens': 1, 'output_tokens': 1}
        message = {'id': 'msg_1', 'type': 'message', 'role': 'assistant', 'content': [],
                   'model': body.get('model'), 'stop_reason': None, 'stop_sequence': None,
                   'usage': usage}
        if call:
            name, value, number = call
            block = {'type': 'tool_use', 'id': f'toolu_{number}', 'name': name, 'input': {}}
            delta = {'type': 'input_json_delta', 'partial_json': json.dumps(value)}
            full, stop = block | {'input': value}, 'tool_use'
        else:
            block, stop = {'type': 'text', 'text': ''}, 'end_turn'
            delta = {'type': 'text_delta', 'text': CLOSING}
            full = {'type': 'text', 'text': CLOSING}
        if not body.get('stream'):
            return self.plain(200, message | {'content': [full], 'stop_reason': stop})
        return self.stream([
            {'type': 'message_start', 'message': message},
            {'type': 'content_block_start', 'index': 0, 'content_block': block},
            {'type': 'content_block_delta', 'index': 0, 'delta': delta},
            {'type': 'content_block_stop', 'index': 0},
            {'type': 'message_delta', 'delta': {'stop_reason': stop, 'stop_sequence': None},
             'usage': usage},
            {'type': 'message_stop'}])

    def answer_responses(self, body, call):
        if call:
            name, value, number = call
            item = {'id': f'fc_{number}', 'type': 'function_call', 'status': 'completed',
                    'call_id': f'call_{number}', 'name': name, 'arguments': json.dumps(value)}
        else:
            item = {'id': 'msg_1', 'type': 'message', 'role': 'assistant', 'status': 'completed',
                    'content': [{'type': 'output_text', 'text': CLOSING, 'annotations': []}]}
        response = {'id': 'resp_1', 'object': 'response', 'status': 'completed', 'output': [item],
                    'model': body.get('model'),
                    'usage': {'input_tokens': 1, 'output_tokens': 1, 'total_tokens': 2}}
        events = [{'type': 'response.created',
                   'response': response | {'status': 'in_progress', 'output': []}},
                  {'type': 'response.output_item.added', 'output_index': 0, 'item': item},
                  {'type': 'response.output_item.done', 'output_index': 0, 'item': item},
                  {'type': 'response.completed', 'response': response}]
        return self.stream([event | {'sequence_number': number}
                            for number, event in enumerate(events)])


class ModelServer(http.server.ThreadingHTTPServer):
    """Serves from start to close(); script is a list of Call."""
    daemon_threads = True

    def __init__(self, script):
        super().__init__(('127.0.0.1', 0), Handler)
        self.script, self.requests, self.answers, self.is_over = script, [], [], False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_port}'

    def keep(self, handler, data):
        with self._lock:
            self.requests.append((handler.command, handler.path, str(handler.headers), data))

    def next_call(self, turn):
        """The call that comes after as many results; (tool, arguments, number) or None."""
        done = len(turn.results)
        with self._lock:
            if done > len(self.answers):
                self.answers = turn.answers()
        # Side requests (a title for the conversation) offer no tools.
        wanted = [call.of(turn.offered) for call in self.script]
        calls = [call for call in wanted if call]
        if done < len(calls):
            return *calls[done], done
        self.is_over = self.is_over or done > 0
        return None

    def tools(self):
        """Names of all tools that were ever offered, for messages."""
        found = set()
        for _, _, _, data in self.requests:
            if re.match(rb'\s*\{', data):
                found |= Turn(json.loads(data)).offered
        return found

    def close(self):
        self.shutdown()
        self.server_close()
        self._thread.join()
