//! The secret of a directory, under which keys are hashed.
//!
//! Sixteen bytes of a plain hash would not do: two keys that agree in them could be sought offline,
//! and the second entry would then be answered with the first. Without the secret nobody can seek.

use std::fmt;
use std::io;
use std::path::Path;

use waxwing_crypto::{Random, sha256_of_parts};

use super::format::{KeyedHash, damaged, u64_at};
use crate::Key;
use crate::files::{self, FileSystem};

const NAME: &str = "secret";
const LENGTH: usize = 32;

/// 32 random bytes.
#[derive(Clone, Copy)]
pub(super) struct Secret([u8; LENGTH]);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl Secret {
    /// Reads the secret of a directory; `None` if it has none.
    pub(super) fn read(files: &dyn FileSystem, directory: &Path) -> io::Result<Option<Self>> {
        let path = directory.join(NAME);
        let Some(bytes) = files::read(files, &path, LENGTH as u64)? else {
            return Ok(None);
        };
        match bytes[..].try_into() {
            Ok(secret) => Ok(Some(Self(secret))),
            Err(_) => Err(files::about(&path, &damaged("a secret has 32 bytes"))),
        }
    }

    /// Makes the secret of a directory, durably.
    pub(super) fn create(
        files: &dyn FileSystem,
        directory: &Path,
        random: &dyn Random,
    ) -> io::Result<Self> {
        let mut secret = Self([0; LENGTH]);
        random.fill(&mut secret.0);
        let temporary = directory.join("secret.new");
        files::replace(files, &temporary, &directory.join(NAME), &secret.0, true)?;
        Ok(secret)
    }

    pub(super) fn hash(&self, key: &Key) -> KeyedHash {
        let digest = sha256_of_parts(&[&self.0, key.as_bytes()]);
        KeyedHash {
            high: u64_at(&digest, 0),
            low: u64_at(&digest, 8),
        }
    }

    /// What tells in a run file under which secret it was written. No key's hash gives this away or
    /// the other way round: the lengths of what is hashed differ.
    pub(super) fn mark(&self) -> [u8; 12] {
        let digest = sha256_of_parts(&[&self.0, b"mark"]);
        let mut mark = [0; 12];
        mark.copy_from_slice(&digest[..12]);
        mark
    }
}
