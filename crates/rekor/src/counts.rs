//! What Rekor v2 counts, under the original's names.
//!
//! ```text
//! rekor_v2_new_hashedrekord_entries 41
//! rekor_v2_new_dsse_entries 0
//! rekor_v2_inclusion_proof_failure_total 0
//! ```
//!
//! An entry that the log had already is not new.

use waxwing_entries::proposal::Kind;
use waxwing_log::{AddError, Added};
use waxwing_serve::{Counter, MetricError, Metrics};

use crate::Refusal;

/// The counters. Clones share them.
#[derive(Debug, Clone)]
pub struct Counts {
    hashedrekord: Counter<0>,
    dsse: Counter<0>,
    unproven: Counter<0>,
}

impl Counts {
    /// Registers them.
    pub fn register(metrics: &Metrics) -> Result<Self, MetricError> {
        let counter = |name, help| metrics.counter(name, help, []);
        Ok(Self {
            hashedrekord: counter(
                "rekor_v2_new_hashedrekord_entries",
                "New entries of the kind hashedrekord.",
            )?,
            dsse: counter("rekor_v2_new_dsse_entries", "New entries of the kind dsse.")?,
            unproven: counter(
                "rekor_v2_inclusion_proof_failure_total",
                "Entries whose proof could not be made or did not hold. Anything but zero is a catastrophe.",
            )?,
        })
    }

    pub(crate) fn added(&self, kind: Kind, added: &Result<Added, Refusal>) {
        match added {
            Ok(added) if added.existed => {}
            Ok(_) => match kind {
                Kind::HashedRekord => self.hashedrekord.increment([]),
                Kind::Dsse => self.dsse.increment([]),
            },
            Err(Refusal::Add(AddError::Unproven { .. })) => self.unproven.increment([]),
            Err(_) => {}
        }
    }
}
