//! The refresh: from a root that is trusted to the four documents that are the latest (sections 5.2
//! to 5.6).

use std::mem;

use waxwing_encoding::time::UnixTime;

use super::checks::{check_content, check_expiry, check_rollback, check_version, parse};
use super::names::metadata_path;
use super::trusted::Trusted;
use super::{Answer, Base, LocalChange, LocalCopy, UpdateError, Wanted, content};
use crate::metadata::{MetaFile, Metadata, Root, Signed, Snapshot, Targets, Timestamp, TopRole};

/// Most new roots that one refresh walks through. Who is further behind needs a second one.
pub const MOST_ROOTS: u32 = 256;

/// Where a refresh begins.
#[derive(Debug, Clone)]
pub struct Start {
    /// The root that was given out of band, such as the one that a program brings along. It may be
    /// expired.
    pub root: Vec<u8>,
    /// What earlier refreshes left. A root in it that is newer than the other takes its place.
    pub local: LocalCopy,
    /// The time by which everything is judged.
    pub now: UnixTime,
}

/// A refresh under way.
#[derive(Debug)]
pub struct Refresh {
    now: UnixTime,
    local: LocalCopy,
    changes: Vec<LocalChange>,
    root: Metadata<Root>,
    stage: Stage,
}

/// What is wanted next, with what was found so far.
#[derive(Debug)]
enum Stage {
    Root {
        fetched: u32,
    },
    Timestamp {
        trusted: Option<Metadata<Timestamp>>,
    },
    Snapshot {
        timestamp: Metadata<Timestamp>,
        trusted: Option<Metadata<Snapshot>>,
    },
    Targets {
        timestamp: Metadata<Timestamp>,
        snapshot: Metadata<Snapshot>,
        file: MetaFile,
    },
    Done(Box<Latest>),
    Failed,
}

/// What stands at the end.
#[derive(Debug)]
struct Latest {
    timestamp: Metadata<Timestamp>,
    snapshot: Metadata<Snapshot>,
    targets: Metadata<Targets>,
}

impl Refresh {
    /// Checks the root against itself and begins; nothing is wanted if it does not verify
    /// (section 5.2).
    pub fn start(start: Start) -> Result<Self, UpdateError> {
        let given = self_signed(&start.root)?;
        let kept = start.local.role("root").map(self_signed);
        let mut refresh = Self {
            now: start.now,
            local: start.local,
            changes: Vec::new(),
            root: given,
            stage: Stage::Root { fetched: 0 },
        };
        match kept {
            Some(Ok(kept)) if kept.signed().version() >= refresh.root.signed().version() => {
                refresh.root = kept;
            }
            // The local copy is behind: it moves on to the root that was given.
            Some(Ok(kept)) => {
                let given = mem::replace(&mut refresh.root, kept);
                refresh.move_on_to(given);
            }
            Some(Err(_)) | None => refresh.store("root", start.root),
        }
        Ok(refresh)
    }

    /// Goes through a refresh that asks nobody: the local copy is verified and must not be expired.
    /// What is missing is the error.
    pub fn offline(start: Start) -> Result<Trusted, UpdateError> {
        let mut refresh = Self::start(start)?;
        refresh.answer(Answer::NotFound)?;
        let timestamp = refresh.local.role("timestamp").map(<[u8]>::to_vec);
        refresh.answer(timestamp.map_or(Answer::NotFound, Answer::Fetched))?;
        if refresh.wanted().is_some() {
            refresh.answer(Answer::NotFound)?;
        }
        refresh.finish()
    }

    /// The file that is wanted now; `None` at the end, and after a failure.
    pub fn wanted(&self) -> Option<Wanted> {
        let consistent = self.root.signed().consistent_snapshot();
        let wanted = |role: TopRole, version: Option<u64>, longest: usize, length: Option<u64>| {
            let longest = longest as u64;
            Some(Wanted {
                base: Base::Metadata,
                path: metadata_path(role.name(), version),
                max_length: length.map_or(longest, |length| length.min(longest)),
            })
        };
        let named = |file: &MetaFile| consistent.then_some(file.version());
        match &self.stage {
            Stage::Root { .. } => {
                let next = Some(self.next_root());
                wanted(TopRole::Root, next, Metadata::<Root>::LONGEST, None)
            }
            Stage::Timestamp { .. } => wanted(
                TopRole::Timestamp,
                None,
                Metadata::<Timestamp>::LONGEST,
                None,
            ),
            Stage::Snapshot { timestamp, .. } => {
                let file = timestamp.signed().snapshot();
                let longest = Metadata::<Snapshot>::LONGEST;
                wanted(TopRole::Snapshot, named(file), longest, file.length())
            }
            Stage::Targets { file, .. } => {
                let longest = Metadata::<Targets>::LONGEST;
                wanted(TopRole::Targets, named(file), longest, file.length())
            }
            Stage::Done(_) | Stage::Failed => None,
        }
    }

