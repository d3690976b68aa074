//! Points in time, and the clock as an argument.
//!
//! Written as RFC 3339 in UTC with as many fraction digits as needed: `2026-11-22T15:40:09Z`,
//! `2022-12-31T23:59:59.999Z`. Below floor 4 nothing reads a clock: whoever needs the time takes it,
//! or a [`Clock`], as an argument.

use std::fmt;
use std::time::Duration;

/// A point in time: seconds and nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime {
    seconds: i64,
    nanoseconds: u32,
}

/// The text or number is no time that can be written in RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: expected RFC 3339 between the years 1 and 9999, like 2026-11-22T15:40:09Z")]
pub struct TimeError;

/// Where the time comes from. The system's clock is given by the programs, a false one by tests.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> UnixTime;
}

impl UnixTime {
    /// Whole seconds since the epoch. Refuses what lies outside the years 1 to 9999.
    pub fn from_seconds(seconds: i64) -> Result<Self, TimeError> {
        let time = Self {
            seconds,
            nanoseconds: 0,
        };
        time.timestamp().map(|_| time)
    }

    /// Milliseconds since the epoch, the unit of RFC 6962.
    pub fn from_milliseconds(milliseconds: u64) -> Result<Self, TimeError> {
        let whole = Self::from_seconds((milliseconds / 1000) as i64)?;
        Ok(Self {
            nanoseconds: (milliseconds % 1000) as u32 * 1_000_000,
            ..whole
        })
    }

    /// The duration since the epoch, as the system's clock gives it.
    pub fn from_duration(since_epoch: Duration) -> Result<Self, TimeError> {
        let seconds = i64::try_from(since_epoch.as_secs()).map_err(|_| TimeError)?;
        Ok(Self {
            nanoseconds: since_epoch.subsec_nanos(),
            ..Self::from_seconds(seconds)?
        })
    }

    /// Reads RFC 3339 with any offset and up to nine fraction digits.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        // `jiff` also reads RFC 9557 annotations and a blank instead of `T`; the length and the
        // characters of RFC 3339 keep those out.
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte));
        if !plain || text.len() > 40 {
            return Err(TimeError);
        }
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| TimeError)?;
        let nanoseconds = timestamp.subsec_nanosecond();
        // Before the epoch both parts are negative: carry one second over.
        let (seconds, nanoseconds) = if nanoseconds < 0 {
            (timestamp.as_second() - 1, nanoseconds + 1_000_000_000)
        } else {
            (timestamp.as_second(), nanoseconds)
        };
        Ok(Self {
            nanoseconds: nanoseconds as u32,
            ..Self::from_seconds(seconds)?
        })
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Whole milliseconds since the epoch; 0 for times before it.
    pub fn milliseconds(self) -> u64 {
        u64::try_from(self.seconds).unwrap_or(0) * 1000 + u64::from(self.nanoseconds / 1_000_000)
    }

    /// The same second without its fraction, as certificates store it.
    pub fn whole_second(self) -> Self {
        Self {
            nanoseconds: 0,
            ..self
        }
    }

    /// This time moved by whole seconds, held inside the years that can be written.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let limit = jiff::Timestamp::MAX.as_second();
        Self {
            seconds: self.seconds.saturating_add(seconds).clamp(-limit, limit),
            ..self
        }
    }

    fn timestamp(self) -> Result<jiff::Timestamp, TimeError> {
        if self.seconds < -62_135_596_800 {
            return Err(TimeError);
        }
        jiff::Timestamp::new(self.seconds, self.nanoseconds as i32).map_err(|_| TimeError)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Ok(timestamp) => write!(formatter, "{timestamp}"),
            Err(TimeError) => write!(formatter, "{} s after 1970", self.seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_times_are_read_again() {
        for text in [
            "2026-11-22T15:40:09Z",
            "2022-12-31T23:59:59.999Z",
            "1969-12-31T23:59:59.5Z",
            "0001-01-01T00:00:00Z",
            "9999-12-30T00:00:00Z",
        ] {
            assert_eq!(UnixTime::parse(text).unwrap().to_string(), text);
        }
        let offset = UnixTime::parse("2026-11-22T17:40:09.000000001+02:00").unwrap();
        assert_eq!(offset.to_string(), "2026-11-22T15:40:09.000000001Z");
        assert_eq!(
            UnixTime::from_milliseconds(1_700_000_000_123)
                .unwrap()
                .milliseconds(),
            1_700_000_000_123
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T15:40:09",
            "2026-11-22 15:40:09Z",
            "2026-11-22T15:40:09Z[UTC]",
            "2026-13-22T15:40:09Z",
            "99999-01-01T00:00:00Z",
        ] {
            assert_eq!(UnixTime::parse(text), Err(TimeError), "{text}");
        }
    }
}
