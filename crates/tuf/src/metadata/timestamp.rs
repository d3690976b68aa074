//! Timestamp metadata (section 4.6): which snapshot is the latest.
//!
//! ```text
//! "meta":{"snapshot.json":{"version":165}}
//! ```

use serde_json::{Map, Value};

use super::members::Members;
use super::sealed::Document;
use super::{Common, MetaFile, MetadataError};

/// What a timestamp says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    pub(crate) common: Common,
    pub(crate) snapshot: MetaFile,
}

impl Timestamp {
    /// The latest snapshot.
    pub fn snapshot(&self) -> &MetaFile {
        &self.snapshot
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements it")]
impl Document for Timestamp {
    const TYPE: &'static str = "timestamp";
    const LONGEST: usize = 16_384;

    fn read(common: Common, mut members: Members) -> Result<Self, MetadataError> {
        let mut meta = members.object("meta")?;
        let found = meta.len();
        let place = meta.place("snapshot.json");
        let snapshot = meta.value("snapshot.json")?;
        if found != 1 {
            return Err(MetadataError::TimestampEntries { found });
        }
        Ok(Self {
            snapshot: MetaFile::read(snapshot, place)?,
            common: Common {
                other: members.rest(),
                ..common
            },
        })
    }

    fn write(&self, members: &mut Map<String, Value>) {
        let meta = Map::from_iter([("snapshot.json".to_owned(), self.snapshot.write())]);
        members.insert("meta".into(), Value::Object(meta));
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
