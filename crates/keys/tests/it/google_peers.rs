//! Google's own client asks the stand-in for the same: the requests are the same as ours.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Value, json};
use waxwing_crypto::KeyType;

use crate::google_cloud::{GoogleCloud, HOST, KEY, NEWEST, REFERENCE, TOKEN};
use crate::peer::{peer, script};
use crate::world::{Asked, Noon, World, open, surroundings};

/// What a request says: the method, the path, the query without the client's options of format, who asks, the body.
fn said(asked: &Asked) -> (String, String, BTreeMap<String, String>, String, Value) {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs
        .filter(|(name, _)| !name.starts_with("%24") && !name.starts_with('$'))
        .map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")))
        .collect();
    let method = asked.method.clone();
    let who = asked.header("authorization").to_owned();
    (method, path.to_owned(), query, who, asked.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_client_asks_as_we_do() {
    let Some(python) = peer("kms/bin/python") else {
        return;
    };
    for (kind, algorithm, hash) in [
        (KeyType::EcdsaP256, "EC_SIGN_P256_SHA256", Some("sha256")),
        (KeyType::EcdsaP384, "EC_SIGN_P384_SHA384", Some("sha384")),
        (
            KeyType::Rsa(2048),
            "RSA_SIGN_PKCS1_2048_SHA256",
            Some("sha256"),
        ),
        (KeyType::Ed25519, "EC_SIGN_ED25519", None),
    ] {
        let world = World::new(kind);
        let hosts = [
            (HOST, world.router(GoogleCloud(algorithm))),
            ("http://169.254.169.254", crate::google_cloud::metadata()),
        ];
        let place = surroundings(&[], &hosts, &Noon::new());
        let signer = open(REFERENCE, &place).await.unwrap();
        signer.sign(b"a message").await.unwrap();
        let ours = world.asked();

        let url = world.serve(GoogleCloud(algorithm)).await;
        let address = url.strip_prefix("http://").unwrap();
        let digest = signer
            .algorithm()
            .hash()
            .map(|hash| hash.digest(b"a message"));
        let message = digest
            .as_ref()
            .map_or(&b"a message"[..], |digest| digest.as_bytes());
        let question = json!({
            "key": KEY, "version": NEWEST, "hash": hash, "message": BASE64.encode(message),
        });
        let theirs = script(&python, "google_client.py", &[address, TOKEN], &question);
        assert_eq!(theirs["pem"], signer.public_key().to_pem());
        assert_eq!(theirs["algorithm"], algorithm);
        assert_eq!(theirs["verified"], true);
        let signature = theirs["signature"].as_str().unwrap();
        let signature = BASE64.decode(signature.as_bytes()).unwrap();
        let key = signer.public_key();
        key.verify(signer.algorithm(), b"a message", &signature)
            .unwrap();

        let theirs = world.asked();
        let (ours, theirs) = (
            ours.iter().map(said).collect::<Vec<_>>(),
            theirs.iter().map(said).collect::<Vec<_>>(),
        );
        assert_eq!(ours.len(), 4);
        assert_eq!(ours, theirs);
    }
}
