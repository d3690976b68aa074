//! `gitlab-pipeline`, deprecated in favour of `ci-provider`: gitlab.com's claims by fixed rules.
//!
//! ```text
//! {"ci_config_ref_uri":"gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main",…}
//! -> https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main
//! ```
//!
//! The base is gitlab.com: instances of one's own need `ci-provider` with their `url`.

use serde_json::Value;
use waxwing_pki::fulcio::{Claim, Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute, joined};

pub(super) fn principal(issuer: &str, claims: &TokenClaims) -> Result<Principal, IdentityRefused> {
    let text = |claim| claims.text(claim);
    let project = text("project_path")?;
    let source = text("pipeline_source")?;
    text("pipeline_id")?;
    let configuration = text("ci_config_ref_uri")?;
    let job = text("job_id")?;
    let reference = text("ref")?;
    let reference_type = text("ref_type")?;
    let namespace = text("namespace_path")?;
    let namespace_id = text("namespace_id")?;
    let project_id = text("project_id")?;
    let sha = text("sha")?;
    let runner_environment = text("runner_environment")?;
    if claims.get("runner_id").and_then(Value::as_i64).unwrap_or(0) == 0 {
        return Err(IdentityRefused::RunnerId);
    }
    let reference = match reference_type {
        "branch" => format!("refs/heads/{reference}"),
        "tag" => format!("refs/tags/{reference}"),
        other => {
            let found = other.to_owned();
            return Err(IdentityRefused::RefType { found });
        }
    };

    let base = absolute("https://gitlab.com/")?;
    let url = |elements: &[&str]| joined(&base, elements);
    let configuration = absolute(&format!("https://{configuration}"))?.to_string();
    let digest = claims.optional("ci_config_sha")?.unwrap_or_default();
    let visibility = claims.optional("project_visibility")?.unwrap_or_default();
    let claimed = Claims::default()
        .with(Claim::BuildSignerUri, configuration.as_str())
        .with(Claim::BuildSignerDigest, digest)
        .with(Claim::RunnerEnvironment, runner_environment)
        .with(Claim::SourceRepositoryUri, url(&[project])?)
        .with(Claim::SourceRepositoryDigest, sha)
        .with(Claim::SourceRepositoryRef, reference)
        .with(Claim::SourceRepositoryIdentifier, project_id)
        .with(Claim::SourceRepositoryOwnerUri, url(&[namespace])?)
        .with(Claim::SourceRepositoryOwnerIdentifier, namespace_id)
        .with(Claim::BuildConfigUri, configuration.as_str())
        .with(Claim::BuildConfigDigest, digest)
        .with(Claim::BuildTrigger, source)
        .with(Claim::RunInvocationUri, url(&[project, "/-/jobs/", job])?)
        .with(Claim::SourceRepositoryVisibilityAtSigning, visibility);
    let name = SubjectAlternativeName::Uri(configuration);
    Ok(Principal::of_subject(name, issuer, text("sub")?, claimed))
}
