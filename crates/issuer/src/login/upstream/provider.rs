//! Another issuer's endpoints and keys (OpenID Connect Discovery 1.0 section 4), kept for ten minutes.
//!
//! The document must name the issuer byte for byte. Where the issuer is https, so must the endpoints be:
//! otherwise the person's code, and our secret with it, would cross the network in the clear.

use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use tokio::sync::Mutex;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{Client, Request, Url};

use super::id_token::Keys;
use super::{PATIENCE, UpstreamError};

/// How long the documents are believed, in seconds.
const KEPT_SECONDS: i64 = 600;

/// How soon they are fetched again for a token that no key verifies: such tokens cost nothing to make.
const AGAIN_SECONDS: i64 = 10;

/// What another issuer published.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) keys: Keys,
    fetched: UnixTime,
}

/// The last that was fetched.
#[derive(Debug, Default)]
pub(crate) struct ProviderCache(Mutex<Option<Arc<Provider>>>);

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
}

impl ProviderCache {
    /// What `issuer` published, asked for again if it is old or `fresh` is wanted.
    pub(crate) async fn get(
        &self,
        client: &Client,
        issuer: &str,
        now: UnixTime,
        fresh: bool,
    ) -> Result<Arc<Provider>, UpstreamError> {
        // Held while asking, so that many who wait ask once.
        let mut known = self.0.lock().await;
        let seconds = if fresh { AGAIN_SECONDS } else { KEPT_SECONDS };
        if let Some(known) = &*known
            && now < known.fetched.plus_seconds(seconds)
        {
            return Ok(Arc::clone(known));
        }
        let provider = Arc::new(fetch(client, issuer, now).await?);
        *known = Some(Arc::clone(&provider));
        Ok(provider)
    }
}

async fn fetch(client: &Client, issuer: &str, now: UnixTime) -> Result<Provider, UpstreamError> {
    let base = issuer.trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let discovery = client.send(Request::get(url).timeout(PATIENCE)).await?;
    let discovery: Discovery = discovery.expect_success()?.json()?;
    if discovery.issuer != issuer {
        let (found, expected) = (discovery.issuer, issuer.to_owned());
        return Err(UpstreamError::OtherIssuer { found, expected });
    }
    let safe = issuer.starts_with("https:");
    let endpoint = |name: &'static str, text: &str| {
        let url = Url::parse(text).ok();
        let fits = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && !safe;
        url.filter(fits).ok_or_else(|| UpstreamError::Endpoint {
            name,
            found: text.chars().take(200).collect(),
        })
    };
    let keys = endpoint("jwks_uri", &discovery.jwks_uri)?;
    let keys = client.send(Request::get(keys).timeout(PATIENCE)).await?;
    let keys: JwkSet = keys.expect_success()?.json()?;
    Ok(Provider {
        authorization_endpoint: endpoint(
            "authorization_endpoint",
            &discovery.authorization_endpoint,
        )?,
        token_endpoint: endpoint("token_endpoint", &discovery.token_endpoint)?,
        keys: Keys::new(keys, &discovery.id_token_signing_alg_values_supported),
        fetched: now,
    })
}
