//! The readers: what each refuses, with the same document without the fault accepted.

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey, SignatureAlgorithm};
use waxwing_encoding::hex;
use waxwing_encoding::olpc_json::OlpcJsonError;
use waxwing_tuf::metadata::{
    Key, MOST_KEYS, Metadata, MetadataError, Root, Signed, Snapshot, Targets, Timestamp, TopRole,
};

use crate::world::{World, key, resigned, sign};

/// A document of each role, as JSON.
fn good(path: &str) -> Value {
    serde_json::from_slice(&World::new(true).file(path)).unwrap()
}

fn parse<T: Signed>(document: &Value) -> Result<Metadata<T>, MetadataError> {
    Metadata::parse(document.to_string().as_bytes())
}

/// The document with a change, refused; and without, accepted.
#[track_caller]
fn refused<T: Signed + std::fmt::Debug>(
    document: &Value,
    change: impl FnOnce(&mut Value),
) -> MetadataError {
    parse::<T>(document).unwrap();
    let mut changed = document.clone();
    change(&mut changed);
    parse::<T>(&changed).unwrap_err()
}

fn missing(place: &str) -> MetadataError {
    MetadataError::Missing {
        place: place.into(),
    }
}

fn kind(place: &str, expected: &'static str) -> MetadataError {
    MetadataError::Kind {
        place: place.into(),
        expected,
    }
}

#[test]
fn what_every_document_must_have() {
    let document = good("timestamp.json");
    for name in ["_type", "spec_version", "version", "expires", "meta"] {
        let error = refused::<Timestamp>(&document, |document| {
            document["signed"].as_object_mut().unwrap().remove(name);
        });
        assert_eq!(error, missing(&format!("signed.{name}")));
    }
    for name in ["signatures", "signed"] {
        let error = refused::<Timestamp>(&document, |document| {
            document.as_object_mut().unwrap().remove(name);
        });
        assert_eq!(error, missing(&format!("metadata.{name}")));
    }
    let version = |version: Value| {
        refused::<Timestamp>(&document, |document| {
            document["signed"]["version"] = version;
        })
    };
    let place = "signed.version".to_owned();
    assert_eq!(version(json!(0)), MetadataError::Zero { place });
    for wrong in [json!(-1), json!("1"), json!(null), json!([])] {
        assert_eq!(version(wrong), kind("signed.version", "an integer from 0"));
    }
    let fraction = OlpcJsonError::NotAnInteger {
        found: "1.5".into(),
    };
    assert_eq!(version(json!(1.5)), MetadataError::Json(fraction));
    for found in ["2.0", "1", "1.0.0.0", "1.x", "", "01.0", "1."] {
        let error = refused::<Timestamp>(&document, |document| {
            document["signed"]["spec_version"] = json!(found);
        });
        let found = found.to_owned();
        assert_eq!(error, MetadataError::SpecVersion { found });
    }
    for found in ["2026-11-23", "2026-11-23T12:00:00", "tomorrow"] {
        let error = refused::<Timestamp>(&document, |document| {
            document["signed"]["expires"] = json!(found);
        });
        let (place, found) = ("signed.expires".to_owned(), found.to_owned());
        assert_eq!(error, MetadataError::Time { place, found });
    }
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let text = good("timestamp.json").to_string();
    let twice = text.replacen("\"version\":1", "\"version\":1,\"version\":1", 1);
    assert_ne!(text, twice);
    let name = "version".to_owned();
    let doubled = OlpcJsonError::DoubledMember { name };
    assert_eq!(
        Metadata::<Timestamp>::parse(twice.as_bytes()).unwrap_err(),
        MetadataError::Json(doubled)
    );
    assert!(Metadata::<Timestamp>::parse(text.as_bytes()).is_ok());
}

#[test]
fn a_document_is_not_longer_than_its_role_allows() {
    let padded = |path: &str, length: usize| {
        let mut bytes = World::new(true).file(path);
        bytes.resize(length, b' ');
        bytes
    };
    let limit = Metadata::<Timestamp>::LONGEST;
    assert!(Metadata::<Timestamp>::parse(&padded("timestamp.json", limit)).is_ok());
    assert_eq!(
        Metadata::<Timestamp>::parse(&padded("timestamp.json", limit + 1)).unwrap_err(),
        MetadataError::TooLong {
            role: "timestamp",
            length: limit + 1,
            limit
        }
    );
}

