//! A document that is still being signed: here, or elsewhere by people with keys of their own.
//!
//! ```text
//! draft.json() ─▶ {"signatures":[],"signed":{"_type":"root",…}} ─▶ sign_copy(json, key), offline
//! draft.merge(json) ◀─ {"signatures":[{"keyid":"…","sig":"3045…"}],"signed":{…}} ◀─┘
//! ```
//!
//! Every signature is checked when it comes in. A root is signed by the keys of the root before it
//! and by its own, each with its own threshold.

use std::collections::BTreeMap;

use waxwing_crypto::{PrivateKey, PublicKey};
use waxwing_encoding::hex;

use super::DraftError;
use crate::metadata::{
    Key, KeyId, Metadata, RoleKeys, Root, Signature, Signed, Signers, ThresholdError, TopRole,
};

/// A document with the signatures that were made so far.
#[derive(Debug, Clone)]
pub struct Draft<T> {
    document: Metadata<T>,
    groups: Vec<Group>,
}

/// Keys of which enough must sign.
#[derive(Debug, Clone)]
pub(super) struct Group {
    role: TopRole,
    delegator: &'static str,
    keys: BTreeMap<KeyId, Key>,
    role_keys: RoleKeys,
}

impl Group {
    /// Those of a role, as this root says; `delegator` is what an error calls it.
    pub(super) fn of(root: &Root, role: TopRole, delegator: &'static str) -> Self {
        Self {
            role,
            delegator,
            keys: root.keys.clone(),
            role_keys: root.role(role).clone(),
        }
    }

    fn signers(&self) -> Signers<'_> {
        Signers {
            name: self.role.name(),
            delegator: self.delegator,
            keys: &self.keys,
            role: &self.role_keys,
        }
    }
}

impl<T: Signed + Clone> Draft<T> {
    pub(super) fn new(signed: T, groups: Vec<Group>) -> Result<Self, DraftError> {
        Ok(Self {
            document: Metadata::unsigned(signed)?,
            groups,
        })
    }

    /// Takes up a draft that was written out before, with the signatures that it has by now; `groups`
    /// says who must sign it, or why it is no draft any more.
    pub(super) fn read<E: From<DraftError>>(
        json: &[u8],
        groups: impl FnOnce(&T) -> Result<Vec<Group>, E>,
    ) -> Result<Self, E> {
        let document = Metadata::<T>::parse(json).map_err(DraftError::from)?;
        let groups = groups(document.signed())?;
        let document = document.signed_by(Vec::new()).map_err(DraftError::from)?;
        let mut draft = Self { document, groups };
        draft.merge(json)?;
        Ok(draft)
    }

    /// What is to be signed, to be looked at first.
    pub fn signed(&self) -> &T {
        self.document.signed()
    }

    /// The bytes that a signature is over.
    pub fn payload(&self) -> &[u8] {
        self.document.payload()
    }

    /// The document with its signatures so far, as a file to carry to whoever signs.
    pub fn json(&self) -> &[u8] {
        self.document.bytes()
    }

    /// The keys that may sign, each once.
    pub fn signers(&self) -> impl Iterator<Item = &Key> {
        let keys = self.groups.iter().flat_map(|group| group.signers().known());
        let keys: BTreeMap<&KeyId, &Key> = keys.map(|key| (key.id(), key)).collect();
        keys.into_values()
    }

    /// The names of the keys that have signed so far.
    pub fn signed_by(&self) -> impl Iterator<Item = &KeyId> {
        self.document.signatures().iter().map(|one| &one.key_id)
    }

    /// Whether a key may sign and has not done so yet.
    pub fn wants(&self, key: &PublicKey) -> bool {
        let mut names = self.signers().filter(|one| one.public_key() == Some(key));
        names.any(|name| self.signed_by().all(|signed| signed != name.id()))
    }

