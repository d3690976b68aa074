//! The system as the program has it: its clock, its environment, its streams. The floors below take
//! these as arguments, and tests give them others.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use waxwing_cli::{Environment, Output, Stream};
use waxwing_crypto::SystemRandom;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::Surroundings;

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the clock"
        )]
        let now = SystemTime::now();
        // A clock before 1970 or after the year 9999 makes everything expired, which is safe.
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_duration(since_epoch)
            .or_else(|_| UnixTime::from_seconds(0))
            .expect("invariant: 1970 is a time")
    }
}

/// What an instance is given.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
}

/// The variables whose names and values are text.
pub(crate) fn environment() -> Environment {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// The standard streams.
pub(crate) fn output(environment: &Environment) -> Output {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let terminals = (stdout.is_terminal(), stderr.is_terminal());
    Output::new(
        Stream::new(stdout, terminals.0),
        Stream::new(stderr, terminals.1),
        environment,
    )
}
