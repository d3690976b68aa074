//! Public keys as `SubjectPublicKeyInfo`.

use waxwing_crypto::{KeyType, PrivateKey, PublicKey, PublicKeyError};
use waxwing_encoding::hex;

use crate::{KEYS, key};

#[test]
fn public_keys_keep_their_bytes_and_clones_are_equal() {
    for key in KEYS.iter() {
        let public = key.public_key();
        let read = PublicKey::from_spki_der(public.spki_der()).unwrap();
        assert_eq!(&read, public);
        assert_eq!(&read.clone(), public);
        assert_eq!(read.spki_der(), public.spki_der());
        assert!(read.spki_der().ends_with(read.bits()));
        assert_eq!(PublicKey::from_pem(&read.to_pem()).as_ref(), Ok(public));
        let shown = format!("{public:?}");
        assert!(shown.contains(&hex::encode(&public.sha256_of_spki())));
        let unequal = KEYS.iter().filter(|other| other.public_key() != public);
        assert_eq!(unequal.count(), KEYS.len() - 1);
    }
}

#[test]
fn two_keys_of_one_kind_are_two_keys() {
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    assert_ne!(other.public_key(), key(KeyType::EcdsaP256).public_key());
}

#[test]
fn malformed_public_keys_are_refused_by_name() {
    let spki = key(KeyType::EcdsaP256).public_key().spki_der();
    let mut off_curve = spki.to_vec();
    *off_curve.last_mut().unwrap() ^= 1;
    let bits = |key| Err(PublicKeyError::Bits { key });
    let read = PublicKey::from_spki_der;
    assert_eq!(read(&off_curve), bits(KeyType::EcdsaP256));
    let trailing = [spki, &[0]].concat();
    assert!(matches!(read(&trailing), Err(PublicKeyError::Der(_))));
    let length = 3073;
    assert_eq!(
        read(&vec![0; length]),
        Err(PublicKeyError::TooLong { length })
    );
    assert!(read(spki).is_ok());

    // P-256, compressed: another encoding of the same key.
    let prefix = "3039301306072a8648ce3d020106082a8648ce3d030107032200";
    let mut compressed = hex::decode(prefix).unwrap();
    let point = key(KeyType::EcdsaP256).public_key().bits();
    compressed.push(2 | (point[64] & 1));
    compressed.extend_from_slice(&point[1..33]);
    assert_eq!(read(&compressed), bits(KeyType::EcdsaP256));
}

#[test]
fn rsa_keys_are_read_in_both_forms_and_only_in_three_sizes() {
    let key = key(KeyType::Rsa(2048)).public_key();
    assert_eq!(PublicKey::from_pkcs1_der(key.bits()).as_ref(), Ok(key));
    for (first, length, size) in [(0x80, 128, 1024), (0x7f, 256, 2047), (0x80, 1024, 8192)] {
        let mut modulus = vec![0xc5; length];
        modulus[0] = first;
        let sign: &[u8] = if first < 0x80 { &[] } else { &[0] };
        let modulus = element(2, &[sign, &modulus]);
        let odd = element(0x30, &[&modulus, &element(2, &[&[1, 0, 1]])]);
        let found = format!("RSA with {size} bits");
        let refused = Err(PublicKeyError::Algorithm { found });
        assert_eq!(PublicKey::from_pkcs1_der(&odd), refused);
    }
}

/// RFC 9881 section 2: no parameters, and FIPS 204 fixes the length.
#[test]
fn ml_dsa_keys_have_one_form() {
    for kind in [KeyType::MlDsa44, KeyType::MlDsa65, KeyType::MlDsa87] {
        let public = key(kind).public_key();
        let spki = public.spki_der();
        let bits = public.bits();
        let identifier = &spki[6..17];
        let build = |parameters: &[u8], bits: &[u8]| {
            let algorithm = element(0x30, &[identifier, parameters]);
            PublicKey::from_spki_der(&element(0x30, &[&algorithm, &element(3, &[&[0], bits])]))
        };
        assert_eq!(build(&[], bits).as_ref(), Ok(public));
        let with_null = build(&[5, 0], bits);
        assert!(
            matches!(&with_null, Err(PublicKeyError::Algorithm { found }) if found.contains("parameters")),
            "{with_null:?}"
        );
        let malformed = Err(PublicKeyError::Bits { key: kind });
        assert_eq!(build(&[], bits.split_last().unwrap().1), malformed);
        assert_eq!(build(&[], &[bits, &[0]].concat()), malformed);
        assert_eq!(build(&[], &[]), malformed);
        // The provider would read the key inside the key.
        assert_eq!(build(&[], spki), malformed);
    }
    // The length of one under the name of another.
    let mut changed = key(KeyType::MlDsa44).public_key().spki_der().to_vec();
    changed[16] = 0x12;
    assert_eq!(
        PublicKey::from_spki_der(&changed),
        Err(PublicKeyError::Bits {
            key: KeyType::MlDsa65
        })
    );
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = match u8::try_from(value.len()) {
        Ok(short @ 0..0x80) => vec![short],
        Ok(middle) => vec![0x81, middle],
        Err(_) => {
            let [high, low] = u16::try_from(value.len()).unwrap().to_be_bytes();
            vec![0x82, high, low]
        }
    };
    [vec![tag], length, value].concat()
}
