//! Keys are exchanged while the instance runs: what is published, what signs, what ends.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use waxwing_crypto::SystemRandom;
use waxwing_encoding::base64;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::control::{self, ControlError, Order};
use waxwing_instance::{
    Address, Choices, DataDirectory, Instance, NewKey, Rotated, Rotation, Surroundings,
};
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_net::Request;
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

use crate::surroundings::{ARTIFACT, EMAIL, sign};

const URL: &str = "http://waxwing.localhost:8123";
const SECOND_URL: &str = "http://log2.waxwing.localhost:8123";
const BEGAN: i64 = 1_780_000_000;

/// A clock that is set by hand.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct World {
    folder: TempDir,
    hands: Hands,
    instance: Instance,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Hands(Arc::new(AtomicI64::new(BEGAN)));
        let instance = open(folder.path(), &hands).await;
        Self {
            folder,
            hands,
            instance,
        }
    }

    fn later(&self, seconds: i64) {
        self.hands.0.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn order(
        &self,
        service: Rotated,
        after: u64,
        url: Option<&str>,
    ) -> Result<NewKey, ControlError> {
        let order = Order::Rotate(Rotation {
            service,
            after: Duration::from_secs(after),
            url: url.map(str::to_owned),
        });
        control::ask(&self.folder.path().join("data"), &order).await
    }

    /// A bundle of now.
    async fn sign(&self) -> Bundle {
        let client = self.instance.client().unwrap();
        sign(&self.instance, &self.instance.signer(client).unwrap()).await
    }

    async fn again(self) -> Self {
        self.instance.close().await;
        let instance = open(self.folder.path(), &self.hands).await;
        Self { instance, ..self }
    }

    /// The size of a Rekor log, and whether its checkpoint says that it is frozen.
    async fn rekor_log(&self, url: &str) -> (u64, bool) {
        let client = self.instance.client().unwrap();
        let answer = client.get(format!("{url}/checkpoint")).await.unwrap();
        let checkpoint = answer.text();
        let origin = Address::new(url).unwrap().host().to_owned();
        assert!(
            checkpoint.starts_with(&format!("{origin}\n")),
            "{checkpoint}"
        );
        let size = checkpoint.lines().nth(1).unwrap().parse().unwrap();
        (size, checkpoint.contains("Log frozen"))
    }
}

async fn open(folder: &Path, hands: &Hands) -> Instance {
    let surroundings = Surroundings {
        clock: Arc::new(hands.clone()),
        random: Arc::new(SystemRandom),
    };
    let address = Address::new(URL).unwrap();
    let data = DataDirectory::open(&folder.join("data"), None, &address, &surroundings).unwrap();
    let opened = Instance::open(data, Choices::default(), surroundings).await;
    opened.unwrap()
}

