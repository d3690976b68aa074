//! One signature, one encoding: what another implementation might read as the same signature is
//! refused. (That `n - s` verifies as `s` does is ECDSA's own, and no encoding's fault.)

use waxwing_crypto::{KeyType, SignatureError};

use crate::key;

const MISMATCH: Result<(), SignatureError> = Err(SignatureError::Mismatch);

fn integer(value: &[u8]) -> Vec<u8> {
    [&[2, u8::try_from(value.len()).unwrap()], value].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    let inside = parts.concat();
    [vec![0x30, u8::try_from(inside.len()).unwrap()], inside].concat()
}

#[test]
fn ecdsa_signatures_have_one_encoding() {
    let key = key(KeyType::EcdsaP256);
    let signature = key.sign(b"message").unwrap();
    let check = |signature: &[u8]| {
        let algorithm = key.algorithm();
        key.public_key().verify(algorithm, b"message", signature)
    };
    let (r, rest) = signature[4..].split_at(usize::from(signature[3]));
    let s = &rest[2..];
    // The parts, put together again, are the signature.
    assert_eq!(sequence(&[&integer(r), &integer(s)]), signature);
    assert_eq!(check(&signature), Ok(()));

    let padded = [&[0], r].concat();
    let inside = [integer(r), integer(s)].concat();
    let long_length = [
        &[0x30, 0x81, u8::try_from(inside.len()).unwrap()],
        inside.as_slice(),
    ]
    .concat();
    let indefinite = [&[0x30, 0x80], inside.as_slice(), &[0, 0]].concat();
    let third = sequence(&[&integer(r), &integer(s), &integer(&[1])]);
    let fixed: Vec<u8> = [r, s]
        .into_iter()
        .flat_map(|part| {
            let part = part.strip_prefix(&[0]).unwrap_or(part);
            [vec![0; 32 - part.len()], part.to_vec()].concat()
        })
        .collect();
    for (fault, changed) in [
        (
            "a byte after the end",
            [signature.as_slice(), &[0]].concat(),
        ),
        ("r = 0", sequence(&[&integer(&[0]), &integer(s)])),
        ("s = 0", sequence(&[&integer(r), &integer(&[0])])),
        (
            "zeros before r",
            sequence(&[&integer(&padded), &integer(s)]),
        ),
        ("an empty r", sequence(&[&integer(&[]), &integer(s)])),
        ("a length in two bytes", long_length),
        ("an indefinite length", indefinite),
        ("a third number", third),
        ("r and s without DER", fixed),
    ] {
        assert_eq!(check(&changed), MISMATCH, "{fault}");
    }
}

/// RFC 8032 section 5.1.7: S is below the order of the group. Without this, S plus the order is a
/// second signature.
#[test]
fn ed25519_signatures_have_one_s() {
    /// The order of the group, little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = key(KeyType::Ed25519);
    for algorithm in [
        key.algorithm(),
        waxwing_crypto::SignatureAlgorithm::Ed25519ph,
    ] {
        let signature = key.sign_with(algorithm, b"message").unwrap();
        let mut second = signature.clone();
        let mut carry = 0;
        for (byte, order) in second[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        let check = |bytes: &[u8]| key.public_key().verify(algorithm, b"message", bytes);
        assert_eq!(check(&signature), Ok(()), "{algorithm:?}");
        assert_eq!(check(&second), MISMATCH, "{algorithm:?}");
    }
}
