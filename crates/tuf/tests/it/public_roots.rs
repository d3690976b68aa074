//! The public instance's roots, from the first of 2021 on: hexadecimal points, times with fractions
//! and offsets, keys under names that do not follow from them, empty signatures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io, io::Write as _};

use waxwing_crypto::sha256;
use waxwing_encoding::{hex, olpc_json};
use waxwing_tuf::client::UpdateError;
use waxwing_tuf::metadata::{Metadata, Root, Signed, TopRole};

use crate::peer;
use crate::world::{Client, at};

/// The history that comes with the conformance cases; `None` where they are not there.
fn history() -> Option<BTreeMap<String, Vec<u8>>> {
    let Some(folder) = env::var_os("WAXWING_CONFORMANCE").map(PathBuf::from) else {
        assert!(
            env::var_os("CI").as_deref() != Some("true".as_ref()),
            "WAXWING_CONFORMANCE names no folder"
        );
        let _unheard = writeln!(io::stderr(), "skipped: WAXWING_CONFORMANCE is not set");
        return None;
    };
    Some(read(&folder.join("default-trust/root_history")))
}

fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files
        .map(|file| {
            let name = file.file_name().into_string().unwrap();
            (name, fs::read(file.path()).unwrap())
        })
        .collect()
}

/// There is no timestamp beside them, so a client that has walked them all misses just that.
#[test]
fn a_client_walks_from_any_of_them_to_the_last() {
    let Some(files) = history() else { return };
    let last = files.len();
    assert!(last >= 15);
    for first in 1..=last {
        let mut client = Client::new(files[&format!("{first}.root.json")].clone());
        client.now = at("2026-10-01T00:00:00Z");
        let path = "timestamp.json".to_owned();
        assert_eq!(
            client.update(&files).map(|_| ()),
            Err(UpdateError::NotFound { path }),
            "from {first}"
        );
        let expected = &files[&format!("{last}.root.json")];
        assert_eq!(client.local.role("root"), Some(expected.as_slice()));
    }
}

#[test]
fn a_link_that_is_missing_or_changed_ends_the_walk() {
    let Some(files) = history() else { return };
    let walk = |files: &BTreeMap<String, Vec<u8>>| {
        let mut client = Client::new(files["1.root.json"].clone());
        client.now = at("2026-10-01T00:00:00Z");
        let error = client.update(files).map(|_| ()).unwrap_err();
        let root: Metadata<Root> = Metadata::parse(client.local.role("root").unwrap()).unwrap();
        (error, root.signed().version())
    };
    let mut without = files.clone();
    without.remove("7.root.json");
    let (error, version) = walk(&without);
    assert!(matches!(error, UpdateError::Expired { role, .. } if role == "root"));
    assert_eq!(version, 6);

    let mut changed = files;
    let text = String::from_utf8(changed["9.root.json"].clone()).unwrap();
    let other = text.replacen("2024-09-12", "2034-09-12", 1);
    assert_ne!(text, other);
    changed.insert("9.root.json".into(), other.into_bytes());
    let (error, version) = walk(&changed);
    assert!(matches!(error, UpdateError::Threshold(_)), "{error}");
    assert_eq!(version, 8);
}

/// The names of keys in a root, and the SHA-256 of the canonical form of each.
fn names(root: &[u8]) -> Vec<(String, String)> {
    let root = olpc_json::from_slice(root).unwrap();
    let keys = root["signed"]["keys"].as_object().unwrap().iter();
    keys.map(|(name, key)| {
        let canonical = olpc_json::to_vec(key).unwrap();
        (name.clone(), hex::encode(&sha256(&canonical)))
    })
    .collect()
}

#[test]
fn a_name_that_does_not_follow_from_its_key_is_a_name_all_the_same() {
    let Some(files) = history() else { return };
    let of_2021 = names(&files["1.root.json"]);
    assert!(
        of_2021
            .iter()
            .any(|(name, _)| name.starts_with("2f64fb5eac0cf94d"))
    );
    for (name, follows) in of_2021 {
        assert_eq!(name, follows);
    }
    let differing: Vec<_> = names(&files["11.root.json"])
        .into_iter()
        .filter(|(name, follows)| name != follows)
        .collect();
    let [(name, follows)] = differing.as_slice() else {
        panic!("{differing:?}");
    };
    assert!(name.starts_with("7247f0dbad85b147") && follows.starts_with("0c87432c3bf09fd9"));
    // The walk above went through it: the key signs for timestamp and snapshot under that name.
    let root: Metadata<Root> = Metadata::parse(&files["11.root.json"]).unwrap();
    let [online] = root.signed().role(TopRole::Timestamp).key_ids() else {
        panic!("one online key");
    };
    assert_eq!(online.as_str(), name);
    let key = root.signed().keys().find(|key| key.id() == online).unwrap();
    assert!(key.public_key().is_some());
}

#[test]
fn the_roots_that_sigstore_python_brings_along_are_accepted() {
    let Some(python) = peer::python() else { return };
    let home = python.parent().unwrap().parent().unwrap();
    let mut found = 0;
    for library in fs::read_dir(home.join("lib")).unwrap() {
        let store = library
            .unwrap()
            .path()
            .join("site-packages/sigstore/_store");
        for instance in fs::read_dir(store).unwrap() {
            let path = instance.unwrap().path().join("root.json");
            let Ok(bytes) = fs::read(&path) else { continue };
            found += 1;
            let root: Metadata<Root> = Metadata::parse(&bytes).unwrap();
            root.verify(root.signed().signers(TopRole::Root)).unwrap();
            let mut client = Client::new(bytes);
            client.now = root.signed().expires().plus_seconds(-1);
            let path = "timestamp.json".to_owned();
            let none = BTreeMap::new();
            let missing = client.update(&none).map(|_| ());
            assert_eq!(missing, Err(UpdateError::NotFound { path }));

            client.now = root.signed().expires();
            let expired = client.update(&none).map(|_| ());
            assert!(matches!(expired, Err(UpdateError::Expired { role, .. }) if role == "root"));
        }
    }
    assert_eq!(found, 2, "the public instance and its staging");
}
