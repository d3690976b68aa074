//! The first entry of each log is our own: no client is ever given index 0 or an empty path, which
//! sigstore-python refuses.
//!
//! The Rekor log begins with the instance's first TUF root (in memory, where there is none, with its
//! trusted root), signed by the log's key; the CT log with the certificate of the issuing authority.

use serde_json::json;
use waxwing_client::rekor::{self, RekorError};
use waxwing_crypto::{HashAlgorithm, KeyError, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_entries::hashedrekord::{Proposal, Verifier};
use waxwing_net::{Client, Request};
use waxwing_pki::Certificate;

use crate::Address;

/// Why a log has no first entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// The log's key.
    #[error("the first entry of the Rekor log: {0}")]
    Key(#[from] KeyError),
    /// The Rekor log.
    #[error("the first entry of the Rekor log: {0}")]
    Rekor(#[from] RekorError),
    /// The CT log.
    #[error("the first entry of the CT log: {0}")]
    CtLog(#[from] waxwing_net::Error),
}

/// What is to be written.
pub(crate) struct Genesis {
    proposal: Proposal,
    chain: Vec<String>,
}

impl Genesis {
    /// What begins the Rekor log of `key`, and the CT log with an authority's certificates.
    pub(crate) fn new(
        key: &PrivateKey,
        authority: &[Certificate],
        root: &[u8],
    ) -> Result<Self, GenesisError> {
        let proposal = Proposal {
            digest: HashAlgorithm::Sha512.digest(root),
            signature: key.sign_ed25519ph(root)?,
            verifier: Verifier::PublicKey(key.public_key().clone()),
            algorithm: SignatureAlgorithm::Ed25519ph,
        };
        let chain = authority.iter();
        let chain = chain.map(|certificate| base64::encode(certificate.der()));
        let chain = chain.collect();
        Ok(Self { proposal, chain })
    }

    /// Writes both through the services' own front doors.
    pub(crate) async fn write(
        self,
        client: &Client,
        address: &Address,
    ) -> Result<(), GenesisError> {
        rekor::add_entry(client, address.base(), &self.proposal).await?;
        let url = format!("{}/ct/v1/add-chain", address.ct_log());
        let request = Request::post_json(url, &json!({ "chain": self.chain })).repeatable();
        client.send(request).await?.expect_success()?;
        Ok(())
    }
}
