//! Points in time, and the clock as an argument.
//!
//! Written as RFC 3339 in UTC with as many fraction digits as needed: `2026-11-22T15:40:09Z`,
//! `2022-12-31T23:59:59.999Z`. Below floor 4 nothing reads a clock: whoever needs the time takes it,
//! or a [`Clock`], as an argument.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// 0001-01-01T00:00:00Z.
const FIRST_SECOND: i64 = -62_135_596_800;

/// 9999-12-31T23:59:59Z, which in a certificate means that it does not expire (RFC 5280 section
/// 4.1.2.5).
const LAST_SECOND: i64 = 253_402_300_799;

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
    /// 0001-01-01T00:00:00Z, before everything that can be written.
    pub const EARLIEST: Self = Self {
        seconds: FIRST_SECOND,
        nanoseconds: 0,
    };

    /// Whole seconds since the epoch. Refuses what lies outside the years 1 to 9999.
    pub fn from_seconds(seconds: i64) -> Result<Self, TimeError> {
        let time = Self {
            seconds,
            nanoseconds: 0,
        };
        match (FIRST_SECOND..=LAST_SECOND).contains(&seconds) {
            true => Ok(time),
            false => Err(TimeError),
        }
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

    /// Reads RFC 3339 with any offset and up to nine fraction digits, and none of the other forms
    /// of ISO 8601.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let (local, offset) = split_offset(text).ok_or(TimeError)?;
        let local: DateTime = local.parse().map_err(|_| TimeError)?;
        let since_epoch = local.duration_since(EPOCH) - SignedDuration::from_secs(offset);
        let nanoseconds = since_epoch.subsec_nanos();
        // Before the epoch both parts are negative: carry one second over.
        let (seconds, nanoseconds) = match nanoseconds < 0 {
            true => (since_epoch.as_secs() - 1, nanoseconds + 1_000_000_000),
            false => (since_epoch.as_secs(), nanoseconds),
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
        let moved = self.seconds.saturating_add(seconds);
        Self {
            seconds: moved.clamp(FIRST_SECOND, LAST_SECOND),
            ..self
        }
    }
}

/// What is written before the offset, and the offset in seconds, if `text` has the shape of RFC 3339
/// section 5.6: `0000-00-00T00:00:00`, perhaps `.` and digits, `Z` or `+00:00`.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (local, offset) = match text.strip_suffix('Z') {
        Some(local) => (local, 0),
        None => {
            let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            let sign = match offset.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            if !(hours.len() == 2 && digits(hours) && digits(minutes)) {
                return None;
            }
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (local, sign * (hours * 3600 + minutes * 60))
        }
    };
    let (whole, fraction) = match local.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (local, None),
    };
    let shape = |(position, byte): (usize, u8)| match position {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    let shaped = whole.len() == 19 && whole.bytes().enumerate().all(shape);
    let fits = fraction.is_none_or(|fraction| digits(fraction) && fraction.len() <= 9);
    // A leap second has no place in Unix time; the library would read it as the second before.
    (shaped && fits && !whole.ends_with(":60")).then_some((local, offset))
}

impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_epoch = SignedDuration::new(self.seconds, self.nanoseconds as i32);
        match EPOCH.checked_add(since_epoch) {
            Ok(time) => write!(formatter, "{time}Z"),
            // Not reached: every second between the first and the last has a date.
            Err(_) => write!(formatter, "{} s after 1970", self.seconds),
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
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999999Z",
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
            "1969-12-31T23Z",
            "20261122T154009Z",
            "2026-11-22T15:40Z",
            "+002026-11-22T15:40:09Z",
            "2026-11-22T15:40:09+02",
            "2026-11-22T15:40:09+0200",
            "2026-11-22T15:40:09+02:00:30",
            "2026-11-22T15:40:09+24:00",
            "2026-11-22T15:40:60Z",
            "2026-11-22T15:40:09.Z",
            "2026-11-22T15:40:09.0123456789Z",
            "0000-12-31T23:59:59Z",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(UnixTime::parse(text), Err(TimeError), "{text}");
        }
    }
}
