//! The file of `--ntp-monitoring`: which time servers are asked, and how.
//!
//! ```text
//! request_attempts: 3
//! request_timeout: 5        seconds
//! num_servers: 4
//! server_threshold: 3
//! max_time_delta: 6         seconds
//! period: 60                seconds
//! servers: [time.google.com, time.cloudflare.com, …]
//! ```
//!
//! What the file leaves out is as it is without a file. Refused: other names, and a threshold that no
//! round can reach.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use waxwing_cli::files;
use waxwing_serve::document::{Document, LARGEST_DOCUMENT, Setting, SettingError, Table};
use waxwing_tsa::{TimeServers, WhenOff};

use super::flags::{self, Clock};

/// The public servers that the original asks, of many operators.
const SERVERS: [&str; 23] = [
    "time.apple.com",
    "time.google.com",
    "time1.google.com",
    "time2.google.com",
    "time3.google.com",
    "time4.google.com",
    "time-a-b.nist.gov",
    "time-b-b.nist.gov",
    "time-c-b.nist.gov",
    "time-d-b.nist.gov",
    "gbg1.ntp.se",
    "gbg2.ntp.se",
    "mmo1.ntp.se",
    "mmo2.ntp.se",
    "sth1.ntp.se",
    "sth2.ntp.se",
    "svl1.ntp.se",
    "svl2.ntp.se",
    "ntp1.net.berkeley.edu",
    "ntp2.net.berkeley.edu",
    "time.cloudflare.com",
    "time.windows.com",
    "time.aws.com",
];

/// A day is the longest that anything here takes, in seconds.
const DAY: u64 = 24 * 60 * 60;

impl From<flags::WhenOff> for WhenOff {
    fn from(when: flags::WhenOff) -> Self {
        match when {
            flags::WhenOff::Stamp => Self::Stamp,
            flags::WhenOff::Refuse => Self::Refuse,
            flags::WhenOff::RefuseUnlessGood => Self::RefuseUnlessGood,
        }
    }
}

/// Who watches, unless nobody shall.
pub(super) fn time_servers(clock: &Clock) -> anyhow::Result<Option<TimeServers>> {
    if clock.disable_ntp_monitoring {
        return Ok(None);
    }
    let mut servers = TimeServers {
        names: SERVERS.map(str::to_owned).to_vec(),
        ..TimeServers::default()
    };
    if let Some(path) = &clock.ntp_monitoring {
        read(path, &mut servers).with_context(|| path.display().to_string())?;
    }
    servers.settings.when_off = clock.ntp_when_off.into();
    Ok(Some(servers))
}

fn read(path: &Path, servers: &mut TimeServers) -> anyhow::Result<()> {
    let document = Document::read(&files::read(path, LARGEST_DOCUMENT)?)?;
    let mut table = document.table()?;
    let watch = &mut servers.settings;
    if let Some(attempts) = number(&mut table, "request_attempts", 100)? {
        watch.attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    }
    if let Some(asked) = number(&mut table, "num_servers", 1000)? {
        watch.servers = usize::try_from(asked).unwrap_or(usize::MAX);
    }
    if let Some(threshold) = number(&mut table, "server_threshold", 1000)? {
        watch.threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
    }
    let mut seconds = |name, duration: &mut Duration| {
        let seconds = number(&mut table, name, DAY)?;
        *duration = seconds.map_or(*duration, Duration::from_secs);
        Ok::<_, SettingError>(())
    };
    seconds("request_timeout", &mut servers.timeout)?;
    seconds("max_time_delta", &mut watch.tolerance)?;
    seconds("period", &mut watch.period)?;
    if let Some(setting) = table.setting("servers") {
        let names = setting.list()?;
        let name = |name: &Setting<'_>| name.text().map(str::to_owned);
        servers.names = names.iter().map(name).collect::<Result<_, _>>()?;
    }
    table.end()?;
    ensure!(
        servers.timeout < watch.tolerance,
        "request_timeout is {} s, which must be below max_time_delta, {} s",
        servers.timeout.as_secs(),
        watch.tolerance.as_secs()
    );
    Ok(servers.check()?)
}

fn number(
    table: &mut Table<'_>,
    name: &'static str,
    most: u64,
) -> Result<Option<u64>, SettingError> {
    let setting = table.setting(name);
    setting.map(|setting| setting.number(1, most)).transpose()
}
