//! Many processes at one cache, killed in the middle of what they do.
//!
//! The processes are this program once more, with a test that does nothing unless it is told where.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use waxwing_client::trust::{Settings, TrustStore};
use waxwing_encoding::time::{Clock, UnixTime};

use crate::world::{World, after, http};

const PROCESSES: usize = 20;
const LASTS: Duration = Duration::from_secs(4);
const FOLDER: &str = "WAXWING_TEST_CROWD";

struct Began;

impl Clock for Began {
    fn now(&self) -> UnixTime {
        after(0)
    }
}

/// What one of the crowd does: it asks the repository, again and again.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent tells its child where"
)]
async fn one_of_the_crowd() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let settings = Settings {
        cache: Some(folder.join("cache")),
        mirror: Some(std::fs::read_to_string(folder.join("mirror")).unwrap()),
        root: None,
        fresh_for: Duration::ZERO,
        offline: false,
    };
    let client = TrustStore::new(settings, http(), Arc::new(Began));
    loop {
        // An hour of patience: the parent ends it.
        let found = client.target("counter").await;
        found.unwrap();
        std::fs::write(folder.join("asked"), "").unwrap();
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crowd::one_of_the_crowd"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_cache_survives_a_crowd_that_is_killed_in_the_middle() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut world = World::new();
    world.publish("counter", b"0");
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    std::fs::write(folder.path().join("mirror"), &world.url).unwrap();
    let begin = world.client(&cache);
    runtime.block_on(async {
        begin.initialize().await.unwrap();
        begin.target("counter").await.unwrap();
    });
    let offline = Settings {
        offline: true,
        root: None,
        ..world.settings(&cache)
    };
    let reader = world.client_with(offline);
    let is_over = Arc::new(AtomicBool::new(false));
    let counter = Arc::new(Mutex::new(0_u64));
    let publisher = thread::spawn({
        let (is_over, counter) = (Arc::clone(&is_over), Arc::clone(&counter));
        move || {
            while !is_over.load(Ordering::Relaxed) {
                let mut counter = counter.lock().unwrap();
                *counter += 1;
                world.publish("counter", counter.to_string().as_bytes());
                drop(counter);
                thread::sleep(Duration::from_millis(15));
            }
            world
        }
    });
    let mut children: Vec<Child> = (0..PROCESSES).map(|_| spawn(folder.path())).collect();
    let (began, mut killed, mut last, mut changes) = (Instant::now(), 0_u64, 0, 0_u32);
    while began.elapsed() < LASTS {
        let unlucky = usize::try_from(killed * 7 % PROCESSES as u64).unwrap();
        thread::sleep(Duration::from_millis(killed * 13 % 40));
        let child = &mut children[unlucky];
        // It has not ended by itself: nothing failed in it.
        assert!(child.try_wait().unwrap().is_none(), "{}", complaint(child));
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // Whoever reads now finds the old state or the new one, and never an older one than before.
        let found = runtime.block_on(reader.target("counter")).unwrap();
        let found: u64 = String::from_utf8(found.value).unwrap().parse().unwrap();
        assert!(found >= last, "{found} after {last}");
        changes += u32::from(found > last);
        last = found;
        children[unlucky] = spawn(folder.path());
    }
    for mut child in children {
        assert!(
            child.try_wait().unwrap().is_none(),
            "{}",
            complaint(&mut child)
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let world = publisher.join().unwrap();
    println!("{killed} processes killed, {changes} states seen, the last {last}");
    assert!(killed > 20 && changes > 5, "{killed} {changes}");
    // The next one goes on as if nothing had been.
    let found = runtime
        .block_on(world.client(&cache).target("counter"))
        .unwrap();
    drop(found);
    let settings = Settings {
        fresh_for: Duration::ZERO,
        ..world.settings(&cache)
    };
    let found = runtime
        .block_on(world.client_with(settings).target("counter"))
        .unwrap();
    assert_eq!(found.value, counter.lock().unwrap().to_string().as_bytes());
}

fn complaint(child: &mut Child) -> String {
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        let _ = std::io::Read::read_to_string(stderr, &mut said);
    }
    said
}
