//! Azure Key Vault, as far as one key goes, and those who give tokens for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PublicKey, SignatureAlgorithm as Algorithm};
use waxwing_encoding::base64;
use waxwing_net::StatusCode;

use crate::world::{
    Asked, Fault, Kind, Noon, WEAK, World, open, open_with, refused, signs, surroundings,
};

pub(crate) const HOST: &str = "https://v-1.vault.azure.net";
pub(crate) const REFERENCE: &str = "azurekms://v-1.vault.azure.net/k-1";
pub(crate) const AUTHORITY: &str = "https://login.microsoftonline.com";
pub(crate) const TOKEN: &str = "eyJ0eXAiOiJKV1QiExample";
pub(crate) const SECRET: &str = "8Q~ExampleSecret";
pub(crate) const VERSION: &str = "0a1b";
pub(crate) const VARIABLES: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "tenant"),
    ("AZURE_CLIENT_ID", "app"),
    ("AZURE_CLIENT_SECRET", SECRET),
];

#[derive(Clone, Copy)]
pub(crate) struct Azure;

pub(crate) fn hosts(world: &Arc<World>) -> Vec<(&'static str, Router)> {
    let token = json!({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"});
    let authority = Router::new().fallback(move || std::future::ready(axum::Json(token.clone())));
    vec![(HOST, world.router(Azure)), (AUTHORITY, authority)]
}

/// The lengths in an RSA key's DER, which is two numbers.
fn numbers(der: &[u8]) -> Vec<&[u8]> {
    let mut rest = der;
    let mut found = Vec::new();
    let mut next = || {
        let (head, long) = match rest[1] {
            0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
            0x81 => (3, usize::from(rest[2])),
            short => (2, usize::from(short)),
        };
        let content = &rest[head..head + long];
        rest = match rest[0] {
            0x30 => content,
            _ => &rest[head + long..],
        };
        content
    };
    next();
    found.push(next());
    found.push(next());
    found
}

fn jwk(key: &PublicKey, fault: Fault) -> Value {
    let bits = key.bits();
    let weak = waxwing_encoding::pem::decode(WEAK).unwrap().der;
    let rsa = match (key.key_type(), fault) {
        // What stands before the key in it is as long as in any RSA key of this size.
        (_, Fault::Weak) => Some(&weak[22..]),
        (KeyType::Rsa(_), _) => Some(bits),
        _ => None,
    };
    if let Some(rsa) = rsa {
        let numbers = numbers(rsa);
        let [n, e] = [numbers[0], numbers[1]].map(|number| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            base64::encode_url(&number[zeros..])
        });
        return json!({"kty": "RSA-HSM", "n": n, "e": e});
    }
    let curve = match (key.key_type(), fault) {
        (_, Fault::Unknown) => "P-256K",
        (KeyType::EcdsaP256, Fault::OtherKind) => "P-521",
        (KeyType::EcdsaP256, _) => "P-256",
        (KeyType::EcdsaP384, _) => "P-384",
        _ => "P-521",
    };
    let (x, y) = bits[1..].split_at(bits.len() / 2);
    let y = match fault {
        Fault::OtherKind => &[],
        _ => y,
    };
    json!({"kty": "EC", "crv": curve, "x": base64::encode_url(x), "y": base64::encode_url(y)})
}

/// A signature of ECDSA in the service's form.
pub(crate) fn raw(der: &[u8], length: usize) -> Vec<u8> {
    let padded = |number: &[u8]| {
        let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
        [vec![0; length - number.len()], number.to_vec()].concat()
    };
    numbers(der).into_iter().flat_map(padded).collect()
}

impl Kind for Azure {
    fn answer(self, world: &World, asked: &Asked, fault: Fault) -> Response {
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return self.refusal(
                401,
                "Unauthorized",
                "AKV10000: Request is missing a Bearer or PoP token.",
            );
        }
        let (path, query) = asked.path.split_once('?').unwrap();
        assert!(query.starts_with("api-version="), "{query}");
        let path = path
            .strip_prefix("/keys/k-1")
            .unwrap_or_else(|| panic!("{path}"));
        let kid = |version: &str| format!("{HOST}/keys/k-1/{version}");
        let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
        if fault == Fault::Gone {
            return self.refusal(404, "KeyNotFound", "no such version");
        }
        match (asked.method.as_str(), words.as_slice()) {
            ("GET", [] | [VERSION]) => {
                let mut key = jwk(world.key.public_key(), fault);
                key["kid"] = json!(kid(VERSION));
                key["key_ops"] = match fault {
                    Fault::Encrypts => json!(["encrypt", "decrypt"]),
                    _ => json!(["sign", "verify"]),
                };
                let enabled = fault != Fault::Disabled;
                let attributes = json!({"enabled": enabled, "created": 1_764_000_000});
                axum::Json(json!({"key": key, "attributes": attributes})).into_response()
            }
            ("POST", [VERSION, "sign"]) if fault == Fault::Disabled => {
                self.refusal(403, "Forbidden", "the key is disabled")
            }
            ("POST", [VERSION, "sign"]) => {
                let body = asked.json();
                let (algorithm, length) = match body["alg"].as_str().unwrap() {
                    "ES256" => (Algorithm::EcdsaP256Sha256, 32),
                    "ES384" => (Algorithm::EcdsaP384Sha384, 48),
                    "ES512" => (Algorithm::EcdsaP521Sha512, 66),
                    "RS256" => (Algorithm::RsaPkcs1Sha256, 0),
                    other => panic!("{other}"),
                };
                let digest = base64::decode_proto_json(body["value"].as_str().unwrap()).unwrap();
                let signature = world.sign(algorithm, &digest, fault);
                let signature = match length {
                    0 => signature,
                    length => raw(&signature, length),
                };
                let version = match fault {
                    Fault::OtherName => "ff",
                    _ => VERSION,
                };
                let signature = base64::encode_url(&signature);
                axum::Json(json!({"kid": kid(version), "value": signature})).into_response()
            }
            _ => self.refusal(404, "KeyNotFound", "no such thing"),
        }
    }

    fn refusal(self, status: u16, kind: &str, reason: &str) -> Response {
        refused(status, &json!({"error": {"code": kind, "message": reason}}))
    }

    fn busy(self) -> Response {
        self.refusal(
            429,
            "Throttled",
            "Request was not processed because too many were made",
        )
    }
}

