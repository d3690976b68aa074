//! What is looked for in a repository, and what came: a target, or whom to trust.
//!
//! Whom to trust is one target, `trusted_root.json`. Only where signed metadata says that there is no such
//! target, the files count that repositories had before, one for each key: whoever can keep a file from
//! coming must not choose by which others it is replaced.

use std::collections::BTreeMap;

use waxwing_model::TrustedRoot;
use waxwing_model::trusted_root::single_files::{SingleFiles, SingleFilesError};
use waxwing_tuf::client::Trusted;

use super::{TRUSTED_ROOT, TrustStoreError};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish<'a> {
    /// A target.
    Target(&'a str),
    /// Whom to trust.
    Trust,
}

/// What came.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// The content of a target.
    Target(Vec<u8>),
    /// The files for each key, in a repository without a trusted root.
    SingleFiles {
        files: SingleFiles,
        /// By path.
        contents: BTreeMap<String, Vec<u8>>,
    },
}

impl<'a> Wish<'a> {
    /// The target that is looked for first.
    pub(super) fn path(self) -> &'a str {
        match self {
            Self::Target(path) => path,
            Self::Trust => TRUSTED_ROOT,
        }
    }
}

impl Content {
    /// Whom to trust.
    pub(super) fn trusted_root(&self, mirror: &str) -> Result<TrustedRoot, TrustStoreError> {
        match self {
            Self::Target(json) => {
                TrustedRoot::from_json(json).map_err(|source| TrustStoreError::TrustedRoot {
                    mirror: mirror.to_owned(),
                    path: TRUSTED_ROOT,
                    source: Box::new(source),
                })
            }
            Self::SingleFiles { files, contents } => {
                let root = files.trusted_root(contents);
                root.map_err(|source| TrustStoreError::SingleFiles {
                    mirror: mirror.to_owned(),
                    source: Box::new(source),
                })
            }
        }
    }
}

/// The files that stand for the trusted root that is not among the targets.
pub(super) fn single_files(trusted: &Trusted) -> Result<SingleFiles, SingleFilesError> {
    let targets = trusted.targets().signed().iter();
    SingleFiles::choose(targets.map(|(path, file)| (path, file.custom())))
}
