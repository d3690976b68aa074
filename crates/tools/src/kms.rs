//! Keys in key management services, for the servers that sign with one.

use std::sync::Arc;
use std::time::Duration;

use waxwing_cli::{Surroundings, network};
use waxwing_crypto::{HashAlgorithm, PublicKey, SignatureAlgorithm};
use waxwing_keys::{KeyReference, Signer, Signing};
use waxwing_net::{Client, Retry};

/// How patiently a service is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Patience {
    /// How often a question is asked again; `None` for the usual number.
    pub(crate) retries: Option<u32>,
    /// How long one answer may take; `None` for as long as any.
    pub(crate) timeout: Option<Duration>,
}

/// The key that `reference` names. Whoever asks for a signature that does not come is told little; `tell` is told why.
pub(crate) async fn open(
    reference: &str,
    hash: HashAlgorithm,
    patience: Patience,
    surroundings: &Surroundings<'_>,
    tell: impl Fn(&str) + Send + Sync + 'static,
) -> anyhow::Result<Arc<dyn Signer>> {
    let key: KeyReference = reference.parse()?;
    let mut settings = network::settings(surroundings.environment);
    if let Some(retries) = patience.retries {
        settings.retry = Retry {
            attempts: retries.saturating_add(1),
            ..settings.retry
        };
    }
    if let Some(timeout) = patience.timeout {
        settings.timeout = timeout;
    }
    let environment = surroundings.environment.clone();
    let place = waxwing_keys::Surroundings {
        variable: Arc::new(move |name| environment.value(name).map(str::to_owned)),
        client: Client::network(settings)?,
        clock: Arc::clone(&surroundings.clock),
    };
    let signer = waxwing_keys::open(&key, Some(hash), &place).await?;
    Ok(Arc::new(Watched {
        signer,
        tell: Box::new(tell),
    }))
}

/// A key whose failures the operator gets to know.
struct Watched {
    signer: Arc<dyn Signer>,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.signer.fmt(formatter)
    }
}

impl Signer for Watched {
    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.signer.algorithm()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        Box::pin(async {
            let signed = self.signer.sign(message).await;
            if let Err(error) = &signed {
                (self.tell)(&format!("not signed: {error}"));
            }
            signed
        })
    }
}
