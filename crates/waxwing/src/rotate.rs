//! `waxwing rotate`: a new key in the place of one that has served long, or is no longer only ours.

use std::time::Duration;

use clap::{Args, ValueEnum};
use waxwing_cli::{Output, parse_duration};
use waxwing_instance::control::Order;
use waxwing_instance::{NewKey, Rotated, Rotation};

use crate::order::{Reached, reach};
use crate::system::surroundings;
use crate::up::Data;

/// Give a service of the instance a new key
///
/// Clients learn of the new key by TUF at once, and it signs from a while later on: by then whoever
/// asks TUF at least that often knows it. What the old one has signed stays good. It works while the
/// instance runs, without turning a request away; else the next start publishes it. The old private
/// key stays in the directory, and is of no more use to it.
///
/// The key of a log is the log: a new one begins beside the old one, which takes no more entries from
/// then on, and stays to be read. A new Rekor log needs a host name of its own that leads to this
/// instance.
///
/// Example:
///   waxwing rotate ca --data /var/lib/waxwing --after 24h
///   waxwing rotate log --data /var/lib/waxwing --url https://log2.example.com
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Rotate {
    /// Whose key
    #[arg(value_enum, value_name = "SERVICE")]
    service: Service,
    #[command(flatten)]
    data: Data,
    /// When the new key begins to sign, from now; 0s at once, when the old one is in wrong hands
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1h")]
    after: Duration,
    /// Where clients find a new Rekor log: a host name that no other log of the instance has
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// A service that signs.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Service {
    /// Fulcio's certificate authority, with a new root
    Ca,
    /// The Rekor log: a new one begins
    Log,
    /// The timestamp authority, with a new root
    Tsa,
    /// The CT log: a new one begins
    Ctlog,
    /// The issuer of identity tokens
    Issuer,
}

impl Rotate {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let rotation = Rotation {
            service: match self.service {
                Service::Ca => Rotated::CertificateAuthority,
                Service::Log => Rotated::RekorLog,
                Service::Tsa => Rotated::TimestampAuthority,
                Service::Ctlog => Rotated::CtLog,
                Service::Issuer => Rotated::Issuer,
            },
            after: self.after,
            url: self.url.clone(),
        };
        let (new, runs): (NewKey, bool) = match reach(&self.data.data)? {
            Reached::Running(running) => (running.ask(&Order::Rotate(rotation))?, true),
            Reached::Directory(mut data) => (data.rotate(&rotation, &surroundings())?, false),
        };
        output.line(&new.name)?;
        if let Some(url) = &new.url {
            output.line(url)?;
        }
        let start = &new.start;
        output.note(&match runs {
            _ if new.waits => format!(
                "It signs from {start} on, but not before the keys of TUF's targets have said so: \
                 `waxwing root sign`."
            ),
            true => format!("It is published, and signs from {start} on."),
            false => format!(
                "It signs from {start} on. Clients learn of it from the next `waxwing up` on."
            ),
        });
        Ok(())
    }
}
