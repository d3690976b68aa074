//! Who asks properly is given a certificate.

use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_net::Request;
use waxwing_pki::fulcio::{Identity, SubjectAlternativeName};

use crate::issuer::ISSUER;
use crate::world::{BAD_TOKEN, EMAIL, SIGNING, SUBJECT, World, chain, claims, proved};

#[tokio::test]
async fn a_key_with_a_proof_gets_a_certificate_in_the_name_of_the_token() {
    let world = World::new();
    let chain = world.accepts(&world.with_token(&world.token())).await;
    assert_eq!(chain[0].public_key(), world.key.public_key());
    let identity = Identity {
        name: SubjectAlternativeName::Email(EMAIL.into()),
        issuer: ISSUER.into(),
        subject: Some(SUBJECT.into()),
    };
    assert_eq!(Identity::of(&chain[0]).unwrap(), identity);
}

#[tokio::test]
async fn the_chain_goes_from_the_leaf_over_the_issuing_authority_to_the_root() {
    let world = World::new();
    let chain = world.accepts(&world.with_token(&world.token())).await;
    assert_eq!(chain[1..], [world.issuing.clone(), world.root.clone()]);
    chain[0]
        .verify_signature(world.issuing.public_key())
        .unwrap();
    let submitted = world.ct_log.submitted();
    assert_eq!(submitted.len(), 1);
    assert_eq!(
        submitted[0][1..],
        chain[1..],
        "the CT log got other certificates"
    );
}

#[tokio::test]
async fn certificates_end_without_a_newline_here_and_with_one_in_the_trust_bundle() {
    let world = World::new();
    let body = world.with_token(&world.token());
    let answer: Value = world.ask(&body).await.json().unwrap();
    let answer = &answer["signedCertificateEmbeddedSct"]["chain"]["certificates"];
    for pem in answer.as_array().unwrap() {
        assert!(pem.as_str().unwrap().ends_with("-----END CERTIFICATE-----"));
    }
    let url = "http://fulcio.test/api/v2/trustBundle";
    let bundle: Value = world.client.get(url).await.unwrap().json().unwrap();
    let expected = [world.issuing.to_pem(), world.root.to_pem()];
    assert!(
        expected
            .iter()
            .all(|pem| pem.ends_with("-----END CERTIFICATE-----\n"))
    );
    assert_eq!(bundle, json!({"chains": [{"certificates": expected}]}));
}

#[tokio::test]
async fn the_token_may_come_in_the_authorization_header() {
    let world = World::new();
    let bare = world.without_token();
    world.refuses(&bare, BAD_TOKEN, "TOKEN_MISSING").await;
    let request = Request::post_json(SIGNING, &bare).bearer(&world.token());
    chain(&world.send(request).await);
}

#[tokio::test]
async fn the_token_in_the_body_goes_before_the_one_in_the_header() {
    let world = World::new();
    let mut other = claims();
    other["email"] = json!("mallory@example.com");
    let other = world.token_key.token(&other);
    let request = Request::post_json(SIGNING, &world.with_token(&world.token())).bearer(&other);
    let leaf = chain(&world.send(request).await).remove(0);
    assert_eq!(Identity::of(&leaf).unwrap().name.value(), EMAIL);
    // An empty one in the body is none.
    let request = Request::post_json(SIGNING, &world.with_token("")).bearer(&world.token());
    chain(&world.send(request).await);
}

#[tokio::test]
async fn another_scheme_than_bearer_is_no_token() {
    let world = World::new();
    let authorized = |value: String| {
        let request = Request::post_json(SIGNING, &world.without_token());
        request.header(AUTHORIZATION, &value)
    };
    for scheme in ["Basic", "bearer"] {
        let refused = authorized(format!("{scheme} {}", world.token()));
        assert_eq!(world.send(refused).await.status.as_u16(), 400, "{scheme}");
    }
    chain(
        &world
            .send(authorized(format!("Bearer {}", world.token())))
            .await,
    );
}

#[tokio::test]
async fn keys_on_p384_and_ed25519_are_certified_by_proofs_of_their_own_hash() {
    let world = World::new();
    for kind in [KeyType::EcdsaP384, KeyType::Ed25519] {
        let key = PrivateKey::generate(kind).unwrap();
        let mut request = proved(&key, EMAIL);
        request["credentials"] = json!({"oidcIdentityToken": world.token()});
        let leaf = world.accepts(&request).await.remove(0);
        assert_eq!(leaf.public_key(), key.public_key());
    }
}

#[tokio::test]
async fn fields_in_snake_case_mean_the_same_and_unknown_ones_nothing() {
    let world = World::new();
    let request = world.with_token(&world.token()).to_string();
    let mut snake = request.clone();
    for (camel, renamed) in [
        ("oidcIdentityToken", "oidc_identity_token"),
        ("publicKeyRequest", "public_key_request"),
        ("publicKey", "public_key"),
        ("proofOfPossession", "proof_of_possession"),
    ] {
        let renamed = snake.replace(&format!("\"{camel}\""), &format!("\"{renamed}\""));
        assert_ne!(renamed, snake);
        snake = renamed;
    }
    let mut snake: Value = serde_json::from_str(&snake).unwrap();
    world.accepts(&snake).await;
    snake["neverHeardOf"] = json!({"a": [1]});
    snake["public_key_request"]["more"] = json!(true);
    world.accepts(&snake).await;
}

#[tokio::test]
async fn the_key_may_be_pem_in_one_long_line() {
    let world = World::new();
    let mut request = world.with_token(&world.token());
    let pem = request["publicKeyRequest"]["publicKey"]["content"].take();
    let lines: Vec<&str> = pem.as_str().unwrap().lines().collect();
    assert!(lines.len() > 3, "the body has one line already");
    let (body, ends) = (
        lines[1..lines.len() - 1].concat(),
        [lines[0], lines[lines.len() - 1]],
    );
    let long = format!("{}\n{body}\n{}\n", ends[0], ends[1]);
    request["publicKeyRequest"]["publicKey"]["content"] = json!(long);
    let leaf = world.accepts(&request).await.remove(0);
    assert_eq!(leaf.public_key(), world.key.public_key());
}
