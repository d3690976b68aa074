//! `codefresh-workflow`, deprecated in favour of `ci-provider`: Codefresh's claims by fixed rules.
//!
//! ```text
//! {"account_name":"acme","pipeline_name":"app/build","account_id":"62","pipeline_id":"65",…}
//! -> https://g.codefresh.io/acme/app/build:62/65
//! ```

use waxwing_pki::fulcio::{Claim, Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute, joined};

/// Where pipelines run that do not say otherwise.
const PLATFORM: &str = "https://g.codefresh.io";

pub(super) fn principal(issuer: &str, claims: &TokenClaims) -> Result<Principal, IdentityRefused> {
    let account_id = claims.text("account_id")?;
    let pipeline_id = claims.text("pipeline_id")?;
    let workflow_id = claims.text("workflow_id")?;
    let or_empty = |claim| Ok::<_, IdentityRefused>(claims.optional(claim)?.unwrap_or_default());
    let account = or_empty("account_name")?;
    let pipeline = or_empty("pipeline_name")?;

    let base = absolute(claims.optional("platform_url")?.unwrap_or(PLATFORM))?;
    let url = |elements: &[&str]| joined(&base, elements);
    let pipeline = format!("{pipeline}:{account_id}/{pipeline_id}");
    let build = url(&["build", workflow_id])?;
    let claimed = Claims::default()
        .with(Claim::BuildSignerUri, build.as_str())
        .with(Claim::RunnerEnvironment, or_empty("runner_environment")?)
        .with(Claim::SourceRepositoryUri, or_empty("scm_repo_url")?)
        .with(Claim::SourceRepositoryRef, or_empty("scm_ref")?)
        .with(
            Claim::BuildConfigUri,
            url(&["api", "pipelines", pipeline_id])?,
        )
        .with(Claim::RunInvocationUri, build.as_str());
    let name = SubjectAlternativeName::Uri(url(&[account, &pipeline])?);
    let subject = claims.text("sub")?;
    Ok(Principal::of_subject(name, issuer, subject, claimed))
}
