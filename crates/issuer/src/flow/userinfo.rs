//! Whom an access token is about (OpenID Connect Core 1.0 section 5.3).
//!
//! ```text
//! GET /userinfo
//! Authorization: Bearer ey…
//!   -> {"sub":"CgEx…","email":"alice@example.com","email_verified":true,"federated_claims":{…}}
//! ```

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::Issuer;
use crate::flow::answer::secret_json;
use crate::token::FederatedClaims;

#[derive(Serialize)]
struct UserInfo<'a> {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    federated_claims: FederatedClaims<'a>,
}

/// `GET` and `POST /userinfo`.
pub(crate) async fn userinfo(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let token = bearer(request.headers());
    let access = token.and_then(|token| issuer.memory.access_tokens.find(token, issuer.now()));
    let Some(access) = access else {
        // Without any token the challenge says no error (RFC 6750 section 3.1).
        let challenge = match token {
            Some(_) => {
                "Bearer error=\"invalid_token\", error_description=\"unknown or expired access token\""
            }
            None => "Bearer",
        };
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response();
    };
    let person = &access.person;
    let email = person.email.as_deref().filter(|_| access.scopes.email);
    let info = UserInfo {
        sub: person.subject(),
        email,
        email_verified: email.map(|_| true),
        name: person.name.as_deref().filter(|_| access.scopes.profile),
        federated_claims: person.into(),
    };
    secret_json(StatusCode::OK, &info)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
