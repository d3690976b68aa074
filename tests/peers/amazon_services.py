"""AWS KMS and STS, as moto has them:

    python amazon_services.py [CERTIFICATE KEY]     ->     its URL, of TLS with a certificate

It ends when standard input does. moto 5.2.5 hashes what is to be signed although it is told that it has a digest
(`MessageType`); that is mended here, since no signature could be verified otherwise.
"""

import json
import logging
import sys
import threading

from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto.kms import responses
from moto.kms import utils as keys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.disable(logging.CRITICAL)
asked = threading.local()


class Prehashed:
    """A private key of `cryptography` that knows whether it is given a digest."""

    def __init__(self, key):
        self.key = key

    def __getattr__(self, name):
        return getattr(self.key, name)

    def sign(self, message, *how):
        *padding, hash_algorithm = how
        if getattr(asked, "kind", "RAW") == "DIGEST":
            hash_algorithm = utils.Prehashed(getattr(hash_algorithm, "algorithm", hash_algorithm))
        if not padding:
            hash_algorithm = ec.ECDSA(hash_algorithm)
        return self.key.sign(message, *padding, hash_algorithm)


def mended(made):
    def init(self, *arguments, **named):
        made(self, *arguments, **named)
        self.private_key = Prehashed(self.private_key)

    return init


for kind in (keys.RSAPrivateKey, keys.ECDSAPrivateKey):
    kind.__init__ = mended(kind.__init__)

sign = responses.KmsResponse.sign


def sign_as_asked(self):
    asked.kind = json.loads(self.body).get("MessageType")
    return sign(self)


responses.KmsResponse.sign = sign_as_asked

certificate = tuple(sys.argv[1:]) or None
application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=certificate)
threading.Thread(target=server.serve_forever, daemon=True).start()
scheme = "https" if certificate else "http"
print(f"{scheme}://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
