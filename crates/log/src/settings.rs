//! How a log behaves.

use crate::Format;

/// How a log behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The public form of the entries.
    pub format: Format,
    /// How many entries may wait for the sequencer before [`AddError::Busy`].
    pub queue_entries: usize,
    /// How many bytes of entries may wait or be under way before [`AddError::Busy`].
    pub queue_bytes: usize,
    /// How many entries one record takes at most.
    pub batch_entries: usize,
    /// The longest entry that is taken.
    pub longest_entry: usize,
    /// How often a batch is committed anew on top of other writers' records before its callers are
    /// told of the conflict.
    pub attempts: usize,
    /// How many full pages of 256 entries may wait to be put into objects; more make a batch wait.
    pub unfiled_pages: usize,
    /// Refuses to begin a new log: set this when the log is known to exist.
    pub must_exist: bool,
}

impl Settings {
    /// The defaults for logs of that form.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            queue_entries: 4096,
            queue_bytes: 64 << 20,
            batch_entries: 4096,
            longest_entry: format.longest_entry(),
            attempts: 8,
            unfiled_pages: 256,
            must_exist: false,
        }
    }
}
