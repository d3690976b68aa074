//! Editing: versions, files, signatures from elsewhere, and what is carried on after a crash.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxwing_crypto::KeyType;
use waxwing_tuf::metadata::{Key, KeyId, Metadata, Root, Signed, Targets, TopRole};
use waxwing_tuf::repository::{
    DraftError, File, FirstRoot, Quorum, QuorumError, Repository, RepositoryError, TargetEdit,
    first_root, read_first_root, sign_copy,
};

use crate::world::{LATER, NOW, World, anew, at, calm, key, quorum, resigned, set};

type Files = BTreeMap<String, Vec<u8>>;

fn paths(files: &[File]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn a_change_comes_out_in_the_order_in_which_it_is_written() {
    for (consistent, hash, prefix) in [
        (
            true,
            "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d.",
            "2.",
        ),
        (false, "", ""),
    ] {
        let mut world = World::new(consistent);
        let edit = set("folder/b.txt", b"b");
        let (mut draft, contents) = world.repository.draft_targets(&[edit], at(LATER)).unwrap();
        assert_eq!(paths(&contents), [format!("targets/folder/{hash}b.txt")]);
        draft.sign(&world.targets).unwrap();
        let files = world.repository.publish_targets(draft).unwrap();
        assert_eq!(paths(&files), [format!("{prefix}targets.json")]);
        let keys = [&world.timestamp, &world.snapshot];
        let files = world.repository.refresh(&keys, &calm()).unwrap();
        let snapshot = format!("{prefix}snapshot.json");
        assert_eq!(paths(&files), [snapshot.as_str(), "timestamp.json"]);
        assert!(world.repository.refresh(&[], &calm()).unwrap().is_empty());
    }
}

#[test]
fn targets_are_set_replaced_and_removed() {
    let mut world = World::new(true);
    let custom = json!({ "sigstore": { "usage": "Rekor" } });
    let first = world.file("1.targets.json");
    world.edit(&[
        TargetEdit::Set {
            path: "rekor.pub".into(),
            content: b"key".to_vec(),
            custom: Some(custom.clone()),
        },
        set("a.txt", b"other"),
    ]);
    let targets = world.repository.targets().unwrap();
    assert_eq!(
        targets.signed().target("rekor.pub").unwrap().custom(),
        Some(&custom)
    );
    assert_eq!(targets.signed().target("a.txt").unwrap().length(), 5);
    assert_eq!(
        world.client().target(&world.files, "a.txt").unwrap(),
        b"other"
    );
    assert_eq!(
        world.file("1.targets.json"),
        first,
        "what was written stays"
    );

    let remove = |path: &str| TargetEdit::Remove { path: path.into() };
    world.edit(&[remove("a.txt")]);
    let targets = world.repository.targets().unwrap();
    assert_eq!(targets.signed().version(), 3);
    let left: Vec<&str> = targets.signed().iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["rekor.pub"]);
    let gone = world
        .repository
        .draft_targets(&[remove("a.txt")], at(LATER));
    let path = "a.txt".to_owned();
    assert_eq!(gone.map(|_| ()), Err(RepositoryError::NoTarget { path }));
    for path in ["../a", "/a", "a/", "a//b", "", "."] {
        let out = world.repository.draft_targets(&[set(path, b"")], at(LATER));
        let path = path.to_owned();
        assert_eq!(out.map(|_| ()), Err(RepositoryError::TargetPath { path }));
    }
}

#[test]
fn a_refresh_signs_what_needs_it_and_nothing_else() {
    let mut world = World::new(true);
    let versions = |world: &World| {
        let snapshot = world.repository.snapshot().unwrap().signed().version();
        (
            snapshot,
            world.repository.timestamp().unwrap().signed().version(),
        )
    };
    assert_eq!(versions(&world), (1, 1));
    world.refresh(&calm());
    assert_eq!(versions(&world), (1, 1));

    let mut renewal = calm();
    renewal.timestamp.renew_before = at("2099-01-01T00:00:01Z");
    world.refresh(&renewal);
    assert_eq!(versions(&world), (1, 2));
    world.refresh(&anew());
    assert_eq!(versions(&world), (2, 3));
    // A rotated key alone.
    world.rotate(TopRole::Timestamp, KeyType::EcdsaP256);
    assert_eq!(versions(&world), (2, 4));
    world.rotate(TopRole::Snapshot, KeyType::EcdsaP256);
    assert_eq!(versions(&world), (3, 5));
    world.rotate(TopRole::Root, KeyType::EcdsaP256);
    assert_eq!(versions(&world), (3, 5));
    // Fractions of seconds are not written: python-tuf does not read them.
    let mut fraction = anew();
    fraction.timestamp.expires = at("2098-01-01T00:00:00.75Z");
    world.refresh(&fraction);
    let expires = world.repository.timestamp().unwrap().signed().expires();
    assert_eq!(expires, at("2098-01-01T00:00:00Z"));
}

