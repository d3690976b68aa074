//! `uri`: the subject, which must be a URI of the configured scheme and host.
//!
//! ```text
//! {"sub":"https://example.com/users/1"}  with subject-domain https://example.com
//! ```

use waxwing_pki::fulcio::{Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute, email};

pub(super) fn principal(
    issuer: &str,
    claims: &TokenClaims,
    scheme: &str,
    host: &str,
) -> Result<Principal, IdentityRefused> {
    let subject = claims.text("sub")?;
    if email::is_address(subject) {
        let found = subject.to_owned();
        return Err(IdentityRefused::IsAnEmail { found });
    }
    let url = absolute(subject)?;
    if url.scheme() != scheme {
        let (found, expected) = (url.scheme().to_owned(), scheme.to_owned());
        return Err(IdentityRefused::UriScheme { found, expected });
    }
    if url.hostname() != host {
        let (found, expected) = (url.hostname().to_owned(), host.to_owned());
        return Err(IdentityRefused::UriHost { found, expected });
    }
    let name = SubjectAlternativeName::Uri(url.to_string());
    Ok(Principal::of_subject(
        name,
        issuer,
        subject,
        Claims::default(),
    ))
}
