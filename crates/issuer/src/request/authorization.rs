//! What a client asks of the browser (RFC 6749 section 4.1.1, OpenID Connect Core 1.0 section 3.1.2.1):
//! checked before anybody sees a page, and again at each step, since every step carries it along.
//!
//! ```text
//! GET /auth?response_type=code&client_id=sigstore&redirect_uri=http%3A%2F%2Flocalhost%3A39211%2Fauth%2Fcallback
//!     &scope=openid+email&state=…&nonce=…&code_challenge=…&code_challenge_method=S256
//! ```
//!
//! An unknown client or a redirect URI that is not its own is told to the person, and nobody is sent
//! anywhere (RFC 6749 section 4.1.2.1); all other faults are told to the client. Refused besides: a
//! public client without PKCE, response types other than `code`, no `openid` among the scopes, request
//! objects, and `prompt=none`, because nobody is ever logged in already.

use crate::Issuer;
use crate::page::browser::Browser;
use crate::request::client::OAuthClient;
use crate::request::pkce::{Challenge, ChallengeError};
use crate::request::redirect_uri::{OUT_OF_BAND, RedirectUri, RedirectUriError};
use crate::request::scope::Scopes;
use crate::state::device::UserCode;
use waxwing_net::form::Form;

/// The longest value of a parameter that is carried along, in bytes.
const LONGEST_VALUE: usize = 2048;

/// The parameters that every step carries along.
const CARRIED: [&str; 10] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "user_code",
];

/// A request that may go on.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) destination: Destination,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) scopes: Scopes,
    /// Where the client wants the person to log in.
    pub(crate) connector: Option<String>,
    /// The parameters again, for the next step.
    pub(crate) query: String,
}

/// Where a login leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A program that the browser is sent to.
    Program(RedirectUri),
    /// A person who copies the code.
    Person,
    /// A device that waits, with this code.
    Device(UserCode),
}

/// Why a request may not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The person is told.
    Here(Unsafe),
    /// The client is told.
    There {
        destination: Box<Destination>,
        state: Option<String>,
        error: Unsuitable,
    },
}

/// The request may be somebody else's trick.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsafe {
    #[error("The request names no client (client_id).")]
    NoClient,
    #[error("The client {found:?} is not known here.")]
    Client { found: String },
    #[error("The request says nowhere to go back to (redirect_uri).")]
    NoRedirect,
    #[error("The redirect URI {found:?} is refused: {reason}.")]
    Redirect {
        found: String,
        reason: RedirectUriError,
    },
    #[error(
        "The code of the device was not typed in this browser, or is used or expired. Type it again."
    )]
    Device,
}

/// The request asks for what is not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsuitable {
    #[error("Only response_type=code is supported.")]
    ResponseType,
    #[error("Only response_mode=query is supported.")]
    ResponseMode,
    #[error("Request objects are not supported.")]
    RequestObject,
    #[error("Missing required scope: openid.")]
    Scope,
    #[error("Public clients must use PKCE: code_challenge is missing.")]
    NoChallenge,
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    #[error("The parameter {name} is longer than {LONGEST_VALUE} bytes.")]
    TooLong { name: &'static str },
    #[error("Nobody is logged in, and prompt=none allows no page.")]
    Prompt,
    #[error("The connector {found:?} is not known here.")]
    Connector { found: String },
    #[error("The login was cancelled.")]
    Cancelled,
    #[error("The other issuer refused: {reason}.")]
    Upstream { reason: String },
    #[error("Nobody can log in here yet.")]
    NoConnector,
}

impl Unsuitable {
    /// The error of RFC 6749 section 4.1.2.1 or OpenID Connect Core 1.0 section 3.1.2.6.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::ResponseType => "unsupported_response_type",
            Self::RequestObject => "request_not_supported",
            Self::Scope => "invalid_scope",
            Self::Prompt => "login_required",
            Self::Cancelled | Self::Upstream { .. } => "access_denied",
            Self::NoConnector => "server_error",
            Self::ResponseMode
            | Self::NoChallenge
            | Self::Challenge(_)
            | Self::TooLong { .. }
            | Self::Connector { .. } => "invalid_request",
        }
    }
}

