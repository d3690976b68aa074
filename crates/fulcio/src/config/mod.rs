//! The configuration file of the original: which issuers are believed, and what their tokens become.
//!
//! ```yaml
//! oidc-issuers:
//!   https://accounts.google.com:
//!     issuer-url: https://accounts.google.com
//!     client-id: sigstore
//!     type: email
//! meta-issuers:
//!   https://oidc.eks.*.amazonaws.com/id/*: {client-id: sigstore, type: kubernetes}
//! ci-issuer-metadata: {…}
//! ```
//!
//! JSON has the same under other names (`OIDCIssuers`, `IssuerURL`, …), read in any case as Go reads
//! them. Unknown names are passed over. Everything that can be wrong is found at start, with the
//! original's sentence, the place and the value.

mod domain;
mod error;
mod issuer;
mod meta;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use domain::DomainError;
pub use error::{ConfigError, IssuerProblem};
pub use issuer::IssuerSettings;
pub use meta::Pattern;

use serde_json::Value;
use waxwing_serve::document::Document;

use crate::identity::{ClaimPath, Kind};

/// The issuers whose word is taken.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    exact: BTreeMap<String, Arc<IssuerSettings>>,
    /// The longest literal first.
    patterns: Vec<(Pattern, Arc<IssuerSettings>)>,
}

/// The issuer of one token.
#[derive(Debug, Clone)]
pub struct Issuer {
    url: String,
    settings: Arc<IssuerSettings>,
    by_pattern: bool,
}

impl Configuration {
    /// Reads a configuration file, JSON or YAML.
    pub fn read(text: &[u8]) -> Result<Self, ConfigError> {
        Self::of(Document::read(text)?.value())
    }

    /// What stands in a tree that was read already.
    pub fn of(document: &Value) -> Result<Self, ConfigError> {
        let raw = read::raw(document)?;
        let providers = issuer::providers(&raw.providers)?;
        let mut exact = BTreeMap::new();
        for (url, raw) in raw.issuers {
            let settings = issuer::exact(&url, raw, &providers)?;
            exact.insert(url, Arc::new(settings));
        }
        let mut patterns = Vec::new();
        for (pattern, raw) in raw.patterns {
            let settings = issuer::by_pattern(&pattern, raw, &providers)?;
            patterns.push((Pattern::new(&pattern), Arc::new(settings)));
        }
        // The original takes whichever of several its map yields first. Of patterns of one length
        // the first in the alphabet, which the file's order cannot change.
        patterns.sort_by(|(one, _), (other, _)| {
            let length = |pattern: &Pattern| std::cmp::Reverse(pattern.literal_length());
            (length(one), one.text()).cmp(&(length(other), other.text()))
        });
        Ok(Self { exact, patterns })
    }

    /// What holds without a file: the public Dex, Google and GitHub, as in the original.
    pub fn built_in() -> Self {
        let email = |issuer_claim| Kind::Email {
            issuer_claim,
            skip_verification: false,
        };
        let behind_dex = ClaimPath::parse("$.federated_claims.connector_id").ok();
        let issuers = [
            ("https://oauth2.sigstore.dev/auth", email(behind_dex)),
            ("https://accounts.google.com", email(None)),
            (
                "https://token.actions.githubusercontent.com",
                Kind::GithubWorkflow,
            ),
        ];
        let exact = issuers.map(|(url, kind)| {
            let settings = IssuerSettings::new(url, "sigstore", kind);
            (url.to_owned(), Arc::new(settings))
        });
        Self {
            exact: exact.into(),
            patterns: Vec::new(),
        }
    }

    /// One issuer of verified e-mail addresses.
    pub fn for_email(url: &str, client_id: &str) -> Self {
        let kind = Kind::Email {
            issuer_claim: None,
            skip_verification: false,
        };
        let settings = IssuerSettings::new(url, client_id, kind);
        Self {
            exact: BTreeMap::from([(url.to_owned(), Arc::new(settings))]),
            patterns: Vec::new(),
        }
    }

    /// These issuers and one of verified e-mail addresses, unless it is listed already.
    #[must_use]
    pub fn or_for_email(mut self, url: &str, client_id: &str) -> Self {
        for (place, settings) in Self::for_email(url, client_id).exact {
            self.exact.entry(place).or_insert(settings);
        }
        self
    }

    /// The issuer of tokens that name `url`: the one listed so, else that of the pattern with the
    /// longest literal part.
    ///
    /// Google's older tokens name themselves without a scheme; they are Google's all the same
    /// (OpenID Connect Core 1.0 section 15.6.2).
    pub fn issuer(&self, url: &str) -> Option<Issuer> {
        let url = match url {
            "accounts.google.com" if !self.exact.contains_key(url) => "https://accounts.google.com",
            other => other,
        };
        let (settings, by_pattern) = match self.exact.get(url) {
            Some(settings) => (settings, false),
            None => {
                let mut patterns = self.patterns.iter();
                let (_, settings) = patterns.find(|(pattern, _)| pattern.matches(url))?;
                (settings, true)
            }
        };
        Some(Issuer {
            url: url.to_owned(),
            settings: Arc::clone(settings),
            by_pattern,
        })
    }

    /// Every issuer and every pattern, the issuers first.
    pub fn settings(&self) -> impl Iterator<Item = &IssuerSettings> {
        let patterns = self.patterns.iter().map(|(_, settings)| settings);
        self.exact.values().chain(patterns).map(Arc::as_ref)
    }
}

impl Issuer {
    /// Its URL, byte for byte as in its tokens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What is configured for it.
    pub fn settings(&self) -> &IssuerSettings {
        &self.settings
    }

    /// Whether a pattern brought it.
    pub fn is_by_pattern(&self) -> bool {
        self.by_pattern
    }
}
