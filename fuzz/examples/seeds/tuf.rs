//! A repository with a delegated role, and its documents one by one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, sha256};
use waxwing_encoding::{hex, olpc_json};
use waxwing_fuzz::at;
use waxwing_tuf::metadata::{Key, TopRole};
use waxwing_tuf::repository::{
    FirstRoot, Period, Quorum, Renewal, Repository, TargetEdit, first_root,
};

use crate::Result;

/// Targets metadata with hash bins, which nobody has signed.
pub const SUCCINCT: &str = r#"{"signatures":[],"signed":{"_type":"targets","spec_version":"1.0.31",
"version":1,"expires":"2036-01-01T00:00:00Z","targets":{},"delegations":{"keys":{},"succinct_roles":
{"keyids":[],"threshold":1,"bit_length":14,"name_prefix":"bin"}}}}"#;

/// Files by path, those of targets left out.
pub fn repository() -> Result<BTreeMap<String, String>> {
    let expires = at("2036-01-01T00:00:00Z");
    let key = PrivateKey::generate(KeyType::EcdsaP256)?;
    let other = PrivateKey::generate(KeyType::Ed25519)?;
    let delegate = PrivateKey::generate(KeyType::Ed25519)?;
    let both = || Quorum::new([key.public_key(), other.public_key()], 1);
    let one = || Quorum::new([key.public_key()], 1);
    let mut root = first_root(&FirstRoot {
        root: one()?,
        timestamp: both()?,
        snapshot: both()?,
        targets: one()?,
        consistent_snapshot: true,
        expires,
    })?;
    root.sign(&key)?;
    let (mut repository, mut files) = Repository::create(root)?;
    let rotated = [(TopRole::Root, Quorum::new([other.public_key()], 1)?)];
    let mut root = repository.draft_root(&rotated, expires)?;
    root.sign(&key)?;
    root.sign(&other)?;
    files.extend(repository.publish_root(root)?);
    let edit = TargetEdit::Set {
        path: "x".into(),
        content: b"x".to_vec(),
        custom: Some(json!({ "sigstore": { "usage": "Rekor", "status": "Active" } })),
    };
    let (mut targets, _contents) = repository.draft_targets(&[edit], expires)?;
    targets.sign(&key)?;
    files.extend(repository.publish_targets(targets)?);
    let period = Period {
        expires,
        renew_before: expires,
    };
    let renewal = Renewal {
        snapshot: period,
        timestamp: period,
    };
    files.extend(repository.refresh(&[&key, &other], &renewal)?);
    let mut texts = BTreeMap::new();
    for file in files {
        texts.insert(file.path, String::from_utf8(file.bytes)?);
    }

    // The delegation is written by hand: the repository has no command for it.
    let name = Key::new(delegate.public_key())?.id().to_string();
    let file = json!({ "length": 1, "hashes": { "sha256": hex::encode(&sha256(b"y")) } });
    let role = json!({
        "_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": expires.to_string(),
        "targets": { "a/x": file },
    });
    texts.insert("1.a.json".into(), signed(&role, &delegate)?);
    let delegated = json!({
        "keys": { name.as_str(): {
            "keytype": "ed25519", "scheme": "ed25519",
            "keyval": { "public": hex::encode(delegate.public_key().bits()) },
        } },
        "roles": [
            { "name": "b", "keyids": [], "threshold": 1, "terminating": false,
              "path_hash_prefixes": ["00", "ff"] },
            { "name": "a", "keyids": [name], "threshold": 1, "terminating": true, "paths": ["a/[w-z]*"] },
        ],
    });
    change(&mut texts, "1.targets.json", &key, |document| {
        document["delegations"] = delegated
    })?;
    change(&mut texts, "1.snapshot.json", &key, |document| {
        document["meta"]["a.json"] = json!({ "version": 1 });
    })?;
    Ok(texts)
}

fn change(
    texts: &mut BTreeMap<String, String>,
    path: &str,
    key: &PrivateKey,
    change: impl FnOnce(&mut Value),
) -> Result<()> {
    let text = texts.get_mut(path).ok_or("a file")?;
    let mut document: Value = serde_json::from_str(text)?;
    change(&mut document["signed"]);
    *text = signed(&document["signed"], key)?;
    Ok(())
}

fn signed(document: &Value, key: &PrivateKey) -> Result<String> {
    let name = Key::new(key.public_key())?.id().to_string();
    let signature = hex::encode(&key.sign(&olpc_json::to_vec(document)?)?);
    let document =
        json!({ "signatures": [{ "keyid": name, "sig": signature }], "signed": document });
    Ok(document.to_string())
}
