//! What the caller demands: whose signature, and how much proof.

use waxwing_crypto::{HashAlgorithm, PublicKey};
use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{self, Claim, Identity as CertificateIdentity, IdentityError};
use waxwing_pki::sct::SignedCertificateTimestamp;

use crate::pattern::Pattern;
use crate::time::VerifiedTime;

/// Whose signature is wanted. There is no empty policy: leaving the identity out takes a name with
/// `dangerous` in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub(crate) signer: Signer,
    pub(crate) now: Option<UnixTime>,
    pub(crate) hash: Option<HashAlgorithm>,
    pub(crate) scts: Vec<SignedCertificateTimestamp>,
}

/// Who may have signed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Signer {
    /// The holder of a certificate with one of these identities.
    Identities(Vec<Identity>),
    /// The holder of a certificate.
    AnyIdentity,
    /// The holder of this key.
    Key(TrustedKey),
}

/// A key that is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrustedKey {
    pub(crate) key: PublicKey,
    pub(crate) valid_for: Window,
}

/// One identity: an issuer and a name that it vouches for. The name alone would let any issuer
/// speak for anyone.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub(crate) issuer: Vec<Matcher>,
    pub(crate) name: Vec<Matcher>,
    pub(crate) claims: Vec<(Claim, String)>,
}

/// How one part of an identity is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// Byte for byte.
    Exactly(String),
    /// By a regular expression in Go's syntax, which matches anywhere: `^…$` ties it to both ends.
    Pattern(Pattern),
    /// Whatever it is.
    DangerouslyAny,
}

/// The identity that was asked for is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmptyPolicy {
    /// A part of an identity is empty.
    #[error(
        "the policy's {part} is empty: it would be compared with the certificate's and never match"
    )]
    Part {
        /// The part that is empty.
        part: &'static str,
    },
    /// No identity at all.
    #[error("the policy has no identity: nobody could have signed")]
    NoIdentity,
}

/// Why the signer is not the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerRefused {
    /// The certificate has no identity that can be read.
    #[error(transparent)]
    Unreadable(#[from] IdentityError),
    /// Another issuer.
    #[error(
        "none of the expected identities matched: the issuer is {found:?}, expected {expected}"
    )]
    Issuer {
        /// The certificate's issuer.
        found: String,
        /// The policy's.
        expected: String,
    },
    /// Another name.
    #[error(
        "none of the expected identities matched: the subject is {found:?}, expected {expected}"
    )]
    Name {
        /// The certificate's name.
        found: String,
        /// The policy's.
        expected: String,
    },
    /// Another claim.
    #[error("none of the expected identities matched: {claim} is {found:?}, expected {expected:?}")]
    Claim {
        /// Its name.
        claim: &'static str,
        /// The certificate's, if it has any.
        found: Option<String>,
        /// The policy's.
        expected: String,
    },
    /// A certificate where a key is trusted.
    #[error("the bundle has a certificate; the policy trusts a key")]
    CertificateForKey,
    /// A key where an identity is trusted.
    #[error(
        "the bundle names a key, hint {hint:?}; the policy trusts identities in certificates: verify with that key"
    )]
    KeyForIdentity {
        /// Which key.
        hint: String,
    },
    /// A key that is trusted for a time, and nobody attests when it was used.
    #[error("the policy trusts the key for a time, and the bundle establishes none")]
    KeyWithoutTime,
    /// A key that was used when it was not trusted.
    #[error("the policy does not trust the key at {time}")]
    KeyWindow {
        /// An established time.
        time: UnixTime,
    },
}

impl Identity {
    /// This name by this issuer, both compared byte for byte.
    pub fn exactly(issuer: &str, name: &str) -> Result<Self, EmptyPolicy> {
        Self::new(
            Matcher::Exactly(issuer.into()),
            Matcher::Exactly(name.into()),
        )
    }

    /// A name by an issuer.
    pub fn new(issuer: Matcher, name: Matcher) -> Result<Self, EmptyPolicy> {
        let empty =
            |matcher: &Matcher| matches!(matcher, Matcher::Exactly(text) if text.is_empty());
        for (part, matcher) in [("issuer", &issuer), ("name", &name)] {
            if empty(matcher) {
                return Err(EmptyPolicy::Part { part });
            }
        }
        Ok(Self {
            issuer: vec![issuer],
            name: vec![name],
            claims: Vec::new(),
        })
    }

    /// The same identity, whose issuer has to match this as well.
    pub fn and_issuer(mut self, matcher: Matcher) -> Self {
        self.issuer.push(matcher);
        self
    }

    /// The same identity, whose name has to match this as well.
    pub fn and_name(mut self, matcher: Matcher) -> Self {
        self.name.push(matcher);
        self
    }

    /// The same identity, of which the certificate has to make this claim as well, byte for byte.
    pub fn and_claim(mut self, claim: Claim, value: &str) -> Self {
        self.claims.push((claim, value.into()));
        self
    }

