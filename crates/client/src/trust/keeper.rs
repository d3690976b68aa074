//! Who writes to the cache: one process at a time, and nobody for whom it cannot be written.
//!
//! A refresh goes on without keeping anything where the directory cannot be written, and where another
//! process holds the lock for too long: neither is a reason to trust nobody.

use std::time::Duration;

use waxwing_encoding::time::UnixTime;
use waxwing_tuf::client::{LocalChange, LocalCopy};

use super::TrustStoreError;
use super::folder::{Change, Folder, Lock};

/// How long the lock is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How often it is tried meanwhile.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// A folder that may be written to, or not.
pub(super) struct Keeper<'a> {
    folder: Option<&'a Folder>,
    /// Without it nothing is written.
    lock: Option<Lock>,
    is_strict: bool,
}

impl<'a> Keeper<'a> {
    /// Waits for the lock until somebody else has done `meanwhile` what was to be done, or for too long.
    pub(super) async fn lenient(
        folder: Option<&'a Folder>,
        mut meanwhile: impl FnMut() -> bool,
    ) -> Self {
        let mut keeper = Self {
            folder,
            lock: None,
            is_strict: false,
        };
        let Some(folder) = folder else { return keeper };
        let mut waited = Duration::ZERO;
        while waited <= LONGEST_WAIT {
            match folder.lock() {
                Ok(None) => {}
                Ok(Some(lock)) => {
                    // Who had it before may have been quicker.
                    if waited.is_zero() || !meanwhile() {
                        keeper.lock = Some(lock);
                    }
                    break;
                }
                Err(_) => break,
            }
            if meanwhile() {
                break;
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
            waited += BETWEEN_TRIES;
        }
        keeper
    }

    /// Takes the lock, or says why not. What cannot be written is an error from then on.
    pub(super) async fn strict(
        folder: Option<&'a Folder>,
        now: UnixTime,
    ) -> Result<Self, TrustStoreError> {
        let folder = folder.ok_or(TrustStoreError::NoCache)?;
        let mut waited = Duration::ZERO;
        loop {
            if let Some(lock) = folder.lock()? {
                return Ok(Self {
                    folder: Some(folder),
                    lock: Some(lock),
                    is_strict: true,
                });
            }
            if waited >= LONGEST_WAIT {
                return Err(TrustStoreError::Held {
                    path: folder.lock_path(),
                    since: now,
                });
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
            waited += BETWEEN_TRIES;
        }
    }

    /// What is kept, after bringing to its end what a crash interrupted: forwards if only the new state
    /// verifies, else back.
    pub(super) fn recover(&mut self, verifies: impl Fn(LocalCopy) -> bool) -> LocalCopy {
        let Some(folder) = self.folder else {
            return LocalCopy::new();
        };
        let mut copies = folder.copies().unwrap_or_default().into_iter();
        let here = copies.next().unwrap_or_default();
        let Some(next) = copies.next() else {
            return here;
        };
        let is_forwards = !verifies(here.clone()) && verifies(next.clone());
        // Who only reads takes what there is.
        let _ = self.keep(|folder, lock| match is_forwards {
            true => folder.finish_commit(lock),
            false => folder.drop_next(lock),
        });
        if is_forwards { next } else { here }
    }

    /// Makes a change that must not wait for the others.
    pub(super) fn change(&mut self, change: &LocalChange) -> Result<(), TrustStoreError> {
        self.keep(|folder, lock| match change {
            LocalChange::Store { role, bytes } => folder.store(lock, role, bytes),
            LocalChange::Delete { role } => folder.forget(lock, role),
        })
    }

    /// Makes the changes that belong together, and remembers when.
    pub(super) fn commit(
        &mut self,
        changes: &[Change],
        now: UnixTime,
    ) -> Result<(), TrustStoreError> {
        self.keep(|folder, lock| {
            folder.commit(lock, changes)?;
            folder.set_asked(lock, now)
        })
    }

    /// Whether changes are made at once where they can, or all at the end.
    pub(super) fn begins_anew(&self) -> bool {
        self.is_strict
    }

    /// The contents that are kept of a target.
    pub(super) fn target(&self, path: &str) -> Vec<Vec<u8>> {
        let kept = self.folder.map(|folder| folder.target(path));
        kept.and_then(Result::ok).unwrap_or_default()
    }

    fn keep(
        &mut self,
        write: impl FnOnce(&Folder, &Lock) -> Result<(), TrustStoreError>,
    ) -> Result<(), TrustStoreError> {
        let (Some(folder), Some(lock)) = (self.folder, &self.lock) else {
            return Ok(());
        };
        match write(folder, lock) {
            Err(error) if self.is_strict => Err(error),
            Err(_) => {
                self.lock = None;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
