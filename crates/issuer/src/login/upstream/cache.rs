//! What another issuer published, kept for ten minutes.

use std::sync::Arc;

use tokio::sync::Mutex;
use waxwing_client::login::Keys;
use waxwing_encoding::time::UnixTime;
use waxwing_net::Client;

use super::{Provider, UpstreamError};

/// How long the documents are believed, in seconds.
const KEPT_SECONDS: i64 = 600;

/// How soon they are fetched again for a token that no key verifies: such tokens cost nothing to make.
const AGAIN_SECONDS: i64 = 10;

/// What another issuer published.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) provider: Provider,
    pub(super) keys: Keys,
    fetched: UnixTime,
}

/// The last that was fetched.
#[derive(Debug, Default)]
pub(super) struct ProviderCache(Mutex<Option<Arc<Known>>>);

impl ProviderCache {
    /// What `issuer` published, asked for again if it is old or `fresh` is wanted.
    pub(super) async fn get(
        &self,
        client: &Client,
        issuer: &str,
        now: UnixTime,
        fresh: bool,
    ) -> Result<Arc<Known>, UpstreamError> {
        // Held while asking, so that many who wait ask once.
        let mut last = self.0.lock().await;
        let seconds = if fresh { AGAIN_SECONDS } else { KEPT_SECONDS };
        if let Some(known) = &*last
            && now < known.fetched.plus_seconds(seconds)
        {
            return Ok(Arc::clone(known));
        }
        let provider = Provider::discover(client, issuer).await?;
        let known = Arc::new(Known {
            keys: provider.keys(client).await?,
            provider,
            fetched: now,
        });
        *last = Some(Arc::clone(&known));
        Ok(known)
    }
}
