//! The public conformance cases about timestamps, each as `timestamp-cli verify` meets it: what was
//! stamped is the signature of the bundle, and whom to trust is the authority of the trusted root.

use std::fs;
use std::path::Path;

use serde_json::Value;
use waxwing_encoding::{base64, pem};

use super::cli;
use crate::program::printed;

fn bytes(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

/// Whether one authority of the trusted root verifies the timestamp of the bundle, and what is said if
/// none does.
fn verified(bundle: &Path, trusted_root: &Path) -> Result<(), String> {
    let read = |path: &Path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    let (bundle, root) = (read(bundle), read(trusted_root));
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let timestamps = &bundle["verificationMaterial"]["timestampVerificationData"];
    let timestamp = bytes(&timestamps["rfc3161Timestamps"][0]["signedTimestamp"]);
    fs::write(folder.join("response.tsr"), timestamp).unwrap();
    let signature = match bundle.get("messageSignature") {
        Some(signature) => bytes(&signature["signature"]),
        None => bytes(&bundle["dsseEnvelope"]["signatures"][0]["sig"]),
    };
    fs::write(folder.join("signature"), signature).unwrap();
    let mut said = String::new();
    for authority in root["timestampAuthorities"].as_array().unwrap() {
        let certificates = authority["certChain"]["certificates"].as_array().unwrap();
        let chain = certificates
            .iter()
            .map(|certificate| pem::encode("CERTIFICATE", &bytes(&certificate["rawBytes"])));
        fs::write(folder.join("chain.pem"), chain.collect::<String>()).unwrap();
        let done = cli(
            folder,
            &[
                "verify",
                "--artifact",
                "signature",
                "--timestamp",
                "response.tsr",
                "--certificate-chain",
                "chain.pem",
            ],
        );
        if done.status.success() {
            return Ok(());
        }
        assert_eq!(done.status.code(), Some(1));
        said.push_str(&printed(&done));
    }
    Err(said)
}

#[test]
fn every_public_case_about_timestamps_is_judged_rightly() {
    let Some(folder) = crate::conformance::folder() else {
        return;
    };
    let assets = folder.join("test/assets/bundle-verify");
    // Windows of the trusted root are not the tool's to know: there the timestamp itself is good.
    for (case, refused) in [
        ("rekor2-timestamp-without-embedded-cert", None),
        ("rekor2-timestamp-with-embedded-cert", None),
        ("rekor2-timestamp-with-expired-cert-chain", None),
        (
            "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
            None,
        ),
        (
            "rekor2-timestamp-outside-tsa-cert-validity_fail",
            Some("valid"),
        ),
        (
            "rekor2-timestamp-payload-mismatch_fail",
            Some("made for other bytes"),
        ),
        (
            "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail",
            // Whoever made it knows only the older attribute, which is refused before anybody is trusted.
            Some("no single attribute signingCertificateV2"),
        ),
        (
            "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
            Some("signer"),
        ),
    ] {
        let asset = assets.join(case);
        let own = asset.join("trusted_root.json");
        let outcome = verified(&asset.join("bundle.sigstore.json"), &own);
        match refused {
            None => assert_eq!(outcome, Ok(()), "{case}"),
            Some(expected) => {
                let said = outcome.expect_err(case);
                assert!(said.contains(expected), "{case}: {said}");
            }
        }
    }
}
