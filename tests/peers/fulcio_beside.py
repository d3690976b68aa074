"""Fulcio and Waxwing, asked the same: both get each token, and the certificates are compared field by field.

    python3 tests/peers/fulcio_beside.py FULCIO WAXWING

FULCIO is the original's program, WAXWING ours; the Python package `cryptography` is needed. Both read the
same configuration, and both log to the CT log of the instance, so that the original's own client of CT logs
is a witness too. All of them listen on the loopback, on ports that the system chooses. It ends with 1 if
anything differs that is not in EXPECTED.
"""

import atexit
import base64
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

# What differs on purpose: docs/compat/fulcio.md says why.
EXPECTED = {"kubernetes, without its claims"}


def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def url_base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An issuer at each path of one address, all with one key."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        numbers = self.key.public_key().public_numbers()
        modulus = url_base64(numbers.n.to_bytes(256, "big"))
        key = {"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "n": modulus, "e": "AQAB"}
        self.address = f"http://127.0.0.1:{port()}"
        address = self.address

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                issuer = address + self.path.split("/.well-known")[0]
                document = {
                    "issuer": issuer,
                    "jwks_uri": address + "/keys",
                    "authorization_endpoint": issuer + "/auth",
                    "token_endpoint": issuer + "/token",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
                body = json.dumps({"keys": [key]} if self.path == "/keys" else document).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        where = ("127.0.0.1", int(address.rsplit(":", 1)[1]))
        server = http.server.ThreadingHTTPServer(where, Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def token(self, path, claims, header=None, signature=None):
        now = int(time.time())
        common = {"iss": self.address + path, "aud": "sigstore", "iat": now, "nbf": now - 5, "exp": now + 300}
        header = header or {"alg": "RS256", "kid": "k", "typ": "JWT"}
        parts = [json.dumps(part).encode() for part in (header, {**common, **claims})]
        signed = ".".join(map(url_base64, parts))
        if signature is None:
            signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return signed + "." + url_base64(signature)


KEYS = {
    "P-256": (ec.generate_private_key(ec.SECP256R1()), "ECDSA"),
    "P-384": (ec.generate_private_key(ec.SECP384R1()), "ECDSA"),
    "P-521": (ec.generate_private_key(ec.SECP521R1()), "ECDSA"),
    "RSA": (rsa.generate_private_key(65537, 2048), "RSA_PSS"),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate(), "ED25519"),
}


def proof(key, message):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        by_size = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
        return key.sign(message, ec.ECDSA(by_size[key.curve.key_size]))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message)


def request(token, subject, name="P-256", is_csr=False):
    key, algorithm = KEYS[name]
    body = {"credentials": {"oidcIdentityToken": token}}
    if is_csr:
        algorithm = None if name == "Ed25519" else hashes.SHA256()
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, algorithm)
        pem = csr.public_bytes(serialization.Encoding.PEM)
        return {**body, "certificateSigningRequest": base64.b64encode(pem).decode()}
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public_key = {"algorithm": algorithm, "content": key.public_key().public_bytes(*form).decode()}
    possession = base64.b64encode(proof(key, subject.encode())).decode()
    return {**body, "publicKeyRequest": {"publicKey": public_key, "proofOfPossession": possession}}


def ask(base, body):
    url = base + "/api/v2/signingCert"
    question = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(question) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def fields(answer):
    """All of a certificate but for who signed it, and what differs from one to the next."""
    kind = next(iter(answer))
    leaf = x509.load_pem_x509_certificate(answer[kind]["chain"]["certificates"][0].encode())
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    found = {
        "answer": kind,
        "version": leaf.version,
        "subject": leaf.subject.rfc4514_string(),
        "lifetime": leaf.not_valid_after_utc - leaf.not_valid_before_utc,
        "signed by": leaf.signature_algorithm_oid.dotted_string,
        "serial number is long": leaf.serial_number.bit_length() > 144,
        "key": leaf.public_key().public_bytes(*form),
        "order": [extension.oid.dotted_string for extension in leaf.extensions],
    }
    for extension in leaf.extensions:
        number = extension.oid.dotted_string
        # The promises and the authority's key are each one's own.
        own = number in ("1.3.6.1.4.1.11129.2.4.2", "2.5.29.35")
        found[number] = (extension.critical, "own" if own else extension.value.public_bytes())
    return found


