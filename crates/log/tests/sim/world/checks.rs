//! Opening the log, when it may refuse that, and all that has to hold.

use std::path::Path;
use std::sync::Arc;

use waxwing_encoding::time::Clock;
use waxwing_log::{Driver, DriverError, Log, LogError, ReadError, Refusal};

use super::{GUARD, Going, TILES, World};
use crate::disk::{Faults, Process, SimDisk};
use crate::reader::Found;
use crate::recording::{Outside, RecordingDriver};
use crate::violation::Violation;

/// What a clock may be behind at a start; the engine's own tolerance.
const TOLERANCE_SECONDS: i64 = 1;

impl World<'_> {
    fn driver(&self, process: &Arc<Process>) -> Arc<dyn Driver> {
        let driver = (self.ground.make_driver)(Arc::clone(process), self.variant);
        self.held.lock().unwrap().push(Arc::clone(&driver));
        driver
    }

    pub(super) async fn open(&self, process: &Arc<Process>) -> Result<Log, LogError> {
        self.open_with(self.driver(process), &self.outside).await
    }

    async fn open_with(&self, driver: Arc<dyn Driver>, to: &Outside) -> Result<Log, LogError> {
        let mut settings = self.settings.clone();
        settings.must_exist = self.begun;
        let driver = RecordingDriver::new(driver, to);
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Log::open(driver, self.ground.signer.clone(), clock, settings).await
    }

    /// Whether a start has to be refused for the clock; `None` if it may be or not, since it is not
    /// known whether the last head was committed.
    pub(super) fn clock_is_behind(&self) -> Option<bool> {
        let now = self.clock.now().plus_seconds(TOLERANCE_SECONDS);
        let last = self.acknowledged.values().map(|(_, time)| *time).max();
        if last.is_some_and(|last| now < last) {
            return Some(true);
        }
        let latest = self.outside.seen().latest;
        match latest.is_some_and(|latest| now < latest) {
            true => None,
            false => Some(false),
        }
    }

    /// Whether something has happened that lets the log refuse to open or to go on.
    pub(super) fn judge(&mut self, error: &LogError, process: &Process) -> Result<(), Violation> {
        self.story.push(format!("it does not open: {error}"));
        let driver = matches!(
            error,
            LogError::Driver(DriverError::Unavailable { .. })
                | LogError::Read(ReadError::Driver(DriverError::Unavailable { .. }))
        );
        let clock = matches!(error, LogError::Refused(Refusal::ClockBehind { .. }));
        if clock && self.clock_is_behind() != Some(false) {
            let latest = self.outside.seen().latest;
            self.clock.set(latest.unwrap_or(self.clock.now()));
            self.counts.behind += 1;
            return Ok(());
        }
        match driver && misfortune(process) {
            true => Ok(()),
            false => Err(unearned(error)),
        }
    }

    /// Reads the whole log and compares it with all that is known.
    pub(super) async fn audit(&self, log: &Log, process: &Process) -> Result<(), Violation> {
        process.spare(true);
        let found = Found::read(log).await;
        process.spare(false);
        let found = match found {
            // Between the answer to open and this, the process has died of what goes on behind.
            Err(_) if process.is_dead() => return Ok(()),
            found => found?,
        };
        self.outside.see(&found.note);
        self.outside.read_notes(&self.ground.verifiers)?;
        found.check_files(&self.disk.files_below(Path::new(TILES)))?;
        found.check(&self.outside.seen().heads, &self.acknowledged)?;
        let nobodys = |entry| !self.perhaps.contains(entry);
        match found.entries.iter().position(nobodys) {
            None => Ok(()),
            Some(index) => Err(Violation::Nobodys { index }),
        }
    }

    /// A second process must not get hold of the log.
    pub(super) async fn second_writer(&mut self, process: &Process) -> Result<Going, Violation> {
        let second = self.disk.process(None, Faults::default());
        let opened = self.open(&second).await;
        second.kill();
        if process.is_dead() {
            return Ok(Going::Over);
        }
        self.story.push("a second writer".to_owned());
        self.counts.second_writers += 1;
        match opened {
            Err(LogError::Driver(_)) => Ok(Going::On),
            Err(error) => Err(unearned(error)),
            Ok(_) => Err(Violation::NotRefused {
                what: "a second writer".to_owned(),
            }),
        }
    }

    /// After a close all that was told is on the disk, and in the guard.
    pub(super) async fn check_closed(
        &mut self,
        log: &Log,
        process: &Process,
    ) -> Result<(), Violation> {
        self.counts.closed += 1;
        self.audit(log, process).await?;
        let disk = self.disk.restore(&self.disk.snapshot(), None, 0).crash(0);
        let (guard, size) = self.look(&disk).await?;
        if guard != size || size != Some(log.checkpoint().size) {
            let reason = format!("closed at {size:?}, and the guard is at {guard:?}");
            return Err(Violation::Unearned { reason });
        }
        if let Some(backup) = &self.backup {
            let restored = self.disk.restore(backup, Some(GUARD), self.dice.roll());
            self.restored(&restored).await?;
        }
        if self.backup.is_none() || self.dice.one_in(3) {
            self.backup = Some(self.disk.snapshot());
        }
        Ok(())
    }

    /// Tries to open an old copy of the log beside the guard of today.
    async fn restored(&mut self, disk: &SimDisk) -> Result<(), Violation> {
        let (guard, size) = self.look(disk).await?;
        self.story.push(format!(
            "restored {size:?} entries, the guard is at {guard:?}"
        ));
        let process = disk.process(None, Faults::default());
        let driver = self.driver(&process);
        let clock = self.clock.now();
        self.clock.set(self.outside.seen().latest.unwrap_or(clock));
        let opened = self.open_with(driver, &Outside::default()).await;
        self.clock.set(clock);
        match opened {
            Err(LogError::Refused(Refusal::RolledBack { .. })) if guard > size => {
                self.counts.rolled_back += 1;
                Ok(())
            }
            Ok(_) if guard == size => Ok(()),
            Ok(_) => Err(Violation::NotRefused {
                what: format!("{size:?} entries under a guard of {guard:?}"),
            }),
            Err(error) => Err(unearned(error)),
        }
    }

    /// The sizes that the guard and the records on a disk have, without opening the log.
    async fn look(&self, disk: &SimDisk) -> Result<(Option<u64>, Option<u64>), Violation> {
        let copy = disk.restore(&disk.snapshot(), None, 0);
        let process = copy.process(None, Faults::default());
        let driver = self.driver(&process);
        let found = driver.open().await.map_err(unearned)?;
        let guard = found.guard.map(|guard| guard.size);
        let size = found.records.last().map(|record| record.head.size);
        Ok((guard, size))
    }
}

/// Whether something went wrong that a process can be excused with.
pub(super) fn misfortune(process: &Process) -> bool {
    process.is_dead() || process.faults() > 0
}

pub(super) fn unearned(error: impl std::fmt::Display) -> Violation {
    Violation::Unearned {
        reason: error.to_string(),
    }
}