#[test]
fn a_refresh_without_a_key_changes_nothing() {
    let mut world = World::new(true);
    let before = world.repository.timestamp().unwrap().clone();
    for keys in [vec![], vec![&world.snapshot], vec![&world.root]] {
        let error = world.repository.refresh(&keys, &anew()).unwrap_err();
        assert!(matches!(error, RepositoryError::Threshold(_)), "{error}");
        assert_eq!(world.repository.timestamp(), Some(&before));
        assert_eq!(world.repository.snapshot().unwrap().signed().version(), 1);
    }
    let keys = [&world.snapshot, &world.timestamp];
    assert_eq!(world.repository.refresh(&keys, &anew()).unwrap().len(), 2);
}

#[test]
fn targets_by_rotated_keys_are_not_listed_again() {
    let mut world = World::new(true);
    let new = key(KeyType::Ed25519);
    let rotated = [(TopRole::Targets, quorum(&[&new], 1))];
    let mut draft = world.repository.draft_root(&rotated, at(LATER)).unwrap();
    // A draft from before the rotation has the signatures of before.
    let (mut stale, _) = world.repository.draft_targets(&[], at(LATER)).unwrap();
    stale.sign(&world.targets).unwrap();
    draft.sign(&world.root).unwrap();
    world.repository.publish_root(draft).unwrap();
    let keys = [&world.snapshot, &world.timestamp];
    let error = world.repository.refresh(&keys, &anew()).unwrap_err();
    assert!(matches!(&error, RepositoryError::Threshold(error) if error.role == "targets"));
    let error = world.repository.publish_targets(stale).unwrap_err();
    assert!(matches!(&error, RepositoryError::Threshold(error) if error.role == "targets"));
    let (mut draft, _) = world.repository.draft_targets(&[], at(LATER)).unwrap();
    draft.sign(&new).unwrap();
    world.repository.publish_targets(draft).unwrap();
    assert_eq!(world.repository.refresh(&keys, &anew()).unwrap().len(), 2);
}

#[test]
fn a_root_is_signed_elsewhere_by_as_many_as_it_takes() {
    let holders = [KeyType::EcdsaP256, KeyType::EcdsaP256, KeyType::Ed25519].map(key);
    let [a, b, c] = &holders;
    let new = key(KeyType::EcdsaP384);
    let online = key(KeyType::EcdsaP256);
    let one = || quorum(&[&online], 1);
    let mut draft = first_root(&FirstRoot {
        root: quorum(&[a, b, c], 2),
        timestamp: one(),
        snapshot: one(),
        targets: quorum(&[a, b, c], 2),
        consistent_snapshot: true,
        expires: at(LATER),
    })
    .unwrap();
    assert_eq!(draft.signers().count(), 3);
    assert_eq!(draft.check().unwrap_err().found, 0);
    let sent = draft.json().to_vec();
    draft.merge(&sign_copy::<Root>(&sent, a).unwrap()).unwrap();
    assert_eq!(draft.check().unwrap_err().found, 1);
    let mut twice = draft.clone();
    twice.merge(&sign_copy::<Root>(&sent, a).unwrap()).unwrap();
    assert_eq!(twice.check().unwrap_err().found, 1);
    let error = Repository::create(twice).map(|_| ()).unwrap_err();
    assert!(matches!(error, RepositoryError::Threshold(_)));
    draft.merge(&sign_copy::<Root>(&sent, c).unwrap()).unwrap();
    draft.check().unwrap();
    let (mut repository, files) = Repository::create(draft).unwrap();
    assert_eq!(paths(&files), ["1.root.json"]);

    // The next one, with b for the new key: two of the old keys and two of the new.
    let rotated = [(TopRole::Root, quorum(&[a, c, &new], 2))];
    let next = repository.draft_root(&rotated, at(LATER)).unwrap();
    assert_eq!(next.signers().count(), 4);
    for (signers, delegator) in [
        (vec![a, &new], Some("the root before")),
        (vec![b, &new], Some("the root before")),
        (vec![a, b], Some("root")),
        (vec![a, b, &new], None),
        (vec![a, c], None),
    ] {
        let mut draft = next.clone();
        for signer in signers {
            let copy = sign_copy::<Root>(draft.json(), signer).unwrap();
            draft.merge(&copy).unwrap();
        }
        let missing = draft.check().err().map(|error| error.delegator);
        assert_eq!(missing.as_deref(), delegator);
        let published = repository
            .clone()
            .publish_root(draft)
            .map(|files| files.len());
        assert_eq!(published.is_ok(), delegator.is_none());
    }
    let mut draft = next.clone();
    for key in [a, c] {
        draft.sign(key).unwrap();
    }
    repository.publish_root(draft).unwrap();
    let kept: Vec<&KeyId> = repository.root().signed().keys().map(Key::id).collect();
    assert_eq!(kept.len(), 5, "b still signs targets: {kept:?}");

    // The same draft once more is too late.
    let mut late = next;
    for key in [a, c] {
        late.sign(key).unwrap();
    }
    let stale = repository.publish_root(late).map(|_| ());
    let role = TopRole::Root;
    assert_eq!(
        stale,
        Err(RepositoryError::Stale {
            role,
            found: 2,
            expected: 3
        })
    );
}