impl AuthorizationRequest {
    /// Checks the parameters.
    pub(crate) fn read(issuer: &Issuer, form: &Form, browser: &Browser) -> Result<Self, Refused> {
        if let Some(code) = form.value("user_code") {
            return Self::of_device(issuer, form, code, browser)
                .ok_or(Refused::Here(Unsafe::Device));
        }
        let client = client(issuer, form).map_err(Refused::Here)?;
        let destination = destination(client, form).map_err(Refused::Here)?;
        let state = form
            .value("state")
            .filter(|state| state.len() <= LONGEST_VALUE);
        let request = Self {
            client_id: client.id().to_owned(),
            destination,
            state: state.map(str::to_owned),
            nonce: form.value("nonce").map(str::to_owned),
            challenge: None,
            scopes: Scopes::read(form.value("scope").unwrap_or_default()),
            connector: form.value("connector_id").map(str::to_owned),
            query: form.query_of(&CARRIED),
        };
        match request.suitable(client, form) {
            Ok(challenge) => Ok(Self {
                challenge,
                ..request
            }),
            Err(error) => Err(request.refused(error)),
        }
    }

    /// The refusal that the client is told.
    pub(crate) fn refused(&self, error: Unsuitable) -> Refused {
        Refused::There {
            destination: Box::new(self.destination.clone()),
            state: self.state.clone(),
            error,
        }
    }

    fn suitable(&self, client: &OAuthClient, form: &Form) -> Result<Option<Challenge>, Unsuitable> {
        for name in ["state", "nonce", "scope", "connector_id"] {
            if form
                .value(name)
                .is_some_and(|value| value.len() > LONGEST_VALUE)
            {
                return Err(Unsuitable::TooLong { name });
            }
        }
        if form.value("request").is_some() || form.value("request_uri").is_some() {
            return Err(Unsuitable::RequestObject);
        }
        if form.value("response_type") != Some("code") {
            return Err(Unsuitable::ResponseType);
        }
        if !matches!(form.value("response_mode"), None | Some("query")) {
            return Err(Unsuitable::ResponseMode);
        }
        if !self.scopes.openid {
            return Err(Unsuitable::Scope);
        }
        if form.value("prompt") == Some("none") {
            return Err(Unsuitable::Prompt);
        }
        let challenge = form.value("code_challenge");
        let challenge = Challenge::read(challenge, form.value("code_challenge_method"))?;
        match client.is_public() && challenge.is_none() {
            true => Err(Unsuitable::NoChallenge),
            false => Ok(challenge),
        }
    }

    /// The request of a device whose code was typed in this browser.
    fn of_device(issuer: &Issuer, form: &Form, code: &str, browser: &Browser) -> Option<Self> {
        let code = UserCode::read(code)?;
        let devices = &issuer.memory.devices;
        let (client_id, scopes) = devices.typed_by(&code, &browser.id(), issuer.now())?;
        Some(Self {
            client_id,
            destination: Destination::Device(code),
            state: None,
            nonce: None,
            challenge: None,
            scopes,
            connector: form.value("connector_id").map(str::to_owned),
            query: form.query_of(&["user_code"]),
        })
    }
}

fn client<'a>(issuer: &'a Issuer, form: &Form) -> Result<&'a OAuthClient, Unsafe> {
    let id = form.value("client_id").ok_or(Unsafe::NoClient)?;
    let found = issuer.clients().iter().find(|client| client.id() == id);
    found.ok_or_else(|| Unsafe::Client {
        found: id.chars().take(100).collect(),
    })
}

fn destination(client: &OAuthClient, form: &Form) -> Result<Destination, Unsafe> {
    let text = form.value("redirect_uri").ok_or(Unsafe::NoRedirect)?;
    match client.redirect(text) {
        Ok(Some(uri)) => Ok(Destination::Program(uri)),
        Ok(None) => Ok(Destination::Person),
        Err(reason) => Err(Unsafe::Redirect {
            found: text.chars().take(200).collect(),
            reason,
        }),
    }
}

impl Destination {
    /// What the client must repeat when it redeems the code.
    pub(crate) fn redirect_uri(&self) -> &str {
        match self {
            Self::Program(uri) => uri.as_str(),
            Self::Person => OUT_OF_BAND,
            Self::Device(_) => "",
        }
    }

    /// Where the login's form leads in the end, beside this issuer.
    pub(crate) fn origins(&self) -> Vec<String> {
        match self {
            Self::Program(uri) => vec![uri.origin()],
            Self::Person | Self::Device(_) => Vec::new(),
        }
    }
}
