//! The whole road: token, certificate, timestamp, entry, bundle, verification.

use std::collections::BTreeSet;

use waxwing_client::Signer;
use waxwing_instance::Instance;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_pki::sct;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::Note;
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verified, Verifier, VerifyError};

use crate::surroundings::{ARTIFACT, EMAIL, SECOND, Served, sign, start};

type Table = Vec<(&'static str, &'static str, String, u16, u64)>;

const DISCOVERY: &str = "/oidc/.well-known/openid-configuration";

/// What the services answered: service, method, route, status, count.
fn table(instance: &Instance) -> Table {
    let requests = instance.observations().requests().into_iter();
    requests
        .map(|seen| {
            (
                seen.service,
                seen.method,
                seen.path,
                seen.status,
                seen.count,
            )
        })
        .collect()
}

/// What is expected after the start and so many signatures.
fn expected(signatures: u64) -> Table {
    // The first entries of both logs come from the instance itself.
    let mut table = vec![
        ("ctlog", "POST", "/ct/ct/v1/add-chain", 200, 1),
        ("rekor", "POST", "/api/v2/log/entries", 201, 1 + signatures),
    ];
    if signatures > 0 {
        table.extend([
            ("ctlog", "POST", "/ct/ct/v1/add-pre-chain", 200, signatures),
            ("fulcio", "POST", "/api/v2/signingCert", 200, signatures),
            // Fulcio keeps what the issuer published.
            ("issuer", "GET", DISCOVERY, 200, 1),
            ("issuer", "GET", "/oidc/keys", 200, 1),
            ("tsa", "POST", "/api/v1/timestamp", 200, signatures),
        ]);
    }
    table.sort_unstable();
    let owned = |(service, method, path, status, count): (_, _, &str, _, _)| {
        (service, method, path.to_owned(), status, count)
    };
    table.into_iter().map(owned).collect()
}

/// Verifies with nothing but what the instance publishes, written and read again.
fn verify(instance: &Instance, bundle: &Bundle) -> Verified {
    let policy = Identity::exactly(&instance.address().issuer(), EMAIL).unwrap();
    verifier(instance)
        .verify(bundle, Artifact::Bytes(ARTIFACT), &Policy::identity(policy))
        .unwrap()
}

fn verifier(instance: &Instance) -> Verifier {
    let trusted_root = instance.trusted_root().to_json().unwrap();
    let trusted_root = TrustedRoot::from_json(&trusted_root).unwrap();
    Verifier::new(trusted_root, Requirements::public_good()).unwrap()
}

fn signer(instance: &Instance) -> Signer {
    instance.signer(instance.client().unwrap()).unwrap()
}

