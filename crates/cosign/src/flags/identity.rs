//! Who signs where no key does: the flags for identity tokens.

use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_client::IdentityToken;

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
    /// An identity token, or a file that holds one
    #[arg(long, value_name = "TOKEN")]
    identity_token: Option<String>,
    /// The OIDC issuer
    #[arg(long, value_name = "URL", default_value = OIDC_ISSUER, hide = true)]
    pub(crate) oidc_issuer: String,
}

impl IdentityFlags {
    /// The token.
    pub(crate) async fn token(
        &self,
        means: &Means<'_>,
        _issuer: &str,
        _yes: bool,
        _output: &mut Output,
    ) -> anyhow::Result<IdentityToken> {
        if let Some(given) = &self.identity_token {
            if let Ok(token) = IdentityToken::new(given) {
                return Ok(token);
            }
            let text = files::read(Path::new(given), LARGEST_TOKEN)
                .context("--identity-token is no token, and no file that holds one")?;
            let text = String::from_utf8(text).unwrap_or_default();
            return IdentityToken::new(text.trim()).with_context(|| given.clone());
        }
        if let Some(token) = means.environment.value("SIGSTORE_ID_TOKEN") {
            return IdentityToken::new(token.trim()).context("SIGSTORE_ID_TOKEN");
        }
        bail!("no identity token: give one by --identity-token")
    }
}
