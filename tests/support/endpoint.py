"""An HTTP endpoint for tests, controlled by lines on its standard input.

Each line is a list of answers, which are sent in order, and then 200 again. The endpoint prints one line of JSON per
event: the port that it listens on, that it has accepted a line, and each request. It ends with its standard input.
"""

import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

answers = []
lock = threading.Lock()


def report(**event):
    with lock:
        print(json.dumps(event), flush=True)


def next_answer():
    with lock:
        return answers.pop(0) if answers else {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = next_answer()
        report(request={"method": self.command, "path": self.path, "headers": headers, "body": body.decode()})
        if answer.get("hang"):
            time.sleep(3600)
        if answer.get("reset"):
            # Closing with a linger time of zero resets the connection.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for part in (self.rfile, self.wfile, self.connection):
                part.close()
            self.close_connection = True
            return
        text = answer.get("body", "").encode()
        self.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.get("length", len(text))))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_CONNECT = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


settings = json.loads(sys.argv[1])
server = Server(("127.0.0.1", settings["port"]), Handler)
if settings["certificate"]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    # The handshake runs in the thread of the connection, so that a failing one does not stop the others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
report(port=server.server_port)
threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    with lock:
        answers[:] = json.loads(line)
    report(accepted=True)
os._exit(0)
