//! Keys that are known beforehand, and when.

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_model::Window;
use waxwing_verify::artifact::ArtifactRefused;
use waxwing_verify::policy::SignerRefused;
use waxwing_verify::{Policy, Requirements, VerifiedSigner, VerifyError};

use crate::world::{KEY, REKOR_V1, world};

#[test]
fn a_key_is_trusted_within_its_window_both_ends_included() {
    let Some(world) = world(KEY) else { return };
    let key = world.key.clone().unwrap();
    let times = world.usual().unwrap();
    let times: Vec<_> = times.times().iter().map(|time| time.time).collect();
    let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
    let window = |start, end| {
        let window = Window {
            start,
            end: Some(end),
        };
        world.under(Policy::key_valid_for(key.clone(), window))
    };
    window(first, last).unwrap();
    for (start, end) in [
        (first.plus_seconds(1), last.plus_seconds(9)),
        (first.plus_seconds(-9), last.plus_seconds(-1)),
    ] {
        let error = window(start, end).unwrap_err();
        assert!(
            matches!(error, VerifyError::Signer(SignerRefused::KeyWindow { .. })),
            "{error}"
        );
    }
}

#[test]
fn a_key_that_is_trusted_for_a_time_needs_one() {
    let Some(mut world) = world(KEY) else { return };
    let key = world.key.clone().unwrap();
    let since = world.usual().unwrap().times()[0].time.plus_seconds(-9);
    let window = Window {
        start: since,
        end: None,
    };
    let policy = || Policy::key_valid_for(key.clone(), window);
    world.under(policy()).unwrap();
    world.bundle.timestamps.clear();
    world.bundle.entries[0].inclusion_promise = None;
    world.usual().unwrap();
    let error = world.under(policy()).unwrap_err();
    let is_refused = matches!(error, VerifyError::Signer(SignerRefused::KeyWithoutTime));
    assert!(is_refused, "{error}");
}

#[test]
fn another_key_is_refused_whatever_the_hint_says() {
    let Some(world) = world(KEY) else { return };
    for kind in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Ed25519] {
        let other = PrivateKey::generate(kind).unwrap();
        let error = world
            .under(Policy::key(other.public_key().clone()))
            .unwrap_err();
        let is_refused = matches!(
            error,
            VerifyError::Artifact(ArtifactRefused::Signature { .. })
        );
        assert!(is_refused, "{error}");
    }
    assert!(matches!(
        world.usual().unwrap().signer(),
        VerifiedSigner::Key { .. }
    ));
}

#[test]
fn a_key_needs_no_time_and_no_ct_log_but_its_entry() {
    let Some(mut world) = world(KEY) else { return };
    world.root.ct_logs.clear();
    world.root.certificate_authorities.clear();
    world.bundle.timestamps.clear();
    world.bundle.entries[0].inclusion_promise = None;
    let verified = world.usual().unwrap();
    assert!(verified.times().is_empty());
    world
        .verify(Requirements::public_good().timestamps(1))
        .unwrap_err();
    world
        .verify(Requirements::public_good().log_times(1))
        .unwrap_err();
    world.bundle.entries.clear();
    assert!(matches!(world.usual(), Err(VerifyError::Entry(_))));
}

#[test]
fn what_is_asked_for_by_name_is_asked_of_keys_too() {
    let Some(world) = world(KEY) else { return };
    let usual = Requirements::public_good();
    // The bundle has two times and no certificate.
    world.verify(usual.times(2)).unwrap();
    let refused = world.verify(usual.times(3));
    assert!(matches!(refused, Err(VerifyError::Time(_))), "{refused:?}");
    let refused = world.verify(usual.signed_certificate_timestamps(1));
    assert!(matches!(refused, Err(VerifyError::Sct(_))), "{refused:?}");
}

#[test]
fn a_certificate_is_refused_where_a_key_is_trusted_even_its_own() {
    let Some(world) = world(REKOR_V1) else { return };
    let key = world.bundle.certificate().unwrap().public_key().clone();
    let error = world.under(Policy::key(key)).unwrap_err();
    assert!(
        matches!(error, VerifyError::Signer(SignerRefused::CertificateForKey)),
        "{error}"
    );
}
