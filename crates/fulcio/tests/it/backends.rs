//! Where the issuing key lives, and what is issued with and without a CT log.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, SystemRandom};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_fulcio::algorithms::ClientAlgorithms;
use waxwing_fulcio::authority::{
    Backend, FileAuthority, FileError, FileSettings, Issuer, LocalIssuer, Signing, ephemeral,
};
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::AuthorityRefused;
use waxwing_pki::issue::{Authority, CodeSigningLeaf};
use waxwing_pki::sct;
use zeroize::Zeroizing;

use crate::ct_log::{Behaviour, TIMESTAMP};
use crate::world::{NOW, Setup, World, authorities, chain};

fn now() -> UnixTime {
    UnixTime::from_seconds(NOW).unwrap()
}

/// A service that makes certificates whole.
#[derive(Debug)]
struct Whole(Arc<LocalIssuer>);

impl Backend for Whole {
    fn issuer(&self) -> Arc<dyn Issuer> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

impl Issuer for Whole {
    fn chain(&self) -> &[Certificate] {
        self.0.chain()
    }

    fn embeds(&self) -> bool {
        false
    }

    fn precertificate<'a>(&'a self, _: &'a CodeSigningLeaf<'a>) -> Signing<'a> {
        panic!("nobody asks for one")
    }

    fn certificate<'a>(
        &'a self,
        leaf: &'a CodeSigningLeaf<'a>,
        sct_list: Option<&'a [u8]>,
    ) -> Signing<'a> {
        assert!(sct_list.is_none());
        self.0.certificate(leaf, None)
    }
}

pub(crate) fn whole() -> Setup {
    let (root, issuing) = authorities();
    let issuer = LocalIssuer::new(issuing, vec![root.certificate]);
    Setup {
        backend: Some(Arc::new(Whole(Arc::new(issuer)))),
        ..Setup::default()
    }
}

fn is_promised(leaf: &Certificate) -> bool {
    leaf.extensions()
        .iter()
        .any(|extension| extension.oid.to_string() == "1.3.6.1.4.1.11129.2.4.2")
}

#[tokio::test]
async fn a_backend_that_cannot_embed_gets_its_promise_beside_the_certificate() {
    let world = World::with(whole());
    let answer = world.ask(&world.with_token(&world.token())).await;
    let body: Value = answer.json().unwrap();
    let detached = &body["signedCertificateDetachedSct"];
    let leaf = detached["chain"]["certificates"][0].as_str().unwrap();
    let leaf = Certificate::from_pem(leaf).unwrap();
    assert!(!is_promised(&leaf));
    let promise = detached["signedCertificateTimestamp"].as_str().unwrap();
    let promise: Value = serde_json::from_slice(&base64::decode(promise).unwrap()).unwrap();
    assert_eq!(promise["sct_version"], 0);
    assert_eq!(promise["timestamp"], TIMESTAMP);
    assert_eq!(promise["extensions"], "AAAFAAAAAHA=");
    let id = base64::encode(&world.ct_log.public_key().sha256_of_spki());
    assert_eq!(promise["id"], id);
    // It was the leaf itself that was logged.
    let submitted = world.ct_log.submitted();
    assert_eq!(submitted[0][0], leaf);
    assert!(!sct::is_precertificate(&submitted[0][0]));

    let key = json!({
        "publicKey": {"content": base64::encode(world.key.public_key().spki_der())},
        "signedEmailAddress": base64::encode(&world.key.sign(crate::world::EMAIL.as_bytes()).unwrap()),
    });
    let url = "http://fulcio.test/api/v1/signingCert";
    let request = waxwing_net::Request::post_json(url, &key).bearer(&world.token());
    let answer = world.send(request).await;
    assert_eq!(answer.status.as_u16(), 201);
    let header = base64::decode(answer.header("sct").unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["id"], id);

    // A promise about another certificate is no better here.
    world.ct_log.behave(Behaviour::OtherCertificate);
    let answer = world.ask(&world.with_token(&world.token())).await;
    let body: Value = answer.json().unwrap();
    assert_eq!(body["message"], "Error entering certificate in CTL");
}

#[tokio::test]
async fn without_a_ct_log_the_answer_is_detached_and_empty() {
    for embeds in [true, false] {
        let setup = match embeds {
            true => Setup::default(),
            false => whole(),
        };
        let world = World::with(Setup {
            logged: false,
            ..setup
        });
        let answer = world.ask(&world.with_token(&world.token())).await;
        let body: Value = answer.json().unwrap();
        let detached = &body["signedCertificateDetachedSct"];
        assert_eq!(detached["signedCertificateTimestamp"], "");
        let leaf = detached["chain"]["certificates"][0].as_str().unwrap();
        assert!(!is_promised(&Certificate::from_pem(leaf).unwrap()));
        assert!(world.ct_log.submitted().is_empty());
    }
}

