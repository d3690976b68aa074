//! Targets metadata (section 4.5): files with their lengths and hashes, and who else may name some.
//!
//! ```text
//! "targets":{"trusted_root.json":{"hashes":{"sha256":"6494e21e…"},"length":6787}}
//! ```

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::members::Members;
use super::sealed::Document;
use super::{Common, ContentError, Delegations, Hashes, MetadataError};

/// What targets metadata says, of the top-level role or of a delegated one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    pub(crate) common: Common,
    pub(crate) targets: BTreeMap<String, TargetFile>,
    pub(crate) delegations: Option<Delegations>,
}

impl Targets {
    /// One of its own files.
    pub fn target(&self, path: &str) -> Option<&TargetFile> {
        self.targets.get(path)
    }

    /// All of its own files, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TargetFile)> {
        self.targets
            .iter()
            .map(|(path, file)| (path.as_str(), file))
    }

    /// Who else may name files.
    pub fn delegations(&self) -> Option<&Delegations> {
        self.delegations.as_ref()
    }
}

/// A file: its length, its hashes, and what the repository says of it beyond that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFile {
    pub(crate) length: u64,
    pub(crate) hashes: Hashes,
    pub(crate) custom: Option<Value>,
    pub(crate) other: Map<String, Value>,
}

impl TargetFile {
    /// The file with this content, named by its SHA-256 as Sigstore does.
    pub(crate) fn of(content: &[u8], custom: Option<Value>) -> Self {
        Self {
            length: content.len() as u64,
            hashes: Hashes::sha256(content),
            custom,
            other: Map::new(),
        }
    }

    fn read(value: Value, place: String) -> Result<Self, MetadataError> {
        let mut members = Members::of(value, place)?;
        Ok(Self {
            length: members.integer("length")?,
            hashes: Hashes::read(members.object("hashes")?)?,
            custom: members.optional("custom"),
            other: members.rest(),
        })
    }

    /// The length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The hashes.
    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// What is said of the file for whoever understands it, such as Sigstore's
    /// `{"sigstore":{"status":"Active","usage":"Fulcio","uri":"https://fulcio.example.com"}}`.
    pub fn custom(&self) -> Option<&Value> {
        self.custom.as_ref()
    }

    /// Checks that this is the file's content: its length, and every hash by a known function.
    pub fn check(&self, content: &[u8]) -> Result<(), ContentError> {
        let found = content.len() as u64;
        match found == self.length {
            true => self.hashes.check(content),
            false => Err(ContentError::Length {
                found,
                expected: self.length,
            }),
        }
    }

    fn write(&self) -> Value {
        let mut members = self.other.clone();
        members.insert("length".into(), json!(self.length));
        members.insert("hashes".into(), self.hashes.write());
        if let Some(custom) = &self.custom {
            members.insert("custom".into(), custom.clone());
        }
        Value::Object(members)
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements it")]
impl Document for Targets {
    const TYPE: &'static str = "targets";
    const LONGEST: usize = 5_000_000;

    fn read(common: Common, mut members: Members) -> Result<Self, MetadataError> {
        let targets = members.object("targets")?.each();
        let targets =
            targets.map(|(path, value, place)| Ok((path, TargetFile::read(value, place)?)));
        let targets = targets.collect::<Result<_, MetadataError>>()?;
        let delegations = match members.has("delegations") {
            true => Some(Delegations::read(members.object("delegations")?)?),
            false => None,
        };
        Ok(Self {
            targets,
            delegations,
            common: Common {
                other: members.rest(),
                ..common
            },
        })
    }

    fn write(&self, members: &mut Map<String, Value>) {
        let targets = self.targets.iter();
        let targets = targets.map(|(path, file)| (path.clone(), file.write()));
        members.insert("targets".into(), Value::Object(targets.collect()));
        if let Some(delegations) = &self.delegations {
            members.insert("delegations".into(), delegations.write());
        }
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
