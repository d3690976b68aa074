//! The log as its users call it, on every driver, and with every fault that a driver can have.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod faults;
mod memory;
mod model;
mod refusals;
mod suite;
mod writers;
