//! The same log over gRPC, asked by `tonic`'s client: what is taken, and each refusal with its code.
#![expect(deprecated, reason = "older clients propose envelopes")]

use http::uri::PathAndQuery;
use serde_json::{Value, json};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::base64;
use waxwing_protos::common::v1::PublicKeyDetails;
use waxwing_protos::intoto::{Envelope, Signature as EnvelopeSignature};
use waxwing_protos::rekor::v1::TransparencyLogEntry;
use waxwing_protos::rekor::v2::create_entry_request::Spec;
use waxwing_protos::rekor::v2::{
    CreateEntryRequest, DsseRequestV002, HashedRekordRequestV002, PublicKey, Signature, Verifier,
    verifier,
};
use waxwing_rekor::{Dsse, Duplicates, Settings};
use waxwing_serve::Call;

use crate::world::World;

async fn create(
    world: &World,
    spec: impl Into<Option<Spec>>,
) -> Result<Response<TransparencyLogEntry>, Status> {
    let mut client = tonic::client::Grpc::new(world.router.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(waxwing_rekor::grpc::CREATE_ENTRY);
    let spec = spec.into();
    let request = Request::new(CreateEntryRequest { spec });
    client.unary(request, path, ProstCodec::default()).await
}

fn by(world: &World) -> Verifier {
    let raw_bytes = world.key.public_key().spki_der().to_vec();
    Verifier {
        verifier: Some(verifier::Verifier::PublicKey(PublicKey { raw_bytes })),
        key_details: PublicKeyDetails::PkixEcdsaP256Sha256.into(),
    }
}

fn hashed(world: &World, artifact: &[u8]) -> HashedRekordRequestV002 {
    HashedRekordRequestV002 {
        digest: HashAlgorithm::Sha256.digest(artifact).as_bytes().to_vec(),
        signature: Some(Signature {
            content: world.key.sign(artifact).unwrap(),
            verifier: Some(by(world)),
        }),
    }
}

fn envelope(world: &World) -> DsseRequestV002 {
    DsseRequestV002 {
        envelope: Some(Envelope {
            payload: b"{}".to_vec(),
            payload_type: "text/plain".to_owned(),
            signatures: vec![EnvelopeSignature {
                sig: world.key.sign(b"DSSEv1 10 text/plain 2 {}").unwrap(),
                keyid: String::new(),
            }],
        }),
        verifiers: vec![by(world)],
    }
}

fn hashed_spec(world: &World, artifact: &[u8]) -> Spec {
    Spec::HashedRekordRequestV002(hashed(world, artifact))
}

#[track_caller]
fn refused(
    answer: Result<Response<TransparencyLogEntry>, Status>,
    code: Code,
    message: &str,
) -> Status {
    let status = answer.unwrap_err();
    assert_eq!((status.code(), status.message()), (code, message));
    status
}

/// Both ways come to one leaf, and to one answer.
#[tokio::test]
async fn an_entry_by_grpc_is_that_of_http() {
    let world = World::new().await;
    world.add(&world.proposal("zeroth")).await;
    let proposal = hashed(&world, b"first");
    let spec = Spec::HashedRekordRequestV002(proposal.clone());
    let entry = create(&world, spec).await.unwrap().into_inner();
    let signature = proposal.signature.unwrap();
    let over_http = crate::world::proposal(
        &proposal.digest,
        &signature.content,
        world.key.public_key(),
        "PKIX_ECDSA_P256_SHA_256",
    );
    // Checked there against the log's key, the proof too.
    let same = world.add(&over_http).await;
    assert_eq!((same.index, same.tree_size), (1, 2));
    assert_eq!(same.body, entry.canonicalized_body);
    let answer: Value = world.post(&over_http).await.json().unwrap();
    let proof = entry.inclusion_proof.unwrap();
    let text = |bytes: &[u8]| base64::encode(bytes);
    let hashes: Vec<String> = proof.hashes.iter().map(|hash| text(hash)).collect();
    let kind = entry.kind_version.unwrap();
    let written = json!({
        "logIndex": entry.log_index.to_string(),
        "logId": {"keyId": text(&entry.log_id.unwrap().key_id)},
        "kindVersion": {"kind": kind.kind, "version": kind.version},
        "integratedTime": entry.integrated_time.to_string(),
        "inclusionPromise": entry.inclusion_promise.map(|_| "promised"),
        "inclusionProof": {
            "logIndex": proof.log_index.to_string(),
            "rootHash": text(&proof.root_hash),
            "treeSize": proof.tree_size.to_string(),
            "hashes": hashes,
            "checkpoint": {"envelope": proof.checkpoint.unwrap().envelope},
        },
        "canonicalizedBody": text(&entry.canonicalized_body),
    });
    assert_eq!(written, answer);
}

#[tokio::test]
async fn envelopes_are_taken_as_the_log_is_told_to() {
    for (dsse, kind) in [
        (Dsse::Accept, Some("dsse")),
        (Dsse::AsHashedRekord, Some("hashedrekord")),
        (Dsse::Refuse, None),
    ] {
        let mut settings = Settings::default();
        settings.dsse = dsse;
        let world = World::with(settings).await;
        let answer = create(&world, Spec::DsseRequestV002(envelope(&world))).await;
        match kind {
            Some(kind) => {
                let entry = answer.unwrap().into_inner();
                assert_eq!(entry.kind_version.unwrap().kind, kind);
            }
            None => {
                refused(
                    answer,
                    Code::InvalidArgument,
                    "invalid type, must be hashedrekord",
                );
            }
        }
    }
}

#[tokio::test]
async fn each_fault_is_refused_and_the_proposal_without_it_taken() {
    let world = World::new().await;
    let good = hashed(&world, b"artifact");
    let change = |change: &dyn Fn(&mut HashedRekordRequestV002, &mut Verifier)| {
        let mut proposal = good.clone();
        let mut signature = proposal.signature.take().unwrap();
        let mut by = signature.verifier.take().unwrap();
        proposal.signature = Some(signature);
        change(&mut proposal, &mut by);
        if let Some(signature) = &mut proposal.signature {
            signature.verifier = Some(by);
        }
        Spec::HashedRekordRequestV002(proposal)
    };
    let cases: [(Option<Spec>, &str); 7] = [
        (None, "the proposal has no hashedRekordRequestV002"),
        (
            Some(change(&|proposal, _| proposal.digest.clear())),
            "the proposal has no digest",
        ),
        (
            Some(change(&|proposal, _| proposal.signature = None)),
            "the proposal has no signature",
        ),
        (
            Some(change(&|_, by| by.verifier = None)),
            "the proposal has no verifier",
        ),
        (
            Some(change(&|proposal, _| {
                proposal.digest.pop();
            })),
            "a digest of 31 bytes; the algorithm's hash gives 32",
        ),
        (
            Some(change(&|_, by| by.key_details = 4711)),
            "the key details \"4711\" do not name the algorithm",
        ),
        (
            Some(change(&|_, by| {
                by.key_details = PublicKeyDetails::PkixEd25519Ph.into();
            })),
            "the key details \"PKIX_ED25519_PH\" do not name the algorithm",
        ),
    ];
    for (spec, reason) in cases {
        let status = refused(
            create(&world, spec).await,
            Code::InvalidArgument,
            "invalid hashedrekord request",
        );
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert!(details.contains(reason), "{reason} is not in {details:?}");
    }
    // Longer than any good one, and read all the same where it is an envelope.
    let long = change(&|proposal, _| proposal.digest = vec![0; 65 << 10]);
    let message = "invalid hashedrekord request";
    refused(create(&world, long).await, Code::InvalidArgument, message);
    create(&world, Spec::HashedRekordRequestV002(good))
        .await
        .unwrap();
    let mut long = envelope(&world);
    let sealed = long.envelope.as_mut().unwrap();
    sealed.payload = vec![b' '; 65 << 10];
    let signed = [b"DSSEv1 10 text/plain 66560 ", sealed.payload.as_slice()].concat();
    sealed.signatures[0].sig = world.key.sign(&signed).unwrap();
    create(&world, Spec::DsseRequestV002(long)).await.unwrap();
    // More than are read: eight are, and are refused for being the same.
    for (count, reason) in [
        (9, "has 9 signatures"),
        (8, "has 8 signatures and 1 verifiers"),
    ] {
        let mut many = envelope(&world);
        let sealed = many.envelope.as_mut().unwrap();
        sealed.signatures = vec![sealed.signatures[0].clone(); count];
        let answer = create(&world, Spec::DsseRequestV002(many)).await;
        let status = refused(answer, Code::InvalidArgument, "invalid dsse request");
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert!(details.contains(reason), "{reason} is not in {details:?}");
    }
}

/// Two bytes an element, and millions of them in 4 MiB: none is made.
#[test]
fn long_lists_are_refused_before_they_are_decoded() {
    for (count, refused) in [(8, false), (9, true)] {
        let verifiers = [0x12, 0].repeat(count);
        let length = u8::try_from(verifiers.len()).unwrap();
        let message = [&[0x12, length], verifiers.as_slice()].concat();
        let decoded = waxwing_rekor::grpc::decode(&Call::new(message.into()));
        assert_eq!(decoded.is_err(), refused, "{count}");
    }
}

#[tokio::test]
async fn a_log_that_cannot_take_an_entry_says_so_by_its_code() {
    let mut settings = Settings::default();
    settings.duplicates = Duplicates::Refuse;
    let world = World::with(settings).await;
    let spec = hashed_spec(&world, b"artifact");
    create(&world, spec.clone()).await.unwrap();
    let message = "an equivalent entry already exists in the transparency log with index 0";
    let status = refused(create(&world, spec).await, Code::AlreadyExists, message);
    assert_eq!(status.metadata().get("x-log-index").unwrap(), "0");

    let mut settings = Settings::default();
    settings.read_only = true;
    let world = World::with(settings).await;
    let spec = hashed_spec(&world, b"artifact");
    refused(
        create(&world, spec).await,
        Code::Unimplemented,
        "log frozen",
    );
    let world = World::new().await;
    world.log.freeze().await.unwrap();
    let spec = hashed_spec(&world, b"artifact");
    refused(
        create(&world, spec).await,
        Code::Unimplemented,
        "log frozen",
    );

    let mut log = waxwing_log::Settings::of_entries();
    log.queue_bytes = 1;
    let world = World::on(log, Settings::default()).await;
    let spec = hashed_spec(&world, b"artifact");
    let status = refused(
        create(&world, spec).await,
        Code::Unavailable,
        "reached max pushback; retry",
    );
    assert_eq!(status.metadata().get("retry-after").unwrap(), "1");

    let world = World::new().await;
    world.log.close().await;
    let spec = hashed_spec(&world, b"artifact");
    let status = refused(
        create(&world, spec).await,
        Code::Unknown,
        "failed to integrate entry",
    );
    assert!(status.details().is_empty());
}
