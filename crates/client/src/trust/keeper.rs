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

    /// What is kept, after bringing to its end what a crash interrupted.
    ///
    /// Forwards, if the copying had begun: the timestamp is copied first, and a folder in the middle does
    /// not verify. Else back: the folder is whole, and may be newer than what was on its way there.
    pub(super) fn recover(&mut self, verifies: impl Fn(LocalCopy) -> bool) -> LocalCopy {
        let Some(folder) = self.folder else {
            return LocalCopy::new();
        };
        let mut copies = folder.copies().unwrap_or_default().into_iter();
        let here = copies.next().unwrap_or_default();
        let Some(next) = copies.next() else {
            return here;
        };
        let has_begun = here.role("timestamp") == next.role("timestamp");
        let is_forwards = verifies(next.clone()) && (has_begun || !verifies(here.clone()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What is kept after a crash that left these in the folder and on the way there; and what lies in
    /// the folder then.
    async fn recovered(here: &[(&str, &str)], next: &[(&str, &str)]) -> (String, String) {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::of(cache.path(), "https://host.example").unwrap();
        let mut keeper = Keeper::lenient(Some(&folder), || false).await;
        for (place, files) in [("host.example", here), ("host.example.next", next)] {
            std::fs::create_dir_all(cache.path().join(place).join("targets")).unwrap();
            for (name, content) in files {
                std::fs::write(cache.path().join(place).join(name), content).unwrap();
            }
        }
        // A state is whole if all of it is of one time.
        let whole = |copy: LocalCopy| copy.role("timestamp") == copy.role("snapshot");
        let copy = keeper.recover(whole);
        let snapshot = String::from_utf8(copy.role("snapshot").unwrap().to_vec()).unwrap();
        assert_eq!(
            folder.copies().unwrap(),
            [copy],
            "nothing is on its way any more"
        );
        let kept = folder.target("a").unwrap().pop().unwrap_or_default();
        assert!(!Path::new(&cache.path().join("host.example.next")).exists());
        (snapshot, String::from_utf8(kept).unwrap())
    }

    #[tokio::test]
    async fn after_a_crash_it_goes_forwards_if_the_copying_had_begun_and_back_otherwise() {
        let files = |timestamp, snapshot, target| {
            let metadata = [("timestamp.json", timestamp), ("snapshot.json", snapshot)];
            let mut files = metadata.to_vec();
            files.push(("targets/a", target));
            files
        };
        let ended = |snapshot: &str, target: &str| (snapshot.to_owned(), target.to_owned());
        let new = files("new", "new", "new");
        let old = files("old", "old", "old");
        assert_eq!(recovered(&old, &new).await, ended("old", "old"));
        let half = files("new", "old", "old");
        assert_eq!(recovered(&half, &new).await, ended("new", "new"));
        // All but the target: the metadata in the folder verifies already.
        let most = files("new", "new", "old");
        assert_eq!(recovered(&most, &new).await, ended("new", "new"));
        // Somebody else brought the folder further, and knows nothing of what was on its way.
        let newer = files("newer", "newer", "newer");
        assert_eq!(recovered(&newer, &new).await, ended("newer", "newer"));
        // What was on its way is spoiled.
        let spoiled = files("x", "y", "new");
        assert_eq!(recovered(&old, &spoiled).await, ended("old", "old"));
    }
}
