//! A Sigstore made of keys alone: no service, no network, no clock.
//!
//! It makes what a real one would leave, and on request with one fault that its own keys sign. Each
//! fault leaves everything else whole: the same bundle without the fault verifies.

use std::sync::Arc;

use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, Random as _, SystemRandom};
use waxwing_encoding::time::UnixTime;
use waxwing_entries::hashedrekord::{self, Proposal, Verifier};
use waxwing_model::Window;
use waxwing_model::bundle::{
    Bundle, Content, InclusionProof, KeyMaterial, LogEntry, MessageSignature, Version,
};
use waxwing_model::trusted_root::{self, CertificateAuthority, TransparencyLog, TrustedRoot};
use waxwing_pki::fulcio::{Claims, Identity, SubjectAlternativeName};
use waxwing_pki::issue::{Authority, CodeSigningLeaf, Purpose, SerialNumber, Validity};
use waxwing_pki::sct::{self, SignedCertificateTimestamp};
use waxwing_pki::timestamp::{TimestampAuthority, TimestampDetails, TimestampRequest};
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle;
use waxwing_tlog::note::{Note, NoteSigner};

/// The host, and so the origin of the log.
const HOST: &str = "virtual.localhost";

/// Who signs.
pub const IDENTITY: &str = "someone@virtual.localhost";

/// Who vouches for them.
pub const ISSUER: &str = "http://virtual.localhost/oidc";

/// A fault that the Sigstore's own keys sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedFault {
    /// One bit of the SCT's signature is flipped before the certificate is signed.
    SctSignature,
    /// The certificate holds no SCT.
    NoSct,
    /// The SCT is of a log that the trusted root does not know.
    SctOfAnotherLog,
    /// The log holds an entry of the same signature with another certificate for the same key.
    EntryOfAnotherCertificate,
    /// The checkpoint is signed by the log's key under another origin.
    CheckpointOfAnotherOrigin,
    /// The timestamp was made a minute after the certificate expired.
    TimestampAfterExpiry,
}

/// The keys of every service.
pub struct VirtualSigstore {
    now: UnixTime,
    issuing: Authority,
    root: Certificate,
    stamping: TimestampAuthority,
    ct_log: PrivateKey,
    rekor_log: Arc<PrivateKey>,
    claims: Claims,
}

impl std::fmt::Debug for VirtualSigstore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "VirtualSigstore({})", self.now)
    }
}

fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).expect("a key can be made")
}

fn serial() -> SerialNumber {
    let mut bytes = [0; 20];
    SystemRandom.fill(&mut bytes);
    SerialNumber::new(bytes)
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: HOST.into(),
        common_name: common_name.into(),
    }
}

impl VirtualSigstore {
    /// A Sigstore that began an hour before `now`.
    ///
    /// # Panics
    ///
    /// When a key or certificate cannot be made.
    pub fn new(now: UnixTime) -> Self {
        let now = now.whole_second();
        let validity = Validity {
            not_before: now.plus_seconds(-3600),
            not_after: now.plus_seconds(365 * 24 * 3600),
        };
        let root = |common_name| {
            let authority = Authority::root(
                key(KeyType::EcdsaP384),
                &name(common_name),
                serial(),
                validity,
            );
            authority.expect("a root can be made")
        };
        let (authority, stamping_root) = (root("root"), root("tsa-root"));
        let issuing = authority.intermediate(
            key(KeyType::EcdsaP256),
            &name("issuing"),
            serial(),
            validity,
            Purpose::CodeSigning,
        );
        let stamping =
            stamping_root.timestamp_leaf(key(KeyType::EcdsaP256), &name("tsa"), serial(), validity);
        let stamping = stamping.expect("a timestamp authority can be made");
        Self {
            now,
            issuing: issuing.expect("an intermediate can be made"),
            root: authority.certificate,
            stamping: TimestampAuthority::new(stamping, vec![stamping_root.certificate]),
            ct_log: key(KeyType::EcdsaP256),
            rekor_log: Arc::new(key(KeyType::Ed25519)),
            claims: Claims::default(),
        }
    }

    /// The same, whose certificates make these claims about a build.
    #[must_use]
    pub fn with_claims(self, claims: Claims) -> Self {
        Self { claims, ..self }
    }

    /// The trusted root under which its bundles verify.
    pub fn trusted_root(&self) -> TrustedRoot {
        let valid_for = Window {
            start: self.now.plus_seconds(-3600),
            end: None,
        };
        let log = |base_url: String, key: &PrivateKey, log_id| TransparencyLog {
            base_url,
            public_key: key.public_key().clone(),
            algorithm: key.algorithm(),
            valid_for,
            log_id,
            checkpoint_key_id: None,
            operator: String::new(),
        };
        let authority = |common_name, uri: String, certificates| CertificateAuthority {
            subject: name(common_name),
            uri,
            certificates,
            valid_for,
            operator: String::new(),
        };
        let base = format!("http://{HOST}");
        let ct_id = self.ct_log.public_key().sha256_of_spki().to_vec();
        TrustedRoot {
            version: trusted_root::Version::V0_1,
            passed_over: Vec::new(),
            transparency_logs: vec![log(base.clone(), &self.rekor_log, self.rekor_log_id())],
            certificate_authorities: vec![authority(
                "root",
                base.clone(),
                vec![self.issuing.certificate.clone(), self.root.clone()],
            )],
            ct_logs: vec![log(format!("{base}/ct"), &self.ct_log, ct_id)],
            timestamp_authorities: vec![authority(
                "tsa-root",
                format!("{base}/api/v1/timestamp"),
                self.stamping.certificates().cloned().collect(),
            )],
        }
    }

