"""hvac, the client of Vault for Python, at a transit engine:

    python vault_client.py URL TOKEN NAMESPACE     ->     what was read and signed, in JSON
    standard input: {"key", "version", "input", "hash"}, the hash null for Ed25519
"""

import json
import sys

import hvac

url, token, namespace = sys.argv[1:]
asked = json.load(sys.stdin)
client = hvac.Client(url=url, token=token, namespace=namespace or None)
transit = client.secrets.transit
read = transit.read_key(asked["key"])
more = {}
if asked["hash"]:
    more = {
        "hash_algorithm": asked["hash"],
        "signature_algorithm": "pkcs1v15",
        "marshaling_algorithm": "asn1",
    }
signed = transit.sign_data(
    asked["key"],
    hash_input=asked["input"],
    key_version=asked["version"],
    prehashed=asked["hash"] is not None,
    **more,
)
json.dump({"read": read["data"], "signed": signed["data"]}, sys.stdout)
