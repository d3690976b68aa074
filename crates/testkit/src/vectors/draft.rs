//! A bundle in the making: it begins without a fault, and each step changes one thing of it and
//! makes anew what hangs on that thing, no more.
//!
//! A draft is cloned before a fault is put into it. So the faulty bundle and the repaired one have
//! the same keys, the same signature and the same bytes wherever the fault does not reach.

use std::sync::Arc;

use serde_json::Value;
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, canonical_json};
use waxwing_model::bundle::{
    Bundle, Content, Envelope, KeyMaterial, LogEntry, MessageSignature, Version,
};
use waxwing_model::trusted_root::TrustedRoot;
use waxwing_pki::Certificate;

use super::kit::{ARTIFACT, Kit, Log, key, now};
use super::profile::{Issuance, Profile, Promise};
use super::record::{Claims, Head, Kind, enter, enter_at, promise};

/// A change of a document as JSON: for what no key signs, or what our own writer cannot say.
type JsonStep = Arc<dyn Fn(&mut Value)>;

/// See the module.
#[derive(Clone)]
pub(crate) struct Draft<'a> {
    /// The services.
    pub(crate) kit: &'a Kit,
    /// The signer's key.
    pub(crate) key: Arc<PrivateKey>,
    /// How it signed.
    pub(crate) algorithm: SignatureAlgorithm,
    /// How the certificate was issued.
    pub(crate) issuance: Issuance,
    /// The bundle so far.
    pub(crate) bundle: Bundle,
    /// The trusted root so far.
    pub(crate) trusted_root: TrustedRoot,
    log: &'a Log,
    kind: Kind,
    bundle_steps: Vec<JsonStep>,
    root_steps: Vec<JsonStep>,
}

impl std::fmt::Debug for Draft<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Draft({:?}, {:?})", self.algorithm, self.kind)
    }
}

/// The payload of an envelope about artifacts with these digests, as subjects of in-toto.
pub(crate) fn statement(subjects: &Value) -> Vec<u8> {
    let statement = serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://example.com/predicate/v1",
        "predicate": {},
    });
    canonical_json::to_vec(&statement).expect("a statement can be written")
}

/// The digest of `bytes` as a subject has it.
pub(crate) fn hex_digest(hash: HashAlgorithm, bytes: &[u8]) -> String {
    waxwing_encoding::hex::encode(hash.digest(bytes).as_bytes())
}

/// One subject: the artifact by its SHA-256.
pub(crate) fn the_artifact() -> Value {
    let digest = hex_digest(HashAlgorithm::Sha256, ARTIFACT);
    serde_json::json!([{"name": "artifact", "digest": {"sha256": digest}}])
}

/// The payload type of statements.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

impl<'a> Draft<'a> {
    /// A signature over the artifact by a P-256 key with a certificate, in a bundle of version 0.3
    /// with a timestamp and an entry of Rekor v2.
    pub(crate) fn message(kit: &'a Kit) -> Self {
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        Self::message_by(kit, key(KeyType::EcdsaP256), algorithm)
    }

    /// The same with this key.
    pub(crate) fn message_by(
        kit: &'a Kit,
        key: Arc<PrivateKey>,
        algorithm: SignatureAlgorithm,
    ) -> Self {
        let signature = key.sign_with(algorithm, ARTIFACT).expect("the key signs");
        let content = Content::Message(MessageSignature {
            // In the older bundles it is always SHA-256; what else there could be, nobody reads.
            digest: Some(
                algorithm
                    .hash()
                    .unwrap_or(HashAlgorithm::Sha256)
                    .digest(ARTIFACT),
            ),
            signature,
        });
        Self::new(kit, key, algorithm, content)
    }

    /// An envelope with a statement about the artifact, else as [`message`](Self::message).
    pub(crate) fn envelope(kit: &'a Kit) -> Self {
        Self::envelope_of(kit, IN_TOTO, &statement(&the_artifact()))
    }

    /// The same with another payload.
    pub(crate) fn envelope_of(kit: &'a Kit, payload_type: &str, payload: &[u8]) -> Self {
        let (key, algorithm) = (key(KeyType::EcdsaP256), SignatureAlgorithm::EcdsaP256Sha256);
        let content = sign_envelope(&key, algorithm, payload_type, payload);
        Self::new(kit, key, algorithm, content)
    }

    /// The same with this key.
    pub(crate) fn envelope_by(
        kit: &'a Kit,
        key: Arc<PrivateKey>,
        algorithm: SignatureAlgorithm,
    ) -> Self {
        let payload = statement(&the_artifact());
        let content = sign_envelope(&key, algorithm, IN_TOTO, &payload);
        Self::new(kit, key, algorithm, content)
    }

