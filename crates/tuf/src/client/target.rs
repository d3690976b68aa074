//! A target that was found: where its content is, and whether some content is it.

use waxwing_encoding::hex;

use super::names::target_path;
use super::{Base, UpdateError, Wanted};
use crate::metadata::{ContentError, TargetFile};

/// A target, as metadata that is trusted describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    path: String,
    file: TargetFile,
    consistent: bool,
}

impl Target {
    pub(super) fn new(path: &str, file: TargetFile, consistent: bool) -> Self {
        Self {
            path: path.to_owned(),
            file,
            consistent,
        }
    }

    /// Its path: `trusted_root.json`, `release/notes.txt`. Not checked to be a path of a file here.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Length, hashes, and what else is said of it.
    pub fn file(&self) -> &TargetFile {
        &self.file
    }

    /// Where its content is: under a name with a hash in a repository with consistent snapshots,
    /// else under its own.
    pub fn wanted(&self) -> Result<Wanted, UpdateError> {
        let path = match self.consistent {
            true => self.hashed_path()?,
            false => self.plain_path()?,
        };
        Ok(Wanted {
            base: Base::Targets,
            path,
            max_length: self.file.length(),
        })
    }

    /// The path with the hash before the file name, percent-encoded: `release/<sha256>.notes.txt`.
    pub fn hashed_path(&self) -> Result<String, UpdateError> {
        let plain = self.plain_path()?;
        let hash = self.file.hashes().known().find(|(algorithm, hash)| {
            hex::decode(hash).is_ok_and(|bytes| bytes.len() == algorithm.length())
        });
        let Some((_, hash)) = hash else {
            let functions: Vec<&str> = self.file.hashes().iter().map(|(name, _)| name).collect();
            return Err(UpdateError::TargetName {
                path: self.path.clone(),
                source: ContentError::NoKnownHash {
                    found: functions.join(", "),
                },
            });
        };
        Ok(match plain.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/{hash}.{name}"),
            None => format!("{hash}.{plain}"),
        })
    }

    /// The path, percent-encoded.
    pub fn plain_path(&self) -> Result<String, UpdateError> {
        match is_target_path(&self.path) {
            true => Ok(target_path(&self.path)),
            false => Err(UpdateError::TargetPath {
                path: self.path.clone(),
            }),
        }
    }

    /// Checks that this is its content: the length, and every hash by a known function.
    pub fn check(&self, content: &[u8]) -> Result<(), ContentError> {
        self.file.check(content)
    }
}

/// Whether a path stays below its folder wherever it is taken for one.
pub(crate) fn is_target_path(path: &str) -> bool {
    let mut segments = path.split('/');
    segments.all(|segment| !matches!(segment, "" | "." | ".."))
}
