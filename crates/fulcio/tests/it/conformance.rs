//! Certificates that the public instance issued to a workflow, made again from the claims that they
//! tell: every extension of ours has the same bytes, in the same order.
//!
//! `WAXWING_CONFORMANCE` names the folder with the public cases. Without it the test says so and
//! passes; under `CI` its absence fails.
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use waxwing_encoding::base64;
use waxwing_pki::Certificate;
use waxwing_pki::certificate::Extension;
use waxwing_pki::fulcio::{Claim, Identity};

use crate::kinds::principal;

const GITHUB: &str = "https://token.actions.githubusercontent.com";

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

/// The leaf of every bundle, each once.
fn leaves(folder: &std::path::Path) -> BTreeMap<Vec<u8>, Certificate> {
    let mut leaves = BTreeMap::new();
    for case in std::fs::read_dir(folder.join("test/assets/bundle-verify")).unwrap() {
        let bundle = case.unwrap().path().join("bundle.sigstore.json");
        let Ok(text) = std::fs::read(bundle) else {
            continue;
        };
        let Ok(bundle) = serde_json::from_slice::<Value>(&text) else {
            continue;
        };
        let material = &bundle["verificationMaterial"];
        let chained = &material["x509CertificateChain"]["certificates"][0]["rawBytes"];
        let single = &material["certificate"]["rawBytes"];
        let der = single.as_str().or(chained.as_str());
        let Some(Ok(der)) = der.map(base64::decode) else {
            continue;
        };
        if let Ok(certificate) = Certificate::from_der(&der) {
            leaves.insert(der, certificate);
        }
    }
    leaves
}

/// What a token must have said for this certificate.
fn claims(leaf: &Certificate) -> Option<Value> {
    let text = |claim: Claim| claim.read(leaf).ok().flatten();
    let path = |claim| Some(text(claim)?.strip_prefix("https://github.com/")?.to_owned());
    let run = path(Claim::RunInvocationUri)?;
    let run = run.split_once("/actions/runs/")?.1.to_owned();
    let (run, attempt) = run.split_once("/attempts/")?;
    Some(json!({
        "sub": text(Claim::Subject).unwrap_or_else(|| "not told".into()),
        "event_name": text(Claim::GithubWorkflowTrigger)?,
        "sha": text(Claim::GithubWorkflowSha)?,
        "workflow": text(Claim::GithubWorkflowName)?,
        "repository": text(Claim::GithubWorkflowRepository)?,
        "ref": text(Claim::GithubWorkflowRef)?,
        "job_workflow_ref": path(Claim::BuildSignerUri)?,
        "job_workflow_sha": text(Claim::BuildSignerDigest)?,
        "runner_environment": text(Claim::RunnerEnvironment)?,
        "repository_id": text(Claim::SourceRepositoryIdentifier)?,
        "repository_owner": path(Claim::SourceRepositoryOwnerUri)?,
        "repository_owner_id": text(Claim::SourceRepositoryOwnerIdentifier)?,
        "workflow_ref": path(Claim::BuildConfigUri)?,
        "workflow_sha": text(Claim::BuildConfigDigest)?,
        "run_id": run, "run_attempt": attempt,
        "repository_visibility": text(Claim::SourceRepositoryVisibilityAtSigning)?,
        "environment": text(Claim::DeploymentEnvironment).unwrap_or_default(),
    }))
}

/// The name and Fulcio's own extensions.
fn of_fulcio(extensions: &[Extension], with_subject: bool) -> Vec<&Extension> {
    let ours = |extension: &&Extension| {
        let oid = extension.oid.to_string();
        let subject = oid == "1.3.6.1.4.1.57264.1.24";
        oid == "2.5.29.17"
            || (oid.starts_with("1.3.6.1.4.1.57264.1.") && (with_subject || !subject))
    };
    extensions.iter().filter(ours).collect()
}

#[test]
fn the_public_instances_certificates_are_made_again_byte_for_byte() {
    let Some(folder) = folder() else { return };
    let mut compared = 0;
    for leaf in leaves(&folder).values() {
        let is_github = Identity::of(leaf).is_ok_and(|identity| identity.issuer == GITHUB);
        let Some(claims) = claims(leaf).filter(|_| is_github) else {
            continue;
        };
        let told = Claim::Subject.read(leaf).unwrap().is_some();
        for issuer in [GITHUB, "https://github.old.example"] {
            // The second one is the fixed rules', which know no environment.
            if issuer != GITHUB && claims["environment"] != "" {
                continue;
            }
            let found = principal(issuer, &claims).unwrap();
            let identity = Identity {
                issuer: GITHUB.into(),
                ..found.identity().clone()
            };
            let made = identity.extensions_with(found.claims()).unwrap();
            let expected = of_fulcio(leaf.extensions(), told);
            assert_eq!(of_fulcio(&made, told), expected, "{issuer}");
            compared += 1;
        }
    }
    assert!(
        compared >= 10,
        "only {compared} certificates could be compared"
    );
    println!("{compared} compared");
}