    /// Another envelope by the same key under the same certificate.
    pub(crate) fn envelope_of_key(good: &Self, payload_type: &str, payload: &[u8]) -> Self {
        let mut draft = good.clone();
        draft.bundle.content = sign_envelope(&good.key, good.algorithm, payload_type, payload);
        draft
    }

    fn new(
        kit: &'a Kit,
        key: Arc<PrivateKey>,
        algorithm: SignatureAlgorithm,
        content: Content,
    ) -> Self {
        let issuance = Issuance {
            issuer: Arc::clone(&kit.issuing),
            profile: Profile::signer(),
            promises: Some(vec![Promise::of(&kit.ct_logs[0])]),
        };
        let bundle = Bundle {
            version: Version::V0_3,
            key_material: KeyMaterial::Certificate {
                leaf: issuance.issue(key.public_key()),
                chain: Vec::new(),
            },
            content,
            entries: Vec::new(),
            timestamps: Vec::new(),
        };
        // A kind of Rekor v2 that holds signatures over what is not hashed first.
        let kind = match algorithm.hash() {
            None => Kind::DsseV2,
            Some(_) => Kind::HashedRekordV2,
        };
        let draft = Self {
            kit,
            key,
            algorithm,
            issuance,
            bundle,
            trusted_root: kit.trusted_root(),
            log: &kit.rekor_v2[0],
            kind,
            bundle_steps: Vec::new(),
            root_steps: Vec::new(),
        };
        draft.stamped(&[now(5)]).logged_as(kind)
    }

    /// What an entry about this bundle says.
    pub(crate) fn claims(&self) -> Claims {
        let key = self.key.public_key();
        let (is_certificate, pem, der) = match self.bundle.certificate() {
            Some(certificate) => (true, certificate.to_pem(), certificate.der().to_vec()),
            None => (false, key.to_pem(), key.spki_der().to_vec()),
        };
        let hash = self.algorithm.hash();
        let (digest, envelope) = match &self.bundle.content {
            Content::Message(_) => (hash.map(|hash| hash.digest(ARTIFACT)), None),
            Content::Envelope(envelope) => (
                hash.map(|hash| hash.digest(&envelope.pae())),
                Some(envelope.clone()),
            ),
        };
        let details = self.algorithm.key_details(key.key_type());
        Claims {
            digest,
            signature: self.bundle.signature().to_vec(),
            pem,
            der,
            is_certificate,
            key_details: details.unwrap_or_default().into(),
            envelope,
        }
    }

    /// In a bundle of this version, with the certificate as that version has it.
    pub(crate) fn version(mut self, version: Version) -> Self {
        self.bundle.version = version;
        self
    }

    /// Logged with an entry of this kind, in the trusted log of its generation.
    pub(crate) fn logged_as(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self.log = match kind.is_of_rekor_v2() {
            true => &self.kit.rekor_v2[0],
            false => &self.kit.rekor_v1[0],
        };
        self.logged(|_| {}, |_| {})
    }

    /// Logged with an entry that says something else; the log's proofs hold.
    pub(crate) fn entry_about(self, edit: impl FnOnce(&mut Claims)) -> Self {
        self.logged(edit, |_| {})
    }

    /// Logged under another checkpoint.
    pub(crate) fn head(self, edit: impl FnOnce(&mut Head)) -> Self {
        self.logged(|_| {}, edit)
    }

    fn logged(mut self, about: impl FnOnce(&mut Claims), head: impl FnOnce(&mut Head)) -> Self {
        let mut claims = self.claims();
        about(&mut claims);
        let entry = enter(self.log, self.kind, claims.body(self.kind), head);
        self.bundle.entries = vec![entry];
        self
    }

    /// Logged with this body changed; the log's proofs hold.
    pub(crate) fn body(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        let body = self.claims().body(self.kind);
        let mut body = serde_json::from_slice(&body).expect("a body is JSON");
        edit(&mut body);
        let body = canonical_json::to_vec(&body).expect("a body can be written");
        self.bundle.entries = vec![enter(self.log, self.kind, body, |_| {})];
        self
    }

    /// Logged once more, in this log.
    pub(crate) fn also_logged(mut self, log: &Log) -> Self {
        let body = self.claims().body(self.kind);
        self.bundle
            .entries
            .push(enter(log, self.kind, body, |_| {}));
        self
    }

    /// Logged once more in its own log, at another place.
    pub(crate) fn also_at_another_place(mut self) -> Self {
        let body = self.claims().body(self.kind);
        let entry = enter_at(4, self.log, self.kind, body, |_| {});
        self.bundle.entries.push(entry);
        self
    }