GITHUB = {
    "sub": "repo:o/r:ref:refs/heads/main",
    "event_name": "push",
    "sha": "a" * 40,
    "workflow": "build",
    "repository": "o/r",
    "ref": "refs/heads/main",
    "job_workflow_ref": "o/r/.github/workflows/b.yml@refs/heads/main",
    "job_workflow_sha": "b" * 40,
    "runner_environment": "github-hosted",
    "repository_id": "1",
    "repository_owner": "o",
    "repository_owner_id": "2",
    "repository_visibility": "public",
    "workflow_ref": "o/r/.github/workflows/b.yml@refs/heads/main",
    "workflow_sha": "c" * 40,
    "run_id": "7",
    "run_attempt": "1",
}
GITLAB = {
    "sub": "project_path:g/p:ref_type:branch:ref:main",
    "pipeline_source": "push",
    "sha": "a" * 40,
    "project_path": "g/p",
    "ref": "main",
    "ref_type": "branch",
    "ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
    "ci_config_sha": "b" * 40,
    "runner_id": 1,
    "runner_environment": "gitlab-hosted",
    "project_id": "3",
    "project_visibility": "public",
    "namespace_path": "g",
    "namespace_id": "4",
    "pipeline_id": "5",
    "job_id": "6",
}
BUILDKITE = {
    "sub": "organization:o:pipeline:p:ref:refs/heads/main:commit:c:step:s",
    "organization_slug": "o",
    "pipeline_slug": "p",
    "build_number": 9,
    "build_branch": "main",
    "build_commit": "a" * 40,
    "step_key": "s",
    "job_id": "j",
    "agent_id": "g",
    "build_source": "webhook",
}
CODEFRESH = {
    "sub": "account:x:pipeline:y",
    "account_id": "x",
    "account_name": "acc",
    "pipeline_id": "y",
    "pipeline_name": "pr/p",
    "workflow_id": "w",
    "initiator": "i",
    "scm_repo_url": "https://github.com/o/r",
    "scm_ref": "main",
    "platform_url": "https://g.codefresh.io",
}
TEMPLATED = {"sub": "s1", "repo": "o/r", "ref": "main", "sha": "a" * 40, "runner": "self"}
KUBERNETES = {
    "sub": "system:serviceaccount:ns:sa",
    "kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "sa", "uid": "1"}},
}
MAIL = {"sub": "u1", "email": "me@example.com", "email_verified": True}


def configuration(address):
    kinds = {
        "email": {"type": "email"},
        "challenge": {"type": "email", "challenge-claim": "email"},
        "user": {"type": "username", "subject-domain": "127.0.0.1"},
        "uri": {"type": "uri", "subject-domain": "http://127.0.0.1"},
        "spiffe": {"type": "spiffe", "spiffe-trust-domain": "example.com"},
        "kubernetes": {"type": "kubernetes"},
        "github": {"type": "github-workflow"},
        "gitlab": {"type": "gitlab-pipeline"},
        "buildkite": {"type": "buildkite-job"},
        "codefresh": {"type": "codefresh-workflow"},
        "templated": {"type": "ci-provider", "ci-provider": "mine"},
    }
    contact = {"client-id": "sigstore", "contact": "a@example.com", "description": "a test"}
    issuer = {}
    for name, kind in kinds.items():
        issuer[f"{address}/{name}"] = {"issuer-url": f"{address}/{name}", **kind, **contact}
    mine = {
        "default-template-values": {"url": "https://ci.example.com"},
        "extension-metadata": {
            "build-signer-uri": "{{ .url }}/{{ .repo }}/signer",
            "source-repository-uri": "{{ .url }}/{{ .repo }}",
            "source-repository-digest": "sha",
            "runner-environment": "runner",
        },
        "subject-alternative-name-template": "{{ .url }}/{{ .repo }}@{{ .ref }}",
    }
    meta = {f"{address}/meta/*/x": {"client-id": "sigstore", "type": "email"}}
    # JSON is YAML too; the comment keeps the original from reading it as the JSON that it had before.
    return "# YAML\n" + json.dumps({"oidc-issuers": issuer, "ci-issuer-metadata": {"mine": mine}, "meta-issuers": meta})


