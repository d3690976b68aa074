//! `buildkite-job`, deprecated in favour of `ci-provider`: the URL of a pipeline.
//!
//! ```text
//! {"organization_slug":"acme","pipeline_slug":"app"}  ->  https://buildkite.com/acme/app
//! ```

use waxwing_pki::fulcio::{Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute};

pub(super) fn principal(issuer: &str, claims: &TokenClaims) -> Result<Principal, IdentityRefused> {
    let organization = claims.text("organization_slug")?;
    let pipeline = claims.text("pipeline_slug")?;
    let url = absolute(&format!("https://buildkite.com/{organization}/{pipeline}"))?;
    let name = SubjectAlternativeName::Uri(url.to_string());
    let subject = claims.text("sub")?;
    Ok(Principal::of_subject(
        name,
        issuer,
        subject,
        Claims::default(),
    ))
}
