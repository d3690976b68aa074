//! `--sk`, `--slot`: a key on a hardware token, which this program does not read.

use anyhow::ensure;
use clap::Args;

/// A hardware token.
#[derive(Debug, Args)]
pub(crate) struct SecurityKey {
    /// Use a key on a hardware token
    #[arg(long)]
    pub(crate) sk: bool,
    /// Which key of it: authentication, signature, card-authentication or key-management
    #[arg(long, value_name = "SLOT", default_value = "signature")]
    slot: String,
}

impl SecurityKey {
    /// Refuses what cannot be done; the original without its own build tag refuses it as well.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            !self.sk,
            "--sk (slot {}): hardware tokens are not used here; use --key with a file",
            self.slot
        );
        Ok(())
    }
}
