//! `github-workflow`, deprecated in favour of `ci-provider`: GitHub's claims by fixed rules.
//!
//! ```text
//! {"job_workflow_ref":"acme/app/.github/workflows/r.yml@refs/heads/main",…}
//! -> https://github.com/acme/app/.github/workflows/r.yml@refs/heads/main
//! ```

use waxwing_pki::fulcio::{Claim, Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute, joined};

pub(super) fn principal(issuer: &str, claims: &TokenClaims) -> Result<Principal, IdentityRefused> {
    let text = |claim| claims.text(claim);
    let workflow_of_job = text("job_workflow_ref")?;
    let sha = text("sha")?;
    let event = text("event_name")?;
    let repository = text("repository")?;
    let workflow_name = text("workflow")?;
    let reference = text("ref")?;
    let sha_of_job = text("job_workflow_sha")?;
    let runner_environment = text("runner_environment")?;
    let repository_id = text("repository_id")?;
    let owner = text("repository_owner")?;
    let owner_id = text("repository_owner_id")?;
    let visibility = text("repository_visibility")?;
    let workflow = text("workflow_ref")?;
    let workflow_sha = text("workflow_sha")?;
    let run = text("run_id")?;
    let attempt = text("run_attempt")?;

    let base = absolute("https://github.com/")?;
    let url = |elements: &[&str]| joined(&base, elements);
    let signer = url(&[workflow_of_job])?;
    let claimed = Claims::default()
        .with(Claim::GithubWorkflowTrigger, event)
        .with(Claim::GithubWorkflowSha, sha)
        .with(Claim::GithubWorkflowName, workflow_name)
        .with(Claim::GithubWorkflowRepository, repository)
        .with(Claim::GithubWorkflowRef, reference)
        .with(Claim::BuildSignerUri, signer.as_str())
        .with(Claim::BuildSignerDigest, sha_of_job)
        .with(Claim::RunnerEnvironment, runner_environment)
        .with(Claim::SourceRepositoryUri, url(&[repository])?)
        .with(Claim::SourceRepositoryDigest, sha)
        .with(Claim::SourceRepositoryRef, reference)
        .with(Claim::SourceRepositoryIdentifier, repository_id)
        .with(Claim::SourceRepositoryOwnerUri, url(&[owner])?)
        .with(Claim::SourceRepositoryOwnerIdentifier, owner_id)
        .with(Claim::BuildConfigUri, url(&[workflow])?)
        .with(Claim::BuildConfigDigest, workflow_sha)
        .with(Claim::BuildTrigger, event)
        .with(
            Claim::RunInvocationUri,
            url(&[repository, "actions/runs", run, "attempts", attempt])?,
        )
        .with(Claim::SourceRepositoryVisibilityAtSigning, visibility);
    let name = SubjectAlternativeName::Uri(signer);
    Ok(Principal::of_subject(name, issuer, text("sub")?, claimed))
}
