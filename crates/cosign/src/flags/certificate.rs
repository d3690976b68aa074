//! Whose signature is wanted: `--certificate-identity` and its kin, or `--key`.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::files;
use waxwing_pki::fulcio::Claim;
use waxwing_pki::sct::{AddChainResponse, SignedCertificateTimestamp};
use waxwing_verify::pattern::Pattern;
use waxwing_verify::{Identity, Matcher, Policy};

use super::SecurityKey;
use crate::Means;
use crate::key::reference::KeyReference;

/// Largest SCT that is read, in bytes.
const LARGEST_SCT: usize = 64 << 10;

/// Who must have signed.
#[derive(Debug, Args)]
pub(crate) struct Signer {
    /// The public key that must have signed: a file, env://VARIABLE or a URL
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<KeyReference>,
    #[command(flatten)]
    pub(crate) security_key: SecurityKey,
    #[command(flatten)]
    pub(crate) certificate: CertificateVerify,
}

/// The identity in the certificate, and how the certificate is judged.
#[derive(Debug, Args)]
pub(crate) struct CertificateVerify {
    /// The identity that must have signed: an e-mail address, a URI, a name
    #[arg(long, alias = "cert-identity", value_name = "NAME")]
    certificate_identity: Option<String>,
    /// A regular expression in Go's syntax that the identity must match; it matches anywhere, so tie it
    /// by ^ and $
    #[arg(long, value_name = "REGEXP")]
    certificate_identity_regexp: Option<String>,
    /// The OIDC issuer that must have vouched for it
    #[arg(long, alias = "cert-oidc-issuer", value_name = "URL")]
    certificate_oidc_issuer: Option<String>,
    /// A regular expression that the issuer must match
    #[arg(long, value_name = "REGEXP")]
    certificate_oidc_issuer_regexp: Option<String>,
    /// What must have triggered the GitHub workflow
    #[arg(long, value_name = "TRIGGER")]
    certificate_github_workflow_trigger: Option<String>,
    /// The commit that the GitHub workflow must have run on
    #[arg(long, value_name = "SHA")]
    certificate_github_workflow_sha: Option<String>,
    /// The name that the GitHub workflow must have
    #[arg(long, value_name = "NAME")]
    certificate_github_workflow_name: Option<String>,
    /// The repository that the GitHub workflow must have run in
    #[arg(long, value_name = "OWNER/NAME")]
    certificate_github_workflow_repository: Option<String>,
    /// The reference that the GitHub workflow must have run on
    #[arg(long, value_name = "REF")]
    certificate_github_workflow_ref: Option<String>,
    /// Take certificates that no CT log has promised to publish
    #[arg(long)]
    pub(crate) insecure_ignore_sct: bool,
    /// The certificate of a signature that is not in a bundle
    #[arg(long, alias = "cert", value_name = "FILE", hide = true)]
    pub(crate) certificate: Option<String>,
    /// Certificates between that of the signer and the roots
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) ca_intermediates: Option<PathBuf>,
    /// Roots to trust
    #[arg(
        long,
        value_name = "FILE",
        hide = true,
        conflicts_with = "certificate_chain"
    )]
    pub(crate) ca_roots: Option<PathBuf>,
    /// The certificates above that of the signer, its issuer first, the root last; it is trusted
    #[arg(
        long,
        alias = "cert-chain",
        value_name = "FILE",
        hide = true,
        conflicts_with = "ca_intermediates"
    )]
    pub(crate) certificate_chain: Option<PathBuf>,
    /// An SCT that is not in the certificate
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) sct: Option<PathBuf>,
}

impl Signer {
    /// The policy that the flags ask for.
    pub(crate) async fn policy(&self, means: &Means<'_>) -> anyhow::Result<Policy> {
        self.security_key.check()?;
        match &self.key {
            Some(key) => {
                let names = &self.certificate;
                let named = [
                    &names.certificate_identity,
                    &names.certificate_identity_regexp,
                ];
                ensure!(
                    named.into_iter().all(Option::is_none),
                    "exactly one of --key, --certificate-identity and --certificate-identity-regexp says who \
                     must have signed; --key was given with another"
                );
                Ok(Policy::key(key.public(means).await?))
            }
            None => {
                let policy = Policy::identity(self.certificate.identity()?);
                Ok(match self.certificate.sct()? {
                    Some(sct) => policy.with_sct(sct),
                    None => policy,
                })
            }
        }
    }
}

impl CertificateVerify {
    fn identity(&self) -> anyhow::Result<Identity> {
        let (name, name_pattern) = (
            matcher(self.certificate_identity.as_deref(), None)?,
            matcher(None, self.certificate_identity_regexp.as_deref())
                .context("--certificate-identity-regexp is no regular expression")?,
        );
        let name = match (name, name_pattern) {
            (Some(name), None) | (None, Some(name)) => name,
            (Some(_), Some(_)) => bail!(
                "exactly one of --certificate-identity and --certificate-identity-regexp, not both"
            ),
            (None, None) => bail!(
                "nobody is named who must have signed: --certificate-identity or \
                 --certificate-identity-regexp for an identity, or --key for a key"
            ),
        };
        let exact = matcher(self.certificate_oidc_issuer.as_deref(), None)?;
        let pattern = matcher(None, self.certificate_oidc_issuer_regexp.as_deref())
            .context("--certificate-oidc-issuer-regexp is no regular expression")?;
        let mut identity = match (exact, pattern) {
            (Some(issuer), None) | (None, Some(issuer)) => Identity::new(issuer, name)?,
            // Both must hold, as in the original.
            (Some(issuer), Some(pattern)) => Identity::new(issuer, name)?.and_issuer(pattern),
            (None, None) => bail!(
                "no issuer is named that must have vouched for the identity: --certificate-oidc-issuer or \
                 --certificate-oidc-issuer-regexp. Any issuer could vouch for any name"
            ),
        };
        for (claim, value) in [
            (
                Claim::GithubWorkflowTrigger,
                &self.certificate_github_workflow_trigger,
            ),
            (
                Claim::GithubWorkflowSha,
                &self.certificate_github_workflow_sha,
            ),
            (
                Claim::GithubWorkflowName,
                &self.certificate_github_workflow_name,
            ),
            (
                Claim::GithubWorkflowRepository,
                &self.certificate_github_workflow_repository,
            ),
            (
                Claim::GithubWorkflowRef,
                &self.certificate_github_workflow_ref,
            ),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                identity = identity.and_claim(claim, value);
            }
        }
        Ok(identity)
    }

    /// The SCT of `--sct`, as a CT log answers it.
    fn sct(&self) -> anyhow::Result<Option<SignedCertificateTimestamp>> {
        let Some(path) = &self.sct else {
            return Ok(None);
        };
        let json = files::read(path, LARGEST_SCT)?;
        let name = || format!("{} is no SCT as a CT log answers it", path.display());
        let response: AddChainResponse = serde_json::from_slice(&json).with_context(name)?;
        let sct = SignedCertificateTimestamp::try_from(&response).with_context(name)?;
        Ok(Some(sct))
    }
}

/// One way to match; empty is as good as not given, as in the original.
fn matcher(exact: Option<&str>, pattern: Option<&str>) -> anyhow::Result<Option<Matcher>> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(exact) = given(exact) {
        return Ok(Some(Matcher::Exactly(exact)));
    }
    match given(pattern) {
        Some(pattern) => Ok(Some(Matcher::Pattern(Pattern::new(&pattern)?))),
        None => Ok(None),
    }
}
