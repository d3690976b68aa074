//! The client's workflow, step by step: what it asks for, what it keeps, and each attack with the
//! same state without it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_tuf::client::{
    Answer, LocalChange, LocalCopy, MOST_ROOTS, Refresh, Trusted, UpdateError,
};
use waxwing_tuf::metadata::{ContentError, Metadata, MetadataError, Root, Signed, TopRole};

use crate::world::{Client, LATER, NOW, World, anew, answer, at, key, quorum, resigned, set};

type Files = BTreeMap<String, Vec<u8>>;

/// Puts a changed file in the place of one, signed anew by these keys.
fn replaced(
    world: &World,
    path: &str,
    keys: &[&PrivateKey],
    change: impl FnOnce(&mut Value),
) -> Files {
    let mut files = world.files.clone();
    files.insert(path.into(), resigned(&files[path], keys, change));
    files
}

#[track_caller]
fn refused(client: &Client, files: &Files) -> UpdateError {
    let mut client = client.clone();
    client.update(files).map(|_| ()).unwrap_err()
}

/// The client as it is after an update that succeeds.
#[track_caller]
fn accepted(client: &Client, files: &Files) -> Client {
    let mut client = client.clone();
    client.update(files).unwrap();
    client
}

#[test]
fn it_asks_for_what_it_lacks_and_nothing_else() {
    for (consistent, snapshot, targets) in [
        (true, "1.snapshot.json", "1.targets.json"),
        (false, "snapshot.json", "targets.json"),
    ] {
        let world = World::new(consistent);
        let mut client = accepted(&world.client(), &world.files);
        assert_eq!(
            client.asked,
            ["2.root.json", "timestamp.json", snapshot, targets]
        );
        for (role, path) in [
            ("root", "1.root.json"),
            ("timestamp", "timestamp.json"),
            ("snapshot", snapshot),
            ("targets", targets),
        ] {
            assert_eq!(client.local.role(role), Some(world.files[path].as_slice()));
        }
        client.update(&world.files).unwrap();
        assert_eq!(client.asked, ["2.root.json", "timestamp.json"]);
    }
}

#[test]
fn a_root_that_does_not_verify_asks_for_nothing() {
    let world = World::new(true);
    let root = world.file("1.root.json");
    let other = key(KeyType::EcdsaP256);
    for (root, expected) in [
        (resigned(&root, &[], |_| {}), "threshold"),
        (resigned(&root, &[&other], |_| {}), "threshold"),
        (
            resigned(&root, &[&world.root], |signed| {
                signed.as_object_mut().unwrap().remove("version");
            }),
            "missing",
        ),
        (root[..root.len() - 1].to_vec(), "json"),
    ] {
        let error = Refresh::start(Client::new(root).start()).unwrap_err();
        let found = match error {
            UpdateError::Threshold(_) => "threshold",
            UpdateError::Metadata { source, .. } => match source {
                MetadataError::Missing { place } if place == "signed.version" => "missing",
                MetadataError::Json(_) => "json",
                other => panic!("{other}"),
            },
            other => panic!("{other}"),
        };
        assert_eq!(found, expected);
    }
    assert!(Refresh::start(world.client().start()).is_ok());
    // An expired one is where a walk may begin.
    let expired = resigned(&root, &[&world.root], |signed| {
        signed["expires"] = json!(NOW);
    });
    assert!(Refresh::start(Client::new(expired).start()).is_ok());
}

#[test]
fn each_root_is_signed_by_the_one_before_and_by_itself() {
    let mut world = World::new(true);
    let old = PrivateKey::from_pem(&world.root.to_pem().unwrap()).unwrap();
    world.rotate(TopRole::Root, KeyType::Ed25519);
    let client = world.client();
    let path = "2.root.json";
    for (keys, delegator) in [
        (vec![&old], "its own"),
        (vec![&world.root], "the old one's"),
    ] {
        let files = replaced(&world, path, &keys, |_| {});
        let error = refused(&client, &files);
        assert!(
            matches!(&error, UpdateError::Threshold(error) if error.found == 0 && error.threshold == 1),
            "without {delegator}: {error}"
        );
    }
    let both = [&old, &world.root];
    accepted(&client, &replaced(&world, path, &both, |_| {}));

    let version = |version: u64| {
        replaced(&world, path, &both, |signed| {
            signed["version"] = json!(version);
        })
    };
    for found in [1, 3] {
        let error = refused(&client, &version(found));
        let role = "root".into();
        assert_eq!(
            error,
            UpdateError::Version {
                role,
                found,
                expected: 2
            }
        );
    }
    accepted(&client, &version(2));
}

