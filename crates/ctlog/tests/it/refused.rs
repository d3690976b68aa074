//! What the log does not take, why, and that it takes the same without the fault.

use std::slice::from_ref;

use waxwing_pki::Certificate;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::Note;

use crate::bytes::{children, element};
use crate::world::{LOG, World, authorities};

async fn size(world: &World) -> u64 {
    let note = Note::parse(world.read("checkpoint").await.text()).unwrap();
    Checkpoint::parse(note.text()).unwrap().size()
}

/// Status 400, its words, and on the next line the reason; and nothing was logged.
async fn refused(world: &World, route: &str, chain: &[Certificate], reason: &str) {
    let before = size(world).await;
    let answer = world.submit(route, chain).await;
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    assert_eq!(answer.text(), format!("Bad Request\n{reason}\n"));
    assert_eq!(size(world).await, before);
}

#[tokio::test]
async fn an_empty_chain_is_refused() {
    let world = World::new().await;
    for route in ["add-chain", "add-pre-chain"] {
        refused(&world, route, &[], "an empty chain").await;
    }
    world.add(&world.precertificate()).await;
}

#[tokio::test]
async fn a_chain_in_the_wrong_order_is_refused() {
    let world = World::new().await;
    let chain = world.chain(&world.precertificate());
    for (order, position) in [([0, 2, 1], 0), ([1, 0, 2], 0), ([2, 1, 0], 0)] {
        let chain = order.map(|link: usize| chain[link].clone());
        let reason = format!("certificate {position} of the chain is not issued by the next one");
        refused(&world, "add-pre-chain", &chain, &reason).await;
    }
    world.promise("add-pre-chain", &chain).await;
}

#[tokio::test]
async fn a_chain_to_an_unknown_root_is_refused() {
    let world = World::new().await;
    let reason = "the chain does not end in an accepted root";
    let precertificate = world.precertificate();
    // Nothing above it, another root above it, a root of the same name.
    refused(&world, "add-pre-chain", from_ref(&precertificate), reason).await;
    let other = World::new().await;
    let foreign = other.chain(&other.precertificate());
    refused(&world, "add-pre-chain", &foreign, reason).await;
    refused(&world, "add-pre-chain", &foreign[..2], reason).await;
    other.promise("add-pre-chain", &foreign).await;
    world.add(&precertificate).await;
    let (same_name, _) = authorities();
    let mut mixed = world.chain(&precertificate);
    mixed[2] = same_name.certificate;
    let reason = "certificate 1 of the chain is not issued by the next one";
    refused(&world, "add-pre-chain", &mixed, reason).await;
}

#[tokio::test]
async fn each_kind_of_certificate_has_its_own_route() {
    let world = World::new().await;
    let (precertificate, certificate) = world.pair();
    let (precertificate, certificate) = (world.chain(&precertificate), world.chain(&certificate));
    let reason =
        "add-chain takes certificates; this is a precertificate, which add-pre-chain takes";
    refused(&world, "add-chain", &precertificate, reason).await;
    let reason = "add-pre-chain takes precertificates; this certificate has no poison extension";
    refused(&world, "add-pre-chain", &certificate, reason).await;
    world.promise("add-chain", &certificate).await;
    world.promise("add-pre-chain", &precertificate).await;
}

/// The poison makes a certificate unusable: one with a broken poison is neither kind.
#[tokio::test]
async fn a_certificate_with_a_malformed_poison_is_refused_by_both_routes() {
    let world = World::new().await;
    let precertificate = world.precertificate();
    let mut tbs = precertificate.tbs_der().to_vec();
    // The last two bytes are the NULL inside of the last extension.
    let length = tbs.len();
    assert_eq!(tbs[length - 4..], [4, 2, 5, 0]);
    tbs[length - 2] = 4;
    let signature = world.issuing.key.sign(&tbs).unwrap();
    let signature = element(3, &[&[0], &signature]);
    let algorithm = children(precertificate.der())[1];
    let broken = Certificate::from_der(&element(0x30, &[&tbs, algorithm, &signature])).unwrap();
    for route in ["add-chain", "add-pre-chain"] {
        let answer = world.submit(route, &world.chain(&broken)).await;
        assert_eq!(answer.status.as_u16(), 400, "{route}: {}", answer.text());
    }
    world.add(&precertificate).await;
}

#[tokio::test]
async fn a_certificate_that_its_issuer_did_not_sign_is_refused() {
    let world = World::new().await;
    let precertificate = world.precertificate();
    let mut der = precertificate.der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    let forged = Certificate::from_der(&der).unwrap();
    let reason = "certificate 0 of the chain is not issued by the next one";
    refused(&world, "add-pre-chain", &world.chain(&forged), reason).await;
    world.add(&precertificate).await;
}