#[test]
fn a_draft_takes_only_signatures_that_hold() {
    let world = World::new(true);
    let stranger = key(KeyType::Ed25519);
    let draft = || world.repository.draft_root(&[], at(LATER)).unwrap();
    let mut root = draft();
    let error = root.sign(&stranger).unwrap_err();
    assert!(matches!(error, DraftError::NotASigner { .. }));
    let copy = sign_copy::<Root>(root.json(), &stranger).unwrap();
    assert!(matches!(
        root.merge(&copy),
        Err(DraftError::Signature { .. })
    ));

    let other = world
        .repository
        .draft_root(&[], at("2098-01-01T00:00:00Z"))
        .unwrap();
    let copy = sign_copy::<Root>(other.json(), &world.root).unwrap();
    assert_eq!(root.merge(&copy), Err(DraftError::OtherDocument));
    let wrong_role = sign_copy::<Targets>(root.json(), &world.root);
    assert!(matches!(wrong_role, Err(DraftError::Metadata(_))));

    let copy = sign_copy::<Root>(root.json(), &world.root).unwrap();
    let mut changed: Value = serde_json::from_slice(&copy).unwrap();
    let name = KeyId::new(changed["signatures"][0]["keyid"].as_str().unwrap());
    for (sig, taken) in [("", true), ("zz", false), ("3000", false)] {
        changed["signatures"][0]["sig"] = json!(sig);
        let merged = root.merge(changed.to_string().as_bytes());
        let expected = DraftError::Signature {
            key_id: name.clone(),
        };
        assert_eq!(merged, if taken { Ok(()) } else { Err(expected) });
        assert!(root.check().is_err());
    }
    root.merge(&copy).unwrap();
    root.check().unwrap();

    // Raw, as a hardware key gives it, and in a name that the draft does not know.
    let mut raw = draft();
    let signature = world.root.sign(raw.payload()).unwrap();
    raw.add_signature(&KeyId::new("some key"), &signature)
        .unwrap();
    raw.check().unwrap();
}

