//! One fault a test: each is reported at its place, and nothing is reported of a directory that has
//! none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_log::fsck::{self, Options, Problem, ProblemKind, Report};
use waxwing_log::{
    Driver, Format, Head, Key, LocalDriver, LocalSettings, Log, Outcome, Record, RecordEntry,
    Settings,
};
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{CompactRange, leaf_hash};
use waxwing_tlog::note::{NoteSigner, NoteVerifier};

use crate::bench::{Bench, ORIGIN, entry};

/// Two pages and a bit behind a full tile of level 1.
pub(crate) const SIZE: u64 = 65_536 + 2 * 256 + 52;

/// A log that every test takes a copy of.
pub(crate) static WHOLE: LazyLock<Whole> = LazyLock::new(Whole::new);

pub(crate) struct Whole {
    directory: TempDir,
    pub(crate) bench: Bench,
}

/// A copy of it, to be damaged.
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) verifiers: Vec<NoteVerifier>,
}

impl Whole {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut bench = Bench::tiles();
        bench.settings = Settings::of_entries();
        let settings = settings(directory.path());
        let whole = Self { directory, bench };
        // A runtime of its own: whoever asks first may be in one that ends with its test.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_time()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let log = whole.bench.open(Arc::new(LocalDriver::new(settings))).await;
                    fill(&whole.bench, &log, 0..SIZE).await;
                    log.close().await;
                });
            });
        });
        whole
    }
}

