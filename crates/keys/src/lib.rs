//! Keys that live elsewhere: whoever signs with them sends what is to be signed, and never sees the key.
//!
//! A [`Signer`] is a key that is known by its public half and by the algorithm that it signs with. Fulcio signs
//! certificates with one, the timestamp authority timestamps. [`open`] makes one of a [`KeyReference`]:
//!
//! ```text
//! awskms:///alias/signing            AWS KMS
//! gcpkms://projects/…/cryptoKeys/K   Google Cloud KMS
//! azurekms://v.vault.azure.net/K     Azure Key Vault
//! hashivault://K, openbao://K        the transit engine of Vault and OpenBao
//! ```
//!
//! The services are asked over HTTP, by requests written here; what they answer is capped and checked, and a signature
//! is verified before anybody gets it. Credentials are found as the services' own clients find them, and go to the host
//! that they belong to, by TLS or inside this machine. `docs/keys.md` says what is read, and what was tried with whom.

mod ask;
mod aws;
mod azure;
mod credentials;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod google;
mod open;
mod opening;
mod reference;
mod remote;
mod surroundings;
mod vault;
mod xml;

use std::fmt::Debug;
use std::pin::Pin;

use waxwing_crypto::{PublicKey, SignatureAlgorithm};

pub use aws::sigv4;
pub use credentials::CredentialsError;
pub use error::{OpenError, ServiceError};
pub use open::open;
pub use reference::{
    AwsKey, AzureKey, GoogleKey, KeyReference, LONGEST, ReferenceError, VaultKey, VaultKind,
};
pub use surroundings::{Surroundings, Variables};

/// A signature to come.
pub type Signing<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SignError>> + Send + 'a>>;

/// A private key that is somewhere else.
pub trait Signer: Debug + Send + Sync {
    /// The public half, asked for once.
    fn public_key(&self) -> &PublicKey;

    /// What [`sign`](Self::sign) signs with; it never changes.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The signature over `message`, in the form that certificates have (DER for ECDSA). It was verified with the
    /// public key: a service that signs something else, or with another key, is an error.
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a>;
}

/// Why a key that lives elsewhere did not sign.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct SignError {
    /// Which key, as it was named.
    pub key: String,
    /// What the service said, or what was wrong with its answer.
    pub reason: String,
}
