//! One history: a log on a disk, several lives of the process that keeps it, and all that was told to
//! anybody.

mod adds;
mod checks;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use waxwing_log::files::{self, FileSystem};
use waxwing_log::{Driver, Settings};

use self::checks::unearned;
use crate::clock::SimClock;
use crate::counts::Counts;
use crate::dice::Dice;
use crate::disk::{Faults, Image, Process, SimDisk};
use crate::ground::{Ground, Start};
use crate::reader::Acknowledged;
use crate::recording::Outside;
use crate::violation::Violation;

/// The directory in the root that the guard is in; the rest of the disk can be restored without it.
const GUARD: &str = "guard";

/// Where the local driver has its tiles and its index of keys. Other drivers have nothing there.
const TILES: &str = "/log/tile";
const KEYS: &str = "/log/.state/keys";

/// A log and what became of it.
pub(crate) struct World<'a> {
    ground: &'a Ground,
    dice: Dice,
    disk: SimDisk,
    clock: SimClock,
    settings: Settings,
    variant: u64,
    faults: Faults,
    outside: Outside,
    acknowledged: Acknowledged,
    /// Entries that are or may be in the log: no caller of the others was left to think so.
    perhaps: HashSet<Bytes>,
    /// Every entry that was ever offered.
    offered: Vec<Bytes>,
    /// An old copy of the disk.
    backup: Option<Image>,
    begun: bool,
    frozen: Frozen,
    /// The drivers of the present life: they must not go before its tasks have, since the last to
    /// let go of a driver waits for those.
    held: Mutex<Vec<Arc<dyn Driver>>>,
    pub(crate) counts: Counts,
    /// What happened, for whoever has to find out why.
    pub(crate) story: Vec<String>,
}

/// Whether the log takes no more entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frozen {
    No,
    /// Somebody wanted it to be, and was not told that it is.
    Perhaps,
    Yes,
}

/// Whether a life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Going {
    On,
    Over,
}

impl<'a> World<'a> {
    pub(crate) fn new(ground: &'a Ground, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let disk = SimDisk::new(dice.roll());
        let operator = disk.process(None, Faults::default());
        let guard = Path::new("/").join(GUARD);
        files::create_directories(&*operator, &guard, &guard).unwrap();
        let faults = faults(&mut dice);
        let mut settings = Settings::of_entries();
        settings.flaw = ground.flaw;
        settings.batch_entries = dice.pick(&[7, 64, 300, 4096]);
        settings.batch_bytes = dice.pick(&[100, 2_000, 1 << 20]);
        settings.unfiled_bytes = dice.pick(&[1, 10_000, 1 << 20]);
        let variant = dice.roll();
        let mut world = Self {
            ground,
            dice,
            disk,
            clock: SimClock::new(),
            settings,
            variant,
            faults,
            outside: Outside::default(),
            acknowledged: Acknowledged::new(),
            perhaps: HashSet::new(),
            offered: Vec::new(),
            backup: None,
            begun: false,
            frozen: Frozen::No,
            held: Mutex::default(),
            counts: Counts::default(),
            story: Vec::new(),
        };
        if let Some(start) = &ground.start {
            let disk = world.disk.restore(&start.image, None, world.dice.roll());
            world.disk = disk;
            world.outside = Outside::of(start.heads.clone(), start.latest);
            world.acknowledged.clone_from(&start.acknowledged);
            let told = world.acknowledged.values();
            world.perhaps = told.map(|(entry, _)| entry.clone()).collect();
            world.offered.clone_from(&start.offered);
            world.begun = true;
        }
        let tell = format!("{faults:?}, batches of {}", world.settings.batch_entries);
        world.story.push(tell);
        world
    }

    /// Has all that is done on the disk told in the story.
    pub(crate) fn watch(&mut self) {
        self.disk.watch();
    }

