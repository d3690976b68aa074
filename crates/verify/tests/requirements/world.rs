//! Public bundles with their trusted roots and policies.
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use serde_json::Value;
use waxwing_crypto::PublicKey;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verified, Verifier, VerifyError};

/// A certificate, a promise and a proof of Rekor v1, no timestamp.
pub(crate) const REKOR_V1: &str = "happy-path-v0.3";
/// A certificate, a timestamp, a proof of Rekor v2.
pub(crate) const REKOR_V2: &str = "rekor2-happy-path";
/// A statement with a timestamp beside the promise.
pub(crate) const BOTH_TIMES: &str = "intoto-with-custom-trust-root";
/// A key.
pub(crate) const KEY: &str = "managed-key-happy-path";
/// Of version 0.1.
pub(crate) const V0_1: &str = "happy-path-v0.1";

pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";
pub(crate) const NAME: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

/// A bundle and what verifies it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) json: Value,
    pub(crate) bundle: Bundle,
    pub(crate) root: TrustedRoot,
    pub(crate) key: Option<PublicKey>,
    pub(crate) policy: Policy,
    pub(crate) artifact: Vec<u8>,
}

/// `None` where there is no conformance data and none is demanded.
pub(crate) fn world(name: &str) -> Option<World> {
    let folder = match std::env::var("WAXWING_CONFORMANCE") {
        Ok(folder) => std::path::PathBuf::from(folder),
        Err(_) if std::env::var("CI").is_ok() => {
            panic!("WAXWING_CONFORMANCE does not name the conformance cases")
        }
        Err(_) => {
            println!("skipped: WAXWING_CONFORMANCE does not name the conformance cases");
            return None;
        }
    };
    let cases = std::fs::read(folder.join("cases.json")).unwrap();
    let cases: Value = serde_json::from_slice(&cases).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["name"] == name).unwrap();
    let field = |field: &str| case[field].as_str().unwrap();
    let read = |name: &str| std::fs::read(folder.join(field(name))).unwrap();
    let json = read("bundle");
    let key = case["key"].as_str().map(|_| {
        let pem = String::from_utf8(read("key")).unwrap();
        PublicKey::from_pem(&pem).unwrap()
    });
    let policy = match &key {
        Some(key) => Policy::key(key.clone()),
        None => {
            let issuer = field("certificate_oidc_issuer");
            let identity = Identity::exactly(issuer, field("certificate_identity"));
            Policy::identity(identity.unwrap())
        }
    };
    Some(World {
        json: serde_json::from_slice(&json).unwrap(),
        bundle: Bundle::from_json(&json).unwrap(),
        root: TrustedRoot::from_json(&read("offline_trusted_root")).unwrap(),
        key,
        policy,
        artifact: read("artifact"),
    })
}

impl World {
    pub(crate) fn verifier(&self, requirements: Requirements) -> Verifier {
        Verifier::new(self.root.clone(), requirements).unwrap()
    }

    pub(crate) fn verify(&self, requirements: Requirements) -> Result<Verified, VerifyError> {
        let artifact = Artifact::Bytes(&self.artifact);
        let verifier = self.verifier(requirements);
        verifier.verify(&self.bundle, artifact, &self.policy)
    }

    pub(crate) fn usual(&self) -> Result<Verified, VerifyError> {
        self.verify(Requirements::public_good())
    }

    /// The same under another policy.
    pub(crate) fn under(&self, policy: Policy) -> Result<Verified, VerifyError> {
        Self {
            policy,
            ..self.clone()
        }
        .usual()
    }

    /// The same with other bytes of the bundle.
    pub(crate) fn with_json(&self, change: impl FnOnce(&mut Value)) -> Self {
        let mut world = self.clone();
        change(&mut world.json);
        world.bundle = Bundle::from_json(world.json.to_string().as_bytes()).unwrap();
        world
    }
}