#[test]
fn the_last_root_must_not_be_expired_and_is_kept_all_the_same() {
    let mut world = World::new(true);
    world.rotate(TopRole::Targets, KeyType::Ed25519);
    let expiring = |expires: &str| {
        replaced(&world, "2.root.json", &[&world.root], |signed| {
            signed["expires"] = json!(expires);
        })
    };
    let mut client = world.client();
    let files = expiring(NOW);
    let error = client.update(&files).map(|_| ()).unwrap_err();
    let UpdateError::Expired { role, expires, now } = error else {
        panic!("{error}");
    };
    assert_eq!((role.as_str(), expires, now), ("root", at(NOW), at(NOW)));
    assert_eq!(
        client.local.role("root"),
        Some(files["2.root.json"].as_slice())
    );
    assert_eq!(client.local.role("timestamp"), None);
    accepted(&world.client(), &expiring("2026-11-23T12:00:01Z"));

    // Those in between may be.
    let mut files = expiring(NOW);
    let mut third = world.repository.draft_root(&[], at(LATER)).unwrap();
    third.sign(&world.root).unwrap();
    let written = world.repository.clone().publish_root(third).unwrap();
    files.extend(written.into_iter().map(|file| (file.path, file.bytes)));
    accepted(&world.client(), &files);
}

#[test]
fn expired_metadata_of_every_role_is_refused() {
    let world = World::new(true);
    for (role, path, key) in [
        ("timestamp", "timestamp.json", &world.timestamp),
        ("snapshot", "1.snapshot.json", &world.snapshot),
        ("targets", "1.targets.json", &world.targets),
    ] {
        let expiring = |expires: &str| {
            replaced(&world, path, &[key], |signed| {
                signed["expires"] = json!(expires);
            })
        };
        let mut client = world.client();
        let error = client.update(&expiring(NOW)).map(|_| ()).unwrap_err();
        assert!(
            matches!(&error, UpdateError::Expired { role: found, .. } if found == role),
            "{error}"
        );
        assert_eq!(client.local.role(role), None);
        accepted(&client, &expiring("2026-11-23T12:00:01Z"));
    }
}

#[test]
fn metadata_that_too_few_have_signed_is_refused() {
    let world = World::new(true);
    let stranger = key(KeyType::EcdsaP256);
    for (role, path, own) in [
        ("timestamp", "timestamp.json", &world.timestamp),
        ("snapshot", "1.snapshot.json", &world.snapshot),
        ("targets", "1.targets.json", &world.targets),
    ] {
        for keys in [vec![], vec![&stranger]] {
            let error = refused(&world.client(), &replaced(&world, path, &keys, |_| {}));
            let UpdateError::Threshold(error) = error else {
                panic!("{error}");
            };
            assert_eq!(
                (error.role.as_str(), error.delegator.as_str()),
                (role, "root")
            );
            assert_eq!((error.found, error.threshold), (0, 1));
        }
        let with_stranger = replaced(&world, path, &[&stranger, own], |_| {});
        accepted(&world.client(), &with_stranger);
    }
}

#[test]
fn metadata_of_another_role_is_refused() {
    let world = World::new(true);
    let mut files = world.files.clone();
    files.insert("timestamp.json".into(), world.file("1.snapshot.json"));
    let error = refused(&world.client(), &files);
    let UpdateError::Metadata { role, source } = error else {
        panic!("{error}");
    };
    assert_eq!(role, "timestamp");
    assert!(matches!(
        source,
        MetadataError::Type {
            expected: "timestamp",
            ..
        }
    ));
}

