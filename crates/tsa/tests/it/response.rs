//! The response, byte for byte as Sigstore's authority writes it.

use waxwing_crypto::{HashAlgorithm, SignatureAlgorithm, sha256};

use crate::bytes::{children, content, element};
use crate::world::{
    CERTIFICATE, NONCE, QUERY, SHA_256, SHA_512, World, imprint, query, signed_data, tst_info,
};

/// The number behind `1.2.840.113549.1.9.`.
fn attribute_type(rest: &[u8]) -> Vec<u8> {
    let prefix = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9];
    element(6, &[&prefix, rest])
}

fn issuer_and_serial(world: &World) -> Vec<u8> {
    let serial = element(2, &[world.leaf.serial()]);
    element(0x30, &[world.leaf.issuer_der(), &serial])
}

/// The signed attributes of the only signer, as they stand in the message: under `[0]`.
fn attributes(response: &[u8]) -> Vec<u8> {
    let fields = signed_data(response);
    children(children(fields[4])[0])[3].to_vec()
}

#[tokio::test]
async fn what_is_signed_says_what_when_and_by_whom() {
    let world = World::new();
    let digest = sha256(b"signature");
    let response = world.stamp(QUERY, query(SHA_256, &digest, &[NONCE])).await;
    let serial = [&[2, 20, 0x7f][..], &[0xff; 19]].concat();
    let expected = element(
        0x30,
        &[
            &[2, 1, 1],
            &[6, 9, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 2],
            &imprint(SHA_256, &digest),
            &serial,
            // No fraction of the second.
            &element(0x18, &[b"20251124160000Z"]),
            &[0x30, 3, 2, 1, 1],
            NONCE,
            &element(0xa0, &[&element(0xa4, &[world.leaf.subject_der()])]),
        ],
    );
    assert_eq!(tst_info(&response), expected);
}

#[tokio::test]
async fn the_signed_data_has_version_3_and_hashes_without_parameters() {
    let world = World::new();
    let response = world.stamp(QUERY, query(SHA_256, &[7; 32], &[])).await;
    let fields = signed_data(&response);
    assert_eq!(fields[0], [2, 1, 3]);
    let sha_256 = element(0x30, &[SHA_256]);
    assert_eq!(fields[1], element(0x31, &[&sha_256]));
    assert_eq!(fields[3], [0xa0, 0]);
    let signers = children(fields[4]);
    assert_eq!((fields[4][0], signers.len()), (0x31, 1));
    let signer = children(signers[0]);
    // No unsigned attributes.
    assert_eq!(signer.len(), 6);
    assert_eq!(signer[0], [2, 1, 1]);
    assert_eq!(signer[1], issuer_and_serial(&world));
    assert_eq!(signer[2], sha_256);
    let ecdsa_with_sha_256 = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    assert_eq!(signer[4], ecdsa_with_sha_256);
}

#[tokio::test]
async fn the_attributes_are_in_the_order_of_their_bytes_and_signed_as_a_set() {
    let world = World::new();
    let response = world
        .stamp(QUERY, query(SHA_256, &[7; 32], &[CERTIFICATE]))
        .await;
    let attributes = attributes(&response);
    assert_eq!(attributes[0], 0xa0);
    let attribute = |kind: &[u8], value: &[u8]| {
        element(0x30, &[&attribute_type(kind), &element(0x31, &[value])])
    };
    let digest = element(4, &[&sha256(&tst_info(&response))]);
    let issuer = element(0x30, &[&element(0xa4, &[world.leaf.issuer_der()])]);
    let serial = element(2, &[world.leaf.serial()]);
    // SHA-256 is the default, and left out.
    let certificate = element(4, &[&sha256(world.leaf.der())]);
    let certificate = element(0x30, &[&certificate, &element(0x30, &[&issuer, &serial])]);
    let certificate = element(0x30, &[&element(0x30, &[&certificate])]);
    let expected = [
        attribute(&[3], &attribute_type(&[0x10, 1, 4])),
        attribute(&[5], &element(0x17, &[b"251124160000Z"])),
        attribute(&[4], &digest),
        attribute(&[0x10, 2, 0x2f], &certificate),
    ];
    assert_eq!(children(&attributes), expected);
    let mut sorted = expected.to_vec();
    sorted.sort();
    assert_eq!(sorted, expected, "not in DER order");

    let fields = signed_data(&response);
    let signature = content(children(children(fields[4])[0])[5]);
    let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
    let key = world.leaf.public_key();
    let mut signed = attributes;
    assert!(key.verify(algorithm, &signed, signature).is_err());
    signed[0] = 0x31;
    assert_eq!(key.verify(algorithm, &signed, signature), Ok(()));
}

/// The hash that binds the certificate is that of the request.
#[tokio::test]
async fn a_request_by_another_hash_has_the_certificate_bound_by_that_hash() {
    let world = World::new();
    let response = world.stamp(QUERY, query(SHA_512, &[7; 64], &[])).await;
    let attributes = attributes(&response);
    let bound = *children(&attributes).last().unwrap();
    // Attribute, its values, SigningCertificateV2, the list, the first of it.
    let bound = children(children(children(children(bound)[1])[0])[0])[0];
    let parts = children(bound);
    assert_eq!(parts[0], element(0x30, &[SHA_512]));
    let hash = HashAlgorithm::Sha512.digest(world.leaf.der());
    assert_eq!(parts[1], element(4, &[hash.as_bytes()]));
    // The signature itself stays with the hash of the authority's key.
    let sha_256 = element(0x30, &[SHA_256]);
    assert_eq!(signed_data(&response)[1], element(0x31, &[&sha_256]));
}
