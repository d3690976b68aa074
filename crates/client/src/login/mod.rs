//! Logging in at an OpenID provider, for a token that says who somebody is.
//!
//! ```text
//! Login::browser ─▶ discovery ─▶ browser ──────────────────▶ code ─▶ tokens ─▶ checked: IdentityToken
//!        device ─▶ discovery ─▶ code that is typed elsewhere ───────▶ tokens ─▶ checked
//!        machine ▶ discovery ─▶ secret ─────────────────────────────▶ tokens ─▶ checked
//! ```
//!
//! | Flow | Specification | Where |
//! |---|---|---|
//! | a browser on this machine, and back to a listener on its loopback address | RFC 8252 section 7.3 | `browser.rs`, `listener.rs`, `answer.rs` |
//! | a browser anywhere, and a code that is copied | `urn:ietf:wg:oauth:2.0:oob`, as Dex has it | `browser.rs` |
//! | a device without a browser | RFC 8628 | `device.rs` |
//! | a machine with a secret | RFC 6749 section 4.4 | below |
//!
//! Every flow with a person in it has a proof key (RFC 7636, `S256` alone), and those with a browser a state
//! and a nonce. The token is checked before anybody sees it: signature, issuer, audience, times, nonce. Clock,
//! randomness and the [`Person`] are arguments. Refused, each under its own name: what is not the issuer's,
//! what answers another question than the one that was asked, and answers without an end.

mod answer;
mod browser;
mod device;
#[doc(hidden)]
pub mod fuzzing;
mod id_token;
mod listener;
mod provider;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use waxwing_crypto::{Random, sha256};
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_net::Client;
use zeroize::Zeroizing;

use crate::token::{IdentityToken, TokenError};

pub use answer::AnswerRefused;
pub use device::DeviceAnswerRefused;
pub use id_token::{Expected, IdTokenRefused, Keys, check_claims};
pub use listener::ListenerError;
pub use provider::{Provider, ProviderError, RegisteredClient, Tokens};

/// How long a browser may take to come back: the originals' two minutes.
pub const BROWSER_PATIENCE: Duration = Duration::from_secs(120);

/// What is asked for, as every client of Sigstore asks.
const SCOPE: &str = "openid email";

/// A login that is about to happen.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The issuer's URL.
    pub issuer: &'a str,
    /// Under which name this program is known there.
    pub client_id: &'a str,
    /// Its secret, if it has one.
    pub client_secret: Option<&'a str>,
    /// Where the browser comes back to; a free port of the loopback address if nothing is said.
    pub redirect_url: Option<&'a str>,
    /// Which of the ways to log in the issuer is to take, by the name that it has there (`connector_id`).
    pub connector: Option<&'a str>,
    /// How long the browser may take; [`BROWSER_PATIENCE`].
    pub patience: Duration,
    /// How the issuer is asked.
    pub client: &'a Client,
    /// The time.
    pub clock: &'a dyn Clock,
    /// States, nonces, verifiers.
    pub random: &'a dyn Random,
}

/// Whoever logs in, and the screen before them.
pub trait Person: Send {
    /// Opens an address in a browser; or says why that is not possible.
    fn open(&mut self, url: &str) -> impl Future<Output = Result<(), String>> + Send;

