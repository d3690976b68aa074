//! A log under a prefix, the authorities that it knows, and certificates to submit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey, SystemRandom};
use waxwing_crypto::{Random, sha256};
use waxwing_ctlog::Service;
use waxwing_encoding::base64;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::{Format, HeadSigner, Log, MemoryDriver, Settings};
use waxwing_net::{Client, Response, Retry, Routes};
use waxwing_pki::fulcio::{Claims, Identity, SubjectAlternativeName};
use waxwing_pki::issue::{
    Authority, CertificateProfile, CodeSigningLeaf, Purpose, SerialNumber, Validity,
};
use waxwing_pki::{Certificate, DistinguishedName, ObjectIdentifier};
use waxwing_tlog::note::NoteSigner;

use crate::bytes::{Fields, children, element};

pub(crate) const LOG: &str = "http://ct.test/2026";
pub(crate) const ORIGIN: &str = "ct.test/2026";
pub(crate) const NOW: u64 = 1_764_000_000_123;

/// Shows the time that it was set to.
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn set(&self, milliseconds: u64) {
        self.0.store(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_milliseconds(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) log_key: PublicKey,
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
    pub(crate) log: Log,
    signer: PrivateKey,
}

/// A promise as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) id: Vec<u8>,
    pub(crate) timestamp: u64,
    pub(crate) extensions: Vec<u8>,
    /// Without the four bytes in front.
    pub(crate) signature: Vec<u8>,
}

