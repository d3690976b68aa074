//! What was written before there were bundles: a signature, a certificate and a timestamp each in a file of
//! its own, and the bundle of the old format.

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use waxwing_cli::{Output, files};
use waxwing_encoding::base64;
use waxwing_model::Bundle;
use waxwing_model::bundle::Content;
use waxwing_model::legacy_bundle;

/// Where the pieces go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces<'a> {
    /// Whether this is all that is written, and a signature without a place goes to the standard output.
    pub(crate) alone: bool,
    /// Whether the signature is written in base64.
    pub(crate) base64: bool,
    /// Whether the certificate is; the original does it for files, and not for statements.
    pub(crate) base64_certificate: bool,
    pub(crate) bundle: Option<&'a Path>,
    pub(crate) signature: Option<&'a Path>,
    /// Where the statement goes, without its signature.
    pub(crate) statement: Option<&'a Path>,
    pub(crate) certificate: Option<&'a Path>,
    pub(crate) timestamp: Option<&'a Path>,
}

impl Pieces<'_> {
    pub(crate) fn write(&self, bundle: &Bundle, output: &mut Output) -> anyhow::Result<()> {
        let signed = match &bundle.content {
            Content::Message(message) => message.signature.clone(),
            Content::Envelope(envelope) => envelope.to_json()?,
        };
        if let (Some(path), true) = (self.bundle, self.alone) {
            let json = legacy_bundle::to_json(bundle).context("writing the old format")?;
            files::write_private(path, &json)?;
            output.note(&format!("Wrote bundle to file {}", path.display()));
        }
        if let Some(path) = self.timestamp {
            let response = bundle.timestamps.first();
            let response = response.context("there is no timestamp to be written")?;
            let file = json!({"SignedRFC3161Timestamp": base64::encode(response)});
            files::write_private(path, file.to_string().as_bytes())?;
            output.note(&format!(
                "RFC3161 timestamp written to file {}",
                path.display()
            ));
        }
        let is_message = matches!(bundle.content, Content::Message(_));
        let text = match is_message && self.base64 {
            true => base64::encode(&signed).into_bytes(),
            false => signed,
        };
        if let (Some(path), Content::Envelope(envelope)) = (self.statement, &bundle.content) {
            files::write_private(path, &envelope.payload)?;
            output.note(&format!("Attestation written in {}", path.display()));
        }
        match self.signature {
            Some(path) => {
                files::write_private(path, &text)?;
                output.note(&format!("Wrote signature to file {}", path.display()));
            }
            None if self.alone => {
                output.stdout().write_bytes(&text)?;
                if !is_message || self.base64 {
                    output.stdout().write("\n")?;
                }
            }
            None => {}
        }
        if let Some(path) = self.certificate {
            let Some(certificate) = bundle.certificate() else {
                output.warn("a key signed, so there is no certificate to be written");
                return Ok(());
            };
            let pem = certificate.to_pem();
            let text = match self.base64_certificate {
                true => base64::encode(pem.as_bytes()),
                false => pem,
            };
            files::write_private(path, text.as_bytes())?;
            output.note(&format!("Wrote certificate to file {}", path.display()));
        }
        Ok(())
    }
}
