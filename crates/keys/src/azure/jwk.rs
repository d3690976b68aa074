//! A public key as Azure gives it, and a signature likewise, in the forms that certificates have.
//!
//! ```json
//! {"kid":"https://v.vault.azure.net/keys/k/0a1b","kty":"EC","crv":"P-256","x":"…","y":"…","key_ops":["sign"]}
//! {"kid":"…","kty":"RSA-HSM","n":"…","e":"AQAB"}
//! ```
//!
//! A signature of ECDSA is `r` and `s`, each as long as the curve's order (RFC 7518 section 3.4); in certificates it is
//! DER (RFC 3279 section 2.2.3).

use der::asn1::UintRef;
use der::{Encode as _, Sequence};
use serde::Deserialize;
use waxwing_crypto::KeyType;
use waxwing_encoding::base64;

/// The key, as it came.
#[derive(Deserialize)]
pub(crate) struct Jwk {
    pub(crate) kid: String,
    pub(crate) kty: String,
    #[serde(default)]
    pub(crate) crv: String,
    pub(crate) key_ops: Option<Vec<String>>,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

/// What is read of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// A SubjectPublicKeyInfo.
    Spki(Vec<u8>),
    /// An RSA key in PKCS#1.
    Pkcs1(Vec<u8>),
    /// A kind of key or a curve that is not known here.
    Other(String),
    /// The members are not those of such a key.
    Broken(&'static str),
}

#[derive(Sequence)]
struct Pair<'a> {
    first: UintRef<'a>,
    second: UintRef<'a>,
}

// What stands before the point in a SubjectPublicKeyInfo (RFC 5480 section 2), the 04 of an uncompressed one included.
const P256: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\
    \x00\x04";
const P384: &[u8] =
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04";
const P521: &[u8] = b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\
    \x04";

impl Jwk {
    /// Reads the public key.
    pub(crate) fn read(&self) -> Read {
        let curve = match (self.kty.as_str(), self.crv.as_str()) {
            ("RSA" | "RSA-HSM", _) => return self.rsa(),
            ("EC" | "EC-HSM", "P-256") => (P256, 32_usize),
            ("EC" | "EC-HSM", "P-384") => (P384, 48),
            ("EC" | "EC-HSM", "P-521") => (P521, 66),
            ("EC" | "EC-HSM", curve) => return Read::Other(format!("ECDSA on the curve {curve}")),
            (other, _) => return Read::Other(other.to_owned()),
        };
        let (head, length) = curve;
        let coordinate = |text: &str| {
            let bytes = base64::decode_proto_json(text).ok()?;
            // Some leave off the zeros in front.
            let zeros = length.checked_sub(bytes.len())?;
            Some([vec![0; zeros], bytes].concat())
        };
        match (coordinate(&self.x), coordinate(&self.y)) {
            (Some(x), Some(y)) if !self.x.is_empty() && !self.y.is_empty() => {
                Read::Spki([head, &x, &y].concat())
            }
            _ => Read::Broken("x and y are not those of a point on that curve"),
        }
    }

    fn rsa(&self) -> Read {
        let number = |text: &str| base64::decode_proto_json(text).unwrap_or_default();
        match pair(&number(&self.n), &number(&self.e)) {
            Some(der) => Read::Pkcs1(der),
            None => Read::Broken("n and e are not those of an RSA key"),
        }
    }
}

/// A signature of ECDSA in DER, of one that is `r` and `s`.
pub(crate) fn signature(raw: &[u8], key: KeyType) -> Option<Vec<u8>> {
    let length = match key {
        KeyType::EcdsaP256 => 32,
        KeyType::EcdsaP384 => 48,
        KeyType::EcdsaP521 => 66,
        _ => return None,
    };
    let (r, s) = raw.split_at_checked(length)?;
    match s.len() == length {
        true => pair(r, s),
        false => None,
    }
}

