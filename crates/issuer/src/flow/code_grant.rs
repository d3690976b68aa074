//! A code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
//!
//! The code is used up by the first request that brings it, right or wrong. Refused: a code of another
//! client, another redirect URI than the one it went to, no verifier or the wrong one, and a verifier where
//! no challenge was. A second use withdraws what the first one bought.

use axum::response::Response;

use crate::Issuer;
use crate::flow::answer::TokenError;
use crate::flow::token::{Tokens, Wanted, refresh_token};
use crate::request::client::OAuthClient;
use crate::state::code::{Bought, Grant, Redeemed};
use waxwing_net::form::Form;

pub(crate) fn grant(
    issuer: &Issuer,
    client: &OAuthClient,
    form: &Form,
) -> Result<Response, TokenError> {
    let code = form
        .value("code")
        .ok_or(TokenError::Missing { name: "code" })?;
    let now = issuer.now();
    let grant = match issuer.memory.codes.redeem(code, now) {
        Redeemed::Grant(grant) => grant,
        Redeemed::Reused(bought) => {
            withdraw(issuer, &bought);
            return Err(TokenError::Code);
        }
        Redeemed::Unknown => return Err(TokenError::Code),
    };
    check(&grant, client, form)?;
    let wanted = Wanted {
        client,
        person: &grant.person,
        scopes: grant.scopes,
        nonce: grant.nonce.as_deref(),
        code: Some(code),
    };
    let tokens = Tokens::new(issuer, &wanted)?;
    let refresh = refresh_token(issuer, &wanted);
    let bought = Bought {
        access_token: Some(tokens.access_key),
        family: refresh.as_ref().map(|(family, _)| *family),
    };
    issuer.memory.codes.bought(code, bought, now);
    let refresh = refresh.as_ref().map(|(_, token)| token.as_str());
    Ok(tokens.answer(issuer, grant.scopes, refresh))
}

fn check(grant: &Grant, client: &OAuthClient, form: &Form) -> Result<(), TokenError> {
    if grant.client_id != client.id() {
        return Err(TokenError::Code);
    }
    if form.value("redirect_uri") != Some(grant.redirect_uri.as_str()) {
        return Err(TokenError::RedirectUri);
    }
    match (&grant.challenge, form.value("code_verifier")) {
        (Some(challenge), Some(verifier)) if challenge.admits(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(TokenError::Verifier),
        (Some(_), None) => Err(TokenError::NoVerifier),
        (None, Some(_)) => Err(TokenError::NoChallenge),
        (None, None) => Ok(()),
    }
}

fn withdraw(issuer: &Issuer, bought: &Bought) {
    if let Some(key) = &bought.access_token {
        issuer.memory.access_tokens.remove(key);
    }
    if let Some(family) = &bought.family {
        issuer.memory.refresh_tokens.end(family);
    }
}
