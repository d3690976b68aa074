//! hvac, the client of Vault for Python, asks the stand-in for the same: the requests are the same as ours.
//!
//! No server of Vault can be had where these tests run. The stand-in is written from the description of the API; that
//! hvac understands its answers, and that it asks as we do, is what a second hand can say here.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType};

use crate::hashicorp::{Hashicorp, REFERENCE, TOKEN};
use crate::peer::{peer, script};
use crate::world::{Asked, Noon, World, open_with, surroundings};

/// What a request says; not by which client, over which connection. The hash has two places: hvac names it in the
/// body, where ours follows cosign, whose policies allow `…/sign/KEY/*`.
fn said(asked: &Asked) -> (String, String, BTreeMap<String, String>, Value) {
    let own = [
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "host",
    ];
    let mut headers = asked.headers.clone();
    headers.retain(|name, _| !own.contains(&name.as_str()));
    let (mut path, mut body) = (asked.path.clone(), asked.json());
    if let Some(hash) = body
        .as_object_mut()
        .and_then(|body| body.remove("hash_algorithm"))
    {
        path = format!("{path}/{}", hash.as_str().unwrap());
    }
    (asked.method.clone(), path, headers, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn hvac_asks_as_we_do() {
    let Some(python) = peer("kms/bin/python") else {
        return;
    };
    for (kind, hash, name) in [
        (KeyType::EcdsaP256, HashAlgorithm::Sha256, Some("sha2-256")),
        (KeyType::EcdsaP384, HashAlgorithm::Sha384, Some("sha2-384")),
        (KeyType::Rsa(2048), HashAlgorithm::Sha256, Some("sha2-256")),
        (KeyType::Ed25519, HashAlgorithm::Sha256, None),
    ] {
        let world = World::new(kind);
        let url = world.serve(Hashicorp("transit")).await;
        let namespace = "team";
        let variables = [
            ("VAULT_ADDR", url.as_str()),
            ("VAULT_TOKEN", TOKEN),
            ("VAULT_NAMESPACE", namespace),
        ];
        let place = surroundings(&variables, &[], &Noon::new());
        let signer = open_with(REFERENCE, hash, &place).await.unwrap();
        let signature = signer.sign(b"a message").await.unwrap();
        assert!(!signature.is_empty());
        let ours = world.asked();

        let digest = hash.digest(b"a message");
        let input = match name {
            Some(_) => digest.as_bytes(),
            None => b"a message",
        };
        let question = json!({
            "key": "signing", "version": 2, "input": BASE64.encode(input), "hash": name,
        });
        let arguments = [url.as_str(), TOKEN, namespace];
        let theirs = script(&python, "vault_client.py", &arguments, &question);
        // What the client makes of the answers holds by our key.
        let signed = theirs["signed"]["signature"].as_str().unwrap();
        let signed = signed.strip_prefix("vault:v2:").unwrap();
        let signed = BASE64.decode(signed.as_bytes()).unwrap();
        let algorithm = signer.algorithm();
        let key = signer.public_key();
        key.verify(algorithm, b"a message", &signed).unwrap();
        assert_eq!(theirs["read"]["latest_version"], 2);

        let theirs = world.asked();
        assert_eq!(ours.len(), 2);
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(said(ours), said(theirs));
        }
        assert_eq!(theirs.len(), 2);
    }
}
