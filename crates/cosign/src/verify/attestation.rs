//! `cosign verify-blob-attestation`: a statement about a file, by whom it was asked for, of the kind that
//! was asked for.

use anyhow::{Context, ensure};
use clap::Args;
use waxwing_cli::{Format, Output};
use waxwing_model::legacy_bundle::Signs;

use super::{Asked, Verdict};
use crate::Means;
use crate::blob::{self, Blob};
use crate::evidence::EvidenceFlags;
use crate::flags::{CommonVerify, Signer};
use crate::predicate;

/// Verify a statement about a file
///
/// Checks the certificate, its SCT, the timestamp, the log entry and the signature, that the
/// statement is of the kind of --type, and that it is about the file.
///
/// Example:
///   cosign verify-blob-attestation app.tar.gz --bundle app.tar.gz.sigstore.json \
///     --type slsaprovenance1 --certificate-identity me@example.com \
///     --certificate-oidc-issuer https://issuer.example.com
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct VerifyBlobAttestation {
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    common: CommonVerify,
    #[command(flatten)]
    evidence: EvidenceFlags,
    /// The kind of statement: custom, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx, spdxjson,
    /// cyclonedx, link, vuln, openvex, or a URI
    #[arg(long = "type", value_name = "TYPE", default_value = "custom")]
    kind: String,
    /// Check that the statement is about the file
    #[arg(long, default_value_t = true)]
    check_claims: bool,
    /// The digest of the file, in the place of the file
    #[arg(long, value_name = "HEX")]
    digest: Option<String>,
    /// By which hash that digest is: sha256, sha384 or sha512
    #[arg(long = "digestAlg", value_name = "HASH")]
    digest_algorithm: Option<String>,
    /// How to say what was verified
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
    /// The file, - for the standard input, or a URL
    #[arg(value_name = "BLOB")]
    blob: Option<String>,
}

impl VerifyBlobAttestation {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let asked = Asked::of(&self.signer, &self.common, &self.evidence, means, output).await?;
        let blob = self.blob()?;
        let (signer, common) = (&self.signer, &self.common);
        let evidence = self
            .evidence
            .read(blob.as_ref(), Signs::Envelope, signer, common, means);
        let evidence = evidence.await?;
        let verified = asked.verify_statement(&evidence, blob.as_ref(), output);
        let verified = verified.await.context("the attestation does not verify")?;
        let statement = verified.statement();
        let statement = statement.context(
            "the bundle signs the artifact itself, and no statement about it: use verify-blob",
        )?;
        let expected = predicate::uri(&self.kind);
        // Also where nothing else was wrong (GHSA-w6c6-c85g-mmv6).
        ensure!(
            statement.predicate_type == expected,
            "the statement is of the kind {:?}; expected {expected:?}: --type names another kind",
            statement.predicate_type
        );
        match self.output {
            Format::Text => output.note("Verified OK"),
            Format::Json => {
                let verdict = Verdict::new(&verified);
                output.json(&verdict.of(self.blob.as_deref().unwrap_or_default()))?;
            }
        }
        Ok(())
    }

    /// What the statement must be about; `None` if that is not asked for.
    fn blob(&self) -> anyhow::Result<Option<Blob>> {
        if !self.check_claims {
            return Ok(None);
        }
        if let Some(name) = &self.blob {
            ensure!(self.digest.is_none(), "either a file or --digest, not both");
            return Blob::named(name).map(Some);
        }
        let digits = self.digest.as_deref().context(
            "nothing is named that the statement is to be about: a file, or --digest and --digestAlg; or \
             --check-claims=false",
        )?;
        let algorithm = self.digest_algorithm.as_deref();
        let algorithm = algorithm.context("--digest without --digestAlg: by which hash is it?")?;
        Ok(Some(Blob::Digest(blob::digest(algorithm, digits)?)))
    }
}
