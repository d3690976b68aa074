//! Whether an access token is good (RFC 7662).
//!
//! ```text
//! POST /token/introspect
//! token=ey…&client_id=sigstore
//!   -> {"active":true,"client_id":"sigstore","sub":"CgEx…","exp":1764000060,…}
//!   -> {"active":false}
//! ```
//!
//! A public client, which anybody can be, is told about its own tokens alone.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::Issuer;
use crate::flow::answer::{TokenError, secret_json};
use crate::request::client::authenticate;
use crate::request::incoming::Incoming;

#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    scope: String,
    client_id: &'a str,
    token_type: &'static str,
    token_use: &'static str,
    exp: i64,
    iat: i64,
    sub: String,
    aud: &'a str,
    iss: &'a str,
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

/// `POST /token/introspect`.
pub(crate) async fn introspect(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let told = match Incoming::read(request).await {
        Ok(incoming) => tell(&issuer, &incoming),
        Err(error) => Err(error.into()),
    };
    told.unwrap_or_else(IntoResponse::into_response)
}

fn tell(issuer: &Issuer, incoming: &Incoming) -> Result<Response, TokenError> {
    let client = authenticate(issuer.clients(), &incoming.headers, &incoming.body)?;
    let name = "token";
    let token = incoming
        .body
        .value(name)
        .ok_or(TokenError::Missing { name })?;
    let found = issuer.memory.access_tokens.find(token, issuer.now());
    let found = found.filter(|access| !client.is_public() || access.client_id == client.id());
    let Some(access) = found else {
        return Ok(secret_json(StatusCode::OK, &Inactive { active: false }));
    };
    let active = Active {
        active: true,
        scope: access.scopes.to_string(),
        client_id: &access.client_id,
        token_type: "Bearer",
        token_use: "access_token",
        exp: access.ends.seconds(),
        iat: access.issued.seconds(),
        sub: access.person.subject(),
        aud: &access.client_id,
        iss: issuer.url(),
    };
    Ok(secret_json(StatusCode::OK, &active))
}
