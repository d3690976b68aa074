//! The first entry of each log is our own: no client is ever given index 0 or an empty path, which
//! sigstore-python refuses.
//!
//! The Rekor log begins with the instance's first TUF root (in memory, where there is none, with its
//! trusted root), signed by the log's key; the CT log with the certificate of the issuing authority. Both
//! are written through the services' own front doors.

use serde_json::json;
use waxwing_client::rekor::{self, RekorError};
use waxwing_crypto::{HashAlgorithm, KeyError, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_entries::hashedrekord::{Proposal, Verifier};
use waxwing_net::{Client, Request};
use waxwing_pki::Certificate;

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

/// Begins the Rekor log of `key`, at `url`, with a root of trust.
pub(crate) async fn begin_rekor_log(
    client: &Client,
    url: &str,
    key: &PrivateKey,
    root: &[u8],
) -> Result<(), GenesisError> {
    let proposal = Proposal {
        digest: HashAlgorithm::Sha512.digest(root),
        signature: key.sign_ed25519ph(root)?,
        verifier: Verifier::PublicKey(key.public_key().clone()),
        algorithm: SignatureAlgorithm::Ed25519ph,
    };
    rekor::add_entry(client, url, &proposal).await?;
    Ok(())
}

/// Begins the CT log at `url` with an authority's certificates.
pub(crate) async fn begin_ct_log(
    client: &Client,
    url: &str,
    authority: &[Certificate],
) -> Result<(), GenesisError> {
    let chain = authority.iter();
    let chain = chain.map(|certificate| base64::encode(certificate.der()));
    let chain: Vec<String> = chain.collect();
    let url = format!("{url}/ct/v1/add-chain");
    let request = Request::post_json(url, &json!({ "chain": chain })).repeatable();
    client.send(request).await?.expect_success()?;
    Ok(())
}
