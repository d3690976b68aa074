//! Opened again after it was stopped, at every step, and opened only to be read.

use waxwing_crypto::SystemRandom;

use super::*;

#[test]
fn a_restart_cleans_up() {
    let directory = three_runs();
    let unfinished = [
        Span {
            first: 600,
            end: 700,
        },
        Span { first: 0, end: 400 },
    ];
    for span in unfinished {
        fs::write(runs(&directory).join(span.name() + ".new"), b"half").unwrap();
    }
    fs::write(runs(&directory).join("of another"), b"").unwrap();
    // A run that two others are merged to, as after a crash before they were removed.
    let index = open_with(&directory, APART, true);
    let keys = keys(0..400);
    let secret = Secret::read(&Disk, &directory.path().join("keys"));
    let secret = secret.unwrap().unwrap();
    let mut records: Vec<Record> = (0..400)
        .map(|index| Record {
            hash: secret.hash(&keys[index as usize]),
            index,
        })
        .collect();
    records.sort_unstable();
    drop(index);
    let span = Span { first: 0, end: 400 };
    let mut writer =
        RunWriter::create(&Disk, &path(&directory, 0, 400), span, secret.mark()).unwrap();
    for record in records {
        writer.push(record).unwrap();
    }
    writer.finish().unwrap();

    assert_eq!(names(&directory).len(), 5);
    check(&open_with(&directory, APART, false));
    assert_eq!(names(&directory).len(), 5);
    let index = open_with(&directory, APART, true);
    check(&index);
    assert_eq!(index.covered(), 600);
    assert_eq!(index.damaged(), [""; 0]);
    let left = [
        span.name(),
        Span {
            first: 400,
            end: 600,
        }
        .name(),
        "of another".to_owned(),
    ];
    assert_eq!(names(&directory), left);
}

#[test]
fn behind_a_gap_nothing_is_covered() {
    for (first, end, covered) in [(0, 100, 0), (100, 400, 100), (400, 600, 400)] {
        let directory = three_runs();
        fs::remove_file(path(&directory, first, end)).unwrap();
        let index = open_with(&directory, APART, false);
        assert_eq!(index.covered(), covered);
        let index = open_with(&directory, APART, true);
        assert_eq!(index.covered(), covered);
        check(&index);
        absorb(&index, covered..700);
        check(&index);
        drop(index);
        check(&open(&directory));
    }
}

#[test]
fn who_may_only_read_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_with(&directory, TINY, false);
    assert_eq!((index.covered(), index.find(&key(0)).unwrap()), (0, None));
    try_absorb(&index, 0, keys(0..5)).unwrap_err();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

    let directory = three_runs();
    fs::write(
        runs(&directory).join(Span { first: 0, end: 9 }.name() + ".new"),
        b"",
    )
    .unwrap();
    flip(&path(&directory, 400, 600), 0);
    let before = names(&directory);
    let index = open_with(&directory, TINY, false);
    assert_eq!((index.covered(), index.damaged().len()), (400, 1));
    try_absorb(&index, 400, keys(400..500)).unwrap_err();
    check(&index);
    assert_eq!(names(&directory), before);
}

#[test]
fn it_may_stop_at_every_step() {
    let mut stopped = 0;
    for changes in 0.. {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        let mut told = 0;
        let finished = LocalKeys::open(Failing::after(changes), path, TINY, true, &SystemRandom)
            .is_ok_and(|index| {
                // The last absorb has merges on two tiers behind it.
                for first in (0..180).step_by(20) {
                    if try_absorb(&index, first, keys(first..first + 20)).is_err() {
                        return false;
                    }
                    told = first + 20;
                    assert_eq!(index.covered(), told);
                }
                check(&index);
                index.0.merger.lock().unwrap().failed.is_none()
            });
        let index = open(&directory);
        assert!(index.covered() >= told, "after {changes} changes");
        assert_eq!(index.damaged(), [""; 0], "after {changes} changes");
        check(&index);
        absorb(&index, index.covered()..400);
        check(&index);
        assert!(names(&directory).iter().all(|name| !name.ends_with(".new")));
        if finished {
            break;
        }
        stopped += 1;
    }
    assert!(stopped > 80, "{stopped}");
}

#[test]
fn everything_is_durable_before_the_next_step() {
    let directory = tempfile::tempdir().unwrap();
    let files = Failing::never();
    let path = directory.path().join("keys");
    let index = LocalKeys::open(files.clone(), path.clone(), TINY, true, &SystemRandom).unwrap();
    let changes = || {
        let changes = files.changes().into_iter();
        let steps = changes.filter(|change| !change.starts_with("write"));
        steps.collect::<Vec<_>>()
    };
    let secret = [
        "create secret.new",
        "sync secret.new",
        "rename to secret",
        "sync keys",
    ];
    assert!(changes().ends_with(&secret.map(str::to_owned)));

    let name = |first, end| Span { first, end }.name();
    let put = |name: String| {
        [
            format!("create {name}.new"),
            format!("sync {name}.new"),
            format!("rename to {name}"),
            "sync runs".to_owned(),
        ]
    };
    absorb(&index, 0..1);
    assert_eq!(changes(), put(name(0, 1)));
    absorb(&index, 1..2);
    assert_eq!(changes(), put(name(1, 2)));
    absorb(&index, 2..3);
    let removed = [name(0, 1), name(1, 2), name(2, 3)].map(|name| format!("remove {name}"));
    let merged = [put(name(2, 3)), put(name(0, 3))].concat();
    assert_eq!(changes(), [merged, removed.to_vec()].concat());
    drop(index);

    // What is found superfluous is removed durably, as its name may be given again.
    fs::write(runs(&directory).join(name(7, 9)), b"").unwrap();
    LocalKeys::open(files.clone(), path, TINY, true, &SystemRandom).unwrap();
    let expected = [format!("remove {}", name(7, 9)), "sync runs".to_owned()];
    assert!(changes().ends_with(&expected));
}

#[test]
fn a_merge_that_never_began_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let files = Failing::never();
    let path = directory.path().join("keys");
    let index = LocalKeys::open(files.clone(), path, TINY, true, &SystemRandom).unwrap();
    for first in 0..3 {
        // The job of absorbing is run, that of merging is dropped.
        *files.jobs.lock().unwrap() = 1;
        absorb(&index, first..first + 1);
    }
    assert_eq!(names(&directory).len(), 3);
    assert!(!index.0.merger.lock().unwrap().running);
    index.close();
    *files.jobs.lock().unwrap() = 2;
    absorb(&index, 3..4);
    check(&index);
    let names = names(&directory);
    assert_eq!(names.len(), 4, "nothing is merged after it was closed");
}

#[test]
fn a_long_merge_lets_small_ones_by_and_can_be_ended() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_with(&directory, APART, true);
    absorb(&index, 0..40_000);
    absorb(&index, 40_000..80_000);
    for first in 80_000..80_006 {
        absorb(&index, first..first + 1);
    }
    drop(index);
    let index = open(&directory);
    let large = index.0.runs()[..2].to_vec();
    index.0.merge(&large).unwrap();
    assert_eq!(names(&directory).len(), 2);
    for number in (79_000..80_500).chain(0..500) {
        let expected = (number < 80_006).then_some(number);
        assert_eq!(index.find(&key(number)).unwrap(), expected);
    }

    index.close();
    let before = names(&directory);
    let error = index.0.merge(&index.0.runs()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    assert_eq!(names(&directory), before);
}
