//! `waxwing env`: what points a shell's tools at an instance of one's own.
//!
//! ```text
//! export TUF_ROOT='/var/lib/waxwing/client/cosign'
//! export TUF_MIRROR='http://127.0.0.1:4747/tuf'
//! export TUF_ROOT_JSON='/var/lib/waxwing/client/root.json'
//! sigstore() { command sigstore --trust-config '/var/lib/waxwing/client/trust_config.json' "$@"; }
//! ```

use std::path::Path;

use anyhow::Context;
use clap::Args;
use waxwing_cli::Output;
use waxwing_instance::DataDirectory;

use crate::shell::quoted;
use crate::up::Data;

/// Print shell lines that point every tool at the instance
///
/// cosign follows its variables; sigstore-python has none, and becomes a function. The instance need
/// not run for this, but for what the tools do then.
///
/// Example:
///   eval "$(waxwing env --data /var/lib/waxwing)"
///   cosign sign-blob --bundle FILE.sigstore.json FILE
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Env {
    #[command(flatten)]
    data: Data,
}

impl Env {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let data = &self.data.data;
        let address = DataDirectory::existing_address(data)?;
        let client = data.join("client");
        // The lines must hold wherever the shell goes.
        let client = std::path::absolute(&client).context("where the directory is")?;
        let path = |name: &str| quoted(&client.join(name).display().to_string());
        for (name, value) in [
            // Apart from the cache of the public Sigstore, which stays as it is.
            ("TUF_ROOT", path("cosign")),
            ("TUF_MIRROR", quoted(&address.trust_repository())),
            ("TUF_ROOT_JSON", path("root.json")),
        ] {
            output.line(&format!("export {name}={value}"))?;
        }
        let config = path("trust_config.json");
        output.line(&format!(
            "sigstore() {{ command sigstore --trust-config {config} \"$@\"; }}"
        ))?;
        if !Path::new(&client).join("root.json").exists() {
            output
                .warn("the instance has never been up, so its files for clients are not there yet");
        }
        Ok(())
    }
}
