//! Promises without proofs: bundles of 2022, and nothing else.

use serde_json::{Value, json};
use waxwing_model::Bundle;
use waxwing_model::bundle::Version;
use waxwing_verify::log::{EntryError, EntryRefused};
use waxwing_verify::{Requirements, VerifyError};

use crate::world::{KEY, REKOR_V2, V0_1, World, world};

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

fn entry(json: &mut Value) -> &mut serde_json::Map<String, Value> {
    json.pointer_mut(ENTRY).unwrap().as_object_mut().unwrap()
}

fn refused(world: &World, requirements: Requirements) -> EntryError {
    match world.verify(requirements).unwrap_err() {
        VerifyError::Entry(EntryRefused::Invalid { source, .. }) => source,
        error => panic!("{error}"),
    }
}

#[test]
fn a_promise_suffices_in_version_1_alone_and_where_it_was_asked_for() {
    let Some(world) = world(V0_1) else { return };
    let usual = Requirements::public_good();
    let accepting = usual.dangerously_accept_promises();
    world.verify(accepting).unwrap();
    let without_proof = |json: &mut Value| {
        entry(json).remove("inclusionProof");
    };
    let without_checkpoint = |json: &mut Value| {
        entry(json)["inclusionProof"]["checkpoint"] = Value::Null;
    };
    for promised in [
        world.with_json(without_proof),
        world.with_json(without_checkpoint),
    ] {
        assert!(matches!(refused(&promised, usual), EntryError::NoProof));
        let verified = promised.verify(accepting).unwrap();
        assert!(verified.entries()[0].time.is_some());
        // The promise must hold.
        let broken = promised.with_json(|json| {
            entry(json)["integratedTime"] = json!("1689177397");
        });
        assert!(matches!(
            refused(&broken, accepting),
            EntryError::Promise(_)
        ));
        // And the other versions demand the proof when they are read.
        let mut made_by_hand = promised.clone();
        made_by_hand.bundle.version = Version::V0_3;
        assert!(matches!(
            refused(&made_by_hand, accepting),
            EntryError::NoProof
        ));
        for version in ["0.2", "0.3"] {
            let mut json = promised.json.clone();
            json["mediaType"] = json!(format!(
                "application/vnd.dev.sigstore.bundle+json;version={version}"
            ));
            assert!(Bundle::from_json(json.to_string().as_bytes()).is_err());
        }
    }
}

/// A proof that is there is not passed over for the promise beside it.
#[test]
fn a_proof_that_does_not_hold_is_refused_whatever_suffices() {
    let Some(world) = world(V0_1) else { return };
    let broken = world.with_json(|json| {
        entry(json)["inclusionProof"]["hashes"]
            .as_array_mut()
            .unwrap()
            .pop();
    });
    let accepting = Requirements::public_good().dangerously_accept_promises();
    assert!(matches!(refused(&broken, accepting), EntryError::Proof(_)));
    let note = broken.with_json(|json| {
        entry(json)["inclusionProof"]["checkpoint"]["envelope"] = json!("no note");
    });
    assert!(matches!(refused(&note, accepting), EntryError::Note(_)));
}

#[test]
fn an_index_that_nothing_signs_is_not_told() {
    let Some(world) = world(KEY) else { return };
    let index = |world: &World| world.usual().unwrap().entries()[0].log_index;
    let signed = world.bundle.entries[0].log_index;
    assert_eq!(index(&world), Some(signed));
    let mut without = world;
    without.bundle.entries[0].inclusion_promise = None;
    assert_eq!(index(&without), None);
    without.bundle.entries[0].log_index = 999_999_999;
    assert_eq!(index(&without), None);
}

#[test]
fn an_entry_does_not_come_twice_by_another_name_of_its_log() {
    let Some(mut world) = world(REKOR_V2) else {
        return;
    };
    let mut twin = world.bundle.entries[0].clone();
    twin.log_id[31] ^= 1;
    world.bundle.entries.push(twin);
    let error = world.usual().unwrap_err();
    let is_repeated = matches!(error, VerifyError::Entry(EntryRefused::Repeated { .. }));
    assert!(is_repeated, "{error}");
    world.bundle.entries.remove(0);
    world.usual().unwrap();
}