#[test]
fn nothing_older_than_what_is_trusted_is_taken() {
    let mut world = World::new(true);
    let old = world.files.clone();
    world.edit(&[set("a.txt", b"b")]);
    let client = accepted(&world.client(), &world.files);

    let error = refused(&client, &old);
    let rollback = |place, role: &str, found, trusted| UpdateError::Rollback {
        place,
        role: role.into(),
        found,
        trusted,
    };
    assert_eq!(error, rollback("timestamp", "timestamp", 1, 2));

    // A new timestamp of an old snapshot, which the timestamp's key alone can sign.
    let timestamp = |snapshot: u64| {
        replaced(&world, "timestamp.json", &[&world.timestamp], |signed| {
            signed["version"] = json!(3);
            signed["meta"]["snapshot.json"]["version"] = json!(snapshot);
        })
    };
    let error = refused(&client, &timestamp(1));
    assert_eq!(error, rollback("timestamp", "snapshot", 1, 2));
    accepted(&client, &timestamp(2));

    // A new snapshot of old targets, or of none.
    let snapshot = |change: &dyn Fn(&mut Value)| {
        let mut files = timestamp(3);
        let made = resigned(&files["2.snapshot.json"], &[&world.snapshot], |signed| {
            signed["version"] = json!(3);
            change(&mut signed["meta"]);
        });
        files.insert("3.snapshot.json".into(), made);
        files
    };
    let error = refused(
        &client,
        &snapshot(&|meta| meta["targets.json"]["version"] = json!(1)),
    );
    assert_eq!(error, rollback("snapshot", "targets", 1, 2));
    accepted(&client, &snapshot(&|_| {}));

    let listed = accepted(
        &client,
        &snapshot(&|meta| meta["other.json"] = json!({ "version": 1 })),
    );
    let gone = replaced_versions(&world, 4);
    let file = "other.json".into();
    assert_eq!(refused(&listed, &gone), UpdateError::Removed { file });
    accepted(&client, &gone);
}

/// Snapshot and timestamp of this version, saying what they say.
fn replaced_versions(world: &World, version: u64) -> Files {
    let mut files = replaced(world, "timestamp.json", &[&world.timestamp], |signed| {
        signed["version"] = json!(version);
        signed["meta"]["snapshot.json"]["version"] = json!(version);
    });
    let made = resigned(&files["2.snapshot.json"], &[&world.snapshot], |signed| {
        signed["version"] = json!(version);
    });
    files.insert(format!("{version}.snapshot.json"), made);
    files
}

#[test]
fn a_timestamp_of_the_same_version_changes_nothing() {
    let world = World::new(true);
    let client = accepted(&world.client(), &world.files);
    let other = replaced(&world, "timestamp.json", &[&world.timestamp], |signed| {
        signed["meta"]["snapshot.json"]["version"] = json!(7);
    });
    let after = accepted(&client, &other);
    assert_eq!(after.local, client.local);
    assert_eq!(after.asked, ["2.root.json", "timestamp.json"]);

    // It is the old one that must not be expired then.
    let mut late = client.clone();
    late.now = at(LATER);
    let longer = replaced(&world, "timestamp.json", &[&world.timestamp], |signed| {
        signed["expires"] = json!("2100-01-01T00:00:00Z");
    });
    // The root has the same expiry; another world has a root that lives longer.
    let error = late.update(&longer).map(|_| ()).unwrap_err();
    assert!(matches!(error, UpdateError::Expired { role, .. } if role == "root"));
    let mut late = client.clone();
    late.root = resigned(&client.root, &[&world.root], |signed| {
        signed["expires"] = json!("2100-01-01T00:00:00Z");
    });
    late.local.insert("root", late.root.clone());
    late.now = at(LATER);
    let error = late.update(&longer).map(|_| ()).unwrap_err();
    assert!(matches!(error, UpdateError::Expired { role, .. } if role == "timestamp"));
}

