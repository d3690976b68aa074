//! Repetitions, and Go's bound on them.

use super::PatternError;
use super::translate::Scanner;

/// Go's bound on `{n}`, and on the product of those that stand in each other.
const MOST_REPETITIONS: u32 = 1000;

/// A group that is still open, or the pattern itself.
pub(super) struct Group {
    pub(super) position: usize,
    pub(super) last: Last,
    /// The most copies of anything before the last piece.
    pub(super) copies: u32,
}

/// What stands in front of a repetition.
#[derive(Clone, Copy)]
pub(super) enum Last {
    Nothing,
    /// A piece, and the most copies of anything inside it.
    Piece(u32),
    Repetition(u32),
}

impl Scanner<'_> {
    /// Reads the counts behind a brace. Everything else than `{2}`, `{2,}` and `{2,3}` is text, and
    /// then nothing is read.
    pub(super) fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let (counts, rest) = self.rest.split_once('}')?;
        let (least, most) = match counts.split_once(',') {
            None => (count(counts)?, Some(count(counts)?)),
            Some((least, "")) => (count(least)?, None),
            Some((least, most)) => (count(least)?, Some(count(most)?)),
        };
        self.rest = rest;
        Some((least, most))
    }

    pub(super) fn repeat(
        &mut self,
        position: usize,
        least: u32,
        most: Option<u32>,
        counted: bool,
    ) -> Result<(), PatternError> {
        let written = self.since(position);
        let last = self.groups.last().map_or(Last::Nothing, |group| group.last);
        let size = |found| PatternError::RepeatSize { found, position };
        if least > MOST_REPETITIONS
            || most.is_some_and(|most| most > MOST_REPETITIONS || most < least)
        {
            return Err(size(written));
        }
        let copies = match last {
            Last::Nothing => return Err(PatternError::NothingToRepeat { position }),
            Last::Repetition(_) => return Err(PatternError::RepeatedTwice { position }),
            Last::Piece(copies) => copies,
        };
        // A question mark behind it only asks for the shortest match.
        self.take("?");
        let copies = match (counted, most.unwrap_or(least)) {
            (true, 0) if most.is_some() => 1,
            (true, times) => copies.saturating_mul(times.max(1)),
            (false, _) => copies,
        };
        if copies > MOST_REPETITIONS {
            return Err(size(written));
        }
        self.output.push_str(&written);
        if let Some(group) = self.groups.last_mut() {
            group.last = Last::Repetition(copies);
        }
        Ok(())
    }
}

impl Group {
    pub(super) fn new(position: usize) -> Self {
        Self {
            position,
            last: Last::Nothing,
            copies: 1,
        }
    }

    /// The most copies of anything inside.
    pub(super) fn all_copies(&self) -> u32 {
        match self.last {
            Last::Nothing => self.copies,
            Last::Piece(last) | Last::Repetition(last) => self.copies.max(last),
        }
    }
}

/// A decimal number without leading zeros; too large a one is any that is refused later.
fn count(digits: &str) -> Option<u32> {
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}
