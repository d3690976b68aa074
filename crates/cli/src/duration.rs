//! Durations as Go's `time.ParseDuration` reads them.
//!
//! ```text
//! 3m0s   1.5h   250ms   1h2m3.5s   0
//! ```
//!
//! Refused: a number without a unit (except 0), unknown units, and a sign, because no flag means a
//! negative duration.

use std::time::Duration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration like 30s, 3m0s or 1h30m, of the units h, m, s, ms, us and ns")]
pub struct DurationError;

const UNITS: [(&str, u64); 8] = [
    // Two letters before one, so that `ms` is not read as `m`.
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads numbers with units, one after the other.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err(DurationError);
    }
    let mut nanoseconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (part, after) = one_part(rest)?;
        nanoseconds = nanoseconds.checked_add(part).ok_or(DurationError)?;
        rest = after;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The first number with its unit in nanoseconds, and what comes after it.
fn one_part(text: &str) -> Result<(u64, &str), DurationError> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError);
    }
    let units = UNITS.iter();
    let found = units.filter_map(|(name, size)| Some((*size, rest.strip_prefix(name)?)));
    let (unit, rest) = found.into_iter().next().ok_or(DurationError)?;
    let whole: u64 = match whole {
        "" => 0,
        digits => digits.parse().map_err(|_| DurationError)?,
    };
    let whole = whole.checked_mul(unit).ok_or(DurationError)?;
    let total = whole.checked_add(of_fraction(fraction, unit));
    Ok((total.ok_or(DurationError)?, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

/// `0.fraction` of a unit, cut after the last whole nanosecond.
fn of_fraction(fraction: &str, unit: u64) -> u64 {
    let mut numerator: u128 = 0;
    let mut denominator: u128 = 1;
    // More than 18 digits are below a nanosecond even of an hour.
    for digit in fraction.bytes().take(18) {
        numerator = numerator * 10 + u128::from(digit - b'0');
        denominator *= 10;
    }
    (numerator * u128::from(unit) / denominator) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("0s", 0),
            ("3m0s", 180_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("250ms", 250_000_000),
            ("1us2µs3μs4ns", 6_004),
            ("1h2m3.5s", 3_723_500_000_000),
            ("0.0000000019s", 1),
            ("0.3333333333333333333h", 1_200_000_000_000 - 1),
        ] {
            let expected = Duration::from_nanos(nanoseconds);
            assert_eq!(parse_duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "3",
            "s",
            ".",
            ".s",
            "3 m",
            "3m ",
            "-3m",
            "+3m",
            "3d",
            "1e3s",
            "3M",
            "99999999999999999999s",
            "9999999h",
            "5000000h5000000h",
        ] {
            assert_eq!(parse_duration(text), Err(DurationError), "{text}");
        }
    }
}