#[test]
fn a_timestamp_lists_one_snapshot_and_a_snapshot_lists_versions() {
    let document = good("timestamp.json");
    let error = refused::<Timestamp>(&document, |document| {
        document["signed"]["meta"]["other.json"] = json!({ "version": 1 });
    });
    assert_eq!(error, MetadataError::TimestampEntries { found: 2 });
    let error = refused::<Timestamp>(&document, |document| {
        document["signed"]["meta"] = json!({});
    });
    assert_eq!(error, missing("signed.meta.snapshot.json"));

    let document = good("1.snapshot.json");
    let place = "signed.meta.targets.json";
    let entry = |entry: Value| {
        refused::<Snapshot>(&document, |document| {
            document["signed"]["meta"]["targets.json"] = entry;
        })
    };
    assert_eq!(entry(json!({})), missing(&format!("{place}.version")));
    assert_eq!(entry(json!([])), kind(place, "an object"));
    let hashes = format!("{place}.hashes");
    assert_eq!(
        entry(json!({ "version": 1, "hashes": {} })),
        MetadataError::NoHash { place: hashes }
    );
    let zero = format!("{place}.version");
    assert_eq!(
        entry(json!({ "version": 0 })),
        MetadataError::Zero { place: zero }
    );
}

#[test]
fn a_root_names_each_key_of_a_role_once() {
    let document = good("1.root.json");
    let error = refused::<Root>(&document, |document| {
        let keyids = &mut document["signed"]["roles"]["targets"]["keyids"];
        *keyids = json!([keyids[0], keyids[0]]);
    });
    assert!(matches!(
        error,
        MetadataError::DoubledKeyId { place, .. } if place == "signed.roles.targets.keyids"
    ));
    for role in TopRole::ALL {
        let error = refused::<Root>(&document, |document| {
            let roles = document["signed"]["roles"].as_object_mut().unwrap();
            roles.remove(role.name());
        });
        assert_eq!(error, missing(&format!("signed.roles.{role}")));
        let error = refused::<Root>(&document, |document| {
            document["signed"]["roles"][role.name()]["threshold"] = json!(0);
        });
        let place = format!("signed.roles.{role}.threshold");
        assert_eq!(error, MetadataError::Zero { place });
    }
    let many = |count: usize| {
        let ids: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        json!(ids)
    };
    let error = refused::<Root>(&document, |document| {
        document["signed"]["roles"]["targets"]["keyids"] = many(MOST_KEYS + 1);
    });
    assert!(matches!(error, MetadataError::TooMany { count, .. } if count == MOST_KEYS + 1));
    let mut most = document;
    most["signed"]["roles"]["targets"]["keyids"] = many(MOST_KEYS);
    assert!(parse::<Root>(&most).is_ok());
}

#[test]
fn two_signatures_in_one_name_refuse_the_file_and_empty_ones_do_not() {
    let document = good("timestamp.json");
    let error = refused::<Timestamp>(&document, |document| {
        let first = document["signatures"][0].clone();
        document["signatures"].as_array_mut().unwrap().push(first);
    });
    assert!(matches!(error, MetadataError::DoubledSignature { .. }));

    let world = World::new(true);
    let mut document: Value = serde_json::from_slice(&world.file("1.root.json")).unwrap();
    let signatures = document["signatures"].as_array_mut().unwrap();
    for (name, sig) in [("empty", ""), ("no hex", "zz"), ("short", "30")] {
        signatures.push(json!({ "keyid": name, "sig": sig }));
    }
    let root = parse::<Root>(&document).unwrap();
    root.verify(root.signed().signers(TopRole::Root)).unwrap();
    document["signatures"][0]["sig"] = json!("");
    let root = parse::<Root>(&document).unwrap();
    let error = root
        .verify(root.signed().signers(TopRole::Root))
        .unwrap_err();
    assert_eq!((error.found, error.threshold), (0, 1));
}

