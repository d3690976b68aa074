//! The command line of `waxwing hammer`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{ArgGroup, Args};
use waxwing_cli::{Format, parse_duration};
use waxwing_crypto::{Random, SystemRandom};
use waxwing_tlog::bundle::LONGEST_ENTRY;
use waxwing_tlog::note::NoteVerifier;

use super::entries::SMALLEST_ENTRY;
use super::instance::{InstanceLoad, Service};
use super::load::Load;
use super::pacer::Arrivals;

/// What is asked of one log, and not of an instance.
const OF_ONE_LOG: [&str; 11] = [
    "rate",
    "saturate",
    "check",
    "entries",
    "size",
    "duplicates",
    "seed",
    "http",
    "existing",
    "vkey",
    "record",
];

/// How many adds are in flight unless it is said: enough that a log can make batches of them.
const OUTSTANDING: usize = 1024;
/// Over HTTP each takes a connection.
const CONNECTIONS: usize = 64;
/// How long to measure unless it is said.
const DURATION: Duration = Duration::from_secs(10);

/// Load a transparency log or a whole instance, check every answer, and tell how fast it was
///
/// Entries are added to a log in DIR, called as a library or, with --http, through a service on
/// this machine's loopback; or to the opaque log behind a URL. Each answer is verified: leaf,
/// inclusion proof, signature, one index for one entry, one root for one size. The first promise
/// that is broken ends the run with exit code 1. Disk and processor are measured beside the log, and
/// results are told as multiples of what these can do. Ctrl-C ends a run early, and it is reported.
///
/// With --instance, the services of the instance in a directory are asked for entries, certificates,
/// promises and timestamps, one service after the other or all at once, in the process that runs it or
/// in one that is started. Afterwards each log is asked for every entry that it has promised.
///
/// docs/hammer.md explains each figure.
///
/// Example:
///   waxwing hammer /tmp/log --rate 100                   latency, of arrivals at random
///   waxwing hammer /tmp/log --saturate --duplicates 10%  throughput
///   waxwing hammer /tmp/log --saturate --http            the same through HTTP
///
///   waxwing log serve /tmp/log --listen 127.0.0.1:4101
///   waxwing hammer http://127.0.0.1:4101 --vkey VKEY --saturate --record answers
///   waxwing hammer http://127.0.0.1:4101 --vkey VKEY --check answers
///
///   waxwing hammer --instance /tmp/sigstore                         each service of a Sigstore
///   waxwing hammer --instance /tmp/sigstore --mix --duration 10m    all of them together
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    group(ArgGroup::new("what").required(true).args(["rate", "saturate", "check", "instance"]))
)]
pub(crate) struct Hammer {
    /// A directory for a new log, or the URL of an opaque log, such as http://127.0.0.1:4101; with
    /// --instance, where that listens [default: its public URL]
    #[arg(value_name = "DIR_OR_URL", required_unless_present = "instance")]
    target: Option<String>,
    /// Load the services of the instance in DIR; if nobody runs it, `waxwing up` is started for the run
    #[arg(long, value_name = "DIR", conflicts_with_all = OF_ONE_LOG)]
    pub(super) instance: Option<PathBuf>,
    /// Which of its services [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST")]
    services: Vec<Service>,
    /// All of them at once, not one after the other
    #[arg(long)]
    pub(super) mix: bool,
    /// Arrivals a second, whether or not the log keeps up (open loop); latency counts from the planned
    /// arrival
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// How arrivals lie
    #[arg(long, value_enum, default_value_t, requires = "rate")]
    arrivals: Arrivals,
    /// Add as fast as the log answers (closed loop), for its throughput
    #[arg(long)]
    saturate: bool,
    /// Adds in flight at most; over HTTP as many connections [default: 1024, over HTTP 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    outstanding: Option<u32>,
    /// How long to measure [default: 10s, or until --entries]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
    /// How many adds to measure
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    entries: Option<u64>,
    /// How long to add before measuring
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s")]
    warm_up: Duration,
    /// Bytes of an entry
    #[arg(long, value_name = "BYTES", default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(SMALLEST_ENTRY as i64..=LONGEST_ENTRY as i64))]
    size: u32,
    /// The share of entries that were sent before
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "0%")]
    duplicates: f64,
    /// Makes the same entries and arrivals again [default: chosen at random, and told]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Put a service between, and reach it by TCP
    #[arg(long)]
    pub(super) http: bool,
    /// Go on with a log that DIR has already
    #[arg(long)]
    pub(super) existing: bool,
    /// The key of the log behind a URL, as `waxwing log serve` prints it
    #[arg(long, value_name = "VKEY")]
    vkey: Option<String>,
    /// How long to ask again when a log behind a URL does not answer
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    patience: Duration,
    /// Append each acknowledgement to FILE before it counts
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Add nothing: check that all that FILE records is in the log behind the URL
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub(super) check: Option<PathBuf>,
    /// How to say what was found
    #[arg(long, short, value_enum, default_value_t = Format::Text)]
    pub(super) output: Format,
}

