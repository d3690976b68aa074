//! Entries of Rekor v1 that did not come along with a signature: they are looked for in the log.
//!
//! ```text
//! content + signer ─▶ the entry that they would make ─▶ POST …/api/v1/log/entries/retrieve ─▶ entries
//! ```

use anyhow::Context;
use waxwing_client::rekor_v1;
use waxwing_crypto::PublicKey;
use waxwing_entries::hashedrekord::Verifier;
use waxwing_entries::v1_proposal::Proposal;
use waxwing_model::bundle::{Content, LogEntry};
use waxwing_pki::Certificate;

use crate::Means;

/// The entries that the log at `url` has of this signature, by a certificate or else by a key.
pub(crate) async fn entries(
    means: &Means<'_>,
    url: &str,
    content: &Content,
    certificate: Option<&Certificate>,
    key: Option<&PublicKey>,
) -> anyhow::Result<Vec<LogEntry>> {
    let verifier = match (certificate, key) {
        (Some(certificate), _) => Verifier::Certificate(Box::new(certificate.clone())),
        (None, Some(key)) => Verifier::PublicKey(key.clone()),
        (None, None) => anyhow::bail!("neither a certificate nor a key says who signed"),
    };
    let proposal = match content {
        Content::Message(message) => Proposal::HashedRekord {
            digest: message
                .digest
                .context("the digest of what was signed is not known")?,
            signature: message.signature.clone(),
            verifier,
        },
        Content::Envelope(envelope) => Proposal::Dsse {
            envelope: envelope.to_json()?,
            verifier,
        },
    };
    Ok(rekor_v1::find(&means.client, url, &proposal).await?)
}
