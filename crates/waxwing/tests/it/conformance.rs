//! The public conformance cases as the suite runs them: a process for each, by path and by digest,
//! the trusted root given only where the case has one of its own.
//!
//! `crates/verify/tests/conformance.rs` checks the reason of each refusal; this checks the protocol.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{printed, run, waxwing};

/// The folder of the cases; none where nobody named one.
#[expect(clippy::disallowed_methods, reason = "tests read their environment")]
pub(crate) fn folder() -> Option<PathBuf> {
    let Ok(folder) = std::env::var("WAXWING_CONFORMANCE") else {
        assert!(
            std::env::var("CI").is_err(),
            "WAXWING_CONFORMANCE is not set"
        );
        return None;
    };
    Some(Path::new(&folder).canonicalize().unwrap())
}

#[test]
fn every_public_case_by_the_suites_protocol() {
    let Some(folder) = folder() else {
        return;
    };
    let cases: Value =
        serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut right = 0;
    for case in cases["cases"].as_array().unwrap() {
        let path = |field: &str| case[field].as_str().map(|path| folder.join(path));
        for by_digest in [false, true] {
            let mut arguments = vec!["conformance".into(), "verify-bundle".into()];
            let mut option = |name: &str, value: Option<&Path>| {
                if let Some(value) = value {
                    arguments.extend([name.into(), value.as_os_str().to_owned()]);
                }
            };
            option("--bundle", path("bundle").as_deref());
            for (name, field) in [
                ("--certificate-identity", "certificate_identity"),
                ("--certificate-oidc-issuer", "certificate_oidc_issuer"),
            ] {
                option(name, case[field].as_str().map(Path::new));
            }
            option("--key", path("key").as_deref());
            option("--trusted-root", path("trusted_root").as_deref());
            arguments.push(match by_digest {
                true => case["digest"].as_str().unwrap().into(),
                false => path("artifact").unwrap().into_os_string(),
            });
            let output = run(&waxwing(), scratch.path(), &arguments);
            let expected = match case["expected"].as_str().unwrap() {
                "pass" => Some(0),
                _ => Some(1),
            };
            let said = printed(&output);
            assert_eq!(output.status.code(), expected, "{}: {said}", case["name"]);
            assert_eq!(said == "Verified OK\n", expected == Some(0), "{said}");
            right += 1;
        }
    }
    assert_eq!(right, 140, "the folder holds other cases than these");
}
