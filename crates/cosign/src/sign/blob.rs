//! `cosign sign-blob`: a file in, a bundle beside it.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use waxwing_cli::{Format, Output};
use waxwing_client::What;
use waxwing_crypto::KeyType;

use super::legacy::Pieces;
use super::{Kind, Signing, beside, write_bundle};
use crate::Means;
use crate::blob::{Blob, Content};
use crate::flags::{IdentityFlags, SignCommon};
use crate::verify::Verdict;

/// Sign files
///
/// Without --key an identity signs: a token says who, a key is made and used once, and the certificate
/// says that it was theirs. Where no token lies ready you log in. The signature is timestamped and logged
/// by the services of the signing config, verified, and left as a bundle beside the file.
///
/// Example:
///   cosign sign-blob app.tar.gz
///   cosign sign-blob --fulcio-auth-flow device app.tar.gz
///   cosign sign-blob --key cosign.key --bundle app.tar.gz.sigstore.json app.tar.gz
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SignBlob {
    #[command(flatten)]
    common: SignCommon,
    #[command(flatten)]
    identity: IdentityFlags,
    /// The kind of a key that is made for one signature: ecdsa-sha2-256-nistp256, ecdsa-sha2-384-nistp384,
    /// ecdsa-sha2-512-nistp521, rsa-sign-pkcs1-2048-sha256, rsa-sign-pkcs1-3072-sha256 or
    /// rsa-sign-pkcs1-4096-sha256
    #[arg(
        long,
        value_name = "ALGORITHM",
        default_value = "ecdsa-sha2-256-nistp256"
    )]
    signing_algorithm: String,
    /// Write signature and certificate in base64
    #[arg(long, default_value_t = true, hide = true)]
    b64: bool,
    /// Write the signature to this file
    #[arg(long, value_name = "FILE", hide = true)]
    output_signature: Option<PathBuf>,
    /// Write the certificate to this file
    #[arg(long, alias = "output-cert", value_name = "FILE", hide = true)]
    output_certificate: Option<PathBuf>,
    /// Write the timestamp to this file
    #[arg(long, value_name = "FILE", hide = true)]
    rfc3161_timestamp: Option<PathBuf>,
    /// json says what was signed; a file is where the signature goes, as in older versions
    #[arg(long, short, value_name = "json|FILE")]
    output: Option<String>,
    /// The files, or - for the standard input
    #[arg(value_name = "BLOB", required = true)]
    blobs: Vec<String>,
}

impl SignBlob {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let (format, signature) = self.output();
        ensure!(
            self.blobs.len() == 1 || self.common.bundle.is_none() && signature.is_none(),
            "one --bundle or --output-signature for {} files would be written over; leave it out, and each \
             file gets one beside it",
            self.blobs.len()
        );
        let kind = Kind {
            key: key_type(&self.signing_algorithm)?,
            tells_of_the_log: true,
        };
        let signing = Signing::prepare(&self.common, &self.identity, kind, means, output).await?;
        for name in &self.blobs {
            let signed = self.sign(&signing, name, means, output).await;
            let signed = signed.with_context(|| format!("signing {name}"))?;
            let pieces = Pieces {
                alone: !self.common.new_bundle_format,
                base64: self.b64,
                base64_certificate: self.b64,
                bundle: self.common.bundle.as_deref(),
                signature: signature.as_deref(),
                statement: None,
                certificate: self.output_certificate.as_deref(),
                timestamp: self.rfc3161_timestamp.as_deref(),
            };
            if self.common.new_bundle_format {
                let path = match &self.common.bundle {
                    Some(path) => path.clone(),
                    None => beside(name)?,
                };
                write_bundle(&signed.bundle, &path, output)?;
            }
            pieces.write(&signed.bundle, output)?;
            if let (Format::Json, Some(verified)) = (format, &signed.verified) {
                output.json(&Verdict::new(verified).of(name))?;
            }
        }
        Ok(())
    }

    async fn sign(
        &self,
        signing: &Signing,
        name: &str,
        means: &Means<'_>,
        output: &mut Output,
    ) -> anyhow::Result<waxwing_client::Signed> {
        let blob = Blob::named(name)?;
        output.note(&format!("Using payload from: {name}"));
        let hash = signing.hash()?;
        let hashes: Vec<_> = hash.into_iter().collect();
        let content = blob.read(&hashes, hash.is_none(), means, output).await?;
        match (&content, hash) {
            (Content::Whole(bytes), None) => signing.sign(What::Bytes(bytes), output).await,
            (Content::Whole(bytes), Some(hash)) => {
                signing.sign(What::Digest(hash.digest(bytes)), output).await
            }
            (Content::Digests(digests), Some(hash)) => {
                let digest = digests.iter().find(|digest| digest.algorithm() == hash);
                let digest = digest.with_context(|| format!("{name} is no digest by {hash:?}"))?;
                signing.sign(What::Digest(*digest), output).await
            }
            (Content::Digests(_), None) => bail!(
                "{name}: a key of this kind signs all of a file, of at most {} bytes; a larger one needs \
                 another key, or a transparency log",
                waxwing_verify::artifact::LARGEST_WHOLE_ARTIFACT
            ),
        }
    }

    /// `--output json`, or the file of `--output-signature` by its older name.
    fn output(&self) -> (Format, Option<PathBuf>) {
        match self.output.as_deref() {
            Some("json") => (Format::Json, self.output_signature.clone()),
            Some("text") | None => (Format::Text, self.output_signature.clone()),
            Some(path) => {
                let signature = self.output_signature.clone();
                (Format::Text, signature.or(Some(path.into())))
            }
        }
    }
}

/// The kind of key of an algorithm's name in Sigstore's registry.
fn key_type(algorithm: &str) -> anyhow::Result<KeyType> {
    Ok(match algorithm {
        "ecdsa-sha2-256-nistp256" => KeyType::EcdsaP256,
        "ecdsa-sha2-384-nistp384" => KeyType::EcdsaP384,
        "ecdsa-sha2-512-nistp521" => KeyType::EcdsaP521,
        "rsa-sign-pkcs1-2048-sha256" => KeyType::Rsa(2048),
        "rsa-sign-pkcs1-3072-sha256" => KeyType::Rsa(3072),
        "rsa-sign-pkcs1-4096-sha256" => KeyType::Rsa(4096),
        other => bail!(
            "--signing-algorithm {other:?} is not one that keys are made for; `cosign sign-blob --help` has \
             the names"
        ),
    })
}
