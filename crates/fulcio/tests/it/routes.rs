//! The routes: what they answer besides certificates, and what is none of them.

use http::Method;
use serde_json::{Value, json};
use waxwing_net::Request;

use crate::issuer::ISSUER;
use crate::world::{SIGNING, World, chain};

#[tokio::test]
async fn the_configuration_names_the_issuers_with_every_field() {
    let world = World::new();
    let url = "http://fulcio.test/api/v2/configuration";
    let found: Value = world.client.get(url).await.unwrap().json().unwrap();
    let issuer = json!({
        "issuerUrl": ISSUER, "audience": "sigstore", "challengeClaim": "email",
        "spiffeTrustDomain": "", "issuerType": "email", "subjectDomain": "",
        "skipEmailVerification": false,
    });
    assert_eq!(found, json!({"issuers": [issuer]}));
}

#[tokio::test]
async fn a_wrong_method_is_not_implemented() {
    let world = World::new();
    for (method, path) in [
        (Method::GET, "signingCert"),
        (Method::PUT, "signingCert"),
        (Method::POST, "trustBundle"),
        (Method::DELETE, "configuration"),
    ] {
        let url = format!("http://fulcio.test/api/v2/{path}");
        let answer = world.send(Request::new(method, url)).await;
        assert_eq!(answer.status.as_u16(), 501, "{path}");
        let body: Value = answer.json().unwrap();
        let expected = json!({"code": 12, "message": "Method Not Allowed", "details": []});
        assert_eq!(body, expected, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let world = World::new();
    for path in [
        "/",
        "/api/v2/signingcert",
        "/api/v2/signingCert/",
        "/api/v3/trustBundle",
    ] {
        let url = format!("http://fulcio.test{path}");
        let answer = world.send(Request::get(url)).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
        let body: Value = answer.json().unwrap();
        assert_eq!(
            body,
            json!({"code": 5, "message": "Not Found", "details": []})
        );
    }
}

#[tokio::test]
async fn a_body_may_have_four_mebibytes_and_not_one_byte_more() {
    let world = World::new();
    let padded = |length: usize| {
        let body = world.with_token(&world.token()).to_string();
        let padded = format!("{body}{}", " ".repeat(length - body.len()));
        Request::post(SIGNING, "application/json", padded)
    };
    chain(&world.send(padded(4 << 20)).await);
    let before = world.ct_log.submitted().len();
    let answer = world.send(padded((4 << 20) + 1)).await;
    assert_eq!(answer.status.as_u16(), 400);
    let body: Value = answer.json().unwrap();
    assert_eq!(body["code"], 3);
    let message = body["message"].as_str().unwrap();
    assert!(message.contains("longer than 4194304 bytes"), "{message}");
    assert_eq!(world.ct_log.submitted().len(), before);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let world = World::new();
    for body in ["{", "[]", "{\"credentials\":7}", "token"] {
        let request = Request::post(SIGNING, "application/json", body.to_owned());
        let answer = world.send(request).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        let answer: Value = answer.json().unwrap();
        assert_eq!(answer["code"], 3, "{body}");
    }
}
