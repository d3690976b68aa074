//! Doors for `fuzz/` to parsers that have no other one. No part of the interface.

use std::sync::Arc;

use waxwing_crypto::{KeyType, PublicKey, SignatureAlgorithm};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_net::{Client, Routes, Url};

use crate::opening::Opening;
use crate::{KeyReference, Surroundings, aws, azure, google, vault};

/// What is read of a public half.
pub type Read = (PublicKey, SignatureAlgorithm);

/// A text that is part of credentials.
pub type Part = String;

struct Never;

impl Clock for Never {
    fn now(&self) -> UnixTime {
        UnixTime::EARLIEST
    }
}

/// What `read` reads for the key of a reference, where nothing can be asked.
fn opening<T>(reference: &str, read: impl FnOnce(&Opening<'_>) -> Option<T>) -> Option<T> {
    let surroundings = Surroundings {
        variable: Arc::new(|_| None),
        client: Client::in_process(Routes::new()),
        clock: Arc::new(Never),
    };
    let reference = KeyReference::parse(reference).ok()?;
    read(&Opening {
        reference: &reference,
        hash: None,
        surroundings: &surroundings,
    })
}

/// The settings of the profile `default` in a file of `aws configure`.
pub fn aws_profile(text: &str, is_config: bool) -> Option<Vec<(String, String)>> {
    let mut profile = aws::profile::Profile::default();
    profile.merge(text, "default", is_config).ok()?;
    Some(profile.settings())
}

/// The key ID, the secret and the session token in an answer of STS.
pub fn aws_exchanged(xml: &str) -> Option<[Part; 3]> {
    let found = aws::sts::credentials(xml).ok()?;
    let token = found.session_token.as_ref()?;
    let parts = [&found.access_key_id, &*found.secret_access_key, &**token];
    Some(parts.map(String::to_owned))
}

/// The same in an answer of a container or a machine; the token may be empty.
pub fn aws_given(json: &[u8]) -> Option<[Part; 3]> {
    let given: aws::credentials::Given = serde_json::from_slice(json).ok()?;
    let found = given.credentials().ok()?;
    let token = found.session_token.as_ref().map(|token| token.to_string());
    let secret = found.secret_access_key.to_string();
    Some([found.access_key_id, secret, token.unwrap_or_default()])
}

/// The public key in an answer of AWS KMS.
pub fn aws_public_key(json: &[u8]) -> Option<Read> {
    let half: aws::answers::PublicHalf = serde_json::from_slice(json).ok()?;
    opening("awskms:///alias/x", |opening| {
        let read = half.read(opening).ok()?;
        Some((read.public_key, read.algorithm))
    })
}

/// The signature in an answer of AWS KMS about the key `k`.
pub fn aws_signature(json: &[u8]) -> Option<Vec<u8>> {
    let signed: aws::answers::Signed = serde_json::from_slice(json).ok()?;
    signed.signature("k", "ECDSA_SHA_256").ok()
}

/// The public key in an answer of Vault, and its version.
pub fn vault_public_key(json: &[u8]) -> Option<(Read, u64)> {
    let answer: vault::answers::Answer<vault::answers::Described> =
        serde_json::from_slice(json).ok()?;
    opening("hashivault://x", |opening| {
        let read = answer.data.read(None, opening).ok()?;
        Some(((read.public_key, read.algorithm), read.version))
    })
}

/// The signature by version 1 in an answer of Vault.
pub fn vault_signature(json: &[u8]) -> Option<Vec<u8>> {
    let answer: vault::answers::Answer<vault::answers::Signed> =
        serde_json::from_slice(json).ok()?;
    answer.data.signature(1).ok()
}

/// The newest version in an answer of Google Cloud KMS.
pub fn google_newest(json: &[u8]) -> Option<u64> {
    let versions: google::answers::Versions = serde_json::from_slice(json).ok()?;
    versions.newest()
}

const GOOGLE: &str = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";

/// The public key in an answer of Google Cloud KMS.
pub fn google_public_key(json: &[u8]) -> Option<Read> {
    let half: google::answers::PublicHalf = serde_json::from_slice(json).ok()?;
    opening(&format!("gcpkms://{GOOGLE}"), |opening| {
        half.read(GOOGLE, opening).ok()
    })
}

/// The signature over a digest in an answer of Google Cloud KMS.
pub fn google_signature(json: &[u8]) -> Option<Vec<u8>> {
    let signed: google::answers::Signed = serde_json::from_slice(json).ok()?;
    signed.signature(GOOGLE, true).ok()
}

/// The public key in an answer of Azure Key Vault, and the address of its version.
pub fn azure_public_key(json: &[u8]) -> Option<(Read, Url)> {
    let bundle: azure::answers::Bundle = serde_json::from_slice(json).ok()?;
    opening("azurekms://v.vault.azure.net/k", |opening| {
        let KeyReference::Azure(key) = opening.reference else {
            return None;
        };
        let asked = Url::parse("https://v.vault.azure.net/keys/k/").ok()?;
        let version = bundle.version(&asked, key).ok()?;
        Some((bundle.read(opening).ok()?, version))
    })
}

/// The signature by a P-256 key in an answer of Azure Key Vault.
pub fn azure_signature(json: &[u8]) -> Option<Vec<u8>> {
    let signed: azure::answers::Signed = serde_json::from_slice(json).ok()?;
    let key = Url::parse("https://v.vault.azure.net/keys/k/1").ok()?;
    signed.signature(&key, KeyType::EcdsaP256).ok()
}

/// The token in an answer of Azure's, and when it ends if it came at this second.
pub fn azure_token(json: &[u8], now: i64) -> Option<(Part, Option<i64>)> {
    let given: azure::credentials::Given = serde_json::from_slice(json).ok()?;
    let end = given.end(UnixTime::from_seconds(now).ok()?);
    Some((given.access_token.to_string(), end.map(UnixTime::seconds)))
}

/// What is told of a refusal, in which `secret` must not be.
pub fn refusal(body: &[u8], secret: &str) -> String {
    crate::ask::told(body, &[secret])
}