    /// Takes what came of the request for [`wanted`](Self::wanted). After an error there is nothing
    /// more to do but [`take_changes`](Self::take_changes).
    pub fn answer(&mut self, answer: Answer) -> Result<(), UpdateError> {
        let wanted = self.wanted().ok_or(UpdateError::NothingWanted)?;
        self.stage = match mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Root { .. } if answer == Answer::NotFound => self.last_root()?,
            Stage::Root { fetched } => self.next(&content(&wanted, answer)?, fetched + 1)?,
            Stage::Timestamp { trusted } => {
                let timestamp = self.timestamp(content(&wanted, answer)?, trusted)?;
                self.local_snapshot(timestamp)?
            }
            Stage::Snapshot { timestamp, trusted } => {
                let bytes = content(&wanted, answer)?;
                let snapshot = self.snapshot(bytes, &timestamp, trusted.as_ref())?;
                self.local_targets(timestamp, snapshot)?
            }
            Stage::Targets {
                timestamp,
                snapshot,
                file,
            } => {
                let bytes = content(&wanted, answer)?;
                let targets = self.check_targets(&bytes, &file)?;
                self.store("targets", bytes);
                Stage::Done(Box::new(Latest {
                    timestamp,
                    snapshot,
                    targets,
                }))
            }
            Stage::Done(_) | Stage::Failed => return Err(UpdateError::NothingWanted),
        };
        Ok(())
    }

    /// The changes of the local copy since the last call, to be made in this order.
    pub fn take_changes(&mut self) -> Vec<LocalChange> {
        mem::take(&mut self.changes)
    }

    /// What is trusted now.
    pub fn finish(self) -> Result<Trusted, UpdateError> {
        let Stage::Done(latest) = self.stage else {
            return Err(UpdateError::Unfinished);
        };
        Ok(Trusted {
            now: self.now,
            local: self.local,
            root: self.root,
            timestamp: latest.timestamp,
            snapshot: latest.snapshot,
            targets: latest.targets,
        })
    }

    fn next_root(&self) -> u64 {
        self.root.signed().version().saturating_add(1)
    }

    /// Section 5.3.4 to 5.3.8: signed by the old root's keys and by its own, and the next version.
    fn next(&mut self, bytes: &[u8], fetched: u32) -> Result<Stage, UpdateError> {
        let root: Metadata<Root> = parse("root", bytes)?;
        root.verify(self.root.signed().signers(TopRole::Root))?;
        root.verify(root.signed().signers(TopRole::Root))?;
        check_version("root", &root, self.next_root())?;
        self.move_on_to(root);
        match fetched < MOST_ROOTS {
            true => Ok(Stage::Root { fetched }),
            false => self.last_root(),
        }
    }

    /// Trusts a newer root; with other keys for timestamp or snapshot, forgets both (section 5.3.11).
    ///
    /// They are deleted before the root is stored: after a crash in between the walk is made again,
    /// while a root without the deletion would leave versions behind that nobody can follow.
    fn move_on_to(&mut self, root: Metadata<Root>) {
        let rotated = |role| {
            let (old, new) = (self.root.signed(), root.signed());
            old.signers(role).differ(new.signers(role))
        };
        if rotated(TopRole::Timestamp) || rotated(TopRole::Snapshot) {
            for role in [TopRole::Timestamp, TopRole::Snapshot] {
                if self.local.role(role.name()).is_some() {
                    let role = role.name().to_owned();
                    self.change(LocalChange::Delete { role });
                }
            }
        }
        self.store("root", root.bytes().to_vec());
        self.root = root;
    }

    /// Section 5.3.10: expiry counts for the last root alone.
    fn last_root(&mut self) -> Result<Stage, UpdateError> {
        check_expiry("root", &self.root, self.now)?;
        Ok(Stage::Timestamp {
            // Expired or not: it still knows how far the versions are.
            trusted: self.kept(TopRole::Timestamp),
        })
    }

    /// Section 5.4.
    fn timestamp(
        &mut self,
        bytes: Vec<u8>,
        trusted: Option<Metadata<Timestamp>>,
    ) -> Result<Metadata<Timestamp>, UpdateError> {
        let found: Metadata<Timestamp> = parse("timestamp", &bytes)?;
        found.verify(self.root.signed().signers(TopRole::Timestamp))?;
        if let Some(trusted) = trusted {
            let (old, new) = (trusted.signed(), found.signed());
            check_rollback("timestamp", "timestamp", new.version(), old.version())?;
            if new.version() == old.version() {
                // Also where the bytes differ: the first ones stay.
                check_expiry("timestamp", &trusted, self.now)?;
                return Ok(trusted);
            }
            let (new, old) = (new.snapshot().version(), old.snapshot().version());
            check_rollback("timestamp", "snapshot", new, old)?;
        }
        check_expiry("timestamp", &found, self.now)?;
        self.store("timestamp", bytes);
        Ok(found)
    }

    /// The local snapshot, if it is the one that the timestamp names.
    fn local_snapshot(&mut self, timestamp: Metadata<Timestamp>) -> Result<Stage, UpdateError> {
        let trusted: Option<Metadata<Snapshot>> = self.kept(TopRole::Snapshot);
        let file = timestamp.signed().snapshot();
        let current = |snapshot: &Metadata<Snapshot>| {
            snapshot.signed().version() == file.version()
                && file.check(snapshot.bytes()).is_ok()
                && !snapshot.signed().is_expired(self.now)
        };
        match trusted {
            Some(snapshot) if current(&snapshot) => self.local_targets(timestamp, snapshot),
            trusted => Ok(Stage::Snapshot { timestamp, trusted }),
        }
    }

    /// Section 5.5.
    fn snapshot(
        &mut self,
        bytes: Vec<u8>,
        timestamp: &Metadata<Timestamp>,
        trusted: Option<&Metadata<Snapshot>>,
    ) -> Result<Metadata<Snapshot>, UpdateError> {
        let file = timestamp.signed().snapshot();
        check_content("snapshot", file, &bytes)?;
        let found: Metadata<Snapshot> = parse("snapshot", &bytes)?;
        found.verify(self.root.signed().signers(TopRole::Snapshot))?;
        check_version("snapshot", &found, file.version())?;
        for (name, old) in trusted.iter().flat_map(|trusted| trusted.signed().iter()) {
            let Some(new) = found.signed().meta.get(name) else {
                return Err(UpdateError::Removed {
                    file: name.to_owned(),
                });
            };
            let role = name.strip_suffix(".json").unwrap_or(name);
            check_rollback("snapshot", role, new.version(), old.version())?;
        }
        check_expiry("snapshot", &found, self.now)?;
        self.store("snapshot", bytes);
        Ok(found)
    }

    /// The local targets metadata, if it is the one that the snapshot names.
    fn local_targets(
        &mut self,
        timestamp: Metadata<Timestamp>,
        snapshot: Metadata<Snapshot>,
    ) -> Result<Stage, UpdateError> {
        let file = snapshot.signed().role("targets").cloned();
        let file = file.ok_or_else(|| UpdateError::NotInSnapshot {
            role: "targets".into(),
        })?;
        let kept = self.local.role("targets");
        let kept = kept.and_then(|bytes| self.check_targets(bytes, &file).ok());
        Ok(match kept {
            Some(targets) => Stage::Done(Box::new(Latest {
                timestamp,
                snapshot,
                targets,
            })),
            None => Stage::Targets {
                timestamp,
                snapshot,
                file,
            },
        })
    }

    /// Section 5.6.
    fn check_targets(
        &self,
        bytes: &[u8],
        file: &MetaFile,
    ) -> Result<Metadata<Targets>, UpdateError> {
        check_content("targets", file, bytes)?;
        let found: Metadata<Targets> = parse("targets", bytes)?;
        found.verify(self.root.signed().signers(TopRole::Targets))?;
        check_version("targets", &found, file.version())?;
        check_expiry("targets", &found, self.now)?;
        Ok(found)
    }

    /// The local copy of a role, if it verifies.
    fn kept<T: Signed>(&self, role: TopRole) -> Option<Metadata<T>> {
        let kept = Metadata::parse(self.local.role(role.name())?).ok()?;
        kept.verify(self.root.signed().signers(role)).ok()?;
        Some(kept)
    }

    fn store(&mut self, role: &str, bytes: Vec<u8>) {
        let role = role.to_owned();
        self.change(LocalChange::Store { role, bytes });
    }

    fn change(&mut self, change: LocalChange) {
        self.local.apply(change.clone());
        self.changes.push(change);
    }
}

fn self_signed(bytes: &[u8]) -> Result<Metadata<Root>, UpdateError> {
    let root: Metadata<Root> = parse("root", bytes)?;
    root.verify(root.signed().signers(TopRole::Root))?;
    Ok(root)
}
