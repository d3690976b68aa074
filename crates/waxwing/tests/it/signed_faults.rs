//! Faults that the Sigstore's own keys signed: every peer and our own verifier refuse each, and
//! accept the same bundle without it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use waxwing_encoding::time::UnixTime;
use waxwing_testkit::peers::{Case, Peer, require};
use waxwing_testkit::virtual_sigstore::{IDENTITY, ISSUER, SignedFault, VirtualSigstore};

use crate::program::{printed, run, waxwing};

const ARTIFACT: &[u8] = b"an artifact\n";

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(sigstore: &VirtualSigstore, fault: Option<SignedFault>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            std::fs::write(folder.path().join(name), content).unwrap();
        };
        write("artifact", ARTIFACT);
        write(
            "bundle.json",
            &sigstore.bundle(ARTIFACT, fault).to_json().unwrap(),
        );
        write(
            "trusted_root.json",
            &sigstore.trusted_root().to_json().unwrap(),
        );
        Self { folder }
    }

    fn with<T>(&self, ask: impl FnOnce(&Case<'_>) -> T) -> T {
        let path = |name: &str| self.folder.path().join(name);
        let (artifact, bundle, root) = (
            path("artifact"),
            path("bundle.json"),
            path("trusted_root.json"),
        );
        ask(&Case {
            artifact: &artifact,
            bundle: &bundle,
            trusted_root: &root,
            identity: IDENTITY,
            issuer: ISSUER,
        })
    }
}

fn sigstore() -> VirtualSigstore {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    // An hour ago: what a fault puts behind the certificate's end is still no time to come.
    VirtualSigstore::new(UnixTime::from_duration(now).unwrap().plus_seconds(-3600))
}

fn ours(folder: &Path) -> (bool, String) {
    let output = run(
        &waxwing(),
        folder,
        [
            "cosign",
            "verify-blob",
            "--bundle=bundle.json",
            "--trusted-root=trusted_root.json",
            "--certificate-identity",
            IDENTITY,
            "--certificate-oidc-issuer",
            ISSUER,
            "artifact",
        ],
    );
    (output.status.success(), printed(&output))
}

#[test]
fn our_verifier_refuses_each_and_accepts_without() {
    let sigstore = sigstore();
    let good = Files::new(&sigstore, None);
    assert_eq!(ours(good.folder.path()), (true, "Verified OK\n".to_owned()));
    for (fault, words) in [
        (
            SignedFault::SctSignature,
            "the signed certificate timestamp: the signature does not match",
        ),
        (
            SignedFault::NoSct,
            "0 of 1 signed certificate timestamps verified",
        ),
        (
            SignedFault::SctOfAnotherLog,
            "the trusted root has no CT log",
        ),
        (
            SignedFault::EntryOfAnotherCertificate,
            "not about this artifact, signature and certificate",
        ),
        (SignedFault::CheckpointOfAnotherOrigin, "the checkpoint: "),
        (
            SignedFault::TimestampAfterExpiry,
            "the signing certificate is not trusted at",
        ),
    ] {
        let files = Files::new(&sigstore, Some(fault));
        let (accepted, said) = ours(files.folder.path());
        assert!(!accepted && said.contains(words), "{fault:?}: {said}");
    }
}

/// How each peer refuses each fault; `None` where it does not.
fn judge(peer: Peer, words: [(SignedFault, Option<&str>); 6]) {
    let Some(installed) = require(peer) else {
        return;
    };
    let sigstore = sigstore();
    Files::new(&sigstore, None)
        .with(|case| installed.verify(case))
        .assert_accepted();
    for (fault, words) in words {
        println!("{fault:?}");
        let verdict = Files::new(&sigstore, Some(fault)).with(|case| installed.verify(case));
        match words {
            Some(words) => verdict.assert_refused(words),
            None => verdict.assert_accepted(),
        }
    }
}

const GO: [(SignedFault, Option<&str>); 6] = [
    (
        SignedFault::SctSignature,
        Some("only able to verify 0 SCT entries"),
    ),
    (
        SignedFault::NoSct,
        Some("SCTList: value 0 too small for minimum 1"),
    ),
    (
        SignedFault::SctOfAnotherLog,
        Some("only able to verify 0 SCT entries"),
    ),
    (
        SignedFault::EntryOfAnotherCertificate,
        Some("verifying inclusion: calculated root:"),
    ),
    (
        SignedFault::CheckpointOfAnotherOrigin,
        Some("note has no verifiable signatures"),
    ),
    (
        SignedFault::TimestampAfterExpiry,
        Some("leaf certificate verification failed"),
    ),
];

#[test]
fn cosign_agrees() {
    judge(Peer::Cosign, GO);
}

#[test]
fn sigstore_go_agrees() {
    judge(Peer::SigstoreGo, GO);
}

#[test]
fn sigstore_python_agrees() {
    judge(
        Peer::SigstorePython,
        [
            (
                SignedFault::SctSignature,
                Some("SCT verify failed: keyring: invalid signature"),
            ),
            (
                SignedFault::NoSct,
                Some("Expected one certificate timestamp, found 0"),
            ),
            (
                SignedFault::SctOfAnotherLog,
                Some("SCT verify failed: keyring: invalid signature"),
            ),
            (
                SignedFault::EntryOfAnotherCertificate,
                Some("inconsistent with other materials"),
            ),
            (
                SignedFault::CheckpointOfAnotherOrigin,
                Some("Signature not found for log ID"),
            ),
            (
                SignedFault::TimestampAfterExpiry,
                Some("cert is not valid at validation time"),
            ),
        ],
    );
}

/// It never compares the certificate in an entry of Rekor v2 with the bundle's, only digest and
/// signature: an entry made with another certificate for the same key passes. Ours builds the whole
/// body anew. Should this test fail one day, the peer has mended it.
#[test]
fn sigstore_js_agrees_but_for_the_certificate_in_the_entry() {
    judge(
        Peer::SigstoreJs,
        [
            (
                SignedFault::SctSignature,
                Some("CERTIFICATE_ERROR: SCT verification failed"),
            ),
            (
                SignedFault::NoSct,
                Some("CERTIFICATE_ERROR: expected 1 SCTs, got 0"),
            ),
            (
                SignedFault::SctOfAnotherLog,
                Some("CERTIFICATE_ERROR: SCT verification failed"),
            ),
            (SignedFault::EntryOfAnotherCertificate, None),
            (
                SignedFault::CheckpointOfAnotherOrigin,
                Some("invalid checkpoint signature"),
            ),
            (
                SignedFault::TimestampAfterExpiry,
                Some("not valid or expired at the specified date"),
            ),
        ],
    );
}