/// What is to be hammered.
#[derive(Debug)]
pub(super) enum Place {
    /// A log in a directory.
    Directory(PathBuf),
    /// A log behind a URL, and the key that its heads are verified with.
    Url(String, NoteVerifier),
}

impl Hammer {
    /// Where the log is; refuses what does not go together.
    pub(super) fn place(&self) -> anyhow::Result<Place> {
        ensure!(
            self.saturate || self.rate.is_some() || self.check.is_some(),
            "--saturate=false leaves nothing to do; say --rate, --saturate or --check"
        );
        // Not by clap, which asks for nothing that conflicts with what is there.
        ensure!(
            !self.mix && self.services.is_empty(),
            "--mix and --services are for the services of an instance, which --instance DIR names"
        );
        let target = self.target();
        if !target.contains("://") {
            ensure!(
                self.vkey.is_none(),
                "--vkey is for a log behind a URL; a log in a directory has its key there"
            );
            ensure!(
                self.check.is_none(),
                "--check reads a log behind a URL; serve the directory with `waxwing log serve {target}`"
            );
            return Ok(Place::Directory(target.into()));
        }
        if self.http || self.existing {
            bail!("--http and --existing are for a log in a directory, and {target} is a URL");
        }
        let vkey = self.vkey.as_deref();
        let vkey =
            vkey.context("a log behind a URL needs --vkey, which `waxwing log serve` prints")?;
        let verifier = NoteVerifier::parse(vkey).context("--vkey")?;
        Ok(Place::Url(target.to_owned(), verifier))
    }

    /// What is named as the target; with --instance, where that listens.
    pub(super) fn target(&self) -> &str {
        self.target.as_deref().unwrap_or_default()
    }

    /// The services of an instance that are to be loaded, each once.
    pub(super) fn services(&self) -> Vec<Service> {
        if self.services.is_empty() {
            return Service::ALL.to_vec();
        }
        let mut services = self.services.clone();
        services.sort_unstable();
        services.dedup();
        services
    }

    /// The load on an instance.
    pub(super) fn instance_load(&self) -> InstanceLoad {
        let outstanding = self.outstanding.map(|given| given as usize);
        InstanceLoad {
            outstanding: outstanding.unwrap_or(CONNECTIONS),
            duration: self.duration.unwrap_or(DURATION),
            warm_up: self.warm_up,
        }
    }

    /// How long a log behind a URL may be silent.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// The load; `is_new` says that the log can have none of its entries.
    pub(super) fn load(&self, is_new: bool) -> Load {
        let over_http = self.http || self.target().contains("://");
        let outstanding = match over_http {
            true => CONNECTIONS,
            false => OUTSTANDING,
        };
        let unbounded = self.duration.is_none() && self.entries.is_none();
        Load {
            rate: self.rate,
            arrivals: self.arrivals,
            outstanding: self.outstanding.map_or(outstanding, |given| given as usize),
            duration: self.duration.or(unbounded.then_some(DURATION)),
            adds: self.entries,
            warm_up: self.warm_up,
            entry_bytes: self.size as usize,
            duplicates: self.duplicates,
            seed: self.seed.unwrap_or_else(random_seed),
            may_exist: self.seed.is_some() && !is_new,
            patience: self.patience,
        }
    }
}

fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    // JSON readers keep 53 bits of a number.
    u64::from_be_bytes(bytes) >> 11
}

fn rate(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    let sensible = number.filter(|rate| (0.001..=10_000_000.0).contains(rate));
    sensible.ok_or_else(|| "expected arrivals a second, from 0.001 to 10000000".into())
}

/// `10%` or `10`, as a share of 1.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let sensible = number.filter(|percent| (0.0..=100.0).contains(percent));
    let share = sensible.map(|percent| percent / 100.0);
    share.ok_or_else(|| "expected a percentage from 0% to 100%".into())
}