#[test]
fn versions_lengths_and_hashes_hold_the_documents_together() {
    let world = World::new(true);
    let snapshot = world.file("1.snapshot.json");
    let promise = |length: usize, hashes: Value| {
        replaced(&world, "timestamp.json", &[&world.timestamp], |signed| {
            let meta = &mut signed["meta"]["snapshot.json"];
            meta["length"] = json!(length);
            meta["hashes"] = hashes;
        })
    };
    let digest = |content: &[u8]| waxwing_encoding::hex::encode(&waxwing_crypto::sha256(content));
    let right = json!({ "sha256": digest(&snapshot), "of-tomorrow": "00" });
    accepted(&world.client(), &promise(snapshot.len(), right.clone()));
    // Upper case is the same number.
    let upper = json!({ "sha256": digest(&snapshot).to_uppercase() });
    accepted(&world.client(), &promise(snapshot.len(), upper));

    let wrong = json!({ "sha256": digest(b"") });
    let mut client = world.client();
    let error = client.update(&promise(snapshot.len(), wrong)).map(|_| ());
    assert!(matches!(
        error,
        Err(UpdateError::Content {
            source: ContentError::Hash { .. },
            ..
        })
    ));
    assert!(client.local.role("timestamp").is_some());
    let unknown = json!({ "of-tomorrow": "00" });
    let error = refused(&world.client(), &promise(snapshot.len(), unknown));
    assert!(matches!(
        error,
        UpdateError::Content {
            source: ContentError::NoKnownHash { .. },
            ..
        }
    ));
    let error = refused(&world.client(), &promise(snapshot.len() + 1, right.clone()));
    assert!(matches!(
        error,
        UpdateError::Content {
            source: ContentError::Length { .. },
            ..
        }
    ));
    // Shorter is refused before it is all there.
    let error = refused(&world.client(), &promise(snapshot.len() - 1, right));
    assert!(matches!(error, UpdateError::TooLong { .. }), "{error}");

    for (path, own, role) in [
        ("1.snapshot.json", &world.snapshot, "snapshot"),
        ("1.targets.json", &world.targets, "targets"),
    ] {
        let files = replaced(&world, path, &[own], |signed| signed["version"] = json!(2));
        let role = role.into();
        assert_eq!(
            refused(&world.client(), &files),
            UpdateError::Version {
                role,
                found: 2,
                expected: 1
            }
        );
    }
}

#[test]
fn a_file_that_is_missing_or_endless_is_refused() {
    let world = World::new(true);
    let limits = [
        ("2.root.json", 512_000),
        ("timestamp.json", 16_384),
        ("1.snapshot.json", 2_000_000),
        ("1.targets.json", 5_000_000),
    ];
    for (path, limit) in limits {
        let mut files = world.files.clone();
        files.insert(path.into(), vec![b' '; limit + 1]);
        let error = refused(&world.client(), &files);
        assert_eq!(
            error,
            UpdateError::TooLong {
                path: path.into(),
                length: limit as u64 + 1,
                limit: limit as u64
            }
        );
        if path != "2.root.json" {
            files.remove(path);
            let path = path.into();
            assert_eq!(
                refused(&world.client(), &files),
                UpdateError::NotFound { path }
            );
        }
    }
    accepted(&world.client(), &world.files);
}

#[test]
fn rotated_online_keys_forget_what_nobody_could_follow() {
    for role in [TopRole::Timestamp, TopRole::Snapshot] {
        let mut world = World::new(true);
        let good = world.repository.clone();
        // Somebody with both keys signs versions from far away.
        let stolen = replaced_far(&world);
        let client = accepted(&world.client(), &stolen);
        assert!(matches!(
            refused(&client, &world.files),
            UpdateError::Rollback { .. }
        ));

        world.repository = good;
        world.rotate(role, KeyType::EcdsaP256);
        let mut after = client.clone();
        let trusted = after.update(&world.files).unwrap();
        assert!(trusted.timestamp().signed().version() < 10);

        // Deleted before the root is stored, so that a crash in between locks nobody out.
        let mut refresh = Refresh::start(client.start()).unwrap();
        let wanted = refresh.wanted().unwrap();
        refresh.answer(answer(&world.files, &wanted)).unwrap();
        let changes = refresh.take_changes();
        let delete = |role: &str| LocalChange::Delete { role: role.into() };
        assert_eq!(changes[..2], [delete("timestamp"), delete("snapshot")]);
        assert!(matches!(&changes[2], LocalChange::Store { role, .. } if role == "root"));
        assert_eq!(changes.len(), 3);
    }
    // Other keys for targets are no reason.
    let mut world = World::new(true);
    let client = accepted(&world.client(), &replaced_far(&world));
    world.rotate(TopRole::Targets, KeyType::EcdsaP256);
    assert!(matches!(
        refused(&client, &world.files),
        UpdateError::Rollback { .. }
    ));
}

