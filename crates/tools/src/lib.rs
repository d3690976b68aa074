//! Small fronts: each module is one of the originals' programs, a command line before a crate of the
//! floors below, under the original's name, flags, variables and exit codes.

pub mod fulcio;
mod kms;
pub mod reload;
pub mod stop;
pub mod timestamp_cli;
pub mod timestamp_server;
mod viper;
