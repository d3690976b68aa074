//! Logging in by another issuer (OpenID Connect Core 1.0 section 3.1): the browser goes there and comes
//! back with a code, which is exchanged for an identity token about the person.
//!
//! ```text
//! GET {their authorization_endpoint}?client_id=…&redirect_uri={ours}/callback&state=…&nonce=…&code_challenge=…
//! GET {ours}/callback?state=…&code=…
//! ```
//!
//! The way back must begin in the browser that went there, with the state that was given to it, once,
//! within ten minutes. How the other issuer is asked, and what its token must hold, is `waxwing_client::login`.

mod cache;
mod claims;

use waxwing_client::login::{self, Provider, RegisteredClient};
pub use waxwing_client::login::{IdTokenRefused, ProviderError as UpstreamError};
use waxwing_crypto::Random;
use waxwing_encoding::time::UnixTime;
use waxwing_net::form::Form;
use waxwing_net::{Client, Url};
use zeroize::Zeroizing;

use crate::person::Person;
use crate::state::expiring::Expiring;
use crate::state::secret::{self, Key};
use cache::{Known, ProviderCache};
pub(crate) use claims::person;
pub(crate) use login::Expected;

/// How long somebody may stay at the other issuer, in seconds.
const AWAY_SECONDS: i64 = 600;

/// How many may be there at once, each with what its request carries along: some 10 KiB at most.
const MOST_AWAY: usize = 2048;

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
        let known = self.known(now, false).await?;
        let [state, nonce, verifier] = [(); 3].map(|()| secret::fresh(random));
        let mut url = known.provider.authorization_endpoint()?.clone();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", callback),
            ("scope", &self.scopes),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &login::challenge(&verifier)),
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
        let known = self.known(now, false).await?;
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback),
            ("code_verifier", &away.verifier),
        ];
        let registered = RegisteredClient {
            id: &self.client_id,
            secret: self.client_secret.as_ref().map(|secret| secret.as_str()),
        };
        let tokens = known.provider.tokens(&self.client, registered, &parameters);
        let tokens = tokens.await?;
        self.verify(tokens.id_token()?, Some(&away.nonce), now)
            .await
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
        let known = self.known(now, false).await?;
        let claims = match known.keys.verify(token) {
            // The issuer may have rotated its keys since.
            Err(IdTokenRefused::Signature) => self.known(now, true).await?.keys.verify(token)?,
            verified => verified?,
        };
        Ok(person(&claims, &expected, &self.id)?)
    }

    async fn known(
        &self,
        now: UnixTime,
        fresh: bool,
    ) -> Result<std::sync::Arc<Known>, UpstreamError> {
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
