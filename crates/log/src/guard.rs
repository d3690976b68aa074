//! The guard: the last head that was let out, kept apart from the log.
//!
//! A storage that was set back to yesterday's copy is whole in itself. Only something outside it
//! knows that there was a today.

use crate::context::Context;
use crate::read::Reader;
use crate::state::State;
use crate::{Driver, DriverError, Guard, GuardMoved, GuardSwap, LogError, Refusal};

/// How often another writer may get in between before the storage is taken to be at fault.
const ATTEMPTS: usize = 16;

/// Refuses a state that the guard's head is not a part of.
pub(crate) async fn check(context: &Context, state: &State, guard: Guard) -> Result<(), LogError> {
    if guard.size > state.head.size {
        return Err(rolled_back(guard, state));
    }
    let reader = Reader {
        state,
        driver: &*context.driver,
        format: context.settings.format,
    };
    let found = reader.root(guard.size).await?;
    if found != guard.root {
        return Err(LogError::Refused(Refusal::Forked {
            size: guard.size,
            found,
            known: guard.root,
        }));
    }
    Ok(())
}

/// Moves the guard to a head that is durable and about to be let out.
///
/// A guard that is further on is another writer's work. Its record will come as a conflict; until
/// then this head is as good as it was.
pub(crate) async fn advance(
    context: &Context,
    state: &State,
    known: &mut Option<Guard>,
) -> Result<(), LogError> {
    let driver: &dyn Driver = &*context.driver;
    let new = Guard {
        size: state.head.size,
        root: state.head.root,
    };
    for _ in 0..ATTEMPTS {
        if let Some(guard) = *known {
            // Never backwards: that would be the very thing the guard is there to notice.
            if guard == new || guard.size > new.size {
                return Ok(());
            }
            check(context, state, guard).await?;
        }
        let swapped = match driver.swap_guard(*known, new).await {
            Err(DriverError::GuardMoved(moved)) => {
                let found = own(context, state, moved).await?;
                driver.swap_guard(Some(found), new).await?
            }
            swapped => swapped?,
        };
        match swapped {
            GuardSwap::Swapped => {
                *known = Some(new);
                return Ok(());
            }
            GuardSwap::Other(found) => *known = found,
        }
    }
    let found = known.unwrap_or(new);
    Err(rolled_back(found, state))
}

/// What was found in place of the guard, if it is a head that this log had: what keeps the guard was set back to an
/// older copy, or a write of ours came late. Of another copy of this log it is none, or one that ours has too.
async fn own(context: &Context, state: &State, moved: Box<GuardMoved>) -> Result<Guard, LogError> {
    let found = moved.found.filter(|found| found.size <= state.head.size);
    let Some(found) = found else {
        return Err(DriverError::GuardMoved(moved).into());
    };
    match check(context, state, found).await {
        Ok(()) => Ok(found),
        Err(LogError::Refused(_)) => Err(DriverError::GuardMoved(moved).into()),
        Err(error) => Err(error),
    }
}

fn rolled_back(guard: Guard, state: &State) -> LogError {
    LogError::Refused(Refusal::RolledBack {
        known: guard.size,
        found: state.head.size,
    })
}
