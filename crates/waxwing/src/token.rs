//! `waxwing token`: an identity token of an instance of one's own, for automation.

use clap::Args;
use waxwing_cli::Output;
use waxwing_instance::control::Order;

use crate::order::{Reached, reach};
use crate::system::surroundings;
use crate::up::Data;

/// Print an identity token that says that its holder is somebody
///
/// Who may read the instance's private keys may say who anybody is; nobody else can. The token is good
/// for a few minutes. While `waxwing up` runs it is asked through a socket in the data directory.
///
/// Example:
///   SIGSTORE_ID_TOKEN=$(waxwing token --as you@example.com) cosign sign-blob …
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Token {
    #[command(flatten)]
    data: Data,
    /// Who the holder is: an e-mail address
    #[arg(long = "as", value_name = "EMAIL")]
    name: String,
}

impl Token {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let token: String = match reach(&self.data.data)? {
            Reached::Directory(data) => data.token(&self.name, &surroundings())?,
            Reached::Running(running) => running.ask(&Order::Token {
                r#as: self.name.clone(),
            })?,
        };
        // Into a file without a newline: cosign puts what it reads into a header as it is.
        match output.stdout().is_terminal() {
            true => output.line(&token)?,
            false => output.stdout().write(&token)?,
        }
        Ok(())
    }
}
