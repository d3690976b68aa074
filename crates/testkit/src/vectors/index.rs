//! `tests/vectors/index.json`: what every vector is, and what everybody says to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name of the faulty bundle, or of the only one.
pub const BUNDLE: &str = "bundle.sigstore.json";

/// The name of the same bundle without its fault.
pub const REPAIRED: &str = "repaired.sigstore.json";

/// Where the vectors are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

/// The whole index.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Whom the certificates name.
    pub identity: String,
    /// Who vouches for them.
    pub issuer: String,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// One vector: a folder of its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The folder.
    pub name: String,
    /// The one fault; for a vector without one, what it shows.
    pub about: String,
    /// Where the case comes from.
    pub source: String,
    /// Words with which our verifier refuses the faulty bundle; none where there is no fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The artifact's file, seen from the folder of all vectors.
    pub artifact: String,
    /// The trusted root's file.
    pub trusted_root: String,
    /// The trusted root for the repaired bundle, where the fault is in the trusted root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired_trusted_root: Option<String>,
    /// What is demanded beyond the identity and the defaults.
    #[serde(default, skip_serializing_if = "Terms::is_usual")]
    pub terms: Terms,
    /// What each peer says.
    #[serde(default)]
    pub peers: BTreeMap<String, Opinion>,
}

/// What is demanded beyond the identity and the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// The file with the key that is trusted in the place of an identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Until when that key is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_until: Option<String>,
    /// The present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// How many logs must hold the entry; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_entries: Option<usize>,
    /// How many authorities must have stamped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<usize>,
    /// How many CT logs must have promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promises: Option<usize>,
    /// A log's own time is the only one: cosign is asked without the flag that demands another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub log_time: bool,
}

impl Terms {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Why a peer cannot be asked under these terms.
    pub fn beyond(&self, peer: &str) -> Option<&'static str> {
        if self.now.is_some() {
            return Some("its command knows no clock but the system's");
        }
        if self.key_until.is_some() {
            return Some("its command takes a key without a time");
        }
        if self.log_entries.is_some() || self.timestamps.is_some() || self.promises.is_some() {
            return Some("its command knows no other threshold than one");
        }
        match (self.key.is_some(), peer) {
            (true, "sigstore-python") => Some("it verifies certificates alone"),
            (true, "sigstore-go") => {
                Some("its command demands an SCT of a key too, unless it is to demand none at all")
            }
            _ => None,
        }
    }
}

/// What a peer says to a vector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// To the faulty bundle, or to the only one.
    pub bundle: Answer,
    /// To the repaired one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<Answer>,
    /// Why it differs from ours, in the verdict or in the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It verified.
    Accepts,
    /// It did not, and printed these words.
    Refuses(String),
    /// There is no way to ask, and why.
    #[serde(rename = "cannot be asked")]
    CannotBeAsked(String),
}

impl Index {
    /// Reads the index; empty if there is none.
    ///
    /// # Panics
    ///
    /// When it is not of this shape.
    pub fn read() -> Self {
        match std::fs::read(folder().join("index.json")) {
            Ok(json) => serde_json::from_slice(&json).expect("the index has this shape"),
            Err(_) => Self::default(),
        }
    }

    /// Writes the index.
    ///
    /// # Panics
    ///
    /// When the folder cannot be written.
    pub fn write(&self) {
        let mut json = serde_json::to_vec_pretty(self).expect("the index can be written");
        json.push(b'\n');
        std::fs::write(folder().join("index.json"), json).expect("the folder can be written");
    }
}

impl Vector {
    /// A file of this vector: the bundle, or the repaired one.
    pub fn bundle(&self, repaired: bool) -> PathBuf {
        let name = if repaired { REPAIRED } else { BUNDLE };
        folder().join(&self.name).join(name)
    }

    /// The trusted root that goes with it.
    pub fn trusted_root(&self, repaired: bool) -> PathBuf {
        let root = match (&self.repaired_trusted_root, repaired) {
            (Some(root), true) => root,
            _ => &self.trusted_root,
        };
        folder().join(root)
    }

    /// What was signed.
    pub fn artifact(&self) -> PathBuf {
        folder().join(&self.artifact)
    }

    /// The key to trust.
    pub fn key(&self) -> Option<PathBuf> {
        self.terms.key.as_ref().map(|key| folder().join(key))
    }
}
