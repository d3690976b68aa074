//! Logs that Tessera keeps, or kept, in the same directory. `crates/waxwing/tests/it/tessera.rs` has the
//! real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use waxwing_crypto::SystemRandom;
use waxwing_encoding::base64;
use waxwing_log::fsck::{self, Options, ProblemKind};
use waxwing_log::takeover::{TakenOver, TakeoverError, take_over};
use waxwing_log::{
    DriverError, Format, LocalDriver, LocalSettings, Log, LogError, PartialTiles, Settings,
};

use crate::bench::{Bench, entry};
use crate::fsck::fill;
use crate::wrapped::Wrapped;

/// More than two pages, and a partial one.
const SIZE: u64 = 700;

struct Place {
    folder: TempDir,
    bench: Bench,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("log").join(name)
    }

    fn settings(&self) -> LocalSettings {
        LocalSettings::new(self.path(""), Format::TlogTiles)
    }

    fn driver(&self) -> Arc<LocalDriver> {
        Arc::new(LocalDriver::new(self.settings()))
    }

    /// A log that was closed so that Tessera can go on.
    async fn handed_over(size: u64) -> Self {
        let mut bench = Bench::tiles();
        bench.settings = Settings::of_entries();
        bench.settings.partial_tiles = PartialTiles::OnClose;
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder, bench };
        let log = place.open().await;
        fill(&place.bench, &log, 0..size).await;
        log.close().await;
        place
    }

    /// As Tessera would have made it from the first entry: with nothing in it that is ours.
    async fn theirs(size: u64) -> Self {
        let place = Self::handed_over(size).await;
        for name in ["wal", "keys", "ledger", "temporary"] {
            fs::remove_dir_all(place.path(".state").join(name)).unwrap();
        }
        for name in ["format", "lock"] {
            fs::remove_file(place.path(".state").join(name)).unwrap();
        }
        place
    }

    async fn open(&self) -> Log {
        self.bench.open(self.driver()).await
    }

    async fn take_over(&self) -> Result<Option<TakenOver>, TakeoverError> {
        let verifiers = self.bench.signer.verifiers();
        take_over(&self.driver(), &verifiers, |_, _| {}).await
    }

    /// Every entry is found with a proof, and the log goes on.
    async fn goes_on(&self, size: u64) {
        let log = self.open().await;
        assert_eq!(log.checkpoint().size, size);
        for number in (0..size).step_by(37).chain([size - 1]) {
            let added = log.add_entry(entry(number).into()).await.unwrap();
            assert_eq!((added.index, added.existed), (number, true));
        }
        fill(&self.bench, &log, size..size + 300).await;
        assert_eq!(log.checkpoint().size, size + 300);
        log.close().await;
        let verifiers = self.bench.signer.verifiers();
        let report = fsck::check(self.settings(), &verifiers, &Options::default(), |_, _| {});
        let report = report.unwrap();
        assert_eq!(report.problems, []);
        assert_eq!(report.entries, size + 300);
    }

    fn flip(&self, name: &str, at: usize) {
        let mut content = fs::read(self.path(name)).unwrap();
        content[at] ^= 1;
        fs::write(self.path(name), content).unwrap();
    }
}

