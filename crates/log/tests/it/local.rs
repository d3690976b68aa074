//! The behaviours on the local driver, and what only a directory has.

use std::sync::Arc;

use tempfile::TempDir;
use waxwing_log::{
    AddError, Cursor, DirectoryError, Driver, DriverError, FollowError, Format, Leaf, LocalDriver,
    LocalSettings, LogError, MemoryDriver, Refusal, Settings,
};
use waxwing_tlog::merkle::{leaf_hash, verify_consistency, verify_inclusion};

use crate::bench::{Auditor, Bench, add, add_together, entry};
use crate::faults::faults;
use crate::suite::{Storage, behaviour};

/// A directory that goes away with the test.
pub(crate) struct Directory {
    directory: TempDir,
    drivers: [LocalDriver; 2],
}

impl Directory {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let driver = |format| LocalDriver::new(settings(&directory, format));
        let drivers = [driver(Format::TlogTiles), driver(Format::StaticCt)];
        Self { directory, drivers }
    }

    /// Where the log is.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        settings(&self.directory, Format::TlogTiles).directory
    }

    /// Another process, once the first one has ended.
    pub(crate) fn fresh(&self) -> LocalDriver {
        LocalDriver::new(settings(&self.directory, Format::TlogTiles))
    }
}

fn settings(directory: &TempDir, format: Format) -> LocalSettings {
    let directory = directory.path().join(format!("{format:?}"));
    let mut settings = LocalSettings::new(directory.join("log"), format);
    settings.guard = Some(directory.join("guard").into());
    // Small, so that a test goes through many.
    settings.slot_bytes = 64 << 10;
    settings
}

impl Storage for Directory {
    fn hand(&self) -> Arc<dyn Driver> {
        Arc::new(self.drivers[0].clone())
    }

    fn hand_for(&self, format: Format) -> Arc<dyn Driver> {
        match format {
            Format::TlogTiles => self.hand(),
            Format::StaticCt => Arc::new(self.drivers[1].clone()),
        }
    }
}

behaviour!(Directory::new());
faults!(Directory::new);

#[tokio::test]
async fn a_second_process_is_refused_while_the_first_one_writes() {
    let (directory, bench) = (Directory::new(), Bench::tiles());
    let log = bench.open(directory.hand()).await;
    add(&log, 0).await;
    let refused = bench
        .try_open(Arc::new(directory.fresh()))
        .await
        .unwrap_err();
    let LogError::Driver(DriverError::Locked { path }) = &refused else {
        panic!("{refused}");
    };
    assert!(path.ends_with("TlogTiles/log"), "{}", path.display());
    log.close().await;
    // Every hand of the first process has to go.
    let Directory {
        directory: kept,
        drivers,
    } = directory;
    drop((log, drivers));
    let fresh = LocalDriver::new(settings(&kept, Format::TlogTiles));
    let log = bench.open(Arc::new(fresh)).await;
    assert!(add(&log, 0).await.existed);
}

#[tokio::test]
async fn a_directory_of_another_form_or_version_is_refused() {
    let (directory, bench) = (Directory::new(), Bench::tiles());
    bench.open(directory.hand()).await.close().await;
    let Directory {
        directory: kept,
        drivers,
    } = directory;
    drop(drivers);
    let path = settings(&kept, Format::TlogTiles).directory;
    let other = LocalDriver::new(LocalSettings::new(&path, Format::StaticCt));
    let format = path.join(".state/format");
    let refused = other.open().await.unwrap_err();
    let DriverError::Format {
        found, expected, ..
    } = &refused
    else {
        panic!("{refused}");
    };
    assert_eq!(
        (&**found, &**expected),
        ("waxwing-log 1 tlog-tiles", "waxwing-log 1 static-ct")
    );
    drop(other);

    let text = std::fs::read_to_string(&format).unwrap();
    std::fs::write(&format, text.replace("log 1", "log 2")).unwrap();
    let driver = LocalDriver::new(settings(&kept, Format::TlogTiles));
    let refused = driver.open().await.unwrap_err();
    assert!(matches!(refused, DriverError::Format { .. }), "{refused}");
    std::fs::write(&format, text).unwrap();
    driver.open().await.unwrap();
}

#[tokio::test]
async fn a_lost_index_of_keys_is_made_again_or_refused() {
    let directory = Directory::new();
    let mut bench = Bench::tiles();
    bench.settings = Settings::of_entries();
    let log = bench.open(directory.hand()).await;
    for number in 0..600 {
        log.add_entry(entry(number).into()).await.unwrap();
    }
    log.close().await;
    let Directory {
        directory: kept,
        drivers,
    } = directory;
    drop((log, drivers));
    let runs = settings(&kept, Format::TlogTiles)
        .directory
        .join(".state/keys");
    std::fs::remove_dir_all(runs).unwrap();

    let open = |bench: &Bench| {
        let driver = LocalDriver::new(settings(&kept, Format::TlogTiles));
        let bench = bench.clone();
        async move { bench.try_open(Arc::new(driver)).await }
    };
    bench.settings.key_of = None;
    let refused = open(&bench).await.unwrap_err();
    let LogError::Refused(Refusal::KeysLost {
        covered: 0,
        filed: 512,
    }) = refused
    else {
        panic!("{refused}");
    };
    bench.settings = Settings::of_entries();
    let log = open(&bench).await.unwrap();
    for number in [0, 255, 256, 511, 512, 599] {
        let added = log.add_entry(entry(number).into()).await.unwrap();
        assert_eq!((added.index, added.existed), (number, true));
    }
}