/// Days pass, and programs end, between one signature and the next.
#[test]
fn a_draft_is_taken_up_where_it_was_left() {
    let mut world = World::new(true);
    let [a, b] = [KeyType::EcdsaP256, KeyType::Ed25519].map(key);
    let rotated = [
        (TopRole::Root, quorum(&[&a, &b], 2)),
        (TopRole::Targets, quorum(&[&a, &b], 2)),
    ];
    let draft = world.repository.draft_root(&rotated, at(LATER)).unwrap();
    let mut file = draft.json().to_vec();
    for key in [&world.root, &a, &b] {
        let unfinished = world.repository.read_root(&file).unwrap();
        assert!(unfinished.check().is_err());
        file = sign_copy::<Root>(&file, key).unwrap();
    }
    // A signature by somebody else is not carried along.
    let stranger = key(KeyType::Ed25519);
    let foreign = sign_copy::<Root>(&file, &stranger).unwrap();
    let error = world
        .repository
        .read_root(&foreign)
        .map(|_| ())
        .unwrap_err();
    assert!(
        matches!(error, RepositoryError::Draft(DraftError::Signature { .. })),
        "{error}"
    );
    let draft = world.repository.read_root(&file).unwrap();
    world.repository.publish_root(draft).unwrap();
    let role = TopRole::Root;
    assert_eq!(
        world.repository.read_root(&file).map(|_| ()),
        Err(RepositoryError::Stale {
            role,
            found: 2,
            expected: 3
        })
    );

    let (draft, _) = world
        .repository
        .draft_targets(&[set("b", b"b")], at(LATER))
        .unwrap();
    let mut file = sign_copy::<Targets>(draft.json(), &a).unwrap();
    let mut draft = world.repository.read_targets(&file).unwrap();
    assert!(draft.check().is_err());
    draft.sign(&b).unwrap();
    file = draft.json().to_vec();
    let draft = world.repository.read_targets(&file).unwrap();
    world.repository.publish_targets(draft).unwrap();
    let role = TopRole::Targets;
    assert_eq!(
        world.repository.read_targets(&file).map(|_| ()),
        Err(RepositoryError::Stale {
            role,
            found: 2,
            expected: 3
        })
    );

    let one = || quorum(&[&a], 1);
    let first = first_root(&FirstRoot {
        root: quorum(&[&a, &b], 2),
        timestamp: one(),
        snapshot: one(),
        targets: one(),
        consistent_snapshot: true,
        expires: at(LATER),
    })
    .unwrap();
    let file = sign_copy::<Root>(first.json(), &a).unwrap();
    let mut first = read_first_root(&file).unwrap();
    assert_eq!(first.check().unwrap_err().found, 1);
    first.sign(&b).unwrap();
    Repository::create(first).unwrap();
}

/// What is signed stays as it came, however it was written: an older tool's draft, for example.
#[test]
fn a_signer_elsewhere_changes_nothing_of_the_document() {
    let world = World::new(false);
    let copy = resigned(&world.file("1.root.json"), &[], |signed| {
        signed
            .as_object_mut()
            .unwrap()
            .remove("consistent_snapshot");
        signed["expires"] = json!("2099-01-01T01:00:00.50+01:00");
    });
    let signed = sign_copy::<Root>(&copy, &world.root).unwrap();
    let before: Metadata<Root> = Metadata::parse(&copy).unwrap();
    let after: Metadata<Root> = Metadata::parse(&signed).unwrap();
    assert_eq!(after.payload(), before.payload());
    after.verify(after.signed().signers(TopRole::Root)).unwrap();
}

/// As in the fifth root of the public instance: the keys stay, and get other names.
#[test]
fn a_key_that_has_another_name_in_the_next_root_signs_for_both() {
    let world = World::new(true);
    let renamed = resigned(&world.file("1.root.json"), &[&world.root], |signed| {
        let name = signed["roles"]["root"]["keyids"][0]
            .as_str()
            .unwrap()
            .to_owned();
        let keys = signed["keys"].as_object_mut().unwrap();
        let key = keys.remove(&name).unwrap();
        keys.insert("other".into(), key);
        signed["roles"]["root"]["keyids"] = json!(["other"]);
        signed["version"] = json!(2);
    });
    let mut unsigned: Value = serde_json::from_slice(&renamed).unwrap();
    unsigned["signatures"] = json!([]);
    let unsigned = unsigned.to_string().into_bytes();
    let mut here = world.repository.read_root(&unsigned).unwrap();
    here.sign(&world.root).unwrap();
    let copy = sign_copy::<Root>(&unsigned, &world.root).unwrap();
    let elsewhere = world.repository.read_root(&copy).unwrap();
    for draft in [here, elsewhere] {
        let mut files = world.files.clone();
        let written = world.repository.clone().publish_root(draft).unwrap();
        files.extend(written.into_iter().map(|file| (file.path, file.bytes)));
        let trusted = world.client().update(&files).unwrap();
        assert_eq!(trusted.root().signed().version(), 2);
        assert_eq!(trusted.root().signatures().len(), 2);
    }
}

