//! Somebody comes back from another issuer (OpenID Connect Core 1.0 section 3.1.2.5).
//!
//! ```text
//! GET /callback?code=…&state=…&iss=…
//! GET /callback?error=access_denied&state=…
//! ```
//!
//! Refused: a state that was not given, was used, or is older than ten minutes; another browser than the one
//! that went; and an answer that names another issuer (RFC 9207).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::Issuer;
use crate::flow::authorize::{unreadable, upstream_failed};
use crate::flow::finish::{finish, refuse};
use crate::login::connector::Connector;
use crate::page::browser::Browser;
use crate::page::pages;
use crate::request::authorization::{AuthorizationRequest, Unsuitable};
use crate::request::incoming::Incoming;
use crate::state::secret::same;
use waxwing_net::form::Form;

/// `GET /callback` and `GET /callback/{connector}`.
pub(crate) async fn come_back(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let Incoming { query, headers, .. } = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(error) => return unreadable(&issuer, &error),
    };
    let browser = Browser::of(&headers, &issuer);
    let now = issuer.now();
    let away = issuer.memory.upstream_logins.take(&query, now);
    let away = away.filter(|away| same(&away.browser, &browser.id()));
    let upstream = away
        .as_ref()
        .and_then(|away| issuer.connector(&away.connector));
    let (Some(away), Some(Connector::Oidc(upstream))) = (&away, upstream) else {
        let reason =
            "This login was not begun in this browser, took too long, or is finished already.";
        let next = "Start again from your terminal.";
        return pages::failure(&issuer, StatusCode::BAD_REQUEST, reason, next).into_response();
    };
    // What was carried along is checked again: the clients may have changed meanwhile.
    let carried = Form::parse(away.query.as_bytes());
    let request = match carried.map(|form| AuthorizationRequest::read(&issuer, &form, &browser)) {
        Ok(Ok(request)) => request,
        Ok(Err(refused)) => return refuse(&issuer, &refused),
        Err(error) => return unreadable(&issuer, &error.into()),
    };
    if query
        .value("iss")
        .is_some_and(|found| found != upstream.issuer())
    {
        let reason = "another issuer answered than the one that was asked".to_owned();
        return refuse(&issuer, &request.refused(Unsuitable::Upstream { reason }));
    }
    let Some(code) = query.value("code") else {
        let error = query.value("error").unwrap_or("no code came back");
        let graphic = error.chars().filter(char::is_ascii_graphic);
        let reason = graphic.take(60).collect();
        return refuse(&issuer, &request.refused(Unsuitable::Upstream { reason }));
    };
    let callback = format!("{}/callback", issuer.url());
    match upstream.finish(&callback, code, away, now).await {
        Ok(person) => finish(&issuer, &browser, &request, person),
        Err(error) => upstream_failed(&issuer, &error),
    }
}
