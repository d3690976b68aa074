//! The dialect of the originals' command lines, their exit codes, and one way to print.
//!
//! A tool is a `clap` parser; [`Dialect::parse`] makes it understand what cobra and pflag understand:
//!
//! ```text
//! cosign sign-blob --yes --use-signing-config=false --timeout 3m0s FILE
//! COSIGN_YES=true cosign sign-blob FILE
//! ```
//!
//! But for [`prompt`] and [`browser`], nothing here reads the process's environment or touches its streams:
//! [`Environment`] and [`Output`] are made by `main` and, with other content, by tests.

mod artifact;
mod boolean;
pub mod browser;
mod deprecated;
mod dialect;
mod duration;
mod environment;
mod exit;
pub mod files;
mod given;
pub mod network;
mod output;
mod person;
mod progress;
pub mod prompt;
mod single_dash;
mod step;
mod surroundings;
mod version;

pub use artifact::ReadArtifact;
pub use boolean::{BooleanError, parse_boolean};
pub use deprecated::{Deprecated, DeprecatedFlag};
pub use dialect::{Dialect, Standing};
pub use duration::{DurationError, parse_duration};
pub use environment::Environment;
pub use exit::Exit;
pub use given::given;
pub use output::{Format, Output, Stream};
pub use person::AtTerminal;
pub use progress::Progress;
pub use single_dash::SingleDash;
pub use step::{Mark, Step, plain};
pub use surroundings::Surroundings;
pub use version::Version;