#[tokio::test]
async fn every_kind_of_key_signs() {
    for (kind, hash, algorithm) in [
        (KeyType::EcdsaP256, None, Algorithm::EcdsaP256Sha256),
        (
            KeyType::EcdsaP384,
            Some(HashAlgorithm::Sha256),
            Algorithm::EcdsaP384Sha384,
        ),
        (KeyType::EcdsaP521, None, Algorithm::EcdsaP521Sha512),
        (KeyType::Rsa(2048), None, Algorithm::RsaPkcs1Sha256),
        (
            KeyType::Rsa(3072),
            Some(HashAlgorithm::Sha256),
            Algorithm::RsaPkcs1Sha256,
        ),
    ] {
        let world = World::new(kind);
        let place = surroundings(&VARIABLES, &hosts(&world), &Noon::new());
        let signer = match hash {
            Some(hash) => open_with(REFERENCE, hash, &place).await.unwrap(),
            None => open(REFERENCE, &place).await.unwrap(),
        };
        assert_eq!(signer.algorithm(), algorithm);
        // Many, so that some have a number that is short.
        for _ in 0..20 {
            signs(&*signer, &world.key).await.unwrap();
        }
    }
    // Without a hash, the size decides, as in the original.
    let world = World::new(KeyType::Rsa(3072));
    let place = surroundings(&VARIABLES, &hosts(&world), &Noon::new());
    let signer = open(REFERENCE, &place).await.unwrap();
    assert_eq!(signer.algorithm(), Algorithm::RsaPkcs1Sha384);
}

#[tokio::test]
async fn a_version_is_asked_for_and_kept() {
    let world = World::new(KeyType::EcdsaP256);
    let place = surroundings(&VARIABLES, &hosts(&world), &Noon::new());
    for (reference, path) in [
        (REFERENCE.to_owned(), "/keys/k-1/"),
        (format!("{REFERENCE}/0A1B"), "/keys/k-1/0A1B"),
        (format!("{REFERENCE}/{VERSION}"), "/keys/k-1/0a1b"),
    ] {
        let opened = open(&reference, &place).await;
        let asked = world.asked();
        assert_eq!(asked[0].path, format!("{path}?api-version=7.4"));
        // The stand-in is exact about case.
        if path.ends_with('B') {
            assert!(opened.unwrap_err().to_string().contains("KeyNotFound"));
            continue;
        }
        signs(&*opened.unwrap(), &world.key).await.unwrap();
        assert_eq!(world.asked()[0].path, "/keys/k-1/0a1b/sign?api-version=7.4");
    }
}

/// Those who give tokens, and what they were asked.
fn givers() -> (Router, Arc<Mutex<Vec<String>>>) {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&lines);
    let router = Router::new().fallback(move |request: Request| {
        let kept = Arc::clone(&kept);
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
            let header = |name: &str| {
                let value = head.headers.get(name);
                value.map_or("", |value| value.to_str().unwrap()).to_owned()
            };
            let line = format!(
                "{} {}{} {}{} {}",
                head.method,
                header("host"),
                head.uri.path_and_query().unwrap(),
                header("metadata"),
                header("x-identity-header"),
                String::from_utf8_lossy(&body)
            );
            kept.lock().unwrap().push(line.trim_end().to_owned());
            let end = crate::world::NOON + 3600;
            axum::Json(json!({"access_token": TOKEN, "expires_on": end.to_string()}))
        }
    });
    (router, lines)
}

