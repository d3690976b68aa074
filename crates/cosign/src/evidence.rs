//! What a signature is read from: a bundle of either format, or a signature, a certificate and a timestamp
//! each by itself. All of it comes out as a bundle.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Deserialize;
use waxwing_cli::files;
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::base64;
use waxwing_model::Bundle;
use waxwing_model::bundle::LARGEST_BUNDLE;
use waxwing_model::legacy_bundle::{self, LegacyBundleError, Signs};
use waxwing_pki::Certificate;

use crate::Means;
use crate::blob::{self, Blob};
use crate::flags::{CertificateVerify, CommonVerify, Signer};
use crate::key::LARGEST_KEY;

/// Where a signature is: the flags that both verifying commands have.
#[derive(Debug, Args)]
pub(crate) struct EvidenceFlags {
    /// The bundle; without it BLOB.sigstore.json, or else BLOB.sigstore
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// A signature or an envelope that is not in a bundle: a file, a URL, or base64
    #[arg(long, value_name = "SIGNATURE", hide = true)]
    pub(crate) signature: Option<String>,
    /// A timestamp that is not in a bundle
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) rfc3161_timestamp: Option<PathBuf>,
    /// By which hash the key signs: sha256, sha384 or sha512; without it, what is usual for its kind
    #[arg(long, value_name = "HASH", hide = true)]
    signature_digest_algorithm: Option<String>,
}

impl EvidenceFlags {
    /// Refuses evidence that nobody would look at.
    pub(crate) fn check(&self, common: &CommonVerify) -> anyhow::Result<()> {
        ensure!(
            self.rfc3161_timestamp.is_none() || common.wants_timestamp(),
            "--rfc3161-timestamp without --use-signed-timestamps or --timestamp-certificate-chain: nobody \
             would look at it"
        );
        Ok(())
    }

    /// The hash of `--signature-digest-algorithm`.
    pub(crate) fn hash(&self) -> anyhow::Result<Option<HashAlgorithm>> {
        let Some(name) = &self.signature_digest_algorithm else {
            return Ok(None);
        };
        let hash = blob::hash(name).with_context(|| {
            format!(
                "unknown digest algorithm: --signature-digest-algorithm {name:?}; expected sha256, sha384 or \
                 sha512"
            )
        });
        hash.map(Some)
    }

    /// Reads what is to be verified about a blob; without a flag that says where it is, from the bundle
    /// beside it.
    pub(crate) async fn read(
        &self,
        blob: Option<&Blob>,
        signs: Signs,
        signer: &Signer,
        common: &CommonVerify,
        means: &Means<'_>,
    ) -> anyhow::Result<Evidence> {
        let beside = match (&self.bundle, &self.signature, blob) {
            (None, None, Some(Blob::File(path))) => Some(files::bundle_beside(path)?),
            _ => None,
        };
        let places = Places {
            bundle: self.bundle.as_deref().or(beside.as_deref()),
            signature: self.signature.as_deref(),
            timestamp: self.rfc3161_timestamp.as_deref(),
            certificate: &signer.certificate,
            allow_chain: common.allow_certificate_chain,
            signs,
        };
        places.read(means).await
    }
}

/// Where a signature is.
#[derive(Debug, Clone, Copy)]
struct Places<'a> {
    bundle: Option<&'a Path>,
    /// A file, a URL, or the signature itself.
    signature: Option<&'a str>,
    /// A timestamp of the old format.
    timestamp: Option<&'a Path>,
    certificate: &'a CertificateVerify,
    allow_chain: bool,
    signs: Signs,
}

/// What was read.
pub(crate) struct Evidence {
    pub(crate) bundle: Bundle,
    /// Whether it came in pieces or in the old format: then a log's promise is as good as it gets.
    pub(crate) is_legacy: bool,
    /// An envelope of before there were bundles, as it came: a timestamp may be over all of it.
    pub(crate) envelope: Option<Vec<u8>>,
}

/// A timestamp file of the old format.
#[derive(Deserialize)]
struct TimestampFile {
    #[serde(rename = "SignedRFC3161Timestamp")]
    response: String,
}

/// Only bundles of the new format have this member.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kinded {
    #[serde(default)]
    media_type: Option<serde_json::Value>,
}

