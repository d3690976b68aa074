//! `spiffe`: the subject, which must be a SPIFFE ID of the configured trust domain.
//!
//! ```text
//! {"sub":"spiffe://example.org/ns/default/sa/builder"}
//! ```
//!
//! The characters and rules are those of the SPIFFE ID standard, section 2: a trust domain of lower
//! case letters, digits, `.`, `-` and `_`; path segments that are not empty and not dots, of the same
//! characters and upper case letters; no slash at the end, no port, query or fragment.

use waxwing_pki::fulcio::{Claims, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims};

/// Longest SPIFFE ID and longest trust domain, in bytes.
const LONGEST_ID: usize = 2048;
const LONGEST_TRUST_DOMAIN: usize = 255;

pub(super) fn principal(
    issuer: &str,
    claims: &TokenClaims,
    expected: &str,
) -> Result<Principal, IdentityRefused> {
    let subject = claims.text("sub")?;
    let found = domain_of(subject).ok_or_else(|| IdentityRefused::Spiffe {
        found: subject.to_owned(),
    })?;
    if found != expected {
        let (found, expected) = (found.to_owned(), expected.to_owned());
        return Err(IdentityRefused::TrustDomain { found, expected });
    }
    let name = SubjectAlternativeName::Uri(subject.to_owned());
    Ok(Principal::of_subject(
        name,
        issuer,
        subject,
        Claims::default(),
    ))
}

/// The trust domain that a configuration names, by its name or by an ID in it.
pub(crate) fn trust_domain(text: &str) -> Option<&str> {
    match text.contains("://") {
        true => domain_of(text),
        false => Some(text).filter(|text| is_trust_domain(text)),
    }
}

/// The trust domain of a well-formed ID.
fn domain_of(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("spiffe://")?;
    let (domain, path) = rest
        .split_once('/')
        .map_or((rest, None), |(d, p)| (d, Some(p)));
    let in_segment = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(in_segment);
    let well_formed = id.len() <= LONGEST_ID
        && is_trust_domain(domain)
        && path.is_none_or(|path| path.split('/').all(is_segment));
    well_formed.then_some(domain)
}

fn is_trust_domain(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST_TRUST_DOMAIN && text.bytes().all(allowed)
}
