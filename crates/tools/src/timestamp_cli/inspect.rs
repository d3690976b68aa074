//! `timestamp-cli inspect`: what a response says, whoever wrote it.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use waxwing_cli::{Output, files};
use waxwing_pki::timestamp::Timestamp;

use super::told::{self, Told};
use super::{Format, LARGEST_RESPONSE, print_json};

/// Show what a timestamp says, without verifying it
///
/// Example:
///   timestamp-cli inspect --timestamp response.tsr --format json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Inspect {
    /// The response of the authority
    #[arg(long, value_name = "FILE", required = true)]
    timestamp: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    timestamp_response: Told,
}

impl Inspect {
    pub(super) fn run(&self, format: Format, output: &mut Output) -> anyhow::Result<()> {
        let response = files::read(&self.timestamp, LARGEST_RESPONSE)?;
        let timestamp = Timestamp::from_der(&response);
        let timestamp = timestamp.with_context(|| self.timestamp.display().to_string())?;
        match format {
            Format::Default => {
                output.stdout().write(&told::lines(&timestamp))?;
                output.note("Nothing of this is verified; timestamp-cli verify does that.");
            }
            Format::Json => {
                let timestamp_response = Told::new(&timestamp, &response)?;
                print_json(&Inspected { timestamp_response }, output)?;
            }
        }
        Ok(())
    }
}
