//! Devices without a browser (RFC 8628): one asks for a code, somebody types it elsewhere and logs in.
//!
//! ```text
//! POST /device/code               client_id=sigstore&scope=openid+email&code_challenge=…
//!   -> {"device_code":"…","user_code":"BDWP-HQPK","verification_uri":"…/device","interval":5,…}
//! GET  /device                    the page where the code is typed
//! POST /device/auth/verify_code   user_code=BDWP-HQPK&csrf=…   -> on to /auth
//! ```
//!
//! The link with the code in it fills the form and sends nothing: whoever gets such a link from a
//! stranger must press a button below a warning, and then sees the code again where they log in (RFC 8628
//! section 5.4). Wrong codes are counted for each address and for all together (section 5.1).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use waxwing_encoding::time::UnixTime;

use crate::Issuer;
use crate::flow::answer::{TokenError, secret_json, see_other};
use crate::flow::authorize::unreadable;
use crate::login::throttle::{Pace, Throttle, TooManyGuesses};
use crate::page::browser::Browser;
use crate::page::pages::{self, Complaint};
use crate::request::client::authenticate;
use crate::request::incoming::Incoming;
use crate::request::pkce::Challenge;
use crate::request::scope::Scopes;
use crate::state::device::{DEVICE_SECONDS, INTERVAL_SECONDS, UserCode};

/// Wrong codes from one address.
const BY_ADDRESS: Pace = Pace {
    free: 10,
    longest: 300,
};

/// Wrong codes from everywhere: after a hundred, one in five seconds. With as many devices as can wait,
/// that finds one of them in some years.
const BY_ALL: Pace = Pace {
    free: 100,
    longest: 5,
};

/// Codes that were typed wrong.
pub(crate) struct Guesses {
    by_address: Throttle<IpAddr>,
    by_all: Throttle<()>,
}

#[derive(Serialize)]
struct DeviceAnswer<'a> {
    device_code: &'a str,
    user_code: &'a str,
    verification_uri: &'a str,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

/// `POST /device/code`.
pub(crate) async fn ask(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let asked = match Incoming::read(request).await {
        Ok(incoming) => device_codes(&issuer, &incoming),
        Err(error) => Err(error.into()),
    };
    asked.unwrap_or_else(IntoResponse::into_response)
}

fn device_codes(issuer: &Issuer, incoming: &Incoming) -> Result<Response, TokenError> {
    let form = &incoming.body;
    let client = authenticate(issuer.clients(), &incoming.headers, form)?;
    let scopes = Scopes::read(form.value("scope").unwrap_or("openid"));
    if !scopes.openid {
        return Err(TokenError::Scope);
    }
    let method = form.value("code_challenge_method");
    let challenge = Challenge::read(form.value("code_challenge"), method)?;
    let devices = &issuer.memory.devices;
    let (device_code, user_code) = devices.start(
        client.id(),
        scopes,
        challenge,
        issuer.now(),
        issuer.random(),
    );
    let verification_uri = format!("{}/device", issuer.url());
    let user_code = user_code.to_string();
    let answer = DeviceAnswer {
        device_code: &device_code,
        user_code: &user_code,
        verification_uri: &verification_uri,
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        expires_in: DEVICE_SECONDS,
        interval: INTERVAL_SECONDS,
    };
    Ok(secret_json(StatusCode::OK, &answer))
}

/// `GET /device`.
pub(crate) async fn page(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let incoming = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(error) => return unreadable(&issuer, &error),
    };
    let browser = Browser::of(&incoming.headers, &issuer);
    let typed = incoming.query.value("user_code").unwrap_or_default();
    pages::type_code(&issuer, &browser, &shown(typed), None).into_response()
}

/// `POST /device/auth/verify_code`.
pub(crate) async fn verify_code(State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let incoming = match Incoming::read(request).await {
        Ok(incoming) => incoming,
        Err(error) => return unreadable(&issuer, &error),
    };
    let browser = Browser::of(&incoming.headers, &issuer);
    let typed = incoming.body.value("user_code").unwrap_or_default();
    let again = |status, text: String, retry_after| {
        let complaint = Complaint {
            status,
            text,
            retry_after,
        };
        pages::type_code(&issuer, &browser, &shown(typed), Some(&complaint)).into_response()
    };
    if let Err(error) = browser.check(&incoming.headers, &incoming.body) {
        let text = format!("This page was too old, or {error}. Try once more.");
        return again(StatusCode::FORBIDDEN, text, None);
    }
    let (guesses, now) = (&issuer.memory.guesses, issuer.now());
    if let Err(closed) = guesses.begin(incoming.address, now) {
        let text = format!("Too many wrong codes. Try again in {} s.", closed.seconds);
        return again(StatusCode::TOO_MANY_REQUESTS, text, Some(closed.seconds));
    }
    let code = UserCode::read(typed);
    let waiting = code.filter(|code| {
        let devices = &issuer.memory.devices;
        devices.typed(code, browser.id(), now).is_some()
    });
    let Some(code) = waiting else {
        let text =
            "No device waits with this code. It may be mistyped, used or expired.".to_owned();
        return again(StatusCode::BAD_REQUEST, text, None);
    };
    guesses.take_back(incoming.address);
    see_other(
        &format!("{}/auth?user_code={code}", issuer.path()),
        browser.cookie(&issuer),
    )
}

/// What was typed, as it is shown again.
fn shown(typed: &str) -> String {
    match UserCode::read(typed) {
        Some(code) => code.to_string(),
        None => typed.chars().take(20).collect(),
    }
}

impl Guesses {
    pub(crate) fn new() -> Self {
        Self {
            by_address: Throttle::new(BY_ADDRESS),
            by_all: Throttle::new(BY_ALL),
        }
    }

    fn begin(&self, address: Option<IpAddr>, now: UnixTime) -> Result<(), TooManyGuesses> {
        if let Some(address) = &address {
            self.by_address.begin(address, now)?;
        }
        self.by_all.begin(&(), now)
    }

    fn take_back(&self, address: Option<IpAddr>) {
        if let Some(address) = &address {
            self.by_address.take_back(address);
        }
        self.by_all.take_back(&());
    }
}
