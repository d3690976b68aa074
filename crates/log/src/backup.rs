//! Copying a log while it runs, and making a log of the copy.
//!
//! ```text
//! checkpoint is taken ─▶ tiles, bundles, ledger ─▶ right edge ─▶ checkpoint is written
//!                        (what is there stays)     (records)      (the copy is whole)
//! ```
//!
//! The copy is a directory as the log's own ([`crate::LocalDriver`]), with the right edge in a
//! write-ahead log of its own, so that everything that reads a log reads it, and a restored one is
//! opened as it is. It is marked as a backup and refused by whoever would write to it. Copying a
//! second time into the same place adds what is new; stopped in between, it is the backup that it was.
//!
//! Restoring never makes a log that is behind a head that the guard knows: nobody could tell it from
//! a fork.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::leaf_hash;
use waxwing_tlog::note::{Note, NoteVerifier};
use waxwing_tlog::tile::{FULL_WIDTH, Tile, Width, full_tiles};

use crate::fsck::{self, FsckError, Options, ProblemKind, Report};
use crate::head::Owner;
use crate::recovery::filed_state;
use crate::{
    Directory, DirectoryError, Driver, DriverError, Format, Head, Key, KeyIndex, LocalDriver,
    LocalSettings, LogError, Object, ReadError, Record, RecordEntry, View, ledger,
};

const PAGE: u64 = FULL_WIDTH as u64;

/// How many pages are copied at a time, which then wait for the disk together.
const PAGES: u64 = 16;

/// How often the log is looked at until its index of keys and its write-ahead log fit.
const LOOKS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// How a log is copied.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CopyOptions {
    /// The keys under which its checkpoint is believed; without any it is taken as it is.
    pub verifiers: Vec<NoteVerifier>,
    /// Whether everything is hashed again before and after.
    pub check: bool,
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self {
            verifiers: Vec::new(),
            check: true,
        }
    }
}

/// A copy that was made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Copied {
    /// The log's name.
    pub origin: String,
    /// How many entries the copy has.
    pub size: u64,
    /// Their root.
    pub root: Hash,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// Whether the index of keys was copied; if not, the log makes it anew when it is opened.
    pub keys: bool,
    /// What the check of the copy has found, if it was asked for.
    pub report: Option<Report>,
}

/// Why a log was not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// There is no log to be copied.
    #[error("{} holds no log; expected a directory with .state/format in it", path.display())]
    NoLog {
        /// The directory.
        path: PathBuf,
    },
    /// A log is there already.
    #[error(
        "{} is not empty; expected a directory without a log in it: restore into a new one, and then \
         take the place of the old one", path.display()
    )]
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// The place has a copy of something else.
    #[error("{} holds a backup of {found:?}; expected one of {expected:?}", path.display())]
    OtherLog {
        /// The directory.
        path: PathBuf,
        /// The origin of what it holds.
        found: String,
        /// The log's origin.
        expected: String,
    },
    /// The copy has more entries than the log.
    #[error(
        "the backup has {backup} entries, but the log only {log}: the log was set back; do not start \
         it, restore the backup"
    )]
    BackupAhead {
        /// Entries of the copy.
        backup: u64,
        /// Entries of the log.
        log: u64,
    },
    /// The copy has other entries than the log.
    #[error(
        "the first {size} entries have the root {log} in the log, but {backup} in the backup; keep \
         both, this is a fork"
    )]
    Forked {
        /// Entries of the copy.
        size: u64,
        /// Their root in the log.
        log: Hash,
        /// Their root in the copy.
        backup: Hash,
    },
    /// A newer head than that of the copy was let out.
    #[error(
        "the backup has {found} entries, but the guard knows that a head of {known} was let out; a \
         log made of it would fork. Find the newer data (a later backup, the old disk, a mirror), or \
         begin a new log with a new origin"
    )]
    GuardAhead {
        /// The size of the copy.
        found: u64,
        /// The size that the guard knows.
        known: u64,
    },
    /// The check has found errors.
    #[error("{} does not hold together ({} errors); the first one: {}", path.display(),
        report.errors, first(report))]
    Unsound {
        /// The directory.
        path: PathBuf,
        /// What was found.
        report: Box<Report>,
    },
    /// The log was written faster than it could be looked at.
    #[error("the log was written faster than its index of keys could be copied; try again")]
    TooFast,
    /// A directory could not be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log could not be read, or the copy not be written.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The log could not be checked.
    #[error(transparent)]
    Fsck(#[from] FsckError),
}

