//! AWS KMS, as far as one key goes.

use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64;
use serde_json::json;
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm as Algorithm};

use crate::world::{
    Asked, Fault, Kind, Noon, World, open, open_with, refused, shown, signs, surroundings,
};

pub(crate) const HOST: &str = "https://kms.us-east-1.amazonaws.com";
pub(crate) const REFERENCE: &str = "awskms:///alias/signing";
pub(crate) const ARN: &str =
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";
pub(crate) const VARIABLES: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
    ("AWS_SESSION_TOKEN", TOKEN),
    ("AWS_REGION", "us-east-1"),
];

#[derive(Clone, Copy)]
pub(crate) struct Amazon;

/// By their names at the service, and the key that each belongs to.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("ECDSA_SHA_256", Algorithm::EcdsaP256Sha256),
    ("ECDSA_SHA_384", Algorithm::EcdsaP384Sha384),
    ("ECDSA_SHA_512", Algorithm::EcdsaP521Sha512),
    ("RSASSA_PKCS1_V1_5_SHA_256", Algorithm::RsaPkcs1Sha256),
    ("RSASSA_PSS_SHA_256", Algorithm::RsaPssSha256),
    ("ED25519_SHA_512", Algorithm::Ed25519),
    ("ML_DSA_SHAKE_256", Algorithm::MlDsa44),
    ("ML_DSA_SHAKE_256", Algorithm::MlDsa65),
    ("ML_DSA_SHAKE_256", Algorithm::MlDsa87),
];

impl Kind for Amazon {
    fn answer(self, world: &World, asked: &Asked, fault: Fault) -> Response {
        let question = asked.json();
        let kind = world.key.public_key().key_type();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/"));
        if fault == Fault::Disabled {
            return self.refusal(400, "DisabledException", "the key is disabled");
        }
        if fault == Fault::Gone {
            return self.refusal(
                400,
                "KMSInvalidStateException",
                "the key is pending deletion",
            );
        }
        match asked.header("x-amz-target") {
            "TrentService.GetPublicKey" => {
                let fits = |one: &&(&str, Algorithm)| one.1.goes_with(kind);
                let mut names: Vec<&str> =
                    ALGORITHMS.iter().filter(fits).map(|one| one.0).collect();
                if kind == KeyType::Ed25519 {
                    names.insert(0, "ED25519_PH_SHA_512");
                }
                match fault {
                    Fault::Unknown => names = vec!["SM2DSA"],
                    Fault::OtherKind => names = vec!["ECDSA_SHA_384"],
                    _ => {}
                }
                let usage = match fault {
                    Fault::Encrypts => "ENCRYPT_DECRYPT",
                    _ => "SIGN_VERIFY",
                };
                axum::Json(json!({
                    "KeyId": ARN, "KeyUsage": usage, "SigningAlgorithms": names,
                    "PublicKey": BASE64.encode(&waxwing_encoding::pem::decode(&shown(&world.key, fault)).unwrap().der),
                }))
                .into_response()
            }
            "TrentService.Sign" => {
                let name = question["SigningAlgorithm"].as_str().unwrap();
                let fits = |one: &&(&str, Algorithm)| one.0 == name && one.1.goes_with(kind);
                let (_, algorithm) = ALGORITHMS.iter().find(fits).unwrap();
                let message = question["Message"].as_str().unwrap();
                let message = BASE64.decode(message.as_bytes()).unwrap();
                let expected = match algorithm.hash() {
                    Some(_) => "DIGEST",
                    None => "RAW",
                };
                assert_eq!(question["MessageType"], expected);
                let signature = world.sign(*algorithm, &message, fault);
                let id = match fault {
                    Fault::OtherName => ARN.replace("1234abcd", "4321abcd"),
                    _ => ARN.to_owned(),
                };
                axum::Json(json!({
                    "KeyId": id, "Signature": BASE64.encode(&signature), "SigningAlgorithm": name,
                }))
                .into_response()
            }
            other => panic!("{other}"),
        }
    }

    fn refusal(self, status: u16, kind: &str, reason: &str) -> Response {
        let body = json!({"__type": format!("com.amazonaws.kms#{kind}"), "message": reason});
        refused(status, &body)
    }

    fn stale(self) -> Response {
        self.refusal(
            400,
            "ExpiredTokenException",
            "The security token is expired",
        )
    }

    fn busy(self) -> Response {
        self.refusal(400, "ThrottlingException", "Rate exceeded")
    }
}

#[tokio::test]
async fn every_kind_of_key_signs_by_its_first_algorithm() {
    for (kind, algorithm) in [
        (KeyType::EcdsaP256, Algorithm::EcdsaP256Sha256),
        (KeyType::EcdsaP384, Algorithm::EcdsaP384Sha384),
        (KeyType::EcdsaP521, Algorithm::EcdsaP521Sha512),
        (KeyType::Rsa(2048), Algorithm::RsaPkcs1Sha256),
        (KeyType::Ed25519, Algorithm::Ed25519),
        (KeyType::MlDsa65, Algorithm::MlDsa65),
    ] {
        let world = World::new(kind);
        let place = surroundings(&VARIABLES, &[(HOST, world.router(Amazon))], &Noon::new());
        let signer = open(REFERENCE, &place).await.unwrap();
        assert_eq!(signer.algorithm(), algorithm);
        signs(&*signer, &world.key).await.unwrap();
    }
}

