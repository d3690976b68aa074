//! That the histories notice carelessness: each defect that is planted is found.

use waxwing_log::Flaw;

use crate::ground::Ground;
use crate::histories::first_wrong;
use crate::{local, plain};

/// In so many worlds a defect must show.
const WORLDS: u64 = 500;

fn is_noticed(name: &dyn std::fmt::Debug, ground: &Ground) {
    let noticed = first_wrong(ground, 0..WORLDS);
    let (seed, story) = noticed.unwrap_or_else(|| panic!("{name:?} does not show"));
    println!("{name:?}: seed {seed}: {}", story.lines().last().unwrap());
}

#[test]
fn a_commit_that_does_not_wait_for_the_disk() {
    is_noticed(&Flaw::SyncSkipped, &local::ground(Some(Flaw::SyncSkipped)));
}

#[test]
fn an_answer_before_the_commit() {
    is_noticed(
        &Flaw::AnsweredEarly,
        &local::ground(Some(Flaw::AnsweredEarly)),
    );
}

#[test]
fn a_slot_that_is_used_again_before_its_tiles_are_durable() {
    is_noticed(
        &Flaw::SlotRecycledEarly,
        &local::ground(Some(Flaw::SlotRecycledEarly)),
    );
}

/// What the planted defects of the local driver leave out, on the plain one.
#[test]
fn all_other_carelessness() {
    for flaw in plain::Flaw::ALL {
        is_noticed(&flaw, &plain::ground(Some(flaw)));
    }
}
