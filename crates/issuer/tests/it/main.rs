//! The issuer as its callers see it: browsers, programs, devices, and people who guess.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod code_flow;
mod device_flow;
mod documents;
mod guesses;
mod pages;
mod peer;
mod refresh;
mod upstream;
mod users;
mod world;