#[tokio::test]
async fn tokens_are_asked_for_where_the_variables_say() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "federated.token\n").unwrap();
    let file = file.path().to_str().unwrap();
    let scope = "scope=https%3A%2F%2Fvault.azure.net%2F.default";
    let resource = "resource=https%3A%2F%2Fvault.azure.net";
    let by_secret = format!(
        "/tenant/oauth2/v2.0/token  grant_type=client_credentials&client_id=app&{scope}&client_secret=8Q%7EExampleSecret"
    );
    let federated = &[
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "app"),
        ("AZURE_FEDERATED_TOKEN_FILE", file),
    ];
    let service = &[
        ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
        ("IDENTITY_HEADER", "own-secret"),
        ("AZURE_CLIENT_ID", "app"),
    ];
    for (variables, host, asked) in [
        (
            &VARIABLES[..],
            AUTHORITY,
            format!("POST login.microsoftonline.com{by_secret}"),
        ),
        (
            &[
                &VARIABLES[..],
                &[("AZURE_AUTHORITY_HOST", "login.example/adfs")],
            ]
            .concat(),
            "https://login.example",
            format!("POST login.example/adfs{by_secret}"),
        ),
        (
            &federated[..],
            AUTHORITY,
            format!(
                "POST login.microsoftonline.com/tenant/oauth2/v2.0/token  grant_type=client_credentials&client_id=app&\
                 {scope}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&\
                 client_assertion=federated.token"
            ),
        ),
        (
            &service[..],
            "http://localhost:42356",
            format!(
                "GET localhost:42356/msi/token?api-version=2019-08-01&{resource}&client_id=app trueown-secret"
            ),
        ),
        (
            &[],
            "http://169.254.169.254",
            format!(
                "GET 169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&{resource} true"
            ),
        ),
    ] {
        let world = World::new(KeyType::EcdsaP256);
        let (router, lines) = givers();
        let hosts = [(HOST, world.router(Azure)), (host, router)];
        let clock = Noon::new();
        let place = surroundings(variables, &hosts, &clock);
        let signer = open(REFERENCE, &place).await;
        let signer = signer.unwrap_or_else(|error| panic!("{host}: {error}"));
        signs(&*signer, &world.key).await.unwrap();
        assert_eq!(*lines.lock().unwrap(), std::slice::from_ref(&asked));
        // Once more five minutes before its end.
        clock.put(3299);
        signs(&*signer, &world.key).await.unwrap();
        assert_eq!(lines.lock().unwrap().len(), 1);
        clock.put(3300);
        signs(&*signer, &world.key).await.unwrap();
        assert_eq!(*lines.lock().unwrap(), [asked.clone(), asked]);
    }
}

