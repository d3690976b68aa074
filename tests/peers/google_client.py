"""Google's own client of Cloud KMS, over REST:

    python google_client.py HOST:PORT TOKEN     ->     what was read and signed, in JSON
    standard input: {"key", "version", "hash", "message"}, the message (or its digest) in base64, the hash null for Ed25519
"""

import base64
import json
import sys

from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service import transports
from google.oauth2.credentials import Credentials



def checksum_of(content):
    """CRC-32C, bit by bit."""
    remainder = 0xFFFFFFFF
    for byte in content:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


host, token = sys.argv[1:]
asked = json.load(sys.stdin)
transport = transports.KeyManagementServiceRestTransport(
    host=host, url_scheme="http", credentials=Credentials(token)
)
client = kms_v1.KeyManagementServiceClient(transport=transport)
listed = client.list_crypto_key_versions(
    request={"parent": asked["key"], "filter": "state=ENABLED", "page_size": 500}
)
names = [version.name for version in listed]
version = f"{asked['key']}/cryptoKeyVersions/{asked['version']}"
public = client.get_public_key(request={"name": version})
message = base64.b64decode(asked["message"])
checksum = checksum_of(message)
if asked["hash"]:
    content = {"digest": {asked["hash"]: message}, "digest_crc32c": checksum}
else:
    content = {"data": message, "data_crc32c": checksum}
signed = client.asymmetric_sign(request={"name": version, **content})
assert checksum_of(signed.signature) == signed.signature_crc32c
assert checksum_of(public.pem.encode()) == public.pem_crc32c
json.dump(
    {
        "names": names,
        "pem": public.pem,
        "algorithm": public.algorithm.name,
        "signature": base64.b64encode(signed.signature).decode(),
        "verified": signed.verified_digest_crc32c or signed.verified_data_crc32c,
    },
    sys.stdout,
)
