//! What is counted of one service.

use std::time::Duration;

use super::drive::Leaf;
use super::signatures::Signatures;
use crate::hammer::tally::Times;

/// Counts and times of one service's answers.
#[derive(Debug)]
pub(super) struct Tally {
    /// From sending to the last byte of the answer. Only of what was sent after the warm-up.
    pub(super) latency: Times,
    /// Answers after the warm-up, each of them judged.
    pub(super) answers: u64,
    /// Those of the warm-up, judged as well.
    pub(super) warm_up: u64,
    /// Refused as busy, and asked again.
    pub(super) refused: u64,
    /// Sent again because no answer came.
    pub(super) retries: u64,
    /// How long there was load after the warm-up.
    pub(super) seconds: f64,
    /// What the instance used of the processor meanwhile, and what the load did.
    pub(super) server: Duration,
    pub(super) hammer: Duration,
    /// What raw signatures cost in the same time.
    pub(super) floors: Signatures,
    /// The leaves that were promised.
    pub(super) leaves: Vec<Leaf>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            latency: Times::new(),
            answers: 0,
            warm_up: 0,
            refused: 0,
            retries: 0,
            seconds: 0.0,
            server: Duration::ZERO,
            hammer: Duration::ZERO,
            floors: Signatures::default(),
            leaves: Vec::new(),
        }
    }

    /// Adds what another one has counted of the same time.
    pub(super) fn merge(&mut self, other: Self) {
        self.latency.merge(&other.latency);
        self.answers += other.answers;
        self.warm_up += other.warm_up;
        self.refused += other.refused;
        self.retries += other.retries;
        self.leaves.extend(other.leaves);
    }
}
