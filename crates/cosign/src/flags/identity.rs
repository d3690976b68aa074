//! Who signs where no key does: the flags for identity tokens, and for logging in.
//!
//! ```text
//! --identity-token ─▶ whoever has a token ready ─▶ --fulcio-auth-flow ─▶ no terminal: device ─▶ browser
//! ```
//!
//! The first that gives a token is the one that counts, as in the original.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::{AtTerminal, Output, files, prompt};
use waxwing_client::IdentityToken;
use waxwing_client::ambient::{self, Provider};
use waxwing_client::login::{BROWSER_PATIENCE, Login};
use waxwing_model::signing_config::{SigningConfig, select};
use zeroize::Zeroizing;

use super::{Consent, FULCIO_URL, OIDC_ISSUER};
use crate::Means;

/// Largest token or secret that is read from a file, in bytes.
const LARGEST_SECRET: usize = 64 << 10;

/// The version of the API of issuers that is spoken.
const ISSUER_VERSION: u32 = 1;

/// Where an identity token comes from.
#[derive(Debug, Args)]
pub(crate) struct IdentityFlags {
    /// The URL of the certificate authority
    #[arg(long, value_name = "URL", default_value = FULCIO_URL, hide = true)]
    pub(crate) fulcio_url: String,
    /// How to log in: normal (by a browser), device (by a code that is typed elsewhere), token (none but
    /// --identity-token) or client_credentials (by --oidc-client-secret-file); without it by a browser on a
    /// terminal, else as a device
    #[arg(
        long,
        value_name = "FLOW",
        default_value = "",
        hide_default_value = true
    )]
    fulcio_auth_flow: String,
    /// An identity token, or a file that holds one; without it, whoever has one ready is asked
    #[arg(long, value_name = "TOKEN")]
    identity_token: Option<String>,
    /// Without effect, as in the original
    #[arg(long, hide = true)]
    insecure_skip_verify: bool,
    /// The name under which this program is known to the OIDC issuer
    #[arg(long, value_name = "NAME", default_value = "sigstore")]
    oidc_client_id: String,
    /// A file with the secret of that name
    #[arg(long, value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Ask nobody who may have a token ready
    #[arg(long)]
    oidc_disable_ambient_providers: bool,
    /// The OIDC issuer
    #[arg(long, value_name = "URL", default_value = OIDC_ISSUER, hide = true)]
    pub(crate) oidc_issuer: String,
    /// Ask this one for a token: filesystem, envvar, github-actions, buildkite-agent, spiffe,
    /// google-workload-identity or google-impersonate
    #[arg(long, value_name = "NAME")]
    oidc_provider: Option<String>,
    /// Where the browser comes back to; without it http://localhost:0/auth/callback, where 0 is a free port
    #[arg(long, value_name = "URL")]
    oidc_redirect_url: Option<String>,
}

/// How somebody logs in.
enum Flow {
    Browser,
    Device,
    Machine,
}

impl IdentityFlags {
    /// The token.
    pub(crate) async fn token(
        &self,
        config: &SigningConfig,
        consent: &mut Consent,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<IdentityToken> {
        let secret = self.secret()?;
        if let Some(given) = given(self.identity_token.as_deref()) {
            if let Ok(token) = IdentityToken::new(given) {
                return Ok(token);
            }
            let text = files::read(Path::new(given), LARGEST_SECRET)
                .context("--identity-token is no token, and no file that holds one")?;
            let text = String::from_utf8(text).unwrap_or_default();
            return IdentityToken::new(text.trim()).with_context(|| given.to_owned());
        }
        if let Some(token) = self.ready(means).await? {
            return Ok(token);
        }
        let flow = self.flow(consent, means, output)?;
        let now = means.clock.now();
        let issuer = select(&config.oidc_issuers, "OIDC issuer", &[ISSUER_VERSION], now)
            .context("no token is ready, and there is nobody to log in at")?;
        let login = Login {
            issuer: &issuer.url,
            client_id: &self.oidc_client_id,
            client_secret: secret.as_ref().map(|secret| secret.as_str()),
            redirect_url: given(self.oidc_redirect_url.as_deref()),
            connector: None,
            patience: BROWSER_PATIENCE,
            client: &means.client,
            clock: means.clock.as_ref(),
            random: means.random.as_ref(),
        };
        let mut person = AtTerminal {
            output,
            environment: means.environment,
        };
        let patience = &means.patience;
        let token = match flow {
            Flow::Browser => patience.of_people(login.browser(&mut person)).await,
            Flow::Device => patience.of_people(login.device(&mut person)).await,
            Flow::Machine => login.machine(&mut person).await,
        };
        token.with_context(|| format!("logging in at {}", issuer.url))
    }

    /// The token of somebody who has one ready.
    async fn ready(&self, means: &Means<'_>) -> anyhow::Result<Option<IdentityToken>> {
        let variable = means.variable();
        let surroundings = means.surroundings(&variable);
        if let Some(name) = given(self.oidc_provider.as_deref()) {
            ensure!(
                !self.oidc_disable_ambient_providers,
                "--oidc-provider names one to ask, and --oidc-disable-ambient-providers forbids it; leave one of \
                 them out"
            );
            let provider: Provider = name.parse()?;
            return Ok(Some(provider.token(&surroundings).await?));
        }
        if self.oidc_disable_ambient_providers {
            return Ok(None);
        }
        let token = ambient::token(&surroundings).await.transpose();
        token.context(
            "a token should lie ready here, and does not; --oidc-disable-ambient-providers logs in",
        )
    }

    fn flow(
        &self,
        consent: &mut Consent,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Flow> {
        Ok(match self.fulcio_auth_flow.as_str() {
            "normal" => Flow::Browser,
            "device" => Flow::Device,
            "client_credentials" => Flow::Machine,
            "token" => {
                bail!("--fulcio-auth-flow token takes --identity-token alone, which is missing")
            }
            "" if !prompt::is_interactive() => {
                output.note("Non-interactive mode detected, using device flow.");
                let is_workflow = means.environment.is_true("GITHUB_ACTIONS");
                if is_workflow.unwrap_or(false) && !self.oidc_disable_ambient_providers {
                    output
                        .note("A workflow with `permissions: id-token: write` has a token ready.");
                }
                Flow::Device
            }
            "" => {
                consent.ask(output)?;
                Flow::Browser
            }
            other => bail!(
                "unsupported oauth flow: --fulcio-auth-flow {other:?}; expected normal, device, token or \
                 client_credentials"
            ),
        })
    }

    fn secret(&self) -> anyhow::Result<Option<Zeroizing<String>>> {
        let Some(path) = &self.oidc_client_secret_file else {
            return Ok(None);
        };
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let bytes = Zeroizing::new(files::read(path, LARGEST_SECRET)?);
        let text = std::str::from_utf8(&bytes);
        let text = text.with_context(|| format!("{} is not UTF-8", path.display()))?;
        Ok(Some(Zeroizing::new(text.trim().to_owned())))
    }
}

/// An empty value is as good as none, as in the original.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
