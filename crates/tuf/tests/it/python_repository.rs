//! Our client follows a repository that python-tuf made.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_tuf::client::UpdateError;
use waxwing_tuf::metadata::{Signed, TopRole};
use waxwing_tuf::repository::Repository;

use crate::peer;
use crate::world::{Client, LATER, at, calm, key, quorum, set};

#[test]
fn every_stage_of_a_repository_by_python_tuf_is_followed() {
    let Some(python) = peer::python() else { return };
    for consistent in ["consistent", "plain"] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [folder.path().as_os_str(), OsStr::new(consistent)];
        let stages = peer::run(&python, "publish.py", &arguments);
        let stages = stages.as_array().unwrap();
        assert_eq!(stages.len(), 3);
        let mut client: Option<Client> = None;
        for (number, expected) in stages.iter().enumerate() {
            let files = read(&folder.path().join(format!("stage-{number}")));
            let client = client.get_or_insert_with(|| Client::new(files["1.root.json"].clone()));
            // One that was there before, and one that comes new.
            for client in [client, &mut Client::new(files["1.root.json"].clone())] {
                let trusted = client.update(&files).unwrap();
                let found = [
                    trusted.root().signed().version(),
                    trusted.timestamp().signed().version(),
                    trusted.snapshot().signed().version(),
                    trusted.targets().signed().version(),
                ];
                let roles = ["root", "timestamp", "snapshot", "targets"];
                let versions = roles.map(|role| expected[role].as_u64().unwrap());
                assert_eq!(found, versions, "{consistent}, stage {number}");

                for (path, content) in expected["contents"].as_object().unwrap() {
                    let found = client.target(&files, path);
                    match content.as_str() {
                        Some(content) => assert_eq!(found.unwrap(), content.as_bytes(), "{path}"),
                        None => {
                            let path = path.clone();
                            assert_eq!(found, Err(UpdateError::NoTarget { path }));
                        }
                    }
                }
            }
        }
    }
}

/// A repository is taken over from python-tuf: what we do not understand of it, and the roles that it
/// delegates to, stay as they are; and python-tuf follows what we made of it.
#[test]
fn a_repository_by_python_tuf_is_carried_on() {
    let Some(python) = peer::python() else { return };
    for consistent in ["consistent", "plain"] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [folder.path().as_os_str(), OsStr::new(consistent)];
        let stages = peer::run(&python, "publish.py", &arguments);
        let repository_folder = folder.path().join("stage-2");
        let mut files = read(&repository_folder);
        let mut client = Client::new(files["1.root.json"].clone());
        client.update(&files).unwrap();

        let keys = |role: TopRole| -> Vec<PrivateKey> {
            let keys = stages[2]["keys"][role.name()].as_array().unwrap().iter();
            keys.map(|pem| PrivateKey::from_pem(pem.as_str().unwrap()).unwrap())
                .collect()
        };
        let mut repository = Repository::load(&files).unwrap();
        let snapshot_key = key(KeyType::EcdsaP256);
        let rotated = [(TopRole::Snapshot, quorum(&[&snapshot_key], 1))];
        let mut root = repository.draft_root(&rotated, at(LATER)).unwrap();
        for key in keys(TopRole::Root) {
            root.sign(&key).unwrap();
        }
        let mut changed = repository.publish_root(root).unwrap();
        let edits = [set("ours.txt", b"ours")];
        let (mut targets, contents) = repository.draft_targets(&edits, at(LATER)).unwrap();
        for key in keys(TopRole::Targets) {
            targets.sign(&key).unwrap();
        }
        changed.extend(contents);
        changed.extend(repository.publish_targets(targets).unwrap());
        let timestamp_key = &keys(TopRole::Timestamp)[0];
        let online = [&snapshot_key, timestamp_key];
        changed.extend(repository.refresh(&online, &calm()).unwrap());

        // What nobody here knows is in the new root too.
        let [old, new] = ["2.root.json", "3.root.json"].map(|name| {
            let written = changed.iter().find(|file| file.path == name);
            let bytes = written.map_or_else(|| files[name].clone(), |file| file.bytes.clone());
            let root: Value = serde_json::from_slice(&bytes).unwrap();
            root["signed"].clone()
        });
        assert_eq!(new["x-tuf-on-ci-expiry-period"], 197);
        assert_eq!(new["roles"]["root"], old["roles"]["root"]);
        for id in new["roles"]["root"]["keyids"].as_array().unwrap() {
            let id = id.as_str().unwrap();
            assert_eq!(new["keys"][id], old["keys"][id]);
        }
        let owner = |key: &Value| key["x-tuf-on-ci-keyowner"].is_string();
        assert!(new["keys"].as_object().unwrap().values().any(owner));
        assert_eq!(new["keys"]["unknown"]["scheme"], "rsassa-pss-sha512");

        for file in changed {
            let path = repository_folder.join(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.bytes).unwrap();
            files.insert(file.path, file.bytes);
        }
        let expected = [
            ("ours.txt", "ours"),
            ("a/1.txt", "by patterns"),
            ("a/b/2.txt", "by inner \u{e9}"),
            ("hashed.txt", "by prefixes"),
            ("bin/5", "bin/5"),
        ];
        for client in [&mut client, &mut Client::new(files["1.root.json"].clone())] {
            for (path, content) in expected {
                assert_eq!(client.target(&files, path).unwrap(), content.as_bytes());
            }
        }
        // python-tuf's own folder has the files under their names; a URL has them percent-encoded.
        let local = folder.path().join("local");
        fs::create_dir(&local).unwrap();
        fs::write(local.join("root.json"), &files["1.root.json"]).unwrap();
        let mut arguments = vec![repository_folder.as_os_str(), local.as_os_str()];
        let reachable = expected.iter().filter(|(path, _)| *path != "a/b/2.txt");
        arguments.extend(reachable.clone().map(|(path, _)| OsStr::new(*path)));
        let found = peer::run(&python, "update.py", &arguments);
        assert_eq!(found["root"], 3, "{found}");
        for (path, content) in reachable {
            assert_eq!(found["contents"][path], *content, "{found}");
        }
    }
}

/// The files of a folder, by their paths in it, percent-encoded as a URL would have them.
fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), fs::read(&path).unwrap());
        }
    }
    files
}
