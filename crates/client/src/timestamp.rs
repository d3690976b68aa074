//! The timestamp authority: the digest of a signature in, an RFC 3161 response out.
//!
//! `POST <url>` with `application/timestamp-query`; the URL is whole, as the signing config has it.

use std::time::Duration;

use waxwing_crypto::{HashAlgorithm, Random};
use waxwing_net::{Client, Request};
use waxwing_pki::timestamp::{Timestamp, TimestampError, TimestampRequest};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no timestamp.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampingError {
    /// The request did not succeed.
    #[error("the timestamp authority: {0}")]
    Request(#[from] waxwing_net::Error),
    /// The answer is no timestamp, or one for another request.
    #[error("the timestamp authority's answer: {0}")]
    Answer(#[from] TimestampError),
}

/// Has `signature` stamped; gives the response's DER, which answers this very request. Whether the
/// authority is trusted is decided when the bundle is verified.
pub async fn timestamp(
    client: &Client,
    url: &str,
    signature: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, TimestampingError> {
    let request = TimestampRequest {
        digest: HashAlgorithm::Sha256.digest(signature),
        policy: None,
        nonce: Some(nonce(random).to_vec()),
        // With the certificate inside, tools that know the root alone can verify too.
        certificate: true,
    };
    ask(client, url, &request, TIMEOUT).await
}

/// A fresh nonce: the content of its INTEGER, positive and without a leading zero byte.
pub fn nonce(random: &dyn Random) -> [u8; 8] {
    let mut nonce = [0; 8];
    random.fill(&mut nonce);
    nonce[0] = nonce[0] & 0x7f | 0x40;
    nonce
}

/// Sends a request as it is; gives the response's DER, once it is seen to answer that request.
pub async fn ask(
    client: &Client,
    url: &str,
    request: &TimestampRequest,
    timeout: Duration,
) -> Result<Vec<u8>, TimestampingError> {
    let query = Request::post(url, "application/timestamp-query", request.to_der())
        .timeout(timeout)
        .repeatable();
    let response = client.send(query).await?.expect_answer()?;
    Timestamp::from_der(&response.body)?.answers(request)?;
    Ok(response.body.to_vec())
}
