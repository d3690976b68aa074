//! The form of ES256 signatures in JOSE (RFC 7518 section 3.4): r and s as 32 bytes each.
//!
//! Certificates and logs have the same two numbers in DER, of which the length varies:
//!
//! ```text
//! 30 45 02 20 0ed12153… 02 21 00 c50a07d3…   DER
//! 0ed12153… c50a07d3…                        JOSE, 64 bytes
//! ```

use der::asn1::UintRef;
use der::{Decode, Sequence};

/// Rewrites a DER signature, filling short numbers with zeros on the left. `None` if it is not DER
/// or a number is too long.
pub(crate) fn fixed_length(signature: &[u8]) -> Option<[u8; 64]> {
    let EcdsaSignature { r, s } = EcdsaSignature::from_der(signature).ok()?;
    let mut fixed = [0; 64];
    let (left, right) = fixed.split_at_mut(32);
    for (half, number) in [(left, r.as_bytes()), (right, s.as_bytes())] {
        let start = half.len().checked_sub(number.len())?;
        half[start..].copy_from_slice(number);
    }
    Some(fixed)
}

/// An ECDSA signature in DER (RFC 3279 section 2.2.3).
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::{PublicKey, SignatureAlgorithm};
    use waxwing_encoding::{base64, hex};

    use super::*;

    /// RFC 7515 appendix A.3: the signature, the same in DER, and the key that says that it is one.
    #[test]
    fn the_es256_signature_of_rfc_7515() {
        let signing_input = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog\
            Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let spki = "3059301306072a8648ce3d020106082a8648ce3d030107034200\
            047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445\
            c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad";
        let der = hex::decode(
            "3045\
             02200ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea665\
             022100c50a07d38c3c70e5d8f12daf084a5480a66590c5f293509a8f3f7f8a83a354d5",
        );
        let der = der.unwrap();
        let key = PublicKey::from_spki_der(&hex::decode(spki).unwrap()).unwrap();
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        key.verify(algorithm, signing_input.as_bytes(), &der)
            .unwrap();
        assert_eq!(
            base64::encode_url(&fixed_length(&der).unwrap()),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        );
    }

    #[test]
    fn short_numbers_are_filled_on_the_left_and_long_ones_refused() {
        let fixed = fixed_length(&[0x30, 7, 2, 1, 1, 2, 2, 2, 3]).unwrap();
        let mut expected = [0; 64];
        expected[31] = 1;
        expected[62..].copy_from_slice(&[2, 3]);
        assert_eq!(fixed, expected);
        let long = [&[0x30, 38, 2, 33, 1][..], &[0; 32], &[2, 1, 1]].concat();
        assert_eq!(fixed_length(&long), None);
        assert_eq!(fixed_length(&[0x30, 6, 2, 1, 1, 2, 1, 1, 0]), None);
    }
}
