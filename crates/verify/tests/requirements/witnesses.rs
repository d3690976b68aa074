//! Checkpoints that witnesses have to have seen.

use std::sync::Arc;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::note::{Note, NoteSigner};
use waxwing_tlog::witness_policy::WitnessPolicy;
use waxwing_verify::log::{EntryError, EntryRefused};
use waxwing_verify::{Artifact, Requirements, VerifyError};

use crate::world::{REKOR_V1, REKOR_V2, World, world};

fn witness(name: &str) -> NoteSigner {
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    NoteSigner::cosignature_v1(name, Arc::new(key)).unwrap()
}

fn policy(witnesses: &[&NoteSigner], quorum: &str) -> WitnessPolicy {
    let mut text = String::new();
    let mut names = String::new();
    for (number, witness) in witnesses.iter().enumerate() {
        text += &format!("witness w{number} {}\n", witness.verifier());
        names += &format!(" w{number}");
    }
    WitnessPolicy::parse(format!("{text}group all {quorum}{names}\nquorum all\n")).unwrap()
}

fn cosign(world: &World, witnesses: &[&NoteSigner]) -> World {
    let mut world = world.clone();
    let proof = world.bundle.entries[0].inclusion_proof.as_mut().unwrap();
    for witness in witnesses {
        let note = Note::parse(&proof.checkpoint).unwrap();
        let time = UnixTime::parse("2026-11-22T00:00:00Z").unwrap();
        let signature = witness.sign(&note, time).unwrap();
        proof.checkpoint = note.with_signature(signature).to_string();
    }
    world
}

fn is_witnessed(world: &World, policy: WitnessPolicy) -> bool {
    let verifier = world
        .verifier(Requirements::public_good())
        .with_witnesses(policy);
    let artifact = Artifact::Bytes(&world.artifact);
    match verifier.verify(&world.bundle, artifact, &world.policy) {
        Ok(_) => true,
        Err(VerifyError::Entry(EntryRefused::Invalid {
            source: EntryError::Witnesses(_),
            ..
        })) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_checkpoint_needs_the_witnesses_that_the_policy_names() {
    let Some(world) = world(REKOR_V2) else { return };
    let (one, two, other) = (witness("one"), witness("two"), witness("one"));
    let both = cosign(&world, &[&one, &two]);
    for (world, witnesses, quorum, expected) in [
        (&world, vec![&one], "1", false),
        (&cosign(&world, &[&one]), vec![&one], "1", true),
        (&cosign(&world, &[&one]), vec![&two], "1", false),
        // The same name with another key.
        (&cosign(&world, &[&other]), vec![&one], "1", false),
        (&cosign(&world, &[&one]), vec![&one, &two], "any", true),
        (&cosign(&world, &[&one]), vec![&one, &two], "all", false),
        (&cosign(&world, &[&one, &one]), vec![&one, &two], "2", false),
        (&both, vec![&one, &two], "all", true),
        (&both, vec![&one, &other], "all", false),
    ] {
        assert_eq!(
            is_witnessed(world, policy(&witnesses, quorum)),
            expected,
            "{quorum}"
        );
        // Without a policy, witnesses change nothing.
        world.usual().unwrap();
    }
}

#[test]
fn a_cosignature_of_another_checkpoint_is_refused() {
    let Some(world) = world(REKOR_V2) else { return };
    let one = witness("one");
    let text = "log.example.com\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let note = Note::new(text).unwrap();
    let time = UnixTime::parse("2026-11-22T00:00:00Z").unwrap();
    let signature = one.sign(&note, time).unwrap();
    let mut world = world;
    let proof = world.bundle.entries[0].inclusion_proof.as_mut().unwrap();
    let note = Note::parse(&proof.checkpoint).unwrap();
    proof.checkpoint = note.with_signature(signature).to_string();
    assert!(!is_witnessed(&world, policy(&[&one], "1")));
    world.usual().unwrap();
}

/// Rekor v1 has no witnesses: its checkpoints are not theirs to see.
#[test]
fn an_entry_of_rekor_v1_needs_no_witness() {
    let Some(world) = world(REKOR_V1) else { return };
    assert!(is_witnessed(&world, policy(&[&witness("one")], "1")));
}
