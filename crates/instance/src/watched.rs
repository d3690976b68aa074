//! What can be watched of an instance, and is looked at when somebody asks: what the originals' operators miss.
//!
//! ```text
//! waxwing_certificate_valid_days_remaining{name="certificate-authority-1"} 1094.9
//! waxwing_tuf_valid_days_remaining{role="timestamp"} 6.9
//! waxwing_log_entries{log="rekor-log-1"} 12345
//! waxwing_log_checkpoint_age_seconds{log="rekor-log-1"} 3.2
//! waxwing_guard_behind_seconds{log="rekor-log-1"} 0
//! waxwing_disk_free_bytes{place="data"} 81234567890
//! ```

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::Log;
use waxwing_serve::{Gauge, MetricError, Metrics};

use crate::keyring::Role;
use crate::present::Door;
use crate::storage::Storage;
use crate::trust_repository::TrustRepository;

const DAY: f64 = 86400.0;

/// What is looked at when somebody asks.
pub(crate) struct Watched {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) door: Door,
    pub(crate) repository: Option<Arc<TrustRepository>>,
    pub(crate) storage: Storage,
}

impl Watched {
    /// Registers it.
    pub(crate) fn register(self, metrics: &Metrics) -> Result<(), MetricError> {
        let gauge = |name, help, label| metrics.gauge(name, help, [label]);
        let certificates = gauge(
            "waxwing_certificate_valid_days_remaining",
            "Days until the first certificate of a chain that signs expires.",
            "name",
        )?;
        let timestamp = metrics.gauge(
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
        let guards = gauge(
            "waxwing_guard_behind_seconds",
            "Seconds for which the server of guards has lacked a log's last head; 0 if it has it.",
            "log",
        )?;
        metrics.when_asked(move || {
            let now = self.clock.now();
            let present = self.door.present();
            for (role, name, end) in &present.services.ends {
                certificates.set([name], days(now, *end));
                if *role == Role::TimestampAuthority {
                    timestamp.set([], days(now, *end));
                }
            }
            if let Some(repository) = &self.repository {
                for (role, end) in documents(repository) {
                    tuf.set([role], days(now, end));
                }
            }
            for (name, log) in &present.services.logs {
                let ahead = self.storage.write_ahead(name);
                logs.set(now, name, log, ahead.as_deref());
            }
            for (log, behind) in self.storage.guards_behind() {
                guards.set([&log], behind.as_secs_f64());
            }
            for (place, path) in self.storage.disks() {
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
