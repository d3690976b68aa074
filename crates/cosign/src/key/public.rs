//! `cosign public-key`: the public half of a key.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use waxwing_cli::{Output, files};

use super::reference::KeyReference;
use crate::Means;
use crate::flags::SecurityKey;

/// Print the public half of a key
///
/// Example:
///   cosign public-key --key cosign.key
///   cosign public-key --key env://COSIGN_PRIVATE_KEY --outfile cosign.pub
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PublicKey {
    /// The private key: a file, env://VARIABLE or a URL
    #[arg(long, value_name = "KEY")]
    key: Option<KeyReference>,
    #[command(flatten)]
    security_key: SecurityKey,
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    outfile: Option<PathBuf>,
}

impl PublicKey {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        self.security_key.check()?;
        let Some(key) = &self.key else {
            bail!("no key: name one by --key");
        };
        let pem = key.private(means).await?.public_key().to_pem();
        match &self.outfile {
            Some(path) => {
                files::write_private(path, pem.as_bytes())?;
                output.note(&format!("Public key written to {}", path.display()));
            }
            None => output.stdout().write(&pem)?,
        }
        Ok(())
    }
}
