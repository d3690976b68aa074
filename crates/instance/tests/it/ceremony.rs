//! Roots and targets that are signed by keys elsewhere: before the first start, for a later root, and for
//! what a rotation changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use waxwing_crypto::{KeyType, PrivateKey, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::control::{self, Order};
use waxwing_instance::{
    Address, Choices, DataDirectory, Instance, NewKey, RoleSigners, RootChange, Rotated, Rotation,
    StartError, Surroundings, TufKey, Waiting, sign_draft,
};
use waxwing_model::bundle::KeyMaterial;

use crate::surroundings::sign;
use crate::trust_repository::Client;

const URL: &str = "http://waxwing.localhost:8123";

struct At(UnixTime);

impl Clock for At {
    fn now(&self) -> UnixTime {
        self.0
    }
}

fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(At(UnixTime::parse("2026-06-01T12:00:00Z").unwrap())),
        random: Arc::new(SystemRandom),
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

fn signers(keys: &[&PrivateKey], threshold: u64) -> RoleSigners {
    RoleSigners {
        keys: keys.iter().map(|key| key.public_key().to_pem()).collect(),
        threshold,
    }
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn begin(&self, change: &RootChange) -> Result<Vec<Waiting>, StartError> {
        let address = Address::new(URL).unwrap();
        DataDirectory::begin(&self.data(), &address, change, &surroundings())
    }

    fn hold(&self) -> DataDirectory {
        let address = Address::new(URL).unwrap();
        DataDirectory::open(&self.data(), None, &address, &surroundings()).unwrap()
    }

    async fn open(&self) -> Result<Instance, StartError> {
        Instance::open(self.hold(), Choices::default(), surroundings()).await
    }

    /// Signs what waits with a key, as somebody does who is given the files, and hands it in.
    async fn sign(&self, key: &PrivateKey, running: bool) -> Vec<Waiting> {
        let mut waits = Vec::new();
        let folder = self.data().join("tuf/drafts");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        // Roots first, as they are checked.
        files.sort_by_key(|path| !path.to_string_lossy().contains("root"));
        for path in files {
            // Published meanwhile, with the one before.
            let Ok(draft) = fs::read(path) else { continue };
            let signed = sign_draft(&draft, key).unwrap();
            let handed_in = self.hand_in(signed, running).await;
            if let Ok(still) = handed_in {
                waits = still;
            }
        }
        waits
    }

    async fn hand_in(&self, copy: Vec<u8>, running: bool) -> Result<Vec<Waiting>, String> {
        if !running {
            let merged = self.hold().merge(&[copy], &surroundings());
            return merged.map_err(|error| error.to_string());
        }
        let order = Order::Sign {
            copies: vec![String::from_utf8(copy).unwrap()],
        };
        let merged = control::ask(&self.data(), &order).await;
        merged.map_err(|error| error.to_string())
    }
}

/// The identifiers of the keys of a role in the latest root.
fn root_version(folder: &Path) -> u64 {
    let root = fs::read(folder.join("data/client/root.json")).unwrap();
    let root: serde_json::Value = serde_json::from_slice(&root).unwrap();
    root["signed"]["version"].as_u64().unwrap()
}

#[tokio::test]
async fn an_instance_begins_with_a_root_that_two_of_three_have_signed() {
    let place = Place::new();
    let (a, b, c, targets) = (key(), key(), key(), key());
    let change = RootChange {
        root: Some(signers(&[&a, &b, &c], 2)),
        targets: Some(signers(&[&targets], 1)),
        made: Vec::new(),
    };
    let waiting = place.begin(&change).unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].path.ends_with("tuf/drafts/1.root.json"));
    for name in ["tuf-root.pem", "tuf-targets.pem"] {
        assert!(!place.data().join("private").join(name).exists(), "{name}");
    }
    let refused = place.begin(&change).unwrap_err().to_string();
    assert!(refused.contains("holds an instance already"), "{refused}");

    let unsigned = async || place.open().await.map(|_| ()).unwrap_err().to_string();
    let said = unsigned().await;
    assert!(
        said.contains("the first root of trust is not signed yet"),
        "{said}"
    );
    let waits = place.sign(&a, false).await;
    assert_eq!(waits[0].signed_by.len(), 1);
    assert!(unsigned().await.contains("`waxwing root sign`"));
    // A stranger's signature counts for nothing.
    let draft = fs::read(place.data().join("tuf/drafts/1.root.json")).unwrap();
    let strange = sign_draft(&draft, &key()).unwrap();
    let refused = place.hand_in(strange, false).await.unwrap_err();
    assert!(refused.contains("is by no key that may sign"), "{refused}");
    let waits = place.sign(&c, false).await;
    assert_eq!(waits[0].missing, None);

    // Now it starts, and says what is still to be signed: the targets.
    let instance = place.open().await.unwrap();
    let needs = instance.needs();
    assert_eq!(needs.len(), 1);
    assert!(needs[0].contains("waits for signatures"), "{}", needs[0]);
    let mut client = Client::new(place.0.path());
    client
        .follow_from(&instance, surroundings().clock.now())
        .await
        .unwrap_err();
    assert_eq!(place.sign(&targets, true).await, []);
    assert_eq!(instance.needs(), Vec::<String>::new());
    let (root, version, _) = client
        .follow_from(&instance, surroundings().clock.now())
        .await
        .unwrap();
    assert_eq!(
        (root, version),
        (instance.trusted_root().as_ref().clone(), 1)
    );
    sign(
        &instance,
        &instance.signer(instance.client().unwrap()).unwrap(),
    )
    .await;
    instance.close().await;
}

