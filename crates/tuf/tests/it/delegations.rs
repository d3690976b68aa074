//! The search through delegated roles: its order, its ends, and who must have signed what.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, sha256};
use waxwing_encoding::hex;
use waxwing_tuf::client::{MOST_ROLES_A_SEARCH, UpdateError};
use waxwing_tuf::metadata::Key;

use crate::world::{Client, LATER, World, key, resigned, sign};

/// A role that is delegated to.
struct Role {
    name: String,
    paths: Value,
    terminating: bool,
}

fn role(name: &str, paths: &[&str], terminating: bool) -> Role {
    Role {
        name: name.into(),
        paths: json!({ "paths": paths }),
        terminating,
    }
}

/// A world whose targets metadata is written by hand.
struct Graph {
    world: World,
    /// Signs for every delegated role, unless the test says otherwise.
    key: PrivateKey,
    roles: BTreeMap<String, Value>,
}

impl Graph {
    fn new() -> Self {
        Self {
            world: World::new(true),
            key: key(KeyType::Ed25519),
            roles: BTreeMap::new(),
        }
    }

    /// Delegations of a role, by one key for all of them.
    fn delegations(roles: &[Role], key: &PrivateKey) -> Value {
        let named = Key::new(key.public_key()).unwrap();
        let public = json!({
            "keytype": "ed25519", "scheme": "ed25519",
            "keyval": { "public": hex::encode(key.public_key().bits()) },
        });
        let roles = roles.iter().map(|role| {
            let mut written = role.paths.clone();
            written["name"] = json!(role.name);
            written["terminating"] = json!(role.terminating);
            written["keyids"] = json!([named.id().as_str()]);
            written["threshold"] = json!(1);
            written
        });
        json!({ "keys": { named.id().as_str(): public }, "roles": roles.collect::<Vec<_>>() })
    }

    /// Metadata of a role: its own files, and whom it delegates to.
    fn put(&mut self, name: &str, files: &[&str], delegates: &[Role]) {
        self.put_by(name, files, delegates, None);
    }

    fn put_by(
        &mut self,
        name: &str,
        files: &[&str],
        delegates: &[Role],
        other: Option<&PrivateKey>,
    ) {
        let file = |path: &&str| {
            let hash = hex::encode(&sha256(name.as_bytes()));
            let file = json!({ "length": name.len(), "hashes": { "sha256": hash } });
            ((*path).to_owned(), file)
        };
        let targets: serde_json::Map<_, _> = files.iter().map(file).collect();
        let mut signed = json!({
            "_type": "targets", "spec_version": "1.0.34", "version": 1, "expires": LATER,
            "targets": targets,
        });
        if !delegates.is_empty() {
            signed["delegations"] = Self::delegations(delegates, other.unwrap_or(&self.key));
        }
        self.roles.insert(name.into(), signed);
    }

    /// The files of a repository with all this; each target's content is the name of its role.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.world.files.clone();
        let mut meta = serde_json::Map::new();
        for (name, signed) in &self.roles {
            let key = match name.as_str() {
                "targets" => &self.world.targets,
                _ => &self.key,
            };
            meta.insert(format!("{name}.json"), json!({ "version": 1 }));
            files.insert(format!("1.{name}.json"), sign(signed, &[key]));
            for path in signed["targets"].as_object().unwrap().keys() {
                let hash = hex::encode(&sha256(name.as_bytes()));
                let path = match path.rsplit_once('/') {
                    Some((folder, file)) => format!("targets/{folder}/{hash}.{file}"),
                    None => format!("targets/{hash}.{path}"),
                };
                files.insert(path, name.clone().into_bytes());
            }
        }
        let snapshot = &files["1.snapshot.json"];
        let snapshot = resigned(snapshot, &[&self.world.snapshot], |signed| {
            signed["meta"] = Value::Object(meta);
        });
        files.insert("1.snapshot.json".into(), snapshot);
        files
    }

    fn client(&self) -> Client {
        self.world.client()
    }

    /// The roles that a search asks for, in its order, and what it ends with.
    fn search(&self, path: &str) -> (Vec<String>, Result<String, UpdateError>) {
        let mut client = self.client();
        let found = client.target(&self.files(), path);
        let asked = client.asked.iter().skip(4);
        let roles = asked.filter_map(|path| path.strip_prefix("1.")?.strip_suffix(".json"));
        let roles = roles.map(str::to_owned).collect();
        (
            roles,
            found.map(|content| String::from_utf8(content).unwrap()),
        )
    }
}