def cases(issuer):
    """A name, a token, what the proof is over, and how the request is made."""

    def case(what, path, claims, subject=None, **how):
        return what, issuer.token(path, claims), subject or claims.get("sub", ""), how

    def without(claims, name):
        return {key: value for key, value in claims.items() if key != name}

    now = int(time.time())
    for key in KEYS:
        yield case(f"email, key {key}", "/email", MAIL, MAIL["email"], name=key)
    for key in KEYS:
        yield case(f"email, request {key} signed with SHA-256", "/email", MAIL, MAIL["email"], name=key, is_csr=True)
    yield case("email not verified", "/email", {**MAIL, "email_verified": False}, MAIL["email"])
    yield case("email verified in words", "/email", {**MAIL, "email_verified": "true"}, MAIL["email"])
    yield case("no email", "/email", {"sub": "u1"})
    yield case("malformed email", "/email", {**MAIL, "email": "nobody"}, "nobody")
    yield case("email with a plus", "/email", {**MAIL, "email": "me+x@example.com"}, "me+x@example.com")
    yield case("proof over something else", "/email", MAIL, "you@example.com")
    yield case("proof over the subject", "/email", MAIL)
    yield case("challenge claim", "/challenge", MAIL, MAIL["email"])
    federated = {"connector_id": "https://c.example.com", "user_id": "z"}
    yield case("federated issuer", "/email", {**MAIL, "federated_claims": federated}, MAIL["email"])
    yield case("user name", "/user", {"sub": "bob"})
    yield case("user name with an at sign", "/user", {"sub": "bob@example.com"})
    yield case("URI", "/uri", {"sub": "http://127.0.0.1/me"})
    yield case("URI of another host", "/uri", {"sub": "http://example.com/me"})
    yield case("URI of another scheme", "/uri", {"sub": "https://127.0.0.1/me"})
    yield case("SPIFFE", "/spiffe", {"sub": "spiffe://example.com/a/b"})
    yield case("SPIFFE of another domain", "/spiffe", {"sub": "spiffe://example.org/a"})
    yield case("kubernetes", "/kubernetes", KUBERNETES)
    yield case("kubernetes, without its claims", "/kubernetes", {"sub": "x"})
    yield case("github", "/github", GITHUB)
    yield case("github, without sha", "/github", without(GITHUB, "sha"))
    yield case("github, without run_id", "/github", without(GITHUB, "run_id"))
    yield case("gitlab", "/gitlab", GITLAB)
    yield case("gitlab, without runner_id", "/gitlab", without(GITLAB, "runner_id"))
    yield case("buildkite", "/buildkite", BUILDKITE)
    yield case("codefresh", "/codefresh", CODEFRESH)
    yield case("ci-provider", "/templated", TEMPLATED)
    yield case("ci-provider, without a claim", "/templated", without(TEMPLATED, "sha"))
    yield case("meta-issuer", "/meta/abc/x", MAIL, MAIL["email"])
    yield case("meta-issuer of two parts", "/meta/a/b/x", MAIL, MAIL["email"])
    yield case("issuer that nobody knows", "/nobody", MAIL, MAIL["email"])
    yield case("issuer with a slash behind it", "/email/", MAIL, MAIL["email"])
    yield case("expired", "/email", {**MAIL, "exp": now - 60}, MAIL["email"])
    yield case("not valid yet", "/email", {**MAIL, "nbf": now + 600}, MAIL["email"])
    yield case("another audience", "/email", {**MAIL, "aud": "x"}, MAIL["email"])
    yield case("several audiences", "/email", {**MAIL, "aud": ["x", "sigstore"]}, MAIL["email"])
    yield "no algorithm", issuer.token("/email", MAIL, {"alg": "none"}, b""), MAIL["email"], {}
    yield "another signature", issuer.token("/email", MAIL, signature=b"x" * 256), MAIL["email"], {}
    yield "no token", "", MAIL["email"], {}
    yield "words in the place of a token", "abc", MAIL["email"], {}


