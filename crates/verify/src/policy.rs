//! What the caller demands: whose signature, and how much proof.

use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{Identity as CertificateIdentity, IdentityError};

/// How many witnesses of each kind must have spoken, each counted once however often it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    pub(crate) timestamps: usize,
    pub(crate) signed_certificate_timestamps: usize,
    pub(crate) log_entries: usize,
}

impl Requirements {
    /// One timestamp authority, one CT log, one transparency log.
    pub fn public_good() -> Self {
        Self {
            timestamps: 1,
            signed_certificate_timestamps: 1,
            log_entries: 1,
        }
    }
}

/// Whose signature is wanted. There is no empty policy: leaving the identity out takes a name with
/// `dangerous` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    identity: Option<Identity>,
}

/// One identity: an issuer and a name that it vouches for. The name alone would let any issuer
/// speak for anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    issuer: String,
    name: String,
}

/// The identity that was asked for is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the policy's {part} is empty: it would be compared with the certificate's and never match"
)]
pub struct EmptyIdentity {
    /// The part that is empty.
    pub part: &'static str,
}

/// Why the certificate's identity is not the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityRefused {
    /// The certificate has no identity that can be read.
    #[error(transparent)]
    Unreadable(#[from] IdentityError),
    /// Another issuer.
    #[error(
        "none of the expected identities matched: the issuer is {found:?}, expected {expected:?}"
    )]
    Issuer {
        /// The certificate's issuer.
        found: String,
        /// The policy's.
        expected: String,
    },
    /// Another name.
    #[error(
        "none of the expected identities matched: the subject is {found:?}, expected {expected:?}"
    )]
    Name {
        /// The certificate's name.
        found: String,
        /// The policy's.
        expected: String,
    },
}

impl Identity {
    /// This name by this issuer, both compared byte for byte.
    pub fn exactly(issuer: &str, name: &str) -> Result<Self, EmptyIdentity> {
        for (part, value) in [("issuer", issuer), ("name", name)] {
            if value.is_empty() {
                return Err(EmptyIdentity { part });
            }
        }
        Ok(Self {
            issuer: issuer.into(),
            name: name.into(),
        })
    }
}

impl Policy {
    /// A signature by this identity.
    pub fn identity(identity: Identity) -> Self {
        Self {
            identity: Some(identity),
        }
    }

    /// A signature by anybody at all who could get a certificate. It proves that the artifact was
    /// signed, not that it should be trusted.
    pub fn dangerously_any_identity() -> Self {
        Self { identity: None }
    }

    pub(crate) fn check(
        &self,
        certificate: &Certificate,
    ) -> Result<CertificateIdentity, IdentityRefused> {
        let found = CertificateIdentity::of(certificate)?;
        let Some(expected) = &self.identity else {
            return Ok(found);
        };
        if found.issuer != expected.issuer {
            let expected = expected.issuer.clone();
            return Err(IdentityRefused::Issuer {
                found: found.issuer,
                expected,
            });
        }
        if found.name.value() != expected.name {
            let (found, expected) = (found.name.value().to_owned(), expected.name.clone());
            return Err(IdentityRefused::Name { found, expected });
        }
        Ok(found)
    }
}
