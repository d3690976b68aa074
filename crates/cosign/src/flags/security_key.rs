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
            "--sk asks for the key in slot {:?} of a hardware token, and no token is read here; give the key by --key \
             (a file, env://VARIABLE or a URL), or leave both out and sign by an identity",
            self.slot
        );
        Ok(())
    }
}
