//! `cosign verify-blob`: files in, `Verified OK` or the reason why not out.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use waxwing_cli::{Output, ReadArtifact, files};
use waxwing_model::bundle::LARGEST_BUNDLE;
use waxwing_model::trusted_root::LARGEST_TRUSTED_ROOT;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_verify::{Identity, Policy, Requirements, Verifier};

/// Verify a signature over a file
///
/// Checks the certificate, its SCT, the timestamp, the log entry and the signature, without any
/// network.
///
/// Example:
///   cosign verify-blob --bundle app.tar.gz.sigstore.json --trusted-root trusted_root.json \
///     --certificate-identity me@example.com --certificate-oidc-issuer https://issuer.example.com \
///     app.tar.gz
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct VerifyBlob {
    /// The bundle; without it BLOB.sigstore.json, or else BLOB.sigstore
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// The keys and certificates to trust
    #[arg(long, value_name = "FILE")]
    trusted_root: PathBuf,
    /// The identity that must have signed
    #[arg(long, value_name = "NAME")]
    certificate_identity: String,
    /// The OIDC issuer that must have vouched for it
    #[arg(long, value_name = "URL")]
    certificate_oidc_issuer: String,
    /// Require a timestamp of a timestamp authority, where a log's own time would do
    #[arg(long)]
    use_signed_timestamps: bool,
    /// Accepted as the original's: bundles are always of the new format here
    #[arg(long)]
    new_bundle_format: bool,
    /// The file that was signed
    #[arg(value_name = "BLOB")]
    blob: PathBuf,
}

impl VerifyBlob {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let trusted_root = files::read(&self.trusted_root, LARGEST_TRUSTED_ROOT)?;
        let trusted_root = TrustedRoot::from_json(&trusted_root)
            .with_context(|| self.trusted_root.display().to_string())?;
        let path = match &self.bundle {
            Some(path) => path.clone(),
            None => files::bundle_beside(&self.blob)?,
        };
        let bundle = files::read(&path, LARGEST_BUNDLE)?;
        let bundle = Bundle::from_json(&bundle).with_context(|| path.display().to_string())?;
        let identity =
            Identity::exactly(&self.certificate_oidc_issuer, &self.certificate_identity)?;
        let policy = Policy::identity(identity);
        let artifact = ReadArtifact::of_file(&self.blob, &bundle, &policy)?;

        let mut requirements = Requirements::public_good();
        if self.use_signed_timestamps {
            requirements = requirements.timestamps(1);
        }
        let verifier = Verifier::new(trusted_root, requirements)?;
        verifier.verify(&bundle, artifact.as_artifact(), &policy)?;
        // Where the original says it: on the standard error.
        output.note("Verified OK");
        Ok(())
    }
}
