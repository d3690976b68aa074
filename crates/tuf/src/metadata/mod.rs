//! The four kinds of metadata (TUF specification 1.0.34 section 4), once parsed valid.
//!
//! ```text
//! {"signatures":[{"keyid":"e71a54d5…","sig":"3045…"}],
//!  "signed":{"_type":"timestamp","expires":"2026-11-30T00:00:00Z","meta":{"snapshot.json":{"version":7}},
//!            "spec_version":"1.0","version":12}}
//! ```
//!
//! Signatures are over the canonical form of `signed` as it came, with every member that is unknown
//! here; never over what was understood of it. The bytes are kept too, for the local copy.
//!
//! Refused: more bytes than the role may have, before they are parsed; other types and other
//! specifications than version 1; a member that stands twice; two signatures by one key; a key twice in
//! one role. Tolerated, because published roots have them: empty and unreadable signatures and keys of
//! unknown kinds, which count for nothing; keys under identifiers that do not follow from their
//! content, and times with fractions and offsets, which count like any other.

mod delegations;
mod error;
mod hashes;
mod key;
mod members;
mod pattern;
mod role_keys;
mod root;
mod snapshot;
mod targets;
#[cfg(test)]
mod tests;
mod timestamp;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use waxwing_encoding::olpc_json;
use waxwing_encoding::time::UnixTime;

pub use delegations::{DelegatedRole, Delegations, PathRule, SuccinctRoles};
pub use error::{ContentError, MetadataError, ThresholdError};
pub use hashes::{Hashes, MetaFile};
pub use key::{Key, KeyId, KeyKindError};
pub use role_keys::{RoleKeys, Signers};
pub use root::{Root, TopRole};
pub use snapshot::Snapshot;
pub use targets::{TargetFile, Targets};
pub use timestamp::Timestamp;

use members::Members;

/// Most keys in one document, key identifiers in one role, and signatures.
pub const MOST_KEYS: usize = 1024;

/// Most roles that one document delegates to.
pub const MOST_DELEGATED_ROLES: usize = 65_536;

/// The version of the specification that is written: what root-signing publishes.
const SPEC_VERSION: &str = "1.0";

/// A signed document: its bytes, its signatures, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata<T> {
    bytes: Vec<u8>,
    /// The canonical form of `signed`.
    payload: Vec<u8>,
    signatures: Vec<Signature>,
    signed: T,
}

/// A signature, and the name of the key that is said to have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key.
    pub key_id: KeyId,
    /// The signature in hexadecimal; empty where somebody has yet to sign. Not checked to be either.
    pub hex: String,
}

/// What one kind of metadata says: [`Root`], [`Timestamp`], [`Snapshot`] or [`Targets`].
pub trait Signed: sealed::Document {
    /// The version, from 1.
    fn version(&self) -> u64 {
        self.common().version
    }

    /// From when on it is expired.
    fn expires(&self) -> UnixTime {
        self.common().expires
    }

    /// Whether it is expired at `now`.
    fn is_expired(&self, now: UnixTime) -> bool {
        now >= self.common().expires
    }
}

impl<T: sealed::Document> Signed for T {}

/// The members that every `signed` object has, and the unknown ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Common {
    pub(crate) spec_version: String,
    pub(crate) version: u64,
    pub(crate) expires: UnixTime,
    pub(crate) other: Map<String, Value>,
}

impl Common {
    /// The first version of something new.
    pub(crate) fn first(expires: UnixTime) -> Self {
        Self {
            spec_version: SPEC_VERSION.to_owned(),
            version: 1,
            expires: expires.whole_second(),
            other: Map::new(),
        }
    }

    /// The version after this one; `None` after the last number there is.
    pub(crate) fn next(&self, expires: UnixTime) -> Option<Self> {
        self.later(1, expires)
    }

    /// A version that many after this one.
    pub(crate) fn later(&self, versions: u64, expires: UnixTime) -> Option<Self> {
        Some(Self {
            version: self.version.checked_add(versions)?,
            expires: expires.whole_second(),
            ..self.clone()
        })
    }
}

pub(crate) mod sealed {
    use super::{Common, Map, Members, MetadataError, Value};

    /// The role's own part in reading and writing.
    #[expect(private_interfaces, reason = "sealed: nobody else implements it")]
    pub trait Document: Sized {
        /// The value of `_type`.
        const TYPE: &'static str;
        /// Most bytes that are read: the limits of python-tuf and go-tuf.
        const LONGEST: usize;
        /// Takes its own members.
        fn read(common: Common, members: Members) -> Result<Self, MetadataError>;
        /// Writes its own members.
        fn write(&self, members: &mut Map<String, Value>);
        /// What all have.
        fn common(&self) -> &Common;
    }
}

impl<T: Signed> Metadata<T> {
    /// Most bytes that [`parse`](Self::parse) reads.
    pub const LONGEST: usize = T::LONGEST;

