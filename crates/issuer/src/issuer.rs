//! The issuer: a URL, a key and a clock, who may log in, and the programs that may ask.
//!
//! Refused: keys that are neither on P-256 nor RSA of a known size, issuer URLs that end in `/` or
//! have a query, because verifiers compare the issuer character by character and find its documents by
//! appending to it, and two connectors or clients of one name.

use std::sync::Arc;
use std::time::Duration;

use url::Url;
use waxwing_crypto::{KeyType, PrivateKey, PublicKey, Random, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};

use crate::jwk::Jwk;
use crate::login::connector::Connector;
use crate::login::local::LocalLogin;
use crate::login::upstream::{OidcConnector, UpstreamLogins};
use crate::login::users::Users;
use crate::person::{CLIENT_CONNECTOR, LOCAL_CONNECTOR};
use crate::request::client::OAuthClient;
use crate::signing_key::{self, SigningKey};
use crate::state::access::AccessTokens;
use crate::state::code::Codes;
use crate::state::device::Devices;
use crate::state::refresh::RefreshTokens;
use crate::token::{Claims, Identity, IdentityError, IdentityToken, LONGEST_LIFETIME};

/// The client that Sigstore's programs say they are.
const SIGSTORE: &str = "sigstore";

/// How long the tokens of a login are good: what Sigstore's public issuer gives.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60);

/// Why there can be no such issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The URL cannot name an issuer.
    #[error("the issuer URL {url} {reason}; expected one like https://HOST or https://HOST/oidc")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key is of a kind that tokens are not signed with here.
    #[error(
        "the issuer's key is {found:?}; expected ECDSA P-256 for ES256, or RSA 2048, 3072 or 4096 for RS256"
    )]
    Key {
        /// The kind of key found.
        found: KeyType,
    },
    /// Two connectors of one name, or one with a name that has its own meaning.
    #[error("there is a connector named {id:?} already; give this one another name")]
    Connector {
        /// The name.
        id: String,
    },
    /// A lifetime of nothing, or above a day.
    #[error("a token lifetime of {} s; expected 1 to {} s", found.as_secs(), LONGEST_LIFETIME.as_secs())]
    Lifetime {
        /// The lifetime asked for.
        found: Duration,
    },
}

/// An OIDC issuer. Clones are one issuer: they share what it remembers.
#[derive(Clone)]
pub struct Issuer {
    url: String,
    path: String,
    key: Arc<SigningKey>,
    /// The signing key first, then those whose tokens may still be around.
    keys: Vec<Jwk>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    clients: Vec<OAuthClient>,
    connectors: Vec<Connector>,
    token_lifetime: Duration,
    pub(crate) memory: Arc<Memory>,
}

/// What the issuer remembers between requests.
pub(crate) struct Memory {
    pub(crate) codes: Codes,
    pub(crate) devices: Devices,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) upstream_logins: UpstreamLogins,
    pub(crate) guesses: crate::flow::device::Guesses,
}

