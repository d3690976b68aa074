//! Identity tokens that lie ready where a program runs: in a workflow, in a variable, in a file.
//!
//! | provider | is there when | the token |
//! |---|---|---|
//! | `github-actions` | `ACTIONS_ID_TOKEN_REQUEST_TOKEN` and `…_URL` are set | asked for at that URL |
//! | `buildkite-agent` | `BUILDKITE_AGENT_ACCESS_TOKEN` is set | asked for at the agent's endpoint |
//! | `envvar` | `SIGSTORE_ID_TOKEN` is set | its value |
//! | `filesystem` | the file is there | its content |
//!
//! They are tried in this order, as cosign does; the names are cosign's. A secret that a variable holds is
//! sent to the host that the variable beside it names and to no other, and never in the clear but to this
//! machine itself.

mod buildkite_agent;
mod github_actions;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::Value;
use waxwing_net::{Client, Request, Url};
use zeroize::Zeroizing;

use crate::token::{IdentityToken, TokenError};

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
}

/// Where a program runs.
pub struct Surroundings<'a> {
    /// The value of a variable.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The file of [`Provider::Filesystem`]; [`TOKEN_FILE`].
    pub file: PathBuf,
    /// How providers are asked.
    pub client: &'a Client,
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
    pub const ALL: [Self; 4] = [
        Self::GithubActions,
        Self::BuildkiteAgent,
        Self::Variable,
        Self::Filesystem,
    ];

    /// The name that cosign has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GithubActions => "github-actions",
            Self::BuildkiteAgent => "buildkite-agent",
            Self::Variable => "envvar",
            Self::Filesystem => "filesystem",
        }
    }

    /// What has to be there for it.
    fn needs(self, surroundings: &Surroundings<'_>) -> Result<(), String> {
        let set = |name: &'static str| match (surroundings.variable)(name) {
            Some(_) => Ok(()),
            None => Err(format!("{name} is not set")),
        };
        match self {
            Self::GithubActions => set(github_actions::URL)
                .and_then(|()| set(github_actions::TOKEN))
                .map_err(|missing| {
                    format!("{missing}; a workflow needs `permissions: id-token: write`")
                }),
            Self::BuildkiteAgent => set(buildkite_agent::TOKEN),
            Self::Variable => set(ID_TOKEN),
            Self::Filesystem => match surroundings.file.exists() {
                true => Ok(()),
                false => Err(format!("there is no file {}", surroundings.file.display())),
            },
        }
    }

    /// Whether it is there.
    pub fn is_there(self, surroundings: &Surroundings<'_>) -> bool {
        self.needs(surroundings).is_ok()
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
        if !provider.is_there(surroundings) {
            continue;
        }
        match provider.token(surroundings).await {
            Ok(token) => return Some(Ok(token)),
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
    let refused = |reason: String| AmbientError::Url { variable, reason };
    let url = Url::parse(text).map_err(|error| refused(error.to_string()))?;
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        other => Err(refused(format!("it is of the scheme {other}"))),
    }
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
