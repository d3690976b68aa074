//! The services whose keys sign the vectors, all at one fixed time.

use std::sync::Arc;

use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, Random as _, SystemRandom};
use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_model::trusted_root::{self, CertificateAuthority, TransparencyLog, TrustedRoot};
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::timestamp::{TimestampAuthority, TimestampDetails, TimestampRequest};
use waxwing_pki::{Certificate, DistinguishedName};

use super::profile::Profile;

/// Who signs.
pub(crate) const IDENTITY: &str = "someone@virtual.example";

/// Who vouches for them.
pub(crate) const ISSUER: &str = "https://issuer.virtual.example";

/// What is signed.
pub(crate) const ARTIFACT: &[u8] = b"an artifact\n";

/// What is not.
pub(crate) const OTHER_ARTIFACT: &[u8] = b"another artifact\n";

/// The signers' certificates are valid from now on, for ten minutes.
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

/// Reads a time of a test.
///
/// # Panics
///
/// When the text is no time.
pub(crate) fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).expect("the test writes times rightly")
}

/// [`NOW`] and so many seconds.
pub(crate) fn now(seconds: i64) -> UnixTime {
    at(NOW).plus_seconds(seconds)
}

/// Years that begin before every signature and end when nobody runs these tests any more.
pub(crate) fn ages() -> Validity {
    Validity {
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2046-06-01T00:00:00Z"),
    }
}

/// When the trusted root trusts a service, unless a fault says otherwise.
pub(crate) fn open_window() -> Window {
    Window {
        start: ages().not_before,
        end: None,
    }
}

pub(super) fn key(kind: KeyType) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(kind).expect("a key can be made"))
}

fn owned_key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).expect("a key can be made")
}

pub(super) fn serial() -> SerialNumber {
    let mut bytes = [0; 20];
    SystemRandom.fill(&mut bytes);
    SerialNumber::new(bytes)
}

pub(super) fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName {
        organization: "virtual.example".into(),
        common_name: common_name.into(),
    }
}

/// A transparency log of any kind.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// Its address.
    pub(crate) base_url: String,
    /// Its key.
    pub(crate) key: Arc<PrivateKey>,
    /// By what entries and SCTs name it.
    pub(crate) id: Vec<u8>,
}

impl Log {
    fn new(host: &str, kind: KeyType) -> Self {
        let key = key(kind);
        Self {
            base_url: format!("https://{host}"),
            id: key.public_key().sha256_of_spki().to_vec(),
            key,
        }
    }

    fn rekor_v2(host: &str) -> Self {
        let log = Self::new(host, KeyType::Ed25519);
        let bits = log.key.public_key().bits();
        let id = waxwing_crypto::sha256_of_parts(&[host.as_bytes(), b"\n", &[1], bits]);
        Self {
            id: id.to_vec(),
            ..log
        }
    }

    /// The origin of its checkpoints.
    pub(crate) fn host(&self) -> &str {
        self.base_url.trim_start_matches("https://")
    }

    /// As a trusted root has it.
    pub(crate) fn trusted(&self) -> TransparencyLog {
        TransparencyLog {
            base_url: self.base_url.clone(),
            public_key: self.key.public_key().clone(),
            algorithm: self.key.algorithm(),
            valid_for: open_window(),
            log_id: self.id.clone(),
            checkpoint_key_id: None,
            operator: String::new(),
        }
    }
}

/// A timestamp authority.
#[derive(Debug)]
pub(crate) struct Stamper {
    authority: TimestampAuthority,
    uri: String,
}

impl Stamper {
    /// The usual one, under this host.
    pub(crate) fn new(host: &str) -> Self {
        Self::with(host, &Profile::timestamping())
    }

    /// One whose root is as usual and whose own certificate is as `profile` says.
    pub(crate) fn with(host: &str, profile: &Profile) -> Self {
        let root = Authority::root(
            owned_key(KeyType::EcdsaP384),
            &name(&format!("{host} root")),
            serial(),
            ages(),
        );
        let root = root.expect("a root can be made");
        let key = owned_key(KeyType::EcdsaP256);
        let certificate = profile.certify(&root, key.public_key());
        let leaf = Authority { certificate, key };
        Self {
            authority: TimestampAuthority::new(leaf, vec![root.certificate]),
            uri: format!("https://{host}/api/v1/timestamp"),
        }
    }