#[test]
fn delegations_are_of_one_form_each() {
    let role =
        json!({ "name": "a", "keyids": [], "threshold": 1, "terminating": false, "paths": ["*"] });
    let bins = json!({ "keyids": [], "threshold": 1, "bit_length": 8, "name_prefix": "b" });
    let mut document = good("1.targets.json");
    document["signed"]["delegations"] = json!({ "keys": {}, "roles": [role] });
    let mut succinct = document.clone();
    succinct["signed"]["delegations"] = json!({ "keys": {}, "succinct_roles": bins });

    let place = "signed.delegations";
    let one_of = |place: &str, first, second| MetadataError::OneOf {
        place: place.into(),
        first,
        second,
    };
    for change in [
        json!({ "keys": {}, "roles": [], "succinct_roles": bins }),
        json!({ "keys": {} }),
    ] {
        let error = refused::<Targets>(&document, |document| {
            document["signed"]["delegations"] = change;
        });
        assert_eq!(error, one_of(place, "roles", "succinct_roles"));
    }
    let error = refused::<Targets>(&document, |document| {
        let role = &mut document["signed"]["delegations"]["roles"][0];
        role["path_hash_prefixes"] = json!(["00"]);
    });
    let place = "the delegated role \"a\"";
    assert_eq!(error, one_of(place, "paths", "path_hash_prefixes"));
    for found in ["", "root", "targets", "snapshot", "timestamp"] {
        let error = refused::<Targets>(&document, |document| {
            document["signed"]["delegations"]["roles"][0]["name"] = json!(found);
        });
        let found = found.to_owned();
        assert_eq!(error, MetadataError::RoleName { found });
    }
    let error = refused::<Targets>(&document, |document| {
        let roles = document["signed"]["delegations"]["roles"]
            .as_array_mut()
            .unwrap();
        roles.push(roles[0].clone());
    });
    let name = "a".to_owned();
    assert_eq!(error, MetadataError::DoubledRole { name });
    for found in [0, 33] {
        let error = refused::<Targets>(&succinct, |document| {
            let bins = &mut document["signed"]["delegations"]["succinct_roles"];
            bins["bit_length"] = json!(found);
        });
        assert_eq!(error, MetadataError::BitLength { found });
    }
}

/// Every scheme of the reference: what signs by it is counted, and by nothing else.
#[test]
fn keys_of_every_type_and_scheme_verify() {
    let root = World::new(true).file("1.root.json");
    let pem = |key: &PrivateKey| json!(key.public_key().to_pem());
    let bits = |key: &PrivateKey| json!(hex::encode(key.public_key().bits()));
    let one_line = |key: &PrivateKey| json!(key.public_key().to_pem().trim_end());
    type Public<'a> = &'a dyn Fn(&PrivateKey) -> Value;
    let p256 = SignatureAlgorithm::EcdsaP256Sha256;
    let p384 = SignatureAlgorithm::EcdsaP384Sha384;
    let rows: [(&str, &str, KeyType, SignatureAlgorithm, Public<'_>); 12] = [
        (
            "ecdsa",
            "ecdsa-sha2-nistp256",
            KeyType::EcdsaP256,
            p256,
            &pem,
        ),
        (
            "ecdsa",
            "ecdsa-sha2-nistp256",
            KeyType::EcdsaP256,
            p256,
            &one_line,
        ),
        (
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp256",
            KeyType::EcdsaP256,
            p256,
            &pem,
        ),
        (
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp256",
            KeyType::EcdsaP256,
            p256,
            &bits,
        ),
        (
            "ecdsa",
            "ecdsa-sha2-nistp384",
            KeyType::EcdsaP384,
            p384,
            &pem,
        ),
        (
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp384",
            KeyType::EcdsaP384,
            p384,
            &pem,
        ),
        (
            "ed25519",
            "ed25519",
            KeyType::Ed25519,
            SignatureAlgorithm::Ed25519,
            &bits,
        ),
        (
            "rsa",
            "rsassa-pss-sha256",
            KeyType::Rsa(2048),
            SignatureAlgorithm::RsaPssSha256,
            &pem,
        ),
        (
            "rsa",
            "rsa-pkcs1v15-sha256",
            KeyType::Rsa(2048),
            SignatureAlgorithm::RsaPkcs1Sha256,
            &pem,
        ),
        (
            "ml-dsa",
            "ml-dsa-44/1",
            KeyType::MlDsa44,
            SignatureAlgorithm::MlDsa44,
            &pem,
        ),
        (
            "ml-dsa",
            "ml-dsa-65/1",
            KeyType::MlDsa65,
            SignatureAlgorithm::MlDsa65,
            &pem,
        ),
        (
            "ml-dsa",
            "ml-dsa-87/1",
            KeyType::MlDsa87,
            SignatureAlgorithm::MlDsa87,
            &pem,
        ),
    ];
    for (key_type, scheme, kind, algorithm, public) in rows {
        let private = key(kind);
        let with = |key_type: &str, scheme: &str, other: bool| {
            let bytes = resigned(&root, &[], |signed| {
                let object = json!({
                    "keytype": key_type, "scheme": scheme,
                    "keyval": { "public": public(&private), "private": "" },
                });
                signed["keys"]["k"] = object;
                signed["roles"]["root"] = json!({ "keyids": ["k"], "threshold": 1 });
            });
            let unsigned: Metadata<Root> = Metadata::parse(&bytes).unwrap();
            let mut message = unsigned.payload().to_vec();
            if other {
                message.push(0);
            }
            let signature = private.sign_with(algorithm, &message).unwrap();
            let mut document: Value = serde_json::from_slice(&bytes).unwrap();
            document["signatures"] = json!([{ "keyid": "k", "sig": hex::encode(&signature) }]);
            let root = parse::<Root>(&document).unwrap();
            root.verify(root.signed().signers(TopRole::Root)).is_ok()
        };
        assert!(with(key_type, scheme, false), "{key_type}/{scheme}");
        assert!(!with(key_type, scheme, true), "{key_type}/{scheme}");
        assert!(!with(key_type, "of-tomorrow", false), "{key_type}");
        assert!(!with("of-tomorrow", scheme, false), "{scheme}");
        let other = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => "ecdsa-sha2-nistp384",
            SignatureAlgorithm::RsaPssSha256 => "rsa-pkcs1v15-sha256",
            _ => "ecdsa-sha2-nistp256",
        };
        assert!(!with(key_type, other, false), "{key_type}/{other}");
    }
}

