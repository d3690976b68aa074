//! The index of leaf hashes in a directory, so that a log of any size answers `get-proof-by-hash` and goes on
//! where it was after a start.
//!
//! ```text
//! DIR/secret  DIR/runs/…        as `waxwing_log::LocalKeys` has it: 22.7 bytes a leaf
//! ```
//!
//! It is thrown away and made anew, from the tiles and when somebody asks, if it is not an index of this
//! log: if the log has been set back, or was begun anew. The last leaf that it covers shows that, for a leaf
//! has its time and place in it, and no log has that of another.

use std::path::Path;
use std::sync::Arc;

use waxwing_crypto::Random;
use waxwing_log::files::Disk;
use waxwing_log::{DriverError, Key, KeyIndex, KeySettings, LocalKeys, Log, ReadError};
use waxwing_tlog::tile::FULL_WIDTH;

const PAGE: u64 = FULL_WIDTH as u64;

/// Why an index of leaf hashes cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptLeavesError {
    /// Its directory.
    #[error("the index of leaf hashes: {0}")]
    Index(#[from] DriverError),
    /// The tree that it is compared with.
    #[error("the index of leaf hashes: {0}")]
    Read(#[from] ReadError),
    /// One that is of no use cannot be removed.
    #[error("the index of leaf hashes in {} is not of this log and cannot be removed: {source}", path.display())]
    Remove {
        /// The directory.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Opens the index of this log's leaf hashes in `directory`, which is made if it is not there. The caller
/// is the only one who has it open, and closes it in the end.
pub async fn open_leaf_index(
    directory: &Path,
    log: &Log,
    random: &dyn Random,
) -> Result<Arc<LocalKeys>, KeptLeavesError> {
    let open = || {
        let directory = directory.to_owned();
        LocalKeys::open(
            Arc::new(Disk),
            directory,
            KeySettings::default(),
            true,
            random,
        )
    };
    let index = open()?;
    if is_of(&index, log).await? {
        return Ok(Arc::new(index));
    }
    index.close();
    drop(index);
    std::fs::remove_dir_all(directory).map_err(|source| KeptLeavesError::Remove {
        path: directory.to_owned(),
        source,
    })?;
    Ok(Arc::new(open()?))
}

/// Whether the last leaf that is covered is this log's, at its place.
async fn is_of(index: &LocalKeys, log: &Log) -> Result<bool, KeptLeavesError> {
    let Some(last) = index.covered().checked_sub(1) else {
        return Ok(true);
    };
    let view = log.view();
    if last >= view.size() {
        return Ok(false);
    }
    let leaves = view.leaf_hashes(last / PAGE).await?;
    let leaf = usize::try_from(last % PAGE).ok();
    let leaf = leaf.and_then(|place| leaves.get(place));
    let Some(leaf) = leaf else { return Ok(false) };
    // One that cannot be read is no better than one of another log.
    Ok(index
        .find(&Key::from(*leaf))
        .is_ok_and(|found| found == Some(last)))
}
