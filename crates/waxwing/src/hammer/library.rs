//! A log in this process, called without a network: what the engine itself can do.

use anyhow::anyhow;
use bytes::Bytes;
use waxwing_log::{AddError, Log};

use super::target::{AFTER_REFUSAL, Acknowledged, Target, TargetError};

/// A hand on a log.
#[derive(Debug, Clone)]
pub(super) struct Library(pub(super) Log);

impl Target for Library {
    async fn add(&mut self, entry: Bytes) -> Result<Acknowledged, TargetError> {
        match self.0.add_entry(entry).await {
            Ok(added) => Ok(Acknowledged {
                index: added.index,
                leaf_hash: Some(added.leaf_hash),
                proof: added.proof,
                checkpoint: added.published.checkpoint,
                existed: added.existed,
                retries: 0,
            }),
            Err(
                AddError::Busy { .. }
                | AddError::Unfiled
                | AddError::Conflict
                | AddError::NotCommitted,
            ) => {
                tokio::time::sleep(AFTER_REFUSAL).await;
                Err(TargetError::Refused)
            }
            Err(error) => Err(TargetError::Failed(anyhow!(error))),
        }
    }
}
