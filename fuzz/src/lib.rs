//! What several targets share: a bundle that verifies, and ways to change it.
//!
//! The bundle and its trusted root are seeds, made by `examples/seeds.rs` with keys that were thrown
//! away.

use std::sync::LazyLock;

use serde_json::Value;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_pki::fulcio::{Identity as CertificateIdentity, SubjectAlternativeName};
use waxwing_pki::issue::{Authority, CodeSigningLeaf, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verified, Verifier};

/// What the good bundle signs.
pub const ARTIFACT: &[u8] = b"A waxwing is a bird.\n";

/// Who signs it.
pub const ISSUER: &str = "https://issuer.example.com";
/// By the name that the issuer vouches for.
pub const NAME: &str = "someone@example.com";

const BUNDLE: &[u8] = include_bytes!("../corpus/bundle/good.json");
const TRUSTED_ROOT: &[u8] = include_bytes!("../corpus/trusted_root/good.json");

/// The good bundle and what verifies it.
pub static GOOD: LazyLock<Good> = LazyLock::new(Good::read);

/// See [`GOOD`].
#[derive(Debug)]
pub struct Good {
    /// The bundle.
    pub bundle: Bundle,
    /// Under the trusted root of the seeds.
    pub verifier: Verifier,
    /// That asks for the identity in the certificate.
    pub policy: Policy,
    /// What the verifier says of it.
    pub verified: Verified,
    /// The chain of the timestamp authority.
    pub timestamp_authority: Vec<Certificate>,
}

impl Good {
    fn read() -> Self {
        let bundle = Bundle::from_json(BUNDLE).expect("the seed is a bundle");
        let root = TrustedRoot::from_json(TRUSTED_ROOT).expect("the seed is a trusted root");
        let timestamp_authority = root.timestamp_authorities[0].certificates.clone();
        let verifier =
            Verifier::new(root, Requirements::public_good()).expect("the seed's logs have keys");
        let policy = Policy::identity(Identity::exactly(ISSUER, NAME).expect("an identity"));
        let verified = verifier
            .verify(&bundle, Artifact::Bytes(ARTIFACT), &policy)
            .expect("the seed verifies");
        Self {
            bundle,
            verifier,
            policy,
            verified,
            timestamp_authority,
        }
    }
}

/// The good bundle with the changes that `edits` lists, four bytes each.
pub fn change(edits: &[u8]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(BUNDLE).expect("the seed is JSON");
    let mut strings = Vec::new();
    collect(&mut document, &mut strings);
    for edit in edits.chunks_exact(4) {
        let which = usize::from(edit[0]) % strings.len();
        let place = usize::from(u16::from_be_bytes([edit[1], edit[2]]));
        flip(strings[which], place, edit[3]);
    }
    serde_json::to_vec(&document).expect("JSON can be written")
}

fn collect<'a>(value: &'a mut Value, strings: &mut Vec<&'a mut String>) {
    match value {
        Value::String(text) => strings.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, strings)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| collect(member, strings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn flip(text: &mut String, place: usize, bits: u8) {
    let (mut bytes, encoded) = match base64::decode(text) {
        Ok(bytes) => (bytes, true),
        Err(_) => (text.as_bytes().to_vec(), false),
    };
    if bytes.is_empty() {
        return;
    }
    let place = place % bytes.len();
    bytes[place] ^= bits;
    if encoded {
        *text = base64::encode(&bytes);
    } else if let Ok(changed) = String::from_utf8(bytes) {
        *text = changed;
    }
}

/// Whether `part` stands somewhere in `whole`.
pub fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// A certificate with these bytes in the place of its SCT list.
pub fn certificate_with_scts(list: &[u8]) -> Certificate {
    static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
        let key = PrivateKey::generate(KeyType::Ed25519).expect("a key");
        Authority::root(
            key,
            &DistinguishedName::default(),
            SerialNumber::new([1; 20]),
            years(),
        )
        .expect("a root")
    });
    static IDENTITY: LazyLock<CertificateIdentity> = LazyLock::new(identity);
    let leaf = CodeSigningLeaf {
        public_key: AUTHORITY.key.public_key(),
        identity: &IDENTITY,
        serial: SerialNumber::new([2; 20]),
        validity: years(),
    };
    AUTHORITY
        .code_signing_leaf(&leaf, list)
        .expect("a certificate")
}

/// The identity in the good bundle's certificate.
pub fn identity() -> CertificateIdentity {
    CertificateIdentity {
        name: SubjectAlternativeName::Email(NAME.into()),
        issuer: ISSUER.into(),
        subject: Some("subject".into()),
    }
}

/// The years in which everything here is valid.
pub fn years() -> Validity {
    Validity {
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2036-01-01T00:00:00Z"),
    }
}

/// A time that was written by hand.
pub fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).expect("a time")
}