fn not_found(path: &str) -> Result<String, UpdateError> {
    Err(UpdateError::NoTarget { path: path.into() })
}

#[test]
fn the_search_is_depth_first_in_the_order_of_the_delegations() {
    let mut graph = Graph::new();
    graph.put(
        "targets",
        &[],
        &[role("a", &["*"], false), role("d", &["*"], false)],
    );
    graph.put(
        "a",
        &[],
        &[role("b", &["*"], false), role("c", &["*"], false)],
    );
    graph.put("b", &[], &[]);
    graph.put("c", &[], &[]);
    graph.put("d", &["here"], &[]);
    assert_eq!(
        graph.search("here"),
        (["a", "b", "c", "d"].map(Into::into).into(), Ok("d".into()))
    );
    let (roles, found) = graph.search("nowhere");
    assert_eq!((roles.len(), found), (4, not_found("nowhere")));
    // The first that names it counts.
    graph.put("c", &["here"], &[]);
    assert_eq!(graph.search("here").1, Ok("c".into()));
    graph.put("targets", &["here"], &[role("a", &["*"], false)]);
    assert_eq!(graph.search("here"), (Vec::new(), Ok("targets".into())));
}

#[test]
fn a_terminating_role_ends_the_search_for_its_paths() {
    let mut graph = Graph::new();
    let delegations = |terminating| [role("a", &["a/*"], terminating), role("b", &["*/*"], false)];
    graph.put("a", &[], &[role("c", &["*/*"], false)]);
    graph.put("b", &["a/x", "b/x"], &[]);
    graph.put("c", &[], &[]);
    graph.put("targets", &[], &delegations(true));
    assert_eq!(
        graph.search("a/x"),
        (vec!["a".into(), "c".into()], not_found("a/x"))
    );
    assert_eq!(graph.search("b/x"), (vec!["b".into()], Ok("b".into())));
    graph.put("targets", &[], &delegations(false));
    assert_eq!(graph.search("a/x").1, Ok("b".into()));
}

#[test]
fn cycles_end_and_no_role_is_visited_twice() {
    let mut graph = Graph::new();
    graph.put("targets", &[], &[role("a", &["*"], false)]);
    graph.put(
        "a",
        &[],
        &[role("b", &["*"], false), role("a", &["*"], false)],
    );
    graph.put("b", &[], &[role("a", &["*"], false)]);
    assert_eq!(
        graph.search("x"),
        (vec!["a".into(), "b".into()], not_found("x"))
    );
}

#[test]
fn a_role_may_name_only_what_it_was_given() {
    let mut graph = Graph::new();
    let prefix = &hex::encode(&sha256(b"hashed"))[..6];
    let by_hash = Role {
        name: "h".into(),
        paths: json!({ "path_hash_prefixes": [prefix] }),
        terminating: false,
    };
    graph.put("targets", &[], &[role("a", &["a/*.txt"], false), by_hash]);
    graph.put(
        "a",
        &["a/1.txt", "b/1.txt", "a/b/1.txt", "hashed", "A/1.txt"],
        &[],
    );
    graph.put("h", &["hashed", "other"], &[]);
    assert_eq!(graph.search("a/1.txt").1, Ok("a".into()));
    assert_eq!(graph.search("hashed"), (vec!["h".into()], Ok("h".into())));
    for path in ["b/1.txt", "a/b/1.txt", "A/1.txt", "other"] {
        assert_eq!(graph.search(path), (Vec::new(), not_found(path)), "{path}");
    }
}

