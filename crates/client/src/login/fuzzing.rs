//! Doors for `fuzz/` to parsers that have no other one. No part of the interface.

use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::{self, Asked};
use super::device::Device;
use super::provider::Provider;
use super::{Tokens, id_token};

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

/// The identity token in the answer of a token endpoint, and the claims in it as they are checked.
pub fn token_answer(json: &[u8], expected: &super::Expected<'_>) -> Option<String> {
    let tokens: Tokens = serde_json::from_slice(json).ok()?;
    let token = tokens.id_token().ok()?.to_owned();
    if let Ok(claims) = serde_json::from_str::<Value>(&token) {
        id_token::check_claims(&claims, expected).ok()?;
    }
    Some(token)
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
