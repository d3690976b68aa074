//! What can be watched of an instance: the originals' numbers, and those that their operators miss.
//!
//! ```text
//! waxwing_certificate_valid_days_remaining{name="certificate-authority-1"} 1094.9
//! waxwing_tuf_valid_days_remaining{role="timestamp"} 6.9
//! waxwing_log_entries{log="rekor-log-1"} 12345
//! waxwing_log_checkpoint_age_seconds{log="rekor-log-1"} 3.2
//! waxwing_disk_free_bytes{place="data"} 81234567890
//! ```
//!
//! What a process answers follows from what [`Observations`](waxwing_serve::Observations) saw. What
//! lies on a disk is looked at when somebody asks.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::Log;
use waxwing_serve::{Derived, Gauge, MetricError, Metrics, Quantity, RequestLabel};
use waxwing_tsa::ClockCounts;

use crate::keyring::{Keyring, Role};
use crate::present::Door;
use crate::storage::Storage;
use crate::trust_repository::TrustRepository;

const DAY: f64 = 86400.0;

/// The numbers of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    pub(crate) metrics: Metrics,
    pub(crate) fulcio: waxwing_fulcio::Counts,
    pub(crate) rekor: waxwing_rekor::Counts,
    pub(crate) clock: ClockCounts,
}

/// What is looked at when somebody asks.
pub(crate) struct Watched {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) door: Door,
    pub(crate) repository: Option<Arc<TrustRepository>>,
    pub(crate) storage: Storage,
}

impl Measures {
    /// Registers all that needs nothing but a service.
    pub(crate) fn new() -> Result<Self, MetricError> {
        let metrics = Metrics::default();
        originals(&metrics)?;
        Ok(Self {
            fulcio: waxwing_fulcio::Counts::register(&metrics)?,
            rekor: waxwing_rekor::Counts::register(&metrics)?,
            clock: ClockCounts::register(&metrics)?,
            metrics,
        })
    }

    /// Registers what is looked at.
    pub(crate) fn watch(&self, watched: Watched) -> Result<(), MetricError> {
        let gauge = |name, help, label| self.metrics.gauge(name, help, [label]);
        let certificates = gauge(
            "waxwing_certificate_valid_days_remaining",
            "Days until the first certificate of a chain that signs expires.",
            "name",
        )?;
        let timestamp = self.metrics.gauge(
            "timestamp_authority_certificate_valid_days_remaining",
            "Days until the first certificate of the timestamp authority's chain expires.",
            [],
        )?;
        let tuf = gauge(
            "waxwing_tuf_valid_days_remaining",
            "Days until a document of the TUF repository expires.",
            "role",
        )?;
        let logs = LogGauges {
            entries: gauge(
                "waxwing_log_entries",
                "Entries of a log's checkpoint.",
                "log",
            )?,
            age: gauge(
                "waxwing_log_checkpoint_age_seconds",
                "Seconds since the last entry of a log's checkpoint.",
                "log",
            )?,
            stopped: gauge(
                "waxwing_log_stopped",
                "1 if a log takes no entries until the next start.",
                "log",
            )?,
            ahead: gauge(
                "waxwing_log_write_ahead_bytes",
                "What the write-ahead log of a log takes on its disk.",
                "log",
            )?,
        };
        let free = gauge(
            "waxwing_disk_free_bytes",
            "What is free on the disk of a directory.",
            "place",
        )?;
        self.metrics.when_asked(move || {
            let now = watched.clock.now();
            let present = watched.door.present();
            for (role, name, end) in &present.services.ends {
                certificates.set([name], days(now, *end));
                if *role == Role::TimestampAuthority {
                    timestamp.set([], days(now, *end));
                }
            }
            if let Some(repository) = &watched.repository {
                for (role, end) in documents(repository) {
                    tuf.set([role], days(now, end));
                }
            }
            for (name, log) in &present.services.logs {
                let ahead = watched.storage.write_ahead(name);
                logs.set(now, name, log, ahead.as_deref());
            }
            for (place, path) in watched.storage.disks() {
                if let Ok(disk) = rustix::fs::statvfs(&path) {
                    let bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
                    free.set([place], bytes as f64);
                }
            }
        });
        Ok(())
    }
}

struct LogGauges {
    entries: Gauge<1>,
    age: Gauge<1>,
    stopped: Gauge<1>,
    ahead: Gauge<1>,
}

impl LogGauges {
    fn set(&self, now: UnixTime, name: &str, log: &Log, ahead: Option<&Path>) {
        let head = log.checkpoint();
        self.entries.set([name], head.size as f64);
        let age = now.milliseconds().saturating_sub(head.time.milliseconds());
        self.age.set([name], age as f64 / 1000.0);
        let stopped = u8::from(log.stopped().is_some());
        self.stopped.set([name], stopped.into());
        if let Some(bytes) = ahead.and_then(taken) {
            self.ahead.set([name], bytes as f64);
        }
    }
}