/// A second process reads what the first one has published, at every size, while it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_is_read_beside_its_writer() {
    let (directory, bench) = (Directory::new(), Bench::tiles());
    let log = bench.open(directory.hand()).await;
    let reader = waxwing_log::Directory::new(
        settings(&directory.directory, Format::TlogTiles),
        bench.signer.verifiers(),
    );
    let writing = tokio::spawn({
        let log = log.clone();
        async move {
            for start in (0..3000).step_by(100) {
                add_together(&log, start..start + 100).await;
            }
        }
    });
    let mut cursor = Cursor::default();
    let mut followed = Vec::new();
    let mut looks = 0;
    while followed.len() < 3000 {
        let view = reader.view().await.unwrap();
        looks += 1;
        let size = view.size();
        assert!(size >= cursor.size());
        for index in [0, size / 2, size.saturating_sub(1)] {
            let Some(found) = view.entry(index).await.unwrap() else {
                assert_eq!(size, 0);
                continue;
            };
            let proof = view.inclusion_proof(index, size).await.unwrap();
            let leaf = leaf_hash(&found.stored);
            verify_inclusion(index, size, &leaf, &proof, &view.root_hash()).unwrap();
        }
        let old = size / 3;
        let proof = view.consistency_proof(old, size).await.unwrap();
        let root = view.root(old).await.unwrap();
        verify_consistency(old, size, &proof, &root, &view.root_hash()).unwrap();
        loop {
            // Through text, as an index would keep it.
            let resumed: Cursor = cursor.to_string().parse().unwrap();
            let (entries, next) = resumed.advance(&view).await.unwrap();
            if entries.is_empty() {
                break;
            }
            followed.extend(entries.into_iter().map(|entry| entry.stored.to_vec()));
            cursor = next;
        }
        assert_eq!(cursor.size(), size);
    }
    writing.await.unwrap();
    assert!(looks > 2, "{looks} looks");
    Auditor::new(&bench).walk(&log, &followed).await;

    // Another log's key, and a log that went back or is another one.
    let other = Bench::tiles();
    let settings = settings(&directory.directory, Format::TlogTiles);
    let foreign = waxwing_log::Directory::new(settings, other.signer.verifiers());
    let refused = foreign.view().await.unwrap_err();
    assert!(matches!(refused, DirectoryError::Note(_)), "{refused}");
    let short = other.open(MemoryDriver::new().hand()).await;
    add(&short, 1).await;
    let refused = cursor.advance(&short.view()).await.unwrap_err();
    let FollowError::WentBack {
        size: 3000,
        found: 1,
    } = refused
    else {
        panic!("{refused}");
    };
    let (_, one) = Cursor::default().advance(&short.view()).await.unwrap();
    let refused = one.advance(&log.view()).await.unwrap_err();
    assert!(
        matches!(refused, FollowError::Forked { size: 1, .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_frozen_log_takes_no_more_and_stays_so() {
    for format in [Format::TlogTiles, Format::StaticCt] {
        let (directory, bench) = (Directory::new(), Bench::new(format));
        let log = bench.open(directory.hand_for(format)).await;
        add_together(&log, 0..300).await;
        let before = log.checkpoint();
        log.freeze().await.unwrap();
        log.freeze().await.unwrap();
        for log in [log, bench.open(directory.hand_for(format)).await] {
            let frozen = log.checkpoint();
            assert_eq!((frozen.size, frozen.root), (before.size, before.root));
            let says = frozen.checkpoint.contains("\nLog frozen \u{2014} 20");
            assert_eq!(says, format == Format::TlogTiles, "{}", frozen.checkpoint);
            assert!(add(&log, 7).await.existed);
            let refused = log
                .add(b"new", Leaf::Bytes(b"new".to_vec()))
                .await
                .unwrap_err();
            assert!(matches!(refused, AddError::Frozen), "{refused}");
            assert_eq!(log.checkpoint().size, 300);
            log.close().await;
        }
    }
}

/// Both the opening of a log and the task that shows checkpoints write the first one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_that_are_shown_at_once_are_all_shown() {
    let directory = Directory::new();
    let driver = directory.fresh();
    driver.open().await.unwrap();
    for _ in 0..50 {
        let shown = ["one", "two", "three"].map(|note| {
            let driver = driver.clone();
            tokio::spawn(async move { driver.publish(note.into()).await })
        });
        for shown in shown {
            shown.await.unwrap().unwrap();
        }
    }
}
