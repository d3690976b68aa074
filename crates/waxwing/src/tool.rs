//! The programs that this one can be: by the name of a link to it, or as `waxwing NAME …`.

use std::ffi::OsString;

use clap::Args;
use waxwing_cli::{Environment, Exit, Output, Surroundings};

use crate::system;

/// A program that this one can be.
pub(crate) struct Tool {
    /// Its name, and that of a link to it.
    pub(crate) name: &'static str,
    run: fn(Vec<OsString>, &Surroundings<'_>, &mut Output) -> Exit,
}

/// Signs and verifies software.
pub(crate) const COSIGN: Tool = Tool {
    name: "cosign",
    run: waxwing_cosign::run,
};

/// Issues certificates.
pub(crate) const FULCIO: Tool = Tool {
    name: "fulcio",
    run: waxwing_tools::fulcio::run,
};

/// Asks a timestamp authority.
pub(crate) const TIMESTAMP_CLI: Tool = Tool {
    name: "timestamp-cli",
    run: waxwing_tools::timestamp_cli::run,
};

/// Serves a timestamp authority.
pub(crate) const TIMESTAMP_SERVER: Tool = Tool {
    name: "timestamp-server",
    run: waxwing_tools::timestamp_server::run,
};

/// All of them, in the order of their names.
pub(crate) const TOOLS: [Tool; 4] = [COSIGN, FULCIO, TIMESTAMP_CLI, TIMESTAMP_SERVER];

/// What stands behind a program's name, for that program to read.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Its own arguments; `--help` among them tells more
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Tool {
    /// The program of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }

    /// Runs it; `arguments` begin with its name.
    pub(crate) fn run(
        &self,
        arguments: Vec<OsString>,
        environment: &Environment,
        output: &mut Output,
    ) -> Exit {
        let waxwing_instance::Surroundings { clock, random } = system::surroundings();
        let surroundings = Surroundings {
            environment,
            clock,
            random,
        };
        (self.run)(arguments, &surroundings, output)
    }

    /// Runs it with `arguments` behind its name.
    pub(crate) fn with(
        &self,
        arguments: Arguments,
        environment: &Environment,
        output: &mut Output,
    ) -> Exit {
        let name = std::iter::once(self.name.into());
        let arguments = name.chain(arguments.arguments).collect();
        self.run(arguments, environment, output)
    }
}