#[tokio::test]
async fn a_chain_of_more_than_ten_certificates_is_refused_unread() {
    let world = World::new().await;
    let mut chain = world.chain(&world.precertificate());
    let good = chain.clone();
    chain.resize(10, world.root.certificate.clone());
    // Ten are read, and found to repeat themselves.
    let reason = "certificate 3 of the chain has the name and key of one before it; leave it out";
    refused(&world, "add-pre-chain", &chain, reason).await;
    chain.push(world.root.certificate.clone());
    let reason = "a chain of 11 certificates; at most 10 are read";
    refused(&world, "add-pre-chain", &chain, reason).await;
    world.promise("add-pre-chain", &good).await;
}

/// RFC 6962 section 3.1 has such signers; static-ct-api lets a log refuse them.
#[tokio::test]
async fn a_precertificate_by_a_precertificate_signing_certificate_is_refused() {
    let world = World::new().await;
    let purpose = [0x30, 12, 6, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 4];
    let signer = world.authority_below(&purpose);
    let precertificate = world.precertificate_by(&signer);
    let mut chain = world.chain(&precertificate);
    chain.insert(1, signer.certificate.clone());
    let reason = "the precertificate is signed by a precertificate signing certificate; this log \
                  takes only those that the final issuer signed";
    refused(&world, "add-pre-chain", &chain, reason).await;
    // The same with code signing in its place.
    let purpose = [0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3];
    let signer = world.authority_below(&purpose);
    let mut chain = world.chain(&world.precertificate_by(&signer));
    chain.insert(1, signer.certificate.clone());
    world.promise("add-pre-chain", &chain).await;
}

/// As CTFE has it: the chain is the path, and nothing else.
#[tokio::test]
async fn certificates_that_are_not_on_the_path_are_refused() {
    let world = World::new().await;
    let good = world.chain(&world.precertificate());
    let (foreign, _) = authorities();
    for (position, extra) in [
        (1, &foreign.certificate),
        (2, &foreign.certificate),
        (3, &foreign.certificate),
        (1, &world.root.certificate),
    ] {
        let mut chain = good.clone();
        chain.insert(position, extra.clone());
        let place = position - 1;
        let reason = format!("certificate {place} of the chain is not issued by the next one");
        refused(&world, "add-pre-chain", &chain, &reason).await;
    }
    let mut twice = good.clone();
    twice.push(world.root.certificate.clone());
    let reason = "certificate 3 of the chain has the name and key of one before it; leave it out";
    refused(&world, "add-pre-chain", &twice, reason).await;
    world.promise("add-pre-chain", &good).await;
}

#[tokio::test]
async fn garbage_is_refused_with_what_is_wrong_with_it() {
    let world = World::new().await;
    for (body, reason) in [
        ("", "not a submission: "),
        ("garbage", "not a submission: "),
        ("{}", "not a submission: missing field `chain`"),
        (r#"{"chain":"AAAA"}"#, "not a submission: invalid type"),
        (r#"{"chain":["§"]}"#, "a certificate of the chain is "),
        (
            r#"{"chain":["AAAA"]}"#,
            "a certificate of the chain: malformed DER",
        ),
        (
            r#"{"chain":[""]}"#,
            "a certificate of the chain: malformed DER",
        ),
    ] {
        let url = format!("{LOG}/ct/v1/add-pre-chain");
        let answer = world
            .client
            .post(url, "application/json", body.to_owned())
            .await;
        let answer = answer.unwrap();
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        let expected = format!("Bad Request\n{reason}");
        assert!(
            answer.text().starts_with(&expected),
            "{body}: {}",
            answer.text()
        );
    }
    assert_eq!(size(&world).await, 0);
}

/// As CTFE and TesseraCT have it: 413, and the cap is 512 KiB.
#[tokio::test]
async fn a_body_above_the_cap_is_too_large() {
    let world = World::new().await;
    let url = format!("{LOG}/ct/v1/add-pre-chain");
    let body = |length: usize| {
        let post = world
            .client
            .post(&url, "application/json", " ".repeat(length));
        async { post.await.unwrap() }
    };
    assert_eq!(body(512 << 10).await.status.as_u16(), 400);
    let answer = body((512 << 10) + 1).await;
    assert_eq!(answer.status.as_u16(), 413);
    let text = answer.text();
    assert!(text.starts_with("Payload Too Large\n"), "{text}");
    assert!(text.contains("524288 bytes"), "{text}");
}
