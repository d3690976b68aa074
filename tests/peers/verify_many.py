"""Asks sigstore-python about many bundles in one process.

Standard input is a JSON list of {bundle, artifact, trust_config, identity, issuer}: paths, a client trust config as
text, and whom to expect. Standard output is a list of {accepted, output} in the same order. The steps are those of
`sigstore verify identity --offline --bundle`, every check on; what they raise is a refusal.
"""

import json
import sys
from pathlib import Path

from sigstore._cli import _verify_common
from sigstore._utils import sha256_digest
from sigstore.errors import Error
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier, policy


def verify(question):
    trust = ClientTrustConfig.from_json(question["trust_config"])
    verifier = Verifier(trusted_root=trust.trusted_root)
    with Path(question["artifact"]).open("rb") as artifact:
        hashed = sha256_digest(artifact)
    bundle = Bundle.from_json(Path(question["bundle"]).read_bytes())
    expected = policy.Identity(identity=question["identity"], issuer=question["issuer"])
    _verify_common(verifier, hashed, bundle, expected)


def answer(question):
    try:
        verify(question)
    except Error as error:
        return {"accepted": False, "output": f"{type(error).__name__}: {error.diagnostics()}"}
    # The command would end with a traceback: a refusal too, though not a polite one.
    except Exception as error:
        return {"accepted": False, "output": f"Traceback: {type(error).__name__}: {error}"}
    return {"accepted": True, "output": "OK"}


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
