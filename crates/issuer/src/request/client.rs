//! The programs that may ask for tokens, and how they say who they are (RFC 6749 section 2.3).
//!
//! ```text
//! Authorization: Basic c2lnc3RvcmU6          the client sigstore with its empty secret
//! client_id=sigstore                         the same in a form, with or without client_secret=
//! ```
//!
//! A public client has no secret: it runs on its user's machine, where it could keep none. Refused:
//! a client that is not known, a secret that is not the client's, and saying it in two ways at once.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use waxwing_crypto::sha256;
use waxwing_encoding::base64;
use zeroize::Zeroizing;

use crate::person::{CLIENT_CONNECTOR, Person};
use crate::request::redirect_uri::{OUT_OF_BAND, RedirectUri, RedirectUriError};
use crate::state::secret::same;
use crate::token::{IdentityError, is_address};
use waxwing_net::form::Form;

/// A program that may ask for tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthClient {
    id: String,
    /// SHA-256 of the secret; none for a public client.
    secret: Option<[u8; 32]>,
    redirect_uris: Vec<RedirectUri>,
    /// The address of the machine that the client is, if it is one.
    email: Option<String>,
}

/// Why a caller is not a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("No client_id.")]
    Missing,
    #[error(
        "The Authorization header is not Basic with a name and a secret (RFC 6749 section 2.3.1)."
    )]
    Header,
    #[error("The client names itself in two ways that differ.")]
    Twice,
    #[error("Invalid client credentials.")]
    Credentials,
}

impl OAuthClient {
    /// A program on its user's machine, such as `sigstore`: no secret, PKCE instead, and redirects to
    /// the loopback interface or the page that shows the code.
    pub fn public(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            redirect_uris: Vec::new(),
            email: None,
        }
    }

    /// A program that keeps a secret, with the redirect URIs that it may use.
    pub fn confidential(
        id: impl Into<String>,
        secret: &str,
        redirect_uris: Vec<RedirectUri>,
    ) -> Self {
        Self {
            id: id.into(),
            secret: Some(sha256(secret.as_bytes())),
            redirect_uris,
            email: None,
        }
    }

    /// The same client, which may also ask for tokens about itself: a machine with this address, such as a
    /// job that signs and has nobody at a browser. Means nothing for a public client, whom anybody can be.
    pub fn with_machine_email(self, email: &str) -> Result<Self, IdentityError> {
        let email = email.to_owned();
        if !is_address(&email) {
            return Err(IdentityError::Email { email });
        }
        Ok(Self {
            email: Some(email),
            ..self
        })
    }

    /// The same client with redirect URIs of its own, which are then the only ones.
    #[must_use]
    pub fn with_redirect_uris(self, redirect_uris: Vec<RedirectUri>) -> Self {
        Self {
            redirect_uris,
            ..self
        }
    }

    /// The name, which is also the audience of its tokens.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// The machine that the client is.
    pub(crate) fn machine(&self) -> Option<Person> {
        let email = self.email.clone().filter(|_| !self.is_public())?;
        Some(Person {
            user_id: self.id.clone(),
            connector_id: CLIENT_CONNECTOR.to_owned(),
            email: Some(email),
            name: None,
        })
    }

    /// Where this client may have a browser sent; `None` is the page that shows the code.
    pub(crate) fn redirect(&self, text: &str) -> Result<Option<RedirectUri>, RedirectUriError> {
        if let Some(known) = self
            .redirect_uris
            .iter()
            .find(|known| known.as_str() == text)
        {
            return Ok(Some(known.clone()));
        }
        if !self.is_public() || !self.redirect_uris.is_empty() {
            return Err(RedirectUriError::NotRegistered);
        }
        match text {
            OUT_OF_BAND => Ok(None),
            other => RedirectUri::loopback(other).map(Some),
        }
    }

    fn admits(&self, secret: &str) -> bool {
        match &self.secret {
            Some(expected) => same(&sha256(secret.as_bytes()), expected),
            None => secret.is_empty(),
        }
    }
}

impl std::fmt::Debug for OAuthClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_public() { "public" } else { "secret" };
        write!(formatter, "OAuthClient({}, {kind})", self.id)
    }
}

