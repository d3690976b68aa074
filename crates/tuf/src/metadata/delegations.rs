//! Delegations (section 4.5): which role may name which paths, and by whose keys.
//!
//! ```text
//! "delegations":{"keys":{…},"roles":[{"keyids":["…"],"name":"release","paths":["release/*"],
//!                                     "terminating":false,"threshold":1}]}
//! ```
//!
//! In the place of `roles` there may be `succinct_roles` (TAP 15): bins of all paths, by the first
//! bits of their SHA-256, under one set of keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use waxwing_crypto::sha256;
use waxwing_encoding::hex;

use super::members::Members;
use super::{
    Key, KeyId, MOST_DELEGATED_ROLES, MetadataError, RoleKeys, Signers, TopRole, pattern,
    read_keys, write_keys,
};

/// The roles that targets metadata delegates to, and their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegations {
    pub(crate) keys: BTreeMap<KeyId, Key>,
    pub(crate) roles: Roles,
    pub(crate) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roles {
    Listed(Vec<DelegatedRole>),
    Succinct(SuccinctRoles),
}

/// One role that is delegated to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegatedRole {
    pub(crate) name: String,
    pub(crate) keys: RoleKeys,
    pub(crate) terminating: bool,
    pub(crate) paths: PathRule,
    pub(crate) other: Map<String, Value>,
}

/// Which paths a role may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathRule {
    /// Those that match a pattern: `*`, `?` and `[…]` within a segment, none across `/`.
    Patterns(Vec<String>),
    /// Those whose SHA-256 in hexadecimal begins so.
    HashPrefixes(Vec<String>),
}

/// Bins for all paths, under one set of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccinctRoles {
    keys: RoleKeys,
    bit_length: u32,
    name_prefix: String,
    other: Map<String, Value>,
}

impl Delegations {
    /// The roles that may name this path, in their order, and whether the search ends with each.
    pub(crate) fn matching(&self, path: &str) -> Vec<(String, bool)> {
        match &self.roles {
            Roles::Listed(roles) => {
                let roles = roles.iter().filter(|role| role.paths.covers(path));
                roles
                    .map(|role| (role.name.clone(), role.terminating))
                    .collect()
            }
            Roles::Succinct(bins) => vec![(bins.role_of(path), true)],
        }
    }

    /// Who must sign the metadata of a role of that name, as `delegator` says; none if it does not
    /// delegate to it.
    pub fn signers<'a>(&'a self, name: &'a str, delegator: &'a str) -> Option<Signers<'a>> {
        let role = match &self.roles {
            Roles::Listed(roles) => &roles.iter().find(|role| role.name == name)?.keys,
            Roles::Succinct(bins) => bins.has(name).then_some(&bins.keys)?,
        };
        Some(Signers {
            name,
            delegator,
            keys: &self.keys,
            role,
        })
    }

    /// The roles, where they are listed one by one.
    pub fn roles(&self) -> &[DelegatedRole] {
        match &self.roles {
            Roles::Listed(roles) => roles,
            Roles::Succinct(_) => &[],
        }
    }

    pub(super) fn read(mut members: Members) -> Result<Self, MetadataError> {
        let keys = read_keys(members.object("keys")?)?;
        let roles = match (members.has("roles"), members.has("succinct_roles")) {
            (true, false) => {
                let place = members.place("roles");
                Roles::Listed(read_roles(members.list("roles")?, place)?)
            }
            (false, true) => {
                Roles::Succinct(SuccinctRoles::read(members.object("succinct_roles")?)?)
            }
            _ => {
                return Err(MetadataError::OneOf {
                    place: "signed.delegations".into(),
                    first: "roles",
                    second: "succinct_roles",
                });
            }
        };
        Ok(Self {
            keys,
            roles,
            other: members.rest(),
        })
    }

    pub(super) fn write(&self) -> Value {
        let mut members = self.other.clone();
        members.insert("keys".into(), write_keys(&self.keys));
        match &self.roles {
            Roles::Listed(roles) => {
                let roles = roles.iter().map(DelegatedRole::write);
                members.insert("roles".into(), Value::Array(roles.collect()));
            }
            Roles::Succinct(bins) => {
                members.insert("succinct_roles".into(), bins.write());
            }
        }
        Value::Object(members)
    }
}

