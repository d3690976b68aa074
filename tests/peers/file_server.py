"""WsgiDAV over a folder, for one user, until standard input ends.

    file_server.py FOLDER PORT     prints `url http://NAME:PASSWORD@127.0.0.1:PORT`
"""

import sys
import threading

from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp

folder, port = sys.argv[1], int(sys.argv[2])
app = WsgiDAVApp({
    "provider_mapping": {"/": folder},
    "simple_dc": {"user_mapping": {"*": {"guard": {"password": "a word"}}}},
    "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
    "verbose": 0,
    "logging": {"enable": False},
})
server = wsgi.Server(("127.0.0.1", port), app)
server.prepare()
print(f"url http://guard:a%20word@127.0.0.1:{server.bind_addr[1]}", flush=True)
threading.Thread(target=server.serve, daemon=True).start()
sys.stdin.read()
server.stop()