#[tokio::test]
async fn an_ephemeral_authority_issues_by_itself() {
    let backend = ephemeral(now(), &SystemRandom).unwrap();
    let root = backend.issuer().chain()[0].clone();
    assert_eq!(
        waxwing_pki::fulcio::check_authority(std::slice::from_ref(&root), root.public_key(), now()),
        Ok(())
    );
    let world = World::with(Setup {
        backend: Some(Arc::new(backend)),
        ..Setup::default()
    });
    let answer = world.ask(&world.with_token(&world.token())).await;
    let chain = chain(&answer);
    assert_eq!(chain[1..], *std::slice::from_ref(&root));
    chain[0].verify_signature(root.public_key()).unwrap();
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(issuing: &Authority, above: &[&Certificate]) -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.write(issuing, above);
        files
    }

    fn write(&self, issuing: &Authority, above: &[&Certificate]) {
        let mut chain = issuing.certificate.to_pem();
        above.iter().for_each(|one| chain.push_str(&one.to_pem()));
        self.put("chain.pem", &chain);
        self.put("key.pem", &issuing.key.to_pem().unwrap());
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self, password: Option<&str>) -> FileSettings {
        FileSettings {
            chain: self.path("chain.pem"),
            key: self.path("key.pem"),
            password: password.map(|word| Zeroizing::new(word.to_owned())),
        }
    }

    fn refusal(&self, at: UnixTime) -> AuthorityRefused {
        match FileAuthority::open(self.settings(None), at) {
            Err(FileError::Authority { source, .. }) => source,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn files_are_taken_anew_only_when_everything_holds() {
    let (root, issuing) = authorities();
    let files = Files::new(&issuing, &[&root.certificate]);
    let authority = FileAuthority::open(files.settings(None), now()).unwrap();
    let held = authority.issuer();
    assert_eq!(
        held.chain(),
        [issuing.certificate.clone(), root.certificate]
    );
    assert!(!authority.reload(now()).unwrap(), "nothing changed");

    let (next_root, next) = authorities();
    // A chain whose key has not come yet.
    files.put(
        "chain.pem",
        &(next.certificate.to_pem() + &next_root.certificate.to_pem()),
    );
    assert!(matches!(
        authority.reload(now()),
        Err(FileError::Authority {
            source: AuthorityRefused::OtherKey { .. },
            ..
        })
    ));
    assert_eq!(
        authority.issuer().chain(),
        held.chain(),
        "all stays as it was"
    );
    files.put("key.pem", &next.key.to_pem().unwrap());
    assert!(authority.reload(now()).unwrap());
    assert_eq!(authority.issuer().chain()[0], next.certificate);
    // Who began with the old one ends with it.
    assert_eq!(held.chain()[0], issuing.certificate);
    std::fs::remove_file(files.path("key.pem")).unwrap();
    assert!(matches!(
        authority.reload(now()),
        Err(FileError::Read { .. })
    ));
    assert_eq!(authority.issuer().chain()[0], next.certificate);
}

#[test]
fn files_that_cannot_issue_are_refused_by_cause() {
    let (root, issuing) = authorities();
    let files = Files::new(&issuing, &[&root.certificate]);
    assert!(FileAuthority::open(files.settings(None), now()).is_ok());

    let later = now().plus_seconds(2_000_000);
    assert!(matches!(
        files.refusal(later),
        AuthorityRefused::Time { position: 0, .. }
    ));
    let (other_root, _) = authorities();
    files.write(&issuing, &[&other_root.certificate]);
    assert_eq!(
        files.refusal(now()),
        AuthorityRefused::Signature { position: 0 }
    );
    files.put(
        "chain.pem",
        &(root.certificate.to_pem() + &issuing.certificate.to_pem()),
    );
    assert!(matches!(
        files.refusal(now()),
        AuthorityRefused::OtherKey { .. }
    ));

    files.put("chain.pem", "no certificates");
    let refused = FileAuthority::open(files.settings(None), now()).unwrap_err();
    assert!(matches!(refused, FileError::Pem { .. }), "{refused}");
    files.put("chain.pem", &issuing.key.to_pem().unwrap());
    let refused = FileAuthority::open(files.settings(None), now()).unwrap_err();
    assert!(matches!(refused, FileError::Label { .. }), "{refused}");
    files.put("chain.pem", &"x".repeat(300 * 1024));
    let refused = FileAuthority::open(files.settings(None), now()).unwrap_err();
    assert!(matches!(refused, FileError::NotText { .. }), "{refused}");
}

#[test]
fn an_encrypted_key_is_opened_by_its_password_alone() {
    let (root, issuing) = authorities();
    let files = Files::new(&issuing, &[&root.certificate]);
    let Some(encrypted) = encrypted(&files.path("key.pem")) else {
        return;
    };
    files.put("key.pem", &encrypted);
    assert!(FileAuthority::open(files.settings(Some("word")), now()).is_ok());
    let wrong = FileAuthority::open(files.settings(Some("other")), now()).unwrap_err();
    assert!(matches!(wrong, FileError::Key { .. }), "{wrong}");
    assert!(
        wrong
            .to_string()
            .ends_with("the password does not open the encrypted private key")
    );
    let missing = FileAuthority::open(files.settings(None), now()).unwrap_err();
    assert!(matches!(missing, FileError::NoPassword { .. }), "{missing}");
    assert!(!format!("{:?}", files.settings(Some("word"))).contains("word"));
}

/// The key as OpenSSL encrypts it; `None` where there is no OpenSSL.
fn encrypted(key: &Path) -> Option<String> {
    let output = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", "2048"])
        .args(["-passout", "pass:word", "-in"])
        .arg(key)
        .output()
        .ok()?;
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn only_listed_keys_get_a_certificate() {
    let world = World::with(Setup {
        algorithms: ClientAlgorithms::parse("ed25519").unwrap(),
        ..Setup::default()
    });
    let request = world.with_token(&world.token());
    let message = "signing algorithm not permitted: *ecdsa.PublicKey, SHA-256";
    world.refuses(&request, message, "KEY_NOT_PERMITTED").await;
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let mut request = crate::world::proved(&key, crate::world::EMAIL);
    request["credentials"] = json!({"oidcIdentityToken": world.token()});
    world.accepts(&request).await;
}
