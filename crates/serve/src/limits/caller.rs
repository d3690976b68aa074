//! The limits around one service: what one network may ask, and how many may ask at once.
//!
//! Reading is cheap and monitors do much of it, so that it has a bucket of its own, which services
//! can share. Whether a service is alive can always be asked.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use http::Method;

use super::{AddressRange, InFlightLimit, RateLimit, Shape};

/// The limits around one service; none unless they are given.
#[derive(Debug, Clone, Default)]
pub struct CallerLimits {
    /// How often one network may ask for something to be done.
    pub acts: Option<RateLimit>,
    /// How often one network may read.
    pub reads: Option<RateLimit>,
    /// How many requests run at once.
    pub in_flight: Option<InFlightLimit>,
    /// From where anybody may ask as often as they like.
    pub exempt: Vec<AddressRange>,
}

impl CallerLimits {
    /// Limits what comes to `router`, and refuses in this shape.
    pub fn around(&self, router: Router, shape: Shape) -> Router {
        if !router.has_routes() {
            return router;
        }
        let limits = self.clone();
        let router = router.route_layer(from_fn(move |request: Request, next: Next| {
            let refused = limits
                .rate(&request)
                .and_then(|limit| limit.check(&request).err());
            let refused = refused.map(|overload| overload.answer(request.headers(), shape));
            async move {
                match refused {
                    Some(response) => response,
                    None => next.run(request).await,
                }
            }
        }));
        match &self.in_flight {
            Some(limit) => limit.around_routes(router, shape),
            None => router,
        }
    }

    /// The limit that a request counts for.
    fn rate(&self, request: &Request) -> Option<&RateLimit> {
        let path = request.uri().path();
        if is_about_health(path) {
            return None;
        }
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()?
            .0
            .ip();
        if self.exempt.iter().any(|range| range.contains(peer)) {
            return None;
        }
        match is_a_read(request.method(), path) {
            true => self.reads.as_ref(),
            false => self.acts.as_ref(),
        }
    }
}

fn is_about_health(path: &str) -> bool {
    path.ends_with("/healthz") || path.ends_with("/ping")
}

/// A browser that logs in also comes with GET, and each time something is remembered for it.
fn is_a_read(method: &Method, path: &str) -> bool {
    let asks = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let logs_in = ["/auth", "/callback", "/device", "/userinfo"];
    let segment = |step: &str| {
        path.split(step)
            .nth(1)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    asks && !logs_in.into_iter().any(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_told_from_logging_in() {
        for (method, path, expected) in [
            (Method::GET, "/checkpoint", true),
            (Method::GET, "/tile/0/000", true),
            (Method::OPTIONS, "/api/v2/signingCert", true),
            (Method::POST, "/api/v2/signingCert", false),
            (Method::GET, "/oidc/keys", true),
            (Method::GET, "/oidc/auth", false),
            (Method::GET, "/oidc/auth/local", false),
            (Method::GET, "/oidc/callback", false),
            (Method::GET, "/device", false),
            (Method::GET, "/authors", true),
        ] {
            assert_eq!(is_a_read(&method, path), expected, "{method} {path}");
        }
        assert!(is_about_health("/oidc/healthz") && is_about_health("/ping"));
        assert!(!is_about_health("/api/v1/timestamp"));
    }
}