    /// A bundle over `artifact`, with this fault if there is one.
    ///
    /// # Panics
    ///
    /// When a part cannot be made.
    pub fn bundle(&self, artifact: &[u8], fault: Option<SignedFault>) -> Bundle {
        let signing = key(KeyType::EcdsaP256);
        let certificate = self.certificate(&signing, fault);
        let digest = HashAlgorithm::Sha256.digest(artifact);
        let signature = signing.sign_digest(&digest).expect("the key signs");

        let logged = match fault {
            Some(SignedFault::EntryOfAnotherCertificate) => self.certificate(&signing, None),
            _ => certificate.clone(),
        };
        let proposal = Proposal {
            digest,
            signature: signature.clone(),
            verifier: Verifier::Certificate(Box::new(logged)),
            algorithm: signing.algorithm(),
        };
        let body = proposal.check().expect("the proposal holds").into_body();
        Bundle {
            version: Version::V0_3,
            key_material: KeyMaterial::Certificate {
                leaf: certificate,
                chain: Vec::new(),
            },
            timestamps: vec![self.timestamp(&signature, fault)],
            content: Content::Message(MessageSignature {
                digest: Some(digest),
                signature,
            }),
            entries: vec![self.entry(body, fault)],
        }
    }

    fn certificate(&self, key: &PrivateKey, fault: Option<SignedFault>) -> Certificate {
        let identity = Identity {
            name: SubjectAlternativeName::Email(IDENTITY.into()),
            issuer: ISSUER.into(),
            subject: Some("subject".into()),
        };
        let leaf = CodeSigningLeaf {
            public_key: key.public_key(),
            identity: &identity,
            claims: &self.claims,
            serial: serial(),
            validity: Validity {
                not_before: self.now,
                not_after: self.now.plus_seconds(600),
            },
        };
        let precertificate = self
            .issuing
            .precertificate(&leaf)
            .expect("a precertificate can be made");
        let mut scts = vec![self.promise(&precertificate, fault)];
        match fault {
            Some(SignedFault::NoSct) => scts.clear(),
            Some(SignedFault::SctSignature) => flip_last_bit(&mut scts[0].signature),
            _ => {}
        }
        let list = sct::list(&scts).expect("the list is short");
        self.issuing
            .code_signing_leaf(&leaf, &list)
            .expect("a leaf can be made")
    }

    fn promise(
        &self,
        precertificate: &Certificate,
        fault: Option<SignedFault>,
    ) -> SignedCertificateTimestamp {
        let stranger = key(KeyType::EcdsaP256);
        let log = match fault {
            Some(SignedFault::SctOfAnotherLog) => &stranger,
            _ => &self.ct_log,
        };
        let issuer = self.issuing.certificate.public_key();
        let entry = sct::precertificate_entry(precertificate, issuer).expect("an entry is made");
        let (timestamp, extensions) = (self.now.milliseconds(), vec![0, 0, 5, 0, 0, 0, 0, 1]);
        let signed = sct::signed_bytes(timestamp, &entry, &extensions).expect("it is short");
        SignedCertificateTimestamp {
            log_id: log.public_key().sha256_of_spki(),
            timestamp,
            extensions,
            algorithm: [4, 3],
            signature: log.sign(&signed).expect("the log signs"),
        }
    }

    fn timestamp(&self, signature: &[u8], fault: Option<SignedFault>) -> Vec<u8> {
        let late = match fault {
            Some(SignedFault::TimestampAfterExpiry) => 660,
            _ => 1,
        };
        let request = TimestampRequest {
            digest: HashAlgorithm::Sha256.digest(signature),
            policy: None,
            nonce: None,
            certificate: true,
        };
        let details = TimestampDetails {
            time: self.now.plus_seconds(late),
            serial: serial(),
        };
        self.stamping
            .respond(&request, details)
            .expect("the authority stamps")
    }

    /// The second entry of the log, after an entry of the log's own.
    fn entry(&self, body: Vec<u8>, fault: Option<SignedFault>) -> LogEntry {
        let origin = match fault {
            Some(SignedFault::CheckpointOfAnotherOrigin) => "other.localhost",
            _ => HOST,
        };
        let first = merkle::leaf_hash(b"the first entry");
        let root = merkle::node_hash(&first, &merkle::leaf_hash(&body));
        let checkpoint = Checkpoint::new(origin, 2, root).expect("the origin is good");
        let note = Note::new(&checkpoint.to_string()).expect("a checkpoint is a text");
        let signer = NoteSigner::ed25519(origin, Arc::clone(&self.rekor_log));
        let signature = signer.and_then(|signer| signer.sign(&note, self.now));
        let note = note.with_signature(signature.expect("the log signs"));
        LogEntry {
            log_index: 1,
            log_id: self.rekor_log_id(),
            kind: hashedrekord::KIND.into(),
            version: hashedrekord::VERSION.into(),
            integrated_time: None,
            inclusion_promise: None,
            inclusion_proof: Some(InclusionProof {
                log_index: 1,
                root_hash: root,
                tree_size: 2,
                hashes: vec![first],
                checkpoint: note.to_string(),
            }),
            canonicalized_body: body,
        }
    }

    fn rekor_log_id(&self) -> Vec<u8> {
        let key = self.rekor_log.public_key().bits();
        waxwing_crypto::sha256_of_parts(&[HOST.as_bytes(), b"\n", &[1], key]).to_vec()
    }
}

/// The last byte of an ECDSA signature is in its second number: one bit changes the number and not
/// the DER around it.
fn flip_last_bit(signature: &mut [u8]) {
    *signature.last_mut().expect("a signature has bytes") ^= 1;
}
