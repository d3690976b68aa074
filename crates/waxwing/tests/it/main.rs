//! The program as a person runs it, and its results as the programs of others judge them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(
    clippy::print_stdout,
    reason = "a failing test shows which fault it was at"
)]
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]

mod browser;
mod configured;
mod conformance;
mod cosign;
mod cosign_trust;
mod foreign_issuer;
mod fsck;
mod fulcio;
mod grpc;
mod guard_server;
mod hammer;
mod hammer_instance;
mod help;
mod kill_nine;
mod large_file;
mod log_serve;
mod lying_log;
mod matrix;
mod openssl;
mod operating;
mod page;
mod program;
mod python_tuf;
mod readme;
mod recorder;
mod road;
mod root;
mod signed_faults;
mod tessera;
mod timestamp;
mod torchwood;
mod trust;
mod try_file;
mod up;
mod vectors;
