//! A refresh token for new tokens and the next refresh token (RFC 6749 section 6).
//!
//! Users of our own are looked up again: who was removed gets nothing, and who has another address now gets
//! that one. Scopes may become fewer, never more.

use axum::response::Response;

use crate::Issuer;
use crate::flow::answer::TokenError;
use crate::flow::token::{Tokens, Wanted};
use crate::login::connector::Connector;
use crate::person::{LOCAL_CONNECTOR, Person};
use crate::request::client::OAuthClient;
use crate::request::scope::Scopes;
use waxwing_net::form::Form;

pub(crate) async fn grant(
    issuer: &Issuer,
    client: &OAuthClient,
    form: &Form,
) -> Result<Response, TokenError> {
    let name = "refresh_token";
    let presented = form.value(name).ok_or(TokenError::Missing { name })?;
    // Before the token is used up.
    let asked = form.value("scope").map(Scopes::read);
    if asked.is_some_and(|asked| !asked.openid) {
        return Err(TokenError::Scope);
    }
    let refresh_tokens = &issuer.memory.refresh_tokens;
    let (family, next) =
        refresh_tokens.rotate(presented, client.id(), issuer.now(), issuer.random())?;
    let scopes = asked.map_or(family.scopes, |asked| asked.within(family.scopes));
    let Some(person) = still(issuer, &family.person).await? else {
        refresh_tokens.end(&family.id);
        return Err(TokenError::Gone);
    };
    let wanted = Wanted {
        client,
        person: &person,
        scopes,
        nonce: None,
        code: None,
    };
    let tokens = Tokens::new(issuer, &wanted)?;
    Ok(tokens.answer(issuer, scopes, Some(&next)))
}

async fn still(issuer: &Issuer, person: &Person) -> Result<Option<Person>, TokenError> {
    match issuer.connector(&person.connector_id) {
        Some(Connector::Local(local)) if person.connector_id == LOCAL_CONNECTOR => {
            local.still(person).await.map_err(TokenError::Users)
        }
        // Another issuer's users cannot be asked after; their families end within the day.
        Some(Connector::Oidc(_)) => Ok(Some(person.clone())),
        _ => Ok(None),
    }
}
