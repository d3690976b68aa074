//! openssl agrees on the certificates and on the timestamp that `try` left.

use serde_json::Value;
use waxwing_encoding::base64;
use waxwing_encoding::pem;
use waxwing_testkit::peers::openssl;

use crate::program::{IDENTITY, ISSUER, Tried};

fn document(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

/// The certificates of an authority of the trusted root, leaf-most first, as PEM files.
fn chain(tried: &Tried, role: &str) -> Vec<String> {
    let root = document(&tried.trusted_root());
    let certificates = root[role][0]["certChain"]["certificates"]
        .as_array()
        .unwrap()
        .clone();
    let files = certificates
        .iter()
        .enumerate()
        .map(|(number, certificate)| {
            let path = tried.path(&format!("{role}-{number}.pem"));
            std::fs::write(
                &path,
                pem::encode("CERTIFICATE", &bytes(&certificate["rawBytes"])),
            )
            .unwrap();
            path.display().to_string()
        });
    files.collect()
}

#[test]
fn openssl_reads_and_verifies_the_certificates() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let tried = Tried::new();
    let bundle = document(&tried.bundle());
    let leaf = bytes(&bundle["verificationMaterial"]["certificate"]["rawBytes"]);
    let path = tried.path("leaf.pem");
    std::fs::write(&path, pem::encode("CERTIFICATE", &leaf)).unwrap();
    let leaf = path.display().to_string();

    let read = openssl.run(&["x509", "-in", &leaf, "-noout", "-text"], &[]);
    let text = read.text();
    for expected in [
        &format!("email:{IDENTITY}"),
        ISSUER,
        "X509v3 Key Usage: critical\n                Digital Signature",
        "Code Signing",
        "CT Precertificate SCTs",
        "Extensions: 00:00:05:00:00:00:00:01",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }

    let chain = chain(&tried, "certificateAuthorities");
    let [issuing, root] = chain.as_slice() else {
        panic!("{chain:?}")
    };
    let verify = |root: &str| {
        let arguments = [
            "verify",
            "-purpose",
            "any",
            "-CAfile",
            root,
            "-untrusted",
            issuing,
            &leaf,
        ];
        openssl.run(&arguments, &[]).code
    };
    assert_eq!(verify(root), Some(0));
    let stranger = Tried::new();
    assert_ne!(
        verify(&self::chain(&stranger, "certificateAuthorities")[1]),
        Some(0)
    );
}

#[test]
fn openssl_verifies_the_timestamp_over_the_signature_and_over_nothing_else() {
    let Some(openssl) = openssl::require() else {
        return;
    };
    let tried = Tried::new();
    let bundle = document(&tried.bundle());
    let response = &bundle["verificationMaterial"]["timestampVerificationData"];
    let response = bytes(&response["rfc3161Timestamps"][0]["signedTimestamp"]);
    std::fs::write(tried.path("response.tsr"), response).unwrap();
    let signature = bytes(&bundle["messageSignature"]["signature"]);
    std::fs::write(tried.path("signature"), &signature).unwrap();
    std::fs::write(tried.path("other"), [signature.as_slice(), &[0]].concat()).unwrap();
    let chain = chain(&tried, "timestampAuthorities");
    let [_, root] = chain.as_slice() else {
        panic!("{chain:?}")
    };

    let path = |name: &str| tried.path(name).display().to_string();
    let verify = |data: &str| {
        let (response, data) = (path("response.tsr"), path(data));
        let arguments = [
            "ts", "-verify", "-in", &response, "-data", &data, "-CAfile", root,
        ];
        openssl.run(&arguments, &[]).text()
    };
    let accepted = verify("signature");
    assert!(accepted.contains("Verification: OK"), "{accepted}");
    let refused = verify("other");
    assert!(refused.contains("message imprint mismatch"), "{refused}");
}
