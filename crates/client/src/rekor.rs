//! Rekor v2: a proposal in, an entry with its proof out.
//!
//! `POST <base>/api/v2/log/entries`. The answer comes when the entry is in a published checkpoint,
//! so it may take a while where checkpoints are rare.

use std::time::Duration;

use waxwing_entries::hashedrekord::{Proposal, ProposalError};
use waxwing_model::BundleError;
use waxwing_model::bundle::LogEntry;
use waxwing_net::{Client, Request};

/// Public logs publish a checkpoint every ten seconds and wait for it.
const TIMEOUT: Duration = Duration::from_secs(90);

/// Why there is no entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekorError {
    /// The request did not succeed.
    #[error("the transparency log: {0}")]
    Request(#[from] waxwing_net::Error),
    /// The proposal cannot be written.
    #[error(transparent)]
    Proposal(#[from] ProposalError),
    /// The answer is no entry.
    #[error("the transparency log's answer: {0}")]
    Answer(#[from] BundleError),
}

/// Proposes an entry; gives it as the log holds it. Its proof is checked when the bundle is
/// verified.
pub async fn add_entry(
    client: &Client,
    base: &str,
    proposal: &Proposal,
) -> Result<LogEntry, RekorError> {
    let url = format!("{}/api/v2/log/entries", base.trim_end_matches('/'));
    let request = Request::post(url, "application/json", proposal.to_json()?)
        .timeout(TIMEOUT)
        .repeatable();
    let response = client.send(request).await?.expect_answer()?;
    Ok(LogEntry::from_json(&response.body)?)
}
