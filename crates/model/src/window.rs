//! When the word of a service counts.

use waxwing_encoding::time::UnixTime;

/// A time range, both ends inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub start: UnixTime,
    /// The last moment; none while the service is in use.
    pub end: Option<UnixTime>,
}

impl Window {
    /// No bounds: how an authority without `validFor` is read.
    pub const ALWAYS: Self = Self {
        start: UnixTime::EARLIEST,
        end: None,
    };

    /// Whether `time` lies in the window, ends included.
    pub fn contains(self, time: UnixTime) -> bool {
        self.start <= time && self.end.is_none_or(|end| time <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_lie_inside() {
        let at = |text| UnixTime::parse(text).unwrap();
        let (start, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let window = Window {
            start,
            end: Some(end),
        };
        for (time, inside) in [
            ("2025-12-31T23:59:59.999Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2027-01-01T00:00:00Z", true),
            ("2027-01-01T00:00:00.001Z", false),
        ] {
            assert_eq!(window.contains(at(time)), inside, "{time}");
        }
        let open = Window { start, end: None };
        assert!(open.contains(at("9999-01-01T00:00:00Z")));
    }
}
