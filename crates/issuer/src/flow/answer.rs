//! Answers to programs (RFC 6749 sections 5.1 and 5.2), and the way to send a browser on.
//!
//! ```text
//! HTTP/1.1 400 Bad Request
//! {"error":"invalid_grant","error_description":"Invalid code_verifier."}
//! ```

use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, REFERRER_POLICY, SET_COOKIE, WWW_AUTHENTICATE,
};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use waxwing_serve::Overload;

use crate::login::local::LoginError;
use crate::login::upstream::UpstreamError;
use crate::request::client::ClientError;
use crate::request::incoming::IncomingError;
use crate::request::pkce::ChallengeError;
use crate::state::device::DeviceError;
use crate::state::refresh::RefreshError;
use crate::token::IdentityError;

/// Why a program gets no token. Sentences that Dex says are said as Dex says them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    Unreadable(#[from] IncomingError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("The parameter {name} is missing.")]
    Missing { name: &'static str },
    #[error("Unsupported grant type {found:?}.")]
    GrantType { found: String },
    #[error("Invalid or expired code parameter.")]
    Code,
    #[error("redirect_uri did not match URI from initial request.")]
    RedirectUri,
    #[error("Expecting parameter code_verifier in PKCE flow.")]
    NoVerifier,
    #[error("No PKCE flow started. Cannot check code_verifier.")]
    NoChallenge,
    #[error("Invalid code_verifier.")]
    Verifier,
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    #[error("The user is not known any more, or cannot be looked up.")]
    Gone,
    #[error("Missing required scope: openid.")]
    Scope,
    #[error("This client has no identity of its own to ask tokens for.")]
    NoMachine,
    #[error("There is no connector {found:?} that takes tokens in exchange.")]
    Connector { found: String },
    #[error("Unsupported {name}: {found:?}.")]
    TokenType { name: &'static str, found: String },
    #[error("The subject token is refused: {0}.")]
    Subject(UpstreamError),
    #[error("The users cannot be read right now.")]
    Users(LoginError),
    #[error("The token could not be made: {0}.")]
    Identity(#[from] IdentityError),
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl TokenError {
    /// The error of RFC 6749 section 5.2, RFC 8628 section 3.5 or RFC 8693 section 2.2.2.
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_)
            | Self::Missing { .. }
            | Self::Challenge(_)
            | Self::Connector { .. }
            | Self::TokenType { .. } => "invalid_request",
            Self::Client(ClientError::Missing | ClientError::Twice) => "invalid_request",
            Self::Client(ClientError::Header | ClientError::Credentials) => "invalid_client",
            Self::GrantType { .. } => "unsupported_grant_type",
            Self::Device(error) => match error {
                DeviceError::Pending => "authorization_pending",
                DeviceError::SlowDown => "slow_down",
                DeviceError::Denied => "access_denied",
                DeviceError::Expired => "expired_token",
                DeviceError::Unknown | DeviceError::Verifier => "invalid_grant",
            },
            Self::Scope => "invalid_scope",
            Self::NoMachine => "unauthorized_client",
            Self::Users(_) | Self::Identity(_) => "server_error",
            Self::Subject(UpstreamError::Token(_)) => "invalid_request",
            Self::Subject(_) => "server_error",
            Self::Code
            | Self::RedirectUri
            | Self::NoVerifier
            | Self::NoChallenge
            | Self::Verifier
            | Self::Refresh(_)
            | Self::Gone => "invalid_grant",
        }
    }

    fn status(&self) -> StatusCode {
        match self.code() {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (status, description) = (self.status(), self.to_string());
        let body = Body {
            error: self.code(),
            error_description: &description,
        };
        let mut response = secret_json(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"token endpoint\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// What callers are told who ask too much: RFC 6749 has no better word for it than
/// `temporarily_unavailable`.
pub fn overloaded(overload: &Overload) -> Response {
    let body = Body {
        error: "temporarily_unavailable",
        error_description: overload.message(),
    };
    secret_json(overload.status(), &body)
}

/// JSON that nobody may keep.
pub(crate) fn secret_json(status: StatusCode, value: &impl Serialize) -> Response {
    let json = serde_json::to_vec(value);
    let json = json.expect("invariant: strings and numbers can be written as JSON");
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
    ];
    (status, headers, json).into_response()
}

/// Sends the browser on with GET, whatever it came with. What the address holds is for nobody else.
pub(crate) fn see_other(location: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let Ok(location) = HeaderValue::try_from(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(cookie) = cookie {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}