/// The client that sends this request to the token endpoint or to one like it.
pub(crate) fn authenticate<'a>(
    clients: &'a [OAuthClient],
    headers: &HeaderMap,
    form: &Form,
) -> Result<&'a OAuthClient, ClientError> {
    let header = headers.get(AUTHORIZATION).map(basic).transpose()?;
    let (id, secret) = match (&header, form.value("client_id")) {
        (Some((id, _)), Some(other)) if id.as_str() != other => return Err(ClientError::Twice),
        (Some((id, secret)), _) => (id.as_str(), secret.as_str()),
        (None, Some(id)) => (id, form.value("client_secret").unwrap_or_default()),
        (None, None) => return Err(ClientError::Missing),
    };
    let client = clients.iter().find(|client| client.id == id);
    let client = client.filter(|client| client.admits(secret));
    client.ok_or(ClientError::Credentials)
}

/// Name and secret, each of them form-encoded before base64 (RFC 6749 section 2.3.1).
fn basic(
    header: &http::HeaderValue,
) -> Result<(Zeroizing<String>, Zeroizing<String>), ClientError> {
    let read = || {
        let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
        let decoded = base64::decode(encoded.trim()).ok();
        let decoded = Zeroizing::new(decoded.filter(|_| scheme.eq_ignore_ascii_case("basic"))?);
        let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        // As a form of two parameters it is decoded by the same rules.
        let as_form = Zeroizing::new(format!("i={id}&s={secret}"));
        let form = Form::parse(as_form.as_bytes()).ok()?;
        let part = |name| Zeroizing::new(form.value(name).unwrap_or_default().to_owned());
        Some((part("i"), part("s")))
    };
    read().ok_or(ClientError::Header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Vec<OAuthClient> {
        let redirect = RedirectUri::registered("https://ci.example/callback").unwrap();
        let web = OAuthClient::confidential("web", "s3:c r", vec![redirect]);
        vec![OAuthClient::public("sigstore"), web]
    }

    fn client(header: Option<&str>, form: &str) -> Result<String, ClientError> {
        let mut headers = HeaderMap::new();
        if let Some(pair) = header {
            let value = format!("Basic {}", base64::encode(pair.as_bytes()));
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        let form = Form::parse(form.as_bytes()).unwrap();
        authenticate(&clients(), &headers, &form).map(|client| client.id().to_owned())
    }

    #[test]
    fn a_public_client_has_an_empty_secret_or_none() {
        for (header, form) in [
            (Some("sigstore:"), ""),
            (Some("sigstore:"), "client_id=sigstore"),
            (None, "client_id=sigstore"),
            (None, "client_id=sigstore&client_secret="),
        ] {
            assert_eq!(client(header, form).as_deref(), Ok("sigstore"));
        }
        for (header, form) in [
            (Some("sigstore:guess"), ""),
            (None, "client_id=sigstore&client_secret=guess"),
            (None, "client_id=other"),
        ] {
            assert_eq!(client(header, form), Err(ClientError::Credentials));
        }
    }

    #[test]
    fn a_secret_is_compared_as_it_was_before_it_was_encoded() {
        assert_eq!(client(Some("web:s3%3Ac+r"), "").as_deref(), Ok("web"));
        let form = "client_id=web&client_secret=s3%3Ac+r";
        assert_eq!(client(None, form).as_deref(), Ok("web"));
        for (header, form, expected) in [
            (Some("web:"), "", ClientError::Credentials),
            (Some("web:s3"), "", ClientError::Credentials),
            (None, "client_id=web", ClientError::Credentials),
            (
                Some("web:s3%3Ac+r"),
                "client_id=sigstore",
                ClientError::Twice,
            ),
            (Some("web"), "", ClientError::Header),
            (Some("web:%zz"), "", ClientError::Header),
            (None, "", ClientError::Missing),
        ] {
            assert_eq!(client(header, form), Err(expected));
        }
    }

    #[test]
    fn redirects_are_the_clients_own_or_of_this_machine() {
        let [public, web] = &clients()[..] else {
            panic!("two clients");
        };
        assert_eq!(public.redirect(OUT_OF_BAND), Ok(None));
        assert!(public.redirect("http://localhost:1/").unwrap().is_some());
        assert!(
            web.redirect("https://ci.example/callback")
                .unwrap()
                .is_some()
        );
        let refused = Err(RedirectUriError::NotRegistered);
        for text in [
            OUT_OF_BAND,
            "http://localhost:1/",
            "https://ci.example/callback?a",
        ] {
            assert_eq!(web.redirect(text), refused);
        }
        let pinned = public.clone();
        let own = RedirectUri::registered("http://localhost:5556/callback").unwrap();
        let pinned = pinned.with_redirect_uris(vec![own]);
        assert!(
            pinned
                .redirect("http://localhost:5556/callback")
                .unwrap()
                .is_some()
        );
        assert_eq!(pinned.redirect("http://localhost:1/"), refused);
        assert_eq!(format!("{web:?}"), "OAuthClient(web, secret)");
    }
}
