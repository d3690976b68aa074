//! An issuer's endpoints and keys (OpenID Connect Discovery 1.0 section 4), and its token endpoint asked.
//!
//! ```json
//! {"issuer":"https://accounts.example","authorization_endpoint":"https://accounts.example/auth",
//!  "token_endpoint":"https://accounts.example/token","jwks_uri":"https://accounts.example/keys",
//!  "code_challenge_methods_supported":["S256"]}
//! ```
//!
//! The document must name the issuer byte for byte. Where the issuer is https, so must the endpoints be:
//! otherwise the person's code, and our secret with it, would cross the network in the clear.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use waxwing_encoding::base64;
use waxwing_net::{Client, Request, Url, printable};
use zeroize::Zeroizing;

use super::id_token::{IdTokenRefused, Keys};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer of a token endpoint, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;

/// What an issuer published.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    authorization_endpoint: Option<Url>,
    token_endpoint: Url,
    device_authorization_endpoint: Option<Url>,
    jwks_uri: Url,
    algorithms: Vec<String>,
    challenge_methods: Vec<String>,
    /// How clients may say who they are; empty if nothing is said of it.
    client_authentication: Vec<String>,
    /// Whether it names itself when it sends a browser back (RFC 9207).
    pub(super) names_itself: bool,
}

/// A program that is registered at an issuer.
#[derive(Clone, Copy)]
pub struct RegisteredClient<'a> {
    /// Its name there.
    pub id: &'a str,
    /// Its secret, if it has one.
    pub secret: Option<&'a str>,
}

