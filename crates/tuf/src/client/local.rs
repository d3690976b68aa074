//! The local copy: the metadata that was trusted last, byte for byte as it came.
//!
//! It is what rollbacks are noticed by. Every file in it is verified anew; one that does not verify
//! is taken as not there and fetched again.

use std::collections::BTreeMap;

/// Files of metadata by role; see [`role_of_file_name`](super::role_of_file_name) for a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalCopy(BTreeMap<String, Vec<u8>>);

/// A change of the local copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalChange {
    /// Keep these bytes as the metadata of the role, in the place of what there is.
    Store {
        /// The role.
        role: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Forget the metadata of the role: its keys were rotated, perhaps because somebody else had them
    /// and signed a version that nobody could follow (section 5.3.11).
    Delete {
        /// The role.
        role: String,
    },
}

impl LocalCopy {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the metadata of a role.
    pub fn insert(&mut self, role: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(role.into(), bytes.into());
    }

    /// The metadata of a role, as far as it is known here.
    pub fn role(&self, role: &str) -> Option<&[u8]> {
        self.0.get(role).map(Vec::as_slice)
    }

    /// Makes a change: what a caller does in a folder, done in memory.
    pub fn apply(&mut self, change: LocalChange) {
        match change {
            LocalChange::Store { role, bytes } => {
                self.0.insert(role, bytes);
            }
            LocalChange::Delete { role } => {
                self.0.remove(&role);
            }
        }
    }
}
