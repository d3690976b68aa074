//! The public conformance cases of Sigstore's clients: 70 folders, each by path and by digest.
//!
//! `WAXWING_CONFORMANCE` names the folder with `cases.json`. Without it the test says so and passes;
//! under `CI` its absence fails. Each refusal must give the reason that the case is about: a
//! verifier that cannot even read a trusted root refuses all of them, and would pass otherwise.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use waxwing_crypto::{HashAlgorithm, PublicKey};
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

/// The case, and words of the reason for which it must be refused.
const REFUSED: &[(&str, &str)] = &[
    (
        "bundle-empty-certificate-chain_fail",
        "no certificate in its chain",
    ),
    (
        "bundle-from-wrong-instance_fail",
        "the trusted root has no transparency log",
    ),
    (
        "bundle-invalid-base64-signature_fail",
        "not base64: wrong padding at character 27",
    ),
    (
        "bundle-malformed-json_fail",
        "not a bundle: EOF while parsing",
    ),
    (
        "bundle-negative-log-index_fail",
        "string \"-1\", expected a whole number",
    ),
    (
        "bundle-unknown-version_fail",
        "the media type is \"application/vnd.dev.sigstore.bundle+json;version=99.9\"",
    ),
    (
        "bundle-with-root-cert_fail",
        "no inclusion proof with a checkpoint",
    ),
    ("checkpoint-bad-keyhint_fail", "no signature by a known key"),
    (
        "checkpoint-wrong-roothash_fail",
        "tree size is not the checkpoint's size",
    ),
    (
        "dsse-invalid-sig_fail",
        "the signature over the envelope: the signature does not match",
    ),
    (
        "dsse-mismatch-envelope_fail",
        "not about this artifact, signature and certificate: its payload differs",
    ),
    (
        "dsse-mismatch-sig_fail",
        "not about this artifact, signature and certificate: its signature differs",
    ),
    (
        "inclusion-proof-corrupted-hash_fail",
        "the proof leads to the root",
    ),
    (
        "incorrect-public-key_fail",
        "the inclusion promise: the signature does not match",
    ),
    (
        "integrated-time-in-future_fail",
        "certificate is valid from 2026-05-07T15:18:10Z to 2026-05-07T15:28:10Z, not at 2026-05-07T15:34:11Z",
    ),
    (
        "intoto-expired-certificate_fail",
        "certificate is valid from 2030-01-01T00:00:00Z",
    ),
    (
        "intoto-log-entry-mismatch_fail",
        "not about this artifact, signature and certificate: its signature differs",
    ),
    (
        "intoto-missing-inclusion-proof_fail",
        "the bundle has no inclusionProof",
    ),
    (
        "intoto-set-outside-signing-cert-validity_fail",
        "not at 2023-02-02T00:00:00Z",
    ),
    (
        "intoto-tsa-timestamp-outside-cert-validity_fail",
        "not at 2023-02-02T00:00:00Z",
    ),
    (
        "invalid-checkpoint-signature_fail",
        "the checkpoint: the signature of rekor.sigstore.dev+c0d23d6a does not match",
    ),
    // Its trusted root has another log's identifier as well as another key.
    (
        "invalid-ct-key_fail",
        "the trusted root has no CT log dd3d306a",
    ),
    (
        "invalid-inclusion-proof_fail",
        "the bundle has no checkpoint",
    ),
    (
        "managed-key-no-key_fail",
        "the policy trusts identities in certificates",
    ),
    // Its key is no key at all; our own vectors have one that is another's.
    (
        "managed-key-wrong-key_fail",
        "the PEM block PUBLIC KEY is not base64",
    ),
    (
        "message-digest-mismatch_fail",
        "message digest is not the artifact's",
    ),
    (
        "rekor2-checkpoint-missing-log-signature_fail",
        "the note has no signature",
    ),
    (
        "rekor2-checkpoint-missing-origin_fail",
        "the checkpoint: the signature of log2025-alpha1.rekor.sigstage.dev+f30d5a99 does not match",
    ),
    (
        "rekor2-checkpoint-missing-root-hash_fail",
        "the checkpoint: the signature of log2025-alpha1.rekor.sigstage.dev+f30d5a99 does not match",
    ),
    (
        "rekor2-checkpoint-missing-size_fail",
        "the checkpoint: the signature of log2025-alpha1.rekor.sigstage.dev+f30d5a99 does not match",
    ),
    (
        "rekor2-checkpoint-no-matching-signature_fail",
        "no signature by a known key",
    ),
    (
        "rekor2-dsse-invalid-sig_fail",
        "the signature over the envelope: the signature does not match",
    ),
    (
        "rekor2-dsse-mismatch-envelope_fail",
        "not about this artifact, signature and certificate: its body differs",
    ),
    (
        "rekor2-dsse-mismatch-sig_fail",
        "not about this artifact, signature and certificate: its body differs",
    ),
    (
        "rekor2-no-inclusion-proof_fail",
        "the bundle has no inclusionProof",
    ),
    ("rekor2-no-timestamp_fail", "0 of 1 trusted times verified"),
    (
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
        "does not trust the timestamp authority",
    ),
    (
        "rekor2-timestamp-outside-tsa-cert-validity_fail",
        "the timestamp authority's certificate: the leaf certificate is valid from",
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
        "not base64: wrong padding at character 1705",
    ),
    (
        "set-invalid-signature_fail",
        "the inclusion promise: the signature does not match",
    ),
    (
        "signature-mismatch_fail",
        "the signature over the artifact: the signature does not match",
    ),
    (
        "trust-root-tlog-missing-validity-start_fail",
        "has no start of its validity",
    ),
    (
        "wrong-hashedrekord-artifact_fail",
        "not about this artifact, signature and certificate: its digest differs",
    ),
    (
        "wrong-hashedrekord-cert-and-sig_fail",
        "not about this artifact, signature and certificate: its signature differs",
    ),
    (
        "wrong-hashedrekord-entry_fail",
        "not about this artifact, signature and certificate: its digest differs",
    ),
    (
        "wrong-material_fail",
        "the signature over the artifact: the signature does not match",
    ),
];

#[test]
fn every_public_case_is_judged_rightly_and_for_its_reason() {
    let Some(folder) = folder() else { return };
    let cases = std::fs::read(folder.join("cases.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for case in cases["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        for by_digest in [false, true] {
            let expected = REFUSED.iter().find(|(case, _)| *case == name);
            let outcome = verify(&folder, case, by_digest);
            match (case["expected"].as_str().unwrap(), outcome, expected) {
                ("pass", Ok(()), None) => accepted += 1,
                ("fail", Err(error), Some((_, expected))) if error.contains(expected) => {
                    refused += 1;
                }
                (_, outcome, _) => {
                    wrong.push(format!("{name}, by digest {by_digest}: {outcome:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        (accepted, refused),
        (42, 98),
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
    let policy = match case["key"].as_str() {
        Some(_) => {
            let pem = String::from_utf8(read("key")).unwrap();
            Policy::key(PublicKey::from_pem(&pem).map_err(|error| text(&error))?)
        }
        None => {
            let identity = Identity::exactly(
                case["certificate_oidc_issuer"].as_str().unwrap(),
                case["certificate_identity"].as_str().unwrap(),
            );
            Policy::identity(identity.unwrap())
        }
    };
    let bytes = read("artifact");
    let artifact = match by_digest {
        true => Artifact::Digest(HashAlgorithm::Sha256.digest(&bytes)),
        false => Artifact::Bytes(&bytes),
    };
    verifier
        .verify(&bundle, artifact, &policy)
        .map(|_| ())
        .map_err(|error| text(&error))
}
