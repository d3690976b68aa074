//! What several targets share: two bundles that verify, and ways to change them.
//!
//! The bundles and their trusted root are seeds, made by `examples/seeds/` with keys that were thrown
//! away.

pub mod tuf;

use std::sync::LazyLock;

use serde_json::Value;
use waxwing_crypto::{KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, canonical_json};
use waxwing_entries::binding::{BorrowedVerifier, Signed, VerifiedSignature};
use waxwing_fulcio::api::SigningRequest;
use waxwing_fulcio::possession;
use waxwing_model::bundle::Content;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_pki::chain::TrustedChain;
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
const ENVELOPE: &[u8] = include_bytes!("../corpus/bundle/envelope.json");
const TRUSTED_ROOT: &[u8] = include_bytes!("../corpus/trusted_root/good.json");

/// A bundle of an artifact, with a timestamp and an entry of Rekor v2, and what verifies it.
pub static GOOD: LazyLock<Good> = LazyLock::new(|| Good::read(BUNDLE));

/// A bundle of a statement, with a promise and a proof of Rekor v1, and what verifies it.
pub static GOOD_ENVELOPE: LazyLock<Good> = LazyLock::new(|| Good::read(ENVELOPE));

/// See [`GOOD`].
#[derive(Debug)]
pub struct Good {
    /// Its text.
    pub json: &'static [u8],
    /// The bundle.
    pub bundle: Bundle,
    /// Under the trusted root of the seeds.
    pub verifier: Verifier,
    /// That asks for the identity in the certificate.
    pub policy: Policy,
    /// What the verifier says of it.
    pub verified: Verified,
    /// The chain of the timestamp authority.
    pub timestamp_authority: TrustedChain,
}

impl Good {
    fn read(json: &'static [u8]) -> Self {
        let bundle = Bundle::from_json(json).expect("the seed is a bundle");
        let root = TrustedRoot::from_json(TRUSTED_ROOT).expect("the seed is a trusted root");
        let timestamp_authority = root.timestamp_authorities[0].certificates.clone();
        let timestamp_authority = TrustedChain::new(timestamp_authority).expect("a chain");
        let verifier =
            Verifier::new(root, Requirements::public_good()).expect("the seed's logs have keys");
        let policy = Policy::identity(Identity::exactly(ISSUER, NAME).expect("an identity"));
        let verified = verifier
            .verify(&bundle, Artifact::Bytes(ARTIFACT), &policy)
            .expect("the seed verifies");
        Self {
            json,
            bundle,
            verifier,
            policy,
            verified,
            timestamp_authority,
        }
    }

    /// What an entry has to be about.
    pub fn signature(&self) -> VerifiedSignature<'_> {
        let digest = self.verified.digest().copied();
        let certificate = self.bundle.certificate().expect("a certificate");
        VerifiedSignature {
            signature: self.bundle.signature(),
            verifier: BorrowedVerifier::Certificate(certificate),
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
            signed: match &self.bundle.content {
                Content::Message(_) => Signed::Message(digest),
                Content::Envelope(envelope) => Signed::Envelope(envelope, digest),
            },
        }
    }
}

/// A good bundle with the first changes that `edits` lists, four bytes each.
pub fn change(good: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(good).expect("the seed is JSON");
    let mut strings = Vec::new();
    collect(&mut document, &mut strings);
    // More than a few would only make each run slow.
    for edit in edits.chunks_exact(4).take(8) {
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
        claims: waxwing_pki::fulcio::Claims::NONE,
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

/// Asserts that a leaf is in RFC 8785: sorting and writing it once more changes nothing.
pub fn canonical(body: &[u8]) {
    let value: Value = serde_json::from_slice(body).expect("a leaf is JSON");
    assert_eq!(canonical_json::to_vec(&value).ok().as_deref(), Some(body));
}

/// Reads a request for a certificate to its end, and asserts that what proves possession is a key that
/// made the signature, over that name and no other.
pub fn proof_of_possession(request: &SigningRequest) {
    if let Ok((key, algorithm)) = possession::requested_key(&request.certificate_signing_request) {
        assert!(algorithm.key_details(key.key_type()).is_some());
    }
    let (key, proof) = (&request.public_key, &request.proof_of_possession);
    if let Ok((key, algorithm)) = possession::proved_key(key, proof, "name") {
        assert_eq!(key.verify(algorithm, b"name", proof), Ok(()));
        assert!(key.verify(algorithm, b"other", proof).is_err());
    }
}
