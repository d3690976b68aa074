//! The log as its users call it, on every driver, and with every fault that a driver can have.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod backup;
mod bench;
mod faults;
mod frozen;
mod fsck;
mod guard_server;
mod identical;
mod keys_and_witnesses;
mod local;
mod memory;
mod model;
mod opaque;
mod oracle;
mod refusals;
mod suite;
mod takeover;
mod wrapped;
mod writers;

#[path = "../support/identical.rs"]
mod support;
