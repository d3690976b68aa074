//! The public conformance cases that this road covers: bundles of version 0.3 with a message
//! signature, logged as hashedrekord 0.0.2.
//!
//! `WAXWING_CONFORMANCE` names the folder with `cases.json`. Without it the test says so and passes;
//! under `CI` its absence fails. Each refusal must give the reason that the case is about: a
//! verifier that cannot even read a trusted root refuses all of them, and would pass otherwise.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use waxwing_crypto::HashAlgorithm;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

/// The case, and words of the reason for which it must be refused.
const REFUSED: [(&str, &str); 13] = [
    (
        "rekor2-checkpoint-missing-log-signature_fail",
        "the checkpoint: ",
    ),
    ("rekor2-checkpoint-missing-origin_fail", "the checkpoint"),
    ("rekor2-checkpoint-missing-root-hash_fail", "the checkpoint"),
    ("rekor2-checkpoint-missing-size_fail", "the checkpoint"),
    (
        "rekor2-checkpoint-no-matching-signature_fail",
        "the checkpoint",
    ),
    (
        "rekor2-no-inclusion-proof_fail",
        "the bundle has no inclusionProof",
    ),
    (
        "rekor2-no-timestamp_fail",
        "0 of 1 trusted timestamps verified",
    ),
    (
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
        "does not trust the timestamp authority",
    ),
    (
        "rekor2-timestamp-outside-tsa-cert-validity_fail",
        "certificate is valid from",
    ),
    (
        "rekor2-timestamp-payload-mismatch_fail",
        "its imprint is not the digest of the signature",
    ),
    (
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail",
        "signer is not this authority's certificate",
    ),
    (
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
        "signer is not this authority's certificate",
    ),
    // This vector was broken further than its name says: its timestamp is no base64 at all.
    (
        "rekor2-timestamp-with-incorrect-time_fail",
        "not base64: wrong padding",
    ),
];

const REFUSED_ROOTS: [(&str, &str); 1] = [(
    "trust-root-tlog-missing-validity-start_fail",
    "has no start of its validity",
)];

#[test]
fn the_public_cases_of_rekor_v2_message_signatures() {
    let Some(folder) = folder() else { return };
    let cases = std::fs::read(folder.join("cases.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for case in cases["cases"].as_array().unwrap() {
        let covered = case["media_type"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
            && case["content"] == "messageSignature"
            && case["tlog_entries"] == serde_json::json!(["hashedrekord/0.0.2"]);
        if !covered {
            continue;
        }
        let name = case["name"].as_str().unwrap();
        for by_digest in [false, true] {
            let outcome = verify(&folder, case, by_digest);
            match (case["expected"].as_str().unwrap(), outcome) {
                ("pass", outcome) => {
                    outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                    accepted += 1;
                }
                (_, Ok(())) => panic!("{name} was accepted"),
                (_, Err(error)) => {
                    let reasons = REFUSED.iter().chain(&REFUSED_ROOTS);
                    let expected = reasons.clone().find(|(case, _)| *case == name);
                    let (_, expected) = expected.unwrap_or_else(|| panic!("{name}: {error}"));
                    assert!(error.contains(expected), "{name}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(
        (accepted, refused),
        (22, 28),
        "the folder holds other cases than these"
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

fn verify(folder: &Path, case: &Value, by_digest: bool) -> Result<(), String> {
    let read = |field: &str| std::fs::read(folder.join(case[field].as_str().unwrap())).unwrap();
    let text = |error: &dyn std::error::Error| error.to_string();
    let trusted_root =
        TrustedRoot::from_json(&read("offline_trusted_root")).map_err(|error| text(&error))?;
    let verifier =
        Verifier::new(trusted_root, Requirements::public_good()).map_err(|error| text(&error))?;
    let bundle = Bundle::from_json(&read("bundle")).map_err(|error| text(&error))?;
    let identity = Identity::exactly(
        case["certificate_oidc_issuer"].as_str().unwrap(),
        case["certificate_identity"].as_str().unwrap(),
    );
    let bytes = read("artifact");
    let artifact = match by_digest {
        true => Artifact::Digest(HashAlgorithm::Sha256.digest(&bytes)),
        false => Artifact::Bytes(&bytes),
    };
    let policy = Policy::identity(identity.unwrap());
    verifier
        .verify(&bundle, artifact, &policy)
        .map(|_| ())
        .map_err(|error| text(&error))
}
