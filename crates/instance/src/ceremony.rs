//! Who signs the root of trust and the targets, while the instance is down: the same as an instance that
//! runs does by order ([`crate::control::Order`]), but what is complete is published by the next start.

use crate::trust_repository::{RootChange, TrustRepository, Waiting, merge_first_root};
use crate::{DataDirectory, StartError, Surroundings};

impl DataDirectory {
    /// Drafts the next root of trust, with other keys for some roles. Returns what waits.
    pub fn change_root(
        &self,
        change: &RootChange,
        surroundings: &Surroundings,
    ) -> Result<Vec<Waiting>, StartError> {
        let now = surroundings.clock.now();
        let repository = TrustRepository::open(self.path(), false, now)?;
        repository.draft_root(change, now)?;
        Ok(repository.waiting()?)
    }

    /// Takes the signatures of copies that were signed elsewhere. Returns what waits, complete or not.
    pub fn merge(
        &self,
        copies: &[Vec<u8>],
        surroundings: &Surroundings,
    ) -> Result<Vec<Waiting>, StartError> {
        if !self.path().join("tuf/1.root.json").exists() {
            return Ok(merge_first_root(self.path(), copies)?);
        }
        let repository = TrustRepository::open(self.path(), false, surroundings.clock.now())?;
        repository.merge(copies)?;
        Ok(repository.waiting()?)
    }
}
