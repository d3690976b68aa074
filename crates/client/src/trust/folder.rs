//! The cache on disk, file by file as cosign 3 has it, so that each of the two goes on where the other
//! stopped:
//!
//! ```text
//! remote.json                           {"mirror":"https://sigstore.example/tuf"}     which repository is followed
//! sigstore.example-tuf.json             {"lastTimestamp":"2026-11-28T19:34:20Z"}      when it was last asked
//! sigstore.example-tuf/root.json        timestamp.json, snapshot.json, targets.json and delegated roles
//! sigstore.example-tuf/targets/trusted_root.json
//! sigstore.example-tuf.lock             ours: held by whoever asks the repository
//! sigstore.example-tuf.next/            ours: files that are on their way into the folder
//! ```
//!
//! A file is written beside its place and renamed. Several that belong together are first made whole and
//! durable in `.next`, whose own renaming is the moment at which they count; then they are copied into
//! the folder one by one. A reader who finds the folder between two states finds the new one in `.next`,
//! and so does whoever comes after a crash. The folder goes before `.next`, because a program that does
//! not know the latter may have brought it further meanwhile.
//!
//! Nothing in here is believed for lying here: metadata is verified by its root each time, and targets by
//! metadata. The one file that is believed as it is, is the root of an instance that the program does not
//! carry; the directory is its owner's alone (0700).

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use waxwing_encoding::time::UnixTime;
use waxwing_tuf::client::{LocalCopy, Trusted, UpdateError, role_file_name, role_of_file_name};

use super::disk::{about, clear, files, make, private, read, remove, rename, sweep, write};
use super::{TrustStoreError, record};

/// Most roles whose metadata is read: there are four, and those that were delegated to.
const MOST_ROLES: usize = 64;

/// The repository that a cache follows, if somebody said so.
pub(super) fn followed(cache: &Path) -> Result<Option<String>, TrustStoreError> {
    let path = cache.join("remote.json");
    let Some(json) = read(&path)? else {
        return Ok(None);
    };
    match record::mirror(&json) {
        Ok(mirror) => Ok(Some(mirror)),
        Err(reason) => Err(TrustStoreError::Remote { path, reason }),
    }
}

/// Says which repository a cache follows.
pub(super) fn follow(cache: &Path, mirror: &str) -> Result<(), TrustStoreError> {
    let json = record::of_mirror(mirror);
    write(&cache.join("remote.json"), &json, 0o600)
}

/// What is kept of one repository.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    cache: PathBuf,
    name: String,
}

/// A file on its way into the folder: the path below it, and the content.
pub(super) type Change = (PathBuf, Vec<u8>);

impl Folder {
    /// The folder of a repository; nothing is made yet.
    pub(super) fn of(cache: &Path, mirror: &str) -> Result<Self, TrustStoreError> {
        match record::folder_name(mirror) {
            Some(name) => Ok(Self {
                cache: cache.to_owned(),
                name,
            }),
            None => Err(TrustStoreError::Mirror {
                mirror: mirror.to_owned(),
            }),
        }
    }

    /// Where the root is.
    pub(super) fn root_path(&self) -> PathBuf {
        self.folder().join("root.json")
    }

    /// Where the lock is.
    pub(super) fn lock_path(&self) -> PathBuf {
        self.beside("lock")
    }

    /// The root that is kept: where a later start begins.
    pub(super) fn root(&self) -> Result<Option<Vec<u8>>, TrustStoreError> {
        match read(&self.root_path())? {
            Some(root) => Ok(Some(root)),
            None => read(&self.next().join("root.json")),
        }
    }

    /// The metadata as it lies in the folder, and as it is with what is on its way there. The second is
    /// there only while somebody writes, and after a crash.
    pub(super) fn copies(&self) -> Result<Vec<LocalCopy>, TrustStoreError> {
        let mut copy = LocalCopy::new();
        load(&self.folder(), &mut copy)?;
        let mut copies = vec![copy.clone()];
        if load(&self.next(), &mut copy)? {
            copies.push(copy);
        }
        Ok(copies)
    }

