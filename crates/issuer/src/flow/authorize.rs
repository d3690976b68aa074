//! The authorization endpoint: a browser arrives, and somebody says who they are.
//!
//! ```text
//! GET  /auth?client_id=…                 the request is checked; on to a connector, or a choice of them
//! GET  /auth/{connector}?client_id=…     a form, or on to another issuer
//! POST /auth/{connector}?client_id=…     login=…&password=…&csrf=…
//! ```

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use crate::Issuer;
use crate::flow::answer::see_other;
use crate::flow::finish::{finish, refuse};
use crate::login::connector::Connector;
use crate::login::local::{LocalLogin, LoginError};
use crate::login::upstream::{OidcConnector, UpstreamError};
use crate::page::browser::Browser;
use crate::page::pages::{self, Complaint};
use crate::request::authorization::{AuthorizationRequest, Destination, Refused, Unsuitable};
use crate::request::incoming::{Incoming, IncomingError};

/// `GET` and `POST /auth`.
pub(crate) async fn start(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let is_post = request.method() == Method::POST;
    let incoming = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(error) => return unreadable(&issuer, &error),
    };
    let browser = Browser::of(&incoming.headers, &issuer);
    let form = if is_post {
        &incoming.body
    } else {
        &incoming.query
    };
    let request = match AuthorizationRequest::read(&issuer, form, &browser) {
        Ok(request) => request,
        Err(refused) => return refuse(&issuer, &refused),
    };
    match connector(&issuer, &request) {
        Ok(Some(connector)) => see_other(
            &pages::connector_path(&issuer, connector.id(), &request.query),
            None,
        ),
        Ok(None) => pages::choose(&issuer, &browser, &request).into_response(),
        Err(refused) => refuse(&issuer, &refused),
    }
}

/// `GET` and `POST /auth/{connector}`.
pub(crate) async fn log_in(
    State(issuer): State<Arc<Issuer>>,
    Path(connector): Path<String>,
    request: Request,
) -> Response {
    let is_post = request.method() == Method::POST;
    let incoming = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(error) => return unreadable(&issuer, &error),
    };
    let browser = Browser::of(&incoming.headers, &issuer);
    let request = match AuthorizationRequest::read(&issuer, &incoming.query, &browser) {
        Ok(request) => request,
        Err(refused) => return refuse(&issuer, &refused),
    };
    match issuer.connector(&connector) {
        Some(Connector::Local(_)) if !is_post => {
            pages::login(&issuer, &browser, &connector, &request, "", None).into_response()
        }
        Some(Connector::Local(local)) => {
            by_password(&issuer, local, &incoming, &browser, &request).await
        }
        Some(Connector::Oidc(upstream)) => {
            by_another_issuer(&issuer, upstream, &browser, &request).await
        }
        None => {
            let found = connector.chars().take(100).collect();
            refuse(&issuer, &request.refused(Unsuitable::Connector { found }))
        }
    }
}

/// The connector that the client asked for, or the only one; `None` if a person has to choose. The login
/// of a device never goes on to another issuer by itself, which may know the browser already: there is a
/// page first that says what is allowed.
fn connector<'a>(
    issuer: &'a Issuer,
    request: &AuthorizationRequest,
) -> Result<Option<&'a Connector>, Refused> {
    let chosen = match (&request.connector, issuer.connectors()) {
        (Some(id), _) => {
            let found = issuer.connector(id).ok_or_else(|| Unsuitable::Connector {
                found: id.chars().take(100).collect(),
            });
            Some(found.map_err(|error| request.refused(error))?)
        }
        (None, []) => return Err(request.refused(Unsuitable::NoConnector)),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let is_device = matches!(request.destination, Destination::Device(_));
    Ok(chosen.filter(|chosen| !is_device || matches!(chosen, Connector::Local(_))))
}

/// The form of name and password came back.
async fn by_password(
    issuer: &Issuer,
    local: &LocalLogin,
    incoming: &Incoming,
    browser: &Browser,
    request: &AuthorizationRequest,
) -> Response {
    let form = &incoming.body;
    let name = form.value("login").unwrap_or_default();
    let again = |status, text: String, retry_after| {
        let complaint = Complaint {
            status,
            text,
            retry_after,
        };
        let shown: String = name.chars().take(200).collect();
        let connector = crate::person::LOCAL_CONNECTOR;
        pages::login(
            issuer,
            browser,
            connector,
            request,
            &shown,
            Some(&complaint),
        )
        .into_response()
    };
    if let Err(error) = browser.check(&incoming.headers, form) {
        let text = format!("This page was too old, or {error}. Try once more.");
        return again(StatusCode::FORBIDDEN, text, None);
    }
    if form.value("cancel").is_some() {
        return cancel(issuer, browser, request);
    }
    let password = form.value("password").unwrap_or_default();
    match local
        .log_in(name, password, incoming.address, issuer.now())
        .await
    {
        Ok(person) => finish(issuer, browser, request, person),
        Err(error) => {
            let (status, retry_after) = match &error {
                LoginError::Wrong => (StatusCode::UNAUTHORIZED, None),
                LoginError::Closed(closed) => (StatusCode::TOO_MANY_REQUESTS, Some(closed.seconds)),
                LoginError::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some(1)),
                LoginError::Users(_) => (StatusCode::INTERNAL_SERVER_ERROR, None),
            };
            again(status, error.to_string(), retry_after)
        }
    }
}

fn cancel(issuer: &Issuer, browser: &Browser, request: &AuthorizationRequest) -> Response {
    let Destination::Device(code) = &request.destination else {
        return refuse(issuer, &request.refused(Unsuitable::Cancelled));
    };
    let devices = &issuer.memory.devices;
    let _already_decided = devices.decide(code, &browser.id(), None, issuer.now());
    pages::device_done(issuer, false).into_response()
}

/// On to another issuer.
async fn by_another_issuer(
    issuer: &Issuer,
    upstream: &OidcConnector,
    browser: &Browser,
    request: &AuthorizationRequest,
) -> Response {
    let callback = format!("{}/callback", issuer.url());
    let (now, random) = (issuer.now(), issuer.random());
    let begun = upstream
        .begin(&callback, &request.query, browser.id(), now, random)
        .await;
    match begun {
        Ok((url, state, away)) => {
            issuer.memory.upstream_logins.insert(&state, away, now);
            see_other(url.as_str(), browser.cookie(issuer))
        }
        Err(error) => upstream_failed(issuer, &error),
    }
}

pub(crate) fn upstream_failed(issuer: &Issuer, error: &UpstreamError) -> Response {
    let next = "Start again, or log in another way. If it stays so, tell whoever runs this issuer.";
    pages::failure(issuer, StatusCode::BAD_GATEWAY, &error.to_string(), next).into_response()
}

pub(crate) fn unreadable(issuer: &Issuer, error: &IncomingError) -> Response {
    let status = match error {
        IncomingError::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        IncomingError::Body(waxwing_serve::BodyError::TooLarge { .. }) => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let next = "Start again from your terminal.";
    pages::failure(issuer, status, &error.to_string(), next).into_response()
}