impl Issuer {
    /// An issuer named `url` that signs with `key`: with ES256 or RS256, by its kind. It knows the
    /// client `sigstore`, and nobody can log in yet.
    pub fn new(
        url: impl Into<String>,
        key: PrivateKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IssuerError> {
        let url = url.into();
        let path = path(&url)?;
        let found = key.public_key().key_type();
        let key = SigningKey::new(key).ok_or(IssuerError::Key { found })?;
        let memory = Memory {
            codes: Codes::new(),
            devices: Devices::new(),
            refresh_tokens: RefreshTokens::new(),
            access_tokens: AccessTokens::new(),
            upstream_logins: UpstreamLogins::new(),
            guesses: crate::flow::device::Guesses::new(),
        };
        Ok(Self {
            url,
            path,
            keys: vec![key.jwk().clone()],
            key: Arc::new(key),
            clock,
            random: Arc::new(SystemRandom),
            clients: vec![OAuthClient::public(SIGSTORE)],
            connectors: Vec::new(),
            token_lifetime: TOKEN_LIFETIME,
            memory: Arc::new(memory),
        })
    }

    /// The same issuer, which also publishes a key that it signed with before.
    pub fn with_previous_key(mut self, key: &PublicKey) -> Result<Self, IssuerError> {
        let found = key.key_type();
        let jwk = signing_key::published(key).ok_or(IssuerError::Key { found })?;
        self.keys.push(jwk);
        Ok(self)
    }

    /// The same issuer with another source of codes and tokens.
    #[must_use]
    pub fn with_random(self, random: Arc<dyn Random>) -> Self {
        Self { random, ..self }
    }

    /// The same issuer, at which these users log in by name and password: the connector `local`.
    pub fn with_users(self, users: Arc<dyn Users>) -> Result<Self, IssuerError> {
        self.with(Connector::Local(Arc::new(LocalLogin::new(users))))
    }

    /// The same issuer, at which people can also log in by another one.
    pub fn with_connector(self, connector: OidcConnector) -> Result<Self, IssuerError> {
        self.with(Connector::Oidc(Arc::new(connector)))
    }

    /// The same issuer, which knows this client; one with its name before is replaced.
    #[must_use]
    pub fn with_client(mut self, client: OAuthClient) -> Self {
        self.clients.retain(|known| known.id() != client.id());
        self.clients.push(client);
        self
    }

    /// The same issuer with another life of the tokens that a login gives; a minute otherwise.
    pub fn with_token_lifetime(self, token_lifetime: Duration) -> Result<Self, IssuerError> {
        let found = token_lifetime;
        if found.as_secs() == 0 || found > LONGEST_LIFETIME {
            return Err(IssuerError::Lifetime { found });
        }
        Ok(Self {
            token_lifetime,
            ..self
        })
    }

    fn with(mut self, connector: Connector) -> Result<Self, IssuerError> {
        let id = connector.id();
        let is_local = matches!(connector, Connector::Local(_));
        let reserved = [LOCAL_CONNECTOR, CLIENT_CONNECTOR].contains(&id) && !is_local;
        if reserved || self.connector(id).is_some() {
            let id = id.to_owned();
            return Err(IssuerError::Connector { id });
        }
        self.connectors.push(connector);
        Ok(self)
    }

    /// The issuer's name, exactly as it stands in `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of the URL, below which [`ROUTES`](crate::ROUTES) are reached: empty, or such as `/oidc`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Signs who somebody is. That it is true is the caller's to know.
    pub fn issue(&self, identity: &Identity) -> Result<IdentityToken, IdentityError> {
        self.sign(identity, &Claims::default())
    }

    /// Signs an identity with further claims.
    pub(crate) fn sign(
        &self,
        identity: &Identity,
        claims: &Claims<'_>,
    ) -> Result<IdentityToken, IdentityError> {
        IdentityToken::sign(identity, claims, &self.url, self.now(), &self.key)
    }

    pub(crate) fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    pub(crate) fn clients(&self) -> &[OAuthClient] {
        &self.clients
    }

    pub(crate) fn connectors(&self) -> &[Connector] {
        &self.connectors
    }

    pub(crate) fn connector(&self, id: &str) -> Option<&Connector> {
        self.connectors.iter().find(|known| known.id() == id)
    }

    pub(crate) fn token_lifetime(&self) -> Duration {
        self.token_lifetime
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// Whether browsers reach the issuer over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Issuer({}, {})", self.url, self.key.jwk().name())
    }
}

fn path(text: &str) -> Result<String, IssuerError> {
    let refused = |reason| IssuerError::Url {
        url: text.to_owned(),
        reason,
    };
    let url = Url::parse(text).map_err(|_| refused("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("has userinfo"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("has a query or a fragment"));
    }
    if text.ends_with('/') {
        return Err(refused("ends in a slash"));
    }
    // What verifiers compare and what they request must be one text.
    if url.as_str().trim_end_matches('/') != text {
        return Err(refused("is not in its normal form"));
    }
    Ok(url.path().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_url_has_one_spelling() {
        for (url, expected) in [
            ("https://issuer.example", ""),
            ("http://waxwing.localhost:8080/oidc", "/oidc"),
            ("https://issuer.example/a/b", "/a/b"),
        ] {
            assert_eq!(path(url).as_deref(), Ok(expected));
        }
        for (url, expected) in [
            ("issuer.example", "is not a URL"),
            ("ftp://issuer.example", "is neither http nor https"),
            ("https://a@issuer.example", "has userinfo"),
            ("https://issuer.example?a", "has a query or a fragment"),
            ("https://issuer.example#a", "has a query or a fragment"),
            ("https://issuer.example/", "ends in a slash"),
            ("https://issuer.example/oidc/", "ends in a slash"),
            ("https://Issuer.example", "is not in its normal form"),
            ("https://issuer.example:443", "is not in its normal form"),
            ("https://issuer.example/a/../b", "is not in its normal form"),
        ] {
            let Err(IssuerError::Url { reason, .. }) = path(url) else {
                panic!("{url} was accepted");
            };
            assert_eq!(reason, expected, "{url}");
        }
    }
}