    /// Reads metadata of this role. No signature is checked yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        if bytes.len() > T::LONGEST {
            return Err(MetadataError::TooLong {
                role: T::TYPE,
                length: bytes.len(),
                limit: T::LONGEST,
            });
        }
        let document = olpc_json::from_slice(bytes)?;
        let mut envelope = Members::of(document, "metadata".into())?;
        let signatures = signatures(envelope.list("signatures")?)?;
        let signed = envelope.value("signed")?;
        let payload = olpc_json::to_vec(&signed)?;
        Ok(Self {
            bytes: bytes.to_vec(),
            payload,
            signatures,
            signed: read_signed(signed)?,
        })
    }

    /// Writes what is to be signed, without a signature.
    pub(crate) fn unsigned(signed: T) -> Result<Self, MetadataError> {
        let value = write_signed(&signed);
        let payload = olpc_json::to_vec(&value)?;
        Self::written(&value, payload, signed, Vec::new())
    }

    /// The same document with these signatures in the place of its own. What they are over is written
    /// as it came, and not from what was understood of it: that would be another document.
    pub(crate) fn signed_by(self, signatures: Vec<Signature>) -> Result<Self, MetadataError> {
        let document = olpc_json::from_slice(&self.bytes)?;
        let signed = Members::of(document, "metadata".into())?.value("signed")?;
        Self::written(&signed, self.payload, self.signed, signatures)
    }

    fn written(
        value: &Value,
        payload: Vec<u8>,
        signed: T,
        signatures: Vec<Signature>,
    ) -> Result<Self, MetadataError> {
        let bytes = write_envelope(&signatures, value);
        if bytes.len() > T::LONGEST {
            return Err(MetadataError::TooLong {
                role: T::TYPE,
                length: bytes.len(),
                limit: T::LONGEST,
            });
        }
        Ok(Self {
            bytes,
            payload,
            signatures,
            signed,
        })
    }

    /// The bytes, as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that the signatures are over: the canonical form of `signed`.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signatures, one a key at most.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// What it says. Whether anybody said so is for [`verify`](Self::verify) to find out.
    pub fn signed(&self) -> &T {
        &self.signed
    }

    /// Checks that enough of these keys have signed.
    pub fn verify(&self, signers: Signers<'_>) -> Result<(), ThresholdError> {
        signers.check(&self.payload, &self.signatures)
    }
}

fn signatures(items: Vec<Value>) -> Result<Vec<Signature>, MetadataError> {
    if items.len() > MOST_KEYS {
        return Err(MetadataError::too_many_keys(
            "signatures".into(),
            items.len(),
        ));
    }
    let mut seen = BTreeSet::new();
    let mut signatures = Vec::new();
    for item in items {
        let mut members = Members::of(item, "signatures".into())?;
        let key_id = KeyId::new(members.text("keyid")?);
        let hex = members.text("sig")?;
        if !seen.insert(key_id.clone()) {
            return Err(MetadataError::DoubledSignature { key_id });
        }
        signatures.push(Signature { key_id, hex });
    }
    Ok(signatures)
}

fn read_signed<T: Signed>(signed: Value) -> Result<T, MetadataError> {
    let mut members = Members::of(signed, "signed".into())?;
    let found = members.text("_type")?;
    if found != T::TYPE {
        return Err(MetadataError::Type {
            found,
            expected: T::TYPE,
        });
    }
    let spec_version = members.text("spec_version")?;
    if !is_version_1(&spec_version) {
        return Err(MetadataError::SpecVersion {
            found: spec_version,
        });
    }
    let common = Common {
        spec_version,
        version: members.positive("version")?,
        expires: members.time("expires")?,
        other: Map::new(),
    };
    T::read(common, members)
}

/// `1.0` and `1.0.34`: two or three numbers, of which the first is 1.
fn is_version_1(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.len(), 2 | 3) && parts.first() == Some(&"1") && parts.iter().all(number)
}

pub(crate) fn write_signed<T: Signed>(signed: &T) -> Value {
    let common = signed.common();
    let mut members = common.other.clone();
    members.insert("_type".into(), json!(T::TYPE));
    members.insert("spec_version".into(), json!(common.spec_version));
    members.insert("version".into(), json!(common.version));
    members.insert("expires".into(), json!(common.expires.to_string()));
    signed.write(&mut members);
    Value::Object(members)
}

/// The file as root-signing publishes it: indented by one blank, signatures first.
fn write_envelope(signatures: &[Signature], signed: &Value) -> Vec<u8> {
    let signatures: Vec<_> = signatures
        .iter()
        .map(|one| json!({ "keyid": one.key_id.as_str(), "sig": one.hex }))
        .collect();
    let envelope = json!({ "signatures": signatures, "signed": signed });
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
    // A value in memory is always written.
    match serde::Serialize::serialize(&envelope, &mut writer) {
        Ok(()) => bytes,
        Err(_) => envelope.to_string().into_bytes(),
    }
}

/// Reads the `keys` of a root or of delegations.
fn read_keys(members: Members) -> Result<BTreeMap<KeyId, Key>, MetadataError> {
    if members.len() > MOST_KEYS {
        return Err(MetadataError::too_many_keys(
            members.own_place(),
            members.len(),
        ));
    }
    let keys = members.each();
    let keys = keys.map(|(id, value, place)| {
        let key = Key::read(id, value, place)?;
        Ok((key.id().clone(), key))
    });
    keys.collect()
}

fn write_keys(keys: &BTreeMap<KeyId, Key>) -> Value {
    let members = keys
        .iter()
        .map(|(id, key)| (id.as_str().to_owned(), key.write()));
    Value::Object(members.collect())
}