/// What `SSlibKey.from_crypto` of securesystemslib 1.6.0 says: the key of RFC 8032 section 7.1, test 1,
/// and the base points of the two curves, whose private key is 1.
#[test]
fn names_of_keys_are_those_of_securesystemslib() {
    let ed25519 =
        "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let spki = hex::decode(ed25519).unwrap();
    let ed25519 = PublicKey::from_spki_der(&spki).unwrap();
    let p256 = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n\
        6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n\
        -----END PUBLIC KEY-----\n";
    let p384 = "-----BEGIN PUBLIC KEY-----\n\
        MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqofKIr6LBTeOscce8yCtdG4dO2KLp5uY\n\
        WfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR8\n\
        6doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\n\
        -----END PUBLIC KEY-----\n";
    for (public, name) in [
        (
            ed25519,
            "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916",
        ),
        (
            PublicKey::from_pem(p256).unwrap(),
            "cf4736fae1a3a019d3506e4345cfb6549c7aa731eb5c19f61b60f0175882edcf",
        ),
        (
            PublicKey::from_pem(p384).unwrap(),
            "502ce7201eae13f7cee90e4afba09bfcaa2ebb738f69141ee8f263fa4000b6bc",
        ),
    ] {
        assert_eq!(Key::new(&public).unwrap().id().as_str(), name);
    }
    let p521 = key(KeyType::EcdsaP521);
    let error = Key::new(p521.public_key()).unwrap_err();
    assert_eq!(error.found, KeyType::EcdsaP521);
}

/// Unknown members are under the signature, wherever they stand.
#[test]
fn unknown_members_are_signed_too() {
    let world = World::new(true);
    let root = world.file("1.root.json");
    let signed = |change: &dyn Fn(&mut Value)| {
        let document: Value = serde_json::from_slice(&root).unwrap();
        let mut signed = document["signed"].clone();
        let name = signed["roles"]["root"]["keyids"][0].clone();
        signed["x-tuf-on-ci-expiry-period"] = json!(197);
        signed["roles"]["root"]["x"] = json!({ "deep": [null, true, "\u{e9}\"\\"] });
        signed["keys"][name.as_str().unwrap()]["x-tuf-on-ci-keyowner"] = json!("@somebody");
        let bytes = sign(&signed, &[&world.root]);
        let mut document: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut document["signed"]);
        let root = parse::<Root>(&document).unwrap();
        root.verify(root.signed().signers(TopRole::Root)).is_ok()
    };
    assert!(signed(&|_| {}));
    assert!(!signed(
        &|signed| signed["x-tuf-on-ci-expiry-period"] = json!(198)
    ));
    assert!(!signed(
        &|signed| signed["roles"]["root"]["x"]["deep"] = json!([])
    ));
    assert!(!signed(&|signed| signed["more"] = json!(null)));
}
