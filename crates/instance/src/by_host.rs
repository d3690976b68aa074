//! Several Rekor logs behind one port, each asked for by the host name that is its own.
//!
//! ```text
//! POST /api/v2/log/entries   Host: sigstore.example.com         ─▶ rekor-log-1
//! POST /api/v2/log/entries   Host: log2.sigstore.example.com    ─▶ rekor-log-2
//! ```
//!
//! A Rekor log is known by its bare host name, and the paths of its API are fixed, so nothing but the host
//! can tell two of them apart. Whoever asks by another name, perhaps behind a proxy that puts its own
//! there, reaches the log of the public URL.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use http::header::HOST;
use tower::ServiceExt;

/// Each host's router; requests for another host go to that of `public`, or else to the newest.
pub(crate) fn router(mut logs: Vec<(String, Router)>, public: &str) -> Router {
    let Some((_, newest)) = logs.last() else {
        return Router::new();
    };
    if logs.len() == 1 {
        return newest.clone();
    }
    let named = logs.iter().position(|(host, _)| host == public);
    let default = named.unwrap_or(logs.len() - 1);
    logs.swap(0, default);
    let logs: Arc<[(String, Router)]> = logs.into();
    // Route by route, since what is not Rekor's belongs to others.
    waxwing_rekor::ROUTES
        .iter()
        .fold(Router::new(), |router, (_, path)| {
            let logs = Arc::clone(&logs);
            let pick = any(move |request: Request| {
                let asked = host(&request);
                let found = logs.iter().find(|(host, _)| *host == asked);
                let chosen = found.or(logs.first()).map(|(_, router)| router.clone());
                chosen.unwrap_or_default().oneshot(request)
            });
            router.route(path, pick)
        })
}

/// The host that a request is for, without a port, in lower case.
fn host(request: &Request) -> String {
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let header = request.headers().get(HOST);
    let authority = authority.or(header.and_then(|value| value.to_str().ok()));
    let authority = authority.unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    // Not every colon: an address of IPv6 has some in its brackets.
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    };
    host.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};

    async fn answered(router: &Router, host: &str) -> String {
        let request = Request::get("/checkpoint").header(HOST, host);
        let request = request.body(Body::empty()).unwrap();
        let Ok(answer) = router.clone().oneshot(request).await;
        let body = to_bytes(answer.into_body(), 1024).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn log(name: &'static str) -> (String, Router) {
        let router = Router::new().route("/checkpoint", any(move || async move { name }));
        (name.to_owned(), router)
    }

    #[tokio::test]
    async fn each_host_reaches_its_log_and_any_other_that_of_the_public_url() {
        let router = router(vec![log("a.test"), log("b.test"), log("[::1]")], "b.test");
        for (host, expected) in [
            ("a.test", "a.test"),
            ("A.TEST:8443", "a.test"),
            ("b.test:80", "b.test"),
            ("[::1]:4747", "[::1]"),
            ("[::1]", "[::1]"),
            ("c.test", "b.test"),
            ("a.test.b.test", "b.test"),
            ("", "b.test"),
        ] {
            assert_eq!(answered(&router, host).await, expected, "{host}");
        }
    }

    #[tokio::test]
    async fn without_a_log_at_the_public_url_the_newest_answers() {
        let router = router(vec![log("a.test"), log("b.test")], "moved.test");
        assert_eq!(answered(&router, "moved.test").await, "b.test");
    }
}