/// The end of what signs now of each role with certificates.
pub(crate) fn ends(keyring: &Keyring, now: UnixTime) -> Vec<(Role, String, UnixTime)> {
    let roles = [Role::CertificateAuthority, Role::TimestampAuthority];
    let active = roles
        .into_iter()
        .filter_map(|role| keyring.active(role, now).ok());
    active
        .filter_map(|held| {
            let ends = held
                .certificates
                .iter()
                .map(|certificate| certificate.not_after());
            Some((held.role, held.name.clone(), ends.min()?))
        })
        .collect()
}

/// The ends of the four documents that clients are given now.
fn documents(repository: &TrustRepository) -> Vec<(&'static str, UnixTime)> {
    let read = |path: &str| serde_json::from_slice::<Value>(&repository.get(path)?).ok();
    let end = |document: &Value| {
        let end = document.pointer("/signed/expires")?.as_str()?;
        UnixTime::parse(end).ok()
    };
    let version = |of: &Value, name: &str| {
        let meta = of.pointer("/signed/meta")?.get(name)?;
        Some(format!("{}.{name}", meta.get("version")?.as_u64()?))
    };
    let timestamp = read("timestamp.json");
    let snapshot = timestamp
        .as_ref()
        .and_then(|of| read(&version(of, "snapshot.json")?));
    let targets = snapshot
        .as_ref()
        .and_then(|of| read(&version(of, "targets.json")?));
    let root = serde_json::from_slice::<Value>(&repository.root()).ok();
    [
        ("root", root),
        ("targets", targets),
        ("snapshot", snapshot),
        ("timestamp", timestamp),
    ]
    .into_iter()
    .filter_map(|(role, document)| Some((role, end(&document?)?)))
    .collect()
}

fn days(now: UnixTime, end: UnixTime) -> f64 {
    (end.seconds() - now.seconds()) as f64 / DAY
}

fn taken(directory: &Path) -> Option<u64> {
    let files = std::fs::read_dir(directory).ok()?;
    let bytes = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
    Some(bytes.sum())
}

/// What follows from requests, and the originals' word about which program this is.
fn originals(metrics: &Metrics) -> Result<(), MetricError> {
    use Quantity::{Bytes, Nanoseconds, NanosecondsInAll, Number, Seconds};
    use RequestLabel::{Code, Method, Path, SmallMethod};
    const SMALL: &[RequestLabel] = &[Code, SmallMethod];
    let (fulcio, rekor, tsa) = ("fulcio", "rekor", "tsa");
    for (name, help, service, labels, of) in [
        (
            "http_requests_total",
            "Requests to Fulcio.",
            fulcio,
            SMALL,
            Number,
        ),
        (
            "fulcio_api_latency",
            "How long Fulcio took, in seconds.",
            fulcio,
            SMALL,
            Seconds,
        ),
        (
            "rekor_v2_http_requests_total",
            "Requests to Rekor.",
            rekor,
            SMALL,
            Number,
        ),
        (
            "rekor_v2_http_api_latency",
            "How long Rekor took, in seconds.",
            rekor,
            SMALL,
            Seconds,
        ),
        (
            "rekor_v2_http_api_request_size",
            "Sizes of requests to Rekor, in bytes.",
            rekor,
            SMALL,
            Bytes,
        ),
        (
            "timestamp_authority_http_requests_total",
            "Requests to the timestamp authority.",
            tsa,
            &[Code, Path, Method],
            Number,
        ),
        (
            "timestamp_authority_api_latency",
            "How long the timestamp authority took, in nanoseconds.",
            tsa,
            &[Path, Code],
            Nanoseconds,
        ),
        (
            "timestamp_authority_api_latency_summary",
            "How long the timestamp authority took, in nanoseconds.",
            tsa,
            &[Path, Code],
            NanosecondsInAll,
        ),
        (
            "timestamp_authority_latency_by_api",
            "How long the timestamp authority took, in nanoseconds.",
            tsa,
            &[Path, Method],
            Nanoseconds,
        ),
    ] {
        let derived = Derived {
            service,
            labels,
            of,
        };
        metrics.derive(name, help, derived)?;
    }
    for name in [
        "fulcio_build_info",
        "rekor_v2_build_info",
        "timestamp_authority_build_info",
    ] {
        let labels = ["version", "revision", "build_date", "goversion"];
        let info = metrics.gauge(
            name,
            "The version in the original's words, always 1.",
            labels,
        )?;
        info.set([env!("CARGO_PKG_VERSION"), "", "", "not Go"], 1.0);
    }
    Ok(())
}
