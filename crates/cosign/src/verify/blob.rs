//! `cosign verify-blob`: files in, `Verified OK` or the reason why not out.

use anyhow::{Context, ensure};
use clap::Args;
use waxwing_cli::{Format, Output};
use waxwing_model::legacy_bundle::Signs;

use super::{Asked, Verdict};
use crate::Means;
use crate::blob::Blob;
use crate::evidence::EvidenceFlags;
use crate::flags::{CommonVerify, Signer};

/// Verify signatures over files
///
/// Checks the certificate, its SCT, the timestamp, the log entry and the signature. What is trusted is
/// the instance that `cosign initialize` named, or else the public one; with --trusted-root, or with
/// --offline, no network is touched. Several files are verified in one go, each with the bundle
/// beside it.
///
/// Example:
///   cosign verify-blob app.tar.gz --bundle app.tar.gz.sigstore.json \
///     --certificate-identity me@example.com --certificate-oidc-issuer https://issuer.example.com
///   cosign verify-blob app.tar.gz --key cosign.pub --bundle app.tar.gz.sigstore.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct VerifyBlob {
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    common: CommonVerify,
    #[command(flatten)]
    evidence: EvidenceFlags,
    /// How to say what was verified
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
    /// The file that was signed, - for the standard input, a URL, or a digest like sha256:…
    #[arg(value_name = "BLOB", required = true)]
    blobs: Vec<String>,
}

impl VerifyBlob {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        self.check()?;
        let asked = Asked::of(&self.signer, &self.common, &self.evidence, means, output).await?;
        let mut verdicts = Vec::new();
        for name in &self.blobs {
            let blob = Blob::named(name)?;
            let verdict = self.verify(&asked, &blob, output).await;
            verdicts.push(verdict.with_context(|| self.about(name))?);
            if self.output == Format::Text {
                // Where the original says it: on the standard error.
                output.note(&match self.blobs.len() {
                    1 => "Verified OK".to_owned(),
                    _ => format!("{name}: Verified OK"),
                });
            }
        }
        if self.output == Format::Json {
            for (name, verdict) in self.blobs.iter().zip(verdicts) {
                output.json(&verdict.of(name))?;
            }
        }
        Ok(())
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.blobs.len() == 1
                || self.evidence.bundle.is_none() && self.evidence.signature.is_none(),
            "one --bundle or --signature for {} files; leave it out, and each file's own beside it is taken",
            self.blobs.len()
        );
        Ok(())
    }

    async fn verify(
        &self,
        asked: &Asked<'_>,
        blob: &Blob,
        output: &mut Output,
    ) -> anyhow::Result<Verdict> {
        let (signer, common) = (&self.signer, &self.common);
        let evidence = self
            .evidence
            .read(Some(blob), Signs::Artifact, signer, common, asked.means);
        let evidence = evidence.await?;
        let verified = asked.verify(&evidence, blob, output).await?;
        Ok(Verdict::new(&verified))
    }

    fn about(&self, name: &str) -> String {
        match self.blobs.len() {
            1 => "the signature does not verify".to_owned(),
            _ => format!("the signature of {name} does not verify"),
        }
    }
}
