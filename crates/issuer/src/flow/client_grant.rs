//! A machine with a secret asks for tokens about itself (RFC 6749 section 4.4).
//!
//! ```text
//! grant_type=client_credentials&scope=openid+email    Authorization: Basic …
//! ```
//!
//! Refused: clients without a secret, and those that whoever runs the issuer gave no address of their own.

use axum::response::Response;

use crate::Issuer;
use crate::flow::answer::TokenError;
use crate::flow::token::{Tokens, Wanted};
use crate::request::client::OAuthClient;
use crate::request::scope::Scopes;
use waxwing_net::form::Form;

pub(crate) fn grant(
    issuer: &Issuer,
    client: &OAuthClient,
    form: &Form,
) -> Result<Response, TokenError> {
    let person = client.machine().ok_or(TokenError::NoMachine)?;
    let scopes = Scopes::read(form.value("scope").unwrap_or("openid email"));
    if !scopes.openid {
        return Err(TokenError::Scope);
    }
    let wanted = Wanted {
        client,
        person: &person,
        scopes,
        nonce: None,
        code: None,
    };
    // No refresh token: the machine can ask again (RFC 6749 section 4.4.3).
    Ok(Tokens::new(issuer, &wanted)?.answer(issuer, scopes, None))
}
