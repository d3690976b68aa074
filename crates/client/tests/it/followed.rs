//! What a client asks, and what it does without.

use std::fs;
use std::time::Duration;

use waxwing_client::trust::{
    Because, Found, PUBLIC_GOOD, SIGNING_CONFIG, STAGING, Settings, Source, TRUSTED_ROOT,
    TrustStoreError,
};
use waxwing_model::TrustedRoot;
use waxwing_tuf::client::UpdateError;

use crate::world::{DAY, Fault, GIVEN_OUT, MINUTE, World, after};

fn is_from_the_repository<T>(found: &Found<T>) -> bool {
    matches!(found.from, Source::Repository { .. })
}

fn why_the_cache<T>(found: Found<T>) -> Because {
    match found.from {
        Source::Cache { because, .. } => because,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_fresh_cache_makes_no_connection_and_an_older_one_asks_again() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = world.client(cache.path());
    let found = client.trusted_root().await.unwrap();
    assert_eq!(found.value, TrustedRoot::from_json(GIVEN_OUT).unwrap());
    assert!(is_from_the_repository(&found));
    assert_eq!(
        world.requests().len(),
        5,
        "the next root, timestamp, snapshot, targets, the trusted root"
    );
    world.connections();
    world.clock.put(59 * MINUTE);
    let found = client.trusted_root().await.unwrap();
    assert_eq!(
        found.from,
        Source::Cache {
            url: world.url.clone(),
            refreshed: Some(after(0)),
            because: Because::Fresh
        }
    );
    assert_eq!(world.connections(), 0);
    world.clock.put(61 * MINUTE);
    assert!(is_from_the_repository(
        &client.trusted_root().await.unwrap()
    ));
    assert_eq!(
        world.requests(),
        ["/tuf/2.root.json", "/tuf/timestamp.json"]
    );
    // The window began anew, and is nothing for who wants to ask each time.
    world.connections();
    client.trusted_root().await.unwrap();
    assert_eq!(world.connections(), 0);
    let every_time = Settings {
        fresh_for: Duration::ZERO,
        ..world.settings(cache.path())
    };
    let found = world.client_with(every_time).trusted_root().await.unwrap();
    assert!(is_from_the_repository(&found));
    assert_eq!(world.connections(), 2);
    // A time that lies ahead was written by another clock: it keeps nobody from asking.
    world.clock.put(0);
    assert!(is_from_the_repository(
        &client.trusted_root().await.unwrap()
    ));
}

#[tokio::test]
async fn what_has_expired_is_asked_for_again_however_long_it_would_be_fresh() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let settings = Settings {
        fresh_for: Duration::from_secs(365 * 86_400),
        ..world.settings(cache.path())
    };
    let client = world.client_with(settings);
    client.trusted_root().await.unwrap();
    world.clock.put(6 * DAY);
    assert_eq!(
        why_the_cache(client.trusted_root().await.unwrap()),
        Because::Fresh
    );
    world.clock.put(8 * DAY);
    world.renew();
    assert!(is_from_the_repository(
        &client.trusted_root().await.unwrap()
    ));
}

#[tokio::test]
async fn a_silent_repository_is_done_without_until_what_is_kept_expires() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = world.client(cache.path());
    world.fault("", Fault::Status(503));
    let refused = client.trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Stale { .. }),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("not kept in the cache"),
        "{refused}"
    );
    world.repair();
    client.trusted_root().await.unwrap();
    world.clock.put(6 * DAY);
    for silence in [Fault::Status(503), Fault::Status(429), Fault::Hang] {
        world.fault("", silence);
        let because = why_the_cache(client.trusted_root().await.unwrap());
        let Because::Unreachable(reason) = because else {
            panic!("{because:?}")
        };
        assert!(reason.contains(&world.url), "{reason}");
        world.repair();
    }
    world.fault("", Fault::Status(503));
    world.clock.put(7 * DAY);
    let refused = client.trusted_root().await.unwrap_err();
    let TrustStoreError::Stale { kept, .. } = &refused else {
        panic!("{refused}")
    };
    let TrustStoreError::Kept { source, .. } = kept.as_ref() else {
        panic!("{kept}")
    };
    let expected = UpdateError::Expired {
        role: "timestamp".into(),
        expires: after(7 * DAY),
        now: after(7 * DAY),
    };
    assert_eq!(**source, expected);
    assert!(refused.to_string().contains("--offline"), "{refused}");
    world.repair();
    world.renew();
    assert!(is_from_the_repository(
        &client.trusted_root().await.unwrap()
    ));
}

#[tokio::test]
async fn what_lies_beside_comes_along_so_that_all_is_there_when_the_repository_is_not() {
    let mut world = World::new();
    world.publish("a", b"1");
    let cache = tempfile::tempdir().unwrap();
    let client = world.client(cache.path());
    client.trusted_root().await.unwrap();
    client.target("a").await.unwrap();
    world.publish(TRUSTED_ROOT, STAGING.trusted_root);
    world.publish("a", b"2");
    world.clock.put(2 * 60 * MINUTE);
    assert_eq!(client.target("a").await.unwrap().value, b"2");
    world.fault("", Fault::Status(503));
    let found = client.trusted_root().await.unwrap();
    assert_eq!(
        found.value,
        TrustedRoot::from_json(STAGING.trusted_root).unwrap()
    );
    // What was never asked for is not there.
    let refused = client.target("b").await.unwrap_err().to_string();
    assert!(refused.contains("no target \"b\""), "{refused}");
}

