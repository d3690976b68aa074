//! Logging in by another issuer (OpenID Connect Core 1.0 section 3.1): the browser goes there and comes
//! back with a code, which is exchanged for an identity token about the person.
//!
//! ```text
//! GET {their authorization_endpoint}?client_id=…&redirect_uri={ours}/callback&state=…&nonce=…&code_challenge=…
//! GET {ours}/callback?state=…&code=…
//! ```
//!
//! The way back must begin in the browser that went there, with the state that was given to it, once,
//! within ten minutes. What the token must hold is in `id_token.rs`.

mod id_token;
mod provider;

use std::time::Duration;

use serde::Deserialize;
use waxwing_crypto::{Random, sha256};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{Client, Request, Url};
use zeroize::Zeroizing;

pub use id_token::IdTokenRefused;
pub(crate) use id_token::{Expected, person};
use provider::{Provider, ProviderCache};

use crate::person::Person;
use crate::request::form::Form;
use crate::state::expiring::Expiring;
use crate::state::secret::{self, Key};

/// How long somebody may stay at the other issuer, in seconds.
const AWAY_SECONDS: i64 = 600;

/// How many may be there at once, each with what its request carries along: some 10 KiB at most.
const MOST_AWAY: usize = 2048;

/// How long one request to the other issuer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer of another issuer's token endpoint, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;

/// Another issuer at which people can log in.
pub struct OidcConnector {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
    scopes: String,
    client: Client,
    provider: ProviderCache,
}

/// Somebody who went to another issuer. Not shown by `Debug`: it has none.
#[derive(Clone)]
pub(crate) struct Away {
    pub(crate) connector: String,
    /// The request that they came with.
    pub(crate) query: String,
    pub(crate) browser: Key,
    nonce: Zeroizing<String>,
    verifier: Zeroizing<String>,
}

/// All who went.
pub(crate) struct UpstreamLogins(Expiring<Away>);

/// Why the other issuer's word is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// It could not be asked.
    #[error("the identity provider could not be asked: {0}")]
    Asked(#[from] waxwing_net::Error),
    /// Its discovery document is another issuer's.
    #[error("the discovery document names the issuer {found:?}; expected {expected:?}")]
    OtherIssuer {
        /// The issuer in the document.
        found: String,
        /// The issuer asked.
        expected: String,
    },
    /// An endpoint that is no URL, or not https where the issuer is.
    #[error("the discovery document's {name} is {found:?}; expected a URL as safe as the issuer's")]
    Endpoint {
        /// Which one.
        name: &'static str,
        /// What was found.
        found: String,
    },
    /// The answer to the code holds no identity token.
    #[error("the identity provider answered without an id_token")]
    NoToken,
    /// The token is not good.
    #[error("the identity provider's token: {0}")]
    Token(#[from] IdTokenRefused),
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
}

impl OidcConnector {
    /// A connector named `id` to the issuer `issuer`, at which this one is registered as `client_id` with
    /// the redirect URI `{our URL}/callback`. It is asked through `client`.
    ///
    /// Clients of Sigstore name connectors by URLs such as `https://accounts.google.com`.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        client: Client,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret: None,
            scopes: "openid email".to_owned(),
            client,
            provider: ProviderCache::default(),
        }
    }

    /// The same connector with the secret that the other issuer gave.
    #[must_use]
    pub fn with_client_secret(self, secret: &str) -> Self {
        Self {
            client_secret: Some(Zeroizing::new(secret.to_owned())),
            ..self
        }
    }

    /// The same connector with other scopes than `openid email`.
    #[must_use]
    pub fn with_scopes(self, scopes: impl Into<String>) -> Self {
        Self {
            scopes: scopes.into(),
            ..self
        }
    }

    /// The name that clients ask for.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people see.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The other issuer's URL.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the browser goes, and what must be remembered of it under the state in that URL.
    pub(crate) async fn begin(
        &self,
        callback: &str,
        query: &str,
        browser: Key,
        now: UnixTime,
        random: &dyn Random,
    ) -> Result<(Url, Zeroizing<String>, Away), UpstreamError> {
        let provider = self.provider(now, false).await?;
        let [state, nonce, verifier] = [(); 3].map(|()| secret::fresh(random));
        let mut url = provider.authorization_endpoint.clone();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", callback),
            ("scope", &self.scopes),
            ("state", &state),
            ("nonce", &nonce),
            (
                "code_challenge",
                &base64::encode_url(&sha256(verifier.as_bytes())),
            ),
            ("code_challenge_method", "S256"),
        ]);
        let away = Away {
            connector: self.id.clone(),
            query: query.to_owned(),
            browser,
            nonce,
            verifier,
        };
        Ok((url, state, away))
    }

    /// Exchanges the code that came back for the person it is about.
    pub(crate) async fn finish(
        &self,
        callback: &str,
        code: &str,
        away: &Away,
        now: UnixTime,
    ) -> Result<Person, UpstreamError> {
        let provider = self.provider(now, false).await?;
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback),
            ("code_verifier", &away.verifier),
        ];
        if self.client_secret.is_none() {
            pairs.push(("client_id", &self.client_id));
        }
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let mut request = Request::post(&provider.token_endpoint, kind, form);
        if let Some(secret) = &self.client_secret {
            let encoded = |text: &str| {
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
            };
            let pair = Zeroizing::new(format!("{}:{}", encoded(&self.client_id), encoded(secret)));
            let basic = Zeroizing::new(format!("Basic {}", base64::encode(pair.as_bytes())));
            request = request.header(waxwing_net::header::AUTHORIZATION, &basic);
        }
        let request = request.timeout(PATIENCE).limit(LONGEST_ANSWER);
        let answer = self.client.send(request).await?.expect_success()?;
        let token = answer
            .json::<TokenAnswer>()?
            .id_token
            .ok_or(UpstreamError::NoToken)?;
        let token = Zeroizing::new(token);
        self.verify(&token, Some(&away.nonce), now).await
    }

    /// The person that a token of the other issuer is about: in an exchange of tokens without a nonce, since
    /// nobody here asked for it.
    pub(crate) async fn verify(
        &self,
        token: &str,
        nonce: Option<&str>,
        now: UnixTime,
    ) -> Result<Person, UpstreamError> {
        let expected = Expected {
            issuer: &self.issuer,
            client_id: &self.client_id,
            nonce,
            now,
        };
        let provider = self.provider(now, false).await?;
        let claims = match provider.keys.verify(token) {
            // The issuer may have rotated its keys since.
            Err(IdTokenRefused::Signature) => self.provider(now, true).await?.keys.verify(token)?,
            verified => verified?,
        };
        Ok(person(&claims, &expected, &self.id)?)
    }

    async fn provider(
        &self,
        now: UnixTime,
        fresh: bool,
    ) -> Result<std::sync::Arc<Provider>, UpstreamError> {
        self.provider
            .get(&self.client, &self.issuer, now, fresh)
            .await
    }
}

impl std::fmt::Debug for OidcConnector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OidcConnector({}, {})", self.id, self.issuer)
    }
}

impl UpstreamLogins {
    pub(crate) fn new() -> Self {
        Self(Expiring::new(MOST_AWAY))
    }

    /// Somebody goes.
    pub(crate) fn insert(&self, state: &str, away: Away, now: UnixTime) {
        self.0
            .insert(secret::key(state), away, now.plus_seconds(AWAY_SECONDS));
    }

    /// Somebody comes back, once.
    pub(crate) fn take(&self, form: &Form, now: UnixTime) -> Option<Away> {
        self.0.take(&secret::key(form.value("state")?), now)
    }
}
