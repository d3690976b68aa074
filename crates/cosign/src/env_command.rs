//! `cosign env`: the variables that count, and what they are set to.

use clap::Args;
use waxwing_cli::Output;

use crate::Means;

/// A variable: its name, what it is for, what it should be, and whether it is a secret.
type Variable = (&'static str, &'static str, &'static str, bool);

/// Sorted by name. Those without effect so far are said to be so.
const VARIABLES: [Variable; 25] = [
    (
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "the bearer token for GitHub's issuer",
        "a token",
        true,
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "where GitHub's issuer is asked",
        "a URL",
        false,
    ),
    (
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "the token of the Buildkite agent",
        "a token",
        true,
    ),
    (
        "BUILDKITE_AGENT_ENDPOINT",
        "where Buildkite is asked",
        "a URL",
        false,
    ),
    (
        "BUILDKITE_JOB_ID",
        "the Buildkite job that asks",
        "an identifier",
        false,
    ),
    (
        "COSIGN_DOCKER_MEDIA_TYPES",
        "older media types for signatures of images",
        "1",
        false,
    ),
    ("COSIGN_EXPERIMENTAL", "what is not settled yet", "1", false),
    (
        "COSIGN_MAX_ATTACHMENT_SIZE",
        "the largest attachment that is read",
        "a size like 128MiB",
        false,
    ),
    (
        "COSIGN_PASSWORD",
        "the password of private keys",
        "a password",
        true,
    ),
    (
        "COSIGN_REPOSITORY",
        "where signatures of images are kept",
        "a repository",
        false,
    ),
    ("GITHUB_HOST", "a GitHub of one's own", "a URL", false),
    ("GITHUB_TOKEN", "the token for GitHub", "a token", true),
    ("GITLAB_HOST", "a GitLab of one's own", "a URL", false),
    ("GITLAB_TOKEN", "the token for GitLab", "a token", true),
    (
        "GOOGLE_SERVICE_ACCOUNT_NAME",
        "the Google service account whose token is taken",
        "an e-mail address",
        false,
    ),
    (
        "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
        "the key of the CT log to trust",
        "a file",
        false,
    ),
    (
        "SIGSTORE_ID_TOKEN",
        "the identity token to sign with",
        "a token",
        true,
    ),
    (
        "SIGSTORE_REKOR_PUBLIC_KEY",
        "the key of the transparency log to trust",
        "a file",
        false,
    ),
    (
        "SIGSTORE_ROOT_FILE",
        "the roots of the certificate authority to trust",
        "a file",
        false,
    ),
    (
        "SIGSTORE_TSA_CERTIFICATE_FILE",
        "the certificates of the timestamp authority to trust",
        "a file",
        false,
    ),
    (
        "SPIFFE_ENDPOINT_SOCKET",
        "where the SPIFFE workload API listens",
        "a path",
        false,
    ),
    ("TUF_MIRROR", "the TUF repository to follow", "a URL", false),
    (
        "TUF_ROOT",
        "where what is known of it is kept",
        "a directory",
        false,
    ),
    ("TUF_ROOT_JSON", "the root to begin with", "a file", false),
    (
        "WAXWING_TRUST_FRESH_FOR",
        "how long it is not asked again",
        "a duration like 1h",
        false,
    ),
];

/// Variables that look as if they counted.
const PREFIXES: [&str; 3] = ["COSIGN_", "SIGSTORE_", "TUF_"];

const HIDDEN: &str = "******";

/// Print the environment variables that count, and their values
#[derive(Debug, Args)]
pub(crate) struct EnvCommand {
    /// Say what each is for
    #[arg(long, default_value_t = true)]
    show_descriptions: bool,
    /// Show passwords and tokens too
    #[arg(long)]
    show_sensitive_values: bool,
}

impl EnvCommand {
    pub(crate) fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        for (name, description, expects, is_secret) in VARIABLES {
            if self.show_descriptions {
                output.line(&format!("# {name} {description}"))?;
                output.line(&format!("# Expects: {expects}"))?;
            }
            let value = means.environment.set(name).unwrap_or_default();
            let hide = is_secret && !self.show_sensitive_values && !value.is_empty();
            output.line(&format!("{name}={}", if hide { HIDDEN } else { value }))?;
        }
        for (name, value) in means.environment.iter() {
            let looks = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if !looks || VARIABLES.iter().any(|known| known.0 == name) {
                continue;
            }
            // Nobody knows whether it is a secret.
            let value = if self.show_sensitive_values {
                value
            } else {
                HIDDEN
            };
            if self.show_descriptions {
                output.line(&format!("# {name} is not one that is known here"))?;
            }
            output.line(&format!("{name}={value}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_sorted_and_each_is_there_once() {
        let names = VARIABLES.map(|variable| variable.0);
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    }
}
