//! One address for all services: each answers where clients look for it, and for nothing else.

use serde_json::{Value, json};
use waxwing_net::{Method, Request};

use crate::surroundings::start;

#[tokio::test]
async fn every_service_answers_at_the_one_address() {
    let instance = start("http://waxwing.localhost").await;
    let client = instance.client().unwrap();
    for path in [
        "/api/v2/trustBundle",
        "/api/v2/configuration",
        "/api/v2/checkpoint",
        "/api/v2/tile/0/000.p/1",
        "/checkpoint",
        "/tile/entries/000.p/1",
        "/api/v1/timestamp/certchain",
        "/ping",
        "/healthz",
        "/oidc/.well-known/openid-configuration",
        "/oidc/keys",
        "/ct/checkpoint",
        "/ct/ct/v1/get-roots",
        "/ct/tile/data/000.p/1",
    ] {
        let url = format!("http://waxwing.localhost{path}");
        let answer = client.get(url).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_issuer_says_exactly_the_address_that_tokens_carry() {
    let instance = start("http://waxwing.localhost:8123").await;
    let url = format!(
        "{}/.well-known/openid-configuration",
        instance.address().issuer()
    );
    let answer = instance.client().unwrap().get(url).await.unwrap();
    let document: Value = answer.json().unwrap();
    assert_eq!(document["issuer"], "http://waxwing.localhost:8123/oidc");
    assert_eq!(
        document["jwks_uri"],
        "http://waxwing.localhost:8123/oidc/keys"
    );
}

#[tokio::test]
async fn what_no_service_has_is_not_found() {
    let instance = start("http://waxwing.localhost").await;
    let client = instance.client().unwrap();
    for path in [
        "/",
        "/oidc",
        "/ct",
        "/api/v3",
        "/keys",
        "/ct/v1/get-roots",
        "/tile/data/000.p/1",
    ] {
        let url = format!("http://waxwing.localhost{path}");
        let answer = client.get(url).await.unwrap();
        assert_eq!(answer.status.as_u16(), 404, "{path}: {}", answer.text());
    }
    let answer = client
        .get("http://waxwing.localhost/nothing")
        .await
        .unwrap();
    let body: Value = answer.json().unwrap();
    assert_eq!(
        body,
        json!({"code": 5, "message": "Not Found", "details": []})
    );
    let wrong = Request::new(Method::GET, "http://waxwing.localhost/api/v2/log/entries");
    assert_eq!(client.send(wrong).await.unwrap().status.as_u16(), 501);
}