fn first(report: &Report) -> String {
    let error = report.problems.iter();
    let mut errors = error.filter(|problem| problem.kind.severity() == fsck::Severity::Error);
    errors.next().map_or_else(String::new, ToString::to_string)
}

impl From<ReadError> for CopyError {
    fn from(error: ReadError) -> Self {
        Self::Log(error.into())
    }
}

/// Copies the log in a directory, which may be written meanwhile, to another one. `progress` is told
/// how many entries of how many were copied.
pub async fn backup(
    from: LocalSettings,
    to: &Path,
    options: &CopyOptions,
    progress: impl FnMut(u64, u64),
) -> Result<Copied, CopyError> {
    let mut settings = LocalSettings::new(to, from.format);
    // Nobody adds to a copy, and a second one is refused by what it holds: elsewhere is a good place.
    settings.allow_remote = true;
    let target = LocalDriver::new(settings.clone());
    target.begin_copy()?;
    let mut copied = copy(from, &target, &options.verifiers, progress).await?;
    if options.check {
        copied.report = Some(checked(settings, options, |_| true).await?);
    }
    Ok(copied)
}

/// Makes a log of a backup, in a directory that has none. Refuses what the guard knows to be old.
pub async fn restore(
    from: &Path,
    to: LocalSettings,
    options: &CopyOptions,
    progress: impl FnMut(u64, u64),
) -> Result<Copied, CopyError> {
    let path = || to.directory.clone();
    let target = LocalDriver::new(to.clone());
    if target.is_taken().map_err(unread)? {
        return Err(CopyError::Taken { path: path() });
    }
    let mut source = LocalSettings::new(from, to.format);
    let guard = target.guard_now().await?;
    source.guard = to.guard.clone().filter(|_| guard.is_some());
    if let Some(guard) = guard {
        let found = Directory::new(source.clone(), Vec::new())
            .view()
            .await?
            .size();
        if guard.size > found {
            let known = guard.size;
            return Err(CopyError::GuardAhead { found, known });
        }
    }
    // What an interrupted backup has put behind its last checkpoint is not copied, and no fault. The
    // roots are always compared: a log is made of this.
    let allowed = |kind| kind != ProblemKind::Beyond;
    checked(source.clone(), options, allowed).await?;
    target.begin_copy()?;
    let mut copied = copy(source, &target, &options.verifiers, progress).await?;
    let mut settings = to.clone();
    settings.guard = to.guard.filter(|_| guard.is_some());
    copied.report = Some(checked(settings, options, |_| true).await?);
    target.become_log()?;
    Ok(copied)
}

/// Checks a directory, and refuses one with errors that count.
async fn checked(
    settings: LocalSettings,
    options: &CopyOptions,
    counts: impl Fn(ProblemKind) -> bool,
) -> Result<Report, CopyError> {
    let path = settings.directory.clone();
    let verifiers = options.verifiers.clone();
    let job = move || fsck::check(settings, &verifiers, &Options::default(), |_, _| {});
    let report = tokio::task::spawn_blocking(job)
        .await
        .map_err(|_| LogError::Panicked)??;
    let mut errors = report.problems.iter().map(|problem| problem.kind);
    let errors = errors.any(|kind| kind.severity() == fsck::Severity::Error && counts(kind));
    if errors {
        let report = Box::new(report);
        return Err(CopyError::Unsound { path, report });
    }
    Ok(report)
}

