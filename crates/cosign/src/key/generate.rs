//! `cosign generate-key-pair`: a P-256 key in two files.

use anyhow::bail;
use clap::Args;
use waxwing_cli::Output;
use waxwing_crypto::{KeyType, PrivateKey};

use crate::Means;

use super::{ask_before_replacing, password, paths, write_pair};

/// Make a key pair for signing
///
/// Writes PREFIX.key, which is under a password and for the owner alone, and PREFIX.pub. The password
/// is that of COSIGN_PASSWORD, or is asked for.
///
/// Example:
///   cosign generate-key-pair
///   COSIGN_PASSWORD=… cosign generate-key-pair --output-key-prefix release
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GenerateKeyPair {
    /// What both file names begin with
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    output_key_prefix: String,
    /// Make the key in a key management service
    #[arg(long, value_name = "URI")]
    kms: Option<String>,
    /// Where to keep it instead: k8s://NAMESPACE/NAME, gitlab://PROJECT or github://OWNER/REPOSITORY
    #[arg(value_name = "PLACE")]
    place: Option<String>,
}

impl GenerateKeyPair {
    pub(crate) fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        if let Some(elsewhere) = self.kms.as_ref().or(self.place.as_ref()) {
            bail!(
                "keys that live elsewhere are not made here yet ({elsewhere}); leave it out for a key in a file"
            );
        }
        let (private, _) = paths(&self.output_key_prefix);
        ask_before_replacing(&private, false)?;
        let password = password::new(means.environment)?;
        let key = PrivateKey::generate(KeyType::EcdsaP256)?;
        write_pair(&key, &self.output_key_prefix, &password, means, output)
    }
}