def difference(theirs, ours):
    """What is not the same of two answers; empty if nothing."""
    if theirs[0] != ours[0]:
        return f"{theirs[0]} and {ours[0]}: {theirs[1]} and {ours[1]}"
    if theirs[0] != 200:
        said = [(answer["code"], answer["message"]) for _, answer in (theirs, ours)]
        return "" if said[0] == said[1] else f"{said[0]} and {said[1]}"
    one, other = fields(theirs[1]), fields(ours[1])
    names = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
    return "; ".join(f"{name}: {one.get(name)} and {other.get(name)}" for name in names)


def authority(folder):
    """A key and a certificate for the original, by openssl."""
    subject = ["-subj", "/O=example/CN=beside", "-days", "30", "-nodes"]
    use = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    files = ["-keyout", "plain.key", "-out", "ca.pem"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    run = lambda *line: subprocess.run(line, cwd=folder, check=True, capture_output=True)
    run("openssl", "req", "-x509", *curve, *subject, *use, *files)
    run("openssl", "ec", "-in", "plain.key", "-aes256", "-passout", "pass:p", "-out", "ca.key")


def start(line, folder, until=None):
    process = subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    atexit.register(process.terminate)
    for text in process.stdout if until else []:
        if text.startswith(until):
            break
    threading.Thread(target=process.stdout.read, daemon=True).start()


def main(fulcio, waxwing):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        issuer = Issuer()
        authority(folder)
        (path / "fulcio.yaml").write_text(configuration(issuer.address))
        ours = f"127.0.0.1:{port()}"
        settings = {"listen": ours, "fulcio": {"configuration": "fulcio.yaml"}, "ct": {"roots": ["ca.pem"]}}
        (path / "up.json").write_text(json.dumps(settings))
        start([waxwing, "up", "--config", "up.json"], folder, "Ready")
        root = json.loads((path / "waxwing-data/client/trusted_root.json").read_text())
        key = root["ctlogs"][0]["publicKey"]["rawBytes"]
        (path / "ct.pub").write_text(f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")
        theirs = port()
        start(
            [fulcio, "serve", "--host", "127.0.0.1", "--port", str(theirs), "--grpc-port", str(port())]
            + ["--metrics-port", str(port()), "--ca", "fileca", "--fileca-cert", "ca.pem", "--fileca-key", "ca.key"]
            + ["--fileca-key-passwd", "p", "--ct-log-url", f"http://{ours}/ct"]
            + ["--ct-log-public-key-path", "ct.pub", "--config-path", "fulcio.yaml"],
            folder,
        )
        time.sleep(3)
        differing, count = set(), 0
        for name, token, subject, how in cases(issuer):
            body = request(token, subject, **how)
            found = difference(ask(f"http://127.0.0.1:{theirs}", body), ask(f"http://{ours}", body))
            count += 1
            print(f"{'differs' if found else 'the same':9} {name}{': ' + found[:400] if found else ''}")
            differing.update([name] if found else [])
        print(f"{count} asked, {len(differing)} differ")
        return differing != EXPECTED


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve()), str(pathlib.Path(sys.argv[2]).resolve())))
