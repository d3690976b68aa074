//! `username`: a user name of a domain, as the other name `SUBJECT!DOMAIN`.
//!
//! ```text
//! {"sub":"alice"}  with subject-domain example.com  ->  alice!example.com
//! ```
//!
//! Refused: a subject with the mark in it, which could name another domain, and an e-mail address.

use waxwing_pki::fulcio::{Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, email};

pub(super) fn principal(
    issuer: &str,
    claims: &TokenClaims,
    domain: &str,
) -> Result<Principal, IdentityRefused> {
    let subject = claims.text("sub")?;
    if subject.contains('!') {
        let found = subject.to_owned();
        return Err(IdentityRefused::UsernameMark { found });
    }
    if email::is_address(subject) {
        let found = subject.to_owned();
        return Err(IdentityRefused::IsAnEmail { found });
    }
    let name = SubjectAlternativeName::OtherName(format!("{subject}!{domain}"));
    Ok(Principal::of_subject(
        name,
        issuer,
        subject,
        Claims::default(),
    ))
}
