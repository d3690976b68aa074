//! The end of a login: a code for the program, for the person to copy, or for nobody, since a device
//! asks for itself. And the end of a request that goes no further.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::Issuer;
use crate::flow::answer::see_other;
use crate::page::browser::Browser;
use crate::page::pages;
use crate::person::Person;
use crate::request::authorization::{AuthorizationRequest, Destination, Refused, Unsafe};
use crate::state::code::{CODE_LIFE, COPIED_CODE_LIFE, Grant};

/// Somebody is logged in.
pub(crate) fn finish(
    issuer: &Issuer,
    browser: &Browser,
    request: &AuthorizationRequest,
    person: Person,
) -> Response {
    let now = issuer.now();
    let code = |person, life| {
        let grant = Grant {
            client_id: request.client_id.clone(),
            redirect_uri: request.destination.redirect_uri().to_owned(),
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            scopes: request.scopes,
            person,
        };
        issuer.memory.codes.issue(grant, life, now, issuer.random())
    };
    match &request.destination {
        Destination::Program(uri) => {
            let code = code(person, CODE_LIFE);
            let mut parameters = vec![("code", code.as_str())];
            parameters.extend(request.state.as_deref().map(|state| ("state", state)));
            parameters.push(("iss", issuer.url()));
            see_other(&uri.with(&parameters), None)
        }
        Destination::Person => {
            let code = code(person, COPIED_CODE_LIFE);
            pages::copy_code(issuer, &code, COPIED_CODE_LIFE).into_response()
        }
        Destination::Device(code) => {
            let decided = issuer
                .memory
                .devices
                .decide(code, &browser.id(), Some(person), now);
            match decided {
                Some(()) => pages::device_done(issuer, true).into_response(),
                None => refuse(issuer, &Refused::Here(Unsafe::Device)),
            }
        }
    }
}

/// A request goes no further.
pub(crate) fn refuse(issuer: &Issuer, refused: &Refused) -> Response {
    let next = "Start again from your terminal. Nobody was logged in.";
    let told = |reason: &str| {
        pages::failure(issuer, StatusCode::BAD_REQUEST, reason, next).into_response()
    };
    let (destination, state, error) = match refused {
        Refused::Here(error) => return told(&error.to_string()),
        Refused::There {
            destination,
            state,
            error,
        } => (destination, state, error),
    };
    let Destination::Program(uri) = &**destination else {
        return told(&error.to_string());
    };
    let description = error.to_string();
    let mut parameters = vec![("error", error.code()), ("error_description", &description)];
    parameters.extend(state.as_deref().map(|state| ("state", state)));
    parameters.push(("iss", issuer.url()));
    see_other(&uri.with(&parameters), None)
}