#[test]
fn a_quorum_can_be_met() {
    let [a, b] = [KeyType::EcdsaP256, KeyType::Ed25519].map(key);
    let keys = || [a.public_key(), b.public_key()];
    assert!(Quorum::new(keys(), 1).is_ok() && Quorum::new(keys(), 2).is_ok());
    for threshold in [0, 3] {
        let keys_expected = 2;
        assert_eq!(
            Quorum::new(keys(), threshold).unwrap_err(),
            QuorumError::Threshold {
                threshold,
                keys: keys_expected
            }
        );
    }
    let twice = Quorum::new([a.public_key(), a.public_key()], 1);
    assert!(matches!(twice, Err(QuorumError::Doubled { .. })));
    let p521 = key(KeyType::EcdsaP521);
    assert!(matches!(
        Quorum::new([p521.public_key()], 1),
        Err(QuorumError::Kind(_))
    ));
}

#[test]
fn a_repository_is_carried_on_from_its_files() {
    for consistent in [true, false] {
        let mut world = World::new(consistent);
        world.rotate(TopRole::Root, KeyType::Ed25519);
        world.rotate(TopRole::Targets, KeyType::Ed25519);
        world.repository = Repository::load(&world.files).unwrap();
        world.edit(&[set("b.txt", b"b")]);
        world.refresh(&anew());
        assert_eq!(world.client().target(&world.files, "a.txt").unwrap(), b"a");
        assert_eq!(world.client().target(&world.files, "b.txt").unwrap(), b"b");
        let loaded = Repository::load(&world.files).unwrap();
        assert_eq!(loaded.root(), world.repository.root());
        assert_eq!(loaded.timestamp(), world.repository.timestamp());
        assert_eq!(loaded.targets().unwrap().signed().version(), 3);
    }
}

/// A crash after any number of files: what is loaded can be carried on, no snapshot is written twice,
/// and a client that saw the state in between follows.
#[test]
fn a_crash_between_two_files_is_carried_on_from() {
    let world = World::new(true);
    let new = key(KeyType::Ed25519);
    let mut steps: Vec<File> = Vec::new();
    let mut repository = world.repository.clone();
    let rotated = [(TopRole::Snapshot, quorum(&[&new], 1))];
    let mut root = repository.draft_root(&rotated, at(LATER)).unwrap();
    root.sign(&world.root).unwrap();
    steps.extend(repository.publish_root(root).unwrap());
    let edit = [set("b.txt", b"b")];
    let (mut draft, contents) = repository.draft_targets(&edit, at(LATER)).unwrap();
    draft.sign(&world.targets).unwrap();
    steps.extend(contents);
    steps.extend(repository.publish_targets(draft).unwrap());
    let keys = [&new, &world.timestamp];
    steps.extend(repository.refresh(&keys, &calm()).unwrap());
    assert_eq!(steps.len(), 5);

    for written in 0..=steps.len() {
        let mut files = world.files.clone();
        let survived = steps.iter().take(written).cloned();
        files.extend(survived.map(|file| (file.path, file.bytes)));
        let mut client = world.client();
        client.update(&world.files).unwrap();
        // Between the root and the refresh the snapshot has the keys of before; this may fail.
        let _seen = client.update(&files);

        let mut repository = Repository::load(&files).unwrap();
        let (mut draft, contents) = repository.draft_targets(&edit, at(LATER)).unwrap();
        draft.sign(&world.targets).unwrap();
        let published = repository.publish_targets(draft).unwrap();
        let keys = [&new, &world.snapshot, &world.timestamp];
        let refreshed = repository.refresh(&keys, &anew()).unwrap();
        for file in [contents, published, refreshed].concat() {
            let again = files.insert(file.path.clone(), file.bytes);
            let may_be = file.path == "timestamp.json" || file.path.starts_with("targets/");
            assert!(again.is_none() || may_be, "{} is written twice", file.path);
        }
        let found = client.target(&files, "b.txt");
        assert_eq!(found.unwrap(), b"b", "after {written} files");
    }
}