/// A hash is a wish: an ECDSA key has one algorithm, as in the original.
#[tokio::test]
async fn a_hash_is_a_wish() {
    let world = World::new(KeyType::EcdsaP384);
    let place = surroundings(&VARIABLES, &[(HOST, world.router(Amazon))], &Noon::new());
    let signer = open_with(REFERENCE, HashAlgorithm::Sha256, &place)
        .await
        .unwrap();
    assert_eq!(signer.algorithm(), Algorithm::EcdsaP384Sha384);
    signs(&*signer, &world.key).await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_not_hashed_first_has_a_limit() {
    let world = World::new(KeyType::Ed25519);
    let place = surroundings(&VARIABLES, &[(HOST, world.router(Amazon))], &Noon::new());
    let signer = open(REFERENCE, &place).await.unwrap();
    let told = signer.sign(&[1; 4097]).await.unwrap_err().to_string();
    assert!(told.contains("signs at most 4096"), "{told}");
    signer.sign(&[1; 4096]).await.unwrap();
}

#[tokio::test]
async fn the_region_is_found_in_this_order() {
    let world = World::new(KeyType::EcdsaP256);
    let (arn, alias) = (format!("awskms:///{ARN}"), REFERENCE);
    let keys = &VARIABLES[..3];
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[default]\nregion = eu-north-1\n").unwrap();
    let file = file.path().to_str().unwrap();
    for (reference, more, host) in [
        (arn.as_str(), &[("AWS_REGION", "eu-west-1")][..], HOST),
        (
            alias,
            &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "x")],
            "https://kms.eu-west-1.amazonaws.com",
        ),
        (
            alias,
            &[
                ("AWS_DEFAULT_REGION", "cn-north-1"),
                ("AWS_CONFIG_FILE", file),
            ],
            "https://kms.cn-north-1.amazonaws.com.cn",
        ),
        (
            alias,
            &[("AWS_CONFIG_FILE", file)],
            "https://kms.eu-north-1.amazonaws.com",
        ),
        (
            alias,
            &[("AWS_CONFIG_FILE", file), ("AWS_USE_FIPS_ENDPOINT", "true")],
            "https://kms-fips.eu-north-1.amazonaws.com",
        ),
        (
            "awskms://kms.example:8443/alias/signing",
            &[
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ENDPOINT_URL", "https://other.example"),
            ],
            "https://kms.example:8443",
        ),
        (
            alias,
            &[
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ENDPOINT_URL", "https://all.example"),
            ],
            "https://all.example",
        ),
        (
            alias,
            &[
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ENDPOINT_URL", "https://all.example"),
                ("AWS_ENDPOINT_URL_KMS", "https://kms.example"),
            ],
            "https://kms.example",
        ),
    ] {
        let variables = [keys, more].concat();
        let place = surroundings(&variables, &[(host, world.router(Amazon))], &Noon::new());
        let signer = open(reference, &place).await;
        let signer = signer.unwrap_or_else(|error| panic!("{host}: {error}"));
        signs(&*signer, &world.key).await.unwrap();
        let asked = world.asked();
        let asked = asked.last().unwrap();
        assert_eq!(asked.host, host.strip_prefix("https://").unwrap());
    }
}

#[tokio::test]
async fn variables_that_cannot_be_used_are_refused_by_name() {
    let world = World::new(KeyType::EcdsaP256);
    for (name, value, words) in [
        ("AWS_REGION", "", "AWS_REGION is not set"),
        ("AWS_REGION", "evil.example/", "AWS_REGION cannot be used"),
        (
            "AWS_ENDPOINT_URL_KMS",
            "http://kms.example",
            "AWS_ENDPOINT_URL_KMS cannot be used: the URL http://kms.example/ cannot be requested: it is of the scheme http",
        ),
        (
            "AWS_ENDPOINT_URL",
            "https://kms.example/path",
            "AWS_ENDPOINT_URL cannot be used: kms.example has more than a host",
        ),
        (
            "AWS_TLS_INSECURE_SKIP_VERIFY",
            "1",
            "AWS_TLS_INSECURE_SKIP_VERIFY is set, and certificates are always checked here",
        ),
        ("AWS_CA_BUNDLE", "/nowhere", "/nowhere: No such file"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "",
            "AWS_SECRET_ACCESS_KEY is not set beside it",
        ),
        (
            "AWS_ACCESS_KEY_ID",
            "",
            "AWS_ACCESS_KEY_ID is not set beside it",
        ),
        (
            "AWS_SESSION_TOKEN",
            "a\nb",
            "the access key or its token has characters that none has",
        ),
        ("AWS_PROFILE", "other", "no file has a profile \"other\""),
    ] {
        let mut variables = VARIABLES.to_vec();
        variables.retain(|one| one.0 != name);
        variables.push((name, value));
        if name == "AWS_PROFILE" {
            // Who has keys in variables needs no profile.
            variables.retain(|one| !one.0.contains("ACCESS_KEY"));
        }
        let hosts = [(HOST, world.router(Amazon))];
        let place = surroundings(&variables, &hosts, &Noon::new());
        let told = open(REFERENCE, &place).await.unwrap_err().to_string();
        assert!(told.contains(words), "{name}: {told}");
        assert!(!told.contains(SECRET) && !told.contains(TOKEN), "{told}");
        assert!(world.asked().is_empty(), "{name}");
    }
    // Turned off, it does not say to trust blindly.
    let variables = [&VARIABLES[..], &[("AWS_TLS_INSECURE_SKIP_VERIFY", "0")]].concat();
    let place = surroundings(&variables, &[(HOST, world.router(Amazon))], &Noon::new());
    open(REFERENCE, &place).await.unwrap();
}
