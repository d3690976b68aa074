//! No change to a good bundle is accepted for anything else than what it was.
//!
//! The input is a bundle in JSON, or a list of changes to the good one, four bytes each: which string
//! in it, where (two bytes), and what to flip there. Strings in base64 are changed below it, so that
//! every byte of the DER is within reach.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fuzz::{ARTIFACT, GOOD, change};
use waxwing_model::Bundle;
use waxwing_verify::Artifact;

fuzz_target!(|input: &[u8]| {
    let written = Bundle::from_json(input).ok();
    let edited = written.is_none();
    let Some(bundle) = written.or_else(|| Bundle::from_json(&change(input)).ok()) else {
        return;
    };
    let Ok(verified) = GOOD
        .verifier
        .verify(&bundle, Artifact::Bytes(ARTIFACT), &GOOD.policy)
    else {
        return;
    };
    assert_eq!(verified.identity(), GOOD.verified.identity());
    assert_eq!(verified.digest(), GOOD.verified.digest());
    assert_eq!(verified.entries(), GOOD.verified.entries());
    assert!(
        verified
            .times()
            .iter()
            .all(|time| GOOD.verified.times().contains(time))
    );
    assert_eq!(bundle.certificate, GOOD.bundle.certificate);
    assert_eq!(bundle.signature.signature, GOOD.bundle.signature.signature);
    if edited {
        // A response has parts that no signature covers, its status for one. Nothing else has.
        let timestamps = GOOD.bundle.timestamps.clone();
        assert_eq!(
            Bundle {
                timestamps,
                ..bundle
            },
            GOOD.bundle
        );
    }
});