impl Places<'_> {
    async fn read(&self, means: &Means<'_>) -> anyhow::Result<Evidence> {
        let Some(path) = self.bundle else {
            return self.in_pieces(None, means).await;
        };
        let json = files::read(path, LARGEST_BUNDLE)?;
        let name = || path.display().to_string();
        let kinded: Kinded = serde_json::from_slice(&json)
            .with_context(|| format!("{} is no bundle of any format", path.display()))?;
        if kinded.media_type.is_none() {
            let legacy = legacy_bundle::from_json(&json, self.signs);
            let legacy = match (legacy, self.signature) {
                // The signature may be beside it.
                (Err(LegacyBundleError::NoSignature), Some(_)) => None,
                (legacy, _) => Some(legacy.with_context(name)?),
            };
            return self.in_pieces(legacy, means).await;
        }
        self.refuse_pieces()?;
        let bundle = match self.allow_chain {
            true => Bundle::from_json_with_chain(&json),
            false => Bundle::from_json(&json),
        };
        Ok(Evidence {
            bundle: bundle.with_context(name)?,
            is_legacy: false,
            envelope: None,
        })
    }

    /// A bundle of the new format has everything, and two of a thing would be one too many.
    fn refuse_pieces(&self) -> anyhow::Result<()> {
        let given = [
            (self.signature.is_some(), "--signature"),
            (self.timestamp.is_some(), "--rfc3161-timestamp"),
            (self.certificate.certificate.is_some(), "--certificate"),
            (
                self.certificate.certificate_chain.is_some(),
                "--certificate-chain",
            ),
            (self.certificate.ca_roots.is_some(), "--ca-roots"),
            (
                self.certificate.ca_intermediates.is_some(),
                "--ca-intermediates",
            ),
            (self.certificate.sct.is_some(), "--sct"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) => bail!(
                "unsupported: {flag} beside a bundle of the new format, which has all that is verified; \
                 leave it out, or put what is trusted into --trusted-root"
            ),
            None => Ok(()),
        }
    }

    async fn in_pieces(
        &self,
        bundle: Option<Bundle>,
        means: &Means<'_>,
    ) -> anyhow::Result<Evidence> {
        let certificate = match &self.certificate.certificate {
            Some(reference) => Some(certificate(reference, means).await?),
            None => None,
        };
        let given = match self.signature {
            Some(given) => {
                let bytes = signature(given, means).await?;
                let alone = legacy_bundle::bundle(bytes.clone(), self.signs, None, None)?;
                Some((bytes, alone))
            }
            None => None,
        };
        let envelope = match self.signs {
            Signs::Envelope => given.as_ref().map(|(bytes, _)| bytes.clone()),
            Signs::Artifact => None,
        };
        let mut bundle = match (bundle, given) {
            (Some(bundle), None) => bundle,
            (Some(bundle), Some((_, alone))) => {
                // Either alone could be an older one (GHSA-8gw7-4j42-w388).
                ensure!(
                    alone.signature() == bundle.signature(),
                    "the signature of --signature is not that of the bundle"
                );
                bundle
            }
            (None, Some((_, alone))) => alone,
            (None, None) => bail!(
                "no signature: name a bundle by --bundle, or the signature itself by --signature"
            ),
        };
        if let Some(given) = certificate {
            if let Some(found) = bundle.certificate() {
                ensure!(
                    *found == given,
                    "the certificate of --certificate is not that of the bundle"
                );
            }
            bundle.key_material = waxwing_model::bundle::KeyMaterial::Certificate {
                leaf: given,
                chain: Vec::new(),
            };
        }
        if let Some(path) = self.timestamp {
            bundle.timestamps.push(timestamp(path)?);
        }
        Ok(Evidence {
            bundle,
            is_legacy: true,
            envelope,
        })
    }
}

/// A signature: a file, a page or the text itself; base64, or the bytes as they are.
async fn signature(given: &str, means: &Means<'_>) -> anyhow::Result<Vec<u8>> {
    let path = PathBuf::from(given);
    let bytes = if path.is_file() {
        files::read(&path, LARGEST_BUNDLE)?
    } else if given.starts_with("http://") || given.starts_with("https://") {
        let answer = means.client.get(given).await?.expect_success()?;
        answer.body.to_vec()
    } else {
        let text = given.trim();
        return base64::decode(text)
            .with_context(|| format!("--signature {given:?} is no file, and no base64 either"));
    };
    let text = std::str::from_utf8(&bytes).map(str::trim_ascii);
    let decoded = text.ok().and_then(|text| base64::decode(text).ok());
    Ok(decoded.unwrap_or(bytes))
}

/// A certificate: PEM, base64 of PEM as `--output-certificate` writes it, or DER.
async fn certificate(reference: &str, means: &Means<'_>) -> anyhow::Result<Certificate> {
    let bytes = match reference.split_once("://") {
        Some(("env", name)) => {
            let value = means.environment.value(name);
            let value = value.with_context(|| format!("the variable {name} is not set"))?;
            value.as_bytes().to_vec()
        }
        Some(("http" | "https", _)) => {
            let answer = means.client.get(reference).await?.expect_success()?;
            answer.body.to_vec()
        }
        _ => files::read(Path::new(reference), LARGEST_KEY)?,
    };
    let text = std::str::from_utf8(&bytes).map(str::trim_ascii);
    let decoded = text.ok().and_then(|text| base64::decode(text).ok());
    let read = legacy_bundle::certificate(decoded.as_deref().unwrap_or(&bytes));
    read.with_context(|| format!("reading the certificate {reference}"))
}

pub(crate) fn timestamp(path: &Path) -> anyhow::Result<Vec<u8>> {
    let json = files::read(path, LARGEST_BUNDLE)?;
    let file: TimestampFile = serde_json::from_slice(&json).with_context(|| {
        format!(
            "{}: expected {{\"SignedRFC3161Timestamp\":\"…\"}}",
            path.display()
        )
    })?;
    base64::decode(&file.response).with_context(|| path.display().to_string())
}
