//! Why a verified token names nobody to whom a certificate can be given.

use waxwing_pki::fulcio::IdentityError;

use crate::identity::template::TemplateError;
use crate::identity::url::UrlError;

/// Why the claims of a verified token make no identity. Sentences that the original has are its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityRefused {
    /// A claim that the kind of issuer needs.
    #[error("missing {claim} claim in ID token")]
    Missing {
        /// The claim.
        claim: &'static str,
    },
    /// A claim of another JSON type.
    #[error("the claim {claim} is {found}; expected text")]
    NotText {
        /// The claim.
        claim: String,
        /// What it is.
        found: &'static str,
    },
    /// The issuer does not vouch for the address.
    #[error(
        "email_verified claim was false: found {found}, expected true; the issuer must vouch for the address, or be configured with skip-email-verification"
    )]
    EmailNotVerified {
        /// The claim as JSON.
        found: String,
    },
    /// No address, or one that a certificate cannot hold.
    #[error("email address is not valid: {found:?}; expected an address in ASCII")]
    NotAnEmail {
        /// The claim.
        found: String,
    },
    /// An address where a URI or a user name is expected.
    #[error("uri subject should not be an email address: found {found:?}")]
    IsAnEmail {
        /// The subject.
        found: String,
    },
    /// The mark that stands between user and domain.
    #[error("username cannot contain ! character: found {found:?}")]
    UsernameMark {
        /// The subject.
        found: String,
    },
    /// The URI's scheme.
    #[error("subject URI scheme ({found}) must match expected domain URI scheme ({expected})")]
    UriScheme {
        /// The subject's.
        found: String,
        /// The subject domain's.
        expected: String,
    },
    /// The URI's host.
    #[error("subject hostname ({found}) must match expected domain ({expected})")]
    UriHost {
        /// The subject's.
        found: String,
        /// The subject domain's.
        expected: String,
    },
    /// No SPIFFE ID.
    #[error("invalid spiffe ID provided: {found}")]
    Spiffe {
        /// The subject.
        found: String,
    },
    /// A SPIFFE ID of another trust domain.
    #[error("spiffe ID trust domain {found} doesn't match configured trust domain {expected}")]
    TrustDomain {
        /// The subject's.
        found: String,
        /// The configured one.
        expected: String,
    },
    /// A name inside the claim `kubernetes.io` that is absent, or that no object of Kubernetes has.
    #[error(
        "the claim kubernetes.io: {name} is {found:?}; expected a name of lower case letters, digits, - and ."
    )]
    Kubernetes {
        /// Which name.
        name: &'static str,
        /// What is there; empty when nothing is.
        found: String,
    },
    /// Neither a branch nor a tag.
    #[error("unexpected ref_type: {found}; expected branch or tag")]
    RefType {
        /// The claim.
        found: String,
    },
    /// A runner without a number.
    #[error("missing runner_id claim in ID token")]
    RunnerId,
    /// The path to the issuer in the token leads to nothing.
    #[error("the token has no text at {path}, from where the issuer is to be taken")]
    IssuerClaim {
        /// The configured `issuer-claim`.
        path: String,
    },
    /// A name that is no URL.
    #[error("the name of the certificate {text:?}: {source}")]
    Url {
        /// What the claims gave.
        text: String,
        /// What is wrong with it.
        source: UrlError,
    },
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A configured claim that neither the token nor the defaults have.
    #[error(
        "value <{claim}> not present in either claims or defaults. {{\n\t\"ExtensionName\": {extension:?},\n\t\"Issuer\": {issuer:?}\n}}"
    )]
    NotInClaims {
        /// The claim.
        claim: String,
        /// The extension that needs it, by the original's name.
        extension: String,
        /// The issuer.
        issuer: String,
    },
    /// What came out cannot be written into a certificate.
    #[error(transparent)]
    Certificate(#[from] IdentityError),
}

impl IdentityRefused {
    /// Whether the original finds this out while it writes the certificate, and then answers with
    /// the sentence itself instead of with the one for tokens.
    pub fn is_about_the_certificate(&self) -> bool {
        matches!(
            self,
            Self::Url { .. } | Self::Template(_) | Self::NotInClaims { .. } | Self::Certificate(_)
        )
    }
}
