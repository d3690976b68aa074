//! `cosign bundle create`: a bundle of the new format, of a signature from before there were bundles.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_client::sign::hint;
use waxwing_crypto::{Digest, HashAlgorithm, PublicKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_model::Bundle;
use waxwing_model::bundle::{
    Content, Envelope, KeyMaterial, LARGEST_BUNDLE, MessageSignature, Version,
};
use waxwing_model::legacy_bundle::{self, Signs};
use waxwing_verify::Artifact;

use super::write;
use crate::Means;
use crate::blob::{self, Blob};
use crate::evidence;
use crate::flags::{REKOR_URL, SecurityKey};
use crate::key::LARGEST_KEY;
use crate::key::reference::KeyReference;
use crate::older_log;

/// Make a bundle of a signature, a certificate or key, a timestamp and a log entry
///
/// The log entry is looked for in a log of Rekor v1, unless --ignore-tlog is given.
///
/// Example:
///   cosign bundle create --artifact app.tar.gz --signature app.tar.gz.sig --certificate app.tar.gz.pem \
///     --out app.tar.gz.sigstore.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Create {
    /// What was signed: a file, or a digest like sha256:…
    #[arg(long, value_name = "ARTIFACT")]
    artifact: String,
    /// The envelope of a statement about it
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    attestation: Option<PathBuf>,
    /// A bundle of the old format
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate", "signature"])]
    bundle: Option<PathBuf>,
    /// The signer's certificate, in PEM or base64 of it
    #[arg(long, alias = "cert", value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Leave the log entry out
    #[arg(long)]
    ignore_tlog: bool,
    /// The signer's public key
    #[arg(long, value_name = "KEY")]
    key: Option<KeyReference>,
    /// Where the bundle goes; without it, to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The log
    #[arg(long, value_name = "URL", default_value = REKOR_URL, hide = true)]
    rekor_url: String,
    /// A timestamp of the old format
    #[arg(long, value_name = "FILE")]
    rfc3161_timestamp: Option<PathBuf>,
    /// The signature, in base64
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    security_key: SecurityKey,
}

impl Create {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        self.security_key.check()?;
        let key = match &self.key {
            Some(key) => Some(key.public(means).await?),
            None => None,
        };
        let signs = match self.attestation {
            Some(_) => Signs::Envelope,
            None => Signs::Artifact,
        };
        let legacy = match &self.bundle {
            Some(path) => {
                let json = files::read(path, LARGEST_BUNDLE)?;
                let read = legacy_bundle::from_json(&json, signs);
                Some(read.with_context(|| path.display().to_string())?)
            }
            None => None,
        };
        ensure!(
            !self.ignore_tlog || legacy.as_ref().is_none_or(|old| old.entries.is_empty()),
            "--ignore-tlog, and the old bundle has a log entry; leave one of them out"
        );
        let key_material = self.key_material(legacy.as_ref(), key.as_ref())?;
        let signer = match &key_material {
            KeyMaterial::Certificate { leaf, .. } => leaf.public_key().clone(),
            KeyMaterial::PublicKey { .. } => key.context("no key")?,
        };
        let content = self.content(legacy, &signer, means, output).await?;
        let timestamps = match &self.rfc3161_timestamp {
            Some(path) => vec![evidence::timestamp(path)?],
            None => Vec::new(),
        };
        let entries = match self.ignore_tlog {
            true => Vec::new(),
            false => {
                let certificate = match &key_material {
                    KeyMaterial::Certificate { leaf, .. } => Some(leaf),
                    KeyMaterial::PublicKey { .. } => None,
                };
                let (url, key) = (&self.rekor_url, Some(&signer));
                let found = older_log::entries(means, url, &content, certificate, key).await?;
                ensure!(
                    found.len() == 1,
                    "the log {} has {} entries for this signature; expected one. --ignore-tlog leaves it out",
                    self.rekor_url,
                    found.len()
                );
                found
            }
        };
        let bundle = Bundle {
            version: Version::V0_3,
            key_material,
            content,
            entries,
            timestamps,
        };
        write(&bundle, self.out.as_deref(), output)
    }

    fn key_material(
        &self,
        legacy: Option<&Bundle>,
        key: Option<&PublicKey>,
    ) -> anyhow::Result<KeyMaterial> {
        let certificate = match &self.certificate {
            Some(path) => {
                let bytes = files::read(path, LARGEST_KEY)?;
                let text = std::str::from_utf8(&bytes).map(str::trim_ascii);
                let decoded = text.ok().and_then(|text| base64::decode(text).ok());
                let read = legacy_bundle::certificate(decoded.as_deref().unwrap_or(&bytes));
                Some(read.with_context(|| path.display().to_string())?)
            }
            None => legacy.and_then(|old| old.certificate().cloned()),
        };
        match (certificate, key) {
            (Some(leaf), None) => Ok(KeyMaterial::Certificate {
                leaf,
                chain: Vec::new(),
            }),
            (None, Some(key)) => Ok(KeyMaterial::PublicKey { hint: hint(key) }),
            (Some(_), Some(_)) => bail!("a certificate and a key: which of them signed?"),
            (None, None) => bail!("nobody is named who signed: --certificate, --key or --bundle"),
        }
    }

    async fn content(
        &self,
        legacy: Option<Bundle>,
        signer: &PublicKey,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<Content> {
        if let Some(path) = &self.attestation {
            let json = files::read(path, LARGEST_BUNDLE)?;
            let envelope = Envelope::from_json(&json);
            return Ok(Content::Envelope(
                envelope.with_context(|| path.display().to_string())?,
            ));
        }
        let signature = match (&self.signature, legacy) {
            (Some(path), _) => {
                let text = files::read(path, LARGEST_KEY)?;
                let text = String::from_utf8(text).unwrap_or_default();
                base64::decode(text.trim()).with_context(|| path.display().to_string())?
            }
            (None, Some(old)) => old.signature().to_vec(),
            (None, None) => bail!("no signature: --signature, --attestation or --bundle"),
        };
        let hash = SignatureAlgorithm::default_for(signer.key_type()).and_then(|one| one.hash());
        let hash = hash.unwrap_or(HashAlgorithm::Sha256);
        let content = Blob::named(&self.artifact)?
            .read(&[hash], false, means, output)
            .await?;
        let digest: Digest = match content.as_artifact() {
            Artifact::Bytes(bytes) => hash.digest(bytes),
            Artifact::Digest(digest) => digest,
            Artifact::Digests(digests) => {
                let digest = digests.iter().find(|one| one.algorithm() == hash);
                *digest.with_context(|| format!("{} is no digest by {hash:?}", self.artifact))?
            }
        };
        output.note(&format!("Signed: {}", blob::spelled(&digest)));
        Ok(Content::Message(MessageSignature {
            digest: Some(digest),
            signature,
        }))
    }
}