/// The index that a tile log writes into the promise: `00 0005` and five bytes.
fn ct_index(bundle: &Bundle) -> u64 {
    let scts = sct::embedded(bundle.certificate().unwrap()).unwrap();
    let [0, 0, 5, index @ ..] = scts[0].extensions.as_slice() else {
        panic!("no index in {:?}", scts[0].extensions);
    };
    index
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[tokio::test]
async fn a_signature_made_in_process_verifies() {
    let instance = start("http://waxwing.localhost:8123").await;
    assert_eq!(table(&instance), expected(0));
    let bundle = sign(&instance, &signer(&instance)).await;
    assert_eq!(table(&instance), expected(1));
    let verified = verify(&instance, &bundle);
    assert_eq!(verified.identity().unwrap().name.value(), EMAIL);
    assert_eq!(
        verified.identity().unwrap().issuer,
        instance.address().issuer()
    );
    assert_eq!(verified.times()[0].time.to_string(), SECOND);
    assert_eq!(verified.entries()[0].log_index, Some(1));
    // Verifying asks nobody.
    assert_eq!(table(&instance), expected(1));
}

#[tokio::test]
async fn a_signature_made_over_tcp_verifies_and_asks_the_same_of_everybody() {
    let served = Served::start().await;
    let instance = &served.instance;
    assert_eq!(table(instance), expected(0));
    let signer = instance.signer(Served::client()).unwrap();
    let bundle = sign(instance, &signer).await;
    assert_eq!(table(instance), expected(1));
    let verified = verify(instance, &bundle);
    assert_eq!(verified.identity().unwrap().name.value(), EMAIL);
    assert_eq!(verified.times()[0].time.to_string(), SECOND);
    assert_eq!(verified.entries()[0].log_index, Some(1));

    sign(instance, &signer).await;
    assert_eq!(table(instance), expected(2));
    served.stop().await;
}

#[tokio::test]
async fn a_second_signature_reuses_the_issuers_keys_and_nothing_else() {
    let instance = start("http://waxwing.localhost").await;
    let signer = signer(&instance);
    let first = sign(&instance, &signer).await;
    let second = sign(&instance, &signer).await;
    assert_eq!(table(&instance), expected(2));
    assert_eq!(instance.observations().count("issuer"), 2);
    for bundle in [&first, &second] {
        verify(&instance, bundle);
    }
    let certificates = [&first, &second].map(|bundle| bundle.certificate().unwrap());
    let [one, other] = certificates;
    assert_ne!(one.public_key(), other.public_key());
    assert_ne!(one.serial(), other.serial());
    assert_ne!(first.signature(), second.signature());
}

#[tokio::test]
async fn signatures_made_at_once_each_get_a_place_of_their_own() {
    let instance = start("http://waxwing.localhost").await;
    let signer = signer(&instance);
    let one = || sign(&instance, &signer);
    let bundles = tokio::join!(one(), one(), one(), one());
    let bundles = [bundles.0, bundles.1, bundles.2, bundles.3];
    for bundle in &bundles {
        verify(&instance, bundle);
    }
    let places = |place: fn(&Bundle) -> u64| bundles.iter().map(place).collect::<BTreeSet<_>>();
    assert_eq!(
        places(|bundle| bundle.entries[0].log_index),
        (1..=4).collect()
    );
    assert_eq!(places(ct_index), (1..=4).collect());
}

/// sigstore-python refuses index 0 and an empty proof.
#[tokio::test]
async fn no_client_is_given_index_0_or_an_empty_proof() {
    let instance = start("http://waxwing.localhost").await;
    let bundle = sign(&instance, &signer(&instance)).await;
    let entry = &bundle.entries[0];
    assert_eq!(entry.log_index, 1);
    let proof = entry.inclusion_proof.as_ref().unwrap();
    assert_eq!(proof.log_index, 1);
    assert_eq!(proof.hashes.len(), 1);
    assert_eq!(ct_index(&bundle), 1);
}

/// Clients of Rekor v2 take the host name alone for the log's name; CT logs have the whole prefix.
#[tokio::test]
async fn rekors_origin_is_the_bare_host_and_the_ct_logs_has_the_port() {
    let instance = start("http://waxwing.localhost:8123").await;
    let bundle = sign(&instance, &signer(&instance)).await;
    let client = instance.client().unwrap();
    let origin = |note: &str| {
        let note = Note::parse(note).unwrap();
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        assert_eq!(note.signatures()[0].name(), checkpoint.origin());
        (checkpoint.origin().to_owned(), checkpoint.size())
    };
    let in_bundle = bundle.entries[0].inclusion_proof.as_ref().unwrap();
    assert_eq!(
        origin(&in_bundle.checkpoint),
        ("waxwing.localhost".into(), 2)
    );
    for (path, expected) in [
        ("/checkpoint", "waxwing.localhost"),
        ("/api/v2/checkpoint", "waxwing.localhost"),
        ("/ct/checkpoint", "waxwing.localhost:8123/ct"),
    ] {
        let url = format!("{}{path}", instance.address().base());
        let note = client.get(url).await.unwrap().expect_success().unwrap();
        assert_eq!(origin(&note.text()), (expected.into(), 2), "{path}");
    }
}

#[tokio::test]
async fn what_verifies_here_does_not_verify_with_the_trusted_root_of_another_instance() {
    let url = "http://waxwing.localhost";
    let (instance, other) = (start(url).await, start(url).await);
    let bundle = sign(&instance, &signer(&instance)).await;
    verify(&instance, &bundle);
    let any = Policy::dangerously_any_identity();
    let refused = verifier(&other).verify(&bundle, Artifact::Bytes(ARTIFACT), &any);
    assert!(matches!(refused, Err(VerifyError::Entry(_))), "{refused:?}");
}

#[tokio::test]
async fn another_artifact_and_another_identity_do_not_verify() {
    let instance = start("http://waxwing.localhost").await;
    let bundle = sign(&instance, &signer(&instance)).await;
    verify(&instance, &bundle);
    let verifier = verifier(&instance);
    let policy =
        |issuer: &str, name: &str| Policy::identity(Identity::exactly(issuer, name).unwrap());
    let issuer = instance.address().issuer();
    let good = policy(&issuer, EMAIL);
    let refused = verifier.verify(&bundle, Artifact::Bytes(b"another artifact"), &good);
    assert!(
        matches!(refused, Err(VerifyError::Artifact(_))),
        "{refused:?}"
    );
    for policy in [
        policy(&issuer, "bob@example.com"),
        policy("http://waxwing.localhost", EMAIL),
    ] {
        let refused = verifier.verify(&bundle, Artifact::Bytes(ARTIFACT), &policy);
        assert!(
            matches!(refused, Err(VerifyError::Signer(_))),
            "{refused:?}"
        );
    }
}
