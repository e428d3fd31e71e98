"""A reverse proxy that lets only one bearer token through, as sites have in front of Loki."""

import http.server
import threading
import urllib.error
import urllib.request

from .http import OPENER


class Gateway:
    """Resource. Answers 401 with a web page unless the request has `token`."""

    def __init__(self, target, token):
        self.target = target
        self.token = token
        self.refused = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.push_url = f"http://127.0.0.1:{self.server.server_port}/loki/api/v1/push"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Authorization"] != f"Bearer {gateway.token}":
                    gateway.refused += 1
                    self.reply(401, b"<html><h1>401 Authorization Required</h1></html>")
                else:
                    self.reply(*gateway.forward(self.path, body))

            def reply(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def forward(self, path, body):
        request = urllib.request.Request(
            self.target + path, body, {"Content-Type": "application/x-protobuf"}
        )
        try:
            with OPENER.open(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
