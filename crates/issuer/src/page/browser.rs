//! The browser that a login happens in: a random cookie, and the forms that belong to it.
//!
//! ```text
//! Set-Cookie: __Host-waxwing-login=43 characters; Path=/; HttpOnly; SameSite=Lax; Secure
//! <input type="hidden" name="csrf" value="43 characters made from it">
//! ```
//!
//! A form that another site sends has no way to know the value, and what comes back from another issuer
//! must come back to the browser that went there. Nothing is logged in by the cookie: it says nothing but
//! that it is the same browser. It is `Lax` because the way back from another issuer begins there.

use axum::http::HeaderMap;
use http::HeaderValue;
use http::header::COOKIE;
use waxwing_crypto::sha256;
use waxwing_encoding::base64;
use zeroize::Zeroizing;

use crate::Issuer;
use crate::state::secret::{self, Key, same};
use waxwing_net::form::Form;

/// A browser.
pub(crate) struct Browser {
    secret: Zeroizing<String>,
    known: bool,
}

/// The request is not from a page of ours in this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form is not one that this issuer gave to this browser, or cookies are switched off")]
pub(crate) struct ForeignForm;

impl Browser {
    /// The browser of a request; one without our cookie gets a new name.
    pub(crate) fn of(headers: &HeaderMap, issuer: &Issuer) -> Self {
        match cookie(headers, name(issuer)) {
            Some(secret) => Self {
                secret: Zeroizing::new(secret.to_owned()),
                known: true,
            },
            None => Self {
                secret: secret::fresh(issuer.random()),
                known: false,
            },
        }
    }

    /// The name under which a login remembers its browser.
    pub(crate) fn id(&self) -> Key {
        sha256(format!("browser {}", *self.secret).as_bytes())
    }

    /// What forms for this browser hold.
    pub(crate) fn csrf(&self) -> String {
        base64::encode_url(&sha256(format!("csrf {}", *self.secret).as_bytes()))
    }

    /// Whether a form came from a page of ours in this browser.
    pub(crate) fn check(&self, headers: &HeaderMap, form: &Form) -> Result<(), ForeignForm> {
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        let own_site = matches!(site, None | Some(b"same-origin" | b"none"));
        let sent = form.value("csrf").unwrap_or_default();
        match self.known && own_site && same(sent.as_bytes(), self.csrf().as_bytes()) {
            true => Ok(()),
            false => Err(ForeignForm),
        }
    }

    /// The header that gives a new browser its name.
    pub(crate) fn cookie(&self, issuer: &Issuer) -> Option<HeaderValue> {
        if self.known {
            return None;
        }
        let (path, secure) = match issuer.is_https() {
            // What the prefix __Host- demands.
            true => ("/", "; Secure"),
            false if issuer.path().is_empty() => ("/", ""),
            false => (issuer.path(), ""),
        };
        let (name, secret) = (name(issuer), &*self.secret);
        let cookie = format!("{name}={secret}; Path={path}; HttpOnly; SameSite=Lax{secure}");
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}

fn name(issuer: &Issuer) -> &'static str {
    match issuer.is_https() {
        true => "__Host-waxwing-login",
        false => "waxwing-login",
    }
}

/// The value of a cookie, if it has the form of ours.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let right = |value: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        value.len() == 43 && value.bytes().all(allowed)
    };
    let headers = headers.get_all(COOKIE).iter();
    let mut pairs = headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value).filter(right)
    })
}