fn read_roles(items: Vec<Value>, place: String) -> Result<Vec<DelegatedRole>, MetadataError> {
    if items.len() > MOST_DELEGATED_ROLES {
        return Err(MetadataError::too_many_roles(place, items.len()));
    }
    let mut seen = BTreeSet::new();
    let mut roles = Vec::new();
    for item in items {
        let role = DelegatedRole::read(Members::of(item, place.clone())?)?;
        if !seen.insert(role.name.clone()) {
            return Err(MetadataError::DoubledRole { name: role.name });
        }
        roles.push(role);
    }
    Ok(roles)
}

impl DelegatedRole {
    /// The role's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Identifiers and threshold.
    pub fn keys(&self) -> &RoleKeys {
        &self.keys
    }

    /// Whether the search ends with this role for paths that it may name.
    pub fn terminating(&self) -> bool {
        self.terminating
    }

    /// Which paths it may name.
    pub fn paths(&self) -> &PathRule {
        &self.paths
    }

    fn read(mut members: Members) -> Result<Self, MetadataError> {
        let name = members.text("name")?;
        if name.is_empty() || TopRole::ALL.iter().any(|role| role.name() == name) {
            return Err(MetadataError::RoleName { found: name });
        }
        let paths = match (members.has("paths"), members.has("path_hash_prefixes")) {
            (true, false) => PathRule::Patterns(members.texts("paths")?),
            (false, true) => PathRule::HashPrefixes(members.texts("path_hash_prefixes")?),
            _ => {
                return Err(MetadataError::OneOf {
                    place: format!("the delegated role {name:?}"),
                    first: "paths",
                    second: "path_hash_prefixes",
                });
            }
        };
        Ok(Self {
            name,
            keys: RoleKeys::take(&mut members)?,
            terminating: members.flag("terminating")?,
            paths,
            other: members.rest(),
        })
    }

    fn write(&self) -> Value {
        let mut members = self.other.clone();
        members.extend(self.keys.write());
        members.insert("name".into(), json!(self.name));
        members.insert("terminating".into(), json!(self.terminating));
        match &self.paths {
            PathRule::Patterns(patterns) => members.insert("paths".into(), json!(patterns)),
            PathRule::HashPrefixes(prefixes) => {
                members.insert("path_hash_prefixes".into(), json!(prefixes))
            }
        };
        Value::Object(members)
    }
}

impl PathRule {
    /// Whether it allows this path.
    pub fn covers(&self, path: &str) -> bool {
        match self {
            Self::Patterns(patterns) => patterns.iter().any(|one| pattern::matches(one, path)),
            Self::HashPrefixes(prefixes) => {
                let hash = hex::encode(&sha256(path.as_bytes()));
                prefixes
                    .iter()
                    .any(|prefix| hash.starts_with(prefix.as_str()))
            }
        }
    }
}

impl SuccinctRoles {
    fn read(mut members: Members) -> Result<Self, MetadataError> {
        let found = members.integer("bit_length")?;
        let bit_length = u32::try_from(found).ok();
        let bit_length = bit_length.filter(|bits| (1..=32).contains(bits));
        Ok(Self {
            keys: RoleKeys::take(&mut members)?,
            bit_length: bit_length.ok_or(MetadataError::BitLength { found })?,
            name_prefix: members.text("name_prefix")?,
            other: members.rest(),
        })
    }

    /// The bin that this path falls into.
    fn role_of(&self, path: &str) -> String {
        let [a, b, c, d, ..] = sha256(path.as_bytes());
        let first = u32::from_be_bytes([a, b, c, d]);
        self.name(first >> (32 - self.bit_length))
    }

    fn has(&self, name: &str) -> bool {
        let bin = name
            .strip_prefix(self.name_prefix.as_str())
            .and_then(|rest| rest.strip_prefix('-'));
        let bin = bin.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        bin.is_some_and(|bin| u64::from(bin) < 1 << self.bit_length && self.name(bin) == name)
    }

    /// As many digits as the last bin needs.
    fn name(&self, bin: u32) -> String {
        let digits = self.bit_length.div_ceil(4) as usize;
        format!("{}-{bin:0digits$x}", self.name_prefix)
    }

    fn write(&self) -> Value {
        let mut members = self.other.clone();
        members.extend(self.keys.write());
        members.insert("bit_length".into(), json!(self.bit_length));
        members.insert("name_prefix".into(), json!(self.name_prefix));
        Value::Object(members)
    }
}