/// What is told of a refusal has no secret in it, in whichever form it is repeated, and all else.
#[tokio::test]
async fn what_is_told_lacks_the_secret_alone() {
    let service = &[
        ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
        ("IDENTITY_HEADER", "own-secret"),
    ];
    for (variables, host, said, expected) in [
        (
            &[][..],
            "http://169.254.169.254",
            "expected metadata: true",
            "(400): expected metadata: true",
        ),
        (
            &service[..],
            "http://localhost:42356",
            "not own-secret, true",
            "(400): not (secret), true",
        ),
        (
            &VARIABLES[..],
            AUTHORITY,
            "in client_secret=8Q%7EExampleSecret",
            "(400): in client_secret=(secret)",
        ),
    ] {
        let world = World::new(KeyType::EcdsaP256);
        let refuse = move || async move { (StatusCode::BAD_REQUEST, said) };
        let hosts = [
            (HOST, world.router(Azure)),
            (host, Router::new().fallback(refuse)),
        ];
        let place = surroundings(variables, &hosts, &Noon::new());
        let told = open(REFERENCE, &place).await.unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn each_cloud_has_its_vaults_and_its_authority() {
    for (host, environment, authority, resource) in [
        ("v.vault.azure.net", "", AUTHORITY, "vault.azure.net"),
        (
            "v.vault.azure.net",
            "AzurePublicCloud",
            AUTHORITY,
            "vault.azure.net",
        ),
        (
            "v.managedhsm.azure.net",
            "",
            AUTHORITY,
            "managedhsm.azure.net",
        ),
        (
            "v.vault.azure.cn",
            "",
            "https://login.chinacloudapi.cn",
            "vault.azure.cn",
        ),
        (
            "v.vault.usgovcloudapi.net",
            "AZUREUSGOVERNMENT",
            "https://login.microsoftonline.us",
            "vault.usgovcloudapi.net",
        ),
    ] {
        let (router, lines) = givers();
        let variables = [&VARIABLES[..], &[("AZURE_ENVIRONMENT", environment)]].concat();
        let place = surroundings(&variables, &[(authority, router)], &Noon::new());
        // The token comes; nobody is at the vault.
        let told = open(&format!("azurekms://{host}/k"), &place)
            .await
            .unwrap_err();
        assert!(
            told.to_string()
                .contains(&format!("cannot connect to https://{host}")),
            "{told}"
        );
        let lines = lines.lock().unwrap();
        let scope = format!("scope=https%3A%2F%2F{resource}%2F.default");
        assert!(lines[0].contains(&scope), "{lines:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_by_name_before_a_token_is_asked_for() {
    let without = |name: &str| {
        let mut variables = VARIABLES.to_vec();
        variables.retain(|one| one.0 != name);
        variables
    };
    let with =
        |name: &'static str, value: &'static str| [&VARIABLES[..], &[(name, value)]].concat();
    for (reference, variables, words) in [
        (
            "azurekms://v.vault.azure.net.evil.example/k",
            VARIABLES.to_vec(),
            "v.vault.azure.net.evil.example is no vault of Azure's",
        ),
        (
            "azurekms://evilvault.azure.net/k",
            VARIABLES.to_vec(),
            "evilvault.azure.net is no vault of Azure's",
        ),
        (
            "azurekms://vault.azure.net/k",
            VARIABLES.to_vec(),
            "vault.azure.net is no vault of Azure's",
        ),
        (
            REFERENCE,
            with("AZURE_ENVIRONMENT", "AZURECHINACLOUD"),
            "v-1.vault.azure.net is of another cloud than AZURECHINACLOUD",
        ),
        (
            REFERENCE,
            with("AZURE_ENVIRONMENT", "AZUREGERMANCLOUD"),
            "\"AZUREGERMANCLOUD\" is no cloud of Azure's that is known here",
        ),
        (
            REFERENCE,
            with("AZURE_AUTHORITY_HOST", "http://login.example"),
            "AZURE_AUTHORITY_HOST cannot be used: the URL http://login.example/ cannot be requested: it is of the scheme http",
        ),
        (
            REFERENCE,
            without("AZURE_TENANT_ID"),
            "AZURE_CLIENT_SECRET cannot be used: AZURE_TENANT_ID or AZURE_CLIENT_ID is not set beside it",
        ),
        (
            REFERENCE,
            vec![("AZURE_CLIENT_CERTIFICATE_PATH", "x.pem")],
            "AZURE_CLIENT_CERTIFICATE_PATH cannot be used: certificates of clients are not used here",
        ),
        (
            REFERENCE,
            vec![("IDENTITY_ENDPOINT", "http://localhost:1/")],
            "IDENTITY_HEADER is not set beside it",
        ),
        (
            REFERENCE,
            vec![
                ("IDENTITY_ENDPOINT", "http://10.0.0.1/"),
                ("IDENTITY_HEADER", "own-secret"),
            ],
            "IDENTITY_ENDPOINT cannot be used: the URL http://10.0.0.1/ cannot be requested: it is of the scheme http",
        ),
    ] {
        let world = World::new(KeyType::EcdsaP256);
        let (router, lines) = givers();
        let hosts = [
            (HOST, world.router(Azure)),
            (AUTHORITY, router.clone()),
            ("http://169.254.169.254", router),
        ];
        let place = surroundings(&variables, &hosts, &Noon::new());
        let told = open(reference, &place).await.unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        assert!(
            !told.contains(SECRET) && !told.contains("own-secret"),
            "{told}"
        );
        assert!(lines.lock().unwrap().is_empty() && world.asked().is_empty());
    }
}

#[tokio::test]
async fn an_authority_that_refuses_is_told_without_the_secret() {
    let world = World::new(KeyType::EcdsaP256);
    let authority = Router::new().fallback(|body: String| async move {
        let pairs: BTreeMap<&str, &str> = body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let secret = pairs["client_secret"].replace("%7E", "~");
        let body = json!({
            "error": "invalid_client",
            "error_description": format!("AADSTS7000215: Invalid client secret provided: {secret}"),
        });
        refused(401, &body)
    });
    let hosts = [(HOST, world.router(Azure)), (AUTHORITY, authority)];
    let place = surroundings(&VARIABLES, &hosts, &Noon::new());
    let told = open(REFERENCE, &place).await.unwrap_err().to_string();
    let words = "Microsoft Entra ID refused to give a token (401): invalid_client: AADSTS7000215: Invalid client secret \
                 provided: (secret); check";
    assert!(told.contains(words), "{told}");
    assert!(!told.contains(SECRET), "{told}");
}
