//! Doors for `fuzz/` to parsers that have no other one. No part of the interface.

use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::{self, Asked};
use super::device::Device;
use super::provider::Provider;
use super::{Expected, Tokens, check_claims};

/// The code in a request of a browser, for this state.
pub fn redirect_request(head: &[u8], state: &str, issuer: &str) -> Option<Zeroizing<String>> {
    let (_, query) = answer::target(head)?;
    let asked = Asked {
        state,
        issuer,
        names_itself: true,
    };
    answer::code(query, &asked).ok()
}

/// The endpoints in a discovery document that people and devices are sent to.
pub fn discovery(json: &[u8], issuer: &str) -> Option<Vec<String>> {
    let provider = Provider::read(serde_json::from_slice(json).ok()?, issuer).ok()?;
    let endpoints = [
        provider.authorization_endpoint(),
        provider.device_authorization_endpoint(),
    ];
    let found = endpoints.into_iter().flatten().map(ToString::to_string);
    Some(found.collect())
}

/// The identity token in the answer of a token endpoint.
pub fn token_answer(json: &[u8]) -> Option<String> {
    let tokens: Tokens = serde_json::from_slice(json).ok()?;
    Some(tokens.id_token().ok()?.to_owned())
}

/// Claims that are accepted as those of this login.
pub fn claims(json: &[u8], expected: &Expected<'_>) -> Option<Value> {
    let claims = serde_json::from_slice(json).ok()?;
    check_claims(&claims, expected).ok()?;
    Some(claims)
}

/// What a person is shown of an issuer's answer to a device: the code, the address, and two times.
pub fn device_answer(json: &[u8], issuer: &str) -> Option<(String, String, u64, u64)> {
    let device = Device::read(serde_json::from_slice(json).ok()?, issuer).ok()?;
    Some((
        device.user_code,
        device.url.into(),
        device.interval,
        device.seconds,
    ))
}
