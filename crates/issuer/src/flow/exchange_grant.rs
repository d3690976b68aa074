//! Another issuer's identity token for ours (RFC 8693), for machines that have one, as Dex does it.
//!
//! ```text
//! grant_type=urn:ietf:params:oauth:grant-type:token-exchange&connector_id=https%3A%2F%2Fci.example
//!     &subject_token=ey…&subject_token_type=urn:ietf:params:oauth:token-type:id_token
//!     &requested_token_type=urn:ietf:params:oauth:token-type:id_token&scope=openid+email
//! ```
//!
//! The token must be for the client ID that this issuer has at the other one. Refused besides: access tokens
//! as subjects, although Dex takes them, because nothing in one says for whom it was made.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::Issuer;
use crate::flow::answer::{TokenError, secret_json};
use crate::flow::token::{Tokens, Wanted};
use crate::login::connector::Connector;
use crate::request::client::OAuthClient;
use crate::request::scope::Scopes;
use waxwing_net::form::Form;

const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

#[derive(Serialize)]
struct ExchangeAnswer<'a> {
    access_token: &'a str,
    issued_token_type: &'a str,
    token_type: &'static str,
    expires_in: u64,
}

pub(crate) async fn grant(
    issuer: &Issuer,
    client: &OAuthClient,
    form: &Form,
) -> Result<Response, TokenError> {
    let required = |name| form.value(name).ok_or(TokenError::Missing { name });
    let unsupported = |name, found: &str| TokenError::TokenType {
        name,
        found: found.chars().take(100).collect(),
    };
    let (subject, connector) = (required("subject_token")?, required("connector_id")?);
    let name = "subject_token_type";
    match required(name)? {
        ID_TOKEN => {}
        other => return Err(unsupported(name, other)),
    }
    let name = "requested_token_type";
    let issued_token_type = match form.value(name).unwrap_or(ACCESS_TOKEN) {
        known @ (ID_TOKEN | ACCESS_TOKEN) => known,
        other => return Err(unsupported(name, other)),
    };
    let Some(Connector::Oidc(upstream)) = issuer.connector(connector) else {
        return Err(TokenError::Connector {
            found: connector.chars().take(100).collect(),
        });
    };
    let scopes = Scopes::read(form.value("scope").unwrap_or("openid email"));
    if !scopes.openid {
        return Err(TokenError::Scope);
    }
    let person = upstream.verify(subject, None, issuer.now()).await;
    let person = person.map_err(TokenError::Subject)?;
    let wanted = Wanted {
        client,
        person: &person,
        scopes,
        nonce: None,
        code: None,
    };
    let tokens = Tokens::new(issuer, &wanted)?;
    let issued = match issued_token_type {
        ID_TOKEN => &tokens.id_token,
        _ => &tokens.access_token,
    };
    let answer = ExchangeAnswer {
        access_token: issued.as_str(),
        issued_token_type,
        token_type: "bearer",
        expires_in: issuer.token_lifetime().as_secs(),
    };
    Ok(secret_json(StatusCode::OK, &answer))
}
