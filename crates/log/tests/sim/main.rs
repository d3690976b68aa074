//! The log on a machine that goes wrong: a simulated disk and clock, histories of crashes and faults,
//! and a reader who believes nothing.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::print_stdout,
    reason = "what was found is shown with --nocapture"
)]

mod clock;
mod counts;
mod dice;
mod disk;
mod flaws;
mod ground;
mod histories;
mod identity;
mod local;
mod plain;
mod reader;
mod recording;
mod tree;
mod violation;
mod world;
mod wrong;
