//! Who asks: OIDC identity tokens, verified by discovery (OpenID Connect Discovery 1.0) and the
//! issuer's published keys.
//!
//! ```text
//! {"iss":"https://accounts.google.com","aud":"sigstore","exp":1764000060,"sub":"1","email":"a@b.c",…}
//! ```
//!
//! A token goes through one file after the other: `jws` reads it, the configuration says which issuer
//! that is, `issuers` finds its keys and checks the signature, here the claims that every kind of
//! issuer has, then its [`Kind`](crate::identity::Kind) and the [`Rules`].
//!
//! `exp` has no leeway, `nbf` five minutes, `aud` must hold the client ID. Anything else (`iat`,
//! `nonce`, `at_hash`) is not Fulcio's to check.

mod algorithm;
mod cluster;
mod issuers;
mod jws;
mod keys;
mod strict_json;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use waxwing_encoding::time::UnixTime;
use waxwing_net::Client;

use crate::config::{Configuration, Issuer};
use crate::identity::{IdentityRefused, Principal, TokenClaims};
use crate::rules::{RuleRefused, Rules};
use crate::token::cluster::{Access, Cluster};
use crate::token::issuers::Issuers;
use crate::token::jws::{LONGEST_TOKEN, Unverified};

pub use cluster::{ClusterError, ClusterFiles};
pub use strict_json::StrictJsonError;
pub(crate) use strict_json::strict_object;

/// Not valid before: seconds by which an issuer's clock may be ahead.
const NOT_BEFORE_LEEWAY: i64 = 300;

/// Verifies tokens; keeps the issuers' keys.
#[derive(Debug)]
pub struct TokenVerifier {
    configuration: Configuration,
    rules: Rules,
    client: Client,
    /// Clients that trust more roots, by where the configuration names them.
    private: HashMap<String, Client>,
    /// The cluster that this runs in, if it is an issuer.
    cluster: Option<Arc<Cluster>>,
    issuers: Issuers,
}

