//! A Fulcio between an issuer and a CT log, and the requests that it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, SystemRandom};
use waxwing_encoding::base64;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_fulcio::Service;
use waxwing_fulcio::algorithms::ClientAlgorithms;
use waxwing_fulcio::authority::{self, Backend, CertificateAuthority, Fixed, LocalIssuer};
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::rules::Rules;
use waxwing_fulcio::token::TokenVerifier;
use waxwing_net::{Client, Request, Response, Retry, Routes};
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};
use waxwing_serve::refuse_unknown_paths;

use crate::ct_log::{CT_LOG, CtLog};
use crate::issuer::{ISSUER, Issuer, TokenKey};

pub(crate) const FULCIO: &str = "http://fulcio.test";
pub(crate) const SIGNING: &str = "http://fulcio.test/api/v2/signingCert";

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const SUBJECT: &str = "CgVhbGljZQ";

/// The present time. The clock adds a fraction, which no certificate can hold.
pub(crate) const NOW: i64 = 1_764_000_000;

/// The sentences that clients know.
pub(crate) const BAD_TOKEN: &str = "There was an error processing the identity token";
pub(crate) const BAD_KEY: &str = "The public key supplied in the request could not be parsed";
pub(crate) const BAD_PROOF: &str = "The signature supplied in the request could not be verified";
pub(crate) const BAD_REQUEST: &str = "The certificate signing request could not be parsed";

/// Stands still until it is moved.
#[derive(Default)]
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        let passed = self.0.load(Ordering::Relaxed);
        UnixTime::from_milliseconds((NOW as u64 + passed) * 1000 + 789).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) router: Router,
    pub(crate) issuer: Issuer,
    /// The key that the issuer publishes.
    pub(crate) token_key: TokenKey,
    pub(crate) ct_log: CtLog,
    pub(crate) issuing: Certificate,
    pub(crate) root: Certificate,
    /// The key that certificates are asked for.
    pub(crate) key: PrivateKey,
    clock: Arc<TestClock>,
}

/// What a test may want otherwise.
pub(crate) struct Setup {
    pub(crate) configuration: Configuration,
    pub(crate) rules: Rules,
    pub(crate) algorithms: ClientAlgorithms,
    /// In the place of the two authorities of the world.
    pub(crate) backend: Option<Arc<dyn Backend>>,
    pub(crate) logged: bool,
    /// Whether the CT log's key is known.
    pub(crate) verified: bool,
    pub(crate) other_chains: Vec<Vec<Certificate>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            configuration: Configuration::for_email(ISSUER, "sigstore"),
            rules: Rules::default(),
            algorithms: ClientAlgorithms::default(),
            backend: None,
            logged: true,
            verified: true,
            other_chains: Vec::new(),
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let token_key = TokenKey::new("first", KeyType::EcdsaP256);
        let issuer = Issuer::new(&token_key);
        let ct_log = CtLog::new();
        let asked = Routes::new()
            .with("http://issuer.test", issuer.router())
            .and_then(|routes| routes.with("http://ct.test", ct_log.router()));
        let asked = Client::in_process(asked.unwrap()).with_retry(Retry::never());
        let tokens = TokenVerifier::new(asked.clone(), setup.configuration).unwrap();
        let tokens = tokens.with_rules(setup.rules);
        let (root, issuing) = authorities();
        let certificates = (root.certificate.clone(), issuing.certificate.clone());
        let promised = match setup.verified {
            true => authority::CtLog::new(CT_LOG, ct_log.public_key().clone()),
            false => authority::CtLog::dangerously_unverified(CT_LOG),
        };
        let random = Arc::new(SystemRandom);
        let backend = setup.backend.unwrap_or_else(|| {
            Arc::new(Fixed::new(LocalIssuer::new(
                issuing,
                vec![root.certificate],
            )))
        });
        let log = setup.logged.then_some(promised);
        let authority = CertificateAuthority::with_backend(backend, log, asked, random);
        let authority = authority.with_other_chains(setup.other_chains);
        let clock = Arc::<TestClock>::default();
        let algorithms = setup.algorithms;
        let service = Service::with_algorithms(tokens, authority, algorithms, clock.clone());
        let router = refuse_unknown_paths(service.router());
        let routes = Routes::new().with(FULCIO, router.clone()).unwrap();
        Self {
            client: Client::in_process(routes).with_retry(Retry::never()),
            router,
            issuer,
            token_key,
            ct_log,
            issuing: certificates.1,
            root: certificates.0,
            key: PrivateKey::generate(KeyType::EcdsaP256).unwrap(),
            clock,
        }
    }

    /// Moves the clock to so many seconds after [`NOW`].
    pub(crate) fn after(&self, seconds: u64) {
        self.clock.0.store(seconds, Ordering::Relaxed);
    }

    /// A good token.
    pub(crate) fn token(&self) -> String {
        self.token_key.token(&claims())
    }

    /// A good request, but for whatever is wrong with this token.
    pub(crate) fn with_token(&self, token: &str) -> Value {
        let mut request = self.without_token();
        request["credentials"] = json!({"oidcIdentityToken": token});
        request
    }

    /// A good request that lacks its token.
    pub(crate) fn without_token(&self) -> Value {
        proved(&self.key, EMAIL)
    }

    pub(crate) async fn ask(&self, body: &Value) -> Response {
        self.send(Request::post_json(SIGNING, body)).await
    }

    pub(crate) async fn send(&self, request: Request) -> Response {
        self.client.send(request).await.unwrap()
    }

    /// The certificates of the answer: the leaf, the issuing authority, the root.
    pub(crate) async fn accepts(&self, body: &Value) -> Vec<Certificate> {
        chain(&self.ask(body).await)
    }

    /// Checks the whole answer, and that nothing was submitted to the CT log.
    pub(crate) async fn refuses(&self, body: &Value, message: &str, reason: &str) {
        let before = self.ct_log.submitted().len();
        let answer = self.ask(body).await;
        check_refusal(&answer, message, reason);
        assert_eq!(
            self.ct_log.submitted().len(),
            before,
            "something was issued"
        );
    }
}

