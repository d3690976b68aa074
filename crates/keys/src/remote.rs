//! A key in a service, whichever it is: what it signs is verified here, in one place, before anybody gets it.

use std::fmt::Debug;

use waxwing_crypto::{PublicKey, SignatureAlgorithm};

use crate::error::ServiceError;
use crate::{KeyReference, SignError, Signer, Signing};

/// A service that signs with one key.
pub(crate) trait Service: Debug + Send + Sync {
    /// What people call it.
    const NAME: &'static str;

    /// The signature over `message`, as it came, in the form that certificates have.
    fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, ServiceError>> + Send;
}

/// A key in it.
#[derive(Debug)]
pub(crate) struct RemoteKey<S> {
    pub(crate) reference: KeyReference,
    pub(crate) public_key: PublicKey,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) service: S,
}

impl<S: Service> RemoteKey<S> {
    async fn signed(&self, message: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let signature = self.service.sign(self.algorithm, message).await?;
        let verified = self.public_key.verify(self.algorithm, message, &signature);
        verified.map_err(|source| ServiceError::Signature {
            service: S::NAME,
            source,
        })?;
        Ok(signature)
    }
}

impl<S: Service> Signer for RemoteKey<S> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        Box::pin(async move {
            self.signed(message).await.map_err(|error| SignError {
                key: self.reference.to_string(),
                reason: error.to_string(),
            })
        })
    }
}
