//! Two services on one port: their errors, caps and counts stay apart.

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;
use waxwing_serve::{
    Code, Counted, HEALTH_ROUTES, Json, Mount, Observations, RawBody, Rejection, check_mounts,
    gateway_fallbacks, health, refuse_other_methods, refuse_unknown_paths, with_body_cap,
};

use crate::ask;

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    name: String,
}

fn greeter() -> Router {
    let greet = async |Json(Name { name }): Json<Name>| match name.as_str() {
        "nobody" => Err(Rejection::new(
            Code::AlreadyExists,
            "nobody is here already",
        )),
        name => Ok(format!("hello {name}")),
    };
    let router = Router::new().route("/greet/{language}", post(greet));
    refuse_other_methods(with_body_cap(router, 32))
}

fn measurer() -> Router {
    let measure = async |RawBody(body): RawBody| body.len().to_string();
    Router::new().route("/measure", get(async || "metre").post(measure))
}

fn port(observations: &Observations) -> Router {
    let nested = Router::new().nest("/tools", measurer());
    refuse_unknown_paths(
        observations
            .around("greeter", greeter())
            .merge(observations.around("measurer", nested))
            .merge(health()),
    )
}

#[tokio::test]
async fn a_known_path_with_a_wrong_method_is_501_and_an_unknown_path_404() {
    let observations = Observations::new();
    let both = port(&observations);
    let alone = gateway_fallbacks(greeter());
    let wrong_method = r#"{"code":12,"message":"Method Not Allowed","details":[]}"#;
    let unknown = r#"{"code":5,"message":"Not Found","details":[]}"#;
    for router in [both, alone] {
        for method in ["GET", "PUT", "BREW"] {
            let answer = ask(&router, method, "/greet/en", "").await;
            assert_eq!(answer, (501, wrong_method.to_owned()), "{method}");
        }
        for path in ["/", "/greet", "/greet/en/", "/greet/en/x"] {
            let answer = ask(&router, "POST", path, "").await;
            assert_eq!(answer, (404, unknown.to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn json_is_refused_in_the_gateways_shape() {
    let router = port(&Observations::new());
    let greet = async |body| ask(&router, "POST", "/greet/en", body).await;
    assert_eq!(greet(r#"{"name":"wax"}"#).await, (200, "hello wax".into()));
    assert_eq!(greet("").await, (200, "hello ".into()));
    assert_eq!(greet(" \n").await, (200, "hello ".into()));
    let (status, body) = greet(r#"{"name":"nobody"}"#).await;
    let expected = r#"{"code":6,"message":"nobody is here already","details":[]}"#;
    assert_eq!((status, body.as_str()), (409, expected));
    for (body, expected) in [
        ("{", "the request body is not the JSON expected: EOF"),
        (
            r#"{"name":7}"#,
            "the request body is not the JSON expected: invalid type",
        ),
        (
            "{} {}",
            "the request body is not the JSON expected: trailing characters",
        ),
        (&" ".repeat(33), "the request body is longer than 32 bytes"),
    ] {
        let (status, answer) = greet(body).await;
        assert_eq!(status, 400, "{body}");
        let start = format!(r#"{{"code":3,"message":"{expected}"#);
        assert!(answer.starts_with(&start), "{answer}");
    }
}

#[tokio::test]
async fn each_service_has_its_own_cap() {
    let router = port(&Observations::new());
    let long = "x".repeat(1 << 20);
    let answer = ask(&router, "POST", "/tools/measure", &long).await;
    assert_eq!(answer, (200, long.len().to_string()));
    let too_long = "x".repeat((4 << 20) + 1);
    let (status, body) = ask(&router, "POST", "/tools/measure", &too_long).await;
    assert_eq!(status, 400);
    assert!(body.contains("longer than 4194304 bytes"), "{body}");
}

#[tokio::test]
async fn requests_are_counted_by_service_and_route() {
    let observations = Observations::new();
    let router = port(&observations);
    for (method, path) in [
        ("POST", "/greet/en"),
        ("POST", "/greet/fr"),
        ("BREW", "/greet/en"),
        ("GET", "/tools/measure"),
        ("GET", "/tools/unknown"),
        ("GET", "/unknown"),
        ("GET", "/healthz"),
    ] {
        ask(&router, method, path, "").await;
    }
    let counted = |service, method, path: &str, status, count| Counted {
        service,
        method,
        path: path.to_owned(),
        status,
        count,
    };
    assert_eq!(
        observations.requests(),
        [
            counted("greeter", "OTHER", "/greet/{language}", 501, 1),
            counted("greeter", "POST", "/greet/{language}", 200, 2),
            counted("measurer", "GET", "/tools/measure", 200, 1),
        ]
    );
    assert_eq!(observations.count("greeter"), 3);
    assert_eq!(observations.count("nobody"), 0);
}

#[tokio::test]
async fn a_path_that_nobody_has_is_counted_for_nobody() {
    let observations = Observations::new();
    let alone = observations.around("measurer", measurer());
    assert_eq!(ask(&alone, "GET", "/unknown", "").await.0, 404);
    assert_eq!(observations.requests(), []);
    let empty = observations.around("nothing", Router::new());
    assert_eq!(ask(&empty, "GET", "/", "").await.0, 404);
    assert_eq!(observations.requests(), []);
}

#[tokio::test]
async fn health_is_what_the_gateway_says() {
    let router = port(&Observations::new());
    for (method, path) in HEALTH_ROUTES {
        let answer = ask(&router, method, path, "").await;
        assert_eq!(answer, (200, r#"{"status":"SERVING"}"#.into()));
    }
    let mount = |service| Mount {
        service,
        prefix: "",
        routes: HEALTH_ROUTES,
    };
    assert!(check_mounts(&[mount("one")]).is_ok());
    assert!(check_mounts(&[mount("one"), mount("two")]).is_err());
}
