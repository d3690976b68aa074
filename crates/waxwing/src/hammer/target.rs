//! What is hammered: the seam between the load and a kind of log.
//!
//! A target is one caller's way to a log; a clone of it is another caller. It answers with what the log
//! has *said*: nothing in an [`Acknowledged`] is believed before [`super::judge`] has checked it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use waxwing_tlog::Hash;

use super::violation::Violation;

/// How long a caller is silent after a refusal, so that a busy log is not kept busy with refusing.
pub(super) const AFTER_REFUSAL: Duration = Duration::from_millis(5);

/// A way to add entries to a log.
pub(super) trait Target: Clone + Send + 'static {
    /// Adds an entry, and returns when the log has answered.
    fn add(
        &mut self,
        entry: Bytes,
    ) -> impl Future<Output = Result<Acknowledged, TargetError>> + Send;
}

/// What a log has said of an entry.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    /// Its index.
    pub(super) index: u64,
    /// Its leaf, where the answer names it.
    pub(super) leaf_hash: Option<Hash>,
    /// The inclusion proof.
    pub(super) proof: Vec<Hash>,
    /// The signed note that the proof leads to.
    pub(super) checkpoint: Arc<str>,
    /// Whether the log had the entry before.
    pub(super) existed: bool,
    /// How often the entry was sent again because no answer came.
    pub(super) retries: u32,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum TargetError {
    /// The log is busy and has said so; the entry was not added.
    Refused,
    /// The answer is none that the protocol knows.
    Violation(Violation),
    /// The log has stopped, or cannot be reached.
    Failed(anyhow::Error),
}