/// The claims of a good token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": "sigstore", "exp": NOW + 60, "iat": NOW,
        "email": EMAIL, "email_verified": true,
    })
}

/// A key and the proof that its holder goes by `name`.
pub(crate) fn proved(key: &PrivateKey, name: &str) -> Value {
    let proof = base64::encode(&key.sign(name.as_bytes()).unwrap());
    json!({"publicKeyRequest": {
        "publicKey": {"algorithm": "ECDSA", "content": key.public_key().to_pem()},
        "proofOfPossession": proof,
    }})
}

/// The certificates of a good answer.
pub(crate) fn chain(answer: &Response) -> Vec<Certificate> {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let body: Value = answer.json().unwrap();
    let chain = &body["signedCertificateEmbeddedSct"]["chain"]["certificates"];
    let chain = chain.as_array().unwrap().iter();
    chain
        .map(|pem| Certificate::from_pem(pem.as_str().unwrap()).unwrap())
        .collect()
}

/// An answer in the shape of `google.rpc.Status` with code 3, and why in `details`.
pub(crate) fn check_refusal(answer: &Response, message: &str, reason: &str) {
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body: Value = answer.json().unwrap();
    assert_eq!(body["code"], 3);
    assert_eq!(body["message"], message, "{body}");
    let [detail] = body["details"].as_array().unwrap().as_slice() else {
        panic!("one reason is expected in {body}");
    };
    assert_eq!(detail["reason"], reason, "{body}");
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
    let explanation = detail["metadata"]["explanation"].as_str().unwrap();
    assert!(!explanation.is_empty());
}

pub(crate) fn authorities() -> (Authority, Authority) {
    let name = |common_name: &str| DistinguishedName {
        organization: "test".into(),
        common_name: common_name.into(),
    };
    let time = |seconds| UnixTime::from_seconds(seconds).unwrap();
    let validity = Validity {
        not_before: time(NOW - 1000),
        not_after: time(NOW + 1_000_000),
    };
    let key = |kind| PrivateKey::generate(kind).unwrap();
    let serial = |number| SerialNumber::new([number; 20]);
    let root = Authority::root(key(KeyType::EcdsaP384), &name("root"), serial(1), validity);
    let root = root.unwrap();
    let issuing = root.intermediate(
        key(KeyType::EcdsaP256),
        &name("issuing"),
        serial(2),
        validity,
        Purpose::CodeSigning,
    );
    (root, issuing.unwrap())
}
