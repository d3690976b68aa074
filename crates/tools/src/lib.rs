//! Small fronts: each module is one of the originals' programs, a command line before a crate of the
//! floors below, under the original's name, flags, variables and exit codes.

mod settings_file;
pub mod timestamp_cli;
pub mod timestamp_server;
