//! `timestamp-cli timestamp`: the digest of a file goes to an authority, its response to another file.
//!
//! The response is written once it is seen to answer the request that was sent: same digest, same nonce,
//! same policy. The file appears whole or not at all.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use waxwing_cli::{Output, Surroundings, files, network};
use waxwing_client::timestamp::{ask, nonce};
use waxwing_crypto::HashAlgorithm;
use waxwing_net::Client;
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::timestamp::{Timestamp, TimestampRequest};

use super::{Format, Root, print_json};

/// Where Sigstore's authorities take requests.
const PATH: &str = "/api/v1/timestamp";

/// Where a response goes if nobody says where.
const RESPONSE: &str = "response.tsr";

/// Have a file stamped: its digest goes to the authority, the file itself stays here
///
/// Example:
///   timestamp-cli timestamp --artifact FILE --out FILE.tsr
///   timestamp-cli --timestamp_server https://tsa.example.com/tsr timestamp --artifact FILE
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct TimestampCommand {
    /// The file to stamp
    #[arg(long, value_name = "FILE", required = true)]
    artifact: PathBuf,
    /// By which function it is hashed
    #[arg(long, value_enum, value_name = "HASH", default_value = "sha256")]
    hash: Hash,
    /// Ask with a fresh nonce, which the response has to repeat
    #[arg(long, default_value_t = true)]
    nonce: bool,
    /// Ask for the authority's certificate
    #[arg(long, default_value_t = true)]
    certificate: bool,
    /// Ask for a timestamp under this policy, such as 1.2.3.4
    #[arg(long, value_name = "OID")]
    tsa_policy: Option<ObjectIdentifier>,
    /// Where the response goes
    #[arg(long, value_name = "FILE", default_value = RESPONSE)]
    out: PathBuf,
}

/// The functions that authorities take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl From<Hash> for HashAlgorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256,
            Hash::Sha384 => Self::Sha384,
            Hash::Sha512 => Self::Sha512,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    timestamp: String,
    location: String,
}

impl TimestampCommand {
    pub(super) fn run(
        &self,
        root: &Root,
        surroundings: &Surroundings<'_>,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let generating = "Generating a new signed timestamp";
        match root.format {
            Format::Default => output.line(generating)?,
            // The original's line stands before the JSON, where no program can read past it.
            Format::Json => output.note(generating),
        }
        let request = TimestampRequest {
            digest: files::digest(&self.artifact, self.hash.into())?,
            policy: self.tsa_policy,
            nonce: self.nonce.then(|| nonce(&*surroundings.random).to_vec()),
            certificate: self.certificate,
        };
        let client = Client::network(network::settings(surroundings.environment))?;
        let url = endpoint(&root.timestamp_server);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let response = runtime.block_on(ask(&client, &url, &request, root.timeout))?;
        let time = Timestamp::from_der(&response)?.claimed_time();
        let out = match self.out.as_os_str().is_empty() {
            true => RESPONSE.into(),
            false => self.out.clone(),
        };
        files::write_private(&out, &response)?;
        match root.format {
            Format::Default => {
                let time = time
                    .to_string()
                    .replace('T', " ")
                    .replace('Z', " +0000 UTC");
                output.line(&format!("Artifact timestamped at {time}"))?;
                output.line(&format!("Wrote timestamp response to {}", out.display()))?;
            }
            Format::Json => print_json(
                &Written {
                    timestamp: time.to_string(),
                    location: out.display().to_string(),
                },
                output,
            )?,
        }
        Ok(())
    }
}

/// Where the request goes: the original's path at an address that has none; else the URL is whole, as other
/// authorities have it.
fn endpoint(server: &str) -> String {
    let after_scheme = server.split_once("://").map_or(server, |(_, rest)| rest);
    match after_scheme.split_once('/') {
        None => format!("{server}{PATH}"),
        Some((_, "")) => format!("{}{PATH}", server.trim_end_matches('/')),
        Some(_) => server.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_the_path_and_a_whole_url_keeps_its_own() {
        for (server, expected) in [
            (
                "https://tsa.example.com",
                "https://tsa.example.com/api/v1/timestamp",
            ),
            (
                "http://127.0.0.1:3000/",
                "http://127.0.0.1:3000/api/v1/timestamp",
            ),
            ("https://tsa.example.com/tsr", "https://tsa.example.com/tsr"),
            (
                "https://tsa.example.com/api/v1/timestamp",
                "https://tsa.example.com/api/v1/timestamp",
            ),
        ] {
            assert_eq!(endpoint(server), expected);
        }
    }
}