    /// The entry with another time, which the log promises.
    pub(crate) fn integrated(mut self, time: UnixTime) -> Self {
        promise(self.log, &mut self.bundle.entries[0], time);
        self
    }

    /// The entry changed where nothing signs it, or so that what signs it breaks.
    pub(crate) fn entry(mut self, edit: impl FnOnce(&mut LogEntry)) -> Self {
        edit(&mut self.bundle.entries[0]);
        self
    }

    /// With another certificate for the same key, and an entry about it.
    pub(crate) fn certified(mut self, edit: impl FnOnce(&mut Issuance)) -> Self {
        edit(&mut self.issuance);
        let leaf = self.issuance.issue(self.key.public_key());
        self.with_leaf(leaf)
    }

    /// With this certificate, and an entry about it.
    pub(crate) fn with_leaf(mut self, leaf: Certificate) -> Self {
        let chain = Vec::new();
        self.bundle.key_material = KeyMaterial::Certificate { leaf, chain };
        let kind = self.kind;
        self.logged_as(kind)
    }

    /// With another profile of the certificate.
    pub(crate) fn profile(self, edit: impl FnOnce(Profile) -> Profile) -> Self {
        self.certified(|issuance| issuance.profile = edit(issuance.profile.clone()))
    }

    /// With other promises of CT logs.
    pub(crate) fn promises(self, edit: impl FnOnce(&mut Vec<Promise>)) -> Self {
        self.certified(|issuance| {
            let promises = issuance.promises.as_mut();
            edit(promises.expect("the certificate has a list"));
        })
    }

    /// With the key alone, which the verifier has to know.
    pub(crate) fn managed_key(mut self) -> Self {
        let hint = base64::encode(&self.key.public_key().sha256_of_spki());
        self.bundle.key_material = KeyMaterial::PublicKey { hint };
        let kind = self.kind;
        self.logged_as(kind)
    }

    /// With timestamps of these times by the trusted authority, in the place of all others.
    pub(crate) fn stamped(mut self, times: &[UnixTime]) -> Self {
        let signature = self.bundle.signature().to_vec();
        let stamp = |time: &UnixTime| self.kit.stampers[0].stamp(&signature, *time);
        self.bundle.timestamps = times.iter().map(stamp).collect();
        self
    }

    /// The bundle changed where nothing signs it.
    pub(crate) fn edited(mut self, edit: impl FnOnce(&mut Bundle)) -> Self {
        edit(&mut self.bundle);
        self
    }

    /// The trusted root changed.
    pub(crate) fn trusting(mut self, edit: impl FnOnce(&mut TrustedRoot)) -> Self {
        edit(&mut self.trusted_root);
        self
    }

    /// The bundle's JSON changed.
    pub(crate) fn json(mut self, edit: impl Fn(&mut Value) + 'static) -> Self {
        self.bundle_steps.push(Arc::new(edit));
        self
    }

    /// The trusted root's JSON changed.
    pub(crate) fn trusted_root_json(mut self, edit: impl Fn(&mut Value) + 'static) -> Self {
        self.root_steps.push(Arc::new(edit));
        self
    }

    /// The files: the bundle and the trusted root.
    pub(crate) fn write(&self) -> (Vec<u8>, Vec<u8>) {
        let bundle = self.bundle.to_json().expect("a bundle can be written");
        let root = self.trusted_root.to_json();
        let root = root.expect("a trusted root can be written");
        (
            change(bundle, &self.bundle_steps, |value| {
                serde_json::to_vec(value)
            }),
            change(root, &self.root_steps, |value| {
                serde_json::to_vec_pretty(value)
            }),
        )
    }
}

fn change(
    json: Vec<u8>,
    steps: &[JsonStep],
    write: fn(&Value) -> serde_json::Result<Vec<u8>>,
) -> Vec<u8> {
    if steps.is_empty() {
        return json;
    }
    let mut value = serde_json::from_slice(&json).expect("what was written is JSON");
    for step in steps {
        step(&mut value);
    }
    write(&value).expect("what was read can be written")
}

fn sign_envelope(
    key: &PrivateKey,
    algorithm: SignatureAlgorithm,
    payload_type: &str,
    payload: &[u8],
) -> Content {
    let mut envelope = Envelope {
        payload_type: payload_type.into(),
        payload: payload.into(),
        signature: Vec::new(),
        key_id: String::new(),
    };
    let signature = key.sign_with(algorithm, &envelope.pae());
    envelope.signature = signature.expect("the key signs");
    Content::Envelope(envelope)
}
