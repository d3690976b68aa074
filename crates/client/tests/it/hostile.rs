//! Repositories that lie: each lie is refused under its name, what was kept before stays, and without
//! the lie the same client goes on.

use waxwing_client::trust::{Source, TRUSTED_ROOT, TrustStore, TrustStoreError};
use waxwing_tuf::client::UpdateError;
use waxwing_tuf::metadata::{ContentError, MetadataError};

use crate::world::{DAY, Fault, World};

/// A client that has been at the repository, a day ago.
async fn came_before(world: &World, cache: &std::path::Path) -> TrustStore {
    let client = world.client(cache);
    client.trusted_root().await.unwrap();
    world.clock.put(DAY);
    client
}

async fn refused(client: &TrustStore) -> UpdateError {
    match client.trusted_root().await.unwrap_err() {
        TrustStoreError::Refused { source, .. } => *source,
        other => panic!("{other}"),
    }
}

async fn accepted(client: &TrustStore) {
    let found = client.trusted_root().await.unwrap();
    assert!(
        matches!(found.from, Source::Repository { .. }),
        "{}",
        found.from
    );
}

#[tokio::test]
async fn an_old_state_is_refused() {
    let mut world = World::new();
    let old = world.files();
    world.renew();
    let new = world.files();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    world.serve(old);
    let error = refused(&client).await;
    let expected = UpdateError::Rollback {
        place: "timestamp",
        role: "timestamp".into(),
        found: 1,
        trusted: 2,
    };
    assert_eq!(error, expected);
    world.serve(new);
    accepted(&client).await;
}

#[tokio::test]
async fn an_old_snapshot_under_a_new_timestamp_is_refused() {
    let mut world = World::new();
    world.publish("a", b"1");
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    let old = world.files()["/tuf/2.snapshot.json"].clone();
    world.publish("a", b"2");
    world.fault("3.snapshot.json", Fault::Bytes(old));
    let error = refused(&client).await;
    assert!(
        matches!(&error, UpdateError::Content { role, .. } | UpdateError::Version { role, .. } if role == "snapshot"),
        "{error}"
    );
    world.repair();
    accepted(&client).await;
}

#[tokio::test]
async fn a_state_that_is_held_still_is_refused_when_it_expires() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    world.clock.put(6 * DAY);
    accepted(&client).await;
    world.clock.put(7 * DAY);
    let error = refused(&client).await;
    assert!(
        matches!(&error, UpdateError::Expired { role, .. } if role == "timestamp"),
        "{error}"
    );
    world.renew();
    accepted(&client).await;
}

#[tokio::test]
async fn what_is_signed_by_others_is_refused() {
    let (world, other) = (World::new(), World::new());
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    for (part, role) in [("timestamp.json", "timestamp"), ("2.root.json", "root")] {
        let served = other.files();
        let name = format!("/tuf/{}", part.replace('2', "1"));
        world.fault(part, Fault::Bytes(served[&name].clone()));
        let error = refused(&client).await;
        assert!(
            matches!(error, UpdateError::Threshold(_)),
            "{role}: {error}"
        );
        world.repair();
        accepted(&client).await;
        world.clock.put(2 * DAY);
    }
}

#[tokio::test]
async fn a_page_to_log_in_is_no_metadata() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    world.fault("", Fault::Status(200));
    let error = refused(&client).await;
    let UpdateError::Metadata { role, source } = &error else {
        panic!("{error}")
    };
    assert_eq!(role, "root");
    assert!(matches!(source, MetadataError::Json(_)), "{source:?}");
    world.repair();
    accepted(&client).await;
}

#[tokio::test]
async fn a_repository_without_a_timestamp_is_refused() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    world.fault("timestamp.json", Fault::Status(404));
    let error = refused(&client).await;
    let path = "timestamp.json".to_owned();
    assert_eq!(error, UpdateError::NotFound { path });
    world.repair();
    accepted(&client).await;
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    for (part, limit) in [("timestamp.json", 16_384), ("2.root.json", 512_000)] {
        world.fault(part, Fault::Endless);
        let error = client.trusted_root().await.unwrap_err();
        let TrustStoreError::Unreachable { source, .. } = &error else {
            panic!("{error}")
        };
        let found = match source.as_ref() {
            waxwing_net::Error::BodyTooLarge { limit, .. } => *limit,
            other => panic!("{other}"),
        };
        assert_eq!(found, limit);
        world.repair();
        accepted(&client).await;
        world.clock.put(2 * DAY);
    }
}

#[tokio::test]
async fn a_target_that_is_another_is_refused() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    world.publish("a", b"ab");
    for other in ["ax", "a"] {
        world.fault(".a", Fault::Bytes(other.into()));
        let error = client.target("a").await.unwrap_err();
        let TrustStoreError::Content { source, .. } = &error else {
            panic!("{error}")
        };
        let is_named = match other.len() {
            2 => matches!(source.as_ref(), ContentError::Hash { .. }),
            _ => matches!(source.as_ref(), ContentError::Length { .. }),
        };
        assert!(is_named, "{source}");
        world.repair();
    }
    assert_eq!(client.target("a").await.unwrap().value, b"ab");
}

#[tokio::test]
async fn a_lie_leaves_what_was_kept_as_it_was() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = came_before(&world, cache.path()).await;
    let kept = || {
        let folder = std::fs::read_dir(cache.path()).unwrap().flatten();
        let folder = { folder }
            .find(|entry| entry.path().is_dir())
            .unwrap()
            .path();
        let names = ["root", "timestamp", "snapshot", "targets"];
        names.map(|name| std::fs::read(folder.join(format!("{name}.json"))).unwrap())
    };
    let before = kept();
    world.publish(TRUSTED_ROOT, b"{}");
    world.fault(".trusted_root.json", Fault::Bytes(b"[]".into()));
    client.trusted_root().await.unwrap_err();
    assert_eq!(kept(), before);
    world.repair();
    // What is signed for is kept; whether it is a trusted root is another question.
    let error = client.trusted_root().await.unwrap_err();
    assert!(
        matches!(error, TrustStoreError::TrustedRoot { .. }),
        "{error}"
    );
    assert_ne!(kept(), before);
}
