//! A log of Rekor v1 with a statement in it, and the body of each kind about one signature.

use std::sync::Arc;

use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm, sha256};
use waxwing_encoding::{base64, hex};
use waxwing_entries::hashedrekord::{Proposal, Verifier};
use waxwing_fuzz::{ARTIFACT, at};
use waxwing_model::Bundle;
use waxwing_model::bundle::{Content, Envelope, InclusionProof, KeyMaterial, LogEntry, Version};
use waxwing_model::statement::PAYLOAD_TYPE;
use waxwing_pki::Certificate;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle;
use waxwing_tlog::note::{Note, NoteSigner};

use crate::Result;

/// Its host.
pub const HOST: &str = "rekor.example.com";

pub struct RekorV1 {
    pub key: Arc<PrivateKey>,
    signer: NoteSigner,
}

/// An envelope with a statement about the artifact.
pub fn envelope(key: &PrivateKey) -> Result<Envelope> {
    let digest = hex::encode(&sha256(ARTIFACT));
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"artifact","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://example.com/p","predicate":{{}}}}"#
    );
    let mut envelope = Envelope {
        payload_type: PAYLOAD_TYPE.into(),
        payload: payload.into_bytes(),
        signature: Vec::new(),
        key_id: "key".into(),
    };
    envelope.signature = key.sign(&envelope.pae())?;
    Ok(envelope)
}

/// The good bodies, in the order of the target `entry_body`, each with its seed's name.
pub fn bodies(
    message: &Proposal,
    envelope: &Envelope,
    certificate: &Certificate,
) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let pem = base64::encode(certificate.to_pem().as_bytes());
    let der = base64::encode(certificate.der());
    let hash = |bytes: &[u8]| {
        let value = hex::encode(&sha256(bytes));
        format!(r#"{{"algorithm":"sha256","value":"{value}"}}"#)
    };
    let body = |kind: &str, version: &str, spec: String| {
        format!(r#"{{"apiVersion":"{version}","kind":"{kind}","spec":{spec}}}"#).into_bytes()
    };
    let (payload, payload_type) = (&envelope.payload, &envelope.payload_type);
    let signature = base64::encode(&envelope.signature);
    let twice = base64::encode(signature.as_bytes());
    let json = format!(
        r#"{{"payloadType":"{payload_type}","payload":"{}","signatures":[{{"keyid":"{}","sig":"{signature}"}}]}}"#,
        base64::encode(payload),
        envelope.key_id
    );
    let (payload_hash, envelope_hash) = (hash(payload), hash(json.as_bytes()));
    let of_envelope = Proposal {
        digest: HashAlgorithm::Sha256.digest(&envelope.pae()),
        signature: envelope.signature.clone(),
        verifier: Verifier::Certificate(Box::new(certificate.clone())),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
    };
    Ok(vec![
        (
            "hashedrekord_v1.bin",
            body(
                "hashedrekord",
                "0.0.1",
                format!(
                    r#"{{"data":{{"hash":{}}},"signature":{{"content":"{}","publicKey":{{"content":"{pem}"}}}}}}"#,
                    hash(ARTIFACT),
                    base64::encode(&message.signature)
                ),
            ),
        ),
        ("hashedrekord_v2.bin", message.canonical_body()?),
        (
            "hashedrekord_v2_envelope.bin",
            of_envelope.canonical_body()?,
        ),
        (
            "dsse_v1.bin",
            body(
                "dsse",
                "0.0.1",
                format!(
                    r#"{{"envelopeHash":{envelope_hash},"payloadHash":{payload_hash},"signatures":[{{"signature":"{signature}","verifier":"{pem}"}}]}}"#
                ),
            ),
        ),
        (
            "dsse_v2.bin",
            body(
                "dsse",
                "0.0.2",
                format!(
                    r#"{{"dsseV002":{{"payloadHash":{{"algorithm":"SHA2_256","digest":"{}"}},"signatures":[{{"content":"{signature}","verifier":{{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{{"rawBytes":"{der}"}}}}}}]}}}}"#,
                    base64::encode(&sha256(payload))
                ),
            ),
        ),
        (
            "intoto_v1.bin",
            body(
                "intoto",
                "0.0.1",
                format!(
                    r#"{{"content":{{"hash":{envelope_hash},"payloadHash":{payload_hash}}},"publicKey":"{pem}"}}"#
                ),
            ),
        ),
        (
            "intoto_v2.bin",
            body(
                "intoto",
                "0.0.2",
                format!(
                    r#"{{"content":{{"envelope":{{"payloadType":"{payload_type}","signatures":[{{"keyid":"key","publicKey":"{pem}","sig":"{twice}"}}]}},"hash":{envelope_hash},"payloadHash":{payload_hash}}}}}"#
                ),
            ),
        ),
    ])
}

impl RekorV1 {
    pub fn new() -> Result<Self> {
        let key = Arc::new(PrivateKey::generate(KeyType::EcdsaP256)?);
        let signer = NoteSigner::rekor_v1(HOST, Arc::clone(&key))?;
        Ok(Self { key, signer })
    }

    /// A bundle with the envelope and a dsse entry at index 1 of 2, promised as the log's 101st.
    pub fn bundle(
        &self,
        envelope: Envelope,
        certificate: Certificate,
        body: Vec<u8>,
    ) -> Result<Bundle> {
        let time = at("2026-06-01T12:00:05Z");
        let log_id = self.key.public_key().sha256_of_spki();
        let payload = format!(
            r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":101}}"#,
            base64::encode(&body),
            time.seconds(),
            hex::encode(&log_id)
        );
        let sibling = merkle::leaf_hash(b"first");
        let root = merkle::node_hash(&sibling, &merkle::leaf_hash(&body));
        let checkpoint = Checkpoint::new(&format!("{HOST} - 2605736670972794746"), 2, root)?;
        let note = Note::new(&checkpoint.to_string())?;
        let signature = self.signer.sign(&note, time)?;
        let entry = LogEntry {
            log_index: 101,
            log_id: log_id.to_vec(),
            kind: "dsse".into(),
            version: "0.0.1".into(),
            integrated_time: Some(time),
            inclusion_promise: Some(self.key.sign(payload.as_bytes())?),
            inclusion_proof: Some(InclusionProof {
                log_index: 1,
                root_hash: root,
                tree_size: 2,
                hashes: vec![sibling],
                checkpoint: note.with_signature(signature).to_string(),
            }),
            canonicalized_body: body,
        };
        Ok(Bundle {
            version: Version::V0_3,
            key_material: KeyMaterial::Certificate {
                leaf: certificate,
                chain: Vec::new(),
            },
            content: Content::Envelope(envelope),
            entries: vec![entry],
            timestamps: Vec::new(),
        })
    }
}
