//! `timestamp-cli verify` and `inspect`: each flag, and what both print.

use std::fs;
use std::process::Output;

use serde_json::Value;
use waxwing_pki::timestamp::Timestamp;

use super::client::World;
use super::{cli, digest};
use crate::program::printed;

/// Why a file is not verified; with its fault repaired it is.
fn faulty(world: &World, faulty: &[&str], good: &[&str], expected: &str) {
    let refused = world.refused(faulty).unwrap();
    assert!(refused.contains(expected), "{refused}");
    assert_eq!(world.refused(good), None);
}

#[test]
fn whom_to_trust_is_said_in_one_of_two_ways() {
    let world = World::new();
    world.stamped(&[]);
    let chain = ["--certificate-chain", "above.pem"];
    let split = [
        "--root-certificates",
        "root.pem",
        "--intermediate-certificates",
        "intermediate.pem",
    ];
    // The whole of what an authority gives out is a chain too.
    for good in [&chain[..], &split, &["--certificate-chain", "chain.pem"]] {
        assert_eq!(world.refused(good), None);
    }
    let one_way = "whom to trust is said by --certificate-chain alone";
    for several in [
        &[][..],
        &split[2..],
        &[&chain[..], &split[..2]].concat(),
        &[&chain[..], &split[2..]].concat(),
    ] {
        faulty(&world, several, &chain, one_way);
    }
    let unknown = "no certificate of this authority has that name";
    faulty(&world, &split[..2], &split, unknown);
    // The root alone is trusted, whatever stands before it.
    let other = World::new();
    fs::copy(
        other.path().join("root.pem"),
        world.path().join("strange.pem"),
    )
    .unwrap();
    let swapped = ["--root-certificates", "strange.pem", split[2], split[3]];
    faulty(
        &world,
        &swapped,
        &split,
        "the timestamp authority's certificate",
    );
    let both = ["strange.pem", "root.pem"].map(|name| fs::read(world.path().join(name)).unwrap());
    fs::write(world.path().join("both.pem"), both.concat()).unwrap();
    let either = ["--root-certificates", "both.pem", split[2], split[3]];
    assert_eq!(world.refused(&either), None);
}

#[test]
fn the_authoritys_own_certificate_may_be_demanded() {
    let world = World::new();
    world.stamped(&[]);
    let with = |more: &[&'static str]| [&["--certificate-chain", "above.pem"], more].concat();
    let own = with(&["--certificate", "leaf.pem"]);
    let other = World::new();
    fs::copy(
        other.path().join("leaf.pem"),
        world.path().join("other.pem"),
    )
    .unwrap();
    let strange = with(&["--certificate", "other.pem"]);
    let reason = "the timestamp's signer is not this authority's certificate";
    faulty(&world, &strange, &own, reason);
    let several = with(&["--certificate", "chain.pem"]);
    faulty(
        &world,
        &several,
        &own,
        "chain.pem has 3 certificates; expected one",
    );
    // Without one inside, somebody has to say which it is.
    world.stamped(&["--certificate=false"]);
    let missing = "the timestamp came without the authority's certificate";
    faulty(&world, &with(&[]), &own, missing);
    faulty(
        &world,
        &strange,
        &["--certificate-chain", "chain.pem"],
        reason,
    );
}

#[test]
fn name_nonce_and_policy_are_compared() {
    let world = World::new();
    let nonce = world.stamped(&[]);
    let nonce = waxwing_encoding::integer::to_decimal(nonce.claims().nonce().unwrap()).unwrap();
    let with = |flag: &'static str, value: &str| {
        let chain = ["--certificate-chain", "above.pem", flag, value];
        chain.map(str::to_owned).to_vec()
    };
    for (flag, good, bad, expected) in [
        (
            "--common-name",
            "Test TSA Timestamping",
            "Test TSA",
            "has the common name \"Test TSA Timestamping\"; expected \"Test TSA\"",
        ),
        ("--nonce", nonce.as_str(), "17", "; expected 17"),
        (
            "--oid",
            "1.3.6.1.4.1.57264.2",
            "1.2.3",
            "under the policy 1.3.6.1.4.1.57264.2; expected 1.2.3",
        ),
    ] {
        let (bad, good) = (with(flag, bad), with(flag, good));
        let [bad, good] =
            [&bad, &good].map(|flags| flags.iter().map(String::as_str).collect::<Vec<_>>());
        faulty(&world, &bad, &good, expected);
    }
    let no_number = ["--certificate-chain", "above.pem", "--nonce", "0x11"];
    let refused = world.refused(&no_number).unwrap();
    assert!(
        refused.contains("--nonce: \"0x11\" is no decimal number"),
        "{refused}"
    );
    world.stamped(&["--nonce=false"]);
    let refused = world.refused(&["--certificate-chain", "above.pem", "--nonce", &nonce]);
    assert!(
        refused
            .unwrap()
            .contains("the timestamp's nonce is none; expected")
    );
    assert_eq!(world.refused(&["--certificate-chain", "above.pem"]), None);
}

