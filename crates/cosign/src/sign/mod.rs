//! Signing a file, or a statement about one: the road that `sign-blob` and `attest-blob` share.
//!
//! ```text
//! flags ─▶ services ─▶ key or token ─▶ waxwing_client::Signer ─▶ bundle ─▶ files
//! ```

mod attestation;
mod blob;
mod legacy;
mod statement;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use waxwing_cli::{Output, files};
use waxwing_client::{By, IdentityToken, Signed, Signer, Step, What};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_model::Bundle;
use waxwing_model::signing_config::SigningConfig;
use waxwing_pki::Certificate;
use waxwing_pki::chain::TrustedChain;
use waxwing_pki::issue::Purpose;
use waxwing_verify::{Requirements, Verifier};

use crate::Means;
use crate::flags::{Consent, IdentityFlags, Services, SignCommon, Urls};

pub(crate) use attestation::AttestBlob;
pub(crate) use blob::SignBlob;

/// What a command signs as.
pub(crate) struct Kind {
    /// That of a key that is made for one signature.
    pub(crate) key: KeyType,
    /// Whether the command tells of the log before it uses one: the original's for files and images do, those
    /// for statements do not.
    pub(crate) tells_of_the_log: bool,
}

/// Whoever signs, and with what.
pub(crate) struct Signing {
    signer: Signer,
    key: Option<PrivateKey>,
    certificate: Option<Certificate>,
    token: Option<IdentityToken>,
    kind: KeyType,
}

impl Signing {
    /// Reads keys and asks for a token, as the flags say.
    pub(crate) async fn prepare(
        common: &SignCommon,
        identity: &IdentityFlags,
        kind: Kind,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Self> {
        common.security_key.check()?;
        let mut consent = Consent {
            yes: common.yes,
            asked: false,
        };
        if kind.tells_of_the_log && common.logs_by_url() {
            consent.ask(output)?;
        }
        let urls = Urls {
            fulcio: &identity.fulcio_url,
            oidc: &identity.oidc_issuer,
        };
        let Services {
            config,
            trusted_root,
        } = common.services(&urls, means, output).await?;
        let key = match &common.key {
            Some(key) => Some(key.private(means).await?),
            None => None,
        };
        let certificate = certificate(common)?;
        let token = match common.is_keyless() {
            true => {
                if key.is_none() {
                    output.note("Generating ephemeral keys...");
                }
                Some(identity.token(&config, &mut consent, means, output).await?)
            }
            false => None,
        };
        let verifier = trusted_root.map(|root| Verifier::new(root, requirements(&config)));
        Ok(Self {
            signer: Signer {
                client: means.client.clone(),
                timestamp_client: common.client(means)?,
                config,
                verifier: verifier.transpose()?,
                clock: means.clock.clone(),
                random: means.random.clone(),
            },
            key,
            certificate,
            token,
            kind: kind.key,
        })
    }

    fn by(&self) -> anyhow::Result<By<'_>> {
        Ok(match (&self.key, &self.token) {
            (None, Some(token)) => By::Identity(token, self.kind),
            (Some(key), Some(token)) => By::KeyAndIdentity(key, token),
            (Some(key), None) => By::Key(key, self.certificate.as_ref()),
            (None, None) => bail!("neither a key nor an identity signs"),
        })
    }

    /// By which hash an artifact is read; `None` where all of it is signed.
    pub(crate) fn hash(&self) -> anyhow::Result<Option<waxwing_crypto::HashAlgorithm>> {
        Ok(self.signer.algorithm(self.by()?.key_type())?.hash())
    }

    /// Signs.
    pub(crate) async fn sign(&self, what: What<'_>, output: &mut Output) -> anyhow::Result<Signed> {
        let mut told = Vec::new();
        let mut watch = |step: Step<'_>| {
            if let Step::Failed { service, reason } = step {
                told.push(format!("{service}: {reason}"));
            }
        };
        let signed = self.signer.sign(what, self.by()?, &mut watch).await;
        if signed.is_ok() {
            for failed in told {
                output.warn(&format!("another service was asked in its place: {failed}"));
            }
        }
        signed.context("signing")
    }
}

/// The certificate of a key. Those above it are checked and left out: bundles of version 0.3 have no place
/// for them, and a trusted root has.
fn certificate(common: &SignCommon) -> anyhow::Result<Option<Certificate>> {
    let Some(certificate) = &common.certificate else {
        return Ok(None);
    };
    let bytes = files::read(certificate, crate::key::LARGEST_KEY)?;
    let leaf = waxwing_model::legacy_bundle::certificate(&bytes);
    let leaf = leaf.with_context(|| certificate.display().to_string())?;
    if let Some(path) = &common.certificate_chain {
        let above = TrustedChain::new(files::certificates(path)?)?;
        let at = leaf.not_before();
        let checked = above.verify(&leaf, &[], Purpose::CodeSigning, at);
        checked.with_context(|| {
            let (leaf, above) = (certificate.display(), path.display());
            format!(
                "unable to validate certificate chain: {above} does not lead from {leaf} to a root"
            )
        })?;
    }
    Ok(Some(leaf))
}

/// What is asked of a result before it is given out: all that the services of the config promise.
fn requirements(config: &SigningConfig) -> Requirements {
    // Whether the certificate is in a CT log is for those to judge who verify.
    let requirements = Requirements::public_good().dangerously_without_certificate_transparency();
    let requirements = match config.timestamp_authorities.is_empty() {
        true => requirements,
        false => requirements.timestamps(1),
    };
    match config.transparency_logs.is_empty() {
        true => requirements
            .dangerously_without_log_entries()
            .or_current_time(),
        false => requirements,
    }
}

/// Writes a bundle for its owner's eyes, as the original does, whole or not at all.
fn write_bundle(bundle: &Bundle, path: &Path, output: &mut Output) -> anyhow::Result<()> {
    files::write_private(path, &bundle.to_json()?)?;
    output.note(&format!("Wrote bundle to file {}", path.display()));
    Ok(())
}

/// Where a bundle goes that nobody has named a place for.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    match name {
        "-" => bail!("must specify --bundle: the standard input has no name to put one beside"),
        _ => Ok(files::beside(Path::new(name), "sigstore.json")),
    }
}
