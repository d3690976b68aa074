//! Which identity of the policy a certificate met.

use waxwing_pki::fulcio::Claim;

use crate::policy::{self, Matcher};

/// The identity of the policy that the certificate met, as it was asked for. Texts alone: a verdict
/// is kept and sent about, and needs no regular expression that was already compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MatchedIdentity {
    pub(crate) name: Asked,
    pub(crate) issuer: Asked,
    pub(crate) claims: Vec<(Claim, String)>,
}

/// What was asked for in one place: empty where it was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) exactly: String,
    pub(crate) pattern: String,
}

impl MatchedIdentity {
    pub(crate) fn of(identity: &policy::Identity) -> Self {
        Self {
            name: Asked::of(&identity.name),
            issuer: Asked::of(&identity.issuer),
            claims: identity.claims.clone(),
        }
    }
}

impl Asked {
    fn of(matchers: &[Matcher]) -> Self {
        let mut asked = Self::default();
        for matcher in matchers {
            let (place, text) = match matcher {
                Matcher::Exactly(text) => (&mut asked.exactly, text.as_str()),
                Matcher::Pattern(pattern) => (&mut asked.pattern, pattern.as_str()),
                Matcher::DangerouslyAny => continue,
            };
            if place.is_empty() {
                *place = text.to_owned();
            }
        }
        asked
    }
}
