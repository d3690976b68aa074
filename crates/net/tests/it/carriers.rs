//! The same router behind a socket and in process gives the same answers to the same requests.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request as Received;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::{any, get, post};
use http_body_util::BodyExt;
use waxwing_net::{Client, Error, Method, Request, Response, Routes, Settings, StatusCode, header};

use crate::{in_process, network, serve};

/// Writes down all that a handler can see of a request.
async fn mirror(request: Received) -> String {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut headers: Vec<String> = parts
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let (method, target, version) = (parts.method, parts.uri, parts.version);
    let headers = headers.concat();
    format!("{method} {target} {version:?}\n{headers}\n{body:?}")
}

async fn in_pieces() -> Body {
    let pieces = ["one ", "two ", "three"].map(Ok::<_, std::io::Error>);
    Body::from_stream(futures_util::stream::iter(pieces))
}

async fn created(headers: HeaderMap, body: Bytes) -> Answer {
    let location = [(header::LOCATION, "/api/v1/log/entries/1")];
    let status = match headers.contains_key(header::AUTHORIZATION) {
        true => StatusCode::CREATED,
        false => StatusCode::BAD_REQUEST,
    };
    (status, location, body).into_response()
}

fn router() -> Router {
    Router::new()
        .route("/mirror/{*rest}", any(mirror))
        .route("/mirror", any(mirror))
        .route("/pieces", get(in_pieces))
        .route("/created", post(created))
        .route("/empty", any(async || StatusCode::NO_CONTENT))
        .route("/unchanged", any(async || StatusCode::NOT_MODIFIED))
        .route("/moved", get(async || [(header::LOCATION, "/mirror?a=b")]))
        .route(
            "/redirected",
            get(async |uri: Uri| {
                let target = format!("/mirror?from={}", uri.path());
                (StatusCode::FOUND, [(header::LOCATION, target)])
            }),
        )
}

/// Each request of the table, for a server at `base`.
fn requests(base: &str) -> Vec<Request> {
    let at = |path: &str| format!("{base}{path}");
    let with_body = |method, path| Request::new(method, at(path)).body("text/plain", "four");
    vec![
        Request::get(at("")),
        Request::get(at("/mirror")),
        Request::get(at("/mirror?x=%20y&z=[1]|{2}&%C3%A9=é#fragment")),
        Request::get(at("/mirror/a%2Fb/../c//d;e='f'")),
        Request::get(at("/mirror")).bearer("token"),
        Request::get(at("/mirror")).header(header::ACCEPT, "application/json"),
        Request::get(at("/mirror")).header(header::HOST, "other.example"),
        Request::post(at("/mirror"), "text/plain", "body"),
        Request::post(at("/mirror"), "text/plain", ""),
        Request::post_json(at("/mirror"), &["é", "\n"]),
        Request::post(at("/created"), "application/octet-stream", vec![0, 255]),
        Request::post(at("/created"), "text/plain", "x").bearer("token"),
        with_body(Method::PUT, "/mirror"),
        with_body(Method::PATCH, "/mirror"),
        with_body(Method::DELETE, "/mirror"),
        with_body(Method::GET, "/mirror"),
        Request::new(Method::PUT, at("/mirror")),
        Request::new(Method::PATCH, at("/mirror")),
        Request::new(Method::DELETE, at("/mirror")),
        Request::new(Method::OPTIONS, at("/mirror")),
        Request::new(Method::HEAD, at("/mirror")),
        Request::new(Method::HEAD, at("/pieces")),
        Request::get(at("/pieces")),
        Request::get(at("/empty")),
        Request::new(Method::HEAD, at("/empty")),
        Request::get(at("/unchanged")),
        Request::get(at("/moved")),
        Request::get(at("/redirected")),
        Request::get(at("/nothing")),
        Request::post(at("/pieces"), "text/plain", "wrong method"),
    ]
}

