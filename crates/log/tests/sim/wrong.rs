//! That the reader from outside finds each thing that a log must not do, on logs that are made up.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::Note;

use crate::identity;
use crate::reader::{Acknowledged, Found};
use crate::recording::{Heads, Outside};
use crate::tree;
use crate::violation::Violation;

/// A log of ten entries that is in order, and what was told of it.
struct Story {
    found: Found,
    heads: Heads,
    told: Acknowledged,
}

fn time(milliseconds: u64) -> UnixTime {
    UnixTime::from_milliseconds(1_700_000_000_000 + milliseconds).unwrap()
}

fn entry(number: u64) -> Bytes {
    format!("entry {number}").into()
}

fn root(leaves: &[Hash], size: u64) -> Hash {
    tree::roots(leaves, [size].into_iter())[&size]
}

fn story() -> Story {
    let entries: Vec<Bytes> = (0..10).map(entry).collect();
    let leaves: Vec<Hash> = entries.iter().map(|entry| tree::leaf(entry)).collect();
    let told = (0..10).map(|index| (index, (entry(index), time(index / 3))));
    Story {
        heads: (0..=10).map(|size| (size, root(&leaves, size))).collect(),
        told: told.collect(),
        found: Found {
            note: "".into(),
            times: (0..10).map(|index| time(index / 3)).collect(),
            entries,
            rows: vec![leaves],
        },
    }
}

/// What is wrong with the story after something was done to it.
fn wrong(change: impl FnOnce(&mut Story)) -> Violation {
    let mut story = story();
    story.found.check(&story.heads, &story.told).unwrap();
    change(&mut story);
    story.found.check(&story.heads, &story.told).unwrap_err()
}

#[test]
fn a_head_that_the_log_has_lost() {
    let violation = wrong(|story| {
        story.heads.insert((11, tree::leaf(b"another")));
    });
    let expected = Violation::HeadLost {
        signed: 11,
        size: 10,
    };
    assert_eq!(violation, expected);
    let violation = wrong(|story| {
        story.found.entries.pop();
        story.found.rows[0].pop();
        story.found.times.pop();
    });
    let expected = Violation::HeadLost {
        signed: 10,
        size: 9,
    };
    assert_eq!(violation, expected);
}

#[test]
fn two_heads_of_one_size() {
    for size in 0..=10 {
        let violation = wrong(|story| {
            story.heads.insert((size, tree::leaf(b"another")));
        });
        assert_eq!(violation, Violation::Forked { size });
    }
}

#[test]
fn an_answer_for_an_entry_that_is_not_there() {
    let violation = wrong(|story| {
        story.told.insert(10, (entry(10), time(9)));
    });
    let expected = Violation::EntryLost {
        index: 10,
        size: 10,
    };
    assert_eq!(violation, expected);
}

#[test]
fn an_answer_for_another_entry() {
    let violation = wrong(|story| {
        story.told.insert(4, (entry(40), time(1)));
    });
    assert_eq!(violation, Violation::EntryChanged { index: 4 });
}

#[test]
fn an_answer_with_another_time() {
    let violation = wrong(|story| {
        story.told.insert(4, (entry(4), time(2)));
    });
    assert_eq!(violation, Violation::TimeChanged { index: 4 });
}

#[test]
fn an_entry_that_is_there_twice() {
    let violation = wrong(|story| {
        // Nobody was told of the second one, and no head covers it.
        story.found.entries.push(entry(3));
        story.found.rows[0].push(tree::leaf(&entry(3)));
        story.found.times.push(time(9));
    });
    let expected = Violation::Twice {
        first: 3,
        second: 10,
    };
    assert_eq!(violation, expected);
}

#[test]
fn times_that_go_backwards() {
    let violation = wrong(|story| {
        story.told.remove(&5);
        story.found.times[5] = time(0);
    });
    assert_eq!(violation, Violation::TimeBackwards { index: 5 });
}

#[test]
fn files_that_are_not_tiles_of_the_log() {
    let mut found = story().found;
    found.entries = (0..256).map(entry).collect();
    let leaves: Vec<Hash> = found
        .entries
        .iter()
        .map(|entry| tree::leaf(entry))
        .collect();
    let content: Vec<u8> = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
    found.rows = vec![leaves, vec![Hash::new([0; 32])]];
    let check = |path: &str, content: &[u8]| found.check_files(&[(path.into(), content.into())]);
    check("/log/tile/0/000", &content).unwrap();
    for (path, content) in [
        ("/log/tile/0/000", &content[1..]),
        ("/log/tile/0/000", &[]),
        ("/log/tile/0/001", &content),
        ("/log/tile/1/000", &content),
        ("/log/tile/0/000.p/3", &content[..96]),
        ("/log/tile/entries/000", &content),
        ("/log/tile/0/0000", &content),
    ] {
        let violation = check(path, content).unwrap_err();
        assert!(matches!(violation, Violation::File { .. }), "{violation}");
    }
}

#[test]
fn a_checkpoint_that_nobody_has_signed() {
    let verifiers = identity::signer().verifiers();
    let checkpoint = Checkpoint::new("log.example.com", 10, tree::leaf(b"")).unwrap();
    let unsigned = Note::new(&checkpoint.to_string()).unwrap();
    for note in [unsigned.to_string(), "no note at all".to_owned()] {
        let outside = Outside::default();
        outside.see(&Arc::from(note));
        let read = outside.read_notes(&verifiers);
        assert!(matches!(read, Err(Violation::Note { .. })), "{read:?}");
    }
}
