//! Copies of a log that runs, logs made of copies, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use waxwing_log::backup::{self, Copied, CopyError, CopyOptions};
use waxwing_log::fsck::{Problem, ProblemKind};
use waxwing_log::{DriverError, Format, Leaf, LocalDriver, LocalSettings, Log, LogError, Settings};

use crate::bench::{Bench, entry};
use crate::fsck::{Place, SIZE, WHOLE, check, fill, settings, shown};

fn options(bench: &Bench) -> CopyOptions {
    let mut options = CopyOptions::default();
    options.verifiers = bench.signer.verifiers();
    options
}

fn own_keys() -> Bench {
    let mut bench = Bench::tiles();
    bench.settings = Settings::of_entries();
    bench
}

async fn open(bench: &Bench, directory: &Path) -> Log {
    bench
        .open(Arc::new(LocalDriver::new(settings(directory))))
        .await
}

async fn copy(bench: &Bench, directory: &Path) -> Result<Copied, CopyError> {
    let from = settings(directory);
    backup::backup(from, &directory.join("copy"), &options(bench), |_, _| {}).await
}

/// Restores `directory/copy` into `directory/again/log`, under the guard of the log.
async fn restore(bench: &Bench, directory: &Path) -> Result<Copied, CopyError> {
    let mut to = settings(&directory.join("again"));
    to.guard = Some(directory.join("guard").into());
    backup::restore(&directory.join("copy"), to, &options(bench), |_, _| {}).await
}

fn again(directory: &Path) -> LocalDriver {
    let mut to = settings(&directory.join("again"));
    to.guard = Some(directory.join("guard").into());
    LocalDriver::new(to)
}

