//! python-tuf follows an instance: through rotations, after a month in which nobody was at home, and from
//! a root of years ago. Server and client have clocks that are set by hand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use waxwing_crypto::SystemRandom;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::{
    Address, Choices, DataDirectory, Instance, RootChange, Rotated, Rotation, Surroundings, TufKey,
};
use waxwing_serve::Listener;
use waxwing_testkit::peers::{self, Peer};

use crate::program::printed;

struct At(UnixTime);

impl Clock for At {
    fn now(&self) -> UnixTime {
        self.0
    }
}

fn day(days: i64) -> UnixTime {
    let began = UnixTime::parse("2026-06-01T12:00:00Z").unwrap();
    began.plus_seconds(days * 86_400)
}

fn surroundings(days: i64) -> Surroundings {
    Surroundings {
        clock: Arc::new(At(day(days))),
        random: Arc::new(SystemRandom),
    }
}

/// An instance that is served, some days after it began.
struct Served {
    instance: Instance,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Served {
    async fn start(folder: &Path, days: i64) -> Self {
        let path = folder.join("data");
        let known = DataDirectory::known_address(&path).unwrap();
        let port = known
            .as_ref()
            .and_then(|known| known.base().rsplit(':').next()?.parse().ok());
        let listener = Listener::bind_loopback(port.unwrap_or(0)).await.unwrap();
        let address = Address::new(&format!("http://{}", listener.address())).unwrap();
        let data = DataDirectory::open(&path, None, &address, &surroundings(days)).unwrap();
        let opened = Instance::open(data, Choices::default(), surroundings(days)).await;
        let instance = opened.unwrap();
        assert_eq!(instance.needs(), Vec::<String>::new());
        let (stop, stopped) = oneshot::channel();
        let serving = listener.serve(instance.router(), async { drop(stopped.await) });
        Self {
            instance,
            stop,
            done: tokio::spawn(serving),
        }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.done.await.unwrap();
        self.instance.close().await;
    }

    /// What a client with that memory comes to trust at that time.
    async fn followed_by(&self, client: &Client, days: i64) -> Result<Value, String> {
        let url = self.instance.address().trust_repository();
        let mut command = Command::new(&client.python);
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python_tuf.py"))
            .args([&url, &client.root, &client.cache])
            .arg(day(days).to_string())
            .env_clear();
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.unwrap().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", printed(&output)));
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }
}

struct Client {
    python: PathBuf,
    root: String,
    cache: String,
}

impl Client {
    /// One that trusts the root of that version and remembers nothing.
    fn new(python: &Path, folder: &Path, name: &str) -> Self {
        Self {
            python: python.to_owned(),
            root: folder.join("data/tuf/1.root.json").display().to_string(),
            cache: folder.join(name).display().to_string(),
        }
    }
}

fn numbers(found: &Value) -> (u64, usize, usize) {
    let count = |member: &str| found["trustedRoot"][member].as_array().map_or(0, Vec::len);
    let root = found["root"].as_u64().unwrap();
    (root, count("certificateAuthorities"), count("tlogs"))
}

#[tokio::test(flavor = "multi_thread")]
async fn python_follows_rotations_a_month_of_absence_and_an_old_root() {
    let Some(python) = peers::require(Peer::SigstorePython) else {
        return;
    };
    let python = python.program("bin/python");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let served = Served::start(folder, 0).await;
    let kept = Client::new(&python, folder, "kept");
    let found = served.followed_by(&kept, 0).await.unwrap();
    assert_eq!(numbers(&found), (1, 1, 1));
    served.stop().await;

    // New keys, a new log, and a root with keys of its own anew.
    let path = folder.join("data");
    let address = DataDirectory::existing_address(&path).unwrap();
    let mut data = DataDirectory::open(&path, None, &address, &surroundings(1)).unwrap();
    for (service, url) in [
        (Rotated::CertificateAuthority, None),
        (
            Rotated::RekorLog,
            Some("http://log2.waxwing.localhost".to_owned()),
        ),
    ] {
        let rotation = Rotation {
            service,
            after: Duration::from_secs(3600),
            url,
        };
        data.rotate(&rotation, &surroundings(1)).unwrap();
    }
    let change = RootChange {
        made: vec![TufKey::Root, TufKey::Targets, TufKey::Online],
        ..RootChange::default()
    };
    data.change_root(&change, &surroundings(1)).unwrap();
    drop(data);
    let served = Served::start(folder, 1).await;
    let found = served.followed_by(&kept, 1).await.unwrap();
    assert_eq!(numbers(&found), (2, 2, 2));
    // While it goes on, nobody is told that a month has passed; who asks with a clock of then refuses.
    let stale = served.followed_by(&kept, 33).await.unwrap_err();
    assert!(stale.starts_with("ExpiredMetadataError"), "{stale}");
    served.stop().await;

    let served = Served::start(folder, 33).await;
    let found = served.followed_by(&kept, 33).await.unwrap();
    assert_eq!(numbers(&found), (2, 2, 2));
    served.stop().await;

    // Two years later, who kept the first root and nothing else is led to today's.
    let served = Served::start(folder, 730).await;
    let old = Client::new(&python, folder, "old");
    let found = served.followed_by(&old, 730).await.unwrap();
    assert_eq!(numbers(&found), (3, 2, 2));
    assert_eq!(found["trustedRoot"], served_root(&served));
    served.stop().await;
}

fn served_root(served: &Served) -> Value {
    let root = served.instance.trusted_root().to_json().unwrap();
    serde_json::from_slice(&root).unwrap()
}
