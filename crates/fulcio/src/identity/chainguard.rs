//! `chainguard-identity`: the subject below the issuer.
//!
//! ```text
//! {"iss":"https://issuer.enforce.dev","sub":"a1b2/c3"}  ->  https://issuer.enforce.dev/a1b2/c3
//! ```
//!
//! The proof of possession is over what cosign signs there: the e-mail address if the token has one,
//! which must then be verified, otherwise the subject.

use waxwing_pki::fulcio::{Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims, absolute, email, joined};

pub(super) fn principal(issuer: &str, claims: &TokenClaims) -> Result<Principal, IdentityRefused> {
    let subject = claims.text("sub")?;
    let email = claims.optional("email")?;
    if email.is_some() && !email::is_verified(claims) {
        let found = claims.get("email_verified");
        let found = found.map_or_else(|| "none".to_owned(), ToString::to_string);
        return Err(IdentityRefused::EmailNotVerified { found });
    }
    let uri = joined(&absolute(issuer)?, &[subject])?;
    let name = SubjectAlternativeName::Uri(uri);
    let principal = Principal::of_subject(name, issuer, subject, Claims::default());
    Ok(match email {
        Some(email) => Principal {
            name: email.to_owned(),
            ..principal
        },
        None => principal,
    })
}
