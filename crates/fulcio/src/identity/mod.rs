//! Who a verified token is about: one file a kind of issuer.
//!
//! | `type` | name in the certificate |
//! |---|---|
//! | `email` | the e-mail address |
//! | `uri`, `spiffe` | the subject as URI |
//! | `username` | other name `subject!domain` |
//! | `kubernetes` | `https://kubernetes.io/namespaces/…/serviceaccounts/…` |
//! | `chainguard-identity` | `ISSUER/SUBJECT` |
//! | `ci-provider` | what the configured templates make of the claims |
//! | `github-workflow`, `gitlab-pipeline`, `buildkite-job`, `codefresh-workflow` | the workflow's URL, by fixed rules |
//!
//! What a kind refuses is what the original refuses, and beyond that: Kubernetes without names, and
//! addresses outside ASCII, both of which the original lets through to a useless certificate or a
//! failure of its own.

mod buildkite;
mod chainguard;
mod ci_provider;
mod claims;
mod codefresh;
mod email;
mod error;
mod github;
mod gitlab;
mod kubernetes;
mod spiffe;
pub mod template;
mod uri;
mod url;
mod username;

use waxwing_pki::fulcio::{Claims, Identity, SubjectAlternativeName};

pub use ci_provider::Provider;
pub(crate) use ci_provider::{Source, SourceError};
pub use claims::TokenClaims;
pub(crate) use claims::{kind as kind_of, printed};
pub use email::{ClaimPath, ClaimPathError};
pub use error::IdentityRefused;
pub(crate) use spiffe::trust_domain;
pub(crate) use url::GoUrl;
pub use url::UrlError;

/// What kind of issuer this is, with what its configuration adds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Kind {
    /// `email`.
    Email {
        /// Where the token says who really vouched for the address.
        issuer_claim: Option<ClaimPath>,
        /// Whether the issuer is believed without `email_verified`.
        skip_verification: bool,
    },
    /// `uri`, with the scheme and host that subjects must have.
    Uri {
        /// The scheme.
        scheme: String,
        /// The host.
        host: String,
    },
    /// `username`, with the domain behind the mark.
    Username {
        /// The domain.
        domain: String,
    },
    /// `spiffe`, with the trust domain that subjects must have.
    Spiffe {
        /// The trust domain.
        trust_domain: String,
    },
    /// `kubernetes`.
    Kubernetes,
    /// `chainguard-identity`.
    Chainguard,
    /// `ci-provider`.
    CiProvider(std::sync::Arc<Provider>),
    /// `github-workflow`, deprecated.
    GithubWorkflow,
    /// `gitlab-pipeline`, deprecated.
    GitlabPipeline,
    /// `buildkite-job`, deprecated.
    BuildkiteJob,
    /// `codefresh-workflow`, deprecated.
    CodefreshWorkflow,
}

/// Who a verified token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    identity: Identity,
    claims: Claims,
    name: String,
}

impl Principal {
    /// What the certificate will say about who asks.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What the certificate will say about the build that asks.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The bytes over which possession of the key is proved.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose proof is over the subject, and whom the token's own issuer vouches for.
    fn of_subject(
        name: SubjectAlternativeName,
        issuer: &str,
        subject: &str,
        claims: Claims,
    ) -> Self {
        Self {
            identity: Identity {
                name,
                issuer: issuer.to_owned(),
                subject: Some(subject.to_owned()),
            },
            claims,
            name: subject.to_owned(),
        }
    }
}

impl Kind {
    /// Who the token of the issuer `issuer` with these verified claims is about.
    pub fn principal(
        &self,
        issuer: &str,
        claims: &TokenClaims,
    ) -> Result<Principal, IdentityRefused> {
        let principal = match self {
            Self::Email {
                issuer_claim,
                skip_verification,
            } => email::principal(issuer, claims, issuer_claim.as_ref(), *skip_verification),
            Self::Uri { scheme, host } => uri::principal(issuer, claims, scheme, host),
            Self::Username { domain } => username::principal(issuer, claims, domain),
            Self::Spiffe { trust_domain } => spiffe::principal(issuer, claims, trust_domain),
            Self::Kubernetes => kubernetes::principal(issuer, claims),
            Self::Chainguard => chainguard::principal(issuer, claims),
            Self::CiProvider(provider) => provider.principal(issuer, claims),
            Self::GithubWorkflow => github::principal(issuer, claims),
            Self::GitlabPipeline => gitlab::principal(issuer, claims),
            Self::BuildkiteJob => buildkite::principal(issuer, claims),
            Self::CodefreshWorkflow => codefresh::principal(issuer, claims),
        }?;
        // Whether it can be written at all: found out here, before a log hears of it.
        principal.identity.extensions_with(&principal.claims)?;
        Ok(principal)
    }

    /// The `type` in the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Email { .. } => "email",
            Self::Uri { .. } => "uri",
            Self::Username { .. } => "username",
            Self::Spiffe { .. } => "spiffe",
            Self::Kubernetes => "kubernetes",
            Self::Chainguard => "chainguard-identity",
            Self::CiProvider(_) => "ci-provider",
            Self::GithubWorkflow => "github-workflow",
            Self::GitlabPipeline => "gitlab-pipeline",
            Self::BuildkiteJob => "buildkite-job",
            Self::CodefreshWorkflow => "codefresh-workflow",
        }
    }
}

/// A URL as Go would write it into a certificate.
fn absolute(text: &str) -> Result<GoUrl, IdentityRefused> {
    GoUrl::parse(text).map_err(|source| IdentityRefused::Url {
        text: text.to_owned(),
        source,
    })
}

/// `base` with further path elements.
fn joined(base: &GoUrl, elements: &[&str]) -> Result<String, IdentityRefused> {
    let joined = base.join(elements).map_err(|source| IdentityRefused::Url {
        text: elements.join("/"),
        source,
    })?;
    Ok(joined.to_string())
}
