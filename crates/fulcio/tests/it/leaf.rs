//! The leaf, byte for byte as Fulcio's certificate profile has it.

use waxwing_crypto::sha1;
use waxwing_pki::Certificate;
use waxwing_pki::sct;

use crate::ct_log::{EXTENSIONS, TIMESTAMP};
use crate::der::{children, element, split};
use crate::issuer::ISSUER;
use crate::world::{EMAIL, NOW, SUBJECT, World};

const KEY_USAGE: &[u8] = &[
    0x30, 0x0e, 6, 3, 0x55, 0x1d, 0x0f, 1, 1, 0xff, 4, 4, 3, 2, 7, 0x80,
];
const EXTENDED_KEY_USAGE: &[u8] = &[
    0x30, 0x13, 6, 3, 0x55, 0x1d, 0x25, 4, 0x0c, 0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3,
];
const POISON: &[u8] = &[
    0x30, 0x13, 6, 0x0a, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3, 1, 1, 0xff, 4, 2, 5, 0,
];
const SCT_LIST: &[u8] = &[6, 0x0a, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];

/// `1.3.6.1.4.1.57264.1.` and one more number.
fn fulcio(number: u8) -> [u8; 12] {
    [6, 0x0a, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, number]
}

async fn issued(world: &World) -> Certificate {
    let request = world.with_token(&world.token());
    world.accepts(&request).await.remove(0)
}

/// The fields of the signed part: version, serial number, algorithm, issuer, validity, subject, key,
/// extensions.
fn fields(certificate: &Certificate) -> Vec<&[u8]> {
    let fields = children(children(certificate.der())[0]);
    assert_eq!(fields.len(), 8);
    fields
}

fn extensions(certificate: &Certificate) -> Vec<&[u8]> {
    let wrapped = fields(certificate)[7];
    assert_eq!(wrapped[0], 0xa3);
    children(children(wrapped)[0])
}

#[tokio::test]
async fn the_extensions_are_those_of_the_profile_in_its_order() {
    let world = World::new();
    let leaf = issued(&world).await;
    let key_identifier = sha1(world.key.public_key().bits());
    let authority = sha1(world.issuing.public_key().bits());
    let name = [&[0x30, 0x13, 0x81, 0x11], EMAIL.as_bytes()].concat();
    let text = |text: &str| element(0x0c, &[text.as_bytes()]);
    let expected = [
        KEY_USAGE.to_vec(),
        EXTENDED_KEY_USAGE.to_vec(),
        [
            &[0x30, 0x1d, 6, 3, 0x55, 0x1d, 0x0e, 4, 0x16, 4, 0x14][..],
            &key_identifier,
        ]
        .concat(),
        [
            &[
                0x30, 0x1f, 6, 3, 0x55, 0x1d, 0x23, 4, 0x18, 0x30, 0x16, 0x80, 0x14,
            ][..],
            &authority,
        ]
        .concat(),
        // Critical, because the subject is empty.
        [
            &[0x30, 0x1f, 6, 3, 0x55, 0x1d, 0x11, 1, 1, 0xff, 4, 0x15][..],
            &name,
        ]
        .concat(),
        // The raw bytes of the issuer, and then as UTF8String.
        [&[0x30, 0x25][..], &fulcio(1), &[4, 0x17], ISSUER.as_bytes()].concat(),
        [&[0x30, 0x27][..], &fulcio(8), &[4, 0x19], &text(ISSUER)].concat(),
        [&[0x30, 0x1a][..], &fulcio(24), &[4, 0x0c], &text(SUBJECT)].concat(),
    ];
    let found = extensions(&leaf);
    for (position, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "extension {position}");
    }
    assert_eq!(found.len(), expected.len() + 1);
    assert_eq!(
        children(found[8])[0],
        SCT_LIST,
        "the SCT list is not the last one"
    );
}

#[tokio::test]
async fn it_is_valid_for_ten_minutes_from_the_whole_second() {
    let world = World::new();
    let leaf = issued(&world).await;
    assert_eq!(leaf.not_before().seconds(), NOW);
    assert_eq!(leaf.not_after().seconds(), NOW + 600);
    // UTCTime.
    let expected = element(
        0x30,
        &[
            &element(0x17, &[b"251124160000Z"]),
            &element(0x17, &[b"251124161000Z"]),
        ],
    );
    assert_eq!(fields(&leaf)[4], expected);
}

#[tokio::test]
async fn its_subject_is_empty_and_its_issuer_is_copied() {
    let world = World::new();
    let leaf = issued(&world).await;
    let fields = fields(&leaf);
    assert_eq!(fields[0], [0xa0, 3, 2, 1, 2], "version 3");
    assert_eq!(fields[5], [0x30, 0]);
    assert_eq!(fields[3], world.issuing.subject_der());
    assert_eq!(fields[6], world.key.public_key().spki_der());
    let ecdsa_with_sha_256 = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    assert_eq!(fields[2], ecdsa_with_sha_256);
    assert_eq!(children(leaf.der())[1], ecdsa_with_sha_256);
}

#[tokio::test]
async fn serial_numbers_are_positive_short_and_never_the_same() {
    let world = World::new();
    let mut seen = Vec::new();
    for _ in 0..16 {
        let leaf = issued(&world).await;
        let (tag, number, _) = split(fields(&leaf)[1]);
        assert_eq!(tag, 2);
        assert!((16..=20).contains(&number.len()), "{} octets", number.len());
        assert!(number[0] < 0x80, "a negative number");
        let number = number.to_vec();
        assert!(!seen.contains(&number));
        seen.push(number);
    }
}

#[tokio::test]
async fn the_promise_inside_verifies() {
    let world = World::new();
    let leaf = issued(&world).await;
    let scts = sct::embedded(&leaf).unwrap();
    let [sct] = scts.as_slice() else {
        panic!("one SCT is expected");
    };
    let log = world.ct_log.public_key();
    assert_eq!(sct.log_id, log.sha256_of_spki());
    assert_eq!(
        (sct.timestamp, &sct.extensions[..]),
        (TIMESTAMP, &EXTENSIONS[..])
    );
    sct.verify(&leaf, world.issuing.public_key(), log).unwrap();
    sct.verify(&leaf, world.root.public_key(), log).unwrap_err();
    let other = issued(&world).await;
    sct.verify(&other, world.issuing.public_key(), log)
        .unwrap_err();
}

#[tokio::test]
async fn the_precertificate_differs_in_the_last_extension_and_the_signature_alone() {
    let world = World::new();
    let leaf = issued(&world).await;
    let submitted = world.ct_log.submitted();
    let precertificate = &submitted[0][0];
    precertificate
        .verify_signature(world.issuing.public_key())
        .unwrap();
    assert_eq!(fields(precertificate)[..7], fields(&leaf)[..7]);
    let (mut before, mut after) = (extensions(precertificate), extensions(&leaf));
    assert_eq!(before.pop(), Some(POISON));
    after.pop();
    assert_eq!(before, after);
}
