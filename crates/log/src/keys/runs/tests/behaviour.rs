//! What it finds, and how it is kept small.

use waxwing_crypto::SystemRandom;

use super::*;

#[test]
fn it_is_exact_with_many_keys() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_with(&directory, KeySettings::default(), true);
    absorb(&index, 0..100_000);
    absorb(&index, 100_000..100_256);
    for number in 0..120_000 {
        let expected = (number < 100_256).then_some(number);
        assert_eq!(index.find(&key(number)).unwrap(), expected);
    }
    let bytes = fs::metadata(path(&directory, 0, 100_000)).unwrap().len();
    assert!(bytes * 10 <= 229 * 100_000, "{bytes}");
}

#[test]
fn what_is_covered_is_passed_over_and_a_gap_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory);
    absorb(&index, 0..0);
    absorb(&index, 7..7);
    assert_eq!(index.covered(), 0);
    absorb(&index, 0..10);
    absorb(&index, 3..9);
    absorb(&index, 0..10);
    assert_eq!(index.covered(), 10);
    absorb(&index, 5..20);
    assert_eq!(index.covered(), 20);
    check(&index);
    let error = try_absorb(&index, 21, keys(21..30)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("from 21 on") && text.contains("below 20"),
        "{text}"
    );
    assert_eq!(index.covered(), 20);
}

#[test]
fn the_first_of_two_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_with(&directory, APART, true);
    try_absorb(&index, 0, vec![key(1), key(2), key(1)]).unwrap();
    try_absorb(&index, 3, vec![key(3), key(2), key(3)]).unwrap();
    try_absorb(&index, 6, vec![key(1), key(3), key(4)]).unwrap();
    let found = |index: &LocalKeys| [1, 2, 3, 4].map(|n| index.find(&key(n)).unwrap().unwrap());
    assert_eq!(found(&index), [0, 1, 3, 8]);
    drop(index);
    let index = open(&directory);
    assert_eq!(found(&index), [0, 1, 3, 8]);
    try_absorb(&index, 9, vec![key(4)]).unwrap();
    assert_eq!(found(&index), [0, 1, 3, 8]);
    assert_eq!(names(&directory).len(), 2, "three are merged");
}

#[test]
fn hashes_that_begin_alike_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let span = Span {
        first: 0,
        end: 1000,
    };
    let mut writer =
        RunWriter::create(&Disk, &directory.path().join("new"), span, [7; 12]).unwrap();
    // Three blocks begin with the same eight bytes, and the one before ends with them.
    let hash = |number: u64| KeyedHash {
        high: if number < 100 { 1 } else { 2 },
        low: number,
    };
    for index in 0..700 {
        let hash = hash(index);
        writer.push(Record { hash, index }).unwrap();
    }
    writer
        .push(Record {
            hash: hash(5),
            index: 5,
        })
        .unwrap_err();
    writer.finish().unwrap();
    let file = directory.path().join(span.name());
    fs::rename(directory.path().join("new"), file).unwrap();
    let run = Run::open(&Disk, directory.path(), span, [7; 12], true).unwrap();
    for number in 0..700 {
        assert_eq!(run.find(hash(number)).unwrap(), Some(number));
        assert_eq!(
            run.without_filter().find(hash(number)).unwrap(),
            Some(number)
        );
    }
    assert_eq!(run.without_filter().find(hash(700)).unwrap(), None);
    assert_eq!(
        run.without_filter()
            .find(KeyedHash { high: 0, low: 5 })
            .unwrap(),
        None
    );
    assert_eq!(
        run.without_filter()
            .find(KeyedHash { high: 3, low: 5 })
            .unwrap(),
        None
    );
    let error = Run::open(&Disk, directory.path(), span, [8; 12], true).unwrap_err();
    assert!(error.to_string().contains("another secret"), "{error}");
}

#[test]
fn small_runs_are_merged() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(&directory);
    for first in (0..3000).step_by(5) {
        absorb(&index, first..first + 5);
    }
    check(&index);
    let names = names(&directory);
    assert!(names.len() <= 2 * 8, "{names:?}");
    drop(index);
    check(&open(&directory));
}

#[test]
fn filters_keep_to_their_memory() {
    let directory = three_runs();
    // The smallest run needs 192 bytes, the next 320, the largest 512.
    for (filter_bytes, filters) in [(191, 0), (192, 1), (511, 1), (512, 2), (1024, 3)] {
        let settings = KeySettings {
            filter_bytes,
            ..APART
        };
        let index = open_with(&directory, settings, false);
        let runs = index.0.runs();
        let having = runs.iter().filter(|run| run.has_filter());
        assert_eq!(having.count(), filters, "{filter_bytes}");
        check(&index);
    }
    // The one that comes last takes the place of the largest.
    let settings = KeySettings {
        filter_bytes: 512,
        ..APART
    };
    let index = open_with(&directory, settings, true);
    absorb(&index, 600..610);
    let having: Vec<bool> = index.0.runs().iter().map(|run| run.has_filter()).collect();
    assert_eq!(having, [true, false, false, true]);
    check(&index);
}

#[test]
fn it_is_asked_while_it_is_added_to_and_merged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let index = LocalKeys::open(Arc::new(Disk), path, TINY, true, &SystemRandom).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| {
            let mut asked = 0_u64;
            while index.covered() < 4000 {
                let covered = index.covered();
                let number = asked * 7919 % 5000;
                let found = index.find(&key(number)).unwrap();
                assert!(found == Some(number) || (found.is_none() && number >= covered));
                asked += 1;
            }
        });
        for first in (0..4000).step_by(40) {
            runtime
                .block_on(index.absorb(first, keys(first..first + 40)))
                .unwrap();
        }
        asker.join().unwrap();
    });
    index.close();
    check(&index);
    let spans: Vec<Span> = index.0.runs().iter().map(|run| run.span()).collect();
    drop(index);
    let left: Vec<String> = spans.iter().map(Span::name).collect();
    assert_eq!(names(&directory), left);
    check(&open(&directory));
}