fn verify(root: &TrustedRoot, bundle: &Bundle) -> Result<(), String> {
    let verifier = Verifier::new(root.clone(), Requirements::public_good()).unwrap();
    let policy = Policy::identity(Identity::exactly(&format!("{URL}/oidc"), EMAIL).unwrap());
    verifier
        .verify(bundle, Artifact::Bytes(ARTIFACT), &policy)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// What was proposed to the log for a bundle.
fn proposal(bundle: &Bundle) -> Value {
    let body: Value = serde_json::from_slice(&bundle.entries[0].canonicalized_body).unwrap();
    let spec = &body["spec"]["hashedRekordV002"];
    json!({"hashedRekordRequestV002": {
        "digest": spec["data"]["digest"], "signature": spec["signature"],
    }})
}

fn index(bundle: &Bundle) -> u64 {
    bundle.entries[0].log_index
}

#[tokio::test]
async fn authorities_and_logs_are_exchanged_without_a_stop() {
    let world = World::new().await;
    let old_root = world.instance.trusted_root();
    let before = world.sign().await;
    for (service, url, name) in [
        (
            Rotated::CertificateAuthority,
            None,
            "certificate-authority-2",
        ),
        (Rotated::TimestampAuthority, None, "timestamp-authority-2"),
        (Rotated::Issuer, None, "issuer-2"),
        (Rotated::CtLog, None, "ct-log-2"),
        (Rotated::RekorLog, Some(SECOND_URL), "rekor-log-2"),
    ] {
        assert_eq!(world.order(service, 100, url).await.unwrap().name, name);
    }
    let new_root = world.instance.trusted_root();
    let between = world.sign().await;
    // Published, but the old keys sign.
    verify(&old_root, &between).unwrap();
    verify(&new_root, &between).unwrap();
    assert_eq!((index(&before), index(&between)), (1, 2));
    world.later(101);
    let world = world.again().await;
    let after = world.sign().await;
    for bundle in [&before, &between, &after] {
        verify(&new_root, bundle).unwrap();
    }
    assert_eq!(index(&after), 1, "of the new log");
    let refused = verify(&old_root, &after).unwrap_err();
    assert!(refused.contains("log"), "{refused}");
    // Both take entries for a minute, and then the new one alone.
    assert_eq!(world.rekor_log(URL).await, (3, false));
    assert_eq!(world.rekor_log(SECOND_URL).await, (2, false));
    world.later(61);
    let world = world.again().await;
    assert_eq!(world.rekor_log(URL).await, (3, true));
    assert_eq!(world.rekor_log(SECOND_URL).await, (2, false));
    assert_eq!(index(&world.sign().await), 2);
    // The signing config says so to clients that choose by it.
    let config = world.instance.signing_config();
    let logs = config.transparency_logs.iter();
    let logs: Vec<_> = logs.map(|log| (&*log.url, log.valid_for.end)).collect();
    let end = UnixTime::from_seconds(BEGAN + 160).ok();
    assert_eq!(logs, [(SECOND_URL, None), (URL, end)]);
    assert_eq!(*world.instance.trusted_root(), *new_root);
    world.instance.close().await;
}

#[tokio::test]
async fn the_moment_of_a_new_key_comes_by_itself() {
    let world = World::new().await;
    let old = world.instance.trusted_root();
    world.order(Rotated::CtLog, 1, None).await.unwrap();
    verify(&old, &world.sign().await).unwrap();
    world.later(2);
    // The keeper sleeps on the real clock.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let signed = world.sign().await;
    verify(&old, &signed).unwrap_err();
    verify(&world.instance.trusted_root(), &signed).unwrap();
    world.instance.close().await;
}

#[tokio::test]
async fn an_ended_log_answers_for_its_entries_and_takes_no_new_ones() {
    let world = World::new().await;
    let bundle = world.sign().await;
    world
        .order(Rotated::RekorLog, 0, Some(SECOND_URL))
        .await
        .unwrap();
    world.order(Rotated::CtLog, 0, None).await.unwrap();
    world
        .order(Rotated::CertificateAuthority, 0, None)
        .await
        .unwrap();
    world.later(61);
    let world = world.again().await;
    let client = world.instance.client().unwrap();
    let known = proposal(&bundle);
    let add = async |url: &str, proposal: &Value| {
        let request = Request::post_json(format!("{url}/api/v2/log/entries"), proposal);
        client.send(request).await.unwrap()
    };
    let again = add(URL, &known).await.status;
    assert_eq!(
        again,
        StatusCode::CREATED,
        "whoever lost the answer is told again"
    );
    // To the other log the same is new.
    assert_eq!(add(SECOND_URL, &known).await.status, StatusCode::CREATED);
    let new = proposal(&world.sign().await);
    let refused = add(URL, &new).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        refused.text(),
        "This log has been frozen, please switch to the latest log.\n"
    );
    // The CT log that ended is read where it was, and the new one has a prefix of its own. What neither
    // has seen, only the new one takes.
    let authorities = &world.instance.trusted_root().certificate_authorities;
    let chain = authorities[1].certificates.iter();
    let chain: Vec<String> = chain.map(|one| base64::encode(one.der())).collect();
    for (prefix, expected) in [
        ("ct", StatusCode::SERVICE_UNAVAILABLE),
        ("ct-2", StatusCode::OK),
    ] {
        let base = format!("{URL}/{prefix}");
        let checkpoint = client.get(format!("{base}/checkpoint")).await.unwrap();
        let origin = format!("waxwing.localhost:8123/{prefix}\n");
        let text = checkpoint.text();
        assert!(text.starts_with(&origin), "{text}");
        let body = json!({ "chain": chain });
        let add = Request::post_json(format!("{base}/ct/v1/add-chain"), &body);
        assert_eq!(client.send(add).await.unwrap().status, expected);
    }
    world.instance.close().await;
}

#[tokio::test]
async fn a_rotation_that_cannot_be_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let root = world.instance.trusted_root();
    for (service, url, expected) in [
        (
            Rotated::RekorLog,
            None,
            "needs a URL with a host name of its own",
        ),
        (
            Rotated::RekorLog,
            Some("http://waxwing.localhost:9999"),
            "the host \"waxwing.localhost\" is the name of rekor-log-1",
        ),
        (
            Rotated::RekorLog,
            Some("http://log2.waxwing.localhost/path"),
            "is no URL of a log",
        ),
        (
            Rotated::CtLog,
            Some(SECOND_URL),
            "only a new Rekor log is given a URL",
        ),
    ] {
        let refused = world.order(service, 0, url).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    assert_eq!(*world.instance.trusted_root(), *root);
    world.order(Rotated::Issuer, 3600, None).await.unwrap();
    let refused = world.order(Rotated::Issuer, 0, None).await.unwrap_err();
    let refused = refused.to_string();
    assert!(
        refused.contains("issuer-2 signs from 2026-05-28T21:26:40Z on"),
        "{refused}"
    );
    // The same one later than the one that waits.
    world.order(Rotated::Issuer, 3600, None).await.unwrap();
    world
        .order(Rotated::RekorLog, 0, Some(SECOND_URL))
        .await
        .unwrap();
    world.instance.close().await;
}

