//! `waxwing rotate`: a new key in the place of one that has served long, or is no longer only ours.

use clap::{Args, ValueEnum};
use waxwing_cli::Output;
use waxwing_instance::{DataDirectory, Rotated};

use crate::system::surroundings;
use crate::up::Data;

/// Give a service of the instance a new key
///
/// The instance must not run. The new key signs from its next start on, and clients learn of it by TUF;
/// what the old one has signed until now stays good. The old private key stays in the directory, and is
/// of no more use to it.
///
/// Example:
///   waxwing rotate ca --data /var/lib/waxwing
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Rotate {
    /// Whose key
    #[arg(value_enum, value_name = "SERVICE")]
    service: Service,
    #[command(flatten)]
    data: Data,
}

/// A service that signs.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Service {
    /// Fulcio's certificate authority, with a new root
    Ca,
    /// The timestamp authority, with a new root
    Tsa,
    /// The issuer of identity tokens
    Issuer,
}

impl Rotate {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let path = &self.data.data;
        let address = DataDirectory::existing_address(path)?;
        let surroundings = surroundings();
        let mut data = DataDirectory::open(path, None, &address, &surroundings)?;
        let rotated = match self.service {
            Service::Ca => Rotated::CertificateAuthority,
            Service::Tsa => Rotated::TimestampAuthority,
            Service::Issuer => Rotated::Issuer,
        };
        let name = data.rotate(rotated, &surroundings)?;
        output.line(&name)?;
        output.note("It signs from the next `waxwing up` on.");
        Ok(())
    }
}
