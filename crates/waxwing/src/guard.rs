//! `--guard PLACE`: a file (for an instance a directory), or the URL of a server.

use waxwing_cli::network;
use waxwing_log::{GuardPlace, GuardServerError};
use waxwing_net::Client;

use crate::system;

/// The place that a flag or a setting names. Nothing is asked of a server yet.
pub(crate) fn place(text: &str) -> Result<GuardPlace, GuardServerError> {
    let settings = network::settings(&system::environment());
    GuardPlace::named(text, &Client::network_when_needed(settings))
}
