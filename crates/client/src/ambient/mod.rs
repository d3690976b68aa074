//! Identity tokens that lie ready where a program runs: in a workflow, in a variable, in a file.
//!
//! | provider | is there when | the token |
//! |---|---|---|
//! | `filesystem` | the file is there | its content |
//! | `envvar` | `SIGSTORE_ID_TOKEN` is set | its value |
//! | `github-actions` | `ACTIONS_ID_TOKEN_REQUEST_TOKEN` and `…_URL` are set | asked for at that URL |
//! | `buildkite-agent` | `BUILDKITE_AGENT_ACCESS_TOKEN` is set | asked for at the agent's endpoint |
//! | `spiffe` | the socket of `SPIFFE_ENDPOINT_SOCKET` is there, or SPIRE's own | asked for there |
//! | `google-workload-identity` | the firmware says Google, or `GCE_METADATA_HOST` is set; and a token comes | the metadata server's |
//! | `google-impersonate` | `GOOGLE_SERVICE_ACCOUNT_NAME` is set | asked for at Google's |
//!
//! They are tried in this order, which is the one that `cosign debug providers` shows; the names are cosign's.
//! A secret that a variable holds is sent to the host that the variable beside it names and to no other, and
//! never in the clear but to this machine itself.

mod buildkite_agent;
mod github_actions;
mod google;
#[cfg(unix)]
mod spiffe;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::Value;
use waxwing_encoding::time::Clock;
use waxwing_net::{Client, Request, Url};
use zeroize::Zeroizing;

use crate::token::{IdentityToken, TokenError};

pub use crate::google::CredentialsError;
pub use google::PRODUCT_NAME_FILE;
#[cfg(unix)]
pub use spiffe::{SpiffeError, svid_in};

/// Whom ambient tokens are for.
const AUDIENCE: &str = "sigstore";

/// Largest answer or file that holds a token, in bytes.
const LARGEST: usize = 64 << 10;

/// Where a pod finds its token.
pub const TOKEN_FILE: &str = "/var/run/sigstore/cosign/oidc-token";

const ID_TOKEN: &str = "SIGSTORE_ID_TOKEN";

/// Somebody who has a token ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// A job of GitHub Actions.
    GithubActions,
    /// A job of Buildkite.
    BuildkiteAgent,
    /// A variable.
    Variable,
    /// A file, as Kubernetes projects it into a pod.
    Filesystem,
    /// The agent of SPIFFE beside a workload.
    Spiffe,
    /// A machine of Google's, by its own account.
    GoogleWorkloadIdentity,
    /// Another account of Google's, which the one that is here may stand in for.
    GoogleImpersonate,
}

/// Where a program runs.
pub struct Surroundings<'a> {
    /// The value of a variable.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The file of [`Provider::Filesystem`]; [`TOKEN_FILE`].
    pub file: PathBuf,
    /// Where the firmware says whose machine this is; [`PRODUCT_NAME_FILE`].
    pub product_name_file: PathBuf,
    /// How providers are asked.
    pub client: &'a Client,
    /// When an assertion is made.
    pub clock: &'a dyn Clock,
}

