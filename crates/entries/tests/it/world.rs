//! Signatures, and what logs would write about them.

use std::sync::LazyLock;

use serde_json::{Value, json};
use waxwing_crypto::{Digest, HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm, sha256};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, canonical_json, hex};
use waxwing_entries::binding::{BindingError, BorrowedVerifier, Signed, VerifiedSignature, check};
use waxwing_model::bundle::Envelope;
use waxwing_pki::issue::{Authority, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

pub(crate) const ARTIFACT: &[u8] = b"A waxwing is a bird.\n";

/// A signer with two signatures: over an artifact, and over an envelope.
pub(crate) struct Signer {
    pub(crate) certificate: Certificate,
    pub(crate) algorithm: SignatureAlgorithm,
    message: Vec<u8>,
    digest: Digest,
    pub(crate) envelope: Envelope,
}

/// The usual one.
pub(crate) static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new(KeyType::EcdsaP256));

/// Somebody else, who signed the same.
pub(crate) static OTHER: LazyLock<Signer> = LazyLock::new(|| Signer::new(KeyType::EcdsaP256));

impl Signer {
    pub(crate) fn new(kind: KeyType) -> Self {
        let key = PrivateKey::generate(kind).unwrap();
        let algorithm = match kind {
            KeyType::Ed25519 => SignatureAlgorithm::Ed25519ph,
            _ => key.algorithm(),
        };
        let sign = |message: &[u8]| match kind {
            KeyType::Ed25519 => key.sign_ed25519ph(message).unwrap(),
            _ => key.sign(message).unwrap(),
        };
        let mut envelope = Envelope {
            payload_type: "application/vnd.in-toto+json".into(),
            payload: b"{\"a\":\"\xc3\xa9\"}".to_vec(),
            signature: Vec::new(),
            key_id: "key".into(),
        };
        envelope.signature = sign(&envelope.pae());
        let message = sign(ARTIFACT);
        let validity = Validity {
            not_before: UnixTime::parse("2026-01-01T00:00:00Z").unwrap(),
            not_after: UnixTime::parse("2036-01-01T00:00:00Z").unwrap(),
        };
        let (name, serial) = (DistinguishedName::default(), SerialNumber::new([1; 20]));
        let root = Authority::root(key, &name, serial, validity).unwrap();
        Self {
            certificate: root.certificate,
            algorithm,
            message,
            digest: algorithm.hash().unwrap().digest(ARTIFACT),
            envelope,
        }
    }

    pub(crate) fn message(&self) -> VerifiedSignature<'_> {
        VerifiedSignature {
            signature: &self.message,
            verifier: BorrowedVerifier::Certificate(&self.certificate),
            algorithm: self.algorithm,
            signed: Signed::Message(Some(self.digest)),
        }
    }

    pub(crate) fn envelope(&self) -> VerifiedSignature<'_> {
        let digest = self.algorithm.hash().unwrap().digest(&self.envelope.pae());
        VerifiedSignature {
            signature: &self.envelope.signature,
            signed: Signed::Envelope(&self.envelope, Some(digest)),
            ..self.message()
        }
    }

    /// The certificate as Rekor v1 writes it.
    pub(crate) fn pem(&self) -> String {
        base64::encode(self.certificate.to_pem().as_bytes())
    }

    /// The bare key as Rekor v1 writes it.
    pub(crate) fn key_pem(&self) -> String {
        base64::encode(self.certificate.public_key().to_pem().as_bytes())
    }

    pub(crate) fn by_key<'a>(&'a self, signature: VerifiedSignature<'a>) -> VerifiedSignature<'a> {
        let verifier = BorrowedVerifier::PublicKey(self.certificate.public_key());
        VerifiedSignature {
            verifier,
            ..signature
        }
    }

    /// What Rekor v1 writes about the artifact.
    pub(crate) fn hashedrekord(&self) -> Value {
        let algorithm = match self.digest.algorithm() {
            HashAlgorithm::Sha384 => "sha384",
            HashAlgorithm::Sha512 => "sha512",
            _ => "sha256",
        };
        let hash = json!({"algorithm": algorithm, "value": hex::encode(self.digest.as_bytes())});
        let content = base64::encode(&self.message);
        json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": {"hash": hash},
            "signature": {"content": content, "publicKey": {"content": self.pem()}},
        }})
    }

    pub(crate) fn dsse(&self) -> Value {
        json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
            "envelopeHash": hash(b"as it was sent"),
            "payloadHash": hash(&self.envelope.payload),
            "signatures": [{
                "signature": base64::encode(&self.envelope.signature),
                "verifier": self.pem(),
            }],
        }})
    }

    pub(crate) fn intoto_0_0_2(&self) -> Value {
        json!({"apiVersion": "0.0.2", "kind": "intoto", "spec": {"content": {
            "envelope": {
                "payloadType": self.envelope.payload_type,
                "signatures": [{
                    "keyid": "any",
                    "publicKey": self.pem(),
                    "sig": twice(&self.envelope.signature),
                }],
            },
            "hash": hash(b"as it was sent"),
            "payloadHash": hash(&self.envelope.payload),
        }}})
    }

    /// Of an envelope that was sent as this text.
    pub(crate) fn intoto_0_0_1(&self, json: &str) -> Value {
        json!({"apiVersion": "0.0.1", "kind": "intoto", "spec": {
            "content": {
                "hash": hash(json.as_bytes()),
                "payloadHash": hash(&self.envelope.payload),
            },
            "publicKey": self.pem(),
        }})
    }

    /// What Rekor v2 writes about a signature over this digest.
    pub(crate) fn hashedrekord_v2(&self, signature: &VerifiedSignature<'_>) -> Value {
        let (Signed::Message(digest) | Signed::Envelope(_, digest)) = signature.signed;
        let digest = digest.unwrap();
        let name = waxwing_model::hash_name(digest.algorithm());
        json!({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
            "data": {"algorithm": name, "digest": base64::encode(digest.as_bytes())},
            "signature": {
                "content": base64::encode(signature.signature),
                "verifier": self.verifier(signature),
            },
        }}})
    }

    pub(crate) fn dsse_v2(&self, signature: &VerifiedSignature<'_>) -> Value {
        let digest = base64::encode(&sha256(&self.envelope.payload));
        json!({"apiVersion": "0.0.2", "kind": "dsse", "spec": {"dsseV002": {
            "payloadHash": {"algorithm": "SHA2_256", "digest": digest},
            "signatures": [{
                "content": base64::encode(signature.signature),
                "verifier": self.verifier(signature),
            }],
        }}})
    }

    fn verifier(&self, signature: &VerifiedSignature<'_>) -> Value {
        let key = self.certificate.public_key();
        let details = signature.algorithm.key_details(key.key_type()).unwrap();
        let raw = |der: &[u8]| json!({"rawBytes": base64::encode(der)});
        match signature.verifier {
            BorrowedVerifier::Certificate(certificate) => {
                json!({"keyDetails": details, "x509Certificate": raw(certificate.der())})
            }
            BorrowedVerifier::PublicKey(key) => {
                json!({"keyDetails": details, "publicKey": raw(key.spki_der())})
            }
        }
    }
}