/// A restored log has every entry, finds each by its key, and goes on.
async fn goes_on(bench: &Bench, directory: &Path, size: u64) {
    let log = bench.open(Arc::new(again(directory))).await;
    assert_eq!(log.checkpoint().size, size);
    for number in (0..size).step_by(1 + size as usize / 50).chain([size - 1]) {
        let added = log.add_entry(entry(number).into()).await.unwrap();
        assert!(added.existed, "entry {number} was added again");
        let read = log.entry(added.index).await.unwrap().unwrap();
        assert_eq!(read.stored, entry(number));
    }
    let added = log.add_entry(entry(size).into()).await.unwrap();
    assert_eq!((added.index, added.existed), (size, false));
    log.close().await;
    let mut settings = settings(&directory.join("again"));
    settings.guard = Some(directory.join("guard").into());
    let report = check(settings, &bench.signer.verifiers());
    assert_eq!(report.problems, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_log_has_everything_finds_every_entry_and_goes_on() {
    for size in [1, 255, 256, 257, 1000] {
        let directory = tempfile::tempdir().unwrap();
        let (bench, directory) = (own_keys(), directory.path());
        let log = open(&bench, directory).await;
        fill(&bench, &log, 0..size).await;
        shown(&log, directory).await;
        let published = log.checkpoint();
        // Filed or not, as it comes; and the log may run meanwhile.
        if size % 2 == 0 {
            log.close().await;
        }
        let copied = copy(&bench, directory).await.unwrap();
        assert_eq!((copied.size, copied.root), (size, published.root));
        assert_eq!(copied.checkpoint, *published.checkpoint);
        assert!(!copied.keys);
        assert!(copied.report.unwrap().is_sound());
        log.close().await;
        let restored = restore(&bench, directory).await.unwrap();
        assert_eq!(restored.checkpoint, *published.checkpoint);
        goes_on(&bench, directory, size).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_copied_again_and_again_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..10).await;
    shown(&log, directory).await;
    let (writer, of_writer) = (log.clone(), bench.clone());
    let writing = tokio::spawn(async move { fill(&of_writer, &writer, 10..9_000).await });
    let mut sizes = Vec::new();
    while !writing.is_finished() {
        sizes.push(copy(&bench, directory).await.unwrap().size);
    }
    writing.await.unwrap();
    assert!(sizes.is_sorted(), "{sizes:?}");
    sizes.push(copy(&bench, directory).await.unwrap().size);
    assert_eq!(sizes.last(), Some(&9_000));
    log.close().await;
    restore(&bench, directory).await.unwrap();
    goes_on(&bench, directory, 9_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_copy_leaves_the_files_that_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..600).await;
    shown(&log, directory).await;
    copy(&bench, directory).await.unwrap();
    let modified = || {
        fs::metadata(directory.join("copy/tile/entries/001"))
            .unwrap()
            .modified()
    };
    let before = modified().unwrap();
    fill(&bench, &log, 600..900).await;
    shown(&log, directory).await;
    let copied = copy(&bench, directory).await.unwrap();
    assert_eq!(copied.size, 900);
    assert_eq!(modified().unwrap(), before);
    assert!(directory.join("copy/tile/entries/002").exists());
    // What a disk has changed in the copy is not overwritten but told.
    let damaged = directory.join("copy/tile/entries/001");
    let mut content = fs::read(&damaged).unwrap();
    content[100] ^= 1;
    fs::write(&damaged, content).unwrap();
    let refused = copy(&bench, directory).await.unwrap_err();
    assert!(matches!(
        refused,
        CopyError::Driver(DriverError::Different { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_do_not_follow_from_the_entries_are_copied_too() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (Bench::tiles(), directory.path());
    let log = open(&bench, directory).await;
    let add = async |log: &Log, number: u64| {
        let leaf = Leaf::Bytes(entry(number));
        log.add(format!("key {number}").as_bytes(), leaf)
            .await
            .unwrap()
    };
    for number in 0..700 {
        add(&log, number).await;
    }
    let copied = copy(&bench, directory).await.unwrap();
    assert_eq!((copied.size, copied.keys), (700, true));
    log.close().await;
    let restored = restore(&bench, directory).await.unwrap();
    assert!(restored.keys);
    let log = bench.open(Arc::new(again(directory))).await;
    for number in 0..700 {
        assert!(
            add(&log, number).await.existed,
            "entry {number} was added again"
        );
    }
    assert!(!add(&log, 700).await.existed);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_log_is_frozen_in_its_copy_too() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..300).await;
    shown(&log, directory).await;
    log.freeze().await.unwrap();
    let frozen = log.checkpoint().checkpoint;
    log.close().await;
    assert_eq!(copy(&bench, directory).await.unwrap().checkpoint, *frozen);
    restore(&bench, directory).await.unwrap();
    let log = bench.open(Arc::new(again(directory))).await;
    assert_eq!(log.checkpoint().checkpoint, frozen);
    assert!(log.add_entry(entry(300).into()).await.is_err());
    assert!(log.add_entry(entry(299).into()).await.unwrap().existed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_not_written_to_as_a_log() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..3).await;
    shown(&log, directory).await;
    copy(&bench, directory).await.unwrap();
    let copy_of = LocalSettings::new(directory.join("copy"), Format::TlogTiles);
    let refused = bench
        .try_open(Arc::new(LocalDriver::new(copy_of)))
        .await
        .unwrap_err();
    let text = refused.to_string();
    assert!(matches!(
        refused,
        LogError::Driver(DriverError::Backup { .. })
    ));
    assert!(text.contains("waxwing restore"), "{text}");
    // And a log is not overwritten by a copy of it, or of another.
    let onto = settings(directory).directory;
    let refused = backup::backup(settings(directory), &onto, &options(&bench), |_, _| {}).await;
    assert!(matches!(
        refused,
        Err(CopyError::Driver(DriverError::NoBackup { .. }))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_interrupted_is_refused_and_can_be_taken_up() {
    let place = Place::new();
    let to = place.beside("copy");
    let options = options(&WHOLE.bench);
    let take = || backup::backup(place.settings(), &to, &options, |_, _| {});
    take().await.unwrap();
    // Files first, the checkpoint last: this is what an interruption leaves.
    fs::remove_file(to.join("checkpoint")).unwrap();
    fs::remove_file(to.join("tile/entries/200")).unwrap();
    let again = || {
        let target = settings(&place.beside("again"));
        backup::restore(&to, target, &options, |_, _| {})
    };
    let Err(CopyError::Unsound { report, .. }) = again().await else {
        panic!("half a backup was restored");
    };
    assert!(
        report
            .problems
            .iter()
            .any(|found| found.kind == ProblemKind::Checkpoint)
    );
    take().await.unwrap();
    fs::remove_file(to.join("tile/entries/200")).unwrap();
    let Err(CopyError::Unsound { report, .. }) = again().await else {
        panic!("a backup without one of its files was restored");
    };
    let missing = |found: &Problem| found.kind == ProblemKind::BundleMissing;
    assert!(report.problems.iter().any(missing));
    assert!(!place.beside("again/log/checkpoint").exists());
    take().await.unwrap();
    assert_eq!(again().await.unwrap().size, SIZE);
    // Not twice into the same place.
    assert!(matches!(again().await, Err(CopyError::Taken { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_was_interrupted_is_no_log_and_none_is_begun_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..600).await;
    shown(&log, directory).await;
    copy(&bench, directory).await.unwrap();
    log.close().await;
    restore(&bench, directory).await.unwrap();
    // The moment before the last one: the marker is still there.
    let state = directory.join("again/log/.state");
    fs::copy(directory.join("copy/.state/backup"), state.join("backup")).unwrap();
    let refused = bench
        .try_open(Arc::new(again(directory)))
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        LogError::Driver(DriverError::Backup { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_older_than_the_guard_is_refused_with_both_sizes() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..500).await;
    shown(&log, directory).await;
    copy(&bench, directory).await.unwrap();
    fill(&bench, &log, 500..520).await;
    shown(&log, directory).await;
    log.close().await;
    let refused = restore(&bench, directory).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        matches!(
            refused,
            CopyError::GuardAhead {
                found: 500,
                known: 520
            }
        ),
        "{text}"
    );
    assert!(text.contains("new origin"), "{text}");
    assert!(!directory.join("again/log").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_set_back_does_not_overwrite_its_newer_backup() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..400).await;
    shown(&log, directory).await;
    copy(&bench, directory).await.unwrap();
    log.close().await;
    for (entries, other) in [(300, false), (450, true)] {
        let place = directory.join(format!("{entries}"));
        let back = bench
            .open(Arc::new(LocalDriver::new(settings(&place))))
            .await;
        let first = if other { 7 } else { 0 };
        fill(&bench, &back, first..first + entries).await;
        back.close().await;
        let to = directory.join("copy");
        let refused = backup::backup(settings(&place), &to, &options(&bench), |_, _| {}).await;
        match refused.unwrap_err() {
            CopyError::BackupAhead {
                backup: 400,
                log: 300,
            } if !other => {}
            CopyError::Forked { size: 400, .. } if other => {}
            error => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_files_stay_private() {
    let directory = tempfile::tempdir().unwrap();
    let (bench, directory) = (own_keys(), directory.path());
    let log = open(&bench, directory).await;
    fill(&bench, &log, 0..300).await;
    shown(&log, directory).await;
    copy(&bench, directory).await.unwrap();
    log.close().await;
    restore(&bench, directory).await.unwrap();
    for place in ["copy", "again/log"] {
        for name in ["format", "ledger/000", "wal/0"] {
            let path = directory.join(place).join(".state").join(name);
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
}