async fn copy(
    from: LocalSettings,
    target: &LocalDriver,
    verifiers: &[NoteVerifier],
    mut progress: impl FnMut(u64, u64),
) -> Result<Copied, CopyError> {
    let path = from.directory.clone();
    let source = LocalDriver::new(LocalSettings {
        read_only: true,
        ..from.clone()
    });
    if source.records_now()?.is_none() {
        return Err(CopyError::NoLog { path });
    }
    let directory = Directory::new(from, verifiers.to_vec());
    let copies_keys = fsck::keys_follow(&source)? != Some(true);
    let look = look(&directory, &source, target, copies_keys).await?;
    let view = &look.view;
    check_same_log(target, view, &look.head).await?;

    let size = view.size();
    let pages = size / PAGE;
    for first in (0..pages).step_by(PAGES as usize) {
        let mut objects = Vec::new();
        let batch = first..(first + PAGES).min(pages);
        for page in batch.clone() {
            objects.extend(page_objects(&source, view, page).await?);
        }
        target.put(objects).await?;
        progress(batch.end * PAGE, size);
    }
    for level in 1_u8.. {
        let tiles = full_tiles(level, size);
        if tiles == 0 {
            break;
        }
        for index in 0..tiles {
            let object = Object::Tile(Tile::hashes(level, index, Width::Full));
            let content = view.tile(level, index, Width::Full).await?;
            let content = content.ok_or(ReadError::Missing { object })?;
            target.put(vec![(object, content)]).await?;
        }
    }
    target.put_directory(&source, "issuer")?;
    let records = right_edge(target, view, &look).await?;
    target.put_records(records)?;
    let checkpoint = view.published().checkpoint;
    target.put_checkpoint(&checkpoint)?;
    progress(size, size);
    Ok(Copied {
        origin: look.head.origin.to_string(),
        size,
        root: view.root_hash(),
        checkpoint: checkpoint.to_string(),
        keys: look.keys,
        report: None,
    })
}

/// The log as it is copied.
struct Look {
    view: View,
    head: Head,
    /// What the objects of the copy cover; the rest is in its records.
    filed: u64,
    keys: bool,
    /// Whether the write-ahead log still has the head, and with it the keys of the last entries.
    of_record: bool,
}