fn replaced_far(world: &World) -> Files {
    let far = 1_000_000;
    let mut files = replaced(world, "timestamp.json", &[&world.timestamp], |signed| {
        signed["version"] = json!(far);
        signed["meta"]["snapshot.json"]["version"] = json!(far);
    });
    let snapshot = resigned(&files["1.snapshot.json"], &[&world.snapshot], |signed| {
        signed["version"] = json!(far);
    });
    files.insert(format!("{far}.snapshot.json"), snapshot);
    files
}

#[test]
fn a_local_copy_that_is_broken_is_fetched_again() {
    let world = World::new(true);
    let good = accepted(&world.client(), &world.files);
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let stranger = key(KeyType::Ed25519);
        let forged = resigned(good.local.role(role).unwrap(), &[&stranger], |signed| {
            signed["version"] = json!(99);
        });
        for broken in [b"{".to_vec(), Vec::new(), forged] {
            let mut client = good.clone();
            client.local.insert(role, broken);
            client.update(&world.files).unwrap();
            assert_eq!(client.local, good.local, "{role}");
        }
    }
    // What is expired in it still says how far the versions were.
    let mut client = good;
    let expired = resigned(
        &world.file("timestamp.json"),
        &[&world.timestamp],
        |signed| {
            signed["expires"] = json!(NOW);
            signed["version"] = json!(2);
        },
    );
    client.local.insert("timestamp", expired);
    assert!(matches!(
        refused(&client, &world.files),
        UpdateError::Rollback { .. }
    ));
    let mut world = world;
    world.refresh(&anew());
    world.refresh(&anew());
    accepted(&client, &world.files);
}

#[test]
fn the_newer_of_the_given_root_and_the_kept_one_counts() {
    let mut world = World::new(true);
    let kept = accepted(&world.client(), &world.files);
    world.rotate(TopRole::Timestamp, KeyType::EcdsaP256);
    // A new program brings a newer root along.
    let mut client = kept;
    client.root = world.file("2.root.json");
    let mut refresh = Refresh::start(client.start()).unwrap();
    let changes = refresh.take_changes();
    assert_eq!(changes.len(), 3, "two deleted, one stored: {changes:?}");
    client.update(&world.files).unwrap();
    assert_eq!(client.asked[0], "3.root.json");
    // An old program is given an older one.
    client.root = world.file("1.root.json");
    client.update(&world.files).unwrap();
    assert_eq!(client.asked, ["3.root.json", "timestamp.json"]);
}

#[test]
fn offline_the_local_copy_is_verified_and_nobody_is_asked() {
    let world = World::new(true);
    let online = accepted(&world.client(), &world.files);
    let trusted: Trusted = Refresh::offline(online.start()).unwrap();
    assert_eq!(trusted.targets().signed().version(), 1);
    assert_eq!(trusted.expires(), at(LATER));

    let mut late = online.clone();
    late.now = at(LATER);
    let error = Refresh::offline(late.start()).map(|_| ()).unwrap_err();
    assert!(matches!(error, UpdateError::Expired { .. }), "{error}");
    for (role, path) in [
        ("timestamp", "timestamp.json"),
        ("snapshot", "1.snapshot.json"),
        ("targets", "1.targets.json"),
    ] {
        let mut client = online.clone();
        client
            .local
            .apply(LocalChange::Delete { role: role.into() });
        let error = Refresh::offline(client.start()).map(|_| ()).unwrap_err();
        let path = path.into();
        assert_eq!(error, UpdateError::NotFound { path });
    }
    // Only the root: the one that the program brings along.
    let mut client = online;
    client.local.apply(LocalChange::Delete {
        role: "root".into(),
    });
    assert!(Refresh::offline(client.start()).is_ok());
}