    /// As a trusted root has it.
    pub(crate) fn trusted(&self) -> CertificateAuthority {
        CertificateAuthority {
            subject: name("tsa"),
            uri: self.uri.clone(),
            certificates: self.authority.certificates().cloned().collect(),
            valid_for: open_window(),
            operator: String::new(),
        }
    }

    /// A timestamp over these bytes.
    pub(crate) fn stamp(&self, bytes: &[u8], time: UnixTime) -> Vec<u8> {
        let request = TimestampRequest {
            digest: HashAlgorithm::Sha256.digest(bytes),
            policy: None,
            nonce: None,
            certificate: true,
        };
        let details = TimestampDetails {
            time,
            serial: serial(),
        };
        let stamp = self.authority.respond(&request, details);
        stamp.expect("the authority stamps")
    }
}

/// Every service twice: the trusted one, and another that a fault may use.
#[derive(Debug)]
pub struct Kit {
    /// The anchor of the certificate authority.
    pub(crate) root: Authority,
    /// What issues the signers' certificates.
    pub(crate) issuing: Arc<Authority>,
    /// The trusted authority for timestamps, and another.
    pub(crate) stampers: [Stamper; 2],
    /// The trusted CT log, and another.
    pub(crate) ct_logs: [Log; 2],
    /// The trusted log of Rekor v1, and another.
    pub(crate) rekor_v1: [Log; 2],
    /// The trusted log of Rekor v2, and another.
    pub(crate) rekor_v2: [Log; 2],
}

impl Default for Kit {
    fn default() -> Self {
        Self::new()
    }
}

impl Kit {
    /// Fresh keys for all.
    ///
    /// # Panics
    ///
    /// When a key or certificate cannot be made.
    pub fn new() -> Self {
        let root = root_authority("root", ages());
        let issuing = root.intermediate(
            owned_key(KeyType::EcdsaP256),
            &name("issuing"),
            serial(),
            ages(),
            Purpose::CodeSigning,
        );
        let p256 = KeyType::EcdsaP256;
        Self {
            root,
            issuing: Arc::new(issuing.expect("an intermediate can be made")),
            stampers: ["tsa.virtual.example", "tsa.other.example"].map(Stamper::new),
            ct_logs: ["ct.virtual.example", "ct.other.example"].map(|host| Log::new(host, p256)),
            rekor_v1: ["rekor.virtual.example", "rekor.other.example"]
                .map(|host| Log::new(host, p256)),
            rekor_v2: ["log.virtual.example", "log.other.example"].map(Log::rekor_v2),
        }
    }

    /// The trusted root under which a vector without a fault verifies.
    pub(crate) fn trusted_root(&self) -> TrustedRoot {
        TrustedRoot {
            version: trusted_root::Version::V0_1,
            passed_over: Vec::new(),
            transparency_logs: vec![self.rekor_v2[0].trusted(), self.rekor_v1[0].trusted()],
            certificate_authorities: vec![authority(vec![
                self.issuing.certificate.clone(),
                self.root.certificate.clone(),
            ])],
            ct_logs: vec![self.ct_logs[0].trusted()],
            timestamp_authorities: vec![self.stampers[0].trusted()],
        }
    }
}

/// A certificate authority as a trusted root has it, leaf-most first.
pub(crate) fn authority(certificates: Vec<Certificate>) -> CertificateAuthority {
    CertificateAuthority {
        subject: name("ca"),
        uri: "https://ca.virtual.example".into(),
        certificates,
        valid_for: open_window(),
        operator: String::new(),
    }
}

/// A root by itself.
pub(crate) fn root_authority(common_name: &str, validity: Validity) -> Authority {
    let key = owned_key(KeyType::EcdsaP384);
    let root = Authority::root(key, &name(common_name), serial(), validity);
    root.expect("a root can be made")
}

/// An authority below `issuer` that says what `profile` says.
pub(crate) fn authority_below(issuer: &Authority, profile: &Profile) -> Authority {
    let key = owned_key(KeyType::EcdsaP256);
    Authority {
        certificate: profile.certify(issuer, key.public_key()),
        key,
    }
}
