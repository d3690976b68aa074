//! Reading a log from its directory alone: beside the process that writes it, or after it.
//!
//! What the published checkpoint covers can be read, and nothing beyond: full tiles from their files,
//! the rest from the write-ahead log, which is looked at once for each view.

use std::time::Duration;

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::note::{Note, NoteError, NoteVerifier};
use waxwing_tlog::tile::FULL_WIDTH;

use crate::head::Owner;
use crate::read::Reader;
use crate::recovery::filed_state;
use crate::shelf::ShelfEntry;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::{
    Driver, DriverError, Format, Key, LocalDriver, LocalSettings, LogError, ReadError, Recovered,
    Refusal, View,
};

const PAGE: u64 = FULL_WIDTH as u64;

/// The writer may use a file again just while it is read; then the next look finds it whole.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// A log's directory, to be read.
#[derive(Debug)]
pub struct Directory {
    driver: LocalDriver,
    format: Format,
    verifiers: Vec<NoteVerifier>,
}

/// Why a directory cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Nothing was published there.
    #[error(
        "there is no checkpoint in the directory; is it that of a log, and was the log started?"
    )]
    NoCheckpoint,
    /// The checkpoint is no note, or is signed by none of the keys.
    #[error("the checkpoint cannot be believed: {0}")]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error("the checkpoint cannot be read: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// What is there does not lead to the checkpoint, or cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Directory {
    /// A directory whose checkpoints are believed under these keys; without any they are taken as they
    /// are.
    pub fn new(settings: LocalSettings, verifiers: Vec<NoteVerifier>) -> Self {
        let format = settings.format;
        let driver = LocalDriver::new(LocalSettings {
            read_only: true,
            ..settings
        });
        Self {
            driver,
            format,
            verifiers,
        }
    }

    /// The log under the checkpoint that was published last.
    pub async fn view(&self) -> Result<View, DirectoryError> {
        let mut look = 1;
        loop {
            match self.look().await {
                Err(DirectoryError::Log(error)) if look < LOOKS && may_change(&error) => {
                    look += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                found => return found,
            }
        }
    }

    /// What the write-ahead log and the index of keys have, without any check.
    pub async fn recovered(&self) -> Result<Recovered, DriverError> {
        self.driver.open().await
    }

    async fn look(&self) -> Result<View, DirectoryError> {
        let published = self.driver.checkpoint().await.map_err(LogError::Driver)?;
        let published = published.ok_or(DirectoryError::NoCheckpoint)?;
        let note = Note::parse(&published)?;
        if !self.verifiers.is_empty() {
            note.open(&self.verifiers)?;
        }
        let checkpoint = Checkpoint::parse(note.text())?;
        let state = self.state(&checkpoint).await?;
        if state.tree.root() != checkpoint.root() {
            return Err(LogError::Refused(Refusal::Root {
                size: checkpoint.size(),
                derived: state.tree.root(),
                recorded: checkpoint.root(),
            })
            .into());
        }
        let text = String::from_utf8_lossy(&published);
        let snapshot = Snapshot::signed(state, text.into());
        let driver = std::sync::Arc::new(self.driver.clone());
        Ok(View::over(driver, self.format, snapshot.into()))
    }

    /// The state of just the size that the checkpoint has.
    async fn state(&self, checkpoint: &Checkpoint) -> Result<State, LogError> {
        let recovered = self.driver.open().await?;
        let records: Vec<_> = recovered
            .records
            .into_iter()
            .filter(|record| record.head.size <= checkpoint.size())
            .collect();
        let size = checkpoint.size();
        let filed = records.iter().map(|record| record.filed).max();
        let Some((filed, last)) = filed.zip(records.last()) else {
            return self.filed(checkpoint).await;
        };
        let owner = Owner::from(&last.head);
        let mut state = filed_state(&self.driver, self.format, &owner, filed).await?;
        state.extend(&records, &owner, self.format)?;
        if state.head.size != size {
            return self.filed(checkpoint).await;
        }
        Ok(state)
    }

    /// The same where records as old as the checkpoint are gone: then all of it is in objects.
    async fn filed(&self, checkpoint: &Checkpoint) -> Result<State, LogError> {
        let size = checkpoint.size();
        let owner = Owner {
            origin: checkpoint.origin().into(),
            key_id: [0; 4],
        };
        let filed = size / PAGE * PAGE;
        let mut state = filed_state(&self.driver, self.format, &owner, filed).await?;
        let mut time = UnixTime::from_milliseconds(0).unwrap_or(state.head.time);
        let reader = Reader {
            state: &state,
            driver: &self.driver,
            format: self.format,
        };
        let (mut leaves, mut entries) = (None, Vec::new());
        if filed < size {
            leaves = Some(reader.hash_tile((0, filed / PAGE)).await?);
            entries = reader.filed_page(filed / PAGE).await?;
        } else if size > 0 {
            time = reader
                .ledger(size / PAGE - 1)
                .await?
                .last()
                .map_or(time, |line| line.time);
        }
        entries.truncate((size - filed) as usize);
        for (column, entry) in entries.into_iter().enumerate() {
            let leaf = leaves.as_ref().and_then(|tile| tile.node(0, column));
            state.tree.push(leaf.ok_or(Refusal::Leaf {
                index: filed + column as u64,
            })?);
            time = entry.time;
            state.shelf.push(ShelfEntry {
                key: Key::of(&entry.stored),
                time: entry.time,
                stored: entry.stored,
            });
        }
        state.head = owner.head(size, state.tree.root(), time);
        Ok(state)
    }
}

/// Whether the writer may have been at work just then.
fn may_change(error: &LogError) -> bool {
    matches!(
        error,
        LogError::Refused(Refusal::Gap { .. } | Refusal::Root { .. } | Refusal::Record { .. })
            | LogError::Read(ReadError::Missing { .. })
            | LogError::Driver(DriverError::Unavailable { .. })
    )
}