#[tokio::test]
async fn the_keys_of_root_and_targets_go_elsewhere_and_new_ones_come() {
    let place = Place::new();
    let folder = place.0.path();
    let instance = place.open().await.unwrap();
    let mut client = Client::new(folder);
    let now = surroundings().clock.now();
    client.follow_from(&instance, now).await.unwrap();
    let (a, b, targets) = (key(), key(), key());
    let change = RootChange {
        root: Some(signers(&[&a, &b], 2)),
        targets: Some(signers(&[&targets], 1)),
        made: Vec::new(),
    };
    let order = Order::ChangeRoot(change);
    let waits: Vec<Waiting> = control::ask(&place.data(), &order).await.unwrap();
    assert_eq!(waits.len(), 2, "the root, and targets by its new keys");
    // The old root's key lies here and has signed; until all have, nothing changes.
    assert_eq!(waits[0].signed_by.len(), 1);
    assert_eq!(client.follow_from(&instance, now).await.unwrap().1, 1);
    place.sign(&a, true).await;
    place.sign(&b, true).await;
    assert_eq!(root_version(folder), 1, "not without the targets");
    assert_eq!(client.follow_from(&instance, now).await.unwrap().1, 1);
    assert_eq!(place.sign(&targets, true).await, []);
    assert_eq!(root_version(folder), 2);
    assert_eq!(client.follow_from(&instance, now).await.unwrap().1, 2);
    // What lay here signs no more.
    for name in ["tuf-root.pem", "tuf-targets.pem"] {
        fs::remove_file(place.data().join("private").join(name)).unwrap();
    }
    // Back into the directory, with an online key anew; across a start.
    let change = RootChange {
        made: vec![TufKey::Root, TufKey::Targets, TufKey::Online],
        ..RootChange::default()
    };
    instance.close().await;
    let waits = place.hold().change_root(&change, &surroundings()).unwrap();
    assert_eq!(waits.len(), 1);
    let instance = place.open().await.unwrap();
    assert_eq!(client.follow_from(&instance, now).await.unwrap().1, 2);
    place.sign(&a, true).await;
    assert_eq!(root_version(folder), 2);
    assert_eq!(place.sign(&b, true).await, []);
    assert_eq!(client.follow_from(&instance, now).await.unwrap().1, 3);
    for name in ["tuf-root", "tuf-targets", "tuf-online"] {
        let private = place.data().join("private");
        assert!(private.join(format!("{name}.pem")).exists(), "{name}");
        assert!(!private.join(format!("{name}.next.pem")).exists(), "{name}");
    }
    instance.close().await;
    let instance = place.open().await.unwrap();
    assert_eq!(client.follow_from(&instance, now).await.unwrap().1, 3);
    instance.close().await;
}

#[tokio::test]
async fn a_new_key_signs_once_the_keys_elsewhere_have_said_so() {
    let place = Place::new();
    let targets = key();
    let change = RootChange {
        targets: Some(signers(&[&targets], 1)),
        ..RootChange::default()
    };
    assert_eq!(place.begin(&change).unwrap()[0].missing, None);
    let instance = place.open().await.unwrap();
    place.sign(&targets, true).await;
    let before = instance.trusted_root();
    let order = Order::Rotate(Rotation {
        service: Rotated::CertificateAuthority,
        after: Duration::ZERO,
        url: None,
    });
    let new: NewKey = control::ask(&place.data(), &order).await.unwrap();
    assert!(new.waits);
    let issuer = async |instance: &Instance| {
        let signer = instance.signer(instance.client().unwrap()).unwrap();
        let bundle = sign(instance, &signer).await;
        let KeyMaterial::Certificate { leaf, .. } = &bundle.key_material else {
            panic!("no certificate");
        };
        leaf.issuer_der().to_vec()
    };
    let old = issuer(&instance).await;
    assert_eq!(*instance.trusted_root(), *before);
    instance.close().await;
    let instance = place.open().await.unwrap();
    assert_eq!(issuer(&instance).await, old, "also after a start");
    assert_eq!(place.sign(&targets, true).await, []);
    assert_ne!(issuer(&instance).await, old);
    assert_eq!(instance.trusted_root().certificate_authorities.len(), 2);
    instance.close().await;
}
