//! What is none of the routes.

use serde_json::{Value, json};
use waxwing_net::{Method, Request};

use crate::world::{LOG, World};

#[tokio::test]
async fn a_wrong_method_is_not_implemented() {
    let world = World::new().await;
    for (method, path) in [
        (Method::GET, "/api/v2/log/entries"),
        (Method::PUT, "/api/v2/log/entries"),
        (Method::POST, "/api/v2/checkpoint"),
        (Method::POST, "/checkpoint"),
        (Method::DELETE, "/api/v2/tile/0/000"),
        (Method::POST, "/tile/entries/000"),
    ] {
        let request = Request::new(method, format!("{LOG}{path}"));
        let answer = world.client.send(request).await.unwrap();
        assert_eq!(answer.status.as_u16(), 501, "{path}");
        let body: Value = answer.json().unwrap();
        let expected = json!({"code": 12, "message": "Method Not Allowed", "details": []});
        assert_eq!(body, expected, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let world = World::new().await;
    for path in [
        "/",
        "/api/v2",
        "/api/v1/log/entries",
        "/api/v2/log/entries/0",
        "/log/entries",
    ] {
        let answer = world.client.get(format!("{LOG}{path}")).await.unwrap();
        assert_eq!(answer.status.as_u16(), 404, "{path}");
        let body: Value = answer.json().unwrap();
        assert_eq!(
            body,
            json!({"code": 5, "message": "Not Found", "details": []})
        );
    }
}
