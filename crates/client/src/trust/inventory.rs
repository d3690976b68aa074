//! What a repository has: its metadata, and the names of its targets.

use waxwing_encoding::time::UnixTime;
use waxwing_tuf::client::Trusted;
use waxwing_tuf::metadata::{Metadata, Signed};

/// What a repository has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The four documents, in the order of their names.
    pub metadata: [Document; 4],
    /// The paths of its targets, without those of delegated roles.
    pub targets: Vec<String>,
}

/// A document of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The name of its file.
    pub name: &'static str,
    /// Its version.
    pub version: u64,
    /// Its length in bytes.
    pub length: usize,
    /// When it expires.
    pub expires: UnixTime,
}

impl Inventory {
    pub(super) fn of(trusted: &Trusted) -> Self {
        let targets = trusted.targets().signed().iter();
        Self {
            metadata: [
                Document::of("root.json", trusted.root()),
                Document::of("snapshot.json", trusted.snapshot()),
                Document::of("targets.json", trusted.targets()),
                Document::of("timestamp.json", trusted.timestamp()),
            ],
            targets: targets.map(|(path, _)| path.to_owned()).collect(),
        }
    }
}

impl Document {
    fn of<T: Signed>(name: &'static str, metadata: &Metadata<T>) -> Self {
        Self {
            name,
            version: metadata.signed().version(),
            length: metadata.bytes().len(),
            expires: metadata.signed().expires(),
        }
    }
}
