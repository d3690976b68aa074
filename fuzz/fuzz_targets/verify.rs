//! No change to a good bundle is accepted for anything else than what it was.
//!
//! The input is a bundle in JSON, or a list of changes to the good ones, four bytes each: which string
//! in it, where (two bytes), and what to flip there. Strings in base64 are changed below it, so that
//! every byte of the DER is within reach.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_fuzz::{ARTIFACT, GOOD, GOOD_ENVELOPE, Good, change};
use waxwing_model::Bundle;
use waxwing_model::bundle::Content;
use waxwing_verify::Artifact;

fuzz_target!(|input: &[u8]| {
    if let Ok(bundle) = Bundle::from_json(input) {
        accepted(&bundle);
        return;
    }
    for good in [&*GOOD, &*GOOD_ENVELOPE] {
        let Ok(mut bundle) = Bundle::from_json(&change(good.json, input)) else {
            continue;
        };
        if accepted(&bundle).is_some() {
            restore(&mut bundle, good);
            assert_eq!(bundle, good.bundle);
        }
    }
});

/// Verifies the bundle. If it is accepted, its signature is a good one and says nothing else.
fn accepted(bundle: &Bundle) -> Option<()> {
    let artifact = Artifact::Bytes(ARTIFACT);
    let verified = GOOD.verifier.verify(bundle, artifact, &GOOD.policy).ok()?;
    let good = [&*GOOD, &*GOOD_ENVELOPE]
        .into_iter()
        .find(|good| good.bundle.signature() == bundle.signature())
        .expect("nobody else signed anything");
    assert_eq!(verified.identity(), good.verified.identity());
    assert_eq!(verified.digest(), good.verified.digest());
    assert_eq!(verified.statement(), good.verified.statement());
    let index = |entry: &waxwing_verify::log::VerifiedEntry| (entry.log.clone(), entry.log_index);
    assert!(
        verified
            .entries()
            .iter()
            .map(index)
            .eq(good.verified.entries().iter().map(index))
    );
    let mut times = verified.times().iter();
    assert!(times.all(|time| good.verified.times().contains(time)));
    assert_eq!(bundle.certificate(), good.bundle.certificate());
    Some(())
}

/// Undoes the changes where nothing is believed: a timestamp's frame, an envelope's key identifier,
/// the identifier of a log that its checkpoint names, and the lines below a checkpoint's text.
fn restore(bundle: &mut Bundle, good: &Good) {
    bundle.timestamps.clone_from(&good.bundle.timestamps);
    if let (Content::Envelope(changed), Content::Envelope(good)) =
        (&mut bundle.content, &good.bundle.content)
    {
        changed.key_id.clone_from(&good.key_id);
    }
    for (changed, good) in bundle.entries.iter_mut().zip(&good.bundle.entries) {
        if good.is_of_rekor_v2() {
            changed.log_id.clone_from(&good.log_id);
        }
        let proofs = (&mut changed.inclusion_proof, &good.inclusion_proof);
        if let (Some(changed), Some(good)) = proofs {
            let text = |checkpoint: &str| checkpoint.split_once("\n\n").map(|(text, _)| text.len());
            let length = text(&good.checkpoint).expect("a note has a text");
            assert!(changed.checkpoint.starts_with(&good.checkpoint[..length]));
            changed.checkpoint.clone_from(&good.checkpoint);
        }
    }
}