    /// The content of a target as it is kept, with what is on its way before it: metadata says which of
    /// them is meant.
    pub(super) fn target(&self, path: &str) -> Result<Vec<Vec<u8>>, TrustStoreError> {
        let below = target_path(path);
        let places = [self.next(), self.folder()];
        let kept = places.iter().map(|place| read(&place.join(&below)));
        Ok(kept
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// A target that is kept as metadata has it; `None` if none is, or if it cannot be known.
    pub(super) fn verified_target(
        &self,
        trusted: &mut Trusted,
        path: &str,
    ) -> Result<Option<Vec<u8>>, UpdateError> {
        let search = trusted.search(path);
        if search.wanted().is_some() {
            return Ok(None);
        }
        let target = search.finish()?;
        target.plain_path()?;
        let mut kept = self.target(path).unwrap_or_default().into_iter();
        Ok(kept.find(|content| target.check(content).is_ok()))
    }

    /// When the repository was last asked. A file that does not say so says that it never was.
    pub(super) fn asked(&self) -> Option<UnixTime> {
        let json = read(&self.beside("json")).ok()??;
        record::asked(&json)
    }

    /// Takes the lock if nobody has it; the directories are made on the way.
    pub(super) fn lock(&self) -> Result<Option<Lock>, TrustStoreError> {
        make(&self.folder().join("targets"))?;
        let path = self.lock_path();
        let options = &mut File::options();
        private(options.write(true).create(true).truncate(false), 0o600);
        let file = options.open(&path).map_err(|source| about(&path, source))?;
        match file.try_lock() {
            Ok(()) => {
                for place in [self.folder(), self.folder().join("targets")] {
                    sweep(&place)?;
                }
                Ok(Some(Lock { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(about(&path, source)),
        }
    }

    /// Keeps the metadata of a role at once.
    pub(super) fn store(&self, _: &Lock, role: &str, bytes: &[u8]) -> Result<(), TrustStoreError> {
        let path = self.folder().join(role_file_name(role));
        write(&path, bytes, 0o644)
    }

    /// Forgets the metadata of a role at once.
    pub(super) fn forget(&self, _: &Lock, role: &str) -> Result<(), TrustStoreError> {
        for place in [self.next(), self.folder()] {
            remove(&place.join(role_file_name(role)))?;
        }
        Ok(())
    }

    /// Whether a target is kept, whatever its content.
    pub(super) fn has_target(&self, path: &str) -> bool {
        self.folder().join(target_path(path)).is_file()
    }

    /// Whether any target is kept but this one.
    pub(super) fn has_target_beside(&self, path: &str) -> bool {
        let other = self.folder().join(target_path(path));
        let kept = files(&self.folder().join("targets")).unwrap_or_default();
        kept.iter().any(|kept| *kept != other)
    }

    /// Makes changes that belong together: all of them or none.
    pub(super) fn commit(&self, lock: &Lock, changes: &[Change]) -> Result<(), TrustStoreError> {
        match changes {
            [] => return Ok(()),
            // The renaming of one file is whole by itself.
            [(below, bytes)] => return write(&self.folder().join(below), bytes, 0o644),
            _ => {}
        }
        let making = self.beside("making");
        clear(&making)?;
        make(&making.join("targets"))?;
        for (below, bytes) in changes {
            write(&making.join(below), bytes, 0o644)?;
        }
        let next = self.next();
        clear(&next)?;
        rename(&making, &next)?;
        for (below, bytes) in changes {
            write(&self.folder().join(below), bytes, 0o644)?;
        }
        self.drop_next(lock)
    }

    /// Puts what a crash left on its way into the folder.
    pub(super) fn finish_commit(&self, lock: &Lock) -> Result<(), TrustStoreError> {
        let next = self.next();
        for place in [next.clone(), next.join("targets")] {
            for path in files(&place)? {
                if let (Some(bytes), Ok(below)) = (read(&path)?, path.strip_prefix(&next)) {
                    write(&self.folder().join(below), &bytes, 0o644)?;
                }
            }
        }
        self.drop_next(lock)
    }

    /// Gives up what a crash left on its way; in one step, so that nobody sees half of it.
    pub(super) fn drop_next(&self, _: &Lock) -> Result<(), TrustStoreError> {
        let (next, done) = (self.next(), self.beside("done"));
        clear(&done)?;
        if next.exists() {
            rename(&next, &done)?;
        }
        clear(&done)
    }

    /// Says that the repository was asked.
    pub(super) fn set_asked(&self, _: &Lock, now: UnixTime) -> Result<(), TrustStoreError> {
        write(&self.beside("json"), &record::of_asked(now), 0o600)
    }

    fn folder(&self) -> PathBuf {
        self.cache.join(&self.name)
    }

    fn next(&self) -> PathBuf {
        self.beside("next")
    }

    fn beside(&self, extension: &str) -> PathBuf {
        self.cache.join(format!("{}.{extension}", self.name))
    }
}

/// A lock of the cache, until it is dropped; the system drops it for a process that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// The place of a target below a folder: percent-encoded, so that it is one name.
pub(super) fn target_path(path: &str) -> PathBuf {
    let name = role_file_name(path);
    // The name of a role, without what roles have behind it.
    let name = name.strip_suffix(".json").unwrap_or(&name);
    Path::new("targets").join(name)
}

/// Adds the metadata in a folder to a copy; whether the folder is there.
fn load(folder: &Path, copy: &mut LocalCopy) -> Result<bool, TrustStoreError> {
    if !folder.exists() {
        return Ok(false);
    }
    let roles = files(folder)?.into_iter().filter_map(|path| {
        let role = role_of_file_name(path.file_name()?.to_str()?)?;
        Some((role, path))
    });
    for (role, path) in roles.take(MOST_ROLES) {
        if let Some(bytes) = read(&path)? {
            copy.insert(role, bytes);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_cache_follows_what_was_written_and_nothing_else() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(followed(cache.path()).unwrap(), None);
        follow(cache.path(), "https://host.example").unwrap();
        assert_eq!(
            fs::read_to_string(cache.path().join("remote.json")).unwrap(),
            r#"{"mirror":"https://host.example"}"#
        );
        assert_eq!(
            followed(cache.path()).unwrap().as_deref(),
            Some("https://host.example")
        );
        for spoiled in ["", "{}", r#"{"mirror":""}"#, r#"{"mirror":7}"#, "[]"] {
            fs::write(cache.path().join("remote.json"), spoiled).unwrap();
            let refused = followed(cache.path()).unwrap_err();
            assert!(
                matches!(refused, TrustStoreError::Remote { .. }),
                "{spoiled}"
            );
        }
    }

    #[test]
    fn what_was_never_written_to_its_end_is_swept_away() {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::of(cache.path(), "https://host.example").unwrap();
        let lock = folder.lock().unwrap().unwrap();
        folder.store(&lock, "timestamp", b"content").unwrap();
        drop(lock);
        let left = |number| {
            folder
                .folder()
                .join(format!(".timestamp.json.{number}.new"))
        };
        for number in 0..100 {
            fs::write(left(number), "cont").unwrap();
        }
        let copies = folder.copies().unwrap();
        assert_eq!(copies[0].role("timestamp"), Some(&b"content"[..]));
        folder.lock().unwrap().unwrap();
        assert!(!left(0).exists() && !left(99).exists());
        assert_eq!(folder.copies().unwrap(), copies);
    }

    #[test]
    fn what_a_crash_left_on_its_way_is_found_and_brought_home() {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::of(cache.path(), "https://host.example").unwrap();
        let lock = folder.lock().unwrap().unwrap();
        assert!(folder.lock().unwrap().is_none(), "one has it at a time");
        for role in ["root", "timestamp"] {
            folder.store(&lock, role, b"old").unwrap();
        }
        // As it is between the moment at which the change counts and its end.
        let next = folder.next();
        make(&next.join("targets")).unwrap();
        fs::write(next.join("timestamp.json"), "new").unwrap();
        fs::write(next.join("targets/a"), "content").unwrap();
        let copies = folder.copies().unwrap();
        let timestamps: Vec<_> = copies.iter().map(|copy| copy.role("timestamp")).collect();
        assert_eq!(timestamps, [Some(&b"old"[..]), Some(b"new")]);
        assert_eq!(copies[1].role("root"), Some(&b"old"[..]));
        assert_eq!(folder.target("a").unwrap(), [b"content"]);
        folder.finish_commit(&lock).unwrap();
        let copies = folder.copies().unwrap();
        assert_eq!(copies.len(), 1);
        assert_eq!(copies[0].role("timestamp"), Some(&b"new"[..]));
        assert_eq!(folder.target("a").unwrap(), [b"content"]);
        drop(lock);
        assert!(folder.lock().unwrap().is_some());
    }
}
