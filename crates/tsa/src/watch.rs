//! Watching the clock: whether enough time servers agree with it.
//!
//! Every minute four of the servers are asked, each up to three times. Three of them must answer, and
//! three must be within six seconds of the clock. These are the original's numbers; there the outcome is
//! only counted, here an authority whose clock is off gives no timestamps unless [`WhenOff::Stamp`] says
//! so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use waxwing_crypto::Random;

use crate::ClockCounts;
use crate::ntp::TimeServer;

/// How the clock is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchSettings {
    /// How often a server is asked before it counts as silent.
    pub attempts: u32,
    /// How many servers are asked in one round.
    pub servers: usize,
    /// How many of them must answer, and agree.
    pub threshold: usize,
    /// How far a server may be from the clock.
    pub tolerance: Duration,
    /// The time between two rounds.
    pub period: Duration,
    /// What is done while the clock is off.
    pub when_off: WhenOff,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            attempts: 3,
            servers: 4,
            threshold: 3,
            tolerance: Duration::from_secs(6),
            period: Duration::from_secs(60),
            when_off: WhenOff::default(),
        }
    }
}

/// What is done while the clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenOff {
    /// Timestamps are given all the same, as the original does.
    Stamp,
    /// Timestamps are refused while the servers contradict the clock.
    #[default]
    Refuse,
    /// Timestamps are refused also while too few servers answer, and before the first round.
    RefuseUnlessGood,
}

/// What the last round showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClockState {
    /// There was no round yet.
    #[default]
    NotAsked,
    /// Enough servers agree with the clock.
    Good {
        /// How many.
        agreeing: usize,
    },
    /// Too few servers answered.
    TooFew {
        /// How many did.
        answered: usize,
        /// How many must.
        threshold: usize,
        /// What the last silent one said.
        reason: String,
    },
    /// Too few of those that answered agree with the clock.
    Off {
        /// The server that is furthest from the clock.
        server: String,
        /// How far it is ahead, in milliseconds.
        ahead: i64,
    },
}

/// Why no timestamp is given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The servers contradict the clock.
    #[error(
        "this authority's clock is off: {server} is {ahead} ms ahead of it; no timestamps are given \
         until it is set right"
    )]
    Off {
        /// The server that is furthest from the clock.
        server: String,
        /// How far it is ahead, in milliseconds.
        ahead: i64,
    },
    /// Nobody confirms the clock.
    #[error(
        "{answered} time servers answered, {threshold} must confirm this authority's clock: {reason}; \
         no timestamps are given"
    )]
    TooFew {
        /// How many did.
        answered: usize,
        /// How many must.
        threshold: usize,
        /// What the last silent one said.
        reason: String,
    },
    /// The first round is not over.
    #[error("this authority's clock was not compared with time servers yet; try again")]
    NotAsked,
}

/// The watch over one clock.
pub struct ClockWatch {
    servers: Vec<Arc<dyn TimeServer>>,
    settings: WatchSettings,
    random: Arc<dyn Random>,
    state: Mutex<ClockState>,
    counts: Option<ClockCounts>,
}

impl std::fmt::Debug for ClockWatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClockWatch")
            .field("servers", &self.servers)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl ClockWatch {
    /// Watches by these servers; `random` chooses among them.
    pub fn new(
        servers: Vec<Arc<dyn TimeServer>>,
        settings: WatchSettings,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            servers,
            settings,
            random,
            state: Mutex::default(),
            counts: None,
        }
    }

    /// The same watch, which counts here.
    #[must_use]
    pub fn with_counts(self, counts: ClockCounts) -> Self {
        Self {
            counts: Some(counts),
            ..self
        }
    }

    /// Asks again and again, for as long as it is polled.
    pub async fn run(&self) {
        loop {
            self.round().await;
            tokio::time::sleep(self.settings.period).await;
        }
    }

    /// Asks once, and remembers what came out.
    pub async fn round(&self) -> ClockState {
        let state = self.compare().await;
        if let Some(counts) = &self.counts {
            counts.round(&state);
        }
        let mut kept = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone_from(&state);
        state
    }

    /// What the last round showed.
    pub fn state(&self) -> ClockState {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// Whether timestamps are given now.
    pub fn permit(&self) -> Result<(), ClockError> {
        let strict = self.settings.when_off == WhenOff::RefuseUnlessGood;
        match self.state() {
            _ if self.settings.when_off == WhenOff::Stamp => Ok(()),
            ClockState::Off { server, ahead } => Err(ClockError::Off { server, ahead }),
            ClockState::TooFew {
                answered,
                threshold,
                reason,
            } if strict => Err(ClockError::TooFew {
                answered,
                threshold,
                reason,
            }),
            ClockState::NotAsked if strict => Err(ClockError::NotAsked),
            _ => Ok(()),
        }
    }

    async fn compare(&self) -> ClockState {
        let WatchSettings {
            servers,
            threshold,
            tolerance,
            ..
        } = self.settings;
        let tolerance = u64::try_from(tolerance.as_millis()).unwrap_or(u64::MAX);
        let mut samples: Vec<(i64, String)> = Vec::new();
        let mut reason = "no server is left".to_owned();
        for server in self.shuffled().into_iter().take(servers) {
            match self.ask(&*server).await {
                Ok(ahead) => samples.push((ahead, server.name().to_owned())),
                Err(said) => reason = said,
            }
        }
        let answered = samples.len();
        if answered < threshold {
            return ClockState::TooFew {
                answered,
                threshold,
                reason,
            };
        }
        let close = |sample: &&(i64, String)| sample.0.unsigned_abs() <= tolerance;
        let agreeing = samples.iter().filter(close).count();
        let furthest = samples.iter().max_by_key(|sample| sample.0.unsigned_abs());
        match furthest {
            Some((ahead, server)) if agreeing < threshold => ClockState::Off {
                server: server.clone(),
                ahead: *ahead,
            },
            _ => ClockState::Good { agreeing },
        }
    }

    /// How far a server is ahead, or what it last said instead.
    async fn ask(&self, server: &dyn TimeServer) -> Result<i64, String> {
        let mut said = String::new();
        for _ in 0..self.settings.attempts.max(1) {
            let began = Instant::now();
            let answer = server.ask().await;
            if let Some(counts) = &self.counts {
                counts.asked(server.name(), began.elapsed(), answer.is_err());
            }
            match answer {
                Ok(sample) => return Ok(sample.ahead),
                Err(error) => said = format!("{}: {error}", server.name()),
            }
        }
        Err(said)
    }

    /// The servers in another order each time, so that no one of them is asked always.
    fn shuffled(&self) -> Vec<Arc<dyn TimeServer>> {
        let mut keyed: Vec<([u8; 8], &Arc<dyn TimeServer>)> = Vec::new();
        for server in &self.servers {
            let mut key = [0; 8];
            self.random.fill(&mut key);
            keyed.push((key, server));
        }
        keyed.sort_by_key(|(key, _)| *key);
        keyed
            .into_iter()
            .map(|(_, server)| server.clone())
            .collect()
    }
}