#[test]
fn json_has_the_members_of_the_original() {
    let world = World::new();
    let json = |done: Output| -> Value {
        assert!(done.status.success(), "{}", printed(&done));
        let text = String::from_utf8(done.stdout).unwrap();
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    let written = json(world.stamp(&["--artifact", "artifact", "--format", "json"]));
    assert_eq!(written["Location"], "response.tsr");
    let response = fs::read(world.path().join("response.tsr")).unwrap();
    let timestamp = Timestamp::from_der(&response).unwrap();
    assert_eq!(written["Timestamp"], timestamp.claimed_time().to_string());
    let verified = json(cli(
        world.path(),
        &[
            "verify",
            "--artifact",
            "artifact",
            "--timestamp",
            "response.tsr",
            "--certificate-chain",
            "above.pem",
            "--format=json",
        ],
    ));
    assert_eq!(verified["TimestampPath"], "response.tsr");
    let inspect = ["inspect", "--timestamp", "response.tsr", "--format", "json"];
    let inspected = json(cli(world.path(), &inspect));
    let told = &inspected["TimestampResponse"];
    assert_eq!(&verified["ParsedTimestamp"], told);
    let names: Vec<&String> = told.as_object().unwrap().keys().collect();
    let mut expected = [
        "RawToken",
        "HashAlgorithm",
        "HashedMessage",
        "Time",
        "Accuracy",
        "SerialNumber",
        "Policy",
        "Ordering",
        "Nonce",
        "Qualified",
        "Certificates",
        "AddTSACertificate",
        "Extensions",
        "ExtraExtensions",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    let bytes = |value: &Value| waxwing_encoding::base64::decode(value.as_str().unwrap()).unwrap();
    assert!(response.ends_with(&bytes(&told["RawToken"])));
    assert_eq!(told["HashAlgorithm"], 5);
    assert_eq!(bytes(&told["HashedMessage"]), digest(b"an artifact\n"));
    assert_eq!(told["Accuracy"], 1_000_000_000);
    assert_eq!(
        told["Policy"],
        serde_json::json!([1, 3, 6, 1, 4, 1, 57264, 2])
    );
    let certificate = timestamp.certificates()[0].der();
    assert_eq!(bytes(&told["Certificates"][0]["Raw"]), certificate);
    assert_eq!(told["AddTSACertificate"], true);
    world.stamped(&["--certificate=false", "--nonce=false"]);
    let told = json(cli(world.path(), &inspect));
    let told = &told["TimestampResponse"];
    assert_eq!(
        (&told["Certificates"], &told["Nonce"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(told["AddTSACertificate"], false);
}

#[test]
fn a_timestamp_is_shown_to_people_and_called_unverified() {
    let world = World::new();
    world.stamped(&["--nonce=false"]);
    let shown = cli(world.path(), &["inspect", "--timestamp", "response.tsr"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    for line in [
        "Accuracy:      1 s",
        "Policy:        1.3.6.1.4.1.57264.2",
        "Hash:          SHA-256",
        "Nonce:         none",
        "Ordering:      no",
        "Certificate:   Test TSA Timestamping, local, by Test TSA Intermediate, local, ",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let aside = String::from_utf8(shown.stderr).unwrap();
    assert!(aside.starts_with("Nothing of this is verified"), "{aside}");
    let garbage = cli(world.path(), &["inspect", "--timestamp", "artifact"]);
    assert_eq!(garbage.status.code(), Some(1));
    let refused = printed(&garbage);
    assert!(
        refused.contains("artifact: the timestamp: malformed DER"),
        "{refused}"
    );
}