/// As Go writes it.
fn tree_state(size: u64, root: &[u8]) -> String {
    format!(r#"{{"size":{size},"root":"{}"}}"#, base64::encode(root))
}

#[tokio::test]
async fn a_log_that_is_closed_has_what_tessera_needs_and_goes_on_here_as_well() {
    let place = Place::handed_over(SIZE).await;
    assert_eq!(
        fs::read_to_string(place.path(".state/version")).unwrap(),
        "1"
    );
    let state = fs::read_to_string(place.path(".state/treeState")).unwrap();
    let log = place.open().await;
    let root = log.root(SIZE).await.unwrap();
    assert_eq!(state, tree_state(SIZE, root.as_bytes()));
    for (name, length) in [("tile/0/002.p/188", 188 * 32), ("tile/1/000.p/2", 64)] {
        assert_eq!(fs::read(place.path(name)).unwrap().len(), length);
    }
    let bundle = fs::read(place.path("tile/entries/002.p/188")).unwrap();
    let entries = (512..SIZE).map(|number| entry(number).len() + 2);
    assert_eq!(bundle.len(), entries.sum::<usize>());
    // While it is ours, Tessera finds neither a version nor a state that it can read.
    for name in ["version", "treeState"] {
        let ours = fs::read_to_string(place.path(".state").join(name)).unwrap();
        assert!(ours.starts_with("this log is kept by Waxwing"), "{ours}");
    }
    log.close().await;
    drop(log);
    place.goes_on(SIZE).await;
}

#[tokio::test]
async fn partial_tiles_are_files_with_every_checkpoint_and_go_when_they_are_full() {
    let mut place = Place::handed_over(3).await;
    place.bench.settings.partial_tiles = PartialTiles::Always;
    let log = place.open().await;
    fill(&place.bench, &log, 3..4).await;
    let partial = place.path("tile/entries/000.p/4");
    while !fs::read_to_string(place.path("checkpoint"))
        .unwrap()
        .contains("\n4\n")
    {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert!(partial.exists());
    fill(&place.bench, &log, 4..256).await;
    log.close().await;
    assert!(place.path("tile/entries/000").exists());
    assert!(!place.path("tile/entries/000.p").exists());
    assert!(!place.path("tile/0/000.p").exists());
    assert!(place.path("tile/1/000.p/1").exists());
}

#[tokio::test]
async fn a_log_of_tessera_is_taken_over_where_it_lies() {
    for size in [1, 255, 256, 257, 512, SIZE, 4100] {
        let place = Place::theirs(size).await;
        let refused = place.bench.try_open(place.driver()).await.unwrap_err();
        assert!(
            matches!(&refused, LogError::Driver(DriverError::Tessera { size: found, .. }) if *found == size),
            "{refused}"
        );
        let taken = place.take_over().await.unwrap().unwrap();
        assert_eq!((taken.size, taken.new), (size, size));
        assert_eq!(taken.origin, crate::bench::ORIGIN);
        // A second time there is nothing to take.
        assert!(place.take_over().await.unwrap().is_none());
        place.goes_on(size).await;
    }
}

#[tokio::test]
async fn what_tessera_added_meanwhile_is_taken_over_and_times_of_before_stay() {
    // A second log with the same key and more entries plays Tessera.
    let place = Place::handed_over(300).await;
    let log = place.open().await;
    let time = log.entry(299).await.unwrap().unwrap().time;
    log.close().await;
    drop(log);
    let mut more = Place::handed_over(0).await;
    more.bench.signer = place.bench.signer.clone();
    let folder = tempfile::tempdir().unwrap();
    let more = Place { folder, ..more };
    let log = more.open().await;
    fill(&more.bench, &log, 0..300).await;
    fill(&more.bench, &log, 300..SIZE).await;
    log.close().await;
    drop(log);
    let (theirs, ours) = (more.path("tile"), place.path("tile"));
    copy_new(&theirs, &ours);
    for name in ["checkpoint", ".state/treeState", ".state/version"] {
        fs::copy(more.path(name), place.path(name)).unwrap();
    }
    let taken = place.take_over().await.unwrap().unwrap();
    assert_eq!((taken.size, taken.new), (SIZE, SIZE - 300));
    let log = place.open().await;
    for index in [0, 255, 299, 300, SIZE - 1] {
        assert_eq!(log.entry(index).await.unwrap().unwrap().time, time);
    }
    log.close().await;
    drop(log);
    place.goes_on(SIZE).await;
}

fn copy_new(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        if found.file_type().unwrap().is_dir() {
            copy_new(&found.path(), &target);
        } else {
            fs::copy(found.path(), target).unwrap();
        }
    }
}

/// One fault in a log of Tessera, what is said of it, and what mends it.
type Fault = (
    &'static str,
    fn(&Place),
    fn(&TakeoverError) -> bool,
    fn(&Place),
);

fn restore_state(place: &Place) {
    fs::copy(place.path("kept"), place.path(".state/treeState")).unwrap();
}

const FAULTS: [Fault; 9] = [
    (
        "no checkpoint",
        |place| fs::rename(place.path("checkpoint"), place.path("away")).unwrap(),
        |error| matches!(error, TakeoverError::NoCheckpoint),
        |place| fs::rename(place.path("away"), place.path("checkpoint")).unwrap(),
    ),
    (
        "a checkpoint of another key",
        |place| place.flip("checkpoint", 0),
        |error| matches!(error, TakeoverError::Note(_)),
        |place| place.flip("checkpoint", 0),
    ),
    (
        "another version",
        |place| fs::write(place.path(".state/version"), "2").unwrap(),
        |error| error.to_string().contains("says \"2\"; expected version 1"),
        |place| fs::write(place.path(".state/version"), "1").unwrap(),
    ),
    (
        "a state that is none",
        |place| {
            fs::write(
                place.path(".state/treeState"),
                r#"{"size":700,"root":"AA=="}"#,
            )
            .unwrap();
        },
        |error| error.to_string().contains("with 32 bytes in base64"),
        restore_state,
    ),
    (
        "a state behind the checkpoint",
        |place| fs::write(place.path(".state/treeState"), tree_state(699, &[0; 32])).unwrap(),
        |error| {
            matches!(
                error,
                TakeoverError::Sizes {
                    checkpoint: SIZE,
                    state: 699,
                    known: 0
                }
            )
        },
        restore_state,
    ),
    (
        "a state with another root",
        |place| fs::write(place.path(".state/treeState"), tree_state(SIZE, &[0; 32])).unwrap(),
        |error| {
            matches!(
                error,
                TakeoverError::Root {
                    size: SIZE,
                    place: "treeState",
                    ..
                }
            )
        },
        restore_state,
    ),
    (
        "a bundle that is missing",
        |place| fs::rename(place.path("tile/entries/001"), place.path("away")).unwrap(),
        |error| matches!(error, TakeoverError::Missing { path, .. } if path == Path::new("tile/entries/001")),
        |place| fs::rename(place.path("away"), place.path("tile/entries/001")).unwrap(),
    ),
    (
        "an entry that was changed",
        |place| place.flip("tile/entries/002.p/188", 5),
        |error| {
            matches!(
                error,
                TakeoverError::Root {
                    size: SIZE,
                    place: "the checkpoint",
                    ..
                }
            )
        },
        |place| place.flip("tile/entries/002.p/188", 5),
    ),
    (
        "a tile that is not that of its entries",
        |place| place.flip("tile/0/001", 100),
        |error| matches!(error, TakeoverError::Driver(DriverError::Different { .. })),
        |place| place.flip("tile/0/001", 100),
    ),
];

#[tokio::test]
async fn a_log_of_tessera_with_a_fault_is_refused_and_mended_is_taken_over() {
    let place = Place::theirs(SIZE).await;
    fs::copy(place.path(".state/treeState"), place.path("kept")).unwrap();
    for (name, spoil, is_expected, mend) in FAULTS {
        spoil(&place);
        let refused = place.take_over().await.expect_err(name);
        assert!(is_expected(&refused), "{name}: {refused}");
        mend(&place);
    }
    assert!(place.take_over().await.unwrap().is_some());
    place.goes_on(SIZE).await;
}

#[tokio::test]
async fn stopped_at_any_step_it_is_taken_over_the_next_time() {
    let mut changes = 0;
    loop {
        let place = Place::theirs(300).await;
        let files = Arc::new(Wrapped::stopping_after(changes));
        let random = Arc::new(SystemRandom);
        let driver = LocalDriver::on(files, random, place.settings());
        let verifiers = place.bench.signer.verifiers();
        let stopped = take_over(&driver, &verifiers, |_, _| {}).await;
        drop(driver);
        if stopped.is_ok() {
            break;
        }
        // Where it was stopped, either it is still theirs or all but the last word is said.
        let before = fs::read_to_string(place.path(".state/treeState")).unwrap();
        match place.take_over().await.unwrap() {
            Some(taken) => assert_eq!(taken.size, 300, "{before}"),
            None => assert!(place.path(".state/format").exists(), "{before}"),
        }
        place.goes_on(300).await;
        changes += 1;
    }
    assert!(changes > 20, "{changes}");
}

#[tokio::test]
async fn tiles_of_a_batch_that_tessera_did_not_finish_are_removed() {
    let place = Place::theirs(SIZE).await;
    let behind = [
        "tile/entries/002",
        "tile/entries/003",
        "tile/0/002",
        "tile/entries/002.p/200",
    ];
    for name in behind {
        fs::write(place.path(name), [0; 7]).unwrap();
    }
    place.take_over().await.unwrap().unwrap();
    for name in behind {
        assert!(!place.path(name).exists(), "{name}");
    }
    assert!(place.path("tile/entries/002.p/188").exists());
    place.goes_on(SIZE).await;
}

#[tokio::test]
async fn a_directory_with_tiles_and_no_state_is_not_begun_anew() {
    let place = Place::theirs(SIZE).await;
    for name in ["version", "treeState"] {
        fs::remove_file(place.path(".state").join(name)).unwrap();
    }
    assert!(place.take_over().await.unwrap().is_none());
    let refused = place.bench.try_open(place.driver()).await.unwrap_err();
    assert!(
        matches!(&refused, LogError::Driver(DriverError::Foreign { .. })),
        "{refused}"
    );
    fs::remove_file(place.path("checkpoint")).unwrap();
    fs::remove_dir_all(place.path("tile")).unwrap();
    assert_eq!(place.open().await.checkpoint().size, 0);
}

#[tokio::test]
async fn a_frozen_log_that_has_grown_is_a_fork() {
    let place = Place::handed_over(3).await;
    let log = place.open().await;
    log.freeze().await.unwrap();
    log.close().await;
    drop(log);
    let mut other = Place::handed_over(0).await;
    other.bench.signer = place.bench.signer.clone();
    let folder = tempfile::tempdir().unwrap();
    let other = Place { folder, ..other };
    let log = other.open().await;
    fill(&other.bench, &log, 0..4).await;
    log.close().await;
    for name in ["checkpoint", ".state/treeState"] {
        fs::copy(other.path(name), place.path(name)).unwrap();
    }
    let refused = place.take_over().await.unwrap_err();
    assert!(
        matches!(refused, TakeoverError::Frozen { size: 3 }),
        "{refused}"
    );
}

#[tokio::test]
async fn files_of_partial_tiles_that_are_not_the_logs_are_found() {
    let place = Place::handed_over(SIZE).await;
    for name in [
        "tile/0/002.p/188",
        "tile/1/000.p/2",
        "tile/entries/002.p/188",
    ] {
        place.flip(name, 40);
        let verifiers = place.bench.signer.verifiers();
        let report = fsck::check(place.settings(), &verifiers, &Options::default(), |_, _| {});
        let problems = report.unwrap().problems;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert_eq!(problems[0].kind, ProblemKind::Partial);
        assert_eq!(problems[0].file, Path::new(name));
        place.flip(name, 40);
    }
    place.goes_on(SIZE).await;
}
