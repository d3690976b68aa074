//! Which of its answers a browser shows to pages of other origins (the Fetch standard, "CORS
//! protocol"), as the originals' library has it by default:
//!
//! ```text
//! OPTIONS /api/v2/signingCert                          204
//! origin: https://app.example.com                      access-control-allow-origin: *
//! access-control-request-method: POST                  access-control-allow-methods: POST
//! access-control-request-headers: content-type         access-control-allow-headers: content-type
//! ```
//!
//! Pages of any origin may ask, by some methods, with the headers `Accept`, `Content-Type`,
//! `X-Requested-With` and `Origin`. Cookies and other credentials are never allowed: with `*` browsers
//! refuse to show an answer to a request that had some. What is not allowed gets no header that says
//! so, which is how a server refuses here.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

const ANY: HeaderValue = HeaderValue::from_static("*");

/// The headers that a page may set.
const HEADERS: [&str; 4] = ["accept", "content-type", "x-requested-with", "origin"];

/// Which requests pages of other origins may make. Clones are alike.
#[derive(Debug, Clone, Copy)]
pub struct CrossOrigin {
    methods: &'static [Method],
    paths: fn(&str) -> bool,
    /// Says so whoever asks, so that one answer in a cache is for all.
    always: bool,
}

impl CrossOrigin {
    /// GET, POST and HEAD: what the originals allow.
    pub const DEFAULT: Self = Self {
        methods: &[Method::GET, Method::POST, Method::HEAD],
        paths: |_| true,
        always: false,
    };

    /// GET and HEAD, of what caches keep.
    pub const READ: Self = Self {
        methods: &[Method::GET, Method::HEAD],
        paths: |_| true,
        always: true,
    };

    /// The same for some paths alone, seen from within the service's own router.
    #[must_use]
    pub const fn only(self, paths: fn(&str) -> bool) -> Self {
        Self { paths, ..self }
    }

    /// Answers what browsers ask before, and lets them show what `router` answers.
    pub fn around(self, router: Router) -> Router {
        if !router.has_routes() {
            return router;
        }
        router.route_layer(from_fn(move |request: Request, next: Next| async move {
            if !(self.paths)(request.uri().path()) {
                return next.run(request).await;
            }
            let preflight = request.method() == Method::OPTIONS
                && request
                    .headers()
                    .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
            if preflight {
                return self.preflight(request.headers());
            }
            let named = self.always || request.headers().contains_key(ORIGIN);
            let shown = named && self.methods.contains(request.method());
            let mut response = next.run(request).await;
            let headers = response.headers_mut();
            if !self.always {
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
            if shown {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            }
            response
        }))
    }

    fn preflight(self, asked: &HeaderMap) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let answer = response.headers_mut();
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        answer.insert(VARY, HeaderValue::from_static(vary));
        let method = text(asked, &ACCESS_CONTROL_REQUEST_METHOD);
        let method = self.methods.iter().find(|known| known.as_str() == method);
        let headers = text(asked, &ACCESS_CONTROL_REQUEST_HEADERS);
        let (Some(method), true) = (method, asked.contains_key(ORIGIN)) else {
            return response;
        };
        let mut named = headers
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        if !named.all(|name| HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))) {
            return response;
        }
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        if let Ok(method) = HeaderValue::from_str(method.as_str()) {
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, method);
        }
        if let Some(headers) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        response
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::*;

    async fn ask(policy: CrossOrigin, request: &str, headers: &[(&str, &str)]) -> Response {
        let router = Router::new()
            .route("/read", get(async || "read"))
            .route("/write", post(async || "written"));
        let (method, path) = request.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        policy.around(router).oneshot(request).await.unwrap()
    }

    fn allowed(response: &Response) -> [Option<&str>; 3] {
        [
            ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_HEADERS,
        ]
        .map(|name| Some(response.headers().get(name)?.to_str().unwrap()))
    }

    const ORIGIN: (&str, &str) = ("origin", "https://app.example.com");

    #[tokio::test]
    async fn what_is_allowed_is_said_before_and_after() {
        let method = ("access-control-request-method", "POST");
        let headers = ("access-control-request-headers", "content-type,Accept");
        let asked = ask(
            CrossOrigin::DEFAULT,
            "OPTIONS /write",
            &[ORIGIN, method, headers],
        )
        .await;
        assert_eq!(asked.status(), 204);
        assert_eq!(
            allowed(&asked),
            [Some("*"), Some("POST"), Some("content-type,Accept")]
        );
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        assert_eq!(asked.headers()[VARY], vary);
        let bare = ask(CrossOrigin::DEFAULT, "OPTIONS /write", &[ORIGIN, method]).await;
        assert_eq!(allowed(&bare), [Some("*"), Some("POST"), None]);
        let answer = ask(CrossOrigin::DEFAULT, "POST /write", &[ORIGIN]).await;
        assert_eq!(
            (answer.status().as_u16(), allowed(&answer)),
            (200, [Some("*"), None, None])
        );
        assert_eq!(answer.headers()[VARY], "Origin");
        // A wrong method is still an answer that the page may read.
        let answer = ask(CrossOrigin::DEFAULT, "GET /write", &[ORIGIN]).await;
        assert_eq!(
            (answer.status().as_u16(), allowed(&answer)),
            (405, [Some("*"), None, None])
        );
        for answer in [&asked, &bare, &answer] {
            assert!(
                !answer
                    .headers()
                    .contains_key("access-control-allow-credentials")
            );
        }
    }

    #[tokio::test]
    async fn what_is_not_allowed_is_not_said() {
        let post = ("access-control-request-method", "POST");
        let none = [None; 3];
        for (policy, request, headers) in [
            (CrossOrigin::READ, "OPTIONS /write", vec![ORIGIN, post]),
            (CrossOrigin::DEFAULT, "OPTIONS /write", vec![post]),
            (
                CrossOrigin::DEFAULT,
                "OPTIONS /write",
                vec![ORIGIN, ("access-control-request-method", "PUT")],
            ),
            (
                CrossOrigin::DEFAULT,
                "OPTIONS /write",
                vec![
                    ORIGIN,
                    post,
                    ("access-control-request-headers", "authorization"),
                ],
            ),
            (CrossOrigin::READ, "POST /write", vec![ORIGIN]),
            (CrossOrigin::DEFAULT, "POST /write", vec![]),
            (
                CrossOrigin::DEFAULT.only(|path| path == "/read"),
                "POST /write",
                vec![ORIGIN],
            ),
            (
                CrossOrigin::DEFAULT.only(|path| path == "/read"),
                "OPTIONS /write",
                vec![ORIGIN, post],
            ),
        ] {
            let answer = ask(policy, request, &headers).await;
            assert_eq!(allowed(&answer), none, "{request} {headers:?}");
        }
        // What caches keep is the same for all.
        for headers in [vec![ORIGIN], vec![]] {
            let read = ask(CrossOrigin::READ, "GET /read", &headers).await;
            assert_eq!(allowed(&read), [Some("*"), None, None]);
            assert!(!read.headers().contains_key(VARY));
        }
        // OPTIONS that asks nothing of the kind goes through.
        let plain = ask(CrossOrigin::DEFAULT, "OPTIONS /write", &[ORIGIN]).await;
        assert_eq!((plain.status().as_u16(), allowed(&plain)), (405, none));
    }
}