/// Why a provider gave no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AmbientError {
    /// No provider has this name.
    #[error("{name} is not a valid provider; expected {}", names())]
    Unknown {
        /// What was found.
        name: String,
    },
    /// The provider is not there.
    #[error("the provider {provider} is not there: {needs}")]
    Absent {
        /// Which.
        provider: Provider,
        /// What makes it be there.
        needs: String,
    },
    /// A URL of the surroundings.
    #[error("{variable} is no URL that a secret can be sent to: {reason}; expected https://HOST/…")]
    Url {
        /// The variable that holds it.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The provider did not answer as it should.
    #[error("{provider}: {source}")]
    Request {
        /// Which.
        provider: Provider,
        /// What failed.
        source: waxwing_net::Error,
    },
    /// The answer has no token.
    #[error("{provider} answered without a token; expected JSON with {expected:?}")]
    Answer {
        /// Which.
        provider: Provider,
        /// The member that should have been there.
        expected: &'static str,
    },
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Google's credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The agent of SPIFFE.
    #[cfg(unix)]
    #[error("spiffe: {0}")]
    Spiffe(#[from] SpiffeError),
    /// What was given is no token.
    #[error("the token of {provider}: {source}")]
    Token {
        /// By whom.
        provider: Provider,
        /// What is wrong with it.
        source: TokenError,
    },
}

impl Provider {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 7] = [
        Self::Filesystem,
        Self::Variable,
        Self::GithubActions,
        Self::BuildkiteAgent,
        Self::Spiffe,
        Self::GoogleWorkloadIdentity,
        Self::GoogleImpersonate,
    ];

    /// The name that cosign has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GithubActions => "github-actions",
            Self::BuildkiteAgent => "buildkite-agent",
            Self::Variable => "envvar",
            Self::Filesystem => "filesystem",
            Self::Spiffe => "spiffe",
            Self::GoogleWorkloadIdentity => "google-workload-identity",
            Self::GoogleImpersonate => "google-impersonate",
        }
    }

    /// What has to be there for it.
    fn needs(self, surroundings: &Surroundings<'_>) -> Result<(), String> {
        let set = |name: &'static str| match (surroundings.variable)(name) {
            Some(value) if !value.is_empty() => Ok(()),
            _ => Err(format!("{name} is not set")),
        };
        match self {
            Self::GithubActions => set(github_actions::URL)
                .and_then(|()| set(github_actions::TOKEN))
                .map_err(|missing| {
                    format!("{missing}; a workflow needs `permissions: id-token: write`")
                }),
            Self::BuildkiteAgent => set(buildkite_agent::TOKEN),
            // Set to nothing, it is there all the same, as the original has it; what is missing is then told.
            Self::Variable => match (surroundings.variable)(ID_TOKEN) {
                Some(_) => Ok(()),
                None => set(ID_TOKEN),
            },
            Self::Filesystem => match surroundings.file.exists() {
                true => Ok(()),
                false => Err(format!("there is no file {}", surroundings.file.display())),
            },
            #[cfg(unix)]
            Self::Spiffe => match spiffe::socket(surroundings) {
                socket if Path::new(&socket).exists() => Ok(()),
                socket => Err(format!("there is no socket {socket}")),
            },
            #[cfg(not(unix))]
            Self::Spiffe => Err("its sockets are those of Unix".to_owned()),
            Self::GoogleWorkloadIdentity => match google::is_here(surroundings) {
                true => Ok(()),
                false => Err(format!(
                    "this is no machine of Google's ({} and {} say nothing of it)",
                    surroundings.product_name_file.display(),
                    google::METADATA_HOST
                )),
            },
            Self::GoogleImpersonate => set(google::SERVICE_ACCOUNT),
        }
    }

    /// Whether it is there. A machine of Google's may have no account, and so it is asked.
    pub async fn is_there(self, surroundings: &Surroundings<'_>) -> bool {
        self.needs(surroundings).is_ok()
            && (self != Self::GoogleWorkloadIdentity || self.token(surroundings).await.is_ok())
    }

    /// Its token.
    pub async fn token(
        self,
        surroundings: &Surroundings<'_>,
    ) -> Result<IdentityToken, AmbientError> {
        if let Err(needs) = self.needs(surroundings) {
            return Err(AmbientError::Absent {
                provider: self,
                needs,
            });
        }
        let text = match self {
            Self::GithubActions => github_actions::token(surroundings).await?,
            Self::BuildkiteAgent => buildkite_agent::token(surroundings).await?,
            Self::Variable => (surroundings.variable)(ID_TOKEN).unwrap_or_default().into(),
            Self::Filesystem => read(&surroundings.file)?,
            #[cfg(unix)]
            Self::Spiffe => spiffe::token(surroundings).await?,
            #[cfg(not(unix))]
            Self::Spiffe => Zeroizing::default(),
            Self::GoogleWorkloadIdentity => google::own_token(surroundings).await?,
            Self::GoogleImpersonate => google::other_token(surroundings).await?,
        };
        // Files and variables end with a newline more often than not.
        let token = IdentityToken::new(text.trim());
        token.map_err(|source| AmbientError::Token {
            provider: self,
            source,
        })
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = AmbientError;

    fn from_str(name: &str) -> Result<Self, AmbientError> {
        let known = Self::ALL.into_iter().find(|one| one.name() == name);
        known.ok_or_else(|| AmbientError::Unknown {
            name: name.to_owned(),
        })
    }
}

impl fmt::Debug for Surroundings<'_> {
    /// Without the variables, some of which are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Surroundings({})", self.file.display())
    }
}

fn names() -> String {
    Provider::ALL.map(Provider::name).join(", ")
}

/// The first token that one of those gives who are there; `None` if nobody is.
pub async fn token(surroundings: &Surroundings<'_>) -> Option<Result<IdentityToken, AmbientError>> {
    let mut last = None;
    for provider in Provider::ALL {
        if provider.needs(surroundings).is_err() {
            continue;
        }
        match provider.token(surroundings).await {
            Ok(token) => return Some(Ok(token)),
            // A machine of Google's without an account is as good as any other machine.
            Err(_) if provider == Provider::GoogleWorkloadIdentity => {}
            Err(error) => last = Some(Err(error)),
        }
    }
    last
}

/// The member of the JSON that a provider answers with.
async fn answer(
    provider: Provider,
    request: Request,
    client: &Client,
    member: &'static str,
) -> Result<Zeroizing<String>, AmbientError> {
    let answer = client.send(request.limit(LARGEST)).await;
    let answer = answer.and_then(waxwing_net::Response::expect_success);
    let answer = answer.map_err(|source| AmbientError::Request { provider, source })?;
    let mut read: BTreeMap<String, Value> =
        serde_json::from_slice(&answer.body).unwrap_or_default();
    match read.remove(member) {
        Some(Value::String(token)) => Ok(token.into()),
        _ => Err(AmbientError::Answer {
            provider,
            expected: member,
        }),
    }
}

/// A URL that a secret may be sent to.
fn private_url(variable: &'static str, text: &str) -> Result<Url, AmbientError> {
    waxwing_net::private_url(text).map_err(|error| AmbientError::Url {
        variable,
        reason: match error {
            waxwing_net::Error::Url { reason, .. } => reason,
            other => other.to_string(),
        },
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>, AmbientError> {
    let mut text = Zeroizing::new(String::new());
    let read =
        File::open(path).and_then(|file| file.take(LARGEST as u64 + 1).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(source) => Err(AmbientError::File {
            path: path.to_owned(),
            source,
        }),
    }
}
