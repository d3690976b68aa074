//! Beginning with a repository, once and again.

use std::fs;

use waxwing_client::trust::{
    Because, SIGNING_CONFIG, STAGING, Settings, Source, TRUSTED_ROOT, TrustStoreError,
};
use waxwing_model::TrustedRoot;

use crate::world::{DAY, Fault, GIVEN_OUT, World};

/// What a later command knows: the cache alone.
fn later(world: &World, cache: &std::path::Path) -> Settings {
    Settings {
        mirror: None,
        root: None,
        ..world.settings(cache)
    }
}

#[tokio::test]
async fn what_was_initialised_is_followed_by_whoever_has_the_cache() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let cache = cache.path().join("of/its/own");
    let initialized = world.client(&cache).initialize().await.unwrap();
    assert_eq!(initialized.mirror, world.url);
    assert_eq!(
        initialized.trusted_root,
        TrustedRoot::from_json(GIVEN_OUT).unwrap()
    );
    let reason = initialized.no_signing_config.unwrap().to_string();
    assert!(reason.contains(SIGNING_CONFIG), "{reason}");
    world.connections();
    let client = world.client_with(later(&world, &cache));
    let found = client.trusted_root().await.unwrap();
    assert!(
        matches!(&found.from, Source::Cache { url, because: Because::Fresh, .. } if *url == world.url)
    );
    assert_eq!(world.connections(), 0);
    world.clock.put(DAY);
    let found = client.trusted_root().await.unwrap();
    assert_eq!(found.from.url(), world.url);
    assert!(world.connections() > 0);
    world.publish(SIGNING_CONFIG, b"{}");
    let initialized = world.client(&cache).initialize().await.unwrap();
    assert!(initialized.no_signing_config.is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn the_cache_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    world.client(&cache).initialize().await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("remote.json")), 0o600);
    let folders = fs::read_dir(&cache).unwrap().flatten();
    let folder = { folders }.find(|entry| entry.path().is_dir()).unwrap();
    assert_eq!(mode(&folder.path()), 0o700);
}

#[tokio::test]
async fn an_initialisation_that_fails_changes_nothing() {
    let (first, mut second) = (World::new(), World::new());
    second.publish(TRUSTED_ROOT, STAGING.trusted_root);
    let cache = tempfile::tempdir().unwrap();
    first.client(cache.path()).initialize().await.unwrap();
    // The same address, another instance, and a root of neither.
    let third = World::new();
    first.serve(second.files());
    let anew = |root: &[u8]| Settings {
        root: Some(root.to_vec()),
        ..first.settings(cache.path())
    };
    let refused = first
        .client_with(anew(&third.first_root))
        .initialize()
        .await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Refused { .. }),
        "{refused}"
    );
    first.fault(TRUSTED_ROOT, Fault::Status(503));
    let refused = first
        .client_with(anew(&second.first_root))
        .initialize()
        .await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Unreachable { .. }),
        "{refused}"
    );
    let offline = Settings {
        offline: true,
        ..later(&first, cache.path())
    };
    let offline = async || first.client_with(offline.clone()).trusted_root().await;
    assert_eq!(
        offline().await.unwrap().value,
        TrustedRoot::from_json(GIVEN_OUT).unwrap()
    );
    // With a root of the one that is there now it succeeds.
    first.repair();
    first
        .client_with(anew(&second.first_root))
        .initialize()
        .await
        .unwrap();
    let staging = TrustedRoot::from_json(STAGING.trusted_root).unwrap();
    assert_eq!(offline().await.unwrap().value, staging);
}

#[tokio::test]
async fn without_a_root_it_begins_at_the_one_that_is_kept_or_not_at_all() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let rootless = || Settings {
        root: None,
        ..world.settings(cache.path())
    };
    let refused = world
        .client_with(rootless())
        .initialize()
        .await
        .unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::NoRoot { .. }),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("cosign initialize --mirror"),
        "{refused}"
    );
    let refused = world
        .client_with(rootless())
        .trusted_root()
        .await
        .unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::NoRoot { .. }),
        "{refused}"
    );
    assert_eq!(world.connections(), 0);
    world.client(cache.path()).initialize().await.unwrap();
    world.client_with(rootless()).initialize().await.unwrap();
    world.client_with(rootless()).trusted_root().await.unwrap();
    let nowhere = Settings {
        cache: None,
        ..rootless()
    };
    let refused = world.client_with(nowhere).initialize().await.unwrap_err();
    assert!(matches!(refused, TrustStoreError::NoCache), "{refused}");
}
