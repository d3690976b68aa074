//! Doors for `fuzz/` to parsers that have no other one. No part of the interface.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use waxwing_encoding::time::UnixTime;

use crate::Issuer;
use crate::login::upstream::{Expected, person};
use crate::page::browser::Browser;
use crate::request::authorization::{AuthorizationRequest, Destination};
use crate::token::Identity;
use waxwing_net::form::Form;

/// An authorization request that was accepted: where it leads, all that was read, and what is carried along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The redirect URI, or the page that shows the code.
    pub redirect_uri: String,
    /// Everything that was read.
    pub read: String,
    /// The query of the next step.
    pub carried: String,
}

/// Checks an authorization request without a browser behind it.
pub fn authorization_request(issuer: &Issuer, query: &[u8]) -> Option<Accepted> {
    let form = Form::parse(query).ok()?;
    let browser = Browser::of(&HeaderMap::new(), issuer);
    let request = AuthorizationRequest::read(issuer, &form, &browser).ok()?;
    let read = (
        &request.client_id,
        &request.state,
        &request.nonce,
        &request.challenge,
        request.scopes,
    );
    let read = format!("{read:?}");
    let redirect_uri = match &request.destination {
        Destination::Device(code) => code.to_string(),
        destination => destination.redirect_uri().to_owned(),
    };
    let carried = request.query;
    Some(Accepted {
        redirect_uri,
        read,
        carried,
    })
}

/// Reads the claims of another issuer's token, of which the signature holds; what we would sign for it.
pub fn id_token_claims(json: &[u8], issuer: &str, now: UnixTime) -> Option<Identity> {
    let claims: Value = serde_json::from_slice(json).ok()?;
    let expected = Expected {
        issuer,
        client_id: "waxwing",
        nonce: Some("nonce"),
        now,
    };
    let person = person(&claims, &expected, "https://accounts.example").ok()?;
    Some(Identity {
        subject: person.subject(),
        email: person.email,
        audience: "sigstore".to_owned(),
        lifetime: Duration::from_secs(60),
    })
}