/// All that a caller can see of an answer, except when it was given and from which port.
fn seen(outcome: &Result<Response, Error>, base: &str) -> String {
    let response = outcome.as_ref().unwrap();
    let mut headers: Vec<String> = response
        .headers
        .iter()
        .filter(|(name, _)| *name != header::DATE)
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    let host = base.trim_start_matches("http://");
    let (status, url, body) = (response.status, response.url(), response.text());
    let seen = format!("{status} {url}\n{headers:#?}\n{body}");
    // The host is part of a mirrored body, so the length counts its characters.
    seen.replace(host, "HOST")
}

#[tokio::test]
async fn both_carriers_give_equal_answers() {
    let wire = format!("http://{}", serve(router()).await);
    // As long as the loopback address, so that lengths are equal too.
    let local = format!("http://{:w>1$}", "", wire.len() - "http://".len());
    let (over_wire, within) = (network(), in_process(&local, router()));
    for (on_wire, inside) in requests(&wire).into_iter().zip(requests(&local)) {
        let name = format!("{inside:?}");
        let on_wire = over_wire.send(on_wire).await;
        let inside = within.send(inside).await;
        assert_eq!(seen(&inside, &local), seen(&on_wire, &wire), "{name}");
    }
}

#[tokio::test]
async fn a_router_in_process_sees_what_a_socket_would_show_it() {
    let client = in_process("http://waxwing.localhost:8080", router());
    let request = Request::post(
        "http://waxwing.localhost:8080/mirror?a=b",
        "text/plain",
        "x",
    );
    let response = client.send(request.bearer("token")).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        response.text(),
        format!(
            "POST /mirror?a=b HTTP/1.1\naccept: */*\nauthorization: Bearer token\n\
             content-length: 1\ncontent-type: text/plain\nhost: waxwing.localhost:8080\n\
             user-agent: waxwing/{version}\n\nb\"x\""
        )
    );
}

#[tokio::test]
async fn an_unknown_host_is_named_or_asked_over_the_network() {
    let router = || Router::new().route("/", get(async || "inside"));
    let outside = serve(Router::new().route("/", get(async || "outside"))).await;
    let outside = format!("http://{outside}");
    let client = in_process("http://waxwing.localhost", router());
    let error = client.get(&outside).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "no service in this process answers for {outside}; there are: http://waxwing.localhost"
        )
    );
    let routes = Routes::new().with("http://waxwing.localhost", router());
    let client = Client::in_process_and_network(routes.unwrap(), Settings::default()).unwrap();
    assert_eq!(client.get(&outside).await.unwrap().text(), "outside");
    let inside = client.get("http://waxwing.localhost").await.unwrap();
    assert_eq!(inside.text(), "inside");
}

#[tokio::test]
async fn statuses_and_json_are_expected_by_name() {
    let router = Router::new().route("/json", get(async || "[1, 2]")).route(
        "/bad",
        get(async || (StatusCode::BAD_REQUEST, r#"{"code":3,"message":"no key"}"#)),
    );
    let client = in_process("http://waxwing.localhost", router);
    let response = client
        .get("http://waxwing.localhost/json?secret")
        .await
        .unwrap();
    let numbers: Vec<u8> = response.json().unwrap();
    assert_eq!(numbers, [1, 2]);
    let error = response.json::<String>().unwrap_err().to_string();
    assert!(error.starts_with("the answer of http://waxwing.localhost/json?… is not the JSON"));
    let created = response.expect_status(StatusCode::CREATED).unwrap_err();
    let expected = "http://waxwing.localhost/json?… answered 200 OK: [1, 2]";
    assert_eq!(created.to_string(), expected);
    let bad = client.get("http://waxwing.localhost/bad").await.unwrap();
    assert_eq!(
        bad.expect_success().unwrap_err().to_string(),
        "http://waxwing.localhost/bad answered 400 Bad Request: no key"
    );
}
