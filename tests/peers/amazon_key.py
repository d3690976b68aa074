"""Makes a key at AWS KMS, by boto3, and names it:

    python amazon_key.py URL KEY_SPEC ALIAS [ROOTS]     ->     {"id", "arn", "pem"}, the public half if it has one
"""

import base64
import json
import sys

import boto3

url, spec, alias, *roots = sys.argv[1:]
client = boto3.client(
    "kms",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="A",
    aws_secret_access_key="B",
    verify=roots[0] if roots else None,
)
usage = "ENCRYPT_DECRYPT" if spec == "SYMMETRIC_DEFAULT" else "SIGN_VERIFY"
key = client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
client.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
made = {"id": key["KeyId"], "arn": key["Arn"]}
if usage == "SIGN_VERIFY":
    der = client.get_public_key(KeyId=key["KeyId"])["PublicKey"]
    lines = base64.encodebytes(der).decode()
    made["pem"] = f"-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n"
json.dump(made, sys.stdout)