    fn check(
        &self,
        found: &CertificateIdentity,
        certificate: &Certificate,
    ) -> Result<(), SignerRefused> {
        if let Some(matcher) = refusing(&self.issuer, &found.issuer) {
            let (found, expected) = (found.issuer.clone(), matcher.to_string());
            return Err(SignerRefused::Issuer { found, expected });
        }
        if let Some(matcher) = refusing(&self.name, found.name.value()) {
            let (found, expected) = (found.name.value().to_owned(), matcher.to_string());
            return Err(SignerRefused::Name { found, expected });
        }
        for (claim, expected) in &self.claims {
            let found = claim.read(certificate)?;
            if found.as_ref() != Some(expected) {
                return Err(SignerRefused::Claim {
                    claim: claim.name(),
                    found,
                    expected: expected.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The first matcher that does not match.
fn refusing<'a>(matchers: &'a [Matcher], text: &str) -> Option<&'a Matcher> {
    matchers.iter().find(|matcher| !matcher.matches(text))
}

impl Matcher {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exactly(expected) => expected == text,
            Self::Pattern(pattern) => pattern.is_match(text),
            Self::DangerouslyAny => true,
        }
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(expected) => write!(formatter, "{expected:?}"),
            Self::Pattern(pattern) => write!(formatter, "a match of {:?}", pattern.as_str()),
            Self::DangerouslyAny => formatter.write_str("anything"),
        }
    }
}

impl Policy {
    /// A signature by this identity.
    pub fn identity(identity: Identity) -> Self {
        Self::of(Signer::Identities(vec![identity]))
    }

    /// A signature by one of these identities.
    pub fn any_of(identities: Vec<Identity>) -> Result<Self, EmptyPolicy> {
        match identities.is_empty() {
            true => Err(EmptyPolicy::NoIdentity),
            false => Ok(Self::of(Signer::Identities(identities))),
        }
    }

    /// A signature by anybody at all who could get a certificate. It proves that the artifact was
    /// signed, not that it should be trusted.
    pub fn dangerously_any_identity() -> Self {
        Self::of(Signer::AnyIdentity)
    }

    /// A signature by this key, whenever it was made.
    pub fn key(key: PublicKey) -> Self {
        Self::key_valid_for(key, Window::ALWAYS)
    }

    /// A signature by this key. The bundle must establish a time, and each must lie in the window.
    pub fn key_valid_for(key: PublicKey, valid_for: Window) -> Self {
        Self::of(Signer::Key(TrustedKey { key, valid_for }))
    }

    /// The same policy with the present time: signatures from the future, by more than
    /// [`CLOCK_LEEWAY`](crate::time::CLOCK_LEEWAY), are refused (TOB-SIGSTORE-7), and certificates of private authorities can be verified at it
    /// ([`Requirements::or_current_time`](crate::Requirements::or_current_time)).
    pub fn at(mut self, now: UnixTime) -> Self {
        self.now = Some(now);
        self
    }

    /// The same policy for a key that signs digests by this hash, whatever is usual for its kind:
    /// a P-256 key with SHA-512, say. Nothing else is tried then.
    pub fn by_hash(mut self, hash: HashAlgorithm) -> Self {
        self.hash = Some(hash);
        self
    }

    /// The same policy with a CT log's promise that lies beside the certificate: it counts where the
    /// certificate holds none.
    pub fn with_sct(mut self, sct: SignedCertificateTimestamp) -> Self {
        self.scts.push(sct);
        self
    }

    /// The key that is trusted, where one is: it says how the artifact has to be hashed.
    pub fn trusted_key(&self) -> Option<&PublicKey> {
        match &self.signer {
            Signer::Key(trusted) => Some(&trusted.key),
            _ => None,
        }
    }

    fn of(signer: Signer) -> Self {
        Self {
            signer,
            now: None,
            hash: None,
            scts: Vec::new(),
        }
    }

    /// Checks the identity in a certificate that is trusted already. With it comes the identity of
    /// the policy that it met, if the policy has any.
    pub(crate) fn check(
        &self,
        certificate: &Certificate,
    ) -> Result<(CertificateIdentity, Option<&Identity>), SignerRefused> {
        let found = identities_of(certificate)?;
        let mut refused = None;
        for found in found {
            match &self.signer {
                Signer::AnyIdentity => return Ok((found, None)),
                Signer::Key(_) => return Err(SignerRefused::CertificateForKey),
                Signer::Identities(identities) => {
                    for identity in identities {
                        match identity.check(&found, certificate) {
                            Ok(()) => return Ok((found, Some(identity))),
                            Err(error) => refused = refused.or(Some(error)),
                        }
                    }
                }
            }
        }
        // There is one name at least, and a policy has one identity at least.
        Err(refused.unwrap_or(SignerRefused::Unreadable(IdentityError::NoName)))
    }
}

impl TrustedKey {
    pub(crate) fn check_times(&self, times: &[VerifiedTime]) -> Result<(), SignerRefused> {
        // Else whoever finds an old key leaves the timestamp out.
        if times.is_empty() && self.valid_for != Window::ALWAYS {
            return Err(SignerRefused::KeyWithoutTime);
        }
        let outside = times
            .iter()
            .find(|time| !self.valid_for.contains(time.time));
        match outside {
            Some(VerifiedTime { time, .. }) => Err(SignerRefused::KeyWindow { time: *time }),
            None => Ok(()),
        }
    }
}

/// Fulcio's certificates have exactly one name, and say who vouches for it. Those of private
/// authorities say nothing, so that the issuer is empty, and the authority vouches for each of
/// their names.
fn identities_of(certificate: &Certificate) -> Result<Vec<CertificateIdentity>, IdentityError> {
    match CertificateIdentity::of(certificate) {
        Err(IdentityError::NoIssuer) => {}
        found => return found.map(|identity| vec![identity]),
    }
    let names = fulcio::names(certificate)?.into_iter();
    let identities = names.map(|name| CertificateIdentity {
        name,
        issuer: String::new(),
        subject: None,
    });
    Ok(identities.collect())
}
