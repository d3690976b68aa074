//! Google Cloud KMS, as far as one key goes, and the metadata server that gives tokens for it.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64;
use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm as Algorithm};
use waxwing_encoding::base64;

use crate::world::{
    Asked, Fault, Kind, Noon, World, open, open_with, refused, shown, signs, surroundings,
};

pub(crate) const HOST: &str = "https://cloudkms.googleapis.com";
pub(crate) const REFERENCE: &str = "gcpkms://projects/p/locations/global/keyRings/r/cryptoKeys/k";
pub(crate) const KEY: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
pub(crate) const TOKEN: &str = "ya29.ExampleAccessToken";
const METADATA: &str = "http://169.254.169.254";

/// A key with the algorithm that the version is said to have.
#[derive(Clone, Copy)]
pub(crate) struct GoogleCloud(pub(crate) &'static str);

/// The version that is the newest.
pub(crate) const NEWEST: u64 = 10;

pub(crate) fn hosts(world: &Arc<World>) -> Vec<(&'static str, Router)> {
    with_algorithm(world, "EC_SIGN_P256_SHA256")
}

fn with_algorithm(world: &Arc<World>, name: &'static str) -> Vec<(&'static str, Router)> {
    vec![
        (HOST, world.router(GoogleCloud(name))),
        (METADATA, metadata()),
    ]
}

pub(crate) fn metadata() -> Router {
    let token = json!({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"});
    Router::new().fallback(move || std::future::ready(axum::Json(token.clone())))
}

fn algorithm(name: &str) -> Algorithm {
    match name {
        "EC_SIGN_P256_SHA256" => Algorithm::EcdsaP256Sha256,
        "EC_SIGN_P384_SHA384" => Algorithm::EcdsaP384Sha384,
        "EC_SIGN_ED25519" => Algorithm::Ed25519,
        "RSA_SIGN_PKCS1_2048_SHA256" => Algorithm::RsaPkcs1Sha256,
        "RSA_SIGN_PSS_2048_SHA256" => Algorithm::RsaPssSha256,
        other => panic!("{other}"),
    }
}

impl GoogleCloud {
    fn public_key(self, world: &World, name: &str, fault: Fault) -> Response {
        let pem = shown(&world.key, fault);
        let algorithm = match fault {
            Fault::Encrypts => "RSA_DECRYPT_OAEP_2048_SHA256",
            Fault::Unknown => "EC_SIGN_SECP256K1_SHA256",
            Fault::OtherKind => "EC_SIGN_P384_SHA384",
            Fault::Weak => "RSA_SIGN_PKCS1_2048_SHA256",
            _ => self.0,
        };
        let summed = match fault {
            Fault::Garbled => "something else",
            _ => &pem,
        };
        axum::Json(json!({
            "name": name, "algorithm": algorithm, "pem": pem, "protectionLevel": "SOFTWARE",
            "pemCrc32c": crc32c::crc32c(summed.as_bytes()).to_string(),
        }))
        .into_response()
    }

    fn sign(self, world: &World, name: &str, body: &Value, fault: Fault) -> Response {
        let algorithm = algorithm(self.0);
        let (field, sum) = match algorithm.hash() {
            None => (&body["data"], &body["dataCrc32c"]),
            Some(HashAlgorithm::Sha256) => (&body["digest"]["sha256"], &body["digestCrc32c"]),
            Some(HashAlgorithm::Sha384) => (&body["digest"]["sha384"], &body["digestCrc32c"]),
            Some(other) => panic!("{other:?}"),
        };
        let message = BASE64.decode(field.as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(sum, &crc32c::crc32c(&message).to_string());
        let signature = world.sign(algorithm, &message, fault);
        let name = match fault {
            Fault::OtherName => name.replace(&format!("/{NEWEST}"), "/3"),
            _ => name.to_owned(),
        };
        let summed: &[u8] = match fault {
            Fault::Garbled => b"something else",
            _ => &signature,
        };
        let mut answer = json!({
            "name": name, "signature": BASE64.encode(&signature), "protectionLevel": "SOFTWARE",
            "signatureCrc32c": crc32c::crc32c(summed).to_string(),
        });
        // What is false is left out.
        if fault != Fault::Unverified {
            let verified = match algorithm.hash() {
                None => "verifiedDataCrc32c",
                Some(_) => "verifiedDigestCrc32c",
            };
            answer[verified] = json!(true);
        }
        axum::Json(answer).into_response()
    }
}

/// What stands before the question mark and the options of clients.
fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap()
}

impl Kind for GoogleCloud {
    fn answer(self, world: &World, asked: &Asked, fault: Fault) -> Response {
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return self.refusal(401, "UNAUTHENTICATED", "who are you?");
        }
        let path = without_query(&asked.path).strip_prefix("/v1/").unwrap();
        let rest = path.strip_prefix(KEY).unwrap();
        let Some(version) = rest.strip_prefix("/cryptoKeyVersions/") else {
            assert_eq!(rest, "/cryptoKeyVersions");
            return list(asked, fault);
        };
        let state = match fault {
            Fault::Disabled => Some("DISABLED"),
            Fault::Gone => Some("DESTROYED"),
            _ => None,
        };
        if let Some(state) = state {
            let reason = format!("the version is {state}");
            return self.refusal(400, "FAILED_PRECONDITION", &reason);
        }
        let name = |number: &str| format!("{KEY}/cryptoKeyVersions/{number}");
        match (asked.method.as_str(), version.split_once(['/', ':'])) {
            ("GET", Some((number, "publicKey"))) => self.public_key(world, &name(number), fault),
            ("POST", Some((number, "asymmetricSign"))) => {
                self.sign(world, &name(number), &asked.json(), fault)
            }
            _ => self.refusal(404, "NOT_FOUND", "no such thing"),
        }
    }

    fn refusal(self, status: u16, kind: &str, reason: &str) -> Response {
        let body = json!({"error": {"code": status, "status": kind, "message": reason}});
        refused(status, &body)
    }

    fn busy(self) -> Response {
        self.refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded")
    }
}

/// Two pages, on which the newest is not the first and one is not enabled.
fn list(asked: &Asked, fault: Fault) -> Response {
    assert!(
        asked.path.contains("filter=state%3DENABLED"),
        "{}",
        asked.path
    );
    let version = |number: u64, state: &str| json!({"name": format!("{KEY}/cryptoKeyVersions/{number}"), "state": state});
    let answer = match (fault, asked.path.contains("pageToken=next%2F")) {
        (Fault::Disabled, _) => json!({}),
        (_, false) => json!({
            "cryptoKeyVersions": [version(9, "ENABLED"), version(11, "DISABLED")], "nextPageToken": "next/",
            "totalSize": 4,
        }),
        (_, true) => json!({
            "cryptoKeyVersions": [version(NEWEST, "ENABLED"), version(1, "ENABLED")], "totalSize": 4,
        }),
    };
    axum::Json(answer).into_response()
}

#[tokio::test]
async fn the_version_decides_the_algorithm() {
    for (kind, name) in [
        (KeyType::EcdsaP256, "EC_SIGN_P256_SHA256"),
        (KeyType::EcdsaP384, "EC_SIGN_P384_SHA384"),
        (KeyType::Ed25519, "EC_SIGN_ED25519"),
        (KeyType::Rsa(2048), "RSA_SIGN_PKCS1_2048_SHA256"),
        (KeyType::Rsa(2048), "RSA_SIGN_PSS_2048_SHA256"),
    ] {
        let world = World::new(kind);
        let place = surroundings(&[], &with_algorithm(&world, name), &Noon::new());
        let signer = open_with(REFERENCE, HashAlgorithm::Sha512, &place).await;
        let signer = signer.unwrap();
        assert_eq!(signer.algorithm(), algorithm(name));
        signs(&*signer, &world.key).await.unwrap();
    }
}

#[tokio::test]
async fn the_newest_version_that_is_enabled_signs_if_none_is_named() {
    let world = World::new(KeyType::EcdsaP256);
    let place = surroundings(&[], &hosts(&world), &Noon::new());
    for (reference, version, lists) in [
        (REFERENCE.to_owned(), NEWEST, 2),
        (format!("{REFERENCE}/versions/9"), 9, 0),
        (format!("{REFERENCE}/cryptoKeyVersions/1"), 1, 0),
    ] {
        let signer = open(&reference, &place).await.unwrap();
        signs(&*signer, &world.key).await.unwrap();
        let asked = world.asked();
        let paths: Vec<&str> = asked
            .iter()
            .map(|asked| without_query(&asked.path))
            .collect();
        let version = format!("/v1/{KEY}/cryptoKeyVersions/{version}");
        assert_eq!(
            paths[lists..],
            [
                format!("{version}/publicKey"),
                format!("{version}:asymmetricSign")
            ]
        );
        assert_eq!(paths.len(), lists + 2);
    }
}

#[tokio::test]
async fn a_checksum_that_is_wrong_or_was_not_looked_at_is_told() {
    let world = World::new(KeyType::EcdsaP256);
    let place = surroundings(&[], &hosts(&world), &Noon::new());
    let garbled = "answered something that its checksum does not match; expected what was sent";
    world.lie(Fault::Garbled);
    let told = open(REFERENCE, &place).await.unwrap_err().to_string();
    assert!(told.contains(garbled), "{told}");
    world.lie(Fault::None);
    let signer = open(REFERENCE, &place).await.unwrap();
    for (fault, words) in [
        (Fault::Garbled, garbled),
        (
            Fault::Unverified,
            "answered that it did not check what came by its checksum",
        ),
    ] {
        world.lie(fault);
        let told = signer.sign(b"x").await.unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        world.lie(Fault::None);
        signs(&*signer, &world.key).await.unwrap();
    }
}

/// A token is asked for once, and anew five minutes before its end; a person's requests name who pays for them.
#[tokio::test]
async fn tokens_are_kept_and_exchanged_and_a_person_names_the_project() {
    let world = World::new(KeyType::EcdsaP256);
    let person = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
        "quota_project_id": "payer",
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), person.to_string()).unwrap();
    let asked: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let tokens = Router::new().fallback(move |body: String| {
        kept.lock().unwrap().push(body);
        std::future::ready(axum::Json(
            json!({"access_token": TOKEN, "expires_in": 3600}),
        ))
    });
    let mut hosts = hosts(&world);
    hosts.push(("https://oauth2.googleapis.com", tokens));
    let variables = [(
        "GOOGLE_APPLICATION_CREDENTIALS",
        file.path().to_str().unwrap(),
    )];
    let clock = Noon::new();
    let place = surroundings(&variables, &hosts, &clock);
    let signer = open(REFERENCE, &place).await.unwrap();
    for (time, times) in [(0, 1), (3299, 1), (3300, 2), (9000, 3)] {
        clock.put(time);
        signs(&*signer, &world.key).await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), times);
    }
    let form = "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r";
    assert_eq!(asked.lock().unwrap()[0], form);
    for asked in world.asked() {
        assert_eq!(asked.header("x-goog-user-project"), "payer");
    }
}

