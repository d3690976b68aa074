//! That the disk is as cruel as it may be, and no crueller.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use waxwing_log::files::{File, FileSystem};

use super::content::SECTOR;
use super::{Faults, Process, SimDisk};

const SEEDS: u64 = 400;

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn disk(seed: u64) -> (SimDisk, Arc<Process>) {
    let disk = SimDisk::new(seed);
    let process = disk.process(None, Faults::default());
    (disk, process)
}

/// A file with this content whose name and content are durable.
fn durable(process: &Process, name: &str, content: &[u8]) -> Arc<dyn File> {
    let file = process.create(path(name), false).unwrap();
    file.write_at(content, 0).unwrap();
    file.sync().unwrap();
    process.sync_directory(path("/")).unwrap();
    file
}

fn content(disk: &SimDisk, name: &str) -> Option<Vec<u8>> {
    let process = disk.process(None, Faults::default());
    let file = process.open(path(name), false).ok()?;
    let mut content = vec![0; file.length().unwrap() as usize];
    file.read_at(&mut content, 0).unwrap();
    Some(content)
}

/// What a file is seen to hold after a crash, over many seeds.
fn outcomes(name: &str, history: impl Fn(&Process)) -> BTreeSet<Option<Vec<u8>>> {
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let (disk, process) = disk(seed);
        history(&process);
        seen.insert(content(&disk.crash(seed), name));
    }
    seen
}

#[test]
fn what_was_synchronised_stays() {
    let seen = outcomes("/a", |process| {
        durable(process, "/a", &[1; 2000]);
    });
    assert_eq!(seen, BTreeSet::from([Some(vec![1; 2000])]));
}

#[test]
fn a_write_is_seen_kept_lost_and_torn_by_sectors() {
    let seen = outcomes("/a", |process| {
        let file = durable(process, "/a", &[0; 4 * SECTOR]);
        file.write_at(&[1; 4 * SECTOR], 0).unwrap();
    });
    let patterns: BTreeSet<Vec<u8>> = seen
        .into_iter()
        .map(|content| {
            let content = content.unwrap();
            assert_eq!(content.len(), 4 * SECTOR);
            let sectors = content.chunks(SECTOR).map(|sector| {
                assert!(sector.iter().all(|byte| *byte == sector[0]));
                sector[0]
            });
            sectors.collect()
        })
        .collect();
    assert_eq!(patterns.len(), 16, "{patterns:?}");
}

#[test]
fn of_two_writes_either_is_seen_without_the_other_and_over_the_other() {
    let apart = outcomes("/a", |process| {
        let file = durable(process, "/a", &[0; 2 * SECTOR]);
        file.write_at(&[1], 0).unwrap();
        file.write_at(&[2], SECTOR as u64).unwrap();
    });
    let apart: BTreeSet<(u8, u8)> = apart
        .into_iter()
        .map(|content| content.map(|bytes| (bytes[0], bytes[SECTOR])).unwrap())
        .collect();
    assert_eq!(apart, BTreeSet::from([(0, 0), (1, 0), (0, 2), (1, 2)]));

    let over = outcomes("/a", |process| {
        let file = durable(process, "/a", &[0, 0, 0]);
        file.write_at(&[1, 1], 0).unwrap();
        file.write_at(&[2, 2], 1).unwrap();
    });
    assert!(
        over.contains(&Some(vec![1, 1, 2])),
        "an old write comes late"
    );
    assert!(over.contains(&Some(vec![1, 2, 2])));
    assert!(over.contains(&Some(vec![0, 2, 2])));
    assert!(over.contains(&Some(vec![1, 1, 0])));
}

