//! The client's side (TUF specification 1.0.34 section 5), as machines that do no input and output.
//!
//! A machine says which file it wants and how long it may be, and is told what came:
//!
//! ```text
//! Refresh::start ─▶ wanted "16.root.json"   ─▶ not found      the root is the latest
//!                   wanted "timestamp.json" ─▶ 700 bytes      by the root's keys, not older, not expired
//!                   wanted "165.snapshot.json", "14.targets.json" only if the local copy is another
//!        └─ finish ─▶ Trusted ─ search("release/a") ─▶ wanted "4.release.json" … ─▶ Target
//! ```
//!
//! The time is an argument and stays the same throughout one refresh. What was accepted comes out as
//! changes of the local copy, which the caller makes in their order and before the next request; they
//! are to be made after a failure too, because what came before it was good.

mod checks;
mod error;
mod local;
mod names;
mod refresh;
mod search;
mod target;
mod trusted;

pub use error::UpdateError;
pub use local::{LocalChange, LocalCopy};
pub use names::{role_file_name, role_of_file_name};
pub use refresh::{MOST_ROOTS, Refresh, Start};
pub use search::{MOST_ROLES_A_SEARCH, Search};
pub use target::Target;
pub(crate) use target::is_target_path;
pub use trusted::Trusted;

/// A file that is wanted from the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Below which URL.
    pub base: Base,
    /// The path below it, percent-encoded: `16.root.json`.
    pub path: String,
    /// Most bytes that are read; whoever fetches stops there.
    pub max_length: u64,
}

/// Repositories have one URL for metadata and one for targets, by custom `targets/` below the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// That of metadata.
    Metadata,
    /// That of targets.
    Targets,
}

/// What came of a request. All else, such as a failed connection, ends the refresh: drop the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The file.
    Fetched(Vec<u8>),
    /// There is no such file: HTTP status 404, and 403 from storage that hides what it lacks.
    NotFound,
}

/// The answer's bytes, if there are any and not too many.
fn content(wanted: &Wanted, answer: Answer) -> Result<Vec<u8>, UpdateError> {
    let Answer::Fetched(bytes) = answer else {
        return Err(UpdateError::NotFound {
            path: wanted.path.clone(),
        });
    };
    let length = bytes.len() as u64;
    match length > wanted.max_length {
        true => Err(UpdateError::TooLong {
            path: wanted.path.clone(),
            length,
            limit: wanted.max_length,
        }),
        false => Ok(bytes),
    }
}
