//! The key that stamps: in memory, or somewhere else.

use std::sync::Arc;

use waxwing_crypto::{KeyError, PrivateKey};
use waxwing_keys::{SignError, Signer};
use waxwing_pki::timestamp::{TimestampAuthority, TimestampDetails, TimestampRequest};

/// Where the key is.
#[derive(Debug)]
pub enum Key {
    /// In memory.
    Here(PrivateKey),
    /// With a service that signs by it.
    Elsewhere(Arc<dyn Signer>),
}

/// Why nothing was stamped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StampError {
    #[error(transparent)]
    Here(#[from] KeyError),
    #[error(transparent)]
    Elsewhere(#[from] SignError),
}

impl From<PrivateKey> for Key {
    fn from(key: PrivateKey) -> Self {
        Self::Here(key)
    }
}

impl From<Arc<dyn Signer>> for Key {
    fn from(signer: Arc<dyn Signer>) -> Self {
        Self::Elsewhere(signer)
    }
}

/// Stamps a request: the DER of a granted TimeStampResp.
pub(crate) async fn stamp(
    authority: &TimestampAuthority<Key>,
    request: &TimestampRequest,
    details: TimestampDetails,
) -> Result<Vec<u8>, StampError> {
    let unsigned = authority.prepare(request, details);
    let signature = match authority.key() {
        Key::Here(key) => key.sign_with(authority.algorithm(), unsigned.to_be_signed())?,
        Key::Elsewhere(signer) => signer.sign(unsigned.to_be_signed()).await?,
    };
    Ok(authority.complete(unsigned, &signature))
}
