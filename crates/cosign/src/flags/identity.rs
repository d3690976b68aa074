//! Who signs where no key does: the flags for identity tokens.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::files;
use waxwing_client::IdentityToken;
use waxwing_client::ambient::{self, Provider, Surroundings, TOKEN_FILE};

use super::{FULCIO_URL, OIDC_ISSUER};
use crate::Means;

/// Largest token that is read from a file, in bytes.
const LARGEST_TOKEN: usize = 64 << 10;

/// Where an identity token comes from.
#[derive(Debug, Args)]
pub(crate) struct IdentityFlags {
    /// The URL of the certificate authority
    #[arg(long, value_name = "URL", default_value = FULCIO_URL, hide = true)]
    pub(crate) fulcio_url: String,
    /// An identity token, or a file that holds one; without it, whoever has one ready is asked
    #[arg(long, value_name = "TOKEN")]
    identity_token: Option<String>,
    /// The OIDC issuer
    #[arg(long, value_name = "URL", default_value = OIDC_ISSUER, hide = true)]
    pub(crate) oidc_issuer: String,
    /// Ask this one for a token: github-actions, buildkite-agent, envvar or filesystem
    #[arg(long, value_name = "NAME")]
    oidc_provider: Option<String>,
    /// Ask nobody who may have a token ready
    #[arg(long)]
    oidc_disable_ambient_providers: bool,
}

impl IdentityFlags {
    /// The token.
    pub(crate) async fn token(&self, means: &Means<'_>) -> anyhow::Result<IdentityToken> {
        if let Some(given) = &self.identity_token {
            if let Ok(token) = IdentityToken::new(given) {
                return Ok(token);
            }
            let text = files::read(Path::new(given), LARGEST_TOKEN)
                .context("--identity-token is no token, and no file that holds one")?;
            let text = String::from_utf8(text).unwrap_or_default();
            return IdentityToken::new(text.trim()).with_context(|| given.clone());
        }
        let variable = |name: &str| means.environment.value(name).map(str::to_owned);
        let surroundings = Surroundings {
            variable: &variable,
            file: PathBuf::from(TOKEN_FILE),
            client: &means.client,
        };
        if let Some(name) = &self.oidc_provider {
            ensure!(
                !self.oidc_disable_ambient_providers,
                "--oidc-provider names one to ask, and --oidc-disable-ambient-providers forbids it; leave one of \
                 them out"
            );
            let provider: Provider = name.parse()?;
            return Ok(provider.token(&surroundings).await?);
        }
        if !self.oidc_disable_ambient_providers
            && let Some(token) = ambient::token(&surroundings).await
        {
            return Ok(token?);
        }
        bail!(
            "no identity token: give one by --identity-token or SIGSTORE_ID_TOKEN, or sign where one is ready: in \
             a workflow with `permissions: id-token: write`, or in a pod with {TOKEN_FILE}"
        )
    }
}