/// Two positive numbers in a SEQUENCE.
fn pair(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    let is_zero = |number: &[u8]| number.iter().all(|byte| *byte == 0);
    if is_zero(first) || is_zero(second) {
        return None;
    }
    let pair = Pair {
        first: UintRef::new(first).ok()?,
        second: UintRef::new(second).ok()?,
    };
    pair.to_der().ok()
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::{PrivateKey, PublicKey};

    use super::*;

    fn jwk(kty: &str, crv: &str, [x, y]: [&[u8]; 2], [n, e]: [&[u8]; 2]) -> Jwk {
        Jwk {
            kid: String::new(),
            kty: kty.to_owned(),
            crv: crv.to_owned(),
            key_ops: None,
            x: base64::encode_url(x),
            y: base64::encode_url(y),
            n: base64::encode_url(n),
            e: base64::encode_url(e),
        }
    }

    #[test]
    fn points_become_the_keys_that_they_are() {
        for (kind, curve) in [
            (KeyType::EcdsaP256, "P-256"),
            (KeyType::EcdsaP384, "P-384"),
            (KeyType::EcdsaP521, "P-521"),
        ] {
            // Among so many there are coordinates that begin with zeros.
            for _ in 0..100 {
                let key = PrivateKey::generate(kind).unwrap();
                let spki = key.public_key().spki_der();
                let point = &key.public_key().bits()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let zeros = x.iter().take_while(|byte| **byte == 0).count();
                for x in [x, &x[zeros..]] {
                    let read = jwk("EC-HSM", curve, [x, y], [b"", b""]).read();
                    assert_eq!(read, Read::Spki(spki.to_vec()));
                }
                let long = [b"\0", x].concat();
                let read = jwk("EC", curve, [&long, y], [b"", b""]).read();
                assert!(matches!(read, Read::Broken(_)));
            }
        }
        let missing = jwk("EC", "P-256", [b"", b""], [b"", b""]).read();
        assert!(matches!(missing, Read::Broken(_)));
        let other = jwk("EC", "P-256K", [b"1", b"1"], [b"", b""]).read();
        assert_eq!(other, Read::Other("ECDSA on the curve P-256K".to_owned()));
        let other = jwk("oct-HSM", "", [b"", b""], [b"", b""]).read();
        assert_eq!(other, Read::Other("oct-HSM".to_owned()));
    }

    #[test]
    fn an_rsa_key_is_read() {
        let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
        let bits = key.public_key().bits();
        // SEQUENCE and INTEGER with lengths of two bytes each, and the zero in front of the modulus.
        let modulus = &bits[9..][..256];
        let read = jwk("RSA", "", [b"", b""], [modulus, b"\x01\x00\x01"]).read();
        let Read::Pkcs1(read) = read else {
            panic!("{read:?}");
        };
        assert_eq!(&PublicKey::from_pkcs1_der(&read).unwrap(), key.public_key());
        for broken in [[modulus, b""], [b"", b"\x01\x00\x01"], [b"\0\0", b"\x03"]] {
            let read = jwk("RSA", "", [b"", b""], broken).read();
            assert!(matches!(read, Read::Broken(_)), "{read:?}");
        }
    }

    #[test]
    fn a_raw_signature_has_one_length() {
        let (r, s) = ([0x80; 32], [vec![0; 31], vec![1]].concat());
        let raw = [&r[..], &s].concat();
        let der = signature(&raw, KeyType::EcdsaP256).unwrap();
        let expected = [&b"\x30\x26\x02\x21\x00"[..], &r, b"\x02\x01\x01"].concat();
        assert_eq!(der, expected);
        for (raw, key) in [
            (&raw[1..], KeyType::EcdsaP256),
            (&[&raw[..], &[1]].concat(), KeyType::EcdsaP256),
            (&[&r[..], &[0; 32]].concat(), KeyType::EcdsaP256),
            (&raw, KeyType::EcdsaP384),
            (&raw, KeyType::Rsa(2048)),
            (&[], KeyType::EcdsaP256),
        ] {
            assert_eq!(signature(raw, key), None);
        }
    }
}
