//! Google: who asks, as Google's own libraries find it, and an access token for who that is.
//!
//! ```text
//! POST https://oauth2.googleapis.com/token     grant_type=…jwt-bearer&assertion=…     -> {"access_token":…,"expires_in":3599}
//! GET  http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token
//!                                              Metadata-Flavor: Google                -> the same
//! ```
//!
//! They are found in the file that `GOOGLE_APPLICATION_CREDENTIALS` names, in that of `gcloud auth application-default
//! login`, at the metadata server. Such files are of the kinds `service_account` (a key, by which a short assertion is
//! signed: RFC 7523) and `authorized_user` (a refresh token); others are refused by name. The metadata server is never
//! asked through a proxy.

mod file;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use waxwing_encoding::time::Clock;
use waxwing_net::{Client, HeaderName, Request, Response};
use zeroize::Zeroizing;

use file::File;

pub use file::CredentialsError;

/// Largest answer or file that holds a token, in bytes.
const LARGEST: usize = 64 << 10;

pub(crate) const METADATA_HOST: &str = "GCE_METADATA_HOST";
const CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const QUOTA_PROJECT: &str = "GOOGLE_CLOUD_QUOTA_PROJECT";

/// Where the metadata server is if nobody says otherwise.
const METADATA_ADDRESS: &str = "169.254.169.254";

/// How long it may take: it is on the same machine, or it is not there.
const METADATA_PATIENCE: Duration = Duration::from_secs(5);

/// What an access token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Who asks Google, and how.
pub struct Caller<'a> {
    /// The value of a variable.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// How Google is asked.
    pub client: &'a Client,
    /// When an assertion is made.
    pub clock: &'a dyn Clock,
}

/// An access token.
pub struct AccessToken {
    /// What goes behind `Bearer`.
    pub secret: Zeroizing<String>,
    /// How long it lives, in seconds.
    pub seconds: Option<u32>,
    /// The project that pays for what is asked with it, where a person asks.
    pub quota_project: Option<String>,
}

/// Why Google gave no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoogleError {
    /// The file of credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A URL of the file.
    #[error("{name} is no URL that a secret can be sent to: {reason}; expected https://HOST/…")]
    Url {
        /// What holds it.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Google did not answer as it should.
    #[error("Google: {0}")]
    Request(#[from] waxwing_net::Error),
    /// The answer has no token.
    #[error("Google answered without a token; expected JSON with {expected:?}")]
    Answer {
        /// The member that should have been there.
        expected: &'static str,
    },
}

/// A request, and the secrets in it.
pub(crate) struct Question {
    pub(crate) request: Request,
    pub(crate) secrets: Vec<Zeroizing<String>>,
}

/// What Google answers in JSON; its texts may be secrets.
pub(crate) struct Answer(BTreeMap<String, Value>);

impl Caller<'_> {
    /// An access token of whoever is found.
    pub async fn access_token(&self) -> Result<AccessToken, GoogleError> {
        let quota = (self.variable)(QUOTA_PROJECT).filter(|project| !project.is_empty());
        let (question, quota_project) = match self.credentials(true)? {
            None => return self.metadata("token").await?.access_token(quota),
            Some(file) => match file.kind() {
                "service_account" => (file.assertion(("scope", SCOPE), self.clock)?, quota),
                "authorized_user" => {
                    let own = file.quota_project().map(str::to_owned);
                    (file.refresh()?, quota.or(own))
                }
                _ => return Err(file.other_kind("service_account or authorized_user").into()),
            },
        };
        self.ask(question).await?.access_token(quota_project)
    }

    /// The file of credentials, if one is named or (for `known` places) lies where gcloud leaves it.
    pub(crate) fn credentials(&self, known: bool) -> Result<Option<File>, GoogleError> {
        let named = (self.variable)(CREDENTIALS).filter(|path| !path.is_empty());
        let path = match (named, (self.variable)("HOME")) {
            (Some(named), _) => PathBuf::from(named),
            (None, Some(home)) if known => {
                let path = ".config/gcloud/application_default_credentials.json";
                let path = PathBuf::from(home).join(path);
                match path.exists() {
                    true => path,
                    false => return Ok(None),
                }
            }
            (None, _) => return Ok(None),
        };
        File::read(path).map(Some)
    }

    /// What is answered in JSON. A refusal is told without the secrets that were sent, should they come back in it.
    pub(crate) async fn ask(&self, question: Question) -> Result<Answer, GoogleError> {
        let mut answer = self.client.send(question.request.limit(LARGEST)).await?;
        if !answer.status.is_success() {
            let mut told = answer.text();
            for secret in &question.secrets {
                told = told.replace(secret.as_str(), "(secret)");
            }
            answer.body = told.into();
        }
        Ok(Answer::read(&answer.expect_success()?))
    }

    /// What the metadata server says of the machine's own account.
    pub(crate) async fn metadata(&self, question: &str) -> Result<Answer, GoogleError> {
        Ok(Answer::read(&self.metadata_response(question).await?))
    }

    /// The same, where the answer is no JSON.
    pub(crate) async fn metadata_text(
        &self,
        question: &str,
    ) -> Result<Zeroizing<String>, GoogleError> {
        let answer = self.metadata_response(question).await?;
        Ok(answer.text().into())
    }

    async fn metadata_response(&self, question: &str) -> Result<Response, GoogleError> {
        let host = (self.variable)(METADATA_HOST).filter(|host| !host.is_empty());
        let host = host.unwrap_or_else(|| METADATA_ADDRESS.to_owned());
        let path = "computeMetadata/v1/instance/service-accounts/default";
        let url = format!("http://{host}/{path}/{question}");
        let request = Request::get(url)
            .header(HeaderName::from_static("metadata-flavor"), "Google")
            .timeout(METADATA_PATIENCE)
            .limit(LARGEST);
        // A proxy would be asked for the proxy's own account, or could keep what it carries.
        let direct: Client = self.client.without_proxy()?;
        Ok(direct.send(request).await?.expect_success()?)
    }
}

impl Answer {
    fn read(answer: &Response) -> Self {
        Self(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// A member that is a text.
    pub(crate) fn text(mut self, member: &'static str) -> Result<Zeroizing<String>, GoogleError> {
        match self.0.remove(member) {
            Some(Value::String(text)) => Ok(text.into()),
            _ => Err(GoogleError::Answer { expected: member }),
        }
    }

    fn access_token(self, quota_project: Option<String>) -> Result<AccessToken, GoogleError> {
        let seconds = self.0.get("expires_in").and_then(Value::as_u64);
        Ok(AccessToken {
            seconds: seconds.and_then(|seconds| u32::try_from(seconds).ok()),
            secret: self.text("access_token")?,
            quota_project,
        })
    }
}

impl std::fmt::Debug for Caller<'_> {
    /// Without the variables, some of which are secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Caller")
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AccessToken(secret)")
    }
}
