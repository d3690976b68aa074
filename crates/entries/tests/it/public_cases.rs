//! Bodies that public logs hold, from the public conformance cases.
//!
//! `WAXWING_CONFORMANCE` names the folder with them. Without it the test says so and passes; under
//! `CI` its absence fails.
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::{Path, PathBuf};

use waxwing_crypto::{Digest, HashAlgorithm, PublicKey, SignatureAlgorithm, sha256_of_parts};
use waxwing_encoding::hex;
use waxwing_entries::binding::{BorrowedVerifier, Signed, VerifiedSignature, check};
use waxwing_model::Bundle;
use waxwing_model::bundle::Content;

const SHA_256_OF_ARTIFACT: &str =
    "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

/// The case, and the leaf's hash where other implementations were asked for it too.
const CASES: [(&str, Option<&str>); 6] = [
    (
        "happy-path-v0.1",
        Some("86407f5cc9c6f0d1a84fede6cfe1265fe0b3e1a4e21b4c0695e4a021ec11338f"),
    ),
    (
        "rekor2-happy-path",
        Some("78470eff2921878c2141726b650bf349099c37850a731f287a6accf35d40441f"),
    ),
    (
        "rekor2-dsse-happy-path",
        Some("fe40655a0f968947de630c778c0f68bd52c68a40c5a25fc1a3a4edd6ab3c2f99"),
    ),
    ("happy-path-intoto-in-dsse-v3", None),
    ("intoto-with-custom-trust-root", None),
    ("managed-key-happy-path", None),
];

struct Case {
    bundle: Bundle,
    key: Option<PublicKey>,
}

impl Case {
    fn read(folder: &Path, name: &str) -> Self {
        let folder = folder.join("test/assets/bundle-verify").join(name);
        let json = std::fs::read(folder.join("bundle.sigstore.json")).unwrap();
        let key = std::fs::read_to_string(folder.join("key.pub")).ok();
        Self {
            bundle: Bundle::from_json(&json).unwrap(),
            key: key.map(|pem| PublicKey::from_pem(&pem).unwrap()),
        }
    }

    fn signature(&self) -> VerifiedSignature<'_> {
        VerifiedSignature {
            signature: self.bundle.signature(),
            verifier: match &self.key {
                Some(key) => BorrowedVerifier::PublicKey(key),
                None => BorrowedVerifier::Certificate(self.bundle.certificate().unwrap()),
            },
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
            signed: match &self.bundle.content {
                Content::Message(_) => {
                    let digest = hex::decode(SHA_256_OF_ARTIFACT).unwrap();
                    Signed::Message(Digest::new(HashAlgorithm::Sha256, &digest))
                }
                Content::Envelope(envelope) => {
                    let digest = HashAlgorithm::Sha256.digest(&envelope.pae());
                    Signed::Envelope(envelope, Some(digest))
                }
            },
        }
    }
}

#[test]
fn each_body_is_about_its_bundle_and_no_other() {
    let Some(folder) = folder() else { return };
    let cases = CASES.map(|(name, leaf)| (name, leaf, Case::read(&folder, name)));
    for (name, leaf, case) in &cases {
        let entry = &case.bundle.entries[0];
        let body = &entry.canonicalized_body;
        if let Some(leaf) = leaf {
            assert_eq!(hex::encode(&sha256_of_parts(&[&[0], body])), *leaf);
        }
        for (other, _, case) in &cases {
            let outcome = check(&entry.kind, &entry.version, body, &case.signature());
            assert_eq!(
                outcome.is_ok(),
                name == other,
                "{name} for {other}: {outcome:?}"
            );
        }
    }
    let Content::Envelope(envelope) = &cases[2].2.bundle.content else {
        panic!("an envelope");
    };
    let digest = HashAlgorithm::Sha256.digest(&envelope.pae());
    assert_eq!(
        hex::encode(digest.as_bytes()),
        "57f2135c594c7f9360e79a5422c291f8878d4ae5c539bc04dca45da63d7c2e11"
    );
}

fn folder() -> Option<PathBuf> {
    match std::env::var("WAXWING_CONFORMANCE") {
        Ok(folder) => Some(folder.into()),
        Err(_) if std::env::var("CI").is_ok() => {
            panic!("WAXWING_CONFORMANCE does not name the conformance cases")
        }
        Err(_) => {
            println!("skipped: WAXWING_CONFORMANCE does not name the conformance cases");
            None
        }
    }
}