impl Promise {
    /// The leaf's index, from `00 | 0005 | u40`.
    pub(crate) fn index(&self) -> u64 {
        let mut fields = Fields(&self.extensions);
        assert_eq!(fields.take(3), [0, 0, 5]);
        let index = fields.number(5);
        assert!(fields.0.is_empty());
        index
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, |service, _, _| service).await
    }

    /// A log whose engine and service were set up otherwise; the service is given its root and clock.
    pub(crate) async fn with(
        engine: impl FnOnce(&mut Settings),
        set_up: impl FnOnce(Service, &Certificate, Arc<TestClock>) -> Service,
    ) -> Self {
        let key = Arc::new(PrivateKey::generate(KeyType::EcdsaP256).unwrap());
        let clock = Arc::new(TestClock(AtomicU64::new(NOW)));
        let signer = NoteSigner::tree_head(ORIGIN, Arc::clone(&key)).unwrap();
        let mut settings = Settings::new(Format::StaticCt);
        engine(&mut settings);
        let log = Log::open(
            Arc::new(MemoryDriver::new()),
            HeadSigner::new(ORIGIN, signer).unwrap(),
            clock.clone(),
            settings,
        );
        let log = log.await.unwrap();
        let (root, issuing) = authorities();
        let log_key = key.public_key().clone();
        let roots = vec![root.certificate.clone()];
        let issuers = Arc::new(waxwing_ctlog::MemoryIssuers::default());
        let service = Service::new(log.clone(), key, roots, issuers);
        let service = set_up(service, &root.certificate, clock.clone());
        let router = Router::new().nest("/2026", service.router());
        let routes = Routes::new().with("http://ct.test", router).unwrap();
        Self {
            client: Client::in_process(routes).with_retry(Retry::never()),
            clock,
            log_key,
            root,
            issuing,
            log,
            signer: PrivateKey::generate(KeyType::EcdsaP256).unwrap(),
        }
    }

    /// An authority below the issuing one, with this extended key usage.
    pub(crate) fn authority_below(&self, purposes: &[u8]) -> Authority {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let mut extensions = self.issuing.certificate.extensions().to_vec();
        let usage = ObjectIdentifier::new_unwrap("2.5.29.37");
        let mut purpose = extensions.iter_mut();
        let purpose = purpose.find(|extension| extension.oid == usage);
        purpose.unwrap().value = purposes.to_vec();
        let name = DistinguishedName {
            organization: "test".into(),
            common_name: "below".into(),
        };
        let profile = CertificateProfile {
            subject: &name.to_der(),
            public_key: key.public_key(),
            serial: SerialNumber::new([3; 20]),
            validity: validity(),
            extensions: &extensions,
        };
        let certificate = self.issuing.certify(&profile).unwrap();
        Authority { certificate, key }
    }

    /// A precertificate and its final certificate, never the same twice.
    pub(crate) fn pair(&self) -> (Certificate, Certificate) {
        self.pair_by(&self.issuing)
    }

    pub(crate) fn precertificate_by(&self, issuer: &Authority) -> Certificate {
        self.pair_by(issuer).0
    }

    fn pair_by(&self, issuer: &Authority) -> (Certificate, Certificate) {
        let identity = Identity {
            name: SubjectAlternativeName::Email("alice@example.com".into()),
            issuer: "http://issuer.test".into(),
            subject: None,
        };
        let mut serial = [0; 20];
        SystemRandom.fill(&mut serial);
        let leaf = CodeSigningLeaf {
            public_key: self.signer.public_key(),
            identity: &identity,
            claims: Claims::NONE,
            serial: SerialNumber::new(serial),
            validity: validity(),
        };
        let precertificate = issuer.precertificate(&leaf).unwrap();
        (
            precertificate,
            issuer.code_signing_leaf(&leaf, &[0, 0]).unwrap(),
        )
    }

    pub(crate) fn precertificate(&self) -> Certificate {
        self.pair().0
    }

    /// The certificates from `leaf` to the root.
    pub(crate) fn chain(&self, leaf: &Certificate) -> Vec<Certificate> {
        let (issuing, root) = (&self.issuing.certificate, &self.root.certificate);
        vec![leaf.clone(), issuing.clone(), root.clone()]
    }

    pub(crate) async fn submit(&self, route: &str, chain: &[Certificate]) -> Response {
        let chain: Vec<String> = chain
            .iter()
            .map(|link| base64::encode(link.der()))
            .collect();
        let url = format!("{LOG}/ct/v1/{route}");
        let body = json!({ "chain": chain });
        self.client.post_json(url, &body).await.unwrap()
    }

    /// Submits what must be taken.
    pub(crate) async fn promise(&self, route: &str, chain: &[Certificate]) -> Promise {
        let answer = self.submit(route, chain).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        let answer: Value = answer.json().unwrap();
        assert_eq!(answer["sct_version"], 0);
        let field = |name: &str| base64::decode(answer[name].as_str().unwrap()).unwrap();
        let signature = field("signature");
        let mut fields = Fields(&signature);
        assert_eq!(fields.take(2), [4, 3], "SHA-256 and ECDSA");
        let signature = fields.vector(2).to_vec();
        assert!(fields.0.is_empty());
        Promise {
            id: field("id"),
            timestamp: answer["timestamp"].as_u64().unwrap(),
            extensions: field("extensions"),
            signature,
        }
    }

    /// Submits a precertificate with its whole chain.
    pub(crate) async fn add(&self, precertificate: &Certificate) -> Promise {
        let chain = self.chain(precertificate);
        self.promise("add-pre-chain", &chain).await
    }

    /// An answer, whatever its status.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{LOG}/{path}")).await.unwrap()
    }

    /// Refused with this status, its words, and on the next line a reason that begins so.
    pub(crate) async fn refuses(&self, path: &str, status: u16, words: &str, reason: &str) {
        let answer = self.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
        let expected = format!("{words}\n{reason}");
        assert!(
            answer.text().starts_with(&expected),
            "{path}: {}",
            answer.text()
        );
        let content_type = answer.header("content-type");
        assert_eq!(content_type, Some("text/plain; charset=utf-8"), "{path}");
    }

    /// A file of the log's public side.
    pub(crate) async fn read(&self, path: &str) -> Response {
        let answer = self.client.get(format!("{LOG}/{path}")).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        answer
    }

    /// Type and content of a precertificate's entry, made from its bytes by hand.
    pub(crate) fn precertificate_entry(&self, precertificate: &Certificate) -> Vec<u8> {
        let issuer = sha256(self.issuing.certificate.public_key().spki_der());
        let tbs = without_last_extension(precertificate);
        [&[0, 1], &issuer[..], &crate::bytes::vector(3, &tbs)].concat()
    }
}

/// The signed part of a certificate without its last extension.
fn without_last_extension(certificate: &Certificate) -> Vec<u8> {
    let mut fields = children(children(certificate.der())[0]);
    let mut extensions = children(children(fields.pop().unwrap())[0]);
    extensions.pop();
    let extensions = element(0xa3, &[&element(0x30, &extensions)]);
    fields.push(&extensions);
    element(0x30, &fields)
}

pub(crate) fn authorities() -> (Authority, Authority) {
    let name = |common_name: &str| DistinguishedName {
        organization: "test".into(),
        common_name: common_name.into(),
    };
    let key = || PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let serial = |number| SerialNumber::new([number; 20]);
    let root = Authority::root(key(), &name("root"), serial(1), validity()).unwrap();
    let purpose = Purpose::CodeSigning;
    let issuing = root.intermediate(key(), &name("issuing"), serial(2), validity(), purpose);
    (root, issuing.unwrap())
}

fn validity() -> Validity {
    let time = |milliseconds| UnixTime::from_milliseconds(milliseconds).unwrap();
    Validity {
        not_before: time(NOW - 123),
        not_after: time(NOW + 600_000 - 123),
    }
}
