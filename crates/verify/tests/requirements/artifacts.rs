//! The artifact as bytes, as a digest, and as several.

use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_verify::artifact::{ArtifactRefused, needed};
use waxwing_verify::{Artifact, Policy, Requirements, VerifyError};

use crate::world::{BOTH_TIMES, KEY, REKOR_V1, World, world};

fn refused(world: &World, artifact: Artifact<'_>) -> Option<ArtifactRefused> {
    let verifier = world.verifier(Requirements::public_good());
    match verifier.verify(&world.bundle, artifact, &world.policy) {
        Ok(_) => None,
        Err(VerifyError::Artifact(error)) => Some(error),
        Err(error) => panic!("{error}"),
    }
}

fn digests(bytes: &[u8]) -> [Digest; 3] {
    let hashes = [
        HashAlgorithm::Sha512,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha256,
    ];
    hashes.map(|hash| hash.digest(bytes))
}

#[test]
fn an_artifact_is_found_by_its_bytes_or_by_the_digest_that_is_needed() {
    for name in [REKOR_V1, KEY, BOTH_TIMES] {
        let Some(world) = world(name) else { return };
        let right = digests(&world.artifact);
        assert!(refused(&world, Artifact::Bytes(&world.artifact)).is_none());
        assert!(refused(&world, Artifact::Digest(right[2])).is_none());
        assert!(refused(&world, Artifact::Digests(&right)).is_none());
        assert!(refused(&world, Artifact::Digests(&right[2..])).is_none());
        // Other bytes, however they are given.
        let other = [&world.artifact[..], b"\n"].concat();
        let wrong = digests(&other);
        let is_statement = name == BOTH_TIMES;
        for artifact in [
            Artifact::Bytes(&other),
            Artifact::Bytes(b""),
            Artifact::Digest(wrong[2]),
            Artifact::Digests(&wrong),
        ] {
            match refused(&world, artifact) {
                Some(ArtifactRefused::Subject { .. }) => assert!(is_statement),
                Some(ArtifactRefused::Signature {
                    over: "artifact", ..
                }) => assert!(!is_statement),
                other => panic!("{name}: {other:?}"),
            }
        }
        // The right artifact by functions that do not serve.
        for artifact in [
            Artifact::Digest(right[0]),
            Artifact::Digests(&right[..2]),
            Artifact::Digests(&[]),
        ] {
            match refused(&world, artifact) {
                Some(ArtifactRefused::Subject { .. }) => assert!(is_statement),
                Some(ArtifactRefused::OtherHash { expected, .. }) => {
                    assert_eq!((is_statement, expected), (false, HashAlgorithm::Sha256));
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_is_needed_is_what_serves() {
    for name in [REKOR_V1, KEY, BOTH_TIMES] {
        let Some(world) = world(name) else { return };
        let needed = needed(&world.bundle, &world.policy).unwrap();
        assert_eq!(
            (needed.hashes.as_slice(), needed.whole),
            ([HashAlgorithm::Sha256].as_slice(), None)
        );
        let digests: Vec<Digest> = needed
            .hashes
            .iter()
            .map(|hash| hash.digest(&world.artifact))
            .collect();
        assert!(refused(&world, Artifact::Digests(&digests)).is_none());
    }
    // Without the key nothing but the claim says how: it is refused for that, not for the hash.
    let Some(world) = world(KEY) else { return };
    let nobody = Policy::dangerously_any_identity();
    assert_eq!(needed(&world.bundle, &nobody).unwrap().whole, None);
}