    /// Tells them something.
    fn tell(&mut self, news: News<'_>);

    /// The code that they were shown elsewhere; empty if they have none.
    fn code(&mut self) -> impl Future<Output = std::io::Result<Zeroizing<String>>> + Send;
}

/// What a person is told. All texts are fit for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News<'a> {
    /// This address is in the browser.
    Opened {
        /// Which.
        url: &'a str,
    },
    /// No browser can be opened.
    NoBrowser {
        /// Why.
        reason: &'a str,
    },
    /// The browser did not come back in time.
    NotBack,
    /// This address is to be opened, and shows a code in the end.
    Link {
        /// Which.
        url: &'a str,
    },
    /// A code is to be typed at an address.
    Device {
        /// The code.
        user_code: &'a str,
        /// The address; the code may be in it.
        url: &'a str,
        /// How long, in seconds.
        seconds: u64,
    },
    /// A token came.
    Received,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The issuer.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// An issuer that does not take the challenge.
    #[error(
        "the issuer {issuer} does not announce PKCE by S256 (code_challenge_methods_supported), without which \
         another program on this machine could use the code"
    )]
    NoProofKey {
        /// Which.
        issuer: String,
    },
    /// No way back for the browser.
    #[error(transparent)]
    Listener(#[from] ListenerError),
    /// What the browser came back with.
    #[error(transparent)]
    Answer(#[from] AnswerRefused),
    /// No code.
    #[error(
        "no code was entered; open the link, log in, and enter the code that the last page shows"
    )]
    NoCode,
    /// The code could not be read.
    #[error("reading the code: {0}")]
    Input(#[from] std::io::Error),
    /// What the issuer says to a device.
    #[error(transparent)]
    Device(#[from] DeviceAnswerRefused),
    /// Nobody typed the code.
    #[error("nobody logged in within the {seconds} s that the code was good for; try again")]
    Expired {
        /// How long it was.
        seconds: u64,
    },
    /// A machine without a secret.
    #[error("a client without a secret cannot log in by itself; give it one")]
    NoSecret,
    /// What the token says about whom.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// The challenge of a verifier by `S256` (RFC 7636 section 4.2).
pub fn challenge(verifier: &str) -> String {
    base64::encode_url(&sha256(verifier.as_bytes()))
}

impl Login<'_> {
    /// By a secret of the program's own (RFC 6749 section 4.4): nobody has to be there.
    pub async fn machine(&self, person: &mut impl Person) -> Result<IdentityToken, LoginError> {
        if self.client_secret.is_none_or(str::is_empty) {
            return Err(LoginError::NoSecret);
        }
        let provider = self.discover().await?;
        let mut parameters = vec![("grant_type", "client_credentials"), ("scope", SCOPE)];
        parameters.extend(self.redirect_url.map(|url| ("redirect_uri", url)));
        let tokens = self.tokens(&provider, &parameters).await?;
        let token = self.checked(&provider, &tokens, None).await?;
        person.tell(News::Received);
        Ok(token)
    }

    async fn discover(&self) -> Result<Provider, ProviderError> {
        Provider::discover(self.client, self.issuer).await
    }

    /// The issuer, of whom a person is asked and who must take a challenge.
    async fn discover_with_proof_key(&self) -> Result<Provider, LoginError> {
        let provider = self.discover().await?;
        match provider.takes_challenges() {
            true => Ok(provider),
            false => Err(LoginError::NoProofKey {
                issuer: self.issuer.to_owned(),
            }),
        }
    }

    async fn tokens(
        &self,
        provider: &Provider,
        parameters: &[(&str, &str)],
    ) -> Result<Tokens, ProviderError> {
        let registered = RegisteredClient {
            id: self.client_id,
            secret: self.client_secret.filter(|secret| !secret.is_empty()),
        };
        provider.tokens(self.client, registered, parameters).await
    }

    /// The identity token among `tokens`, if it is one of this login.
    async fn checked(
        &self,
        provider: &Provider,
        tokens: &Tokens,
        nonce: Option<&str>,
    ) -> Result<IdentityToken, LoginError> {
        let text = tokens.id_token()?;
        let keys = provider.keys(self.client).await?;
        let expected = Expected {
            issuer: provider.issuer(),
            client_id: self.client_id,
            nonce,
            now: self.clock.now(),
        };
        let claims = keys.verify_with(text, tokens.access_token());
        let claims = claims.map_err(ProviderError::from)?;
        check_claims(&claims, &expected).map_err(ProviderError::from)?;
        Ok(IdentityToken::new(text)?)
    }
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Login({} at {})", self.client_id, self.issuer)
    }
}