#[test]
fn files_that_do_not_belong_together_are_not_loaded() {
    let mut world = World::new(true);
    world.rotate(TopRole::Root, KeyType::Ed25519);
    world.rotate(TopRole::Timestamp, KeyType::Ed25519);
    let load = |change: &dyn Fn(&mut Files)| {
        let mut files = world.files.clone();
        change(&mut files);
        Repository::load(&files).map(|_| ())
    };
    assert_eq!(load(&|_| {}), Ok(()));
    assert_eq!(
        load(&|files| _ = files.insert("03.root.json".into(), Vec::new())),
        Ok(())
    );
    let missing = |file: &str| Err(RepositoryError::Missing { file: file.into() });
    assert_eq!(
        load(&|files| _ = files.remove("2.root.json")),
        missing("2.root.json")
    );
    assert_eq!(
        load(&|files| files.retain(|path, _| !path.contains("root"))),
        missing("1.root.json")
    );
    let torn = load(&|files| _ = files.insert("1.targets.json".into(), b"{".to_vec()));
    assert!(matches!(torn, Err(RepositoryError::File { file, .. }) if file == "1.targets.json"));
    let stranger = key(KeyType::Ed25519);
    let forged = load(&|files| {
        let forged = resigned(&files["timestamp.json"], &[&stranger], |_| {});
        files.insert("timestamp.json".into(), forged);
    });
    let file = "timestamp.json".to_owned();
    assert_eq!(forged, Err(RepositoryError::Unsigned { file }));
    let renamed = load(&|files| {
        let targets = files["1.targets.json"].clone();
        files.insert("2.targets.json".into(), targets);
    });
    let file = "2.targets.json".to_owned();
    assert_eq!(
        renamed,
        Err(RepositoryError::FileVersion {
            file,
            found: 1,
            expected: 2
        })
    );
    let broken = load(&|files| {
        let root: Metadata<Root> = Metadata::parse(&files["2.root.json"]).unwrap();
        let alone = resigned(root.bytes(), &[&stranger], |_| {});
        files.insert("2.root.json".into(), alone);
    });
    assert!(matches!(broken, Err(RepositoryError::Threshold(_))));
}

#[test]
fn nothing_is_refreshed_before_there_are_targets() {
    let root = key(KeyType::EcdsaP256);
    let one = || quorum(&[&root], 1);
    let mut draft = first_root(&FirstRoot {
        root: one(),
        timestamp: one(),
        snapshot: one(),
        targets: one(),
        consistent_snapshot: true,
        expires: at(NOW),
    })
    .unwrap();
    draft.sign(&root).unwrap();
    let (mut repository, files) = Repository::create(draft).unwrap();
    assert_eq!(
        repository.root().signed().keys().count(),
        1,
        "one key for all, once"
    );
    let refreshed = repository.refresh(&[&root], &calm()).map(|_| ());
    assert_eq!(refreshed, Err(RepositoryError::NoTargets));
    let files = files
        .into_iter()
        .map(|file| (file.path, file.bytes))
        .collect();
    assert!(Repository::load(&files).unwrap().targets().is_none());
}

#[test]
fn a_copy_of_yesterday_passes_over_what_clients_have_seen() {
    let mut world = World::new(true);
    let (yesterday, files) = (world.repository.clone(), world.files.clone());
    world.edit(&[set("a.txt", b"today")]);
    let mut client = world.client();
    assert_eq!(client.target(&world.files, "a.txt").unwrap(), b"today");
    let go_back = |world: &mut World| {
        world.repository = yesterday.clone();
        world.files = files.clone();
    };
    // As it is, and also with its next change, it is behind.
    go_back(&mut world);
    let refused = client.target(&world.files, "a.txt").unwrap_err();
    assert!(refused.to_string().contains("version"), "{refused}");
    go_back(&mut world);
    world.repository.leap(10);
    assert!(!world.repository.has_leapt());
    assert_eq!(world.repository.next_version(TopRole::Targets), 12);
    world.edit(&[set("b.txt", b"b")]);
    assert!(world.repository.has_leapt());
    assert_eq!(client.target(&world.files, "b.txt").unwrap(), b"b");
    let version = world.repository.timestamp().unwrap().signed().version();
    assert_eq!(version, 12);
    // The one after it is the next.
    world.edit(&[set("b.txt", b"c")]);
    assert_eq!(world.repository.next_version(TopRole::Targets), 14);
    assert_eq!(client.target(&world.files, "b.txt").unwrap(), b"c");
}