    /// Signs with a key that is at hand.
    pub fn sign(&mut self, key: &PrivateKey) -> Result<(), DraftError> {
        let names = self.signers();
        let names = names.filter(|one| one.public_key() == Some(key.public_key()));
        // One key may have another name in the root before.
        let names: Vec<Key> = names.cloned().collect();
        if names.is_empty() {
            let expected: Vec<&str> = self.signers().map(|key| key.id().as_str()).collect();
            return Err(DraftError::NotASigner {
                key_id: Key::new(key.public_key())?.id().clone(),
                expected: expected.join(", "),
            });
        }
        for name in names {
            let algorithm = name.algorithm().unwrap_or_else(|| key.algorithm());
            let signature = key.sign_with(algorithm, self.payload())?;
            self.add(name.id().clone(), &signature)?;
        }
        Ok(())
    }

    /// Adds a signature that was made over [`payload`](Self::payload) elsewhere, under every name that
    /// the key has here: whoever signs offline may know it only by the one that follows from it, and a
    /// root may list under another what the root before listed.
    pub fn add_signature(&mut self, key_id: &KeyId, signature: &[u8]) -> Result<(), DraftError> {
        let made = |key: &&Key| key.verify(self.payload(), signature).is_some();
        let names = self.signers().filter(made).map(|key| key.id().clone());
        let names: Vec<KeyId> = names.collect();
        if names.is_empty() {
            return Err(DraftError::Signature {
                key_id: key_id.clone(),
            });
        }
        for name in names {
            self.add(name, signature)?;
        }
        Ok(())
    }

    /// Takes over the signatures of a copy that was signed elsewhere. Empty ones are places that
    /// nobody has signed at.
    pub fn merge(&mut self, json: &[u8]) -> Result<(), DraftError> {
        let copy: Metadata<T> = Metadata::parse(json)?;
        if copy.payload() != self.payload() {
            return Err(DraftError::OtherDocument);
        }
        for Signature { key_id, hex } in copy.signatures() {
            if hex.is_empty() {
                continue;
            }
            let signature = hex::decode(hex).map_err(|_| DraftError::Signature {
                key_id: key_id.clone(),
            })?;
            self.add_signature(key_id, &signature)?;
        }
        Ok(())
    }

    /// Checks that enough keys have signed; the error says whose signatures are missing.
    pub fn check(&self) -> Result<(), ThresholdError> {
        let mut groups = self.groups.iter();
        groups.try_for_each(|group| self.document.verify(group.signers()))
    }

    pub(super) fn finish(self) -> Result<Metadata<T>, ThresholdError> {
        self.check()?;
        Ok(self.document)
    }

    fn add(&mut self, key_id: KeyId, signature: &[u8]) -> Result<(), DraftError> {
        let mut signatures = self.document.signatures().to_vec();
        signatures.retain(|one| one.key_id != key_id);
        signatures.push(Signature {
            key_id,
            hex: hex::encode(signature),
        });
        self.document = self.document.clone().signed_by(signatures)?;
        Ok(())
    }
}

/// Adds a signature to a copy of a draft, away from the repository: the signer's half of
/// [`Draft::merge`]. `T` says what the signer means to sign; who signs has looked at the copy before.
///
/// The draft decides whether the key may sign; here nobody knows.
pub fn sign_copy<T: Signed>(json: &[u8], key: &PrivateKey) -> Result<Vec<u8>, DraftError> {
    let copy: Metadata<T> = Metadata::parse(json)?;
    let name = Key::new(key.public_key())?;
    let algorithm = name.algorithm().unwrap_or_else(|| key.algorithm());
    let signature = Signature {
        key_id: name.id().clone(),
        hex: hex::encode(&key.sign_with(algorithm, copy.payload())?),
    };
    let mut signatures = copy.signatures().to_vec();
    signatures.retain(|one| one.key_id != signature.key_id);
    signatures.push(signature);
    Ok(copy.signed_by(signatures)?.bytes().to_vec())
}