/// Why the keys of an issuer could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No answer that can be used.
    #[error(transparent)]
    Answer(#[from] waxwing_net::Error),
    /// The discovery document is another issuer's.
    #[error("the discovery document names the issuer {found:?}; expected {expected:?}")]
    OtherIssuer {
        /// The issuer in the document.
        found: String,
        /// The issuer asked.
        expected: String,
    },
    /// Keys that anybody on the way could replace.
    #[error("the discovery document was read over https and points to keys that are not")]
    Insecure,
    /// More keys than are kept.
    #[error("the issuer publishes {count} keys; at most 128 are read")]
    TooManyKeys {
        /// How many.
        count: usize,
    },
    /// No answer in time.
    #[error("no discovery document and keys within 10 s")]
    TooSlow,
    /// Too many issuers of patterns are being asked already.
    #[error("too many issuers are being asked for their keys; try again")]
    Busy,
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefused {
    /// No token in the request.
    #[error(
        "the request has no token: expected credentials.oidcIdentityToken or a bearer token; over gRPC the metadata oidcidentitytoken, once"
    )]
    Missing,
    /// Not a token at all.
    #[error(
        "not an identity token: expected three parts in base64url, at most {LONGEST_TOKEN} bytes"
    )]
    Shape,
    /// Header or claims that two readers could read differently.
    #[error("the token's header or claims: {0}")]
    Json(#[from] StrictJsonError),
    /// A header parameter that is absent, not text, or not understood here.
    #[error("the token's header {name}: expected alg as text, kid as text or absent, and no crit")]
    Header {
        /// Which parameter.
        name: &'static str,
    },
    /// An issuer that is not configured.
    #[error("the token's issuer {found:?} is not configured")]
    UnknownIssuer {
        /// The issuer in the token.
        found: String,
    },
    /// The issuer's documents could not be had.
    #[error("the keys of the issuer: {0}")]
    Discovery(Arc<FetchError>),
    /// An algorithm that the issuer does not announce, or that is not asymmetric.
    #[error("the token is signed with {found}; expected {expected}")]
    Algorithm {
        /// The token's algorithm.
        found: String,
        /// The issuer's.
        expected: String,
    },
    /// No key of the issuer verifies the signature.
    #[error(
        "no key of the issuer verifies the token's signature: it names the key {key_id:?}, the issuer publishes {known}"
    )]
    Signature {
        /// The key ID in the token.
        key_id: Option<String>,
        /// How many keys of the issuer can verify anything.
        known: usize,
    },
    /// For somebody else.
    #[error("the token's audience is {found}; expected {expected:?}")]
    Audience {
        /// The claim.
        found: String,
        /// The client ID.
        expected: String,
    },
    /// Too old.
    #[error("the token expired at {expired}; by the clock of this server it is {now}")]
    Expired {
        /// The claim.
        expired: UnixTime,
        /// The present time.
        now: UnixTime,
    },
    /// Too young.
    #[error("the token is not valid before {not_before}; by the clock of this server it is {now}")]
    NotYetValid {
        /// The claim.
        not_before: UnixTime,
        /// The present time.
        now: UnixTime,
    },
    /// A claim that is absent or of the wrong form.
    #[error("the token's claim {claim}: {problem}")]
    Claim {
        /// Which claim.
        claim: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The claims make no identity of the issuer's kind.
    #[error("the token of {issuer}: {source}")]
    Identity {
        /// The issuer.
        issuer: String,
        /// What is wrong.
        source: IdentityRefused,
    },
    /// A rule of this instance.
    #[error(transparent)]
    Rule(#[from] RuleRefused),
}

impl TokenVerifier {
    /// Takes the word of the issuers of `configuration`, whom it asks through `client`; those with
    /// a `ca-cert` of their own through clients that trust it too. Nobody is asked before the first
    /// token comes.
    ///
    /// Errors: a certificate that the TLS library does not take.
    pub fn new(client: Client, configuration: Configuration) -> Result<Self, waxwing_net::Error> {
        let mut private = HashMap::new();
        for settings in configuration.settings() {
            if !settings.roots().is_empty() {
                let client = client.with_additional_roots(settings.roots())?;
                private.insert(settings.place().to_owned(), client);
            }
        }
        Ok(Self {
            configuration,
            rules: Rules::default(),
            client,
            private,
            cluster: None,
            issuers: Issuers::default(),
        })
    }

    /// The same verifier, which asks the cluster that it runs in with these files, if that is one of the
    /// issuers. Blocks on the disk.
    pub fn with_cluster(self, files: &ClusterFiles) -> Result<Self, ClusterError> {
        let mut all = self.configuration.settings();
        if !all.any(|settings| settings.place() == cluster::ISSUER) {
            drop(all);
            return Ok(self);
        }
        drop(all);
        // What is configured for the issuer itself holds as well.
        let client = self.private.get(cluster::ISSUER).unwrap_or(&self.client);
        let cluster = Arc::new(Cluster::read(client, files)?);
        Ok(Self {
            cluster: Some(cluster),
            ..self
        })
    }

    /// The same verifier, which knows the keys that `before` knows of issuers that are asked under the
    /// same roots here and there: a configuration that is read again forgets nobody.
    #[must_use]
    pub fn knowing(self, before: &Self) -> Self {
        let roots = |of: &Self, url: &str| {
            let issuer = of.configuration.issuer(url)?;
            Some((issuer.is_by_pattern(), issuer.settings().roots().to_vec()))
        };
        let same = |url: &str| {
            let here = roots(&self, url);
            here.is_some() && here == roots(before, url)
        };
        let issuers = before.issuers.of(same);
        Self { issuers, ..self }
    }

    /// The same verifier, which refuses what `rules` do not allow.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The issuers.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Verifies one token at one time.
    pub async fn verify(&self, token: &str, now: UnixTime) -> Result<Principal, TokenRefused> {
        let token = Unverified::read(token)?;
        let issuer = text(&token.claims, "iss")?;
        let issuer = self.configuration.issuer(issuer);
        let issuer = issuer.ok_or_else(|| TokenRefused::UnknownIssuer {
            found: text(&token.claims, "iss")
                .unwrap_or_default()
                .chars()
                .take(256)
                .collect(),
        })?;
        let client = self.private.get(issuer.settings().place());
        let access = Access {
            client: client.unwrap_or(&self.client).clone(),
            cluster: self
                .cluster
                .clone()
                .filter(|_| issuer.url() == cluster::ISSUER),
        };
        self.issuers.verify(&token, &issuer, &access, now).await?;
        check_audience(&token.claims, issuer.settings().client_id())?;
        check_times(&token.claims, now)?;
        self.principal(&issuer, &token.claims)
    }

    /// Whom the verified claims of this issuer are about, if the rules let them have a certificate.
    fn principal(&self, issuer: &Issuer, claims: &TokenClaims) -> Result<Principal, TokenRefused> {
        let kind = issuer.settings().kind();
        let principal = kind.principal(issuer.url(), claims);
        let principal = principal.map_err(|source| TokenRefused::Identity {
            issuer: issuer.url().to_owned(),
            source,
        })?;
        self.rules.check(issuer.url(), claims)?;
        Ok(principal)
    }
}

fn check_audience(claims: &TokenClaims, client_id: &str) -> Result<(), TokenRefused> {
    let audience = claims.get("aud").unwrap_or(&Value::Null);
    let holds = match audience {
        Value::String(one) => one == client_id,
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().any(|item| item == client_id)
        }
        // Absent, or of another form: for nobody.
        _ => false,
    };
    if holds {
        return Ok(());
    }
    let found = audience.to_string().chars().take(512).collect();
    let expected = client_id.to_owned();
    Err(TokenRefused::Audience { found, expected })
}

fn check_times(claims: &TokenClaims, now: UnixTime) -> Result<(), TokenRefused> {
    let time = |claim: &'static str| {
        let problem = "not a number of seconds since 1970";
        let seconds = match claims.get(claim) {
            None | Some(Value::Null) => return Ok(None),
            // Some issuers write a fraction.
            Some(number) => number
                .as_i64()
                .or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        };
        let time = seconds.and_then(|seconds| UnixTime::from_seconds(seconds).ok());
        time.map(Some).ok_or(TokenRefused::Claim { claim, problem })
    };
    let expired = time("exp")?.ok_or(TokenRefused::Claim {
        claim: "exp",
        problem: "missing",
    })?;
    if expired <= now {
        return Err(TokenRefused::Expired { expired, now });
    }
    match time("nbf")? {
        Some(not_before) if now.plus_seconds(NOT_BEFORE_LEEWAY) < not_before => {
            Err(TokenRefused::NotYetValid { not_before, now })
        }
        _ => Ok(()),
    }
}

fn text<'a>(claims: &'a TokenClaims, claim: &'static str) -> Result<&'a str, TokenRefused> {
    match claims.get(claim).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(TokenRefused::Claim {
            claim,
            problem: "missing, empty or not text",
        }),
    }
}