#[tokio::test]
async fn offline_no_connection_is_made_and_the_cache_serves_however_old() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = world.client(cache.path());
    let offline = Settings {
        offline: true,
        ..world.settings(cache.path())
    };
    let offline = world.client_with(offline);
    let refused = offline.trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::NotKept { .. }),
        "{refused}"
    );
    assert_eq!(world.connections(), 0);
    client.trusted_root().await.unwrap();
    assert!(world.connections() > 0, "connections are counted");
    world.clock.put(900 * DAY);
    let found = offline.trusted_root().await.unwrap();
    assert_eq!(found.value, TrustedRoot::from_json(GIVEN_OUT).unwrap());
    assert_eq!(why_the_cache(found), Because::Offline);
    assert_eq!(world.connections(), 0);
    // Old is not spoiled: what was not signed for is not believed offline either.
    let folder = fs::read_dir(cache.path()).unwrap().flatten();
    let folder = { folder }
        .find(|entry| entry.path().is_dir())
        .unwrap()
        .path();
    fs::write(
        folder.join("targets/trusted_root.json"),
        STAGING.trusted_root,
    )
    .unwrap();
    let refused = offline.trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::NotKept { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_public_instance_is_trusted_offline_by_what_the_program_carries() {
    let world = World::new();
    for carried in [PUBLIC_GOOD, STAGING] {
        for cache in [None, Some(tempfile::tempdir().unwrap().keep())] {
            let settings = Settings {
                cache,
                mirror: (carried != PUBLIC_GOOD).then(|| carried.mirror.to_owned()),
                root: None,
                offline: true,
                fresh_for: Duration::ZERO,
            };
            let client = world.client_with(settings);
            let found = client.trusted_root().await.unwrap();
            let expected = TrustedRoot::from_json(carried.trusted_root).unwrap();
            assert_eq!(found.value, expected);
            let url = carried.mirror.to_owned();
            assert_eq!(found.from, Source::Embedded { url });
            let refused = client.target(SIGNING_CONFIG).await.unwrap_err();
            assert!(
                matches!(refused, TrustStoreError::NotKept { .. }),
                "{refused}"
            );
        }
    }
}

#[tokio::test]
async fn keys_are_exchanged_again_and_again_and_the_first_root_still_leads_there() {
    let mut world = World::new();
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = world.client(old.path());
    old.trusted_root().await.unwrap();
    for _ in 0..3 {
        world.rotate();
    }
    world.clock.put(DAY);
    for client in [old, world.client(new.path())] {
        world.requests();
        assert!(is_from_the_repository(
            &client.trusted_root().await.unwrap()
        ));
        assert!(world.requests().contains(&"/tuf/4.root.json".to_owned()));
        // The root that was reached is where the next one starts.
        world.clock.put(2 * DAY);
        client.trusted_root().await.unwrap();
        assert_eq!(
            world.requests(),
            ["/tuf/5.root.json", "/tuf/timestamp.json"]
        );
        world.clock.put(DAY);
    }
}

#[tokio::test]
async fn keys_that_were_taken_away_no_longer_vouch_for_what_is_kept() {
    let mut world = World::new();
    let cache = tempfile::tempdir().unwrap();
    let client = world.client(cache.path());
    client.trusted_root().await.unwrap();
    world.rotate();
    world.clock.put(DAY);
    world.fault("timestamp.json", Fault::Status(503));
    let refused = client.trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Stale { .. }),
        "{refused}"
    );
    world.repair();
    assert!(is_from_the_repository(
        &client.trusted_root().await.unwrap()
    ));
}

#[tokio::test]
async fn where_nothing_can_be_kept_the_repository_is_asked_each_time() {
    let world = World::new();
    let cache = tempfile::tempdir().unwrap();
    // Stands in for a file system that is read-only, which nothing is for root.
    let name = world
        .url
        .trim_start_matches("http://")
        .replace(['/', ':'], "-");
    fs::create_dir(cache.path().join(format!("{name}.lock"))).unwrap();
    let nowhere = Settings {
        cache: None,
        ..world.settings(cache.path())
    };
    for client in [world.client(cache.path()), world.client_with(nowhere)] {
        for _ in 0..2 {
            assert!(is_from_the_repository(
                &client.trusted_root().await.unwrap()
            ));
        }
    }
}

#[tokio::test]
async fn another_instance_at_the_same_address_is_followed_from_the_root_that_is_given() {
    let (first, second) = (World::new(), World::new());
    let cache = tempfile::tempdir().unwrap();
    first.client(cache.path()).trusted_root().await.unwrap();
    first.serve(second.files());
    first.clock.put(DAY);
    let refused = first.client(cache.path()).trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Refused { .. }),
        "{refused}"
    );
    let given = Settings {
        root: Some(second.first_root.clone()),
        ..first.settings(cache.path())
    };
    let found = first.client_with(given).trusted_root().await.unwrap();
    assert!(is_from_the_repository(&found));
}

#[tokio::test]
async fn a_repository_can_be_a_directory() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in world.files() {
        let path = folder.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mirror = format!("file://{}/tuf", folder.path().display());
    let settings = Settings {
        mirror: Some(mirror.clone()),
        ..world.settings(&folder.path().join("cache"))
    };
    let client = world.client_with(settings);
    let found = client.trusted_root().await.unwrap();
    assert_eq!(found.from, Source::Repository { url: mirror });
    assert_eq!(world.connections(), 0);
    fs::write(folder.path().join("tuf/timestamp.json"), "{}").unwrap();
    world.clock.put(DAY);
    let refused = client.trusted_root().await.unwrap_err();
    assert!(
        matches!(refused, TrustStoreError::Refused { .. }),
        "{refused}"
    );
}
