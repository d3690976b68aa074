//! Snapshot metadata (section 4.4): which versions of all targets metadata belong together.
//!
//! ```text
//! "meta":{"release.json":{"version":4},"targets.json":{"version":14}}
//! ```
//!
//! Nothing is ever taken out of it: what was there in the last one must be there in the next.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::members::Members;
use super::sealed::Document;
use super::{Common, MetaFile, MetadataError};

/// What a snapshot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub(crate) common: Common,
    /// By file name, `.json` included.
    pub(crate) meta: BTreeMap<String, MetaFile>,
}

impl Snapshot {
    /// What it says of a role: of `targets`, or of a delegated one.
    pub fn role(&self, name: &str) -> Option<&MetaFile> {
        self.meta.get(&format!("{name}.json"))
    }

    /// All of it, by file name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetaFile)> {
        self.meta.iter().map(|(name, file)| (name.as_str(), file))
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements it")]
impl Document for Snapshot {
    const TYPE: &'static str = "snapshot";
    const LONGEST: usize = 2_000_000;

    fn read(common: Common, mut members: Members) -> Result<Self, MetadataError> {
        let meta = members.object("meta")?.each();
        let meta = meta.map(|(name, value, place)| Ok((name, MetaFile::read(value, place)?)));
        Ok(Self {
            meta: meta.collect::<Result<_, MetadataError>>()?,
            common: Common {
                other: members.rest(),
                ..common
            },
        })
    }

    fn write(&self, members: &mut Map<String, Value>) {
        let meta = self.meta.iter();
        let meta = meta.map(|(name, file)| (name.clone(), file.write()));
        members.insert("meta".into(), Value::Object(meta.collect()));
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
