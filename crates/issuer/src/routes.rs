//! Which request is answered where: the paths of Dex, below the path of the issuer's URL.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use waxwing_serve::{Route, with_body_cap};

use crate::flow::{authorize, callback, device, introspect, token, userinfo};
use crate::{Issuer, discovery};
use waxwing_net::form::LONGEST_FORM;

/// The issuer's routes, relative to the path of its URL.
pub const ROUTES: &[Route] = &[
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/keys"),
    ("GET", "/auth"),
    ("POST", "/auth"),
    ("GET", "/auth/{connector}"),
    ("POST", "/auth/{connector}"),
    ("GET", "/callback"),
    ("GET", "/callback/{connector}"),
    ("POST", "/token"),
    ("POST", "/token/introspect"),
    ("GET", "/userinfo"),
    ("POST", "/userinfo"),
    ("GET", "/device"),
    ("POST", "/device/code"),
    ("POST", "/device/auth/verify_code"),
    ("GET", "/healthz"),
];

impl Issuer {
    /// The routes, relative to [`path`](Self::path). Guesses are counted by the caller's address where the
    /// request has axum's `ConnectInfo<SocketAddr>` among its extensions; behind a proxy, put the address
    /// there that the proxy names.
    pub fn router(&self) -> Router {
        let configuration = discovery::configuration(self);
        let keys = discovery::keys(self);
        let document = |json: String| get(async move || discovery::document(json));
        let router = Router::new()
            .route("/.well-known/openid-configuration", document(configuration))
            .route("/keys", document(keys))
            .route("/auth", get(authorize::start).post(authorize::start))
            .route(
                "/auth/{connector}",
                get(authorize::log_in).post(authorize::log_in),
            )
            .route("/callback", get(callback::come_back))
            .route("/callback/{connector}", get(callback::come_back))
            .route("/token", post(token::token))
            .route("/token/introspect", post(introspect::introspect))
            .route(
                "/userinfo",
                get(userinfo::userinfo).post(userinfo::userinfo),
            )
            .route("/device", get(device::page))
            .route("/device/code", post(device::ask))
            .route("/device/auth/verify_code", post(device::verify_code))
            .route("/healthz", get(async || "Health check passed"));
        with_body_cap(router.with_state(Arc::new(self.clone())), LONGEST_FORM)
    }

    /// The routes where the host of the issuer's URL has them.
    pub fn mounted_router(&self) -> Router {
        match self.path() {
            "" => self.router(),
            path => Router::new().nest(path, self.router()),
        }
    }
}
