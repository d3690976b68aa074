//! `cosign attest-blob`: a statement about a file, signed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{ArgGroup, Args};
use waxwing_cli::{Output, files};
use waxwing_client::What;
use waxwing_crypto::{HashAlgorithm, KeyType};
use waxwing_encoding::hex;
use waxwing_model::Statement;

use super::legacy::Pieces;
use super::statement::Draft;
use super::{Kind, Signing, beside, write_bundle};
use crate::Means;
use crate::blob::{self, Blob, Content};
use crate::flags::{IdentityFlags, SignCommon};

/// Largest predicate or statement that is read, in bytes.
const LARGEST: usize = 32 << 20;

/// Sign a statement about a file
///
/// The statement is made of the file's digest and a predicate, or is in a file of its own, which is
/// signed as it is.
///
/// Example:
///   cosign attest-blob app.tar.gz --predicate provenance.json --type slsaprovenance1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, group = ArgGroup::new("said").required(true))]
pub(crate) struct AttestBlob {
    #[command(flatten)]
    common: SignCommon,
    #[command(flatten)]
    identity: IdentityFlags,
    /// What is said about the file: a file, or - for the standard input
    #[arg(long, value_name = "FILE", group = "said")]
    predicate: Option<PathBuf>,
    /// All of the statement, instead of a predicate
    #[arg(long, value_name = "FILE", group = "said")]
    statement: Option<PathBuf>,
    /// The kind of the predicate: custom, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx, spdxjson,
    /// cyclonedx, link, vuln, openvex, or a URI
    #[arg(long = "type", value_name = "TYPE", default_value = "custom")]
    kind: String,
    /// The SHA-256 of the file, in the place of the file's content
    #[arg(long, value_name = "HEX")]
    hash: Option<String>,
    /// The version of the statement: 1, or 0.1 as the original writes it, which sigstore-python refuses
    #[arg(long, value_name = "VERSION", default_value = "1")]
    statement_version: String,
    /// Write the signature to this file
    #[arg(long, value_name = "FILE", hide = true)]
    output_signature: Option<PathBuf>,
    /// Write the statement, without its signature, to this file
    #[arg(long, value_name = "FILE", hide = true)]
    output_attestation: Option<PathBuf>,
    /// Write the certificate to this file
    #[arg(long, alias = "output-cert", value_name = "FILE", hide = true)]
    output_certificate: Option<PathBuf>,
    /// The kind of log entry: dsse or intoto; without effect, as in the original
    #[arg(long, value_name = "KIND", default_value = "dsse", value_parser = ["dsse", "intoto"], hide = true)]
    rekor_entry_type: String,
    /// Write the timestamp to this file
    #[arg(long, value_name = "FILE", hide = true)]
    rfc3161_timestamp_bundle: Option<PathBuf>,
    /// The file, or - for the standard input
    #[arg(value_name = "BLOB")]
    blob: Option<String>,
}

impl AttestBlob {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let statement = self.statement(means, output).await?;
        let kind = Kind {
            key: KeyType::EcdsaP256,
            tells_of_the_log: false,
        };
        let signing = Signing::prepare(&self.common, &self.identity, kind, means, output).await?;
        let what = match self.common.new_bundle_format {
            true => What::Statement(&statement),
            false => What::OlderStatement(&statement),
        };
        let signed = signing.sign(what, output).await?;
        if self.common.new_bundle_format {
            let path = match (&self.common.bundle, &self.blob) {
                (Some(path), _) => path.clone(),
                (None, Some(name)) => beside(name)?,
                (None, None) => bail!("must specify --bundle: there is no file to put one beside"),
            };
            write_bundle(&signed.bundle, &path, output)?;
        }
        let pieces = Pieces {
            alone: !self.common.new_bundle_format,
            base64: true,
            base64_certificate: false,
            bundle: self.common.bundle.as_deref(),
            signature: self.output_signature.as_deref(),
            statement: self.output_attestation.as_deref(),
            certificate: self.output_certificate.as_deref(),
            timestamp: self.rfc3161_timestamp_bundle.as_deref(),
        };
        pieces.write(&signed.bundle, output)
    }

    async fn statement(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<Vec<u8>> {
        if let Some(path) = &self.statement {
            let statement = files::read(path, LARGEST)?;
            // Nobody could verify what is no statement.
            Statement::from_json(&statement).with_context(|| path.display().to_string())?;
            return Ok(statement);
        }
        let path = self.predicate.as_deref();
        let path = path.context("predicate cannot be empty: name one by --predicate")?;
        let predicate = match path == Path::new("-") {
            true => {
                ensure!(
                    self.blob.as_deref() != Some("-"),
                    "file and predicate cannot both be the standard input"
                );
                waxwing_cli::prompt::standard_input(LARGEST)?
            }
            false => files::read(path, LARGEST)?,
        };
        let name = self.blob.as_deref();
        let name = name.context("no file is named that the predicate is about")?;
        let digest = match &self.hash {
            Some(digits) => blob::digest("sha256", digits)?,
            None => {
                let (blob, hash) = (Blob::named(name)?, HashAlgorithm::Sha256);
                match blob.read(&[hash], false, means, output).await? {
                    Content::Whole(bytes) => hash.digest(&bytes),
                    Content::Digests(digests) => {
                        let digest = digests.into_iter().find(|one| one.algorithm() == hash);
                        digest.with_context(|| format!("{name} is no digest by SHA-256"))?
                    }
                }
            }
        };
        output.note(&format!("Using predicate from: {}", path.display()));
        let file = Path::new(name).file_name();
        Draft {
            version: &self.statement_version,
            name: &file.map_or_else(|| name.into(), |file| file.to_string_lossy()),
            digest: &hex::encode(digest.as_bytes()),
            kind: &self.kind,
            predicate: &predicate,
            now: means.clock.now(),
        }
        .write()
    }
}
