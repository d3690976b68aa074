//! `waxwing move`: another public URL for an instance.

use clap::Args;
use waxwing_cli::Output;
use waxwing_instance::{Address, DataDirectory};

use crate::system::surroundings;
use crate::up::Data;

/// Give the instance another public URL
///
/// Its logs are called by their URL in every proof, so they end where they are, and new ones begin
/// under the new one; the old ones go on being read at their old URL, as long as that leads here too.
/// Keys and everything that was signed stay good. The instance must not run. Clients must be told the
/// new URL of the TUF repository; what they trust stays the same.
///
/// Example:
///   waxwing move --data /var/lib/waxwing --public-url https://sigstore.example.com
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Move {
    #[command(flatten)]
    data: Data,
    /// The new URL
    #[arg(long, value_name = "URL")]
    public_url: String,
}

impl Move {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let path = &self.data.data;
        let (old, new) = (
            DataDirectory::existing_address(path)?,
            Address::new(&self.public_url)?,
        );
        let mut data = DataDirectory::open(path, None, &old, &surroundings())?;
        let logs = data.relocate(&new, &surroundings())?;
        if logs.is_empty() {
            output.note(&format!("{} is its public URL already", new.base()));
        }
        for log in &logs {
            let url = log.url.as_deref().unwrap_or_default();
            output.line(&format!("{}\t{url}", log.name))?;
        }
        if logs.iter().any(|log| log.waits) {
            output.note(
                "The next start drafts what clients are to be told; it moves once the keys of TUF's targets \
                 have signed: `waxwing root sign`.",
            );
        }
        Ok(())
    }
}