/// Takes the checkpoint and what belongs to it. With an index of keys that is to be copied, the keys
/// come first: they may lag behind the checkpoint, as long as the records have what they lack.
async fn look(
    directory: &Directory,
    source: &LocalDriver,
    target: &LocalDriver,
    copies_keys: bool,
) -> Result<Look, CopyError> {
    for turn in 1..=LOOKS {
        let mut covered = None;
        if copies_keys && source.keys_now()?.covered() > 0 {
            target.put_keys(source)?;
            covered = Some(target.keys_now()?.covered());
        }
        let view = directory.view().await?;
        let mut head = view.reader().state.head.clone();
        let whole_pages = view.size() / PAGE * PAGE;
        let filed = covered.map_or(whole_pages, |covered| covered / PAGE * PAGE);
        let of_record = head.key_id != [0; 4];
        let has_keys = !copies_keys || of_record;
        let fits = filed <= whole_pages && view.reader().state.shelf.start() <= filed && has_keys;
        // Records as old as the checkpoint may be gone, when the log was written in this moment; then
        // its keys' ID is in a newer one.
        if fits && (of_record || turn > 5) {
            if !of_record {
                let records = source.records_now()?.unwrap_or_default();
                head.key_id = records.last().map_or([0; 4], |record| record.head.key_id);
            }
            let keys = covered.is_some();
            return Ok(Look {
                view,
                head,
                filed,
                keys,
                of_record,
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(CopyError::TooFast)
}

/// Refuses a place that has the copy of another log, or of a later or different state of this one.
async fn check_same_log(target: &LocalDriver, view: &View, head: &Head) -> Result<(), CopyError> {
    let Some(there) = target.checkpoint().await? else {
        return Ok(());
    };
    let there = Note::parse(&there).map_err(DirectoryError::from)?;
    let there = Checkpoint::parse(there.text()).map_err(DirectoryError::from)?;
    if there.origin() != &*head.origin {
        return Err(CopyError::OtherLog {
            path: target.directory().to_owned(),
            found: there.origin().to_owned(),
            expected: head.origin.to_string(),
        });
    }
    let (backup, log) = (there.size(), view.size());
    if backup > log {
        return Err(CopyError::BackupAhead { backup, log });
    }
    let root = view.root(backup).await?;
    if root != there.root() {
        return Err(CopyError::Forked {
            size: backup,
            log: root,
            backup: there.root(),
        });
    }
    Ok(())
}

/// The three objects of a full page: from the log's files, or from its write-ahead log.
async fn page_objects(
    source: &LocalDriver,
    view: &View,
    page: u64,
) -> Result<[(Object, Bytes); 3], CopyError> {
    let format = view.format();
    let bundle = Object::Tile(format.tile(page, Width::Full));
    let tile = Object::Tile(Tile::hashes(0, page, Width::Full));
    let lines = Object::Ledger { index: page };
    let missing = |object| ReadError::Missing { object };
    let entries = view.entries(page, Width::Full).await?;
    let hashes = view.tile(0, page, Width::Full).await?;
    let times = match view.reader().state.shelf.page(page) {
        Some(entries) => Some(ledger::encode(entries, format).into()),
        None => source.get(lines).await?,
    };
    Ok([
        (bundle, entries.ok_or(missing(bundle))?),
        (tile, hashes.ok_or(missing(tile))?),
        (lines, times.ok_or(missing(lines))?),
    ])
}

/// The records of what is in no object of the copy: one for each time, and the head at the end.
async fn right_edge(
    target: &LocalDriver,
    view: &View,
    look: &Look,
) -> Result<Vec<std::sync::Arc<Record>>, CopyError> {
    let head = &look.head;
    let owner = Owner::from(head);
    let mut tree = filed_state(target, view.format(), &owner, look.filed)
        .await?
        .tree;
    let mut records = Vec::<Record>::new();
    let state = view.reader().state;
    let mut leaves = Vec::new();
    for page in look.filed / PAGE..view.size().div_ceil(PAGE) {
        leaves.extend(view.leaf_hashes(page).await?);
    }
    for (index, leaf_of_tree) in (look.filed..).zip(leaves) {
        let entry = state.shelf.entry(index).ok_or(ReadError::Missing {
            object: Object::Tile(view.format().tile(index / PAGE, Width::Full)),
        })?;
        if view.format() == Format::TlogTiles && leaf_hash(&entry.stored) != leaf_of_tree {
            return Err(view.damaged_page(index / PAGE).into());
        }
        tree.push(leaf_of_tree);
        if records
            .last()
            .is_none_or(|record| record.head.time != entry.time)
        {
            records.push(Record {
                first: index,
                entries: Vec::new(),
                head: owner.head(index, tree.root(), entry.time),
                filed: look.filed,
            });
        }
        if let Some(record) = records.last_mut() {
            record.entries.push(RecordEntry {
                key: match look.of_record {
                    true => entry.key,
                    false => Key::from(leaf_of_tree),
                },
                leaf_hash: leaf_of_tree,
                stored: entry.stored.clone(),
            });
            record.head = owner.head(index + 1, tree.root(), entry.time);
        }
    }
    match records
        .last_mut()
        .filter(|last| last.head.time == head.time)
    {
        Some(last) => last.head = head.clone(),
        // A head may be later than its last entry: that of a frozen log is.
        None => records.push(Record {
            first: head.size,
            entries: Vec::new(),
            head: head.clone(),
            filed: look.filed,
        }),
    }
    Ok(records.into_iter().map(Into::into).collect())
}

fn unread(source: std::io::Error) -> CopyError {
    CopyError::Driver(crate::files::failed("read the directory", source))
}
