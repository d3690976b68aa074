"""Azure's own clients of Key Vault and of identities:

    python azure_client.py HOST:PORT     ->     what was read and signed, in JSON
    standard input: {"vault", "key", "algorithm", "digest", "by", "token_file"}, the digest in base64; `by` is `secret`,
    `federated`, `service` or `machine`

Every host that they ask is asked at HOST:PORT in the clear, under its own name.
"""

import base64
import json
import os
import sys
from urllib.parse import urlsplit, urlunsplit

asked = json.load(sys.stdin)
(address,) = sys.argv[1:]
if asked["by"] == "service":
    os.environ["IDENTITY_ENDPOINT"] = "http://localhost:42356/msi/token"
    os.environ["IDENTITY_HEADER"] = "own-secret"

from azure import identity
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient


class Led(RequestsTransport):
    def send(self, request, **more):
        url = request.url
        asked_for = urlsplit(url)
        request.headers["Host"] = asked_for.netloc
        request.url = urlunsplit(("http", address, *asked_for[2:]))
        try:
            return super().send(request, **more)
        finally:
            request.url = url


known = {"tenant_id": "tenant", "client_id": "app", "disable_instance_discovery": True}
credential = {
    "secret": lambda: identity.ClientSecretCredential(
        client_secret="8Q~ExampleSecret", transport=Led(), **known
    ),
    "federated": lambda: identity.WorkloadIdentityCredential(
        token_file_path=asked["token_file"], transport=Led(), **known
    ),
    "service": lambda: identity.ManagedIdentityCredential(client_id="app", transport=Led()),
    "machine": lambda: identity.ManagedIdentityCredential(client_id="app", transport=Led()),
}[asked["by"]]()
client = KeyClient(asked["vault"], credential, api_version="7.4", transport=Led())
key = client.get_key(asked["key"])
signer = CryptographyClient(key, credential, api_version="7.4", transport=Led())
signed = signer.sign(asked["algorithm"], base64.b64decode(asked["digest"]))
json.dump(
    {"id": key.id, "signature": base64.b64encode(signed.signature).decode(), "key": signed.key_id},
    sys.stdout,
)
