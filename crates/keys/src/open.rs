//! Opening a key: who keeps it is asked for its public half, and what it signs by is decided once.

use std::sync::Arc;

use waxwing_crypto::HashAlgorithm;

use crate::error::OpenError;
use crate::opening::Opening;
use crate::{KeyReference, Signer, Surroundings, aws, azure, google, vault};

/// Opens the key of a reference. A `hash` is a wish where the key leaves a choice (RSA, and ECDSA in Vault); Ed25519 has
/// none, and where the service binds a key to one algorithm, that is the one.
pub async fn open(
    reference: &KeyReference,
    hash: Option<HashAlgorithm>,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Signer>, OpenError> {
    let opening = Opening {
        reference,
        hash,
        surroundings,
    };
    match reference {
        KeyReference::Aws(key) => aws::open(key, &opening).await,
        KeyReference::Vault(key) => vault::open(key, &opening).await,
        KeyReference::Google(key) => google::open(key, &opening).await,
        KeyReference::Azure(key) => azure::open(key, &opening).await,
    }
}