    /// Lives all of it.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        for _ in 0..2 + self.dice.below(5) {
            self.life()?;
            self.between();
        }
        self.faults = Faults::default();
        self.last_life()
    }

    /// Lets a log grow to that size, and nothing go wrong meanwhile.
    pub(crate) fn grow(mut self, size: usize) -> Result<Start, Violation> {
        let process = self.disk.process(None, Faults::default());
        self.settings = Settings::of_entries();
        self.on_a_runtime(async |world| {
            let log = world.open(&process).await.map_err(unearned)?;
            while world.offered.len() < size {
                let most = 4_000.min(size - world.offered.len());
                let entries = (0..most).map(|_| world.new_entry()).collect();
                world.add_all(&log, &process, entries).await?;
            }
            log.close().await;
            world.audit(&log, &process).await
        })?;
        let seen = self.outside.seen();
        Ok(Start {
            image: self.disk.crash(0).snapshot(),
            heads: seen.heads.clone(),
            latest: seen.latest,
            acknowledged: self.acknowledged,
            offered: self.offered,
        })
    }

    /// What was done on all disks, as one number.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.disk.fingerprint()
    }

    /// One process, from its start to its end.
    fn life(&mut self) -> Result<(), Violation> {
        let crash_at = match self.dice.below(4) {
            0 => Some(1 + self.dice.below(30)),
            _ => None,
        };
        let process = self.disk.process(crash_at, self.faults);
        // Otherwise where much goes wrong nothing would ever begin.
        process.spare(crash_at.is_none() && !self.dice.one_in(3));
        self.story.push("a process".to_owned());
        let ended = self.on_a_runtime(async |world| world.live(&process).await);
        let operations = process.operations();
        let end = if process.is_dead() { "died" } else { "ended" };
        self.story
            .push(format!("it {end} after {operations} changes"));
        self.counts.lives += 1;
        self.counts.deaths += u64::from(process.is_dead());
        self.counts.faults += process.faults();
        self.counts.operations += operations;
        process.kill();
        ended
    }

    /// What is still under way at the end goes as it does with a process.
    fn on_a_runtime<T>(&mut self, job: impl AsyncFnOnce(&mut Self) -> T) -> T {
        let runtime = runtime();
        let done = runtime.block_on(job(self));
        drop(runtime);
        self.story.extend(self.disk.story());
        self.held.lock().unwrap().clear();
        done
    }

    /// A last process that meets with no misfortune, and what it leaves behind.
    fn last_life(&mut self) -> Result<(), Violation> {
        self.story.push("the last lives".to_owned());
        let latest = self.outside.seen().latest;
        if let Some(latest) = latest {
            self.clock.set(latest);
        }
        for _ in 0..2 {
            let process = self.disk.process(None, Faults::default());
            self.on_a_runtime(async |world| {
                let log = world.open(&process).await.map_err(unearned)?;
                world.audit(&log, &process).await?;
                world.burst(&log, &process).await?;
                world.repeat(&log, &process).await?;
                if world.dice.one_in(4) {
                    world.freeze(&log, &process).await?;
                    world.burst(&log, &process).await?;
                }
                log.close().await;
                world.counts.entries = log.checkpoint().size;
                world.audit(&log, &process).await
            })?;
            process.kill();
            self.disk = self.disk.crash(self.dice.roll());
        }
        Ok(())
    }

    async fn live(&mut self, process: &Arc<Process>) -> Result<(), Violation> {
        let behind = self.clock_is_behind();
        let opened = self.open(process).await;
        let log = match opened {
            Err(error) => return self.judge(&error, process),
            Ok(_) if behind == Some(true) => {
                let what = "the clock is behind the last head".to_owned();
                return Err(Violation::NotRefused { what });
            }
            Ok(log) => log,
        };
        self.begun = true;
        self.counts.opened += 1;
        process.spare(false);
        self.audit(&log, process).await?;
        if !self.dice.one_in(3) {
            let spread = self.dice.pick(&[5, 30, 100, 300]);
            process.die_after(1 + self.dice.below(spread));
        }
        for _ in 0..1 + self.dice.below(9) {
            let going = match self.dice.below(10) {
                0 if self.dice.one_in(20) => self.freeze(&log, process).await?,
                0..5 => self.burst(&log, process).await?,
                5..7 => self.repeat(&log, process).await?,
                7 => self.second_writer(process).await?,
                8 => {
                    let pause = self.dice.below(3_000);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    Going::On
                }
                _ => {
                    self.clock.pass(&mut self.dice);
                    Going::On
                }
            };
            if going == Going::Over || process.is_dead() {
                return Ok(());
            }
        }
        if !self.dice.one_in(3) {
            log.close().await;
            self.story.push("closed".to_owned());
            if !process.is_dead() && process.faults() == 0 {
                self.check_closed(&log, process).await?;
            }
        }
        Ok(())
    }

    /// Between two lives the power goes, or only the process is another; time passes.
    fn between(&mut self) {
        if self.dice.below(10) < 7 {
            self.disk = self.disk.crash(self.dice.roll());
            self.story.push("the power goes".to_owned());
            if self.dice.one_in(4) {
                self.backup = Some(self.disk.snapshot());
            }
        }
        if self.dice.one_in(10) {
            self.lose_keys();
        }
        self.clock.pass(&mut self.dice);
    }

    /// Somebody removes files of the index of keys, which is made of the log and can be made again.
    fn lose_keys(&mut self) {
        let operator = self.disk.process(None, Faults::default());
        for (path, _) in self.disk.files_below(Path::new(KEYS)) {
            if self.dice.coin() {
                operator.remove(&path).unwrap();
                self.story.push(format!("{} is lost", path.display()));
            }
        }
    }
}

/// What goes wrong in a world besides crashes; often nothing, so that what crashes do is seen alone.
fn faults(dice: &mut Dice) -> Faults {
    if dice.coin() {
        return Faults::default();
    }
    Faults {
        sync_lost: dice.pick(&[0, 0, 12, 80]),
        sync_done: dice.pick(&[0, 0, 12, 80]),
        full: dice.pick(&[0, 0, 0, 1, 20, 100]),
        read: dice.pick(&[0, 0, 20, 200]),
        write: dice.pick(&[0, 0, 0, 12, 80]),
        name: dice.pick(&[0, 0, 0, 12, 80]),
    }
}

/// A runtime of one thread where pauses take no time. Dropping it ends everything that runs on it, as
/// the end of a process does.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}
