//! A device asks whether somebody has logged in (RFC 8628 sections 3.4 and 3.5), with the verifier of its
//! challenge if it gave one.

use axum::response::Response;

use crate::Issuer;
use crate::flow::answer::TokenError;
use crate::flow::token::{Tokens, Wanted, refresh_token};
use crate::request::client::OAuthClient;
use waxwing_net::form::Form;

pub(crate) fn grant(
    issuer: &Issuer,
    client: &OAuthClient,
    form: &Form,
) -> Result<Response, TokenError> {
    let name = "device_code";
    let device_code = form.value(name).ok_or(TokenError::Missing { name })?;
    let verifier = form.value("code_verifier");
    let devices = &issuer.memory.devices;
    let allowed = devices.poll(device_code, client.id(), verifier, issuer.now())?;
    let wanted = Wanted {
        client,
        person: &allowed.person,
        scopes: allowed.scopes,
        nonce: None,
        code: None,
    };
    let tokens = Tokens::new(issuer, &wanted)?;
    let refresh = refresh_token(issuer, &wanted);
    let refresh = refresh.as_ref().map(|(_, token)| token.as_str());
    Ok(tokens.answer(issuer, allowed.scopes, refresh))
}
