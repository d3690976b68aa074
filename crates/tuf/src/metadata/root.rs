//! Root metadata (section 4.3): which keys sign for which role, those of the root itself included.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::members::Members;
use super::sealed::Document;
use super::{Common, Key, KeyId, MetadataError, RoleKeys, Signers, read_keys, write_keys};

/// A role that root metadata names keys for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopRole {
    /// Names the keys of all four.
    Root,
    /// Says which snapshot is the latest.
    Timestamp,
    /// Says which targets metadata belong together.
    Snapshot,
    /// Says which files there are.
    Targets,
}

impl TopRole {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Root, Self::Timestamp, Self::Snapshot, Self::Targets];

    /// The role's name in metadata and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Timestamp => "timestamp",
            Self::Snapshot => "snapshot",
            Self::Targets => "targets",
        }
    }
}

impl fmt::Display for TopRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a root says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    pub(crate) common: Common,
    pub(crate) consistent_snapshot: bool,
    pub(crate) keys: BTreeMap<KeyId, Key>,
    pub(crate) root: RoleKeys,
    pub(crate) timestamp: RoleKeys,
    pub(crate) snapshot: RoleKeys,
    pub(crate) targets: RoleKeys,
    /// Roles that are none of the four (`mirrors`).
    pub(crate) other_roles: Map<String, Value>,
}

impl Root {
    /// Whether file names have versions and hashes in them (section 6.2). A root that does not say
    /// so does not.
    pub fn consistent_snapshot(&self) -> bool {
        self.consistent_snapshot
    }

    /// Every key of the document.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    /// Identifiers and threshold of a role.
    pub fn role(&self, role: TopRole) -> &RoleKeys {
        match role {
            TopRole::Root => &self.root,
            TopRole::Timestamp => &self.timestamp,
            TopRole::Snapshot => &self.snapshot,
            TopRole::Targets => &self.targets,
        }
    }

    /// Who must sign the metadata of a role.
    pub fn signers(&self, role: TopRole) -> Signers<'_> {
        Signers {
            name: role.name(),
            delegator: "root",
            keys: &self.keys,
            role: self.role(role),
        }
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements it")]
impl Document for Root {
    const TYPE: &'static str = "root";
    const LONGEST: usize = 512_000;

    fn read(common: Common, mut members: Members) -> Result<Self, MetadataError> {
        let consistent_snapshot =
            members.has("consistent_snapshot") && members.flag("consistent_snapshot")?;
        let keys = read_keys(members.object("keys")?)?;
        let mut roles = members.object("roles")?;
        let mut role = |role: TopRole| RoleKeys::read(roles.object(role.name())?);
        Ok(Self {
            consistent_snapshot,
            keys,
            root: role(TopRole::Root)?,
            timestamp: role(TopRole::Timestamp)?,
            snapshot: role(TopRole::Snapshot)?,
            targets: role(TopRole::Targets)?,
            other_roles: roles.rest(),
            common: Common {
                other: members.rest(),
                ..common
            },
        })
    }

    fn write(&self, members: &mut Map<String, Value>) {
        let mut roles = self.other_roles.clone();
        for role in TopRole::ALL {
            let keys = Value::Object(self.role(role).write());
            roles.insert(role.name().to_owned(), keys);
        }
        members.insert(
            "consistent_snapshot".into(),
            json!(self.consistent_snapshot),
        );
        members.insert("keys".into(), write_keys(&self.keys));
        members.insert("roles".into(), Value::Object(roles));
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
