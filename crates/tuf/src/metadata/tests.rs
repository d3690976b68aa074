//! What is read is written again without a loss: an edit of a repository changes what it was asked to
//! change, and nothing beside it.

use serde_json::{Value, json};

use super::*;

fn written<T: Signed>(signed: &Value) -> Value {
    let document = json!({ "signatures": [], "signed": signed });
    let read: Metadata<T> = Metadata::parse(document.to_string().as_bytes()).unwrap();
    write_signed(read.signed())
}

#[test]
fn every_member_is_written_as_it_was_read() {
    let role = json!({ "keyids": ["k", "unknown"], "threshold": 2, "x-owner": [1] });
    let key = json!({
        "keytype": "of-tomorrow", "scheme": "s", "keyval": { "public": "?", "more": {} },
        "keyid_hash_algorithms": ["md5"], "x-tuf-on-ci-online-uri": "gcpkms:é\n",
    });
    let root = json!({
        "_type": "root", "spec_version": "1.0.31", "version": 12, "expires": "2026-11-20T13:58:18Z",
        "consistent_snapshot": true, "keys": { "k": key },
        "roles": { "root": role, "timestamp": role, "snapshot": role, "targets": role,
                   "mirrors": { "keyids": [] } },
        "x-tuf-on-ci-expiry-period": 197,
    });
    assert_eq!(written::<Root>(&root), root);

    let file =
        json!({ "version": 3, "length": 9, "hashes": { "sha256": "00", "md5": "no" }, "x": null });
    let timestamp = json!({
        "_type": "timestamp", "spec_version": "1.0", "version": 1, "expires": "2026-11-20T13:58:18Z",
        "meta": { "snapshot.json": file }, "x": false,
    });
    assert_eq!(written::<Timestamp>(&timestamp), timestamp);
    let snapshot = json!({
        "_type": "snapshot", "spec_version": "1.0", "version": 1, "expires": "2026-11-20T13:58:18Z",
        "meta": { "targets.json": file, "a.json": { "version": 1 } }, "x": {},
    });
    assert_eq!(written::<Snapshot>(&snapshot), snapshot);

    let target = json!({ "length": 0, "hashes": { "sha512": "00" }, "custom": null, "x": -1 });
    let mut targets = json!({
        "_type": "targets", "spec_version": "1.0", "version": 1, "expires": "2026-11-20T13:58:18Z",
        "targets": { "a/b": target, "": target }, "x": "",
    });
    assert_eq!(written::<Targets>(&targets), targets);
    targets["delegations"] = json!({
        "keys": { "k": key }, "x": 1,
        "roles": [
            { "name": "a", "keyids": ["k"], "threshold": 1, "terminating": true, "paths": ["*"], "x": 1 },
            { "name": "b", "keyids": [], "threshold": 9, "terminating": false, "path_hash_prefixes": [] },
        ],
    });
    assert_eq!(written::<Targets>(&targets), targets);
    targets["delegations"] = json!({
        "keys": {},
        "succinct_roles": { "keyids": [], "threshold": 1, "bit_length": 32, "name_prefix": "p", "x": 1 },
    });
    assert_eq!(written::<Targets>(&targets), targets);
}

/// What public roots of old have is understood, and written in today's form.
#[test]
fn a_time_with_an_offset_and_a_missing_member_are_understood() {
    let role = json!({ "keyids": [], "threshold": 1 });
    let root = json!({
        "_type": "root", "spec_version": "1.0", "version": 1,
        "expires": "2021-12-18T13:28:12.99008-06:00", "keys": {},
        "roles": { "root": role, "timestamp": role, "snapshot": role, "targets": role },
    });
    let written = written::<Root>(&root);
    assert_eq!(written["consistent_snapshot"], false);
    assert_eq!(written["expires"], "2021-12-18T19:28:12.99008Z");
}

/// Succinct bins: vectors by python-tuf 7.0.1, `SuccinctRoles.get_role_for_target`.
#[test]
fn a_path_falls_into_one_bin() {
    let bins = |bit_length: u32| -> Delegations {
        let value = json!({
            "keys": {},
            "succinct_roles": { "keyids": [], "threshold": 1, "bit_length": bit_length, "name_prefix": "bin" },
        });
        Delegations::read(Members::of(value, String::new()).unwrap()).unwrap()
    };
    for (bit_length, path, name) in BINS {
        let delegations = bins(bit_length);
        assert_eq!(delegations.matching(path), [(name.to_owned(), true)]);
        assert!(delegations.signers(name, "targets").is_some());
    }
    let delegations = bins(5);
    for name in ["bin-00", "bin-1f"] {
        assert!(delegations.signers(name, "targets").is_some(), "{name}");
    }
    for name in [
        "bin-20", "bin-0", "bin-1F", "bin-+1", "bin-001", "bin", "bin00", "-00", "other-00",
    ] {
        assert!(delegations.signers(name, "targets").is_none(), "{name}");
    }
}

const BINS: [(u32, &str, &str); 7] = [
    (1, "a", "bin-1"),
    (4, "a", "bin-c"),
    (5, "a/b.txt", "bin-0a"),
    (14, "trusted_root.json", "bin-2afb"),
    (16, "", "bin-e3b0"),
    (31, "é", "bin-254caabf"),
    (32, "x", "bin-2d711642"),
];
