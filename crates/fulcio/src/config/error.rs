//! Why a configuration is refused. The sentences of the original come first, what and where follow.

use waxwing_serve::document::DocumentError;

use crate::config::domain::DomainError;
use crate::identity::{ClaimPathError, SourceError};

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Neither JSON nor YAML that is read here.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A value of another type.
    #[error("{place}: expected {expected}, found {found}")]
    Type {
        /// Where.
        place: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// An issuer that cannot work.
    #[error("{problem} ({section}, {issuer})")]
    Issuer {
        /// `oidc-issuers` or `meta-issuers`.
        section: &'static str,
        /// Its URL or pattern.
        issuer: String,
        /// What is wrong.
        problem: Box<IssuerProblem>,
    },
    /// A value of a provider that is not understood.
    #[error("{source} (ci-issuer-metadata, {provider}, {key})")]
    Provider {
        /// The provider.
        provider: String,
        /// Which of its values.
        key: String,
        /// What is wrong.
        source: Box<SourceError>,
    },
}

/// What is wrong with an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerProblem {
    /// `issuer-claim` elsewhere than at `email`.
    #[error("only email issuers can use issuer claim mapping: the type is {found}")]
    ClaimMapping {
        /// The type.
        found: &'static str,
    },
    /// A path that is not understood.
    #[error("the issuer claim: {0}")]
    ClaimPath(#[from] ClaimPathError),
    /// `spiffe` without a trust domain.
    #[error("spiffe issuer must have SPIFFETrustDomain set: spiffe-trust-domain is empty")]
    NoTrustDomain,
    /// `spiffe` with something else.
    #[error("spiffe trust domain is invalid: found {found:?}, expected a name such as example.org")]
    TrustDomain {
        /// What is there.
        found: String,
    },
    /// A pattern of SPIFFE issuers.
    #[error("SPIFFE meta issuers not supported: one trust domain would have many issuers")]
    SpiffePattern,
    /// `uri` or `username` without a subject domain.
    #[error("{kind} issuer must have SubjectDomain set: subject-domain is empty")]
    NoSubjectDomain {
        /// Which of the two.
        kind: &'static str,
    },
    /// `uri` with a bare domain.
    #[error("SubjectDomain for uri must contain scheme: found {found:?}, expected https://HOST")]
    NoScheme {
        /// What is there.
        found: String,
    },
    /// `username` with a URL.
    #[error(
        "SubjectDomain for username should not contain scheme: found {found:?}, expected a domain"
    )]
    Scheme {
        /// What is there.
        found: String,
    },
    /// An issuer that is no URL.
    #[error("issuer for {kind} must contain scheme: found {found:?}, expected https://HOST")]
    IssuerScheme {
        /// Which of the two.
        kind: &'static str,
        /// What is there.
        found: String,
    },
    /// Subjects of another scheme than the issuer's.
    #[error("subject ({subject}) and issuer ({issuer}) URI schemes do not match")]
    Schemes {
        /// The subject domain's.
        subject: String,
        /// The issuer's.
        issuer: String,
    },
    /// Subjects of another owner than the issuer's.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// No type, or one that is not known.
    #[error(
        "issuer missing challenge claim: the type {found:?} is not known; expected email, uri, username, spiffe, kubernetes, ci-provider, chainguard-identity, github-workflow, gitlab-pipeline, buildkite-job or codefresh-workflow"
    )]
    Kind {
        /// What is there.
        found: String,
    },
    /// A certificate that is none.
    #[error("failed to parse CA certificate for issuer: {problem}")]
    CaCertificate {
        /// What is wrong.
        problem: String,
    },
    /// No audience: every token of the issuer would do.
    #[error("the client-id is empty; expected the audience that tokens are for, such as sigstore")]
    NoClientId,
    /// Listed under another URL than it has.
    #[error(
        "the issuer-url is {found:?}; expected the one under which the issuer is listed, since tokens would have to match both"
    )]
    OtherUrl {
        /// What is there.
        found: String,
    },
    /// A provider that the file does not describe.
    #[error("metadata not found for ci provider {provider:?}")]
    NoProvider {
        /// Its name.
        provider: String,
    },
    /// A provider without a name for its certificates.
    #[error("SubjectAlternativeNameTemplate should not be empty: provider {provider:?}")]
    NoName {
        /// Its name.
        provider: String,
    },
}
