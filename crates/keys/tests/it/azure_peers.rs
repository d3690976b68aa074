//! Azure's own clients ask the stand-in for the same: the requests are the same as ours, those for tokens included.

use std::collections::BTreeMap;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64;
use serde_json::{Value, json};
use waxwing_crypto::KeyType;

use crate::azure::{AUTHORITY, Azure, HOST, REFERENCE, TOKEN, VARIABLES, VERSION, raw};
use crate::peer::{peer, script};
use crate::world::{Asked, Fault, Kind, Noon, World, open, surroundings};

/// The vault, and all those who give tokens for it.
#[derive(Clone, Copy)]
struct Everybody;

impl Kind for Everybody {
    fn answer(self, world: &World, asked: &Asked, fault: Fault) -> Response {
        if HOST.ends_with(&asked.host) {
            let answer = Azure.answer(world, asked, fault);
            // So clients learn whom to ask for a token, and for what.
            let challenge = format!(
                "Bearer authorization=\"{AUTHORITY}/tenant\", resource=\"https://vault.azure.net\""
            );
            return match answer.status().as_u16() {
                401 => ([("www-authenticate", challenge)], answer).into_response(),
                _ => answer,
            };
        }
        if asked.path.contains("openid-configuration") {
            let at = format!("{AUTHORITY}/tenant");
            return axum::Json(json!({
                "issuer": format!("{at}/v2.0"), "token_endpoint": format!("{at}/oauth2/v2.0/token"),
                "authorization_endpoint": format!("{at}/oauth2/v2.0/authorize"),
            }))
            .into_response();
        }
        let token = json!({
            "access_token": TOKEN, "expires_in": "3599", "expires_on": "9999999999", "token_type": "Bearer",
            "resource": "https://vault.azure.net",
        });
        axum::Json(token).into_response()
    }

    fn refusal(self, status: u16, kind: &str, reason: &str) -> Response {
        Azure.refusal(status, kind, reason)
    }
}

/// What a request says: whom it asks, the query, who asks, the body, the form of the body; without the client's own marks.
type Said = (
    String,
    BTreeMap<String, String>,
    [String; 3],
    Value,
    BTreeMap<String, String>,
);

fn said(asked: &Asked) -> Said {
    let pairs = |text: &str| {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let decoded = |value: &str| {
            value
                .replace("%3A", ":")
                .replace("%2F", "/")
                .replace("%7E", "~")
        };
        // That it could answer a demand for more, and how it counts its users.
        let own = ["claims", "client_info"];
        let kept = pairs.filter(|(name, _)| !own.contains(name));
        kept.map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect()
    };
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let whom = format!("{} {}{path}", asked.method, asked.host);
    let who = ["authorization", "metadata", "x-identity-header"]
        .map(|name| asked.header(name).to_owned());
    let form = match asked.header("content-type") {
        "application/x-www-form-urlencoded" => pairs(&asked.body),
        _ => BTreeMap::new(),
    };
    (whom, pairs(query), who, asked.json(), form)
}

#[tokio::test(flavor = "multi_thread")]
async fn azures_clients_ask_as_we_do() {
    let Some(python) = peer("kms/bin/python") else {
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "federated.token").unwrap();
    let file = file.path().to_str().unwrap();
    let federated = [
        VARIABLES[0],
        VARIABLES[1],
        ("AZURE_FEDERATED_TOKEN_FILE", file),
    ];
    let service = [
        VARIABLES[1],
        ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
        ("IDENTITY_HEADER", "own-secret"),
    ];
    for (by, variables, kind, algorithm) in [
        ("secret", &VARIABLES[..], KeyType::EcdsaP256, "ES256"),
        ("federated", &federated, KeyType::EcdsaP384, "ES384"),
        ("service", &service, KeyType::EcdsaP521, "ES512"),
        ("machine", &VARIABLES[1..2], KeyType::Rsa(2048), "RS256"),
    ] {
        let world = World::new(kind);
        let hosts: Vec<(&str, Router)> = [
            HOST,
            AUTHORITY,
            "http://localhost:42356",
            "http://169.254.169.254",
        ]
        .map(|host| (host, world.router(Everybody)))
        .into();
        let place = surroundings(variables, &hosts, &Noon::new());
        let signer = open(REFERENCE, &place).await.unwrap();
        let mine = signer.sign(b"a message").await.unwrap();
        let ours = world.asked();

        let url = world.serve(Everybody).await;
        let address = url.strip_prefix("http://").unwrap();
        let digest = signer.algorithm().hash().unwrap().digest(b"a message");
        let question = json!({
            "vault": HOST, "key": "k-1", "algorithm": algorithm, "digest": BASE64.encode(digest.as_bytes()),
            "by": by, "token_file": file,
        });
        let theirs = script(&python, "azure_client.py", &[address], &question);
        let id = format!("{HOST}/keys/k-1/{VERSION}");
        assert_eq!((&theirs["id"], &theirs["key"]), (&json!(id), &json!(id)));
        let signature = theirs["signature"].as_str().unwrap();
        let signature = BASE64.decode(signature.as_bytes()).unwrap();
        // Ours of ECDSA is in DER; it is two numbers as long as theirs are.
        let length = match kind {
            KeyType::Rsa(_) => mine.len(),
            _ => raw(&mine, signature.len() / 2).len(),
        };
        assert_eq!(length, signature.len());

        // Theirs ask the vault once without a token, to be told whom to ask for one, and the authority where that is.
        let theirs = world.asked();
        let is_ours = |asked: &&Asked| {
            let is_vault = HOST.ends_with(&asked.host);
            let is_challenge = is_vault && asked.header("authorization").is_empty();
            !is_challenge && !asked.path.contains("openid-configuration")
        };
        let theirs: Vec<Said> = theirs.iter().filter(is_ours).map(said).collect();
        let ours: Vec<Said> = ours.iter().map(said).collect();
        assert_eq!(ours.len(), 3);
        assert_eq!(ours, theirs, "{by}");
    }
}