/// Adds entries in their order, each thousand a second later.
pub(crate) async fn fill(bench: &Bench, log: &Log, numbers: std::ops::Range<u64>) {
    for start in numbers.clone().step_by(1000) {
        bench.clock.set(1_700_000_000_000 + start);
        let tasks: Vec<_> = (start..(start + 1000).min(numbers.end))
            .map(|number| {
                let log = log.clone();
                tokio::spawn(async move { log.add_entry(entry(number).into()).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
}

/// Waits until the directory shows the head that the log has published: that happens behind the answers.
pub(crate) async fn shown(log: &Log, directory: &Path) {
    let published = log.checkpoint().checkpoint;
    while fs::read_to_string(directory.join("log/checkpoint")).unwrap() != *published {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

pub(crate) fn settings(directory: &Path) -> LocalSettings {
    let mut settings = LocalSettings::new(directory.join("log"), Format::TlogTiles);
    settings.guard = Some(directory.join("guard").into());
    settings.slot_bytes = 1 << 20;
    settings
}

pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        match found.file_type().unwrap().is_dir() {
            true => copy_all(&found.path(), &target),
            false => drop(fs::copy(found.path(), target).unwrap()),
        }
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        copy_all(WHOLE.directory.path(), directory.path());
        Self {
            directory,
            verifiers: WHOLE.bench.signer.verifiers(),
        }
    }

    pub(crate) fn settings(&self) -> LocalSettings {
        settings(self.directory.path())
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("log").join(name)
    }

    fn flip(&self, name: &str, at: usize) {
        let mut content = fs::read(self.path(name)).unwrap();
        content[at] ^= 1;
        fs::write(self.path(name), content).unwrap();
    }

    /// Without looking up every single key, which takes longest.
    pub(crate) fn check(&self) -> Report {
        let mut options = Options::default();
        options.every_key = 16;
        fsck::check(self.settings(), &self.verifiers, &options, |_, _| {}).unwrap()
    }

    /// The only problem that there is.
    #[track_caller]
    fn problem(&self) -> Problem {
        let mut problems = self.check().problems;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.remove(0)
    }

    #[track_caller]
    fn expect(&self, kind: ProblemKind, file: &str, index: Option<u64>) {
        let problem = self.problem();
        let found = (problem.kind, problem.file.as_path(), problem.index);
        assert_eq!(found, (kind, Path::new(file), index), "{problem}");
    }
}

pub(crate) fn check(settings: LocalSettings, verifiers: &[NoteVerifier]) -> Report {
    fsck::check(settings, verifiers, &Options::default(), |_, _| {}).unwrap()
}

fn has(report: &Report, kind: ProblemKind, file: &str, index: Option<u64>) -> bool {
    let place = (kind, Path::new(file), index);
    let mut problems = report.problems.iter();
    problems.any(|problem| (problem.kind, problem.file.as_path(), problem.index) == place)
}

#[test]
fn nothing_is_found_in_a_directory_without_faults() {
    let place = Place::new();
    let report = check(place.settings(), &place.verifiers);
    assert_eq!(report.problems, []);
    assert_eq!(report.not_checked, Vec::<String>::new());
    assert_eq!(report.entries, SIZE);
    assert_eq!(report.published.unwrap().0, SIZE);
    assert_eq!(report.origin.as_deref(), Some(ORIGIN));
}

#[test]
fn what_was_not_checked_is_said() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.guard = None;
    let mut options = Options::default();
    options.every_key = 0;
    let report = fsck::check(settings, &[], &options, |_, _| {}).unwrap();
    assert_eq!(report.problems, []);
    let said = report.not_checked.join("; ");
    for part in ["signature", "guard", "keys"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn progress_ends_with_all_entries() {
    let place = Place::new();
    let mut last = (0, 0);
    let options = Options::default();
    fsck::check(place.settings(), &[], &options, |done, of| {
        last = (done, of);
    })
    .unwrap();
    assert_eq!(last, (SIZE, SIZE));
}

#[test]
fn a_directory_without_a_log_is_no_sound_one() {
    let directory = tempfile::tempdir().unwrap();
    let refused = fsck::check(
        settings(directory.path()),
        &[],
        &Options::default(),
        |_, _| {},
    );
    assert!(refused.unwrap_err().to_string().contains("no log"));
}

#[test]
fn a_flipped_bit_in_a_bundle_is_found_at_its_entry_by_the_tile_above() {
    let place = Place::new();
    let bundle = fs::read(place.path("tile/entries/003")).unwrap();
    // The first byte of the second entry of that bundle.
    let at = 2 + usize::from(bundle[1]) + 2;
    place.flip("tile/entries/003", at);
    place.expect(ProblemKind::Entries, "tile/entries/003", Some(3 * 256 + 1));
}

#[test]
fn a_flipped_bit_in_a_bundle_right_of_the_last_level_1_tile_is_found_by_the_root() {
    let place = Place::new();
    place.flip("tile/entries/257", 2);
    place.expect(ProblemKind::Entries, "tile/entries/257", Some(257 * 256));
}

#[test]
fn a_flipped_bit_in_a_tile_right_of_the_last_level_1_tile_is_found_by_the_root() {
    let place = Place::new();
    place.flip("tile/0/257", 64);
    place.expect(ProblemKind::TileHashes, "tile/0/257", Some(257 * 256 + 2));
}

#[test]
fn a_flipped_bit_in_a_level_0_tile_is_found_in_the_tile() {
    let place = Place::new();
    place.flip("tile/0/007", 32 * 5);
    place.expect(ProblemKind::TileHashes, "tile/0/007", Some(7 * 256 + 5));
}

#[test]
fn a_flipped_bit_in_a_level_1_tile_is_found_in_the_tile() {
    let place = Place::new();
    place.flip("tile/1/000", 32 * 9);
    place.expect(ProblemKind::TileHashes, "tile/1/000", Some(9 * 256));
}

#[test]
fn two_swapped_bundles_are_both_found_from_their_first_entries_on() {
    let place = Place::new();
    let (one, other) = (
        place.path("tile/entries/010"),
        place.path("tile/entries/011"),
    );
    let (first, second) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
    fs::write(one, second).unwrap();
    fs::write(other, first).unwrap();
    let report = place.check();
    assert_eq!(report.errors, 2, "{report:#?}");
    for page in [10, 11] {
        let file = format!("tile/entries/{page:03}");
        assert!(has(&report, ProblemKind::Entries, &file, Some(page * 256)));
    }
    assert!(report.problems[0].found.contains("256 of 256 differ"));
}

#[test]
fn a_flipped_bit_in_the_ledger_is_found_at_its_page() {
    let place = Place::new();
    place.flip(".state/ledger/000", 4 * 1540 + 9);
    place.expect(ProblemKind::Ledger, ".state/ledger/000", Some(4 * 256));
}

#[test]
fn times_that_go_backwards_are_found() {
    let place = Place::new();
    let path = place.path(".state/ledger/000");
    let mut content = fs::read(&path).unwrap();
    let page = 6 * 1540;
    // The last millisecond byte but three, of the eleventh entry.
    content[page + 10 * 6 + 2] -= 1;
    let checksum = crc32c(&content[page..page + 1536]);
    content[page + 1536..page + 1540].copy_from_slice(&checksum.to_be_bytes());
    fs::write(path, content).unwrap();
    place.expect(ProblemKind::Time, ".state/ledger/000", Some(6 * 256 + 10));
}

/// Bit by bit; the library is not a dependency of tests.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = register & 1;
            register = (register >> 1) ^ (carry * 0x82f6_3b78);
        }
    }
    !register
}

#[test]
fn truncated_files_are_found() {
    for (name, kind, index) in [
        ("tile/entries/020", ProblemKind::BundleDamaged, 20 * 256),
        ("tile/0/020", ProblemKind::TileLength, 20 * 256),
        ("tile/1/000", ProblemKind::TileLength, 0),
        (".state/ledger/001", ProblemKind::Ledger, 65_536 + 256),
    ] {
        let place = Place::new();
        let content = fs::read(place.path(name)).unwrap();
        fs::write(place.path(name), &content[..content.len() - 1]).unwrap();
        place.expect(kind, name, Some(index));
    }
}

#[test]
fn missing_files_are_found() {
    for (name, kind, index) in [
        ("tile/entries/030", ProblemKind::BundleMissing, 30 * 256),
        ("tile/0/030", ProblemKind::TileMissing, 30 * 256),
        ("tile/1/000", ProblemKind::TileMissing, 0),
    ] {
        let place = Place::new();
        fs::remove_file(place.path(name)).unwrap();
        place.expect(kind, name, Some(index));
    }
}

#[test]
fn a_bundle_and_its_tile_that_are_both_missing_leave_the_root_to_the_tile_above() {
    let place = Place::new();
    fs::remove_file(place.path("tile/entries/030")).unwrap();
    fs::remove_file(place.path("tile/0/030")).unwrap();
    let report = place.check();
    assert_eq!(report.errors, 2, "{report:#?}");
    let said = report.not_checked.join("; ");
    assert!(!said.contains("roots"), "{said}");
}

#[test]
fn all_problems_are_counted_and_only_some_listed() {
    let place = Place::new();
    for page in 40..60 {
        fs::remove_file(place.path(&format!("tile/entries/{page:03}"))).unwrap();
    }
    let mut options = Options::default();
    options.listed = 5;
    let report = fsck::check(place.settings(), &place.verifiers, &options, |_, _| {}).unwrap();
    assert_eq!((report.errors, report.problems.len()), (20, 5));
}

#[test]
fn files_that_no_log_puts_there_are_found() {
    let tile = vec![0; 8192];
    for (name, kind) in [
        ("tile/0/900", ProblemKind::Beyond),
        ("tile/2/000", ProblemKind::Beyond),
        ("tile/entries/258", ProblemKind::Beyond),
        ("tile/data/000", ProblemKind::Foreign),
        ("tile/0/notes.txt", ProblemKind::Foreign),
        ("tile/0/258.p/52", ProblemKind::Partial),
        (".state/ledger/900", ProblemKind::Beyond),
        (".state/wal/copy", ProblemKind::Foreign),
        (".state/temporary/17", ProblemKind::Leftover),
    ] {
        let place = Place::new();
        let path = place.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &tile).unwrap();
        place.expect(kind, name, None);
    }
}

#[test]
fn the_checkpoint_of_another_key_is_not_believed() {
    let mut place = Place::new();
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let signer = NoteSigner::ed25519(ORIGIN, Arc::new(key)).unwrap();
    place.verifiers = vec![signer.verifier().clone()];
    place.expect(ProblemKind::Signature, "checkpoint", None);
}

#[test]
fn a_checkpoint_that_is_missing_or_torn_is_found() {
    let place = Place::new();
    let content = fs::read(place.path("checkpoint")).unwrap();
    fs::write(place.path("checkpoint"), &content[..content.len() / 2]).unwrap();
    place.expect(ProblemKind::Checkpoint, "checkpoint", None);
    fs::remove_file(place.path("checkpoint")).unwrap();
    place.expect(ProblemKind::Checkpoint, "checkpoint", None);
}

#[test]
fn a_guard_that_is_ahead_or_of_another_tree_is_found() {
    let place = Place::new();
    let root = Hash::new([7; 32]);
    for (size, kind) in [
        (SIZE + 1, ProblemKind::GuardAhead),
        (SIZE, ProblemKind::GuardDiffers),
        (300, ProblemKind::GuardDiffers),
    ] {
        let guard = place.beside("guard");
        fs::write(&guard, format!("waxwing-guard 1\n{size}\n{root}\n")).unwrap();
        place.expect(kind, guard.to_str().unwrap(), Some(size));
    }
    // One that is behind is in order.
    let mut range = CompactRange::new();
    (0..300).for_each(|number| range.append(leaf_at(&place, number)));
    let guard = format!("waxwing-guard 1\n300\n{}\n", range.root());
    fs::write(place.beside("guard"), guard).unwrap();
    assert_eq!(place.check().problems, []);
    fs::remove_file(place.beside("guard")).unwrap();
    assert_eq!(place.problem().kind, ProblemKind::GuardUnreadable);
}

fn leaf_at(place: &Place, index: u64) -> Hash {
    let tile = fs::read(place.path(&format!("tile/0/{:03}", index / 256))).unwrap();
    let at = (index % 256) as usize * 32;
    Hash::from_slice(&tile[at..at + 32]).unwrap()
}

#[test]
fn a_write_ahead_log_that_is_gone_is_found() {
    let place = Place::new();
    for slot in fs::read_dir(place.path(".state/wal")).unwrap() {
        fs::remove_file(slot.unwrap().path()).unwrap();
    }
    let report = place.check();
    assert!(
        has(&report, ProblemKind::WriteAheadLog, ".state/wal", None),
        "{report:#?}"
    );
    assert!(!report.not_checked.is_empty());
}

#[test]
fn damage_in_the_index_of_keys_is_found() {
    // In a block of a run: found when an entry is looked up.
    let place = Place::new();
    let runs = place.path(".state/keys/runs");
    let mut names: Vec<_> = fs::read_dir(&runs)
        .unwrap()
        .map(|run| run.unwrap().path())
        .collect();
    names.sort();
    let below = |path: &Path| {
        path.strip_prefix(place.path(""))
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let name = below(&names[0]);
    let length = fs::read(&names[0]).unwrap().len();
    place.flip(&name, length / 3);
    let report = place.check();
    assert!(report.errors > 0);
    assert!(
        report
            .problems
            .iter()
            .all(|problem| problem.kind == ProblemKind::KeysDamaged)
    );
    // Its header: then it is not used at all.
    let place = Place::new();
    place.flip(&name, 20);
    let kinds: Vec<_> = place
        .check()
        .problems
        .iter()
        .map(|problem| problem.kind)
        .collect();
    assert!(kinds.contains(&ProblemKind::KeysDamaged), "{kinds:?}");
    assert!(kinds.contains(&ProblemKind::KeysCovered), "{kinds:?}");
}

#[test]
fn an_index_that_is_gone_is_a_warning() {
    let place = Place::new();
    fs::remove_dir_all(place.path(".state/keys")).unwrap();
    let report = place.check();
    assert!(report.is_sound(), "{report:#?}");
    assert_eq!(place.problem().kind, ProblemKind::KeysAbsent);
}

/// Commits a record behind the engine's back, as a writer without an index would.
async fn force(driver: &LocalDriver, log_size: u64, entries: &[Vec<u8>], damaged: bool) -> Head {
    let recovered = driver.open().await.unwrap();
    let last = recovered.records.last().unwrap().head.clone();
    let mut range = CompactRange::new();
    (0..log_size).for_each(|number| range.append(leaf_hash(&entry(number))));
    let record_entries = entries.iter().map(|stored| {
        let leaf = leaf_hash(stored);
        range.append(leaf);
        RecordEntry {
            key: Key::from(leaf),
            leaf_hash: leaf,
            stored: stored.clone().into(),
        }
    });
    let entries: Vec<RecordEntry> = record_entries.collect();
    let root = if damaged {
        Hash::new([3; 32])
    } else {
        range.root()
    };
    let head = Head {
        size: range.size(),
        root,
        ..last.clone()
    };
    let record = Record {
        first: last.size,
        entries,
        head: head.clone(),
        filed: 0,
    };
    let outcome = driver.commit(Some(&last), Arc::new(record)).await;
    assert!(matches!(outcome, Outcome::Committed));
    head
}

/// A small log whose entries lie in their order.
async fn ordered(directory: &Path, entries: u64) -> Bench {
    let mut bench = Bench::tiles();
    bench.settings = Settings::of_entries();
    let log = bench
        .open(Arc::new(LocalDriver::new(settings(directory))))
        .await;
    for number in 0..entries {
        log.add_entry(entry(number).into()).await.unwrap();
    }
    log.close().await;
    bench
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_forced_in_twice_is_found_with_both_indexes() {
    let directory = tempfile::tempdir().unwrap();
    let bench = ordered(directory.path(), 300).await;
    let driver = LocalDriver::new(settings(directory.path()));
    // Entry 7 is filed and 290 is not; and one that is twice in the record.
    force(&driver, 300, &[7, 290, 300, 300].map(entry), false).await;
    drop(driver);
    let log = bench
        .open(Arc::new(LocalDriver::new(settings(directory.path()))))
        .await;
    log.close().await;
    let report = check(settings(directory.path()), &bench.signer.verifiers());
    let mut found: Vec<(u64, &str)> = Vec::new();
    for problem in &report.problems {
        assert_eq!(problem.kind, ProblemKind::Duplicate);
        found.push((problem.index.unwrap(), problem.found.as_str()));
    }
    let same = |index| format!("the same entry as at {index}");
    let (seventh, other, last) = (same(7), same(290), same(302));
    assert_eq!(found, [(300, &*seventh), (301, &*other), (303, &*last)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_the_entries_do_not_lead_to_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let bench = ordered(directory.path(), 20).await;
    let driver = LocalDriver::new(settings(directory.path()));
    force(&driver, 20, &[entry(20)], true).await;
    drop(driver);
    let report = check(settings(directory.path()), &bench.signer.verifiers());
    assert_eq!(report.unpublished, 1);
    assert_eq!(report.errors, 1);
    assert!(
        has(&report, ProblemKind::Head, ".state/wal", Some(21)),
        "{report:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_sound_at_every_moment_while_it_is_written_and_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let mut bench = Bench::tiles();
    bench.settings = Settings::of_entries();
    let log = bench
        .open(Arc::new(LocalDriver::new(settings(directory.path()))))
        .await;
    let (writer, verifiers) = (log.clone(), bench.signer.verifiers());
    let bench_of_writer = bench.clone();
    let writing = tokio::spawn(async move { fill(&bench_of_writer, &writer, 0..12_000).await });
    let guard = directory.path().join("guard");
    let mut checks = 0;
    while !writing.is_finished() || checks == 0 {
        let mut settings = settings(directory.path());
        // It is written behind the log, and may not be there yet.
        settings.guard = settings.guard.filter(|_| guard.exists());
        let verifiers = verifiers.clone();
        let report = tokio::task::spawn_blocking(move || check(settings, &verifiers));
        let report = report.await.unwrap();
        assert!(report.is_sound(), "{report:#?}");
        checks += 1;
    }
    writing.await.unwrap();
    shown(&log, directory.path()).await;
    // Not closed: the process ends here.
    drop(log);
    let mut settings = settings(directory.path());
    settings.guard = None;
    let report = check(settings, &verifiers);
    assert_eq!(report.errors, 0, "{report:#?}");
    assert_eq!(report.published.unwrap().0, 12_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_of_certificate_transparency_are_derived_or_it_is_said() {
    use waxwing_log::{Leaf, LeafBytes};
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::new(Format::StaticCt);
    let mut settings = settings(directory.path());
    settings.format = Format::StaticCt;
    let log = bench
        .open(Arc::new(LocalDriver::new(settings.clone())))
        .await;
    for number in 0..520_u64 {
        let bytes = 100;
        let make = Box::new(move |index: u64, time: waxwing_encoding::time::UnixTime| {
            let mut entry = time.milliseconds().to_be_bytes().to_vec();
            entry.extend([0, 0, 0, 0, 9]);
            entry.extend(*b"certified");
            entry.extend([0, 8]);
            entry.extend(index.to_be_bytes());
            let merkle = [&[0, 0], entry.as_slice()].concat();
            entry.extend([0, 32]);
            entry.extend([1; 32]);
            LeafBytes {
                merkle_leaf: merkle.into(),
                stored: entry.into(),
            }
        });
        log.add(&number.to_be_bytes(), Leaf::At { bytes, make })
            .await
            .unwrap();
    }
    log.close().await;
    let report = check(settings.clone(), &bench.signer.verifiers());
    assert_eq!(report.problems, []);
    let said = report.not_checked.join("; ");
    assert!(!said.contains("leaves of"), "{said}");
    let path = settings.directory.join("tile/data/001");
    let mut content = fs::read(&path).unwrap();
    // In the certificate of the first entry.
    content[14] ^= 1;
    fs::write(path, content).unwrap();
    let report = check(settings, &bench.signer.verifiers());
    assert!(
        has(&report, ProblemKind::Entries, "tile/data/001", Some(256)),
        "{report:#?}"
    );
}