#[test]
fn a_file_that_grew_has_either_length_and_its_bytes_zeros_or_garbage() {
    let seen = outcomes("/a", |process| {
        let file = durable(process, "/a", &[1; 10]);
        file.write_at(&[2; SECTOR], 10).unwrap();
    });
    let seen: Vec<Vec<u8>> = seen.into_iter().flatten().collect();
    assert!(seen.iter().all(|content| content.starts_with(&[1; 10])));
    let grown = |tail: &dyn Fn(&[u8]) -> bool| {
        seen.iter()
            .any(|content| content.len() == 10 + SECTOR && tail(&content[10..]))
    };
    assert!(seen.contains(&vec![1; 10]));
    assert!(grown(&|tail| tail == [2; SECTOR]));
    assert!(grown(&|tail| tail == [0; SECTOR]));
    assert!(grown(&|tail| tail.iter().any(|byte| *byte > 2)));
}

#[test]
fn a_new_name_is_seen_and_not_and_without_its_name_content_is_nothing() {
    let seen = outcomes("/a", |process| {
        let file = process.create(path("/a"), false).unwrap();
        file.write_at(b"content", 0).unwrap();
        file.sync().unwrap();
    });
    assert_eq!(seen, BTreeSet::from([None, Some(b"content".to_vec())]));
    let seen = outcomes("/b/a", |process| {
        process.create_directory(path("/b")).unwrap();
        let file = process.create(path("/b/a"), false).unwrap();
        file.write_at(b"content", 0).unwrap();
        file.sync().unwrap();
        process.sync_directory(path("/b")).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([None, Some(b"content".to_vec())]));
}

#[test]
fn a_removal_is_seen_done_and_not_done() {
    let seen = outcomes("/a", |process| {
        durable(process, "/a", b"content");
        process.remove(path("/a")).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([None, Some(b"content".to_vec())]));
}

#[test]
fn a_rename_is_seen_done_and_not_done_and_never_half() {
    let renamed = |synchronised: bool| {
        let mut seen = BTreeSet::new();
        for seed in 0..SEEDS {
            let (disk, process) = disk(seed);
            durable(&process, "/old", b"old");
            durable(&process, "/new", b"new");
            process.rename(path("/new"), path("/old")).unwrap();
            if synchronised {
                process.sync_directory(path("/")).unwrap();
            }
            let after = disk.crash(seed);
            seen.insert((content(&after, "/old"), content(&after, "/new")));
        }
        seen
    };
    let done = (Some(b"new".to_vec()), None);
    let not_done = (Some(b"old".to_vec()), Some(b"new".to_vec()));
    assert_eq!(renamed(false), BTreeSet::from([done.clone(), not_done]));
    assert_eq!(renamed(true), BTreeSet::from([done]));
}

#[test]
fn a_rename_to_another_directory_is_certain_there_once_that_is_synchronised() {
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let (disk, process) = disk(seed);
        process.create_directory(path("/b")).unwrap();
        durable(&process, "/a", b"content");
        process.rename(path("/a"), path("/b/a")).unwrap();
        process.sync_directory(path("/b")).unwrap();
        let after = disk.crash(seed);
        assert!(content(&after, "/b/a").is_some());
        seen.insert(content(&after, "/a").is_some());
    }
    assert_eq!(seen, BTreeSet::from([false, true]));
}

#[test]
fn changes_of_names_happen_in_any_order() {
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let (disk, process) = disk(seed);
        durable(&process, "/first", b"");
        process.remove(path("/first")).unwrap();
        process.create(path("/second"), false).unwrap();
        let after = disk.crash(seed);
        let there = |name| content(&after, name).is_some();
        seen.insert((there("/first"), there("/second")));
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn a_process_dies_at_its_operation_and_the_next_one_sees_what_it_wrote() {
    let mut done = BTreeSet::new();
    for seed in 0..SEEDS {
        let disk = SimDisk::new(seed);
        let process = disk.process(Some(3), Faults::default());
        let file = process.create(path("/a"), false).unwrap();
        file.write_at(b"1", 0).unwrap();
        file.write_at(b"2", 1).unwrap_err();
        assert!(process.is_dead());
        file.write_at(b"3", 2).unwrap_err();
        file.sync().unwrap_err();
        process.open(path("/a"), false).unwrap_err();
        done.insert(content(&disk, "/a").unwrap());
    }
    assert_eq!(done, BTreeSet::from([b"1".to_vec(), b"12".to_vec()]));
}

#[test]
fn a_lock_is_held_until_it_is_dropped_or_its_process_is_dead() {
    let (disk, first) = disk(0);
    let second = disk.process(None, Faults::default());
    let held = first.lock(path("/lock")).unwrap();
    assert!(held.is_some());
    assert!(first.lock(path("/lock")).unwrap().is_none());
    assert!(second.lock(path("/lock")).unwrap().is_none());
    first.kill();
    let taken = second.lock(path("/lock")).unwrap();
    assert!(taken.is_some());
    // The dead process's lock is not the one that is held now.
    drop(held);
    let third = disk.process(None, Faults::default());
    assert!(third.lock(path("/lock")).unwrap().is_none());
    drop(taken);
    assert!(third.lock(path("/lock")).unwrap().is_some());
}

#[test]
fn a_lost_synchronisation_shows_what_the_disk_does_not_have_and_does_not_bring_it_again() {
    let faults = Faults {
        sync_lost: 1,
        ..Faults::default()
    };
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let (disk, process) = disk(seed);
        durable(&process, "/a", b"old");
        let process = disk.process(None, faults);
        let file = process.open(path("/a"), true).unwrap();
        file.write_at(b"new", 0).unwrap();
        file.sync().unwrap_err();
        assert_eq!(content(&disk, "/a").unwrap(), b"new");
        process.spare(true);
        file.sync().unwrap();
        seen.insert(content(&disk.crash(seed), "/a").unwrap());
    }
    assert_eq!(seen, BTreeSet::from([b"new".to_vec(), b"old".to_vec()]));
}

#[test]
fn an_error_of_a_synchronisation_may_be_wrong() {
    let faults = Faults {
        sync_done: 1,
        ..Faults::default()
    };
    let (disk, process) = disk(0);
    durable(&process, "/a", b"old");
    let process = disk.process(None, faults);
    let file = process.open(path("/a"), true).unwrap();
    file.write_at(b"new", 0).unwrap();
    file.sync().unwrap_err();
    for seed in 0..SEEDS {
        assert_eq!(content(&disk.crash(seed), "/a").unwrap(), b"new");
    }
}

#[test]
fn a_full_disk_takes_what_needs_no_room_and_is_not_full_for_ever() {
    let faults = Faults {
        full: 1,
        ..Faults::default()
    };
    let (disk, process) = disk(7);
    durable(&process, "/a", b"old");
    let process = disk.process(None, faults);
    let file = process.open(path("/a"), true).unwrap();
    file.write_at(b"new", 0).unwrap();
    let error = file.write_at(&[9; 100], 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert!(file.length().unwrap() < 102);
    process.create(path("/b"), false).unwrap_err();
    assert_eq!(process.faults(), 2);
    process.spare(true);
    file.write_at(&[9; 100], 2).unwrap();
}

#[test]
fn a_restored_backup_is_old_except_what_is_kept() {
    let (disk, process) = disk(1);
    for directory in ["/log", "/guard"] {
        process.create_directory(path(directory)).unwrap();
        let file = process.create(&path(directory).join("a"), false).unwrap();
        file.write_at(b"old", 0).unwrap();
    }
    let backup = disk.snapshot();
    for directory in ["/log", "/guard"] {
        let file = process.open(&path(directory).join("a"), true).unwrap();
        file.write_at(b"new", 0).unwrap();
    }
    let restored = disk.restore(&backup, Some("guard"), 1).crash(1);
    assert_eq!(content(&restored, "/log/a").unwrap(), b"old");
    assert_eq!(content(&restored, "/guard/a").unwrap(), b"new");
    let restored = disk.restore(&backup, None, 1).crash(1);
    assert_eq!(content(&restored, "/guard/a").unwrap(), b"old");
}
