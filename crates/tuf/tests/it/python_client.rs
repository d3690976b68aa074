//! python-tuf's client follows a repository of ours.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_tuf::metadata::{Root, Signed, TopRole};
use waxwing_tuf::repository::{FirstRoot, Repository, TargetEdit, first_root, sign_copy};

use crate::peer;
use crate::world::{LATER, World, anew, at, calm, key, quorum, set};

/// A folder that a server would show, and the local copy of a client that lives on.
struct Client<'a> {
    python: &'a Path,
    folder: tempfile::TempDir,
}

impl<'a> Client<'a> {
    fn new(python: &'a Path, root: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("local")).unwrap();
        fs::write(folder.path().join("local/root.json"), root).unwrap();
        Self { python, folder }
    }

    fn update(&self, files: &BTreeMap<String, Vec<u8>>, targets: &[&str]) -> Value {
        let repository = self.folder.path().join("repository");
        for (path, bytes) in files {
            let path = repository.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let local = self.folder.path().join("local");
        let mut arguments = vec![repository.as_os_str(), local.as_os_str()];
        arguments.extend(targets.iter().map(OsStr::new));
        peer::run(self.python, "update.py", &arguments)
    }
}

#[test]
fn it_follows_targets_and_rotations_of_every_role() {
    let Some(python) = peer::python() else { return };
    for consistent in [true, false] {
        let mut world = World::new(consistent);
        let client = Client::new(&python, &world.file("1.root.json"));
        let found = client.update(&world.files, &["a.txt", "b.txt"]);
        assert_eq!(found["contents"], json!({ "a.txt": "a", "b.txt": null }));
        assert_eq!(versions(&found), [1, 1, 1, 1]);

        world.edit(&[
            set("a.txt", b"changed"),
            set("folder/deep/b.txt", "é".as_bytes()),
        ]);
        world.refresh(&anew());
        let kinds = [
            (TopRole::Timestamp, KeyType::EcdsaP256),
            (TopRole::Snapshot, KeyType::Rsa(2048)),
            (TopRole::Targets, KeyType::Ed25519),
            (TopRole::Root, KeyType::EcdsaP384),
            (TopRole::Root, KeyType::Ed25519),
        ];
        for (role, kind) in kinds {
            world.rotate(role, kind);
        }
        let found = client.update(&world.files, &["a.txt", "folder/deep/b.txt"]);
        let contents = json!({ "a.txt": "changed", "folder/deep/b.txt": "é" });
        assert_eq!(found["contents"], contents, "{found}");
        let published = published(&world.repository);
        assert_eq!(versions(&found), published);
        assert_eq!((published[0], published[3]), (6, 3));

        // And one that was not there in between.
        let fresh = Client::new(&python, &world.file("1.root.json"));
        let again = fresh.update(&world.files, &["a.txt"]);
        assert_eq!(versions(&again), published);
        assert_eq!(again["contents"]["a.txt"], "changed");
    }
}

#[test]
fn it_accepts_every_kind_of_key_under_the_names_that_it_would_give_them() {
    let Some(python) = peer::python() else { return };
    let kinds = [
        KeyType::EcdsaP256,
        KeyType::EcdsaP384,
        KeyType::Ed25519,
        KeyType::Rsa(2048),
        KeyType::Rsa(4096),
    ];
    let keys: Vec<PrivateKey> = kinds.into_iter().map(key).collect();
    let all: Vec<&PrivateKey> = keys.iter().collect();
    let everybody = || quorum(&all, all.len() as u64);
    let mut root = first_root(&FirstRoot {
        root: everybody(),
        timestamp: everybody(),
        snapshot: everybody(),
        targets: everybody(),
        consistent_snapshot: true,
        expires: at(LATER),
    })
    .unwrap();
    // The root is signed away from the repository, by one after the other.
    let mut copy = root.json().to_vec();
    for key in &keys {
        copy = sign_copy::<Root>(&copy, key).unwrap();
    }
    root.merge(&copy).unwrap();
    let (mut repository, mut files) = Repository::create(root).unwrap();
    let custom = json!({ "sigstore": { "usage": "Fulcio", "status": "Active", "uri": "https://f.example.com" } });
    let edit = TargetEdit::Set {
        path: "fulcio.crt.pem".into(),
        content: b"certificate".to_vec(),
        custom: Some(custom.clone()),
    };
    let (mut targets, contents) = repository.draft_targets(&[edit], at(LATER)).unwrap();
    all.iter().for_each(|key| targets.sign(key).unwrap());
    files.extend(contents);
    files.extend(repository.publish_targets(targets).unwrap());
    files.extend(repository.refresh(&all, &calm()).unwrap());
    let files: BTreeMap<_, _> = files
        .into_iter()
        .map(|file| (file.path, file.bytes))
        .collect();

    let client = Client::new(&python, &files["1.root.json"]);
    let found = client.update(&files, &["fulcio.crt.pem"]);
    assert_eq!(
        found["contents"]["fulcio.crt.pem"], "certificate",
        "{found}"
    );
    assert_eq!(found["custom"]["fulcio.crt.pem"], custom);
    let names = found["keys"].as_object().unwrap();
    assert_eq!(names.len(), keys.len());
    for (name, expected) in names {
        assert_eq!(name, expected);
    }
}

#[test]
fn it_notices_a_repository_that_was_rolled_back() {
    let Some(python) = peer::python() else { return };
    let mut world = World::new(true);
    let client = Client::new(&python, &world.file("1.root.json"));
    let old = world.files.clone();
    world.edit(&[set("a.txt", b"new")]);
    let found = client.update(&world.files, &["a.txt"]);
    assert_eq!(found["contents"]["a.txt"], "new", "{found}");
    let found = client.update(&old, &["a.txt"]);
    let error = found["error"].as_str().unwrap();
    assert!(error.contains("BadVersionNumberError"), "{error}");
}

/// What the client trusts, in the order of the roles.
#[track_caller]
fn versions(found: &Value) -> [u64; 4] {
    ["root", "timestamp", "snapshot", "targets"]
        .map(|role| found[role].as_u64().unwrap_or_else(|| panic!("{found}")))
}

fn published(repository: &Repository) -> [u64; 4] {
    [
        repository.root().signed().version(),
        repository.timestamp().unwrap().signed().version(),
        repository.snapshot().unwrap().signed().version(),
        repository.targets().unwrap().signed().version(),
    ]
}
