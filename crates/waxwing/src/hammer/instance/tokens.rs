//! Identity tokens of the instance's own issuer, asked for through its socket and fresh at any time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use serde::Deserialize;
use tokio::task::JoinHandle;
use waxwing_crypto::KeyType;
use waxwing_encoding::base64;
use waxwing_instance::control::{self, Order};

/// How many people ask, in turn.
pub(super) const NAMES: usize = 8;

/// How old a token becomes before there is a new one. It is good for a minute, and a request that was
/// prepared may lie for some seconds.
const AGE: Duration = Duration::from_secs(15);

/// The address of one of them.
pub(super) fn email(number: usize) -> String {
    format!("hammer-{number}@waxwing.localhost")
}

/// A token of each.
#[derive(Debug)]
pub(super) struct Tokens {
    held: RwLock<Vec<Arc<str>>>,
}

/// Keeps tokens fresh until it is dropped.
#[derive(Debug)]
pub(super) struct Keeper(JoinHandle<()>);

impl Tokens {
    /// Asks for one each; waits for an instance that is not there for so long.
    pub(super) async fn new(
        data: &Path,
        patience: Duration,
    ) -> anyhow::Result<(Arc<Self>, Keeper)> {
        let held = RwLock::new(fresh(data, patience).await?);
        let tokens = Arc::new(Self { held });
        let kept = Arc::clone(&tokens);
        let data: PathBuf = data.to_owned();
        let keeper = tokio::spawn(async move {
            loop {
                tokio::time::sleep(AGE).await;
                // An instance that is gone for good is found out by those who ask for more.
                if let Ok(fresh) = fresh(&data, patience).await {
                    *kept.held.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                }
            }
        });
        Ok((tokens, Keeper(keeper)))
    }

    /// The token of one of [`NAMES`].
    pub(super) fn of(&self, number: usize) -> Arc<str> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(number).map_or_else(|| "".into(), Arc::clone)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn fresh(data: &Path, patience: Duration) -> anyhow::Result<Vec<Arc<str>>> {
    let began = Instant::now();
    let mut tokens = Vec::with_capacity(NAMES);
    while tokens.len() < NAMES {
        let order = Order::Token {
            r#as: email(tokens.len()),
        };
        match control::ask::<String>(data, &order).await {
            Ok(token) => tokens.push(token.into()),
            Err(_) if began.elapsed() < patience => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(error).context("a token for Fulcio"),
        }
    }
    Ok(tokens)
}

/// How tokens are signed.
#[derive(Debug)]
pub(super) struct TokenKind {
    /// As the header names it.
    pub(super) algorithm: String,
    pub(super) key: KeyType,
}

impl TokenKind {
    /// By the header and the length of the signature.
    pub(super) fn of(token: &str) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
        }
        let mut parts = token.split('.');
        let mut part = || {
            let part = parts.next().context("a token has three parts")?;
            Ok::<_, anyhow::Error>(base64::decode_proto_json(part)?)
        };
        let Header { alg } = serde_json::from_slice(&part()?)?;
        part()?;
        let key = match alg.as_str() {
            "ES256" => KeyType::EcdsaP256,
            "ES384" => KeyType::EcdsaP384,
            "EdDSA" => KeyType::Ed25519,
            "RS256" => KeyType::Rsa(part()?.len() * 8),
            other => return Err(anyhow!("no floor is known for tokens signed with {other}")),
        };
        Ok(Self {
            algorithm: alg,
            key,
        })
    }
}
