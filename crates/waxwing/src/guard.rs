//! `--guard PLACE`: a file (for an instance a directory), or the URL of a server.
//!
//! A password may stand in it, so what is wrong with it is said without it.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use waxwing_cli::network;
use waxwing_log::{GuardPlace, GuardServerError};
use waxwing_net::Client;

use crate::system;

/// The place that a setting names. Nothing is asked of a server yet.
pub(crate) fn place(text: &str) -> Result<GuardPlace, GuardServerError> {
    let settings = network::settings(&system::environment());
    GuardPlace::named(text, &Client::network_when_needed(settings))
}

/// Reads the flag.
#[derive(Debug, Clone)]
pub(crate) struct Flag;

impl TypedValueParser for Flag {
    type Value = GuardPlace;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<GuardPlace, clap::Error> {
        let Some(text) = value.to_str() else {
            return Ok(PathBuf::from(value).into());
        };
        place(text).map_err(|error| {
            let message = format!("--guard: {error}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}
