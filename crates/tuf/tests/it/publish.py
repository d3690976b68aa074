"""Writes a repository with python-tuf's own metadata API, in stages.

    publish.py FOLDER consistent|plain

Each stage is a folder stage-0, stage-1, … with the whole repository as it would lie on a server. Prints, as JSON, what
each stage should give to a client, and with the last one the private keys of the four roles.

Roles: the four of the top level; `patterns` (paths), which delegates to `inner`; `prefixes` (path_hash_prefixes);
`bins`, which delegates to succinct hash bins.
"""

import copy
import hashlib
import json
import os
import sys
from datetime import datetime, timezone
from urllib.parse import quote

from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

LATER = datetime(2099, 1, 1, tzinfo=timezone.utc)


class Repository:
    def __init__(self, folder, consistent):
        self.folder, self.consistent, self.stages = folder, consistent, []
        self.files = {}
        self.signers = {}
        self.root = Root(consistent_snapshot=consistent, expires=LATER)
        self.timestamp = Timestamp(expires=LATER)
        self.snapshot = Snapshot(expires=LATER)
        self.targets = {"targets": Targets(expires=LATER)}
        for role, kinds in {
            "root": ["ecdsa", "ed25519", "rsa"],
            "timestamp": ["ed25519"],
            "snapshot": ["rsa"],
            "targets": ["ecdsa", "ecdsa"],
        }.items():
            self.signers[role] = [self.key(kind) for kind in kinds]
            for signer in self.signers[role]:
                self.root.add_key(signer.public_key, role)
        self.root.roles["root"].threshold = 2
        self.root.roles["targets"].threshold = 2

    @staticmethod
    def key(kind):
        return getattr(CryptoSigner, f"generate_{kind}")()

    def sign(self, role, signed, signers, extra=()):
        metadata = Metadata(signed)
        for signer in [*signers, *extra]:
            metadata.sign(signer, append=True)
        data = metadata.to_bytes(JSONSerializer(compact=False))
        versioned = role == "root" or (self.consistent and role != "timestamp")
        name = quote(role, "") + ".json"
        self.files[f"{signed.version}.{name}" if versioned else name] = data
        return data

    def publish_root(self, extra=()):
        self.sign("root", self.root, self.signers["root"], extra)

    def target(self, role, path, content):
        info = TargetFile.from_data(path, content, ["sha256", "sha512"])
        self.targets[role].targets[path] = info
        names = [path]
        if self.consistent:
            folder, _, name = path.rpartition("/")
            names = [(folder + "/" if folder else "") + f"{digest}.{name}" for digest in info.hashes.values()]
        for name in names:
            self.files["targets/" + name] = content

    def delegate(self, parent, role):
        signer = self.key("ed25519")
        self.signers[role.name] = [signer]
        delegations = self.targets[parent].delegations
        if delegations is None:
            delegations = self.targets[parent].delegations = Delegations({}, {})
        delegations.roles[role.name] = role
        self.targets[parent].add_key(signer.public_key, role.name)
        self.targets[role.name] = Targets(expires=LATER)

    def publish(self, changed, with_hashes=False):
        for role in changed:
            data = self.sign(role, self.targets[role], self.signers[role])
            self.snapshot.meta[f"{role}.json"] = self.meta(self.targets[role].version, data, with_hashes)
        data = self.sign("snapshot", self.snapshot, self.signers["snapshot"])
        self.timestamp.snapshot_meta = self.meta(self.snapshot.version, data, with_hashes)
        self.sign("timestamp", self.timestamp, self.signers["timestamp"])

    @staticmethod
    def meta(version, data, with_hashes):
        if not with_hashes:
            return MetaFile(version)
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def bump(self, *roles):
        for role in roles:
            {"timestamp": self.timestamp, "snapshot": self.snapshot, **self.targets}[role].version += 1

    def stage(self, targets):
        folder = os.path.join(self.folder, f"stage-{len(self.stages)}")
        for path, data in self.files.items():
            path = os.path.join(folder, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        self.stages.append(
            {
                "root": self.root.version,
                "timestamp": self.timestamp.version,
                "snapshot": self.snapshot.version,
                "targets": self.targets["targets"].version,
                "contents": targets,
            }
        )


def main():
    folder, consistent = sys.argv[1], sys.argv[2] == "consistent"
    repository = Repository(folder, consistent)
    repository.publish_root()
    repository.target("targets", "plain.txt", b"plain")
    repository.publish(["targets"])
    repository.stage({"plain.txt": "plain", "no.txt": None})

    # Delegations of each kind, and hashes in the metadata.
    hashed = hashlib.sha256(b"hashed.txt").hexdigest()
    repository.delegate("targets", DelegatedRole("patterns", [], 1, False, paths=["a/*.txt", "a/b/*"]))
    repository.delegate("patterns", DelegatedRole("in ner/?", [], 1, True, paths=["a/b/?.txt"]))
    repository.delegate("targets", DelegatedRole("prefixes", [], 1, False, path_hash_prefixes=["zz", hashed[:3]]))
    repository.delegate("targets", DelegatedRole("bins", [], 1, False, paths=["bin/*"]))
    repository.target("patterns", "a/1.txt", b"by patterns")
    repository.target("in ner/?", "a/b/2.txt", "by inner \u00e9".encode())
    repository.target("prefixes", "hashed.txt", b"by prefixes")
    signer = repository.key("ecdsa")
    bins = SuccinctRoles([], 1, 5, "bin")
    repository.targets["bins"].delegations = Delegations({}, None, bins)
    repository.targets["bins"].add_key(signer.public_key, "bin-00")
    names = list(bins.get_roles())
    for name in names:
        repository.signers[name] = [signer]
        repository.targets[name] = Targets(expires=LATER)
    in_bins = {}
    for number in range(8):
        path = f"bin/{number}"
        repository.target(bins.get_role_for_target(path), path, path.encode())
        in_bins[path] = path
    repository.bump("targets", "snapshot", "timestamp")
    repository.publish(["targets", "patterns", "in ner/?", "prefixes", "bins", *names], with_hashes=True)
    repository.stage(
        {
            "plain.txt": "plain",
            "a/1.txt": "by patterns",
            "a/b/2.txt": "by inner \u00e9",
            "a/b/22.txt": None,
            "hashed.txt": "by prefixes",
            "bin/none": None,
            **in_bins,
        }
    )

    # Root, timestamp and snapshot keys rotated; unknown members and keys, and an empty signature, in the root.
    old = repository.signers["root"]
    repository.signers["root"] = [old[0], repository.key("ecdsa"), repository.key("ed25519")]
    for signer in old[1:]:
        repository.root.revoke_key(signer.public_key.keyid, "root")
    for signer in repository.signers["root"][1:]:
        repository.root.add_key(signer.public_key, "root")
    for role in ("timestamp", "snapshot"):
        repository.root.revoke_key(repository.signers[role][0].public_key.keyid, role)
        repository.signers[role] = [repository.key("ecdsa")]
        repository.root.add_key(repository.signers[role][0].public_key, role)
    repository.root.unrecognized_fields["x-tuf-on-ci-expiry-period"] = 197
    repository.signers["root"][0].public_key.unrecognized_fields["x-tuf-on-ci-keyowner"] = "@somebody \"\\ \n\u00e9"
    # A scheme that waxwing does not have; python-tuf itself reads no root with one that it does not know.
    unknown = SSlibKey("unknown", "rsa", "rsassa-pss-sha512", {"public": "?"})
    repository.root.add_key(unknown, "root")
    repository.root.version += 1
    repository.publish_root(extra=old[1:2])
    # Versions may go back: fast-forward recovery.
    repository.timestamp.version = repository.snapshot.version = 1
    repository.targets["targets"].targets.pop("plain.txt")
    repository.bump("targets")
    repository.publish(["targets"])
    repository.stage({"plain.txt": None, "a/1.txt": "by patterns", "hashed.txt": "by prefixes"})
    repository.stages[-1]["keys"] = {
        role: [signer.private_bytes.decode() for signer in repository.signers[role]]
        for role in ("root", "timestamp", "snapshot", "targets")
    }
    print(json.dumps(repository.stages))


main()