#[test]
fn a_walk_ends_after_as_many_roots_as_are_allowed() {
    let mut world = World::new(true);
    let last = u64::from(MOST_ROOTS) + 10;
    for _ in 1..last {
        let mut draft = world.repository.draft_root(&[], at(LATER)).unwrap();
        draft.sign(&world.root).unwrap();
        let files = world.repository.publish_root(draft).unwrap();
        world.write(files);
    }
    let version = |client: &Client| {
        let root: Metadata<Root> = Metadata::parse(client.local.role("root").unwrap()).unwrap();
        root.signed().version()
    };
    let client = accepted(&world.client(), &world.files);
    assert_eq!(version(&client), u64::from(MOST_ROOTS) + 1);
    assert_eq!(version(&accepted(&client, &world.files)), last);
}

#[test]
fn a_machine_that_has_ended_takes_no_answer() {
    let world = World::new(true);
    let mut refresh = Refresh::start(world.client().start()).unwrap();
    refresh.answer(Answer::NotFound).unwrap();
    let error = refresh.answer(Answer::NotFound).unwrap_err();
    assert!(matches!(error, UpdateError::NotFound { .. }));
    assert_eq!(refresh.wanted(), None);
    let error = refresh.answer(Answer::NotFound).unwrap_err();
    assert_eq!(error, UpdateError::NothingWanted);
    assert_eq!(refresh.finish().map(|_| ()), Err(UpdateError::Unfinished));
    assert_eq!(LocalCopy::new().role("root"), None);
}

#[test]
fn a_threshold_counts_keys_and_not_names_or_signatures() {
    let mut world = World::new(true);
    let keys = [KeyType::EcdsaP256, KeyType::Ed25519, KeyType::EcdsaP256].map(key);
    let [a, b, c] = &keys;
    let rotated = [(TopRole::Timestamp, quorum(&[a, b, c], 2))];
    let mut draft = world.repository.draft_root(&rotated, at(LATER)).unwrap();
    draft.sign(&world.root).unwrap();
    let files = world.repository.publish_root(draft).unwrap();
    world.write(files);

    let signed_by = |keys: &[&PrivateKey]| replaced(&world, "timestamp.json", keys, |_| {});
    let client = world.client();
    for (keys, found) in [
        (vec![a], 1),
        (vec![&world.timestamp], 0),
        (vec![c, &world.root], 1),
    ] {
        let error = refused(&client, &signed_by(&keys));
        assert!(
            matches!(&error, UpdateError::Threshold(error) if error.found == found),
            "{error}"
        );
    }
    accepted(&client, &signed_by(&[c, b]));

    // One key under a second name: the root lists it twice, and the file is signed in both names.
    let twice = |root: &[u8]| {
        resigned(root, &[&world.root], |signed| {
            let name = signed["roles"]["timestamp"]["keyids"][0].clone();
            let key = signed["keys"][name.as_str().unwrap()].clone();
            signed["keys"]["again"] = key;
            signed["roles"]["timestamp"]["keyids"] = json!([name, "again"]);
        })
    };
    let mut files = world.files.clone();
    files.insert("2.root.json".into(), twice(&files["2.root.json"]));
    let root: Value = serde_json::from_slice(&files["2.root.json"]).unwrap();
    let name = root["signed"]["roles"]["timestamp"]["keyids"][0].clone();
    let owner = keys.iter().find(|key| {
        let named = waxwing_tuf::metadata::Key::new(key.public_key()).unwrap();
        name == named.id().as_str()
    });
    let mut file: Value = serde_json::from_slice(&resigned(
        &files["timestamp.json"],
        &[owner.unwrap()],
        |_| {},
    ))
    .unwrap();
    let mut again = file["signatures"][0].clone();
    again["keyid"] = json!("again");
    file["signatures"].as_array_mut().unwrap().push(again);
    files.insert("timestamp.json".into(), file.to_string().into_bytes());
    let error = refused(&client, &files);
    assert!(
        matches!(&error, UpdateError::Threshold(error) if error.found == 1),
        "{error}"
    );
}
