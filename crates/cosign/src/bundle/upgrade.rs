//! `cosign bundle upgrade`: a bundle of version 0.1 or 0.2 as one of version 0.3.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_client::rekor_v1;
use waxwing_model::Bundle;
use waxwing_model::bundle::{KeyMaterial, LARGEST_BUNDLE, Version};

use super::write;
use crate::Means;
use crate::flags::REKOR_URL;

/// Write a bundle of version 0.1 or 0.2 as one of version 0.3
///
/// The chain of certificates becomes the signer's alone, and proofs of inclusion that are missing are
/// asked of the log. A bundle of version 0.3 stays as it is.
///
/// Example:
///   cosign bundle upgrade app.tar.gz.sigstore --out app.tar.gz.sigstore.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Upgrade {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Where the new one goes; without it, to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The log that is asked for proofs
    #[arg(long, value_name = "URL", default_value = REKOR_URL)]
    rekor_url: String,
}

impl Upgrade {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let json = files::read(&self.bundle, LARGEST_BUNDLE)?;
        let bundle = Bundle::from_json(&json);
        let mut bundle = bundle.with_context(|| self.bundle.display().to_string())?;
        if bundle.version != Version::V0_3 {
            for entry in &mut bundle.entries {
                if entry.inclusion_proof.is_some() {
                    continue;
                }
                let index = entry.log_index;
                let found = rekor_v1::entry_at(&means.client, &self.rekor_url, index).await?;
                ensure!(
                    found.log_id == entry.log_id
                        && found.canonicalized_body == entry.canonicalized_body,
                    "the log {} has another entry at {index} than the bundle speaks of",
                    self.rekor_url
                );
                entry.inclusion_proof = found.inclusion_proof;
                ensure!(
                    entry.inclusion_proof.is_some(),
                    "the log {} gave no proof for its entry {index}",
                    self.rekor_url
                );
            }
            if let KeyMaterial::Certificate { chain, .. } = &mut bundle.key_material {
                chain.clear();
            }
            bundle.version = Version::V0_3;
        }
        write(&bundle, self.out.as_deref(), output)
    }
}
