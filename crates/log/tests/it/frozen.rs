//! A frozen log takes nothing more, says so, and goes on being read.

use std::path::Path;
use std::sync::Arc;

use waxwing_log::{
    AddError, Driver, Format, Head, LocalDriver, LocalSettings, Log, LogError, Outcome, Record,
    Refusal,
};
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::Note;

use crate::bench::{Bench, add, entry};
use crate::fsck::{check, settings};

fn driver(directory: &Path, format: Format) -> LocalDriver {
    let mut settings: LocalSettings = settings(directory);
    settings.format = format;
    LocalDriver::new(settings)
}

fn lines(log: &Log) -> Vec<String> {
    let published = log.checkpoint();
    let note = Note::parse(&*published.checkpoint).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    checkpoint.extensions().to_vec()
}

async fn refuses_new_and_answers_old(log: &Log, size: u64) {
    let new = entry(size);
    let refused = log.add(&new, waxwing_log::Leaf::Bytes(new.clone())).await;
    assert!(matches!(refused, Err(AddError::Frozen)));
    for number in [0, size - 1] {
        let added = add(log, number).await;
        assert!(added.existed);
        assert_eq!(added.published.size, size);
    }
    assert_eq!(log.checkpoint().size, size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_log_is_frozen_for_good_and_says_so_in_its_checkpoint() {
    for size in [1, 256, 300] {
        let directory = tempfile::tempdir().unwrap();
        let bench = Bench::tiles();
        let open = || bench.open(Arc::new(driver(directory.path(), Format::TlogTiles)));
        let log = open().await;
        for number in 0..size {
            add(&log, number).await;
        }
        let before = log.checkpoint();
        assert_eq!(lines(&log), Vec::<String>::new());
        bench.clock.set(1_700_000_060_000);
        log.freeze().await.unwrap();
        let frozen = log.checkpoint();
        assert_eq!((frozen.size, frozen.root), (before.size, before.root));
        assert_eq!(lines(&log), ["Log frozen \u{2014} 2023-11-14T22:14:20Z"]);
        refuses_new_and_answers_old(&log, size).await;
        // Again is no error, and changes nothing.
        bench.clock.set(1_700_000_090_000);
        log.freeze().await.unwrap();
        assert_eq!(log.checkpoint().checkpoint, frozen.checkpoint);
        log.close().await;
        // Its lock goes with it.
        drop(log);
        let log = open().await;
        assert_eq!(log.checkpoint().checkpoint, frozen.checkpoint);
        refuses_new_and_answers_old(&log, size).await;
        log.close().await;
        let mut settings = settings(directory.path());
        settings.guard = None;
        let report = check(settings, &bench.signer.verifiers());
        assert_eq!(report.problems, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_ct_log_has_no_line_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::new(Format::StaticCt);
    let log = bench
        .open(Arc::new(driver(directory.path(), Format::StaticCt)))
        .await;
    add(&log, 0).await;
    log.freeze().await.unwrap();
    assert_eq!(lines(&log), Vec::<String>::new());
    refuses_new_and_answers_old(&log, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_on_top_of_a_frozen_head_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::tiles();
    let log = bench
        .open(Arc::new(driver(directory.path(), Format::TlogTiles)))
        .await;
    add(&log, 0).await;
    log.freeze().await.unwrap();
    log.close().await;
    drop(log);
    let hand = driver(directory.path(), Format::TlogTiles);
    let records = hand.open().await.unwrap().records;
    let last = records.last().unwrap().head.clone();
    let record = Record {
        first: 1,
        entries: Vec::new(),
        head: Head {
            frozen: None,
            ..last.clone()
        },
        filed: 0,
    };
    let outcome = hand.commit(Some(&last), Arc::new(record)).await;
    assert!(matches!(outcome, Outcome::Committed));
    drop(hand);
    let again = Arc::new(driver(directory.path(), Format::TlogTiles));
    let refused = bench.try_open(again).await.unwrap_err();
    assert!(
        matches!(
            refused,
            LogError::Refused(Refusal::Frozen { size: 1, frozen: 1 })
        ),
        "{refused}"
    );
    let report = check(settings(directory.path()), &bench.signer.verifiers());
    assert_eq!(report.errors, 1, "{report:#?}");
    assert!(report.problems[0].expected.contains("froze the log"));
}
