//! How much proof is asked for, and whose word counts: the flags that all verifying commands have.

use std::path::PathBuf;

use clap::Args;
use waxwing_cli::Output;
use waxwing_verify::Requirements;

/// The original's URL of Rekor.
pub(crate) const REKOR_URL: &str = "https://rekor.sigstore.dev";

/// How much proof.
#[derive(Debug, Args)]
pub(crate) struct CommonVerify {
    /// Ask for a timestamp of a timestamp authority, where a log's own time would do
    #[arg(long)]
    pub(crate) use_signed_timestamps: bool,
    /// Take signatures that are in no transparency log
    #[arg(long)]
    pub(crate) insecure_ignore_tlog: bool,
    /// How many signatures of an image are verified at once; without effect for files
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    max_workers: usize,
    /// A trusted root: whose keys and certificates count; repeat it for more
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Vec<PathBuf>,
    /// Take a chain of certificates in bundles of version 0.3
    #[arg(long)]
    pub(crate) allow_certificate_chain: bool,
    /// Touch no network at all: what is trusted comes from a file, the cache or this program
    #[arg(long)]
    pub(crate) offline: bool,
    /// The certificates of the timestamp authority, its own first, the root last
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) timestamp_certificate_chain: Option<PathBuf>,
    /// The same as --insecure-ignore-tlog
    #[arg(long, hide = true)]
    pub(crate) private_infrastructure: bool,
    /// Without effect for files
    #[arg(long, hide = true)]
    experimental_oci11: bool,
    /// Read bundles of the new format; with =false those of the old one
    #[arg(long, default_value_t = true, hide = true)]
    pub(crate) new_bundle_format: bool,
    /// Where signatures are looked for that came without a log entry
    #[arg(long, value_name = "URL", default_value = REKOR_URL, hide = true)]
    pub(crate) rekor_url: String,
}

impl CommonVerify {
    /// Whether a timestamp of an authority is asked for: who names one wants its word.
    pub(crate) fn wants_timestamp(&self) -> bool {
        self.use_signed_timestamps || self.timestamp_certificate_chain.is_some()
    }

    /// Whether a log entry is asked for.
    pub(crate) fn wants_log(&self) -> bool {
        !self.insecure_ignore_tlog && !self.private_infrastructure
    }

    /// The requirements of these flags.
    pub(crate) fn requirements(&self, ignore_sct: bool) -> Requirements {
        let mut requirements = Requirements::public_good();
        if ignore_sct {
            requirements = requirements.dangerously_without_certificate_transparency();
        }
        if !self.wants_log() {
            requirements = requirements.dangerously_without_log_entries();
            if !self.wants_timestamp() {
                requirements = requirements.or_current_time();
            }
        }
        if self.wants_timestamp() {
            requirements = requirements.timestamps(1);
        }
        requirements
    }

    /// Warns where a check is left out.
    pub(crate) fn warn(&self, output: &mut Output) {
        if self.insecure_ignore_tlog {
            output.warn(
                "the signature need not be in a transparency log: who steals a key or fools an authority \
                 leaves no trace",
            );
        }
    }
}
