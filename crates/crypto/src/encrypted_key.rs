//! Private keys under a password: PKCS#8's EncryptedPrivateKeyInfo (RFC 5958 section 3) with PBES2
//! (RFC 8018 section 6.2).
//!
//! ```text
//! -----BEGIN ENCRYPTED PRIVATE KEY-----
//! SEQUENCE { SEQUENCE { PBES2, { PBKDF2 { salt, iterations, HMAC }, AES-CBC { IV } } }, OCTET STRING }
//! ```
//!
//! What `openssl pkcs8 -topk8` and step-cli write. Refused: scrypt, ciphers other than AES in CBC
//! mode, and more than ten million iterations. OpenSSL's older form with `DEK-Info` has a door of its own.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Sequence};
use waxwing_encoding::pem;
use zeroize::Zeroizing;

use crate::spki::Algorithm;
use crate::{KeyError, PrivateKey};

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
const HMAC_SHA1: ObjectIdentifier = oid("1.2.840.113549.2.7");
const HMAC_SHA256: ObjectIdentifier = oid("1.2.840.113549.2.9");
const HMAC_SHA384: ObjectIdentifier = oid("1.2.840.113549.2.10");
const HMAC_SHA512: ObjectIdentifier = oid("1.2.840.113549.2.11");
const AES_128_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.42");

/// Most iterations: some seconds of one core.
const MOST_ITERATIONS: u32 = 10_000_000;

/// Largest key that is read, in bytes.
pub(crate) const LARGEST_KEY: usize = 64 * 1024;

#[derive(Sequence)]
struct EncryptedPrivateKeyInfo<'a> {
    algorithm: Algorithm<'a>,
    data: &'a OctetStringRef,
}

#[derive(Sequence)]
struct Pbes2Parameters<'a> {
    derivation: Algorithm<'a>,
    encryption: Algorithm<'a>,
}

#[derive(Sequence)]
struct Pbkdf2Parameters<'a> {
    salt: &'a OctetStringRef,
    iterations: u32,
    #[asn1(optional = "true")]
    key_length: Option<u16>,
    #[asn1(optional = "true")]
    function: Option<Algorithm<'a>>,
}

impl PrivateKey {
    /// Reads a PEM block `ENCRYPTED PRIVATE KEY` with its password.
    ///
    /// Takes as long as the file's iterations say, up to some seconds.
    pub fn from_encrypted_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        let block = pem::decode(text)?;
        if block.label != "ENCRYPTED PRIVATE KEY" {
            return Err(KeyError::Pkcs8);
        }
        let der = decrypt(&block.der, password)?;
        // With a wrong password some padding is right by chance, and what follows is no key.
        Self::from_pkcs8_der(&der).map_err(|error| match error {
            KeyError::Pkcs8 => KeyError::Password,
            other => other,
        })
    }
}

fn decrypt(der: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if der.len() > LARGEST_KEY {
        return Err(KeyError::Encryption {
            found: format!("{} bytes", der.len()),
        });
    }
    let malformed = |_| KeyError::Pkcs8;
    let unknown = |what: &str, oid: ObjectIdentifier| KeyError::Encryption {
        found: format!("{what} {oid}"),
    };
    let info = EncryptedPrivateKeyInfo::from_der(der).map_err(malformed)?;
    if info.algorithm.oid != PBES2 {
        return Err(unknown("the scheme", info.algorithm.oid));
    }
    let scheme: Pbes2Parameters<'_> = parameters(info.algorithm.parameters)?;
    if scheme.derivation.oid != PBKDF2 {
        return Err(unknown("the key derivation", scheme.derivation.oid));
    }
    let derivation: Pbkdf2Parameters<'_> = parameters(scheme.derivation.parameters)?;
    let function = derivation
        .function
        .map_or(HMAC_SHA1, |function| function.oid);
    let function = match function {
        HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
        HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
        other => return Err(unknown("the key derivation's function", other)),
    };
    let (cipher, length) = match scheme.encryption.oid {
        AES_128_CBC => (&AES_128, 16_u16),
        AES_192_CBC => (&AES_192, 24),
        AES_256_CBC => (&AES_256, 32),
        other => return Err(unknown("the cipher", other)),
    };
    if derivation.key_length.is_some_and(|stated| stated != length) {
        return Err(KeyError::Pkcs8);
    }
    let iterations = NonZeroU32::new(derivation.iterations).ok_or(KeyError::Pkcs8)?;
    if iterations.get() > MOST_ITERATIONS {
        return Err(KeyError::Encryption {
            found: format!("{iterations} iterations"),
        });
    }
    let vector: &OctetStringRef = parameters(scheme.encryption.parameters)?;
    let vector: [u8; 16] = vector.as_bytes().try_into().map_err(|_| KeyError::Pkcs8)?;

    let mut key = Zeroizing::new(vec![0; usize::from(length)]);
    pbkdf2::derive(
        function,
        iterations,
        derivation.salt.as_bytes(),
        password,
        &mut key,
    );
    decrypt_cbc(cipher, &key, vector, info.data.as_bytes())
}

