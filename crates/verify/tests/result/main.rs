//! Our verdict as JSON beside that of sigstore-go 1.3.0, on the public conformance cases.
//!
//! The files in `sigstore-go-1.3.0` are what its `sigstore-go-verification` printed for these cases
//! in the zone UTC. Ours must have the same values; order, blanks and escapes may differ.
//!
//! `WAXWING_CONFORMANCE` names the folder with the cases. Without it the test says so and passes;
//! under `CI` its absence fails.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use waxwing_crypto::PublicKey;
use waxwing_encoding::time::UnixTime;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{
    Artifact, Identity, Matcher, Pattern, Policy, Requirements, Verified, Verifier,
};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const NAME: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

#[test]
fn the_verdict_is_that_of_sigstore_go_1_3_0() {
    let Some(folder) = folder() else { return };
    let key = std::fs::read_to_string(folder.join("managed-key-happy-path/key.pub")).unwrap();
    let pattern = |text| Matcher::Pattern(Pattern::new(text).unwrap());
    let patterns = Identity::new(pattern("githubuser"), pattern("@refs/heads/main$")).unwrap();
    for (case, printed, policy) in [
        (
            "happy-path-v0.3",
            include_str!("sigstore-go-1.3.0/happy-path-v0.3.json"),
            exactly(),
        ),
        (
            "happy-path-v0.3",
            include_str!("sigstore-go-1.3.0/by-pattern.json"),
            Policy::identity(patterns),
        ),
        (
            "rekor2-happy-path",
            include_str!("sigstore-go-1.3.0/rekor2-happy-path.json"),
            exactly(),
        ),
        (
            "happy-path-intoto-in-dsse-v3",
            include_str!("sigstore-go-1.3.0/happy-path-intoto-in-dsse-v3.json"),
            exactly(),
        ),
        (
            "managed-key-happy-path",
            include_str!("sigstore-go-1.3.0/managed-key-happy-path.json"),
            Policy::key(PublicKey::from_pem(&key).unwrap()),
        ),
    ] {
        let theirs: Value = serde_json::from_str(printed).unwrap();
        let ours = verify(&folder, case, &policy).to_json().unwrap();
        let ours: Value = serde_json::from_slice(&ours).unwrap();
        let difference = format!("{case}\nours: {ours:#}\ntheirs: {theirs:#}");
        assert!(ours == theirs, "{difference}");
    }
}

#[test]
fn the_verdict_is_one_line_of_json_in_the_order_of_the_form() {
    let Some(folder) = folder() else { return };
    let verified = verify(&folder, "happy-path-intoto-in-dsse-v3", &exactly());
    let told = String::from_utf8(verified.to_json().unwrap()).unwrap();
    assert_eq!(told.lines().count(), 1);
    let places = [
        "\"mediaType\"",
        "\"signature\"",
        "\"certificateIssuer\"",
        "\"subjectAlternativeName\"",
        "\"issuer\"",
        "\"githubWorkflowTrigger\"",
        "\"buildSignerURI\"",
        "\"verifiedTimestamps\"",
        "\"verifiedIdentity\"",
        "\"statement\"",
    ]
    .map(|name| told.find(name).unwrap());
    assert!(places.is_sorted(), "{told}");
    // The statement as it was signed.
    assert!(told.contains("\"workflow\":{\"ref\":\"refs/heads/main\",\"repository\""));
}

/// What needs no identity has none in its verdict.
#[test]
fn a_verdict_without_an_identity_asked_for_has_none() {
    let Some(folder) = folder() else { return };
    let now = UnixTime::parse("2026-06-01T00:00:00Z").unwrap();
    let policy = Policy::dangerously_any_identity().at(now);
    let verified = verify(&folder, "happy-path-v0.3", &policy);
    let told: Value = serde_json::from_slice(&verified.to_json().unwrap()).unwrap();
    assert_eq!(told.get("verifiedIdentity"), None);
    assert_eq!(told["statement"], json!({}));
    assert_eq!(told["signature"]["certificate"]["issuer"], ISSUER);
    assert_eq!(told["signature"].get("publicKeyId"), None);
}

fn exactly() -> Policy {
    Policy::identity(Identity::exactly(ISSUER, NAME).unwrap())
}

fn folder() -> Option<PathBuf> {
    match std::env::var("WAXWING_CONFORMANCE") {
        Ok(folder) => Some(PathBuf::from(folder).join("test/assets/bundle-verify")),
        Err(_) if std::env::var("CI").is_ok() => {
            panic!("WAXWING_CONFORMANCE does not name the conformance cases")
        }
        Err(_) => {
            println!("skipped: WAXWING_CONFORMANCE does not name the conformance cases");
            None
        }
    }
}

fn verify(folder: &Path, case: &str, policy: &Policy) -> Verified {
    let read = |path: &Path| std::fs::read(path).unwrap();
    let own_root = folder.join(case).join("trusted_root.json");
    let trusted_root = match own_root.exists() {
        true => own_root,
        false => folder.join("../../../default-trust/trusted_root.production.json"),
    };
    let trusted_root = TrustedRoot::from_json(&read(&trusted_root)).unwrap();
    let verifier = Verifier::new(trusted_root, Requirements::public_good()).unwrap();
    let bundle = Bundle::from_json(&read(&folder.join(case).join("bundle.sigstore.json"))).unwrap();
    let artifact = read(&folder.join("a.txt"));
    verifier
        .verify(&bundle, Artifact::Bytes(&artifact), policy)
        .unwrap()
}
