//! Version 1 of the API.

use serde_json::{Value, json};
use waxwing_encoding::base64;
use waxwing_net::{Request, Response};
use waxwing_pki::Certificate;

use crate::world::{BAD_KEY, BAD_TOKEN, EMAIL, Setup, World, authorities, check_refusal};

const SIGNING: &str = "http://fulcio.test/api/v1/signingCert";
const ROOT: &str = "http://fulcio.test/api/v1/rootCert";
const CHAIN: Option<&str> = Some("application/pem-certificate-chain");

fn good(world: &World) -> Value {
    json!({
        "publicKey": {
            "content": base64::encode(world.key.public_key().to_pem().as_bytes()),
            "algorithm": "ecdsa",
        },
        "signedEmailAddress": base64::encode(&world.key.sign(EMAIL.as_bytes()).unwrap()),
    })
}

async fn ask(world: &World, body: &Value, token: &str) -> Response {
    let request = Request::post_json(SIGNING, body).bearer(token);
    world.send(request).await
}

fn certificates(text: &str) -> Vec<Certificate> {
    let blocks = waxwing_encoding::pem::decode_all(text, 8).unwrap();
    let read = |block: waxwing_encoding::pem::Block| Certificate::from_der(&block.der).unwrap();
    blocks.into_iter().map(read).collect()
}

#[tokio::test]
async fn a_certificate_is_201_and_a_chain_without_a_final_newline() {
    let world = World::new();
    let token = world.token();
    let mut request = good(&world);
    let answer = ask(&world, &request, &token).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    assert_eq!(answer.header("content-type"), CHAIN);
    assert_eq!(answer.header("sct"), None, "it is inside");
    let text = answer.text();
    assert!(text.ends_with("-----END CERTIFICATE-----"));
    assert!(!text.contains("\n\n"));
    let chain = certificates(&text);
    assert_eq!(chain[1..], [world.issuing.clone(), world.root.clone()]);
    assert_eq!(chain[0].public_key(), world.key.public_key());
    // DER will do as well, and the algorithm is nobody's business.
    request["publicKey"] = json!({
        "content": base64::encode(world.key.public_key().spki_der()), "algorithm": "?",
    });
    assert_eq!(ask(&world, &request, &token).await.status.as_u16(), 201);
}

#[tokio::test]
async fn refusals_are_those_of_version_two() {
    let world = World::new();
    let token = world.token();
    let answer = world.send(Request::post_json(SIGNING, &good(&world))).await;
    check_refusal(&answer, BAD_TOKEN, "TOKEN_MISSING");
    let mut in_body = good(&world);
    in_body["credentials"] = json!({"oidcIdentityToken": token});
    let answer = world.send(Request::post_json(SIGNING, &in_body)).await;
    check_refusal(&answer, BAD_TOKEN, "TOKEN_MISSING");
    let answer = ask(&world, &json!({}), &token).await;
    check_refusal(&answer, BAD_KEY, "KEY_INVALID");
    assert_eq!(
        ask(&world, &good(&world), &token).await.status.as_u16(),
        201
    );
}

#[tokio::test]
async fn roots_are_one_text_with_an_empty_line_between_two() {
    let (old_root, old_issuing) = authorities();
    let old = vec![old_issuing.certificate, old_root.certificate];
    let world = World::with(Setup {
        other_chains: vec![old.clone()],
        ..Setup::default()
    });
    let answer = world.client.get(ROOT).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, CHAIN)
    );
    let text = answer.text();
    assert!(text.ends_with("-----END CERTIFICATE-----"));
    assert_eq!(
        text.matches("-----END CERTIFICATE-----\n\n-----BEGIN")
            .count(),
        3
    );
    let mut expected = vec![world.issuing.clone(), world.root.clone()];
    expected.extend(old.clone());
    assert_eq!(certificates(&text), expected);

    let url = "http://fulcio.test/api/v2/trustBundle";
    let bundle: Value = world.client.get(url).await.unwrap().json().unwrap();
    let chains = bundle["chains"].as_array().unwrap();
    let old: Vec<String> = old.iter().map(Certificate::to_pem).collect();
    assert_eq!(chains.len(), 2);
    assert_eq!(chains[1]["certificates"], json!(old));
}