pub(crate) fn hash(bytes: &[u8]) -> Value {
    json!({"algorithm": "sha256", "value": hex::encode(&sha256(bytes))})
}

pub(crate) fn twice(bytes: &[u8]) -> String {
    base64::encode(base64::encode(bytes).as_bytes())
}

/// Binds the body, under the kind that it names itself.
pub(crate) fn bind(body: &Value, signature: &VerifiedSignature<'_>) -> Result<(), BindingError> {
    let kind = body["kind"].as_str().unwrap();
    let version = body["apiVersion"].as_str().unwrap();
    check(
        kind,
        version,
        &canonical_json::to_vec(body).unwrap(),
        signature,
    )
}

/// The body with another value in this place.
pub(crate) fn set(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        object => object[name] = value,
    }
    body
}

/// Refused because this part is another's.
pub(crate) fn differs(body: &Value, signature: &VerifiedSignature<'_>, part: &str) {
    match bind(body, signature) {
        Err(BindingError::Other { part: found }) => assert_eq!(found, part, "{body}"),
        other => panic!("{part}: {other:?}: {body}"),
    }
}

/// Refuses the body with any member of any object missing, doubled, or beside an unknown one.
pub(crate) fn is_read_strictly(body: &Value, signature: &VerifiedSignature<'_>, optional: &[&str]) {
    let text = String::from_utf8(canonical_json::to_vec(body).unwrap()).unwrap();
    let (kind, version) = (&body["kind"], &body["apiVersion"]);
    let read = |text: &str| {
        check(
            kind.as_str().unwrap(),
            version.as_str().unwrap(),
            text.as_bytes(),
            signature,
        )
    };
    read(&text).unwrap();
    let refused = |text: &str, what: &str| {
        let error = read(text).expect_err(what);
        assert!(
            matches!(error, BindingError::Json { .. }),
            "{what}: {error}"
        );
    };
    refused(&format!("{text}{{}}"), "something behind it");
    refused(&text[..text.len() - 1], "no end");
    refused("", "nothing");
    each_object(body, "", &mut |pointer, object| {
        let inner = String::from_utf8(canonical_json::to_vec(object).unwrap()).unwrap();
        let changed = |new: &str| text.replacen(&inner, new, 1);
        let unknown = inner.replacen('{', "{\"more\":1,", 1);
        refused(&changed(&unknown), &format!("more in {pointer}"));
        for (name, value) in object.as_object().unwrap() {
            let path = format!("{pointer}/{name}");
            let value = String::from_utf8(canonical_json::to_vec(value).unwrap()).unwrap();
            let twice = inner.replacen('{', &format!("{{\"{name}\":{value},"), 1);
            refused(&changed(&twice), &format!("{path} twice"));
            if !optional.contains(&path.as_str()) {
                let mut absent = object.clone();
                absent.as_object_mut().unwrap().remove(name);
                let absent = String::from_utf8(canonical_json::to_vec(&absent).unwrap()).unwrap();
                refused(&changed(&absent), &format!("no {path}"));
            }
        }
    });
}

/// Every object but those of hashes that no bundle can be compared with.
fn each_object(value: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            visit(pointer, value);
            for (name, value) in members {
                let is_ignored =
                    name == "envelopeHash" || name == "hash" && members.contains_key("envelope");
                if !is_ignored {
                    each_object(value, &format!("{pointer}/{name}"), visit);
                }
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                each_object(value, &format!("{pointer}/{number}"), visit);
            }
        }
        _ => {}
    }
}