#[tokio::test]
async fn a_service_account_signs_for_its_token() {
    let world = World::new(KeyType::EcdsaP256);
    let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
    let account = json!({
        "type": "service_account", "client_email": "robot@example.com", "private_key_id": "one",
        "private_key": *key.to_pem().unwrap(),
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), account.to_string()).unwrap();
    let public = key.public_key().clone();
    let tokens = Router::new().fallback(move |body: String| {
        let assertion = body.split_once("assertion=").unwrap().1;
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let signature = base64::decode_proto_json(signature).unwrap();
        let algorithm = Algorithm::RsaPkcs1Sha256;
        public
            .verify(algorithm, signed.as_bytes(), &signature)
            .unwrap();
        std::future::ready(axum::Json(
            json!({"access_token": TOKEN, "expires_in": 3600}),
        ))
    });
    let mut hosts = hosts(&world);
    hosts.push(("https://oauth2.googleapis.com", tokens));
    let path = file.path().to_str().unwrap();
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", path)];
    let place = surroundings(&variables, &hosts, &Noon::new());
    let signer = open(REFERENCE, &place).await.unwrap();
    signs(&*signer, &world.key).await.unwrap();
    assert!(
        world
            .asked()
            .iter()
            .all(|asked| asked.header("x-goog-user-project").is_empty())
    );

    std::fs::write(path, r#"{"type": "external_account"}"#).unwrap();
    let told = open(REFERENCE, &place).await.unwrap_err().to_string();
    let words = "are of the kind \"external_account\"; expected service_account or authorized_user";
    assert!(told.contains(words), "{told}");
}

/// Whoever refuses to give a token may say back what it was sent: the refresh token, or the assertion, which is longer
/// than what is told of any refusal.
#[tokio::test]
async fn a_refused_token_is_told_without_the_secrets() {
    let world = World::new(KeyType::EcdsaP256);
    let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
    let person = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "d-FL9Q", "refresh_token": "1//0gExample",
    });
    let account = json!({
        "type": "service_account", "client_email": "robot@example.com", "private_key": *key.to_pem().unwrap(),
    });
    for (credentials, form) in [(person, "refresh_token"), (account, "assertion")] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), credentials.to_string()).unwrap();
        let sent: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&sent);
        let tokens = Router::new().fallback(move |body: String| {
            let decoded = body.replace("%2F", "/");
            let secrets = decoded.split('&').filter_map(|pair| pair.split_once('='));
            let secrets = secrets.filter(|(name, _)| ["client_secret", form].contains(name));
            let secrets: Vec<String> = secrets.map(|(_, value)| value.to_owned()).collect();
            kept.lock().unwrap().clone_from(&secrets);
            let told = format!("invalid: {}", secrets.join(" and "));
            let body = json!({"error": "invalid_grant", "error_description": told});
            std::future::ready(refused(400, &body))
        });
        let mut hosts = hosts(&world);
        hosts.push(("https://oauth2.googleapis.com", tokens));
        let path = file.path().to_str().unwrap();
        let place = surroundings(
            &[("GOOGLE_APPLICATION_CREDENTIALS", path)],
            &hosts,
            &Noon::new(),
        );
        let told = open(REFERENCE, &place).await.unwrap_err();
        let shown = format!("{told} {told:?}");
        assert!(
            shown.contains("400 Bad Request: invalid: (secret)"),
            "{shown}"
        );
        let sent = sent.lock().unwrap();
        assert!(!sent.is_empty());
        for secret in sent.iter() {
            assert!(!shown.contains(&secret[..secret.len().min(40)]), "{shown}");
        }
    }
}

/// Many signatures at once ask for one token.
#[tokio::test(flavor = "multi_thread")]
async fn many_signatures_at_once_share_a_token() {
    let world = World::new(KeyType::EcdsaP256);
    let times = Arc::new(std::sync::Mutex::new(0));
    let given = Arc::clone(&times);
    let tokens = Router::new().fallback(move || {
        *given.lock().unwrap() += 1;
        std::future::ready(axum::Json(
            json!({"access_token": TOKEN, "expires_in": 3599}),
        ))
    });
    let hosts = [
        (HOST, world.router(GoogleCloud("EC_SIGN_P256_SHA256"))),
        (METADATA, tokens),
    ];
    let clock = Noon::new();
    let place = surroundings(&[], &hosts, &clock);
    let signer = open(REFERENCE, &place).await.unwrap();
    clock.put(3600);
    let signing: Vec<_> = (0..32)
        .map(|_| {
            let signer = Arc::clone(&signer);
            tokio::spawn(async move { signer.sign(b"x").await.unwrap() })
        })
        .collect();
    for signed in signing {
        signed.await.unwrap();
    }
    assert_eq!(*times.lock().unwrap(), 2);
}