/// Why an issuer's word is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// It could not be asked.
    #[error("the identity provider could not be asked: {0}")]
    Asked(#[from] waxwing_net::Error),
    /// Its discovery document is another issuer's.
    #[error("the discovery document names the issuer {found:?}; expected {expected:?}")]
    OtherIssuer {
        /// The issuer in the document.
        found: String,
        /// The issuer asked.
        expected: String,
    },
    /// An endpoint that is no URL, or not https where the issuer is.
    #[error("the discovery document's {name} is {found:?}; expected a URL as safe as the issuer's")]
    Endpoint {
        /// Which one.
        name: &'static str,
        /// What was found; nothing where it is missing.
        found: String,
    },
    /// The issuer refuses, in its own words.
    #[error("the identity provider refuses ({error}): {description}")]
    Refused {
        /// The code of RFC 6749 section 5.2 or RFC 8628 section 3.5.
        error: String,
        /// What it says about it.
        description: String,
    },
    /// The answer to the code holds no identity token.
    #[error("the identity provider answered without an id_token")]
    NoToken,
    /// The token is not good.
    #[error("the identity provider's token: {0}")]
    Token(#[from] IdTokenRefused),
}

/// What a token endpoint answers.
#[derive(Deserialize)]
pub struct Tokens {
    id_token: Option<Zeroizing<String>>,
    access_token: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    jwks_uri: Option<String>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Provider {
    /// Asks `issuer` for its discovery document.
    pub async fn discover(client: &Client, issuer: &str) -> Result<Self, ProviderError> {
        let base = issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let answer = client.send(Request::get(url).timeout(PATIENCE)).await?;
        Self::read(answer.expect_success()?.json()?, issuer)
    }

    pub(super) fn read(found: Discovery, issuer: &str) -> Result<Self, ProviderError> {
        if found.issuer != issuer {
            let (found, expected) = (shortened(&found.issuer), issuer.to_owned());
            return Err(ProviderError::OtherIssuer { found, expected });
        }
        let safe = issuer.starts_with("https:");
        let optional = |name: &'static str, text: Option<String>| match text {
            Some(text) => endpoint(name, &text, safe).map(Some),
            None => Ok(None),
        };
        let needed = |name: &'static str, text: Option<String>| {
            endpoint(name, &text.unwrap_or_default(), safe)
        };
        Ok(Self {
            issuer: found.issuer,
            authorization_endpoint: optional(
                "authorization_endpoint",
                found.authorization_endpoint,
            )?,
            token_endpoint: needed("token_endpoint", found.token_endpoint)?,
            device_authorization_endpoint: optional(
                DEVICE_ENDPOINT,
                found.device_authorization_endpoint,
            )?,
            jwks_uri: needed("jwks_uri", found.jwks_uri)?,
            algorithms: found
                .id_token_signing_alg_values_supported
                .unwrap_or_default(),
            challenge_methods: found.code_challenge_methods_supported.unwrap_or_default(),
            client_authentication: found
                .token_endpoint_auth_methods_supported
                .unwrap_or_default(),
            names_itself: found
                .authorization_response_iss_parameter_supported
                .unwrap_or_default(),
        })
    }

    /// Asks for the keys.
    pub async fn keys(&self, client: &Client) -> Result<Keys, ProviderError> {
        let request = Request::get(&self.jwks_uri).timeout(PATIENCE);
        let keys: JwkSet = client.send(request).await?.expect_success()?.json()?;
        Ok(Keys::new(keys, &self.algorithms))
    }

    /// Its name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where people log in.
    pub fn authorization_endpoint(&self) -> Result<&Url, ProviderError> {
        let endpoint = self.authorization_endpoint.as_ref();
        endpoint.ok_or_else(|| missing("authorization_endpoint"))
    }

    /// Where devices ask for a code that people type elsewhere.
    pub(super) fn device_authorization_endpoint(&self) -> Result<&Url, ProviderError> {
        let endpoint = self.device_authorization_endpoint.as_ref();
        endpoint.ok_or_else(|| missing(DEVICE_ENDPOINT))
    }

    /// Whether it takes challenges by `S256`. Microsoft's takes them and does not say so, which the originals
    /// know too.
    pub(super) fn takes_challenges(&self) -> bool {
        let endpoint = self.authorization_endpoint.as_ref();
        let microsoft = ["login.microsoftonline.com", "login.microsoftonline.us"];
        let is_microsoft = endpoint.is_some_and(|url| {
            url.scheme() == "https" && url.host_str().is_some_and(|host| microsoft.contains(&host))
        });
        is_microsoft || self.challenge_methods.iter().any(|method| method == "S256")
    }

    /// Asks the token endpoint, as `registered`.
    pub async fn tokens(
        &self,
        client: &Client,
        registered: RegisteredClient<'_>,
        parameters: &[(&str, &str)],
    ) -> Result<Tokens, ProviderError> {
        let mut form = parameters.to_vec();
        let mut basic = None;
        match registered.secret {
            // RFC 6749 section 2.3.1; the first is what an issuer takes that says nothing.
            Some(secret) if !self.takes_the_secret_in_the_form_alone() => {
                let pair = [registered.id, secret].map(|text| {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                });
                let pair = Zeroizing::new(pair.join(":"));
                let pair = base64::encode(pair.as_bytes());
                basic = Some(Zeroizing::new(format!("Basic {pair}")));
            }
            Some(secret) => form.extend([("client_id", registered.id), ("client_secret", secret)]),
            None => form.push(("client_id", registered.id)),
        }
        let mut request = Request::post_form(&self.token_endpoint, &form);
        if let Some(basic) = basic {
            request = request.header(waxwing_net::header::AUTHORIZATION, &basic);
        }
        let request = request.timeout(PATIENCE).limit(LONGEST_ANSWER);
        let answer = client.send(request).await?;
        if !answer.status.is_success()
            && let Ok(refusal) = serde_json::from_slice::<Refusal>(&answer.body)
        {
            return Err(ProviderError::Refused {
                error: printable(&refusal.error),
                description: answer.message(),
            });
        }
        Ok(answer.expect_success()?.json()?)
    }

    fn takes_the_secret_in_the_form_alone(&self) -> bool {
        let takes = |method: &str| self.client_authentication.iter().any(|one| one == method);
        takes("client_secret_post") && !takes("client_secret_basic")
    }
}

impl Tokens {
    /// The identity token.
    pub fn id_token(&self) -> Result<&str, ProviderError> {
        let token = self.id_token.as_ref().ok_or(ProviderError::NoToken)?;
        Ok(token)
    }

    /// The access token; empty if there is none.
    pub(super) fn access_token(&self) -> &str {
        let token = self.access_token.as_ref();
        token.map_or("", |token| token.as_str())
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens(secret)")
    }
}

impl std::fmt::Debug for RegisteredClient<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RegisteredClient({})", self.id)
    }
}

const DEVICE_ENDPOINT: &str = "device_authorization_endpoint";

fn endpoint(name: &'static str, text: &str, safe: bool) -> Result<Url, ProviderError> {
    let fits = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && !safe;
    let url = Url::parse(text).ok().filter(fits);
    url.ok_or_else(|| ProviderError::Endpoint {
        name,
        found: shortened(text),
    })
}

fn missing(name: &'static str) -> ProviderError {
    ProviderError::Endpoint {
        name,
        found: String::new(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}
