//! HTML in which what came from outside cannot become markup, and the headers that pages have.
//!
//! [`Html::raw`] takes text of ours alone, which the compiler knows; everything else goes through
//! [`Html::text`], which is right between tags and inside double quotes. Should something slip past it,
//! the policy lets no script run, no form lead away and no other page frame this one:
//!
//! ```text
//! Content-Security-Policy: default-src 'none'; style-src 'sha256-…'; form-action 'self'; …
//! ```

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use waxwing_crypto::sha256;
use waxwing_encoding::base64;

const STYLE: &str = include_str!("style.css");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| base64::encode(&sha256(STYLE.as_bytes())));

/// A piece of HTML.
#[derive(Debug, Clone, Default)]
pub(crate) struct Html(String);

/// A whole page.
#[derive(Debug)]
pub(crate) struct Page {
    status: StatusCode,
    body: String,
    forms: Option<Vec<String>>,
    cookie: Option<HeaderValue>,
    retry_after: Option<u64>,
}

impl Html {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds markup of ours.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text of anybody's.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '`' => self.0.push_str("&#96;"),
                // These turn the direction of a line, so that it reads as something else.
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    self.0.push('\u{fffd}');
                }
                other => self.0.push(other),
            }
        }
        self
    }

    /// Adds HTML that was made here.
    pub(crate) fn html(&mut self, html: &Self) -> &mut Self {
        self.0.push_str(&html.0);
        self
    }
}

impl Page {
    /// A page with this heading, at the issuer of this name.
    pub(crate) fn new(status: StatusCode, heading: &str, content: &Html, issuer: &str) -> Self {
        let mut page = Html::new();
        page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .raw("<meta name=\"robots\" content=\"noindex\">\n<title>")
            .text(heading)
            .raw("</title>\n<style>")
            .raw(STYLE)
            .raw("</style>\n</head>\n<body>\n<main>\n")
            .html(content)
            .raw("</main>\n<footer>")
            .text(issuer)
            .raw("</footer>\n</body>\n</html>\n");
        Self {
            status,
            body: page.0,
            forms: None,
            cookie: None,
            retry_after: None,
        }
    }

    /// The page has a form that leads to this issuer, and from there perhaps to `origins`: browsers hold
    /// the policy against redirects too.
    pub(crate) fn with_form(self, origins: Vec<String>) -> Self {
        Self {
            forms: Some(origins),
            ..self
        }
    }

    pub(crate) fn with_cookie(self, cookie: Option<HeaderValue>) -> Self {
        Self { cookie, ..self }
    }

    pub(crate) fn with_retry_after(self, seconds: Option<u64>) -> Self {
        Self {
            retry_after: seconds,
            ..self
        }
    }

    fn policy(&self) -> String {
        let forms = match &self.forms {
            None => "'none'".to_owned(),
            Some(origins) => {
                let origins = origins.iter().map(|origin| format!(" {}", source(origin)));
                format!("'self'{}", origins.collect::<String>())
            }
        };
        let style = &*STYLE_HASH;
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action {forms}; \
             frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

/// An origin as the policy writes it. It has no form for addresses of IPv6, nor for names with its own
/// punctuation: there the scheme must do.
fn source(origin: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-_".contains(&byte);
    match origin.split_once("//") {
        Some((scheme, _)) if !origin.bytes().all(plain) => scheme,
        _ => origin,
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = HeaderValue::try_from(self.policy());
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        let fixed: [(HeaderName, &'static str); 7] = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (PRAGMA, "no-cache"),
            // Not `no-referrer`, which would make browsers say `Origin: null` with our own forms.
            (REFERRER_POLICY, "same-origin"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let strictest = HeaderValue::from_static("default-src 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, policy.unwrap_or(strictest));
        if let Some(cookie) = self.cookie {
            headers.insert(SET_COOKIE, cookie);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_policy_names_where_forms_may_lead() {
        let page = |origins| {
            let page = Page::new(StatusCode::OK, "x", &Html::new(), "y");
            page.with_form(origins).policy()
        };
        let origin = |origin: &str| page(vec![origin.to_owned()]);
        assert!(page(Vec::new()).contains("form-action 'self';"));
        assert!(origin("http://localhost:1").contains("form-action 'self' http://localhost:1;"));
        assert!(origin("http://[::1]:1").contains("form-action 'self' http:;"));
        assert!(origin("https://a;b,c").contains("form-action 'self' https:;"));
        let without = Page::new(StatusCode::OK, "x", &Html::new(), "y");
        assert!(without.policy().contains("form-action 'none';"));
    }

    proptest! {
        #[test]
        fn text_is_never_markup(text in "\\PC*") {
            let mut html = Html::new();
            html.text(&text);
            prop_assert!(!html.0.contains(['<', '>', '"', '\'', '`']));
            let plain = html.0.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
                .replace("&#39;", "'").replace("&#96;", "`").replace("&amp;", "&");
            prop_assert_eq!(plain.chars().count(), text.chars().count());
        }
    }
}
