//! Opening a log: from what the driver has to a state that can be built upon.
//!
//! The tree is taken up where the last filed page ends, from the full tiles left of it: at most 255
//! tiles a level, whatever the size of the log. The records go on from there, and each root on the
//! way is derived again. The same function opens a log at start, and again when it is unknown what
//! became of a commit.

use std::sync::Arc;

use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_tlog::merkle::EMPTY_ROOT;
use waxwing_tlog::tile::{FULL_WIDTH, full_tiles};

use crate::context::Context;
use crate::head::Owner;
use crate::read::Reader;
use crate::recent::Keys;
use crate::shelf::Shelf;
use crate::state::{State, check_sound};
use crate::tree::Tree;
use crate::{
    Driver, DriverError, Format, Guard, KeyIndex, LogError, Outcome, Record, Refusal, guard,
};

const PAGE: u64 = FULL_WIDTH as u64;

/// A clock may be set right by so much between two runs without the log refusing to start: less
/// would refuse a restart within the correction of a time service.
const CLOCK_TOLERANCE_SECONDS: i64 = 1;

/// How many keys of a lost index are made again in one step: each step is made durable by itself.
const REBUILT_AT_ONCE: usize = 65_536;

/// How often a log may be found absent, and then be there when it is to be begun.
const ATTEMPTS: usize = 8;

/// A log that was opened.
pub(crate) struct Opened {
    pub(crate) state: State,
    pub(crate) guard: Option<Guard>,
    /// The records that were kept.
    pub(crate) records: Vec<Arc<Record>>,
}

impl Context {
    pub(crate) fn reader<'a>(&'a self, state: &'a State) -> Reader<'a> {
        Reader {
            state,
            driver: &*self.driver,
            format: self.settings.format,
        }
    }
}

/// Opens the log, or begins it with a head of no entries.
pub(crate) async fn open(context: &Context, keys: &Keys) -> Result<Opened, LogError> {
    let mut failure = None;
    for _ in 0..ATTEMPTS {
        if let Some(opened) = recover(context, keys).await? {
            check_clock(context, &opened.state)?;
            return Ok(opened);
        }
        if context.settings.must_exist {
            return Err(Refusal::Absent.into());
        }
        // However this ends, the next turn finds out what is there.
        if let Outcome::Unknown { source } = begin(context).await {
            failure = Some(source);
        }
    }
    Err(LogError::Driver(failure.unwrap_or_else(|| {
        DriverError::Unavailable {
            operation: "begin the log",
            source: "it is neither there nor can it be begun".into(),
        }
    })))
}

/// Recovers the state from the driver; `None` if there is no log. The keys of the entries that the
/// index lacks are added to it.
pub(crate) async fn recover(context: &Context, keys: &Keys) -> Result<Option<Opened>, LogError> {
    let recovered = context.driver.open().await?;
    let Some(last) = recovered.records.last() else {
        return match recovered.guard {
            None => Ok(None),
            Some(guard) => Err(LogError::Refused(Refusal::RolledBack {
                known: guard.size,
                found: 0,
            })),
        };
    };
    check_sound(last)?;
    // Not that of the last record alone: of two writers the one that commits last may know less.
    let filed = recovered.records.iter().map(|record| record.filed).max();
    let filed = filed.unwrap_or_default();
    let owner = context.signer.owner();
    let mut state = filed_state(&*context.driver, context.settings.format, &owner, filed).await?;
    let format = context.settings.format;
    state.extend(&recovered.records, &owner, format)?;
    if let Some(guard) = recovered.guard {
        guard::check(context, &state, guard).await?;
    }
    let mut opened = Opened {
        state,
        guard: recovered.guard,
        records: recovered.records,
    };
    guard::advance(context, &opened.state, &mut opened.guard).await?;
    // Keys are absorbed of what was published, so more of them than entries means older records.
    if recovered.covered > opened.state.head.size {
        return Err(LogError::Refused(Refusal::RolledBack {
            known: recovered.covered,
            found: opened.state.head.size,
        }));
    }
    fill(context, &opened.state, &*recovered.keys).await?;
    keys.reset(recovered.keys, &opened.state.shelf);
    Ok(Some(opened))
}

/// The state at the end of the last filed page. Its head stands in for one: it has no time yet.
pub(crate) async fn filed_state(
    driver: &dyn Driver,
    format: Format,
    owner: &Owner,
    filed: u64,
) -> Result<State, LogError> {
    let since = UnixTime::from_milliseconds(0).expect("invariant: the epoch is a time");
    let empty = State {
        head: owner.head(0, EMPTY_ROOT, since),
        tree: Tree::default(),
        shelf: Shelf::after(filed),
        filed,
    };
    let reader = Reader {
        state: &empty,
        driver,
        format,
    };
    let mut rows = Vec::new();
    for level in 1_u8.. {
        let width = filed.checked_shr(8 * u32::from(level)).unwrap_or(0);
        if width == 0 {
            break;
        }
        let mut row = Vec::with_capacity(FULL_WIDTH);
        for tile in full_tiles(level, filed) * PAGE..width {
            let tile = reader.hash_tile((level - 1, tile)).await?;
            row.extend(tile.root());
        }
        rows.push(row);
    }
    let tree = Tree::from_rows(filed, &rows);
    Ok(State {
        head: owner.head(filed, tree.root(), since),
        tree,
        ..empty
    })
}

/// Makes the driver's index of keys cover what is filed.
///
/// It does, unless it was lost: keys are absorbed before a record calls their entries filed.
async fn fill(context: &Context, state: &State, keys: &dyn KeyIndex) -> Result<(), LogError> {
    let covered = keys.covered();
    if covered >= state.filed {
        return Ok(());
    }
    let Some(key_of) = context.settings.key_of else {
        return Err(Refusal::KeysLost {
            covered,
            filed: state.filed,
        }
        .into());
    };
    let reader = context.reader(state);
    let mut first = covered / PAGE * PAGE;
    let mut found = Vec::new();
    for page in covered / PAGE..state.filed / PAGE {
        let entries = reader.filed_page(page).await?;
        found.extend(entries.iter().map(|entry| key_of(&entry.stored)));
        if found.len() >= REBUILT_AT_ONCE || (page + 1) * PAGE == state.filed {
            let next = first + found.len() as u64;
            keys.absorb(first, std::mem::take(&mut found)).await?;
            first = next;
        }
    }
    Ok(())
}

async fn begin(context: &Context) -> Outcome {
    let time = whole_milliseconds(&*context.clock);
    let record = Record {
        first: 0,
        entries: Vec::new(),
        head: context.signer.owner().head(0, EMPTY_ROOT, time),
        filed: 0,
    };
    context.driver.commit(None, Arc::new(record)).await
}

/// The present, cut to the precision that leaves and heads have.
pub(crate) fn whole_milliseconds(clock: &dyn Clock) -> UnixTime {
    let now = clock.now();
    UnixTime::from_milliseconds(now.milliseconds()).unwrap_or(now)
}

fn check_clock(context: &Context, state: &State) -> Result<(), Refusal> {
    let (now, head) = (context.clock.now(), state.head.time);
    if now.plus_seconds(CLOCK_TOLERANCE_SECONDS) < head {
        return Err(Refusal::ClockBehind { head, now });
    }
    Ok(())
}