/// What a crash leaves between the ring and the first entry of a new log.
#[tokio::test]
async fn a_new_log_that_never_began_is_begun_by_the_next_start() {
    let world = World::new().await;
    world.instance.close().await;
    let surroundings = Surroundings {
        clock: Arc::new(world.hands.clone()),
        random: Arc::new(SystemRandom),
    };
    let address = Address::new(URL).unwrap();
    let path = world.folder.path().join("data");
    let mut data = DataDirectory::open(&path, None, &address, &surroundings).unwrap();
    let rotation = Rotation {
        service: Rotated::RekorLog,
        after: Duration::ZERO,
        url: Some(SECOND_URL.to_owned()),
    };
    data.rotate(&rotation, &surroundings).unwrap();
    drop(data);
    let instance = open(world.folder.path(), &world.hands).await;
    let world = World { instance, ..world };
    assert_eq!(index(&world.sign().await), 1);
    let world = world.again().await;
    // Begun, and from now on it must be there.
    world.instance.close().await;
    std::fs::rename(
        path.join("logs/rekor-log-2"),
        world.folder.path().join("away"),
    )
    .unwrap();
    let data = DataDirectory::open(&path, None, &address, &surroundings).unwrap();
    let refused = Instance::open(data, Choices::default(), surroundings).await;
    let refused = refused.map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("the log rekor-log-2"), "{refused}");
}

#[tokio::test]
async fn an_instance_moves_to_another_url_and_what_it_signed_stays_good() {
    const NEW: &str = "http://moved.localhost";
    let world = World::new().await;
    let before = world.sign().await;
    world.instance.close().await;
    let surroundings = Surroundings {
        clock: Arc::new(world.hands.clone()),
        random: Arc::new(SystemRandom),
    };
    let path = world.folder.path().join("data");
    let (old, new) = (Address::new(URL).unwrap(), Address::new(NEW).unwrap());
    let mut data = DataDirectory::open(&path, None, &old, &surroundings).unwrap();
    assert_eq!(data.relocate(&old, &surroundings).unwrap(), []);
    let moved = data.relocate(&new, &surroundings).unwrap();
    let urls: Vec<_> = moved.iter().filter_map(|key| key.url.as_deref()).collect();
    assert_eq!(urls, ["http://moved.localhost/ct-2", NEW]);
    drop(data);
    let data = DataDirectory::open(&path, Some(&new), &new, &surroundings).unwrap();
    let opened = Instance::open(data, Choices::default(), surroundings.clone()).await;
    let instance = opened.unwrap();
    let signer = instance.signer(instance.client().unwrap()).unwrap();
    let after = sign(&instance, &signer).await;
    // It leads to the services, and they to the logs.
    drop(signer);
    assert_eq!(index(&after), 1);
    let root = instance.trusted_root();
    verify(&root, &before).unwrap();
    let verifier = Verifier::new(root.as_ref().clone(), Requirements::public_good()).unwrap();
    let policy = Policy::identity(Identity::exactly(&format!("{NEW}/oidc"), EMAIL).unwrap());
    verifier
        .verify(&after, Artifact::Bytes(ARTIFACT), &policy)
        .unwrap();
    // The old log answers by its old name, the new one by the new.
    for (url, size) in [(URL, "2"), (NEW, "2")] {
        let client = instance.client().unwrap();
        let checkpoint = client.get(format!("{url}/checkpoint")).await.unwrap();
        let begins = format!("{}\n{size}\n", Address::new(url).unwrap().host());
        assert!(checkpoint.text().starts_with(&begins));
    }
    instance.close().await;
    // Another port is another CT log, whose name has it, and the same Rekor log, whose name has not.
    let port = Address::new("http://moved.localhost:8080").unwrap();
    let mut data = DataDirectory::open(&path, None, &new, &surroundings).unwrap();
    let moved = data.relocate(&port, &surroundings).unwrap();
    let names: Vec<_> = moved.iter().map(|key| &*key.name).collect();
    assert_eq!(names, ["ct-log-3"]);
    drop(data);
    let data = DataDirectory::open(&path, None, &port, &surroundings).unwrap();
    let opened = Instance::open(data, Choices::default(), surroundings).await;
    let instance = opened.unwrap();
    let signer = instance.signer(instance.client().unwrap()).unwrap();
    assert_eq!(index(&sign(&instance, &signer).await), 2);
    instance.close().await;
}
