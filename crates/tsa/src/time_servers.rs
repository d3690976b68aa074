//! Which time servers are asked, and how: what an operator chooses of [`ClockWatch`].

use std::sync::Arc;
use std::time::Duration;

use waxwing_crypto::Random;
use waxwing_encoding::time::Clock;

use crate::ntp::{NtpServer, TimeServer};
use crate::{ClockCounts, ClockWatch, WatchSettings};

/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Time servers, and how they are asked.
#[derive(Debug, Clone)]
pub struct TimeServers {
    /// A host, or a host and a port, each.
    pub names: Vec<String>,
    /// How long one question may take.
    pub timeout: Duration,
    /// How many, how often, and what happens when they contradict the clock.
    pub settings: WatchSettings,
}

impl Default for TimeServers {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            timeout: TIMEOUT,
            settings: WatchSettings::default(),
        }
    }
}

/// So many must agree, and so few can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("of {names} names {asked} are asked, and {threshold} must agree")]
pub struct TooFewServers {
    /// How many are named.
    pub names: usize,
    /// How many are asked in one round.
    pub asked: usize,
    /// How many must agree.
    pub threshold: usize,
}

impl TimeServers {
    /// Refuses a threshold that no round can reach.
    pub fn check(&self) -> Result<(), TooFewServers> {
        let (names, asked) = (self.names.len(), self.settings.servers);
        let threshold = self.settings.threshold;
        match threshold > asked.min(names) {
            true => Err(TooFewServers {
                names,
                asked,
                threshold,
            }),
            false => Ok(()),
        }
    }

    /// The watch over `clock` by these servers; somebody has to run it.
    pub fn watch(
        &self,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
        counts: &ClockCounts,
    ) -> Arc<ClockWatch> {
        let server = |name: &String| {
            let (clock, random) = (Arc::clone(clock), Arc::clone(random));
            Arc::new(NtpServer::new(name, self.timeout, clock, random)) as Arc<dyn TimeServer>
        };
        let servers = self.names.iter().map(server).collect();
        let watch = ClockWatch::new(servers, self.settings, Arc::clone(random));
        Arc::new(watch.with_counts(counts.clone()))
    }
}