#[test]
fn more_roles_than_are_visited_end_the_search() {
    let mut graph = Graph::new();
    let chain = |graph: &mut Graph, length: usize| {
        for number in 0..length {
            let next = [role(&format!("r{number}"), &["*"], false)];
            match number {
                0 => graph.put("targets", &[], &next),
                _ => graph.put(&format!("r{}", number - 1), &[], &next),
            }
        }
        graph.put(&format!("r{}", length - 1), &["x"], &[]);
    };
    chain(&mut graph, MOST_ROLES_A_SEARCH);
    assert_eq!(
        graph.search("x").1,
        Ok(format!("r{}", MOST_ROLES_A_SEARCH - 1))
    );
    chain(&mut graph, MOST_ROLES_A_SEARCH + 1);
    let path = "x".into();
    assert_eq!(graph.search("x").1, Err(UpdateError::TooManyRoles { path }));
}

/// Two delegators name one role, by different keys: what is trusted on one path is not on the other.
#[test]
fn a_role_is_verified_by_the_delegator_on_this_path() {
    let mut graph = Graph::new();
    let other = key(KeyType::Ed25519);
    graph.put(
        "targets",
        &[],
        &[role("a", &["a/*"], true), role("b", &["b/*"], true)],
    );
    graph.put("a", &[], &[role("both", &["*/*"], false)]);
    graph.put_by("b", &[], &[role("both", &["*/*"], false)], Some(&other));
    graph.put("both", &["a/x", "b/x"], &[]);
    let mut client = graph.client();
    let files = graph.files();
    // By the key that `a` names; it is in the local copy now.
    assert_eq!(client.target(&files, "a/x").unwrap(), b"both");
    let error = client.target(&files, "b/x").unwrap_err();
    let UpdateError::Threshold(error) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (error.role.as_str(), error.delegator.as_str()),
        ("both", "b")
    );
    graph.put("b", &[], &[role("both", &["*/*"], false)]);
    assert_eq!(graph.search("b/x").1, Ok("both".into()));
}

#[test]
fn delegated_metadata_is_held_to_the_snapshot_and_the_time() {
    let mut graph = Graph::new();
    graph.put("targets", &[], &[role("a", &["*"], false)]);
    graph.put("a", &["x"], &[]);
    let good = graph.files();
    let refused = |files: &BTreeMap<String, Vec<u8>>| {
        graph.client().target(files, "x").map(|_| ()).unwrap_err()
    };
    assert!(graph.client().target(&good, "x").is_ok());

    let with = |change: &dyn Fn(&mut Value)| {
        let mut files = good.clone();
        let made = resigned(&files["1.a.json"], &[&graph.key], change);
        files.insert("1.a.json".into(), made);
        files
    };
    let error = refused(&with(&|signed| signed["version"] = json!(2)));
    let role = "a".to_owned();
    assert_eq!(
        error,
        UpdateError::Version {
            role,
            found: 2,
            expected: 1
        }
    );
    let error = refused(&with(&|signed| {
        signed["expires"] = json!("2026-01-01T00:00:00Z");
    }));
    assert!(matches!(error, UpdateError::Expired { role, .. } if role == "a"));

    let mut unlisted = good.clone();
    let snapshot = resigned(
        &good["1.snapshot.json"],
        &[&graph.world.snapshot],
        |signed| {
            signed["meta"].as_object_mut().unwrap().remove("a.json");
        },
    );
    unlisted.insert("1.snapshot.json".into(), snapshot);
    let role = "a".to_owned();
    assert_eq!(refused(&unlisted), UpdateError::NotInSnapshot { role });

    let mut missing = good.clone();
    missing.remove("1.a.json");
    let path = "1.a.json".to_owned();
    assert_eq!(refused(&missing), UpdateError::NotFound { path });
}

#[test]
fn a_target_whose_path_leaves_its_folder_has_no_place() {
    let mut graph = Graph::new();
    let bad = ["../x", "/x", "a//x", "a/./x", ""];
    let mut files = bad.to_vec();
    files.push("a/x y");
    graph.put("targets", &files, &[]);
    for path in bad {
        let error = graph.client().target(&graph.files(), path).unwrap_err();
        let path = path.into();
        assert_eq!(error, UpdateError::TargetPath { path });
    }
    let mut client = graph.client();
    let error = client.target(&graph.files(), "a/x y").unwrap_err();
    let hash = hex::encode(&sha256(b"targets"));
    let path = format!("a/{hash}.x%20y");
    assert_eq!(
        error,
        UpdateError::NotFound { path },
        "the files are not percent-encoded"
    );
}