/// Decrypts what was padded as in PKCS#7; bad padding is a wrong password.
pub(crate) fn decrypt_cbc(
    cipher: &'static aws_lc_rs::cipher::Algorithm,
    key: &[u8],
    vector: [u8; 16],
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |_| KeyError::Password;
    let key = UnboundCipherKey::new(cipher, key).map_err(failed)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(failed)?;
    let mut data = Zeroizing::new(data.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    let plain = key.decrypt(&mut data, context).map_err(failed)?;
    Ok(Zeroizing::new(plain.to_vec()))
}

/// The parameters of an algorithm, as what their type says.
fn parameters<'a, T>(parameters: Option<AnyRef<'a>>) -> Result<T, KeyError>
where
    T: der::Choice<'a> + der::DecodeValue<'a>,
{
    let parameters = parameters.ok_or(KeyError::Pkcs8)?;
    parameters.decode_as().map_err(|_| KeyError::Pkcs8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8
    /// -v2 aes-256-cbc -v2prf hmacWithSHA256 -passout pass:word`, and with SHA-1 and AES-128.
    const KEYS: [&str; 2] = [
        include_str!("../tests/it/encrypted_sha256_aes256.pem"),
        include_str!("../tests/it/encrypted_sha1_aes128.pem"),
    ];

    #[test]
    fn the_password_opens_the_key_and_no_other_does() {
        for text in KEYS {
            let key = PrivateKey::from_encrypted_pem(text, b"word").unwrap();
            let signature = key.sign(b"message").unwrap();
            let public = key.public_key();
            assert!(
                public
                    .verify(key.algorithm(), b"message", &signature)
                    .is_ok()
            );
            for wrong in [&b"Word"[..], b"", b"word "] {
                let refused = PrivateKey::from_encrypted_pem(text, wrong).unwrap_err();
                assert_eq!(refused, KeyError::Password);
            }
        }
        assert_eq!(
            PrivateKey::from_pem(KEYS[0]).unwrap_err(),
            KeyError::Pkcs8,
            "without a password it is no key"
        );
    }

    #[test]
    fn other_schemes_are_named() {
        let der = pem::decode(KEYS[0]).unwrap().der;
        for (identifier, found) in [
            (PBES2, "the scheme 1.2.840.113549.1.5.14"),
            (PBKDF2, "the key derivation 1.2.840.113549.1.5.13"),
            (
                HMAC_SHA256,
                "the key derivation's function 1.2.840.113549.2.12",
            ),
            (AES_256_CBC, "the cipher 2.16.840.1.101.3.4.1.43"),
        ] {
            let name = identifier.as_bytes();
            let at = der.windows(name.len()).position(|window| window == name);
            let mut changed = der.clone();
            let last = at.unwrap() + name.len() - 1;
            changed[last] += if identifier == HMAC_SHA256 { 3 } else { 1 };
            let text = pem::encode("ENCRYPTED PRIVATE KEY", &changed);
            let refused = PrivateKey::from_encrypted_pem(&text, b"word").unwrap_err();
            let found = found.to_owned();
            assert_eq!(refused, KeyError::Encryption { found });
        }
        let cut = pem::encode("ENCRYPTED PRIVATE KEY", &der[..der.len() - 1]);
        let refused = PrivateKey::from_encrypted_pem(&cut, b"word").unwrap_err();
        assert_eq!(refused, KeyError::Pkcs8);
    }
}
