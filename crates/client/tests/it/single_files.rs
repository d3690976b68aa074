//! A repository without a trusted root: its single files are kept, and asked for, as the one file would be.

use std::path::Path;

use waxwing_client::trust::{
    Because, SIGNING_CONFIG, Settings, Source, TRUSTED_ROOT, TrustStoreError,
};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_model::TrustedRoot;

use crate::world::{DAY, Fault, MINUTE, World};

fn key() -> PublicKey {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    key.public_key().clone()
}

/// A repository that has two logs and no trusted root.
fn world() -> (World, [PublicKey; 2]) {
    let mut world = World::new();
    let logs = [key(), key()];
    world.publish_log("a.pub", &logs[0]);
    world.publish_log("b.pub", &logs[1]);
    world.publish("c.txt", b"a file for nothing");
    world.remove(TRUSTED_ROOT);
    (world, logs)
}

fn keys(root: &TrustedRoot) -> Vec<PublicKey> {
    let logs = root.transparency_logs.iter();
    logs.map(|log| log.public_key.clone()).collect()
}

fn offline(world: &World, cache: &Path) -> Settings {
    Settings {
        offline: true,
        ..world.settings(cache)
    }
}

#[tokio::test]
async fn the_files_are_kept_and_verified_anew_as_one_file_would_be() {
    let (mut world, mut logs) = world();
    let cache = tempfile::tempdir().unwrap();
    let client = world.client(cache.path());
    let found = client.trusted_root().await.unwrap();
    assert_eq!(keys(&found.value), logs);
    assert!(matches!(found.from, Source::Repository { .. }));
    // What is for nothing is not asked for.
    let requests = world.requests();
    let has = |name| requests.iter().any(|path| path.ends_with(name));
    assert!(has(".a.pub") && has(".b.pub") && !has(".c.txt") && !has(TRUSTED_ROOT));
    world.connections();
    world.clock.put(59 * MINUTE);
    assert_eq!(client.trusted_root().await.unwrap().value, found.value);
    assert_eq!(world.connections(), 0);
    // One key is exchanged, the other moves on with it and is not asked for again.
    logs[1] = key();
    world.clock.put(61 * MINUTE);
    world.publish_log("b.pub", &logs[1]);
    world.requests();
    assert_eq!(keys(&client.trusted_root().await.unwrap().value), logs);
    let requests = world.requests();
    assert!(
        !requests.iter().any(|path| path.ends_with(".a.pub")),
        "{requests:?}"
    );
    // Silent, then nobody asked.
    world.clock.put(2 * DAY);
    world.fault("", Fault::Status(503));
    let found = client.trusted_root().await.unwrap();
    assert_eq!(keys(&found.value), logs);
    let Source::Cache { because, .. } = found.from else {
        panic!("{}", found.from)
    };
    assert!(matches!(because, Because::Unreachable(_)));
    let found = world.client_with(offline(&world, cache.path()));
    assert_eq!(keys(&found.trusted_root().await.unwrap().value), logs);
    // A file that somebody has changed on disk is none that was signed for.
    for folder in std::fs::read_dir(cache.path()).unwrap().flatten() {
        let path = folder.path().join("targets/a.pub");
        if path.exists() {
            std::fs::write(path, key().to_pem()).unwrap();
        }
    }
    let refused = world.client_with(offline(&world, cache.path()));
    let refused = refused.trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::NotKept { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn they_stay_beside_a_signing_config_that_is_asked_for() {
    let (mut world, mut logs) = world();
    world.publish(SIGNING_CONFIG, b"{}");
    let cache = tempfile::tempdir().unwrap();
    let initialized = world.client(cache.path()).initialize().await.unwrap();
    assert_eq!(keys(&initialized.trusted_root), logs);
    let inventory = initialized.without_trusted_root.unwrap();
    assert_eq!(
        inventory.targets,
        ["a.pub", "b.pub", "c.txt", SIGNING_CONFIG]
    );
    let names = inventory.metadata.each_ref().map(|document| document.name);
    assert_eq!(
        names,
        [
            "root.json",
            "snapshot.json",
            "targets.json",
            "timestamp.json"
        ]
    );
    world.clock.put(DAY);
    logs[0] = key();
    world.publish_log("a.pub", &logs[0]);
    world
        .client(cache.path())
        .target(SIGNING_CONFIG)
        .await
        .unwrap();
    let offline = world.client_with(offline(&world, cache.path()));
    assert_eq!(keys(&offline.trusted_root().await.unwrap().value), logs);
}

#[tokio::test]
async fn a_trusted_root_that_does_not_come_is_not_replaced_by_them() {
    let mut world = World::new();
    world.publish_log("a.pub", &key());
    let cache = tempfile::tempdir().unwrap();
    for status in [404, 403] {
        world.fault(TRUSTED_ROOT, Fault::Status(status));
        let client = world.client(cache.path());
        let refused = client.trusted_root().await.unwrap_err();
        assert!(
            matches!(refused, TrustStoreError::Refused { .. }),
            "{refused}"
        );
        assert!(
            refused
                .to_string()
                .contains("the repository has no targets/"),
            "{refused}"
        );
        let refused = client.initialize().await.unwrap_err();
        assert!(
            matches!(refused, TrustStoreError::Refused { .. }),
            "{refused}"
        );
        world.repair();
    }
    let found = world.client(cache.path()).trusted_root().await.unwrap();
    assert!(!found.value.certificate_authorities.is_empty());
}

#[tokio::test]
async fn a_file_that_is_another_is_refused_and_so_is_a_repository_with_nothing() {
    let (mut world, _) = world();
    let cache = tempfile::tempdir().unwrap();
    world.fault(".a.pub", Fault::Bytes(key().to_pem().into_bytes()));
    let refused = world.client(cache.path()).trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Content { .. }),
        "{refused}"
    );
    world.repair();
    world.client(cache.path()).trusted_root().await.unwrap();
    world.publish("a.pub", b"a key that is for nothing");
    world.publish("b.pub", b"and another");
    world.clock.put(DAY);
    let client = world.client(cache.path());
    let refused = client.trusted_root().await.unwrap_err();
    let TrustStoreError::SingleFiles { mirror, .. } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(*mirror, world.url);
    assert!(
        refused
            .to_string()
            .contains("gives out no trusted_root.json"),
        "{refused}"
    );
}
