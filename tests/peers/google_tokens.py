"""Google's servers, behind a proxy that leads every host to them:

    python google_tokens.py CERTIFICATE KEY TOKEN     ->     `proxy URL`, and then each request, in JSON, a line each

It ends when standard input does.
"""

import http.server
import json
import ssl
import sys
import threading

certificate, key, token = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Google(http.server.BaseHTTPRequestHandler):
    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        # From here on it is whoever was asked for.
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        asked = [self.headers["host"], self.path, self.headers["authorization"], json.loads(body)]
        print(json.dumps(asked), flush=True)
        answer = json.dumps({"token": token}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


Google.protocol_version = "HTTP/1.1"
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Google)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"proxy http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
