//! One question to a service: what goes out has a cap on its answer, what comes back is JSON or a refusal with a reason.
//!
//! The services say why they refuse in four shapes of JSON, which are read here, and one of XML:
//!
//! ```json
//! {"__type": "com.amazonaws.kms#DisabledException", "message": "… is disabled."}
//! {"errors": ["permission denied"]}
//! {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "…"}}
//! {"error": "invalid_client", "error_description": "…"}
//! ```

use serde::de::DeserializeOwned;
use serde_json::Value;
use waxwing_net::{Client, Request, Response, Url, header, printable};
use zeroize::Zeroizing;

use crate::error::ServiceError;
use crate::xml;

/// The largest answer that is read, in bytes: a list of the versions of a key is the longest.
const LARGEST: usize = 256 << 10;

/// Who is asked, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The service, as people call it.
    pub(crate) service: &'static str,
    /// What it is asked to do: "sign".
    pub(crate) deed: &'static str,
    /// What to do when it refuses.
    pub(crate) advice: &'static str,
    /// What must not be told, whoever says it back.
    pub(crate) secrets: &'a [&'a str],
}

impl Question<'_> {
    /// The answer to it, if it is one.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        request: Request,
    ) -> Result<Response, ServiceError> {
        let service = self.service;
        let failed = |source| ServiceError::Request { service, source };
        let answer = client.send(request.limit(LARGEST)).await.map_err(failed)?;
        let kind = answer.header(header::CONTENT_TYPE).unwrap_or_default();
        // By its content too: there are servers that give JSON this type.
        let is_json = answer.body.trim_ascii_start().first() == Some(&b'{');
        if kind.to_ascii_lowercase().contains("text/html") && !is_json {
            return Err(self.answer(
                format!("a page for people ({})", answer.status.as_u16()),
                "its own interface: check the address and the proxy",
            ));
        }
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(ServiceError::Refused {
                service,
                deed: self.deed,
                status: answer.status.as_u16(),
                reason: told(&answer.body, self.secrets),
                advice: self.advice,
            }),
        }
    }

    /// The answer to it as JSON of this shape.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        client: &Client,
        request: Request,
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let answer = self.ask(client, request).await?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            let length = answer.body.len();
            self.answer(format!("{length} bytes of something else"), expected)
        })
    }

    /// The error that says what came.
    pub(crate) fn answer(&self, found: impl Into<String>, expected: &'static str) -> ServiceError {
        ServiceError::Answer {
            service: self.service,
            found: found.into(),
            expected,
        }
    }
}

/// Why somebody refuses, without our secrets.
pub(crate) fn told(body: &[u8], secrets: &[&str]) -> String {
    let text = String::from_utf8_lossy(body);
    let said = serde_json::from_slice(body)
        .ok()
        .and_then(|body| reason(&body))
        .or_else(|| xml::refusal(&text));
    let mut text = match said {
        Some(said) => said,
        None if body.is_empty() => "no reason".to_owned(),
        None => text.into_owned(),
    };
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "(secret)");
        // Those who were sent a form may give it back as it came.
        text = text.replace(in_form(secret).as_str(), "(secret)");
    }
    printable(&text)
}

/// A text as it stands in a form.
fn in_form(text: &str) -> Zeroizing<String> {
    let url = Url::parse("form:").map(|mut url| {
        url.query_pairs_mut().append_key_only(text);
        Zeroizing::new(url.query().unwrap_or_default().to_owned())
    });
    match url {
        Ok(written) if !written.is_empty() => written,
        _ => Zeroizing::new(text.to_owned()),
    }
}

/// The kind of a refusal in AWS' words: `DisabledException`.
pub(crate) fn amazon_kind(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let kind = body.get("__type")?.as_str()?;
    Some(kind.rsplit('#').next().unwrap_or_default().to_owned())
}

fn reason(body: &Value) -> Option<String> {
    let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let message = text(body, "message").or_else(|| text(body, "Message"));
    if let Some(kind) = text(body, "__type") {
        let kind = kind.rsplit('#').next().unwrap_or_default().to_owned();
        return Some(match message {
            Some(message) => format!("{kind}: {message}"),
            None => kind,
        });
    }
    if let Some(errors) = body.get("errors").and_then(Value::as_array) {
        let errors: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
        return Some(match errors.is_empty() {
            true => "no reason".to_owned(),
            false => errors.join("; "),
        });
    }
    let pair = |kind: Option<String>, message: Option<String>| match (kind, message) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (kind, message) => message.or(kind),
    };
    match body.get("error") {
        Some(error @ Value::Object(_)) => {
            let kind = text(error, "status").or_else(|| text(error, "code"));
            pair(kind, text(error, "message"))
        }
        Some(Value::String(kind)) => pair(Some(kind.clone()), text(body, "error_description")),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_shape_of_a_refusal() {
        for (body, expected) in [
            (
                r#"{"__type":"com.amazonaws.kms#DisabledException","message":"it is"}"#,
                "DisabledException: it is",
            ),
            (
                r#"{"__type":"NotFoundException","Message":"x"}"#,
                "NotFoundException: x",
            ),
            (r#"{"__type":"ThrottlingException"}"#, "ThrottlingException"),
            (
                r#"{"errors":["1 error","permission denied"]}"#,
                "1 error; permission denied",
            ),
            (r#"{"errors":[]}"#, "no reason"),
            (
                r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}"#,
                "PERMISSION_DENIED: no",
            ),
            (
                r#"{"error":{"code":"KeyNotFound","message":"no key"}}"#,
                "KeyNotFound: no key",
            ),
            (
                r#"{"error":"invalid_client","error_description":"expired"}"#,
                "invalid_client: expired",
            ),
            (r#"{"error":"invalid_client"}"#, "invalid_client"),
        ] {
            let body = serde_json::from_str(body).unwrap();
            assert_eq!(reason(&body).as_deref(), Some(expected));
        }
        for body in ["{}", "[]", "1", r#"{"error":{}}"#, r#"{"error":1}"#] {
            assert_eq!(reason(&serde_json::from_str(body).unwrap()), None, "{body}");
        }
    }
}
