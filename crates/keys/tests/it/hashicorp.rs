//! The transit engine, as far as one key goes: written from HashiCorp's description of its API.

use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64;
use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm as Algorithm};

use crate::world::{
    Asked, Fault, Kind, Noon, World, open, open_with, refused, shown, signs, surroundings,
};

pub(crate) const HOST: &str = "https://vault.example:8200";
pub(crate) const REFERENCE: &str = "hashivault://signing";
pub(crate) const TOKEN: &str = "hvs.CAESIExampleToken";
pub(crate) const VARIABLES: [(&str, &str); 2] = [("VAULT_ADDR", HOST), ("VAULT_TOKEN", TOKEN)];

/// An engine at this path, with a key of two versions.
#[derive(Clone, Copy)]
pub(crate) struct Hashicorp(pub(crate) &'static str);

fn kind_name(kind: KeyType) -> String {
    match kind {
        KeyType::EcdsaP256 => "ecdsa-p256".to_owned(),
        KeyType::EcdsaP384 => "ecdsa-p384".to_owned(),
        KeyType::EcdsaP521 => "ecdsa-p521".to_owned(),
        KeyType::Ed25519 => "ed25519".to_owned(),
        KeyType::Rsa(bits) => format!("rsa-{bits}"),
        other => panic!("{other:?}"),
    }
}

impl Hashicorp {
    fn describe(self, world: &World, fault: Fault) -> Response {
        let key = world.key.public_key();
        let (name, public) = match key.key_type() {
            KeyType::Ed25519 => ("ed25519".to_owned(), BASE64.encode(key.bits())),
            kind => (kind_name(kind), shown(&world.key, fault)),
        };
        let version = json!({
            "name": name, "public_key": public, "creation_time": "2026-01-01T00:00:00Z", "certificate_chain": "",
        });
        let mut keys = json!({"1": version, "2": version});
        let kind = match fault {
            Fault::Encrypts => {
                keys = json!({"1": 1_764_000_000, "2": 1_764_000_000});
                "aes256-gcm96".to_owned()
            }
            Fault::Unknown => "ml-dsa".to_owned(),
            Fault::OtherKind => "ecdsa-p384".to_owned(),
            Fault::Weak => "rsa-2048".to_owned(),
            _ => kind_name(key.key_type()),
        };
        if fault == Fault::Gone {
            keys.as_object_mut().unwrap().remove("2");
        }
        axum::Json(json!({"data": {
            "type": kind, "latest_version": 2, "min_available_version": 0, "supports_signing": true,
            "derived": false, "keys": keys, "name": "signing",
        }}))
        .into_response()
    }

    fn sign(self, world: &World, hash: Option<&str>, body: &Value, fault: Fault) -> Response {
        let kind = world.key.public_key().key_type();
        let algorithm = match hash {
            None => Algorithm::Ed25519,
            Some(name) => {
                let hash = match name {
                    "sha2-256" => HashAlgorithm::Sha256,
                    "sha2-384" => HashAlgorithm::Sha384,
                    "sha2-512" => HashAlgorithm::Sha512,
                    other => panic!("{other}"),
                };
                assert_eq!(body["marshaling_algorithm"], "asn1");
                assert_eq!(body["signature_algorithm"], "pkcs1v15");
                Algorithm::with_hash(kind, hash).unwrap()
            }
        };
        assert_eq!(body["prehashed"], hash.is_some());
        let version = body["key_version"].as_u64().unwrap();
        let input = BASE64.decode(body["input"].as_str().unwrap().as_bytes());
        let signature = world.sign(algorithm, &input.unwrap(), fault);
        let version = match fault {
            Fault::OtherName => version + 1,
            _ => version,
        };
        let signature = format!("vault:v{version}:{}", BASE64.encode(&signature));
        axum::Json(json!({"data": {"key_version": version, "signature": signature}}))
            .into_response()
    }
}

impl Kind for Hashicorp {
    fn answer(self, world: &World, asked: &Asked, fault: Fault) -> Response {
        if asked.header("x-vault-token") != TOKEN {
            return self.refusal(403, "", "permission denied");
        }
        if fault == Fault::Disabled {
            return self.refusal(400, "", "the key is soft deleted");
        }
        let path = asked.path.strip_prefix("/v1/").unwrap();
        let path = path
            .strip_prefix(self.0)
            .unwrap_or_else(|| panic!("{path}"));
        let words: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (asked.method.as_str(), words.as_slice()) {
            ("GET", ["keys", "signing"]) => self.describe(world, fault),
            ("POST", ["sign", "signing"]) => {
                let body = asked.json();
                self.sign(world, body["hash_algorithm"].as_str(), &body, fault)
            }
            ("POST", ["sign", "signing", hash]) => {
                self.sign(world, Some(hash), &asked.json(), fault)
            }
            _ => refused(404, &json!({"errors": []})),
        }
    }

    fn refusal(self, status: u16, _: &str, reason: &str) -> Response {
        refused(
            status,
            &json!({ "errors": [format!("1 error occurred: {reason}")] }),
        )
    }
}

#[tokio::test]
async fn every_kind_of_key_signs_by_the_hash_that_is_asked_for() {
    let (by_256, by_384, by_512) = (
        Some(HashAlgorithm::Sha256),
        Some(HashAlgorithm::Sha384),
        Some(HashAlgorithm::Sha512),
    );
    for (kind, expected) in [
        (
            KeyType::EcdsaP256,
            &[
                (None, Algorithm::EcdsaP256Sha256),
                (by_256, Algorithm::EcdsaP256Sha256),
            ][..],
        ),
        (
            KeyType::EcdsaP384,
            &[
                (None, Algorithm::EcdsaP384Sha384),
                (by_256, Algorithm::EcdsaP384Sha256),
                (by_384, Algorithm::EcdsaP384Sha384),
            ],
        ),
        (
            KeyType::EcdsaP521,
            &[
                (None, Algorithm::EcdsaP521Sha512),
                (by_256, Algorithm::EcdsaP521Sha256),
                (by_512, Algorithm::EcdsaP521Sha512),
            ],
        ),
        (
            KeyType::Rsa(2048),
            &[
                (None, Algorithm::RsaPkcs1Sha256),
                (by_256, Algorithm::RsaPkcs1Sha256),
            ],
        ),
        (
            KeyType::Ed25519,
            &[(None, Algorithm::Ed25519), (by_256, Algorithm::Ed25519)],
        ),
    ] {
        let world = World::new(kind);
        let hosts = [(HOST, world.router(Hashicorp("transit")))];
        let place = surroundings(&VARIABLES, &hosts, &Noon::new());
        for (hash, algorithm) in expected {
            let signer = match hash {
                Some(hash) => open_with(REFERENCE, *hash, &place).await,
                None => open(REFERENCE, &place).await,
            };
            let signer = signer.unwrap();
            assert_eq!(signer.algorithm(), *algorithm);
            signs(&*signer, &world.key).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_engine_the_namespace_and_the_version_can_be_chosen() {
    let world = World::new(KeyType::EcdsaP256);
    let hosts = [(HOST, world.router(Hashicorp("team/signing-keys")))];
    let more = [
        ("TRANSIT_SECRET_ENGINE_PATH", "/team/signing-keys/"),
        ("VAULT_NAMESPACE", "admin/one"),
        ("VAULT_KEY_PREFIX", "vault:v1:"),
    ];
    let place = surroundings(&[&VARIABLES[..], &more].concat(), &hosts, &Noon::new());
    let signer = open(REFERENCE, &place).await.unwrap();
    signs(&*signer, &world.key).await.unwrap();
    let asked = world.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/v1/team/signing-keys/keys/signing",
            "/v1/team/signing-keys/sign/signing/sha2-256"
        ]
    );
    assert_eq!(asked[1].json()["key_version"], 1);
    for asked in asked {
        assert_eq!(asked.header("x-vault-namespace"), "admin/one");
    }
}

/// OpenBao's own variables go first, and Vault's are read where they are not set; Vault reads none of OpenBao's.
#[tokio::test]
async fn open_bao_has_variables_of_its_own() {
    let world = World::new(KeyType::EcdsaP256);
    let bao = "https://bao.example";
    let hosts = [(bao, world.router(Hashicorp("transit")))];
    for variables in [
        [
            ("BAO_ADDR", bao),
            ("BAO_TOKEN", TOKEN),
            ("VAULT_ADDR", HOST),
            ("VAULT_TOKEN", "x"),
        ],
        [
            ("VAULT_ADDR", bao),
            ("BAO_TOKEN", TOKEN),
            ("VAULT_TOKEN", "x"),
            ("", ""),
        ],
        [
            ("VAULT_ADDR", bao),
            ("VAULT_TOKEN", TOKEN),
            ("BAO_ADDR", ""),
            ("BAO_TOKEN", ""),
        ],
    ] {
        let place = surroundings(&variables, &hosts, &Noon::new());
        let signer = open("openbao://signing", &place).await.unwrap();
        signs(&*signer, &world.key).await.unwrap();
    }
    world.asked();
    let variables = [("BAO_ADDR", bao), ("BAO_TOKEN", TOKEN)];
    let place = surroundings(&variables, &hosts, &Noon::new());
    let told = open(REFERENCE, &place).await.unwrap_err().to_string();
    assert!(told.contains("Vault: VAULT_ADDR is not set"), "{told}");
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn the_token_of_the_file_is_read_each_time() {
    let world = World::new(KeyType::EcdsaP256);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".vault-token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let variables = [
        ("VAULT_ADDR", HOST),
        ("HOME", home.path().to_str().unwrap()),
    ];
    let hosts = [(HOST, world.router(Hashicorp("transit")))];
    let place = surroundings(&variables, &hosts, &Noon::new());
    let signer = open(REFERENCE, &place).await.unwrap();
    signs(&*signer, &world.key).await.unwrap();

    std::fs::write(&file, "hvs.Other").unwrap();
    let told = signs(&*signer, &world.key).await.unwrap_err().to_string();
    assert!(
        told.contains("permission denied") && !told.contains("hvs."),
        "{told}"
    );
    std::fs::write(&file, TOKEN).unwrap();
    signs(&*signer, &world.key).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let told = signs(&*signer, &world.key).await.unwrap_err().to_string();
    assert!(told.contains("no token in VAULT_TOKEN"), "{told}");
}

#[tokio::test]
async fn variables_that_cannot_be_used_are_refused_by_name() {
    let world = World::new(KeyType::EcdsaP256);
    for (name, value, words) in [
        ("VAULT_ADDR", "", "VAULT_ADDR is not set"),
        (
            "VAULT_ADDR",
            "http://vault.example:8200",
            "VAULT_ADDR cannot be used: the URL http://vault.example:8200/ cannot be requested: it is of the scheme http",
        ),
        (
            "VAULT_ADDR",
            "https://a:secret@vault.example:8200",
            "it has more than a host and a path",
        ),
        ("VAULT_TOKEN", "", "no token in VAULT_TOKEN"),
        ("VAULT_SKIP_VERIFY", "true", "VAULT_SKIP_VERIFY is set"),
        ("VAULT_KEY_PREFIX", "v1", "\"v1\" names no version"),
        (
            "VAULT_KEY_PREFIX",
            "vault:v0:",
            "\"vault:v0:\" names no version",
        ),
        ("VAULT_KEY_PREFIX", "vault:v3:", "has no version 3 of it"),
        (
            "TRANSIT_SECRET_ENGINE_PATH",
            "a/../b",
            "\"a/../b\" is no path",
        ),
        ("VAULT_CACERT", "/nowhere", "/nowhere: No such file"),
    ] {
        let mut variables = VARIABLES.to_vec();
        variables.retain(|one| one.0 != name);
        variables.push((name, value));
        let hosts = [(HOST, world.router(Hashicorp("transit")))];
        let place = surroundings(&variables, &hosts, &Noon::new());
        let told = open(REFERENCE, &place).await.unwrap_err().to_string();
        assert!(told.contains(words), "{name}: {told}");
        assert!(!told.contains(TOKEN) && !told.contains("secret@"), "{told}");
    }
}
